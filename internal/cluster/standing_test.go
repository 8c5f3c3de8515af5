// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster"
)

func TestNotRunning(t *testing.T) {
	waits := func(reason, message string) corev1.ContainerState {
		return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}
	}
	ended := func(code int32, reason string) corev1.ContainerState {
		return corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code, Reason: reason}}
	}
	started := metav1.NewTime(now())
	for name, c := range map[string]struct {
		phase  corev1.PodPhase
		status corev1.ContainerStatus
		change func(*corev1.Pod)
		state  evidence.Standing // "": it runs or is done
		reason string
	}{
		"its image may still be pulled": {phase: corev1.PodPending, status: corev1.ContainerStatus{State: waits("ContainerCreating", "")}, state: evidence.BeingMade},
		"its command is missing": {phase: corev1.PodPending, status: corev1.ContainerStatus{State: waits("RunContainerError", "no such file"), ImageID: "sha256:1"},
			state: evidence.FailsOtherwise, reason: "RunContainerError: no such file"},
		"it ends again and again": {phase: corev1.PodRunning, status: corev1.ContainerStatus{State: waits("CrashLoopBackOff", "back-off 10s"), LastTerminationState: ended(1, "Error")},
			state: evidence.FailsOtherwise, reason: "CrashLoopBackOff, Error, exit code 1"},
		"what its program wrote last is not told": {phase: corev1.PodFailed, status: corev1.ContainerStatus{ImageID: "sha256:1",
			State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 1, Reason: "Error", Message: "the password is open-sesame"}}},
			state: evidence.FailsOtherwise, reason: "Error, exit code 1"},
		"a ConfigMap is missing":                 {phase: corev1.PodPending, status: corev1.ContainerStatus{State: waits("CreateContainerConfigError", "")}, state: evidence.FailsOtherwise, reason: "CreateContainerConfigError"},
		"it failed once for good":                {phase: corev1.PodFailed, status: corev1.ContainerStatus{State: ended(3, "Error"), ImageID: "sha256:1"}, state: evidence.FailsOtherwise, reason: "Error, exit code 3"},
		"a container that its kubelet never saw": {phase: corev1.PodFailed, status: corev1.ContainerStatus{State: ended(137, "ContainerStatusUnknown")}},
		"no node takes it": {phase: corev1.PodPending, status: corev1.ContainerStatus{}, change: func(p *corev1.Pod) {
			p.Status.ContainerStatuses = nil
			p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable"}}
		}, state: evidence.WithoutNode, reason: "Unschedulable"},
		"it runs":    {phase: corev1.PodRunning, status: corev1.ContainerStatus{State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}},
		"it is done": {phase: corev1.PodSucceeded, status: corev1.ContainerStatus{State: ended(0, "Completed"), ImageID: "sha256:1"}},
		"it goes away": {phase: corev1.PodPending, status: corev1.ContainerStatus{State: waits("ContainerCreating", "")}, change: func(p *corev1.Pod) {
			p.DeletionTimestamp = &started
		}},
	} {
		t.Run(name, func(t *testing.T) {
			c.status.Name = "app"
			pod := &corev1.Pod{
				ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "api"},
				Spec:       corev1.PodSpec{NodeName: "worker-1", Containers: []corev1.Container{{Name: "app", Image: "acme/api:1"}}},
				Status:     corev1.PodStatus{Phase: c.phase, StartTime: &started, ContainerStatuses: []corev1.ContainerStatus{c.status}},
			}
			if c.change != nil {
				c.change(pod)
			}
			got, ok := cluster.NotRunning(pod)
			if ok != (c.state != "") || ok && (got.State != c.state || got.Reason != c.reason) {
				t.Errorf("%v %+v, want %q: %q", ok, got, c.state, c.reason)
			}
			if ok && c.state == evidence.BeingMade && !got.Since.Equal(now()) {
				t.Errorf("being made since %s, want when its node took it up", got.Since)
			}
		})
	}
}
