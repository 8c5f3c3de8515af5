// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
)

// PodLabel tells the pods of a fault from its companions, whoever made them.
const PodLabel = "app"

// A Shown is what the kubelet shows of a container.
type Shown struct {
	Running         bool
	Reason, Message string // why it waits
}

// Await waits until the kubelet shows that the containers of the pods of that
// label run, or that one waits for a reason that is a failure, whichever comes
// first. A kubelet that just joined may not have been allowed to read a pod's
// secrets yet, and pulls without them; such a pod is made again, as what it shows
// is not the fault's.
func Await(ctx context.Context, bed Bed, namespace, label string) (Shown, error) {
	for {
		pod, shown, err := await(ctx, bed, namespace, label)
		if err == nil {
			var missed bool
			if missed, err = missedSecrets(ctx, bed, pod); err == nil && missed {
				if err = remake(ctx, bed, pod); err == nil {
					continue
				}
			}
		}
		if err != nil {
			return shown, fmt.Errorf("waiting for pod %s/%s: %w", namespace, label, err)
		}
		return shown, nil
	}
}

// AwaitControl is Await for a healthy pod: one that failed because its kubelet
// could not read a secret yet, which an event tells late or never, is made
// again, twice at most.
func AwaitControl(ctx context.Context, bed Bed, namespace, label string) (Shown, error) {
	for again := 0; ; again++ {
		shown, err := Await(ctx, bed, namespace, label)
		if err != nil || shown.Running || again == 2 {
			return shown, err
		}
		pod, _, err := await(ctx, bed, namespace, label)
		if err == nil {
			err = remake(ctx, bed, pod)
		}
		if err != nil {
			return shown, fmt.Errorf("making pod %s/%s again: %w", namespace, label, err)
		}
	}
}

// AwaitEvent waits until an event of that reason is in the namespace.
func AwaitEvent(ctx context.Context, bed Bed, namespace, reason string) (Shown, error) {
	options := metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector("reason", reason).String()}
	var shown Shown
	err := poll(ctx, func() (bool, error) {
		events, err := bed.Kube.CoreV1().Events(namespace).List(ctx, options)
		if err != nil || len(events.Items) == 0 {
			return false, err
		}
		shown = Shown{Reason: reason, Message: events.Items[0].Message}
		return true, nil
	})
	if err != nil {
		return shown, fmt.Errorf("waiting for an event %s in %s: %w", reason, namespace, err)
	}
	return shown, nil
}

// poll asks until the answer is yes.
func poll(ctx context.Context, ask func() (bool, error)) error {
	for {
		done, err := ask()
		if done || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(150 * time.Millisecond):
		}
	}
}

// missedSecrets tells whether the kubelet could not read the pod's secrets
// although all of them are there.
func missedSecrets(ctx context.Context, bed Bed, pod corev1.Pod) (bool, error) {
	for _, secret := range pod.Spec.ImagePullSecrets {
		_, err := bed.Kube.CoreV1().Secrets(pod.Namespace).Get(ctx, secret.Name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
	events, err := bed.Kube.CoreV1().Events(pod.Namespace).List(ctx, metav1.ListOptions{
		FieldSelector: fields.AndSelectors(
			fields.OneTermEqualSelector("involvedObject.uid", string(pod.UID)),
			fields.OneTermEqualSelector("reason", "FailedToRetrieveImagePullSecret")).String(),
	})
	if err != nil {
		return false, err
	}
	return len(events.Items) > 0 && len(pod.Spec.ImagePullSecrets) > 0, nil
}

// remake deletes the pod and makes it again, or lets its owner do that.
func remake(ctx context.Context, bed Bed, old corev1.Pod) error {
	pods := bed.Kube.CoreV1().Pods(old.Namespace)
	if err := pods.Delete(ctx, old.Name, metav1.DeleteOptions{GracePeriodSeconds: new(int64)}); err != nil {
		return err
	}
	if metav1.GetControllerOf(&old) != nil {
		return nil
	}
	next := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: old.Name, Namespace: old.Namespace, Labels: old.Labels, Annotations: old.Annotations}, Spec: old.Spec}
	return poll(ctx, func() (bool, error) {
		_, err := pods.Create(ctx, next, metav1.CreateOptions{})
		if apierrors.IsAlreadyExists(err) {
			return false, nil
		}
		return err == nil, err
	})
}

