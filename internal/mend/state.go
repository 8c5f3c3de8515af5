// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster"
)

// The states of a pod under watch.
type state int

const (
	other   state = iota // nothing to do with the change
	serving              // it was well before, with what is wanted
	old                  // it failed before, and does not have the change
	waiting              // it has the change, and is not done
	pulled               // it has the change, and all that failed is pulled
	failed               // it has the change, and a pull of it failed
)

// state of a pod: whether it has the change, and what came of that.
func (w *watcher) state(pod *corev1.Pod) (state, string) {
	worst, why := other, ""
	for _, c := range w.plan.Chosen {
		s, words := w.stateOf(pod, c)
		if s == failed {
			return s, words
		}
		if worst == other || s == waiting || s == old {
			worst, why = s, words
		}
	}
	return worst, why
}

// stateOf is the state for one remedy: of the container that it mends.
func (w *watcher) stateOf(pod *corev1.Pod, c Choice) (state, string) {
	pull, wanted := c.Diagnosis.Pull, c.Remedy.Image
	before, was := w.before[string(pod.UID)]
	image, statuses := imageOf(pod, pull)
	failing := failingPull(pod, pull)
	switch {
	case image == "":
		return other, ""
	case was && !w.inPlace[string(pod.UID)], !was && w.fromOldTemplate(pod, wanted, image), was && wanted != "" && image != wanted:
		if failing != nil {
			return old, ""
		}
		if was && wanted != "" && image == wanted {
			return serving, ""
		}
		if w.recovered(pod, before, wanted, statuses) {
			return pulled, ends(statuses)
		}
		return other, ""
	case failing != nil:
		if was && (wanted == "" || !about(failing.Message, wanted, pull.Image, before.messages, statuses)) {
			return waiting, "the kubelet has not tried yet"
		}
		return failed, failing.Reason + ": " + failing.Message
	}
	for _, s := range statuses {
		if !begun(s, was, before.ids[s.Name]) {
			return waiting, delayed(pod)
		}
	}
	if len(statuses) == 0 {
		return waiting, delayed(pod)
	}
	return pulled, ends(statuses)
}

// recovered tells of a pod that failed before that its kubelet has pulled by now,
// in an attempt of its own, and with what it has: a plan that leaves the template
// alone changes what that is.
func (w *watcher) recovered(pod *corev1.Pod, before former, wanted string, statuses []corev1.ContainerStatus) bool {
	return before.failing && wanted == "" && !w.template && len(cluster.FailingPulls(pod)) == 0 && len(statuses) > 0 &&
		!slices.ContainsFunc(statuses, func(s corev1.ContainerStatus) bool { return !begun(s, true, before.ids[s.Name]) })
}

// fromOldTemplate tells of a new pod that it was made before its owner knew of
// the change.
func (w *watcher) fromOldTemplate(pod *corev1.Pod, wanted, image string) bool {
	if hash := templateHash(pod); hash != "" {
		return w.stale[hash]
	}
	return wanted != "" && image != wanted
}

// templateHash tells the templates of an owner's pods apart; "" where the owner does
// not mark them.
func templateHash(pod *corev1.Pod) string {
	if hash := pod.Labels[appsv1.DefaultDeploymentUniqueLabelKey]; hash != "" {
		return hash
	}
	return pod.Labels[appsv1.ControllerRevisionHashLabelKey]
}

// failingPull is the pull as it fails in this pod; nil if it does not.
func failingPull(pod *corev1.Pod, pull evidence.Pull) *evidence.Pull {
	all := cluster.FailingPulls(pod)
	at := slices.IndexFunc(all, func(p evidence.Pull) bool {
		return p.Container == pull.Container && p.ContainerKind == pull.ContainerKind
	})
	if at < 0 {
		return nil
	}
	return &all[at]
}

// about tells whether what a kubelet shows of a pod that was changed in place is
// about its new image. It shows the former failure until its first attempt at the
// new one, and where no image changed nothing tells the two apart. Its words
// mostly name the image; where they do not, they are about
// the new one if they are others than before.
func about(message, wanted, former string, before map[string]string, statuses []corev1.ContainerStatus) bool {
	switch {
	case cluster.Names(message, wanted):
		return true
	case cluster.Names(message, former):
		return false
	}
	return slices.ContainsFunc(statuses, func(s corev1.ContainerStatus) bool {
		return s.State.Waiting != nil && s.State.Waiting.Message != before[s.Name]
	})
}

// neverSeen is what a kubelet writes of a container of a pod that has ended, if it
// did not find it: it may never have been made
// (kubelet v1.36: kuberuntime/kuberuntime_container.go and kubelet_pods.go).
const neverSeen = "ContainerStatusUnknown"

// begun tells whether a container is past its pull: it runs or ran, or waits for
// something that comes after. One that was there before has to be another
// container than then.
func begun(s corev1.ContainerStatus, was bool, id string) bool {
	if was && id != "" {
		return s.ContainerID != "" && s.ContainerID != id
	}
	if t := s.State.Terminated; t != nil && t.Reason == neverSeen && s.ImageID == "" {
		return false
	}
	if s.State.Running != nil || s.State.Terminated != nil || s.LastTerminationState.Terminated != nil || s.ImageID != "" {
		return true
	}
	return s.State.Waiting != nil && !slices.Contains([]string{"", "ContainerCreating", "PodInitializing"}, s.State.Waiting.Reason)
}

// ends tells what a container that was pulled does instead of running.
func ends(statuses []corev1.ContainerStatus) string {
	for _, s := range statuses {
		if s.State.Waiting != nil {
			return s.State.Waiting.Reason
		}
		if t := s.State.Terminated; t != nil && t.ExitCode != 0 {
			return fmt.Sprintf("%s, exit code %d", t.Reason, t.ExitCode)
		}
	}
	return ""
}

// delayed is why a pod has not begun.
func delayed(pod *corev1.Pod) string {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return "no node takes it: " + c.Message
		}
	}
	return "it is being pulled"
}

// imageOf is the image that the pod wants for a pull, "" for none, and the
// statuses of the containers that wait for it: all of them, for a volume.
func imageOf(pod *corev1.Pod, pull evidence.Pull) (string, []corev1.ContainerStatus) {
	only := func(statuses []corev1.ContainerStatus) []corev1.ContainerStatus {
		at := slices.IndexFunc(statuses, func(s corev1.ContainerStatus) bool { return s.Name == pull.Container })
		if at < 0 {
			return nil
		}
		return statuses[at : at+1]
	}
	switch pull.ContainerKind {
	case evidence.ImageVolume:
		for _, v := range pod.Spec.Volumes {
			if v.Image != nil && v.Name == pull.Container {
				return v.Image.Reference, pod.Status.ContainerStatuses
			}
		}
	case evidence.InitContainer:
		for _, c := range pod.Spec.InitContainers {
			if c.Name == pull.Container {
				return c.Image, only(pod.Status.InitContainerStatuses)
			}
		}
	case evidence.EphemeralContainer:
		for _, c := range pod.Spec.EphemeralContainers {
			if c.Name == pull.Container {
				return c.Image, only(pod.Status.EphemeralContainerStatuses)
			}
		}
	default:
		for _, c := range pod.Spec.Containers {
			if c.Name == pull.Container {
				return c.Image, only(pod.Status.ContainerStatuses)
			}
		}
	}
	return "", nil
}

func statusesOf(pod *corev1.Pod) []corev1.ContainerStatus {
	return slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses, pod.Status.EphemeralContainerStatuses)
}
