// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"context"
	"net/http"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/pullmedic/pullmedic/testbed/internal/layout"
	"github.com/pullmedic/pullmedic/testbed/internal/registries"
)

// controls are healthy, though some look odd. Nothing may be said of them.
func controls() []Fault {
	return []Fault{
		{
			Name: "healthy-open", What: "a public image", Reach: OfPod,
			scene: func(Spot) Scene { return Scene{Image: registries.Plain + "/acme/app:1.27.4"} },
		},
		{
			Name: "healthy-private", What: "a private image with the right secret", Reach: OfPod,
			scene: func(Spot) Scene {
				return Scene{Image: harborImage, Secrets: []Secret{{Name: "harbor", Entries: map[string]Entry{registries.Harbor: good(registries.Harbor)}}}}
			},
		},
		{
			Name: "healthy-second-credential", What: "two credentials match, and the kubelet tries the bad one first", Reach: OfPod,
			scene: func(s Spot) Scene {
				return Scene{Image: harborImage, Secrets: []Secret{{Name: "harbor", Entries: map[string]Entry{
					registries.Harbor + "/acme": wrong(s), // the longer key goes first
					registries.Harbor:           good(registries.Harbor),
				}}}}
			},
		},
		{
			Name: "healthy-empty-entry", What: "an entry {} for the registry of a public image", Reach: OfPod,
			scene: func(Spot) Scene {
				return Scene{Image: registries.GitHub + "/acme/tool:0.9", Secrets: []Secret{{Name: "desktop", Entries: map[string]Entry{registries.GitHub: {}}}}}
			},
		},
		{
			Name: "healthy-wildcard-digest", What: "a private image by digest, whose secret's key is a wildcard", Reach: OfPod,
			scene: func(s Spot) Scene {
				return Scene{
					Image:   registries.ACR + "/acme/app@" + s.Digest(registries.ACR, "acme/app", "1.27.4"),
					Secrets: []Secret{{Name: "acr", Entries: map[string]Entry{"*.azurecr.io": good(registries.ACR)}}},
				}
			},
		},
	}
}

// quietControls do not run, or ran into trouble and got out of it; for the
// image's sake nothing is to be said of them.
func quietControls() []Fault {
	shaped := func(name, what, event string, edit func(*corev1.Pod)) Fault {
		return Fault{Name: name, What: what, Event: event, Reach: OfPod, scene: func(Spot) Scene { return Scene{Image: present, Edit: edit} }}
	}
	return []Fault{
		shaped("healthy-no-such-command", "the image is there, the command in it is not", "BackOff", func(p *corev1.Pod) {
			p.Spec.Containers[0].Command = []string{"/no-such"}
		}),
		shaped("healthy-no-such-key", "a variable comes from a ConfigMap that is nowhere", "Failed", func(p *corev1.Pod) {
			p.Spec.Containers[0].EnvFrom = []corev1.EnvFromSource{{ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "nowhere"}}}}
		}),
		shaped("healthy-no-such-volume", "a volume comes from a secret that is nowhere", "FailedMount", func(p *corev1.Pod) {
			p.Spec.Volumes = []corev1.Volume{{Name: "keys", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "nowhere"}}}}
			p.Spec.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "keys", MountPath: "/keys"}}
		}),
		shaped("healthy-no-room", "no node has that much memory", "FailedScheduling", func(p *corev1.Pod) {
			p.Spec.Containers[0].Resources.Requests = corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("9Ti")}
		}),
		shaped("healthy-probe", "a readiness probe is refused", "Unhealthy", func(p *corev1.Pod) {
			p.Spec.Containers[0].ReadinessProbe = &corev1.Probe{
				PeriodSeconds: 1, ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Port: intstr.FromInt32(81)}},
			}
		}),
		{
			Name: "healthy-recovered", What: "the registry failed once, and the next attempt went well", Reach: OfRegistry,
			scene: func(s Spot) Scene {
				return Scene{
					Image: registries.GitHub + "/acme/busy:1.0",
					Rules: []registries.Rule{{
						Registry: registries.GitHub, Repository: "acme/busy", Path: "/v2/*/*/manifests/*", From: []string{s.Node.Addr}, Times: 2,
						Effect: answer(http.StatusServiceUnavailable, "UNAVAILABLE", "try again"),
					}},
					Then: func(ctx context.Context, bed Bed) error {
						if err := untilFailing(ctx, bed, s.Namespace); err != nil {
							return err
						}
						return poll(ctx, func() (bool, error) {
							pod, shown, err := await(ctx, bed, s.Namespace, PodName)
							return err == nil && shown.Running && pod.Name != "", err
						})
					},
				}
			},
		},
		{
			Name: "healthy-kept", What: "the image is on the node, the registry is down, and the policy is IfNotPresent", Reach: OfRegistry,
			scene: func(s Spot) Scene { return kept(s, "acme/kept", "IfNotPresent") },
		},
		{
			Name: "healthy-kept-never", What: "the image is on the node, and the policy is Never", Reach: OfRegistry,
			scene: func(s Spot) Scene { return kept(s, "acme/stock", "Never") },
		},
		{
			Name: "healthy-provider", What: "a private image, and the kubelet's credential provider gives the login", Reach: OfPod,
			scene: func(Spot) Scene { return Scene{Image: registries.Harbor + "/acme/provided:1.0"} },
		},
		{
			Name: "healthy-ecr", What: "ECR with a token that holds", Reach: OfPod,
			scene: func(s Spot) Scene { return Scene{Image: registries.ECR + "/acme/ledger:5.2", Secrets: ecrSecret(s)} },
		},
		{
			Name: "healthy-hub", What: "a public image of Docker Hub", Reach: OfPod,
			scene: func(Spot) Scene { return Scene{Image: "library/tool:1.36"} },
		},
		{
			Name: "healthy-rollout", What: "a Deployment whose new revision runs", Reach: OfPod, Kind: "deployment",
			scene: func(s Spot) Scene {
				return Scene{Image: present, Then: func(ctx context.Context, bed Bed) error {
					if _, err := untilRunning(ctx, bed, s.Namespace); err != nil {
						return err
					}
					return setImage(ctx, bed, s.Namespace, registries.Plain+"/acme/app:1.27.3")
				}}
			},
		},
	}
}

// kept is a scene whose image was pulled before the registry stopped giving it.
func kept(s Spot, repository, policy string) Scene {
	image := registries.Plain + "/" + repository + ":1.0"
	rule := registries.Rule{
		ID: s.Namespace, Registry: registries.Plain, Repository: repository, From: []string{s.Node.Addr, layout.Client},
		Effect: answer(http.StatusServiceUnavailable, "UNAVAILABLE", "down"),
	}
	return Scene{
		Image: image, Policy: policy,
		Break: func(ctx context.Context, bed Bed) error {
			if _, err := ctrOf(ctx, bed, s.Node, "images", "pull", "--hosts-dir", bed.NodeHostsDir(s.Node.Name, ""), image); err != nil {
				return err
			}
			return bed.Registries.SetRule(ctx, rule)
		},
		Mend: func(ctx context.Context, bed Bed) error { return bed.Registries.RemoveRule(ctx, rule.ID) },
	}
}
