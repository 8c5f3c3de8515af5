// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/evidence"
)

// group puts diagnoses together whose first cause and its subject are the same:
// one thing to mend. It returns the groups, those that still fail before those
// that are cleared, then by what they do to their workloads, by the cause's own
// severity, by the pods that they keep from starting, and last by the catalogue's order and the subject, so that the same look
// always gives the same text. The diagnoses come back in the groups' order,
// each group's clearest first.
func group(c *catalog.Catalog, diagnoses []v1alpha1.Diagnosis) ([]v1alpha1.Group, []v1alpha1.Diagnosis) {
	type key struct {
		cause   string
		subject v1alpha1.Subject
	}
	members := map[key][]v1alpha1.Diagnosis{}
	for _, d := range diagnoses {
		k := key{d.Causes[0].Cause, d.Causes[0].Subject}
		members[k] = append(members[k], d)
	}
	place := map[string]int{}
	for i, cause := range c.Causes() {
		place[cause.ID] = i
	}
	type bundle struct {
		v1alpha1.Group
		members []v1alpha1.Diagnosis
	}
	var bundles []bundle
	for _, of := range members {
		slices.SortStableFunc(of, clearest)
		bundles = append(bundles, bundle{describe(c, of), of})
	}
	slices.SortFunc(bundles, func(a, b bundle) int {
		return cmp.Or(
			cmp.Compare(stateRank(a.State), stateRank(b.State)),
			cmp.Compare(severityOf(a.Impact.Severity), severityOf(b.Impact.Severity)),
			cmp.Compare(severityRank(a.Severity), severityRank(b.Severity)),
			cmp.Compare(b.Pods, a.Pods),
			cmp.Compare(place[a.Cause], place[b.Cause]),
			strings.Compare(a.Subject.Kind+a.Subject.Name, b.Subject.Kind+b.Subject.Name),
		)
	})
	groups, ordered := []v1alpha1.Group{}, []v1alpha1.Diagnosis{}
	for _, b := range bundles {
		groups = append(groups, b.Group)
		ordered = append(ordered, b.members...)
	}
	return groups, ordered
}

// describe tells about a group; its first member stands for all.
func describe(c *catalog.Catalog, members []v1alpha1.Diagnosis) v1alpha1.Group {
	first := members[0]
	told := first.Causes[0]
	g := v1alpha1.Group{
		Cause: told.Cause, Verdict: told.Verdict, State: v1alpha1.Cleared, Subject: told.Subject,
		Summary: told.Summary, FirstAction: told.FirstAction, Example: Example(first.Pull),
	}
	if cause, ok := c.Cause(told.Cause); ok {
		g.Category, g.Severity = string(cause.Category), cause.Severity
	}
	pods, workloads, namespaces, nodes := map[string]bool{}, map[v1alpha1.Object]bool{}, map[string]bool{}, map[string]bool{}
	for _, d := range members {
		p := d.Pull
		if d.Causes[0].State == v1alpha1.Failing {
			g.State = v1alpha1.Failing
		}
		pods[podKey(p)] = true
		workloads[p.Owner] = true
		namespaces[p.Namespace] = true
		if p.Node != "" {
			nodes[p.Node] = true
		}
		g.Since = earlier(g.Since, p.FirstFailed)
		g.Pulls = append(g.Pulls, v1alpha1.PullRef{Namespace: p.Namespace, Pod: p.Pod, Container: p.Container, Image: p.Image, Node: p.Node})
	}
	if also := likewise(members); also > 0 && g.FirstAction != "" {
		g.FirstAction += " Likewise for " + count(also, "more pod") + "."
	}
	g.Impact = groupImpact(members)
	if told.Subject.Kind == string(evidence.SubjectRegistry) {
		g.Running = running(first)
	}
	g.Pods, g.Workloads, g.Namespaces, g.Nodes = len(pods), len(workloads), len(namespaces), len(nodes)
	return g
}

// likewise counts the pods for which the same is to be done elsewhere: to another
// secret, in another workload, on another node.
func likewise(members []v1alpha1.Diagnosis) int {
	pods := map[string]bool{}
	for _, d := range members {
		if d.Causes[0].State == v1alpha1.Failing && d.Causes[0].FirstAction != members[0].Causes[0].FirstAction {
			pods[podKey(d.Pull)] = true
		}
	}
	delete(pods, podKey(members[0].Pull))
	return len(pods)
}

// podKey tells pods apart; one that was never made counts by its owner.
func podKey(p v1alpha1.Pull) string {
	if p.Pod == "" {
		return p.Namespace + "/" + named(p.Owner)
	}
	return p.Namespace + "/" + p.Pod
}

// Example is the object to name in a command: the highest of the pod's owners
// whose kind diagnose knows, else the pod.
func Example(p v1alpha1.Pull) v1alpha1.Object {
	chain := append(slices.Clone(p.Via), p.Owner)
	for _, o := range slices.Backward(chain) {
		switch kind := strings.ToLower(o.Kind); kind {
		case "deployment", "replicaset", "replicationcontroller", "statefulset", "daemonset", "job", "cronjob":
			if o.Name != "" && o.Group == "" {
				return v1alpha1.Object{Kind: kind, Namespace: p.Namespace, Name: o.Name}
			}
		}
	}
	return v1alpha1.Object{Kind: "pod", Namespace: p.Namespace, Name: p.Pod}
}

// clearest orders a group's diagnoses: the surer verdict, what still fails, the
// gravest, the longer failing, then by name.
func clearest(a, b v1alpha1.Diagnosis) int {
	return cmp.Or(
		cmp.Compare(verdictRank(a.Causes[0].Verdict), verdictRank(b.Causes[0].Verdict)),
		cmp.Compare(stateRank(a.Causes[0].State), stateRank(b.Causes[0].State)),
		cmp.Compare(severityOf(a.Severity), severityOf(b.Severity)),
		compareTimes(a.Pull.FirstFailed, b.Pull.FirstFailed),
		strings.Compare(a.Pull.Namespace, b.Pull.Namespace),
		strings.Compare(a.Pull.Pod, b.Pull.Pod),
		strings.Compare(a.Pull.Container, b.Pull.Container),
	)
}

func verdictRank(v v1alpha1.Verdict) int {
	return slices.Index([]v1alpha1.Verdict{v1alpha1.Confirmed, v1alpha1.Likely, v1alpha1.Possible, v1alpha1.RuledOut}, v)
}

func stateRank(s v1alpha1.State) int {
	if s == v1alpha1.Failing {
		return 0
	}
	return 1
}

func severityRank(s string) int {
	switch s {
	case "critical":
		return 0
	case "warning":
		return 1
	}
	return 2
}

// compareTimes orders unknown times last.
func compareTimes(a, b *time.Time) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	return a.Compare(*b)
}

// earlier of two times, of which either may not be known.
func earlier(a, b *time.Time) *time.Time {
	if compareTimes(a, b) <= 0 {
		return a
	}
	return b
}