// podsOf lists the pods of a label that are not about to go.
func podsOf(ctx context.Context, bed Bed, namespace, label string) ([]corev1.Pod, error) {
	list, err := bed.Kube.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: labels.Set{PodLabel: label}.String()})
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(list.Items, func(p corev1.Pod) bool { return p.DeletionTimestamp != nil }), nil
}

// await gives the pod that shows it, and what it shows.
func await(ctx context.Context, bed Bed, namespace, label string) (pod corev1.Pod, shown Shown, err error) {
	err = poll(ctx, func() (bool, error) {
		pods, err := podsOf(ctx, bed, namespace, label)
		running := 0
		for _, one := range pods {
			if said, ok := shownOf(one); ok {
				pod, shown = one, said
				if !said.Running {
					return true, err
				}
				running++
			}
		}
		return running > 0 && running == len(pods), err
	})
	if ctx.Err() != nil {
		err = errors.Join(errors.New("the kubelet shows neither a failure nor a running container"), err)
	}
	return pod, shown, err
}

// untilRunning waits until all pods of the fault run.
func untilRunning(ctx context.Context, bed Bed, namespace string) (corev1.Pod, error) {
	pod, shown, err := await(ctx, bed, namespace, PodName)
	if err == nil && !shown.Running {
		err = fmt.Errorf("pod %s/%s is to run first, and does not: %s: %s", namespace, pod.Name, shown.Reason, shown.Message)
	}
	return pod, err
}

// untilFailing waits until a pod of the fault shows a failure.
func untilFailing(ctx context.Context, bed Bed, namespace string) error {
	return poll(ctx, func() (bool, error) {
		pods, err := podsOf(ctx, bed, namespace, PodName)
		return slices.ContainsFunc(pods, func(p corev1.Pod) bool {
			shown, ok := shownOf(p)
			return ok && !shown.Running
		}), err
	})
}

// notYet are reasons to wait that are no failures.
var notYet = []string{"", "ContainerCreating", "PodInitializing"}

func shownOf(pod corev1.Pod) (Shown, bool) {
	running := 0
	for _, status := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses, pod.Status.EphemeralContainerStatuses) {
		if status.State.Running != nil {
			running++
		}
		if waiting := status.State.Waiting; waiting != nil && !slices.Contains(notYet, waiting.Reason) {
			return Shown{Reason: waiting.Reason, Message: waiting.Message}, true
		}
	}
	return Shown{Running: true}, running == len(pod.Spec.Containers)+len(pod.Spec.InitContainers)+len(pod.Spec.EphemeralContainers)
}

// Messages are the error texts that the cluster shows about a fault's pod: of
// its waiting container and of its Warning events; or of the controller that
// may not make it.
func Messages(ctx context.Context, bed Bed, namespace string, fault Fault) ([]string, error) {
	var texts []string
	add := func(text string) {
		if text != "" && !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	pods, err := podsOf(ctx, bed, namespace, PodName)
	if err != nil {
		return nil, fmt.Errorf("reading the pods of %s: %w", namespace, err)
	}
	for _, pod := range pods {
		if shown, ok := shownOf(pod); ok {
			add(shown.Message)
		}
	}
	about := fields.Everything()
	if fault.Event != "" {
		about = fields.OneTermEqualSelector("reason", fault.Event)
	}
	events, err := bed.Kube.CoreV1().Events(namespace).List(ctx, metav1.ListOptions{
		FieldSelector: fields.AndSelectors(about, fields.OneTermEqualSelector("type", corev1.EventTypeWarning)).String(),
	})
	if err != nil {
		return nil, fmt.Errorf("reading the events of %s: %w", namespace, err)
	}
	for _, event := range events.Items {
		add(event.Message)
	}
	return texts, nil
}
