// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"context"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/internal/remedy"
)

// A Reach is what taking a change back does to pods that run; the zero value is
// nothing.
type Reach struct {
	// Restarts is how many ready pods, of Wanted, a rollout replaces, and Pace how
	// many at a time, in words. It is 1 of a pod that has Containers.
	Restarts, Wanted int
	Pace             string
	// Containers that run now and that the kubelet starts anew, of a pod whose
	// images are set back in their place. Pulls: one of them always pulls; else
	// they do if their node does not have the image.
	Containers []string
	Pulls      bool
}

// reach fills in what an undo does to pods that run. What cannot be read is told,
// and more pods are counted rather than fewer.
func (m *Mender) reach(ctx context.Context, u *Undo) {
	if u.stuck() != nil {
		return
	}
	run := m.cluster.NewRun()
	for i := range u.Backs {
		b := &u.Backs[i]
		if _, workload := kinds[b.Object.Kind]; !workload || b.Standing != Stands || b.Removes {
			continue
		}
		var k remedy.Case
		k.Target.Object = b.Object
		if err := template(b.live, &k); err != nil {
			u.gap(evidence.CheckPods, *b, err)
			continue
		}
		if b.Object.Kind == "Pod" {
			b.Reach = restarted(k.Pods[0], b.Edits)
			continue
		}
		// What lies beside the template replaces nothing.
		c := b.change()
		c.Edits = slices.DeleteFunc(slices.Clone(c.Edits), func(e remedy.Edit) bool {
			return !strings.HasPrefix(e.Path, k.TemplatePath()+"/")
		})
		if len(c.Edits) == 0 || !slices.Contains([]string{"Deployment", "StatefulSet", "DaemonSet"}, b.Object.Kind) {
			continue // nothing else replaces pods that run
		}
		if err := m.pods(ctx, b.live, nil, &k); err != nil {
			u.gap(evidence.CheckPods, *b, err)
		}
		if err := revisions(ctx, run, b.live, &k); err != nil {
			u.gap(evidence.CheckHistory, *b, err)
		}
		if n := k.Restarts([]remedy.Change{c}); n > 0 {
			b.Reach = Reach{Restarts: n, Wanted: k.Target.Wanted, Pace: pace(b.live)}
		}
	}
}

func (u *Undo) gap(check evidence.Check, b Back, err error) {
	u.NotLookedAt = append(u.NotLookedAt, cluster.GapOf(check, evidence.Subject{Kind: evidence.SubjectWorkload, Name: b.Object.Name}, err))
}

// restarted are the containers of a pod that run and that get another image: the
// kubelet ends them and starts them anew.
func restarted(pod *corev1.Pod, edits []remedy.Edit) Reach {
	var r Reach
	statuses := slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses)
	for _, e := range edits {
		list, i, ok := imageAt("Pod", e.Path)
		all := pod.Spec.Containers
		if list == "initContainers" {
			all = pod.Spec.InitContainers
		}
		if !ok || i >= len(all) || remedy.SameValue(e.Old, e.New) {
			continue
		}
		c := all[i]
		if slices.ContainsFunc(statuses, func(s corev1.ContainerStatus) bool { return s.Name == c.Name && s.State.Running != nil }) {
			r.Restarts, r.Wanted = 1, 1
			r.Containers = append(r.Containers, c.Name)
			r.Pulls = r.Pulls || c.ImagePullPolicy == corev1.PullAlways
		}
	}
	return r
}

// labelOf says in words which field a path leads to, if that is a container's
// image, by the name that the container has in the object that is there; else "".
func labelOf(live *unstructured.Unstructured, path string) string {
	list, _, ok := imageAt(live.GetKind(), path)
	name, _ := remedy.ValueAt(live.Object, strings.TrimSuffix(path, "image")+"name").(string)
	switch {
	case !ok || name == "":
		return ""
	case list == "initContainers":
		return "init container " + name + ": image"
	}
	return "container " + name + ": image"
}

// imageAt takes apart the path of a container's image in an object of some kind:
// the list that the container is in, and its place there.
func imageAt(kind, path string) (list string, i int, ok bool) {
	if _, ok := kinds[kind]; !ok {
		return "", 0, false
	}
	var k remedy.Case
	k.Target.Kind = kind
	rest, ok := strings.CutPrefix(path, k.TemplatePath()+"/spec/")
	words := strings.Split(rest, "/")
	if !ok || len(words) != 3 || words[0] != "containers" && words[0] != "initContainers" || words[2] != "image" {
		return "", 0, false
	}
	i, err := strconv.Atoi(words[1])
	return words[0], i, err == nil && i >= 0 && strconv.Itoa(i) == words[1]
}
