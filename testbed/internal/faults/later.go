// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pullmedic/pullmedic/testbed/internal/layout"
	"github.com/pullmedic/pullmedic/testbed/internal/pki"
	"github.com/pullmedic/pullmedic/testbed/internal/refusal"
	"github.com/pullmedic/pullmedic/testbed/internal/registries"
)

// laterFaults take more than one step: something ran, or stood otherwise, before.
func laterFaults() []Fault {
	return []Fault{
		{
			Name: "ephemeral-container", What: "the tag of a debugging container's image is missing, in a pod that runs",
			Cause: "TagNotFound", Expect: confirmed("TagNotFound"), Reach: OfPod, Mendable: true,
			scene: func(s Spot) Scene {
				return Scene{
					Image: missing, Edit: func(p *corev1.Pod) { p.Spec.Containers[0].Image = present },
					Then: func(ctx context.Context, bed Bed) error {
						pod, err := untilRunning(ctx, bed, s.Namespace)
						if err != nil {
							return err
						}
						pod.Spec.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "debug", Image: missing, ImagePullPolicy: corev1.PullAlways}}}
						if _, err := bed.Kube.CoreV1().Pods(s.Namespace).UpdateEphemeralContainers(ctx, pod.Name, &pod, metav1.UpdateOptions{}); err != nil {
							return fmt.Errorf("adding an ephemeral container to %s/%s: %w", s.Namespace, pod.Name, err)
						}
						return untilFailing(ctx, bed, s.Namespace)
					},
				}
			},
		},
		{
			Name: "two-containers", What: "two containers of a pod fail, each for a reason of its own",
			Cause: "TagNotFound", Expect: Expect{Cause: "TagNotFound", Verdict: "confirmed", Also: []string{"CredentialsMissing"}}, Reach: OfPod, Mendable: true,
			scene: func(Spot) Scene {
				return Scene{Image: missing, Edit: func(p *corev1.Pod) {
					side := p.Spec.Containers[0]
					side.Name, side.Image = "side", harborImage
					p.Spec.Containers = append(p.Spec.Containers, side)
				}}
			},
		},
		{
			Name: "second-behind", What: "a wrong password breaks the pull of a public repository, whose tag is missing too",
			Cause: "CredentialsInvalid", Expect: Expect{Cause: "CredentialsInvalid", Verdict: "confirmed", Also: []string{"TagNotFound"}}, Reach: OfPod, Mendable: true,
			scene: func(s Spot) Scene {
				return Scene{Image: registries.GitHub + "/acme/tool:9.9", Secrets: []Secret{{Name: "github", Entries: map[string]Entry{registries.GitHub: wrong(s)}}}}
			},
		},
		{
			Name: "ran-and-lost", What: "a container ran, ended, and its image's tag has been deleted meanwhile",
			Cause: "TagNotFound", Expect: confirmed("TagNotFound"), Reach: OfRegistry,
			scene: func(s Spot) Scene {
				image := registries.Plain + "/acme/lost:1.0"
				rule := registries.Rule{
					ID: s.Namespace, Registry: registries.Plain, Repository: "acme/lost", Path: "/v2/*/*/manifests/*", From: []string{s.Node.Addr, layout.Client},
					Effect: answer(404, "MANIFEST_UNKNOWN", "manifest unknown"),
				}
				list := rule
				list.ID, list.Path = s.Namespace+"-tags", "/v2/*/*/tags/list"
				list.Effect = registries.Effect{Status: 200, Headers: map[string]string{"Content-Type": "application/json"}, Body: `{"name":"acme/lost","tags":["1.1"]}`}
				return Scene{
					Image: image, Policy: "IfNotPresent",
					Then: func(ctx context.Context, bed Bed) error {
						pod, err := untilRunning(ctx, bed, s.Namespace)
						if err != nil {
							return err
						}
						for _, r := range []registries.Rule{rule, list} {
							if err := bed.Registries.SetRule(ctx, r); err != nil {
								return err
							}
						}
						if err := forget(ctx, bed, s.Node, image); err != nil {
							return err
						}
						id := strings.TrimPrefix(pod.Status.ContainerStatuses[0].ContainerID, "containerd://")
						if _, err := ctrOf(ctx, bed, s.Node, "tasks", "kill", "-s", "SIGKILL", id); err != nil {
							return err
						}
						// Restarting may be held back first, and then the status says so.
						_, err = AwaitEvent(ctx, bed, s.Namespace, "Failed")
						return err
					},
					Mend: func(ctx context.Context, bed Bed) error {
						if err := bed.Registries.RemoveRule(ctx, list.ID); err != nil {
							return err
						}
						return bed.Registries.RemoveRule(ctx, rule.ID)
					},
				}
			},
		},
		{
			Name: "secret-rewritten", What: "the pull secret was rewritten with a wrong password, older pods run on",
			Cause: "CredentialsInvalid", Expect: confirmed("CredentialsInvalid"), Reach: OfPod, Mendable: true,
			scene: func(s Spot) Scene {
				secret := Secret{Name: "harbor", Entries: map[string]Entry{registries.Harbor: good(registries.Harbor)}}
				return Scene{
					Image: harborImage, PullSecrets: []string{"harbor"},
					Break: func(ctx context.Context, bed Bed) error {
						if err := runBefore(ctx, bed, s, harborImage, secret); err != nil {
							return err
						}
						secret.Entries = map[string]Entry{registries.Harbor: wrong(s)}
						object, err := secret.object()
						if err != nil {
							return err
						}
						if _, err := bed.Kube.CoreV1().Secrets(s.Namespace).Update(ctx, object, metav1.UpdateOptions{}); err != nil {
							return fmt.Errorf("rewriting secret %s/%s: %w", s.Namespace, secret.Name, err)
						}
						return nil
					},
				}
			},
		},
		{
			Name: "verified-again", What: "a pod without a secret wants an image that another pod's secret brought to the node",
			Cause: "CredentialReverification", Reach: OfPod, Mendable: true,
			Expect: Expect{Cause: "CredentialsMissing", Verdict: "confirmed", Also: []string{"CredentialReverification"}, Why: "what the kubelet meets when it verifies is that the pod has no credential; why it pulls at all stands behind"},
			scene: func(s Spot) Scene {
				image := registries.Harbor + "/acme/verified:1.0"
				return Scene{
					Image: image, Policy: "IfNotPresent", PullSecrets: []string{},
					Break: func(ctx context.Context, bed Bed) error {
						return runBefore(ctx, bed, s, image, Secret{Name: "harbor", Entries: map[string]Entry{registries.Harbor: good(registries.Harbor)}})
					},
				}
			},
		},
		{
			Name: "webhook-refuses", What: "an admission webhook lets no pod through",
			Cause: "AdmissionDenied", Expect: confirmed("AdmissionDenied"), Reach: OfPod, Mendable: true, Kind: "deployment", Event: "FailedCreate",
			scene: func(s Spot) Scene {
				return Scene{
					Image: present,
					Break: func(ctx context.Context, bed Bed) error { return hook(ctx, bed, s.Namespace) },
					Mend:  func(ctx context.Context, bed Bed) error { return unhook(ctx, bed, s.Namespace) },
				}
			},
		},
	}
}

