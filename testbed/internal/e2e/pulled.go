// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"regexp"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullmedic/pullmedic/testbed/internal/faults"
)

// A witness looks at the pods of a fault while they are mended, by what the
// kubelet shows alone: the plugin's word counts for nothing here.
type witness struct {
	bed       faults.Bed
	namespace string
	// failing are the containers that failed before, by the pod's UID.
	failing map[string][]string
	seen    map[string]bool // UIDs of all pods before
	images  map[string][]string
	ids     map[string]bool // of all containers before
}

// What a witness saw.
type sighting struct {
	// pulled is when the first pod had pulled, zero for never.
	pulled time.Time
	// waited tells that the pod that pulled had failed to before: it waited out
	// its back-off.
	waited string
	err    error
}

func newWitness(ctx context.Context, bed faults.Bed, namespace string) (*witness, error) {
	w := &witness{bed: bed, namespace: namespace, failing: map[string][]string{}, seen: map[string]bool{}, images: map[string][]string{}, ids: map[string]bool{}}
	pods, err := w.pods(ctx)
	for _, pod := range pods {
		uid := string(pod.UID)
		w.seen[uid], w.images[uid] = true, imagesOf(pod)
		for _, status := range statusesOf(pod) {
			w.ids[status.ContainerID] = true
			if fails(status) {
				w.failing[uid] = append(w.failing[uid], status.Name)
			}
		}
	}
	return w, err
}

func (w *witness) pods(ctx context.Context) ([]corev1.Pod, error) {
	list, err := w.bed.Kube.CoreV1().Pods(w.namespace).List(ctx, metav1.ListOptions{LabelSelector: faults.PodLabel + "=" + faults.PodName})
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}

// watch looks until a pod has pulled or the context ends.
func (w *witness) watch(ctx context.Context) sighting {
	var s sighting
	failed := map[string]string{} // by UID
	for {
		pods, err := w.pods(ctx)
		if ctx.Err() != nil {
			return s
		}
		if err != nil {
			s.err = err
			return s
		}
		left := 0
		for _, pod := range pods {
			if pod.DeletionTimestamp != nil || !w.touched(pod) {
				continue
			}
			left++
			if at := slices.IndexFunc(statusesOf(pod), func(c corev1.ContainerStatus) bool { return fails(c) && w.anew(pod, c) }); at >= 0 {
				status := statusesOf(pod)[at]
				failed[string(pod.UID)] = pod.Name + " showed " + status.State.Waiting.Reason + ": " + status.State.Waiting.Message
			}
			if w.hasPulled(pod) {
				s.pulled, s.waited = time.Now(), failed[string(pod.UID)]
				return s
			}
		}
		if left == 0 && len(w.failing) > 0 && slices.ContainsFunc(pods, ready) {
			s.pulled = time.Now() // what failed is gone, and what ran before serves: nothing had to be pulled
			return s
		}
		select {
		case <-ctx.Done():
			return s
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func ready(pod corev1.Pod) bool {
	return pod.DeletionTimestamp == nil && slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

// touched tells whether the pod is new, or failed before.
func (w *witness) touched(pod corev1.Pod) bool {
	return !w.seen[string(pod.UID)] || len(w.failing[string(pod.UID)]) > 0
}

// anew tells whether a failure is of a new pod, or of an image that the pod did
// not want before.
func (w *witness) anew(pod corev1.Pod, status corev1.ContainerStatus) bool {
	if !w.seen[string(pod.UID)] {
		return true
	}
	return slices.ContainsFunc(imagesOf(pod), func(image string) bool {
		return !slices.Contains(w.images[string(pod.UID)], image) && regexp.MustCompile(regexp.QuoteMeta(image)+`([^\w.@-]|$)`).MatchString(status.State.Waiting.Message)
	})
}

// hasPulled tells whether every container that failed in the pod before, or in
// any of the pods before if this one is new, is past its pull.
func (w *witness) hasPulled(pod corev1.Pod) bool {
	failed := w.failing[string(pod.UID)]
	if !w.seen[string(pod.UID)] {
		for _, names := range w.failing {
			failed = append(failed, names...)
		}
	}
	statuses := statusesOf(pod)
	if len(failed) == 0 { // its failure showed in events alone
		for _, c := range pod.Spec.Containers {
			failed = append(failed, c.Name)
		}
	}
	return !slices.ContainsFunc(failed, func(name string) bool {
		at := slices.IndexFunc(statuses, func(s corev1.ContainerStatus) bool { return s.Name == name })
		return at < 0 || statuses[at].ContainerID == "" || w.ids[statuses[at].ContainerID]
	})
}

func imagesOf(pod corev1.Pod) []string {
	var all []string
	for _, c := range slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers) {
		all = append(all, c.Image)
	}
	return all
}

func statusesOf(pod corev1.Pod) []corev1.ContainerStatus {
	return slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses)
}

// fails tells whether a container waits for its image.
func fails(status corev1.ContainerStatus) bool {
	waiting := status.State.Waiting
	return waiting != nil && slices.Contains([]string{"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError", "RegistryUnavailable", "SignatureValidationFailed"}, waiting.Reason)
}
