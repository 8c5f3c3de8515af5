// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"fmt"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/evidence"
)

// previousImage goes back to an image that this workload ran before: the one
// that still serves before any other, because it is known to work.
func (p *planner) previousImage() []Remedy {
	r, image, ok := p.previous()
	if !ok || p.o.To != "" {
		return nil
	}
	because := fmt.Sprintf("revision %d ran it", r.Number)
	if r.Ready > 0 {
		because = fmt.Sprintf("revision %d runs it, with %d ready", r.Number, r.Ready)
	}
	return p.setImage("previous-image", image, "Set %s back to %s", because)
}

// otherImage is the image that the person names; without one the remedy only
// says how to.
func (p *planner) otherImage() []Remedy {
	if p.o.To == "" {
		return []Remedy{{ID: "set-image", Kind: Applied, Needs: "--to IMAGE", Title: "Set " + p.container() + " to an image that exists"}}
	}
	return p.setImage("set-image", p.o.To, "Set %s to %s", "you named it")
}

// previous is the newest earlier revision that had another image here.
func (p *planner) previous() (Revision, string, bool) {
	image := func(r Revision) string {
		if spot, ok := find(r.Template.Spec, p.d.Pull); ok {
			return spot.image
		}
		return ""
	}
	now, _ := find(p.Target.Template.Spec, p.d.Pull)
	other := func(r Revision) bool { return image(r) != "" && image(r) != now.image && image(r) != p.d.Pull.Image }
	i := slices.IndexFunc(p.Target.Revisions, func(r Revision) bool { return r.Ready > 0 && other(r) })
	if i < 0 {
		i = slices.IndexFunc(p.Target.Revisions, other)
	}
	if i < 0 {
		return Revision{}, "", false
	}
	return p.Target.Revisions[i], image(p.Target.Revisions[i]), true
}

// setImage changes the image of the pull's container in the target's template
// (of a pod, in the pod: Kubernetes lets a pod's images be changed) and, where
// the target cannot be changed or makes no new pod by itself, in its pods.
func (p *planner) setImage(id, image, title, because string) []Remedy {
	spot, ok := find(p.Target.Template.Spec, p.d.Pull)
	if !ok || spot.image == image {
		return nil
	}
	r := Remedy{
		ID: id, Kind: Applied, Title: fmt.Sprintf(title, p.container(), image), Because: because, Image: image,
		Changes: []Change{{Object: p.Target.Object, Edits: p.imageEdits(p.TemplatePath(), spot, image)}},
	}
	r.Foresee = p.foresee(func(s *corev1.PodSpec) { spot.set(s, image) })
	r.Wake = p.wakeAfterTemplate()
	return []Remedy{r}
}

// imageEdits set an image below a pod's spec; the name is tested, so that the
// place in the list is still the container's.
func (p *planner) imageEdits(template string, s spot, image string) []Edit {
	edits := []Edit{{Path: template + s.path + s.field, Old: s.image, New: image, Label: p.container() + ": image"}}
	if s.name != "" {
		edits = append([]Edit{{Path: template + s.path + "/name", Old: s.name, New: s.name}}, edits...)
	}
	return edits
}

// A spot is where a pod's spec names an image.
type spot struct {
	path, field string // "/spec/containers/0", "/image"
	name        string // the container's
	image       string
	policy      corev1.PullPolicy
	set         func(s *corev1.PodSpec, image string)
}

// find finds the spot of a pull in a pod's spec.
func find(s corev1.PodSpec, pull evidence.Pull) (spot, bool) {
	switch pull.ContainerKind {
	case evidence.InitContainer:
		for i, c := range s.InitContainers {
			if c.Name == pull.Container {
				return spot{"/spec/initContainers/" + strconv.Itoa(i), "/image", c.Name, c.Image, c.ImagePullPolicy,
					func(s *corev1.PodSpec, image string) { s.InitContainers[i].Image = image }}, true
			}
		}
	case evidence.ImageVolume:
		for i, v := range s.Volumes {
			if v.Image != nil && v.Name == pull.Container {
				return spot{"/spec/volumes/" + strconv.Itoa(i), "/image/reference", v.Name, v.Image.Reference, v.Image.PullPolicy,
					func(s *corev1.PodSpec, image string) { s.Volumes[i].Image.Reference = image }}, true
			}
		}
	case evidence.Container, "":
		for i, c := range s.Containers {
			if c.Name == pull.Container {
				return spot{"/spec/containers/" + strconv.Itoa(i), "/image", c.Name, c.Image, c.ImagePullPolicy,
					func(s *corev1.PodSpec, image string) { s.Containers[i].Image = image }}, true
			}
		}
	}
	return spot{}, false
}

// container in words.
func (p *planner) container() string {
	switch p.d.Pull.ContainerKind {
	case evidence.InitContainer:
		return "init container " + p.d.Pull.Container
	case evidence.ImageVolume:
		return "image volume " + p.d.Pull.Container
	}
	return "container " + p.d.Pull.Container
}

// foresee is the pod that the template would make with a change.
func (p *planner) foresee(change func(*corev1.PodSpec)) *Prospect {
	pod := &corev1.Pod{ObjectMeta: p.Target.Template.ObjectMeta, Spec: *p.Target.Template.Spec.DeepCopy()}
	pod.Namespace, pod.Name = p.Target.Namespace, p.Target.Name
	change(&pod.Spec)
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