// runBefore lets a pod with the secret run the image on the node.
func runBefore(ctx context.Context, bed Bed, s Spot, image string, secret Secret) error {
	if err := makeSecret(ctx, bed, s.Namespace, secret); err != nil {
		return err
	}
	pod := Scene{Image: image, PullSecrets: []string{secret.Name}}.pod("before", s.Node)
	if _, err := bed.Kube.CoreV1().Pods(s.Namespace).Create(ctx, pod, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("making pod %s/before: %w", s.Namespace, err)
	}
	shown, err := AwaitControl(ctx, bed, s.Namespace, "before")
	if err == nil && !shown.Running {
		err = fmt.Errorf("it does not run: %s: %s", shown.Reason, shown.Message)
	}
	if err != nil {
		return fmt.Errorf("waiting for pod %s/before: %w", s.Namespace, err)
	}
	return nil
}

// hook sends every pod of a namespace to the testbed's webhook.
func hook(ctx context.Context, bed Bed, namespace string) error {
	if err := unhook(ctx, bed, namespace); err != nil {
		return err
	}
	authority, err := pki.Load(bed.PKI(), pki.Testbed)
	if err != nil {
		return err
	}
	url, policy, effects := "https://"+layout.Webhook+"/", admissionv1.Fail, admissionv1.SideEffectClassNone
	_, err = bed.Kube.AdmissionregistrationV1().ValidatingWebhookConfigurations().Create(ctx, &admissionv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: namespace},
		Webhooks: []admissionv1.ValidatingWebhook{{
			Name: "signed.acme.example", AdmissionReviewVersions: []string{"v1"}, FailurePolicy: &policy, SideEffects: &effects, TimeoutSeconds: new(int32(5)),
			ClientConfig:      admissionv1.WebhookClientConfig{URL: &url, CABundle: authority.PEM()},
			NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: namespace}},
			Rules: []admissionv1.RuleWithOperations{{
				Operations: []admissionv1.OperationType{admissionv1.Create},
				Rule:       admissionv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"pods"}},
			}},
		}},
	}, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("making an admission webhook: %w", err)
	}
	return untilRefused(ctx, bed, namespace, refusal.Message)
}

