// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullmedic/pullmedic/testbed/internal/layout"
	"github.com/pullmedic/pullmedic/testbed/internal/registries"
)

// missing is an image whose tag is not there, present one that is.
const (
	missing = registries.Plain + "/acme/app:1.27.45"
	present = registries.Plain + "/acme/app:1.27.4"
)

// shapeFaults are ordinary, and lie where one has to look for them in a pod.
func shapeFaults() []Fault {
	return []Fault{
		{
			Name: "init-container", What: "the tag of an init container's image is missing",
			Cause: "TagNotFound", Expect: confirmed("TagNotFound"), Reach: OfPod, Mendable: true,
			scene: func(Spot) Scene {
				return Scene{Image: missing, Edit: func(p *corev1.Pod) {
					p.Spec.InitContainers = []corev1.Container{{Name: "prepare", Image: missing, ImagePullPolicy: corev1.PullAlways}}
					p.Spec.Containers[0].Image = present
				}}
			},
		},
		{
			Name: "second-container", What: "the first container runs, the tag of the second one's image is missing",
			Cause: "TagNotFound", Expect: confirmed("TagNotFound"), Reach: OfPod, Mendable: true,
			scene: func(Spot) Scene {
				return Scene{Image: missing, Edit: func(p *corev1.Pod) {
					side := p.Spec.Containers[0]
					side.Name, side.Image = "side", present
					p.Spec.Containers = append([]corev1.Container{side}, p.Spec.Containers...)
				}}
			},
		},
		{
			Name: "image-volume", What: "the tag of an image volume is missing",
			Cause: "TagNotFound", Expect: confirmed("TagNotFound"), Reach: OfPod, Mendable: true,
			Nodes: []string{layout.Nodes[0].Name}, // containerd 1.7 has no image volumes
			scene: func(Spot) Scene {
				return Scene{Image: missing, Edit: func(p *corev1.Pod) {
					p.Spec.Containers[0].Image = present
					p.Spec.Volumes = []corev1.Volume{{Name: "model", VolumeSource: corev1.VolumeSource{Image: &corev1.ImageVolumeSource{Reference: missing, PullPolicy: corev1.PullAlways}}}}
					p.Spec.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "model", MountPath: "/model"}}
				}}
			},
		},
		{
			Name: "account-late", What: "the service account got its pull secret after the pod was made",
			Cause: "ServiceAccountRace", Expect: confirmed("ServiceAccountRace"), Reach: OfPod, Mendable: true,
			scene: func(Spot) Scene {
				return Scene{
					Image: harborImage, Secrets: []Secret{{Name: "harbor", Entries: map[string]Entry{registries.Harbor: good(registries.Harbor)}}},
					Account: []string{"harbor"}, AccountLate: true,
				}
			},
		},
		{
			Name: "policy-refuses", What: "a ValidatingAdmissionPolicy lets no pods with images of this registry through",
			Cause: "AdmissionDenied", Expect: confirmed("AdmissionDenied"), Reach: OfPod, Mendable: true, Kind: "deployment", Event: "FailedCreate",
			scene: func(s Spot) Scene {
				return Scene{
					Image: present,
					Break: func(ctx context.Context, bed Bed) error { return forbid(ctx, bed, s.Namespace) },
					Mend:  func(ctx context.Context, bed Bed) error { return allow(ctx, bed, s.Namespace) },
				}
			},
		},
	}
}

