// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/symptom"
)

// NotRunning tells of a pod that does not run as it should and of which no pull is
// known to fail: that it is still being made, has no node, or fails of something
// that comes after the pull. False for one that runs, is done or goes away.
func NotRunning(pod *corev1.Pod) (evidence.NotRunning, bool) {
	out := evidence.NotRunning{Namespace: pod.Namespace, Pod: pod.Name, Node: pod.Spec.NodeName, Since: takenUp(pod)}
	if pod.DeletionTimestamp != nil || pod.Status.Phase == corev1.PodSucceeded {
		return out, false
	}
	for _, c := range containersOf(pod) {
		if c.kind == evidence.EphemeralContainer {
			continue
		}
		if why := failsOtherwise(c); why != "" {
			out.State, out.Container, out.Reason, out.Since = evidence.FailsOtherwise, c.name, foreign.Text(symptom.Redact(why), maxSentence), pod.CreationTimestamp.Time
			return out, true
		}
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			out.State, out.Reason, out.Since = evidence.WithoutNode, foreign.Text(c.Reason, maxSentence), pod.CreationTimestamp.Time
			return out, true
		}
	}
	out.State = evidence.BeingMade
	return out, BeingMade(pod)
}

// afterPull are what a kubelet shows of a container that it began to make, which
// it does once it has the image, and not before
// (kubelet v1.36: kuberuntime/kuberuntime_container.go, startContainer).
func afterPull() []string {
	return []string{"CrashLoopBackOff", "RunContainerError", "CreateContainerError", "CreateContainerConfigError", "PreStartHookError", "PostStartHookError"}
}

// failsOtherwise is why a container whose image was there does not run, "" if it
// runs, went well, or was not tried.
func failsOtherwise(c container) string {
	if c.status == nil {
		return ""
	}
	if w := c.status.State.Waiting; w != nil {
		switch ended := c.status.LastTerminationState.Terminated; {
		case !slices.Contains(afterPull(), w.Reason):
			return ""
		case ended != nil:
			return w.Reason + ", " + endedWith(ended)
		case w.Message != "":
			return w.Reason + ": " + w.Message
		}
		return w.Reason
	}
	if ended := c.status.State.Terminated; ended != nil && ended.ExitCode != 0 && c.status.ImageID != "" {
		return endedWith(ended)
	}
	return ""
}

// endedWith is how a container ended. The message is told where the runtime wrote
// it: else it is the program's own, in which there may be anything.
func endedWith(t *corev1.ContainerStateTerminated) string {
	text := fmt.Sprintf("exit code %d", t.ExitCode)
	if t.Reason != "" {
		text = t.Reason + ", " + text
	}
	if t.Message != "" && (t.Reason == "StartError" || t.Reason == "ContainerCannotRun") {
		text += ": " + t.Message
	}
	return text
}
