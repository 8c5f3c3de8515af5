// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/evidence"
)

// maxInPlace bounds the pods that one remedy changes in place.
const maxInPlace = 20

// podObject names a pod. Its resource version is not tested: the kubelet writes
// the status of a failing pod all the time.
func podObject(pod *corev1.Pod) Object {
	return Object{
		APIVersion: "v1", Kind: "Pod", Resource: "pods", Namespace: pod.Namespace, Name: pod.Name,
		UID: string(pod.UID), Generation: pod.Generation,
	}
}

// setInPods gives the failing pods of a Job other images in place: a Job's
// template can never be changed, a pod's images can.
func (p *planner) setInPods(r Remedy, swaps []swap) []Remedy {
	var risks []string
	r.Changes, risks = p.inPlace(swaps)
	if len(r.Changes) == 0 {
		return nil
	}
	r.Foresee = p.inPlaceForesight(swaps)
	r.Title += " in " + counted(len(r.Changes), "failing pod")
	risk := "the Job's template keeps the old image: a further pod of it fails again"
	if p.replaceable() {
		risk += "; --with replace-job shows the commands that replace the Job"
	}
	r.Risks = append(r.Risks, risk)
	r.Risks = append(r.Risks, risks...)
	return []Remedy{r}
}

// replaceable tells whether the commands that replace the Job are handed over as
// well, and need nothing more.
func (p *planner) replaceable() bool {
	return slices.ContainsFunc(p.handOver(), func(r Remedy) bool { return r.ID == "replace-job" && r.Needs == "" })
}

// inPlace changes the images of failing pods themselves. Of an image volume
// nothing can be changed in a pod.
func (p *planner) inPlace(swaps []swap) (changes []Change, risks []string) {
	edits := map[*corev1.Pod][]Edit{}
	var pods []*corev1.Pod
	for _, s := range swaps {
		if s.pull.ContainerKind == evidence.ImageVolume {
			continue
		}
		for _, pod := range p.Failing(s.pull) {
			spot, ok := find(pod.Spec, s.pull)
			if !ok || spot.image == s.image || isMirror(pod) {
				continue
			}
			if edits[pod] == nil {
				pods = append(pods, pod)
			}
			edits[pod] = append(edits[pod], imageEdits("", spot, s.image, containerOf(s.pull))...)
		}
	}
	for _, pod := range pods[:min(len(pods), maxInPlace)] {
		changes = append(changes, Change{Object: podObject(pod), Edits: edits[pod]})
	}
	if len(pods) > maxInPlace {
		risks = append(risks, "only "+strconv.Itoa(maxInPlace)+" of the "+counted(len(pods), "pod")+" that fail are changed at once")
	}
	return changes, risks
}

// inPlaceForesight is what the changed pods want.
func (p *planner) inPlaceForesight(swaps []swap) *Prospect {
	q := &Prospect{Exists: true}
	for _, pod := range p.Failing(p.d.Pull) {
		if len(q.Pods) == maxInPlace {
			break
		}
		pod = pod.DeepCopy()
		for _, s := range swaps {
			if spot, ok := find(pod.Spec, s.pull); ok && s.pull.ContainerKind != evidence.ImageVolume {
				spot.set(&pod.Spec, s.image)
			}
		}
		q.Pods = append(q.Pods, pod)
	}
	return q
}

// setInPod changes the images of a pod that nobody made and nobody remakes.
func (p *planner) setInPod(r Remedy, swaps []swap, edits []Edit, change func(*corev1.PodSpec)) []Remedy {
	if p.static() {
		return []Remedy{p.staticPod(r)}
	}
	for _, s := range swaps {
		if s.pull.ContainerKind == evidence.ImageVolume {
			return p.replacePod(r, "an image volume of a pod can never be changed", edits)
		}
	}
	r.Changes = []Change{{Object: p.Target.Object, Edits: edits}}
	r.Foresee = p.foresee(change)
	return []Remedy{r}
}

// mirrorPod marks what the API server shows of a static pod: a change of it
// changes nothing, as its kubelet reads a file
// (https://kubernetes.io/docs/tasks/configure-pod-container/static-pod/).
const mirrorPod = corev1.MirrorPodAnnotationKey

func isMirror(pod *corev1.Pod) bool { return isMirrorMeta(pod.Annotations) }

func isMirrorMeta(annotations map[string]string) bool {
	_, ok := annotations[mirrorPod]
	return ok
}

// staticPod hands over what only the file of a static pod can change.
func (p *planner) staticPod(r Remedy) Remedy {
	where := "on its node"
	if p.d.Pull.Node != "" {
		where = "on node " + p.d.Pull.Node
	}
	return Remedy{
		ID: "static-pod", Kind: HandedOver, Title: r.Title, Image: r.Image, Because: "it is a static pod, which its kubelet reads from " + p.staticFile(),
		Steps: []Step{{What: "Change it in that file; the kubelet takes it up by itself", Where: where}},
	}
}

// debugAgain hands over how a debugging container is added anew: those that are
// there can neither be changed nor removed.
func (p *planner) debugAgain() []Remedy {
	if p.d.Pull.ContainerKind != evidence.EphemeralContainer {
		return nil
	}
	pod, namespace := matching(dnsGrammar, p.d.Pull.Pod), matching(dnsGrammar, p.d.Pull.Namespace)
	debug := sh("kubectl", "debug", pod, "-n", namespace, "--image="+p.o.To, "-it")
	if debug == "" {
		return nil
	}
	return []Remedy{{
		ID: "debug-again", Kind: HandedOver, Title: "Add a debugging container with " + p.o.To, Image: p.o.To,
		Because: "an ephemeral container can neither be changed nor removed; the failing one goes with the pod",
		Steps:   []Step{{What: "Add another one", Where: "where kubectl is", Commands: []string{debug}}},
	}}
}

// join puts two half sentences together.
func join(a, b string) string {
	switch {
	case a == "":
		return b
	case b == "":
		return a
	}
	return a + "; " + b
}
