// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/evidence"
)

// nodeSelector keeps the pods on nodes whose platform the image has, if the
// cluster has some and the pod does not say otherwise. Only a template can be
// given one: where a pod runs is settled when it is made.
func (p *planner) nodeSelector() []Remedy {
	if p.o.To != "" || !p.hasTemplate() {
		return nil
	}
	has := p.imagePlatforms()
	at := slices.IndexFunc(p.Platforms, func(c evidence.Platform) bool {
		return slices.ContainsFunc(has, func(i evidence.Platform) bool { return i.OS == c.OS && i.Arch == c.Arch }) && p.mayRunOn(c)
	})
	if at < 0 {
		return nil
	}
	to := p.Platforms[at]
	want := map[string]string{corev1.LabelArchStable: to.Arch}
	if slices.ContainsFunc(p.Platforms, func(c evidence.Platform) bool { return c.OS != to.OS }) {
		want[corev1.LabelOSStable] = to.OS
	}
	after := p.after(func(s *corev1.PodSpec) {
		if s.NodeSelector == nil {
			s.NodeSelector = map[string]string{}
		}
		for key, value := range want {
			s.NodeSelector[key] = value
		}
	})
	edits, err := become(p.TemplatePath(), p.Target.Template, after)
	if err != nil || len(edits) == 0 {
		return nil
	}
	r := Remedy{
		ID: "node-selector", Kind: Applied,
		Title:   "Keep the pods on nodes of " + to.OS + "/" + to.Arch,
		Because: "the image has " + names(has) + ", and the cluster has nodes of " + to.OS + "/" + to.Arch,
		Changes: []Change{{Object: p.Target.Object, Edits: edits}},
		Foresee: p.foreseeTemplate(after), Wake: p.wakeAfterTemplate(), Restarts: p.restarts(after),
		Risks: p.paused(),
	}
	switch p.Target.Kind {
	case "DaemonSet":
		r.Risks = append(r.Risks, "nodes of other platforms get no pod of it any more")
	case "StatefulSet":
		r.Risks = append(r.Risks, "a volume that lies on a node of another platform cannot follow")
	}
	r.Risks = append(r.Risks, p.nextRun()...)
	return []Remedy{r}
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