// forbid makes a policy, and the binding of it to a namespace, that denies
// images of the plain registry.
func forbid(ctx context.Context, bed Bed, namespace string) error {
	if err := allow(ctx, bed, namespace); err != nil {
		return err
	}
	admission := bed.Kube.AdmissionregistrationV1()
	policy := &admissionv1.ValidatingAdmissionPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: namespace},
		Spec: admissionv1.ValidatingAdmissionPolicySpec{
			MatchConstraints: &admissionv1.MatchResources{ResourceRules: []admissionv1.NamedRuleWithOperations{{RuleWithOperations: admissionv1.RuleWithOperations{
				Operations: []admissionv1.OperationType{admissionv1.Create},
				Rule:       admissionv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"pods"}},
			}}}},
			Validations: []admissionv1.Validation{{
				Expression: `object.spec.containers.all(c, !c.image.startsWith("` + registries.Plain + `/"))`,
				Message:    "images of " + registries.Plain + " are not allowed here",
			}},
		},
	}
	if _, err := admission.ValidatingAdmissionPolicies().Create(ctx, policy, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("making an admission policy: %w", err)
	}
	binding := &admissionv1.ValidatingAdmissionPolicyBinding{
		ObjectMeta: metav1.ObjectMeta{Name: namespace},
		Spec: admissionv1.ValidatingAdmissionPolicyBindingSpec{
			PolicyName: namespace, ValidationActions: []admissionv1.ValidationAction{admissionv1.Deny},
			MatchResources: &admissionv1.MatchResources{NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: namespace}}},
		},
	}
	if _, err := admission.ValidatingAdmissionPolicyBindings().Create(ctx, binding, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("making the binding of an admission policy: %w", err)
	}
	return untilRefused(ctx, bed, namespace, "not allowed here")
}

// untilRefused waits until the API server knows a new rule, which takes it a
// moment: a pod that it would refuse shows when.
func untilRefused(ctx context.Context, bed Bed, namespace, words string) error {
	probe := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "probe"}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: present}}}}
	var said error
	err := poll(ctx, func() (bool, error) {
		_, said = bed.Kube.CoreV1().Pods(namespace).Create(ctx, probe, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		return said != nil && strings.Contains(said.Error(), words), nil
	})
	if err != nil {
		return fmt.Errorf("waiting for a rule of admission to hold: %w", errors.Join(err, said))
	}
	return nil
}

// allow takes the policy away.
func allow(ctx context.Context, bed Bed, namespace string) error {
	admission := bed.Kube.AdmissionregistrationV1()
	err := admission.ValidatingAdmissionPolicyBindings().Delete(ctx, namespace, metav1.DeleteOptions{})
	if err == nil || apierrors.IsNotFound(err) {
		err = admission.ValidatingAdmissionPolicies().Delete(ctx, namespace, metav1.DeleteOptions{})
	}
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("removing an admission policy: %w", err)
	}
	return nil
}

// shapeControls look like trouble with an image, and are none.
func shapeControls() []Fault {
	return []Fault{
		{
			Name: "healthy-account", What: "a private image with a secret of the service account", Reach: OfPod,
			scene: func(Spot) Scene {
				return Scene{
					Image: harborImage, Secrets: []Secret{{Name: "harbor", Entries: map[string]Entry{registries.Harbor: good(registries.Harbor)}}},
					Account: []string{"harbor"},
				}
			},
		},
		{
			Name: "healthy-missing-secret", What: "a public image, and the pod names a secret that is nowhere", Reach: OfPod,
			scene: func(Spot) Scene { return Scene{Image: present, PullSecrets: []string{"nobody-has-it"}} },
		},
		{
			Name: "healthy-tag-and-digest", What: "an image by tag and digest, whose tag is gone", Reach: OfPod,
			scene: func(s Spot) Scene {
				return Scene{Image: registries.Plain + "/acme/app:gone@" + s.Digest(registries.Plain, "acme/app", "1.27.4")}
			},
		},
		{
			Name: "healthy-multi", What: "an index of several platforms", Reach: OfPod,
			scene: func(Spot) Scene { return Scene{Image: registries.Plain + "/acme/multi:1.0"} },
		},
		{
			Name: "healthy-slow", What: "a registry that takes two seconds for each answer", Reach: OfRegistry,
			scene: func(Spot) Scene {
				return Scene{Image: registries.Plain + "/acme/slow:1.0", Unseen: true, Rules: []registries.Rule{{
					Registry: registries.Plain, Repository: "acme/slow", Effect: registries.Effect{Delay: registries.Duration(2 * time.Second)},
				}}}
			},
		},
	}
}
