// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/evidence"
)

// nodeSelector keeps the pods on nodes whose platform the image has, if the
// cluster has some and the pod does not say otherwise. Only a template can be
// given one: where a pod runs is settled when it is made. Of several platforms each
// stays open, so that no pod leaves a node on which the image runs.
func (p *planner) nodeSelector() []Remedy {
	if p.o.To != "" || !p.hasTemplate() {
		return nil
	}
	has, to := p.imagePlatforms(), p.fitting()
	if len(to) == 0 {
		return nil
	}
	after := p.after(func(s *corev1.PodSpec) { p.keepOn(s, to) })
	edits, err := become(p.TemplatePath(), p.Target.Template, after)
	if err != nil || len(edits) == 0 {
		return nil
	}
	r := Remedy{
		ID: "node-selector", Kind: Applied,
		Title:   "Keep the pods on nodes of " + names(to),
		Because: "the image has " + names(has) + ", and the cluster has nodes of " + names(to),
	}
	gone, ready := p.without(to)
	switch p.Target.Kind {
	case "DaemonSet":
		r.Risks = append(r.Risks, "nodes of other platforms get no pod of it any more")
		if gone > 0 {
			r.Risks[0] += ", which removes " + counted(gone, "pod")
		}
	case "StatefulSet":
		r.Risks = append(r.Risks, "a volume that lies on a node of another platform cannot follow")
	}
	if ready > 0 && p.o.With != r.ID {
		r.Needs, r.Because = "--with "+r.ID, r.Because+"; "+counted(ready, "ready pod")+" on nodes of other platforms would go for good"
		return []Remedy{r}
	}
	if ready > 0 {
		r.Risks[0] += ", " + strconv.Itoa(ready) + " of them ready"
	}
	r.Changes = []Change{{Object: p.Target.Object, Edits: edits}}
	r.Foresee, r.Wake, r.Restarts = p.foreseeTemplate(after), p.wakeAfterTemplate(), p.restarts(after)
	r.Risks = slices.Concat(p.paused(), r.Risks, p.nextRun())
	return []Remedy{r}
}

// fitting are the platforms of the cluster's nodes that the image has and the pods
// may run on: of one system, that of the node which failed if it is among them.
func (p *planner) fitting() []evidence.Platform {
	has := p.imagePlatforms()
	var fit []evidence.Platform
	for _, c := range p.Platforms {
		one := evidence.Platform{OS: c.OS, Arch: c.Arch}
		if !slices.Contains(fit, one) && slices.ContainsFunc(has, func(i evidence.Platform) bool { return i.OS == c.OS && i.Arch == c.Arch }) && p.mayRunOn(c) {
			fit = append(fit, one)
		}
	}
	if len(fit) == 0 {
		return nil
	}
	system := fit[0].OS
	if failed := p.d.Pull.Platform.OS; slices.ContainsFunc(fit, func(f evidence.Platform) bool { return f.OS == failed }) {
		system = failed
	}
	return slices.DeleteFunc(fit, func(f evidence.Platform) bool { return f.OS != system })
}

// keepOn has a pod run on nodes of these platforms, all of one system: by a
// selector, or, as that takes one value, by affinity if there are several.
func (p *planner) keepOn(s *corev1.PodSpec, to []evidence.Platform) {
	want := map[string]string{}
	if slices.ContainsFunc(p.Platforms, func(c evidence.Platform) bool { return c.OS != to[0].OS }) {
		want[corev1.LabelOSStable] = to[0].OS
	}
	if len(to) == 1 {
		want[corev1.LabelArchStable] = to[0].Arch
	}
	for key, value := range want {
		if s.NodeSelector == nil {
			s.NodeSelector = map[string]string{}
		}
		s.NodeSelector[key] = value
	}
	if len(to) == 1 {
		return
	}
	in := corev1.NodeSelectorRequirement{Key: corev1.LabelArchStable, Operator: corev1.NodeSelectorOpIn}
	for _, one := range to {
		in.Values = append(in.Values, one.Arch)
	}
	slices.Sort(in.Values)
	if s.Affinity == nil {
		s.Affinity = &corev1.Affinity{}
	}
	if s.Affinity.NodeAffinity == nil {
		s.Affinity.NodeAffinity = &corev1.NodeAffinity{}
	}
	required := &s.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution
	if *required == nil || len((*required).NodeSelectorTerms) == 0 {
		*required = &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{}}}
	}
	for i := range (*required).NodeSelectorTerms { // a node that fits one of them will do
		t := &(*required).NodeSelectorTerms[i]
		t.MatchExpressions = append(t.MatchExpressions, in)
	}
}

