// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/foreign"
)

func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return strconv.Itoa(n) + " " + thing + "s"
}

// restarts counts the ready pods that the target replaces once it has another
// template: all, but those that were made from that very template before. What
// replaces pods only when they are gone restarts none by itself, and neither do
// the owners of pods that run to an end.
func (p *planner) restarts(after corev1.PodTemplateSpec) int {
	switch p.Target.Kind {
	case "Deployment", "StatefulSet", "DaemonSet":
	default:
		return 0
	}
	if p.Target.OnDelete {
		return 0
	}
	earlier := slices.IndexFunc(p.Target.Revisions, func(r Revision) bool { return same(r.Template, after) })
	ready, kept := 0, 0
	for _, pod := range p.Pods {
		if !PodReady(pod) || Ordinal(pod) < p.Target.Partition {
			continue
		}
		ready++
		if earlier >= 0 && p.madeFrom(pod, p.Target.Revisions[earlier]) {
			kept++
		}
	}
	if unseen := p.Target.Ready - ready; unseen > 0 && p.Target.Partition == 0 { // not all pods were read
		ready += unseen
		if earlier >= 0 {
			kept += max(0, min(unseen, p.Target.Revisions[earlier].Ready-kept))
		}
	}
	return ready - kept
}

// Restarts counts the ready pods that the target replaces once changes are made.
func (c Case) Restarts(changes []Change) int {
	after := c.After(changes).Target.Template
	if same(after, c.Target.Template) {
		return 0
	}
	p := planner{Case: c}
	return p.restarts(after)
}

// goesOn says that a rollout which hangs on the pods that fail goes on once they
// are ready: that is what somebody wanted of it, and yet pods that are well go.
func (p *planner) goesOn() []string {
	switch p.Target.Kind {
	case "Deployment", "StatefulSet", "DaemonSet":
	default:
		return nil
	}
	n := 0
	for _, pod := range p.Pods {
		if PodReady(pod) && slices.ContainsFunc(p.Target.Revisions, func(r Revision) bool { return p.madeFrom(pod, r) }) {
			n++
		}
	}
	if n == 0 || p.Target.Paused || p.Target.OnDelete || p.Target.Partition > 0 {
		return nil
	}
	return []string{"the rollout that hangs then goes on: " + counted(n, "ready pod") + " of earlier revisions " + verb(n, "gives", "give") + " way to new ones"}
}

// madeFrom tells whether a pod was made from that revision: by its label, or,
// where that is not known, by what its containers are.
func (p *planner) madeFrom(pod *corev1.Pod, r Revision) bool {
	hash := r.Hash
	if hash == "" {
		hash = r.Template.Labels[appsv1.DefaultDeploymentUniqueLabelKey]
	}
	if hash != "" {
		return pod.Labels[appsv1.DefaultDeploymentUniqueLabelKey] == hash || pod.Labels[appsv1.ControllerRevisionHashLabelKey] == hash
	}
	alike := func(want, have []corev1.Container) bool {
		return !slices.ContainsFunc(want, func(w corev1.Container) bool {
			return !slices.ContainsFunc(have, func(h corev1.Container) bool {
				return w.Name == h.Name && w.Image == h.Image && slices.Equal(w.Command, h.Command) && slices.Equal(w.Args, h.Args) &&
					len(w.Env) == len(h.Env) && (len(w.Env) == 0 || reflect.DeepEqual(w.Env, h.Env))
			})
		})
	}
	return alike(r.Template.Spec.Containers, pod.Spec.Containers) && alike(r.Template.Spec.InitContainers, pod.Spec.InitContainers)
}

// Ordinal of a StatefulSet's pod, which its name ends in.
func Ordinal(pod *corev1.Pod) int {
	n, _ := strconv.Atoi(pod.Name[strings.LastIndexByte(pod.Name, '-')+1:])
	return n
}

// PodReady tells whether a pod serves, and is not on its way out.
func PodReady(pod *corev1.Pod) bool {
	return pod.DeletionTimestamp == nil && slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

// Failing gives the pods of the case in which this very pull fails: the one it
// was seen in, and all others that wait for the same image in the same place.
func (c Case) Failing(pull evidence.Pull) []*corev1.Pod {
	var failing []*corev1.Pod
	for _, pod := range c.Pods {
		spot, ok := find(pod.Spec, pull)
		if !ok || shown(spot.image) != pull.Image || pod.DeletionTimestamp != nil ||
			pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
			continue
		}
		if pod.Name == pull.Pod && (pull.PodUID == "" || string(pod.UID) == pull.PodUID) || waits(pod, pull) {
			failing = append(failing, pod)
		}
	}
	return failing
}

// shown is an image as a Pull has it: cleaned, and of bounded length.
func shown(image string) string { return foreign.Text(image, 1<<10) }

// waits tells whether a container waits for the pull; of an image volume, any
// container that mounts it.
func waits(pod *corev1.Pod, pull evidence.Pull) bool {
	all := slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses)
	if pull.ContainerKind == evidence.EphemeralContainer {
		all = pod.Status.EphemeralContainerStatuses
	}
	return slices.ContainsFunc(all, func(s corev1.ContainerStatus) bool {
		if s.State.Waiting == nil || pull.ContainerKind != evidence.ImageVolume && s.Name != pull.Container {
			return false
		}
		switch s.State.Waiting.Reason {
		case "ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError", "RegistryUnavailable", "SignatureValidationFailed", pull.Reason:
			return true
		}
		return false
	})
}
