// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/evidence"
)

// A spot is where a pod's spec names an image.
type spot struct {
	path, field string // "/spec/containers/0", "/image"
	policyField string // "/imagePullPolicy"
	name        string // the container's
	image       string
	policy      corev1.PullPolicy
	set         func(s *corev1.PodSpec, image string)
	setPolicy   func(s *corev1.PodSpec, policy corev1.PullPolicy)
}

// find finds the spot of a pull in a pod's spec. Ephemeral containers have
// none: what is written there can never be changed.
func find(s corev1.PodSpec, pull evidence.Pull) (spot, bool) {
	container := func(kind string, i int, c corev1.Container, in func(*corev1.PodSpec) []corev1.Container) spot {
		return spot{
			path: "/spec/" + kind + "/" + strconv.Itoa(i), field: "/image", policyField: "/imagePullPolicy",
			name: c.Name, image: c.Image, policy: c.ImagePullPolicy,
			set:       func(s *corev1.PodSpec, image string) { in(s)[i].Image = image },
			setPolicy: func(s *corev1.PodSpec, policy corev1.PullPolicy) { in(s)[i].ImagePullPolicy = policy },
		}
	}
	switch pull.ContainerKind {
	case evidence.InitContainer:
		for i, c := range s.InitContainers {
			if c.Name == pull.Container {
				return container("initContainers", i, c, func(s *corev1.PodSpec) []corev1.Container { return s.InitContainers }), true
			}
		}
	case evidence.Container, "":
		for i, c := range s.Containers {
			if c.Name == pull.Container {
				return container("containers", i, c, func(s *corev1.PodSpec) []corev1.Container { return s.Containers }), true
			}
		}
	case evidence.ImageVolume:
		for i, v := range s.Volumes {
			if v.Image != nil && v.Name == pull.Container {
				return spot{
					path: "/spec/volumes/" + strconv.Itoa(i), field: "/image/reference", policyField: "/image/pullPolicy",
					name: v.Name, image: v.Image.Reference, policy: v.Image.PullPolicy,
					set:       func(s *corev1.PodSpec, image string) { s.Volumes[i].Image.Reference = image },
					setPolicy: func(s *corev1.PodSpec, policy corev1.PullPolicy) { s.Volumes[i].Image.PullPolicy = policy },
				}, true
			}
		}
	}
	return spot{}, false
}

// nameEdit tests that the place in the list is still the container's.
func (s spot) nameEdit(template string) Edit {
	return Edit{Path: template + s.path + "/name", Old: s.name, New: s.name}
}

// imageEdits set an image below a pod's spec.
func imageEdits(template string, s spot, image, label string) []Edit {
	return []Edit{s.nameEdit(template), {Path: template + s.path + s.field, Old: s.image, New: image, Label: label + ": image"}}
}

// policyEdit sets the pull policy below a pod's spec.
func policyEdit(template string, s spot, policy corev1.PullPolicy, label string) Edit {
	e := Edit{Path: template + s.path + s.policyField, New: string(policy), Label: label + ": pull policy"}
	if s.policy != "" {
		e.Old = string(s.policy)
	}
	return e
}

// container in words.
func (p *planner) container() string { return containerOf(p.d.Pull) }

func containerOf(pull evidence.Pull) string {
	switch pull.ContainerKind {
	case evidence.InitContainer:
		return "init container " + pull.Container
	case evidence.ImageVolume:
		return "image volume " + pull.Container
	case evidence.EphemeralContainer:
		return "ephemeral container " + pull.Container
	}
	return "container " + pull.Container
}

// after is the target's template with a change.
func (p *planner) after(change func(*corev1.PodSpec)) corev1.PodTemplateSpec {
	t := *p.Target.Template.DeepCopy()
	change(&t.Spec)
	return t
}

// foresee is the pod that the template would make with a change.
func (p *planner) foresee(change func(*corev1.PodSpec)) *Prospect {
	return p.foreseeTemplate(p.after(change))
}

// foreseeTemplate is the pod that a template would make in the target.
func (p *planner) foreseeTemplate(t corev1.PodTemplateSpec) *Prospect {
	pod := &corev1.Pod{ObjectMeta: *t.ObjectMeta.DeepCopy(), Spec: *t.Spec.DeepCopy()}
	pod.Namespace, pod.Name = p.Target.Namespace, p.Target.Name
	return &Prospect{Pods: []*corev1.Pod{pod}, Exists: p.Target.Kind == "Pod"}
}

// wakeAfterTemplate says how pods get to know of a new template: Deployments
// and DaemonSets replace what is not ready by themselves; StatefulSets wait for
// the pod that will never be ready
// (https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#forced-rollback),
// and so does whatever replaces pods only when they are gone.
func (p *planner) wakeAfterTemplate() Wake {
	switch p.Target.Kind {
	case "StatefulSet", "ReplicaSet", "ReplicationController":
		return WakeEvict
	}
	if p.Target.OnDelete {
		return WakeEvict
	}
	return WakeNone
}

// hasTemplate tells a target whose template can be changed, and makes pods.
func (p *planner) hasTemplate() bool {
	switch p.Target.Kind {
	case "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "CronJob":
		return true
	}
	return false
}

// TemplatePath is the JSON pointer of the pod template within the target; "" for
// a pod, which is its own.
func (c Case) TemplatePath() string {
	switch c.Target.Kind {
	case "Pod":
		return ""
	case "CronJob":
		return "/spec/jobTemplate/spec/template"
	}
	return "/spec/template"
}