// without counts the pods of a DaemonSet on nodes of none of these platforms, for
// which no other is made elsewhere, and those of them that are ready. What a node is
// that could not be looked at, is not known: it counts.
func (p *planner) without(to []evidence.Platform) (gone, ready int) {
	if p.Target.Kind != "DaemonSet" {
		return 0, 0
	}
	for _, pod := range p.Pods {
		on, known := p.NodePlatforms[pod.Spec.NodeName]
		if known && slices.Contains(to, on) || pod.DeletionTimestamp != nil {
			continue
		}
		if gone++; PodReady(pod) {
			ready++
		}
	}
	return gone, ready
}

// imagePlatforms are those that the image is known to have.
func (p *planner) imagePlatforms() []evidence.Platform {
	var list []evidence.Platform
	for _, f := range p.d.Findings {
		if f.Outcome != evidence.PlatformAbsent && f.Outcome != evidence.PlatformDiffers {
			continue
		}
		for _, name := range strings.Fields(f.Details["platforms"]) {
			os, rest, ok := strings.Cut(name, "/")
			arch, variant, _ := strings.Cut(rest, "/")
			one := evidence.Platform{OS: os, Arch: arch, Variant: variant}
			if ok && os != "unknown" && arch != "unknown" && arch != "" && !slices.Contains(list, one) {
				list = append(list, one)
			}
		}
	}
	return list
}

func names(platforms []evidence.Platform) string {
	var list []string
	for _, p := range platforms {
		name := p.OS + "/" + p.Arch
		if p.Variant != "" {
			name += "/" + p.Variant
		}
		list = append(list, name)
	}
	return listed(list)
}

// mayRunOn tells whether what the template says of its nodes leaves a platform
// open. A name of a node, or a selector of one, leaves none; nor does a selector
// that names a platform: somebody meant that.
func (p *planner) mayRunOn(to evidence.Platform) bool {
	s := p.Target.Template.Spec
	if to.OS == p.d.Pull.Platform.OS && to.Arch == p.d.Pull.Platform.Arch || s.NodeName != "" {
		return false
	}
	if s.OS != nil && string(s.OS.Name) != to.OS {
		return false
	}
	labels := map[string]string{
		corev1.LabelArchStable: to.Arch, "beta.kubernetes.io/arch": to.Arch,
		corev1.LabelOSStable: to.OS, "beta.kubernetes.io/os": to.OS,
	}
	for key, value := range s.NodeSelector {
		if want, known := labels[key]; key == corev1.LabelHostname || known && value != want {
			return false
		}
	}
	if s.Affinity == nil || s.Affinity.NodeAffinity == nil || s.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return true
	}
	return slices.ContainsFunc(s.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms, func(t corev1.NodeSelectorTerm) bool {
		return len(t.MatchFields) == 0 && !slices.ContainsFunc(t.MatchExpressions, func(e corev1.NodeSelectorRequirement) bool {
			value, known := labels[e.Key]
			switch {
			case e.Key == corev1.LabelHostname:
				return true
			case !known:
				return false
			}
			switch e.Operator {
			case corev1.NodeSelectorOpIn:
				return !slices.Contains(e.Values, value)
			case corev1.NodeSelectorOpNotIn:
				return slices.Contains(e.Values, value)
			case corev1.NodeSelectorOpExists:
				return false
			}
			return true
		})
	})
}