func unhook(ctx context.Context, bed Bed, namespace string) error {
	err := bed.Kube.AdmissionregistrationV1().ValidatingWebhookConfigurations().Delete(ctx, namespace, metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("removing an admission webhook: %w", err)
	}
	return nil
}

// oldFaults are pods as kubelets up to 1.31 show them: what keeps them waiting
// is the bare back-off text. No such kubelet runs here, so their nodes and
// statuses are made; the API server and all that reads them are real.
func oldFaults() []Fault {
	nodes := []string{layout.Nodes[0].Name} // as made, there is one
	old := func(name, what string, expect Expect, image string, events ...string) Fault {
		return Fault{
			Name: name, What: what, Cause: "TagNotFound", Expect: expect, Reach: OfPod, Mendable: true, Nodes: nodes,
			scene: func(s Spot) Scene {
				node := "old-" + s.Namespace
				return Scene{
					Image: image, Edit: onto(node),
					Break: func(ctx context.Context, bed Bed) error { return makeOldNode(ctx, bed, node) },
					Mend:  func(ctx context.Context, bed Bed) error { return removeOldNode(ctx, bed, node) },
					Then:  func(ctx context.Context, bed Bed) error { return wait131(ctx, bed, s.Namespace, image, events) },
				}
			},
		}
	}
	return []Fault{
		old("old-kubelet", "a kubelet 1.29 shows the bare back-off text, events tell the error", confirmed("TagNotFound"), missing,
			`Failed to pull image "`+missing+`": rpc error: code = NotFound desc = failed to pull and unpack image "`+missing+`": failed to resolve reference "`+missing+`": `+missing+`: not found`,
			"Error: ErrImagePull"),
		old("old-kubelet-events-lost", "a kubelet 1.29 shows the bare back-off text, and the events are gone", confirmed("TagNotFound"), missing),
		{
			Name: "stuck", What: "a pull of containerd 1.6 began 20 minutes ago, and nothing was heard since",
			Cause: "PullStuck", Reach: OfPod, Nodes: nodes, Event: "Pulling",
			Expect: Expect{Cause: "PullStuck", Verdict: "likely", Why: "that nothing was heard is no word of the node's: a slow pull looks the same from outside"},
			scene: func(s Spot) Scene {
				node := "old-" + s.Namespace
				return Scene{
					Image: present, Edit: onto(node),
					Break: func(ctx context.Context, bed Bed) error { return makeOldNode(ctx, bed, node) },
					Mend:  func(ctx context.Context, bed Bed) error { return removeOldNode(ctx, bed, node) },
					Then:  func(ctx context.Context, bed Bed) error { return began(ctx, bed, s.Namespace, 20*time.Minute) },
				}
			},
		},
	}
}

// onto puts a pod onto such a node, and keeps it there: as no kubelet is heard of,
// it would be evicted after five minutes.
func onto(node string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Spec.NodeName, p.Spec.NodeSelector = node, nil
		p.Spec.Tolerations = []corev1.Toleration{{Operator: corev1.TolerationOpExists}}
	}
}

