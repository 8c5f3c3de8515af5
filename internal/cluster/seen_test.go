// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// An image can be changed in a pod. What started before is no proof that the new one
// was ever there.
func TestAStartCountsForTheImageThatStarted(t *testing.T) {
	const image = "registry.example/acme/api:2"
	started := metav1.NewTime(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	running := corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: started}}
	over := corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{StartedAt: started}}
	waiting := corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff"}}
	for name, c := range map[string]struct {
		generation int64
		status     corev1.ContainerStatus
		want       bool
	}{
		"it runs":                                {1, corev1.ContainerStatus{Image: image, State: running}, true},
		"it ran, and nobody changed the pod":     {1, corev1.ContainerStatus{Image: image, State: waiting, LastTerminationState: over}, true},
		"an older API server counts no changes":  {0, corev1.ContainerStatus{Image: image, State: waiting, LastTerminationState: over}, true},
		"another ran before the pod was changed": {2, corev1.ContainerStatus{Image: image, State: waiting, LastTerminationState: over}, false},
		"another runs, until the kubelet acts":   {2, corev1.ContainerStatus{Image: "registry.example/acme/api:1", State: running}, false},
		"it runs since the pod was changed":      {2, corev1.ContainerStatus{Image: image, State: running}, true},
	} {
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "api", UID: "u1", Generation: c.generation}}
		pod.Spec.Containers = []corev1.Container{{Name: "app", Image: image, ImagePullPolicy: corev1.PullAlways}}
		c.status.Name = "app"
		pod.Status.ContainerStatuses = []corev1.ContainerStatus{c.status}
		seen := cluster.NewSeen()
		seen.Add(pod)
		ref, err := keyring.ParseImage(image)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(seen.Runs(ref)) == 1; got != c.want {
			t.Errorf("%s: counts %v, want %v", name, got, c.want)
		}
	}
}
