// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// allowPull lets the kubelet pull what it was told never to pull.
func (p *planner) allowPull() []Remedy {
	spot, ok := find(p.Target.Template.Spec, p.d.Pull)
	if !ok || spot.policy != corev1.PullNever || p.o.To != "" {
		return nil
	}
	return p.setPolicy(Remedy{
		ID: "allow-pull", Title: "Let the kubelet pull for " + p.container(),
		Because: "with imagePullPolicy Never it never pulls, and the node does not have the image",
	}, spot, "", p.after(func(s *corev1.PodSpec) { spot.setPolicy(s, corev1.PullIfNotPresent) }))
}

// heldImage spares a pull of content that the nodes have: Always asks the
// registry before each start, be the image there or not. The digest that ran is
// named with it: without it, IfNotPresent would run whatever a node happens to
// have under a tag that moves.
func (p *planner) heldImage() []Remedy {
	spot, ok := find(p.Target.Template.Spec, p.d.Pull)
	if !ok || spot.policy != corev1.PullAlways || p.o.To != "" || shown(spot.image) != p.d.Pull.Image ||
		!p.hasTemplate() || p.Target.Kind == "CronJob" {
		return nil
	}
	var nodes []string
	digest := ""
	for _, pod := range p.Failing(p.d.Pull) {
		has := ""
		if pod.Spec.NodeName != "" {
			has = p.digestOnNode(pod.Spec.NodeName, spot.image)
		}
		if has == "" || digest != "" && has != digest {
			return nil // it would help some of the pods only
		}
		digest = has
		if !slices.Contains(nodes, pod.Spec.NodeName) {
			nodes = append(nodes, pod.Spec.NodeName)
		}
	}
	if digest == "" || p.d.Pull.Reference.Digest != "" && p.d.Pull.Reference.Digest != digest {
		return nil
	}
	image := pin(spot.image, digest)
	after := p.after(func(s *corev1.PodSpec) {
		spot.set(s, image)
		spot.setPolicy(s, corev1.PullIfNotPresent)
	})
	because := "Always asks the registry before each start, and " + listed(nodes) + " has " + short(digest) + " already"
	if len(nodes) > 1 {
		because = strings.Replace(because, " has ", " have ", 1)
	}
	if ref := p.d.Pull.Reference; ref.Tag == "latest" && ref.Digest == "" {
		because += "; for latest, Kubernetes sets Always where nothing else is written"
	}
	r := Remedy{ID: "held-image", Title: "Start " + p.container() + " from what its node has, by digest", Because: because, Image: image}
	if p.Target.Kind != "DaemonSet" {
		r.Risks = []string{"a pod that lands on a node without the image has to pull it"}
	}
	r.Risks = append(r.Risks, "from Kubernetes 1.35 on the kubelet asks the registry all the same if the image came with another credential")
	out := p.setPolicy(r, spot, image, after)
	for i := range out {
		if p.Target.Kind == "DaemonSet" { // its pods stay on their nodes
			out[i].Foresee.Pods = onNodes(out[i].Foresee.Pods[0], nodes)
		}
	}
	return out
}

func onNodes(pod *corev1.Pod, nodes []string) []*corev1.Pod {
	var pods []*corev1.Pod
	for _, node := range nodes {
		one := pod.DeepCopy()
		one.Spec.NodeName = node
		pods = append(pods, one)
	}
	return pods
}

// setPolicy gives a spot the policy IfNotPresent, and the image, if that is not
// "". Of a pod the policy can never be changed.
func (p *planner) setPolicy(r Remedy, s spot, image string, after corev1.PodTemplateSpec) []Remedy {
	r.Kind = Applied
	edits := []Edit{s.nameEdit(p.TemplatePath())}
	if image != "" && image != s.image {
		edits = append(edits, Edit{Path: p.TemplatePath() + s.path + s.field, Old: s.image, New: image, Label: p.container() + ": image"})
	}
	edits = append(edits, policyEdit(p.TemplatePath(), s, corev1.PullIfNotPresent, p.container()))
	switch {
	case p.Target.Kind == "Pod":
		return p.replacePod(r, "the policy of a pod can never be changed", edits)
	case !p.hasTemplate():
		return nil
	}
	r.Changes = []Change{{Object: p.Target.Object, Edits: edits}}
	r.Foresee, r.Wake, r.Restarts = p.foreseeTemplate(after), p.wakeAfterTemplate(), p.restarts(after)
	r.Risks = append(r.Risks, p.paused()...)
	r.Risks = append(r.Risks, p.nextRun()...)
	return []Remedy{r}
}
