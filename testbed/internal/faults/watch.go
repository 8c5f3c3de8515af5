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
)

// A Shown is what the kubelet shows of a container.
type Shown struct {
	Running         bool
	Reason, Message string // why it waits
}

// Await waits until the kubelet shows that the pod's container runs, or that it
// waits for a reason that is a failure, whichever comes first. A kubelet that
// just joined may not have been allowed to read a pod's secrets yet, and pulls
// without them; such a pod is made again, as what it shows is not the fault's.
func Await(ctx context.Context, bed Bed, namespace, pod string) (Shown, error) {
	for {
		shown, err := await(ctx, bed, namespace, pod)
		if err == nil {
			var missed bool
			if missed, err = missedSecrets(ctx, bed, namespace, pod); err == nil && missed {
				if err = remake(ctx, bed, namespace, pod); err == nil {
					continue
				}
			}
		}
		if err != nil {
			return shown, fmt.Errorf("waiting for pod %s/%s: %w", namespace, pod, err)
		}
		return shown, nil
	}
}

// AwaitControl is Await for a healthy pod: one that failed because its kubelet
// could not read a secret yet, which an event tells late or never, is made
// again, twice at most.
func AwaitControl(ctx context.Context, bed Bed, namespace, pod string) (Shown, error) {
	for again := 0; ; again++ {
		shown, err := Await(ctx, bed, namespace, pod)
		if err != nil || shown.Running || again == 2 {
			return shown, err
		}
		if err := remake(ctx, bed, namespace, pod); err != nil {
			return shown, fmt.Errorf("making pod %s/%s again: %w", namespace, pod, err)
		}
	}
}

// AwaitRefused waits until an event says that a controller of the namespace may
// not make its pod.
func AwaitRefused(ctx context.Context, bed Bed, namespace string) (Shown, error) {
	options := metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector("reason", "FailedCreate").String()}
	for {
		events, err := bed.Kube.CoreV1().Events(namespace).List(ctx, options)
		if err != nil {
			return Shown{}, fmt.Errorf("waiting for a refusal in %s: %w", namespace, err)
		}
		for _, e := range events.Items {
			return Shown{Reason: e.Reason, Message: e.Message}, nil
		}
		select {
		case <-ctx.Done():
			return Shown{}, fmt.Errorf("waiting for a refusal in %s: %w", namespace, ctx.Err())
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// missedSecrets tells whether the kubelet could not read the pod's secrets
// although all of them are there.
func missedSecrets(ctx context.Context, bed Bed, namespace, name string) (bool, error) {
	pod, err := bed.Kube.CoreV1().Pods(namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return false, err
	}
	for _, secret := range pod.Spec.ImagePullSecrets {
		_, err := bed.Kube.CoreV1().Secrets(namespace).Get(ctx, secret.Name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
	events, err := bed.Kube.CoreV1().Events(namespace).List(ctx, metav1.ListOptions{
		FieldSelector: fields.AndSelectors(
			fields.OneTermEqualSelector("involvedObject.uid", string(pod.UID)),
			fields.OneTermEqualSelector("reason", "FailedToRetrieveImagePullSecret")).String(),
	})
	if err != nil {
		return false, err
	}
	return len(events.Items) > 0 && len(pod.Spec.ImagePullSecrets) > 0, nil
}

// remake deletes the pod and makes it again.
func remake(ctx context.Context, bed Bed, namespace, name string) error {
	pods := bed.Kube.CoreV1().Pods(namespace)
	old, err := pods.Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	if err := pods.Delete(ctx, name, metav1.DeleteOptions{GracePeriodSeconds: new(int64)}); err != nil {
		return err
	}
	next := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace, Labels: old.Labels, Annotations: old.Annotations}, Spec: old.Spec}
	for {
		_, err := pods.Create(ctx, next, metav1.CreateOptions{})
		if !apierrors.IsAlreadyExists(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func await(ctx context.Context, bed Bed, namespace, name string) (Shown, error) {
	pods := bed.Kube.CoreV1().Pods(namespace)
	for {
		options := metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector("metadata.name", name).String()}
		list, err := pods.List(ctx, options)
		if err != nil {
			return Shown{}, err
		}
		for _, pod := range list.Items {
			if shown, ok := shownOf(pod); ok {
				return shown, nil
			}
		}
		options.ResourceVersion = list.ResourceVersion
		watch, err := pods.Watch(ctx, options)
		if err != nil {
			return Shown{}, err
		}
		for event := range watch.ResultChan() {
			pod, ok := event.Object.(*corev1.Pod)
			if !ok {
				break
			}
			if shown, ok := shownOf(*pod); ok {
				watch.Stop()
				return shown, nil
			}
		}
		watch.Stop()
		if err := ctx.Err(); err != nil {
			return Shown{}, errors.Join(errors.New("the kubelet shows neither a failure nor a running container"), err)
		}
	}
}

// notYet are reasons to wait that are no failures.
var notYet = []string{"", "ContainerCreating", "PodInitializing"}

func shownOf(pod corev1.Pod) (Shown, bool) {
	running := 0
	for _, status := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		if status.State.Running != nil {
			running++
		}
		if waiting := status.State.Waiting; waiting != nil && !slices.Contains(notYet, waiting.Reason) {
			return Shown{Reason: waiting.Reason, Message: waiting.Message}, true
		}
	}
	return Shown{Running: true}, running == len(pod.Spec.Containers)+len(pod.Spec.InitContainers)
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
	about := fields.OneTermEqualSelector("reason", "FailedCreate")
	if !fault.Deployed {
		object, err := bed.Kube.CoreV1().Pods(namespace).Get(ctx, PodName, metav1.GetOptions{})
		if err != nil {
			return nil, fmt.Errorf("reading pod %s/%s: %w", namespace, PodName, err)
		}
		if shown, ok := shownOf(*object); ok {
			add(shown.Message)
		}
		about = fields.OneTermEqualSelector("involvedObject.name", PodName)
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