// makeOldNode makes a node that says it is of Kubernetes 1.29.
func makeOldNode(ctx context.Context, bed Bed, name string) error {
	if err := removeOldNode(ctx, bed, name); err != nil {
		return err
	}
	node := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{corev1.LabelArchStable: "amd64", corev1.LabelOSStable: "linux"}},
		Spec:       corev1.NodeSpec{Unschedulable: true},
	}
	if _, err := bed.Kube.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("making node %s: %w", name, err)
	}
	return patchStatus(ctx, bed, "nodes", "", name, corev1.NodeStatus{NodeInfo: corev1.NodeSystemInfo{
		KubeletVersion: "v1.29.6", ContainerRuntimeVersion: "containerd://1.6.20", Architecture: "amd64", OperatingSystem: "linux",
	}})
}

func removeOldNode(ctx context.Context, bed Bed, name string) error {
	if err := bed.Kube.CoreV1().Nodes().Delete(ctx, name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("deleting node %s: %w", name, err)
	}
	return nil
}

// began is what is to be seen of a pull that began so long ago.
func began(ctx context.Context, bed Bed, namespace string, ago time.Duration) error {
	pod, err := bed.Kube.CoreV1().Pods(namespace).Get(ctx, PodName, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("reading pod %s/%s: %w", namespace, PodName, err)
	}
	then := metav1.NewTime(time.Now().Add(-ago))
	if err := leave(ctx, bed, pod, corev1.EventTypeNormal, "Pulling", `Pulling image "`+pod.Spec.Containers[0].Image+`"`, then); err != nil {
		return err
	}
	return patchStatus(ctx, bed, "pods", namespace, PodName, corev1.PodStatus{
		Phase: corev1.PodPending, StartTime: &then,
		ContainerStatuses: []corev1.ContainerStatus{{Name: "app", Image: pod.Spec.Containers[0].Image, State: corev1.ContainerState{
			Waiting: &corev1.ContainerStateWaiting{Reason: "ContainerCreating"},
		}}},
	})
}

// leave leaves an event of the kubelet's about the pod's container.
func leave(ctx context.Context, bed Bed, pod *corev1.Pod, kind, reason, message string, at metav1.Time) error {
	event := &corev1.Event{
		ObjectMeta: metav1.ObjectMeta{GenerateName: pod.Name + "."}, Type: kind, Reason: reason, Message: message,
		InvolvedObject: corev1.ObjectReference{Kind: "Pod", APIVersion: "v1", Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID, FieldPath: "spec.containers{app}"},
		Source:         corev1.EventSource{Component: "kubelet", Host: pod.Spec.NodeName}, FirstTimestamp: at, LastTimestamp: at, Count: 1,
	}
	if _, err := bed.Kube.CoreV1().Events(pod.Namespace).Create(ctx, event, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("making an event of pod %s/%s: %w", pod.Namespace, pod.Name, err)
	}
	return nil
}

// wait131 is what a kubelet up to 1.31 writes of a pod in back-off, and the
// events that it left.
func wait131(ctx context.Context, bed Bed, namespace, image string, texts []string) error {
	pod, err := bed.Kube.CoreV1().Pods(namespace).Get(ctx, PodName, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("reading pod %s/%s: %w", namespace, PodName, err)
	}
	now := metav1.Now()
	for _, text := range texts {
		if err := leave(ctx, bed, pod, corev1.EventTypeWarning, "Failed", text, now); err != nil {
			return err
		}
	}
	return patchStatus(ctx, bed, "pods", namespace, PodName, corev1.PodStatus{
		Phase: corev1.PodPending, StartTime: &now,
		ContainerStatuses: []corev1.ContainerStatus{{Name: "app", Image: image, State: corev1.ContainerState{
			Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff", Message: fmt.Sprintf("Back-off pulling image %q", image)},
		}}},
	})
}

func patchStatus(ctx context.Context, bed Bed, resource, namespace, name string, status any) error {
	patch, err := json.Marshal(map[string]any{"status": status})
	if err == nil {
		request := bed.Kube.CoreV1().RESTClient().Patch(types.StrategicMergePatchType).Resource(resource).Name(name).SubResource("status")
		if namespace != "" {
			request = request.Namespace(namespace)
		}
		err = request.Body(patch).Do(ctx).Error()
	}
	if err != nil {
		return fmt.Errorf("writing the status of %s: %w", name, err)
	}
	return nil
}
