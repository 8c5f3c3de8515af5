// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package examine

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/internal/foreign"
)

// maxChanges bounds the changes that are kept of one pull.
const maxChanges = 20

// reach tells whether what depends on the pod's namespace is to be read: not for
// Jobs, to which no Service sends anything and which nothing scales.
func (l *look) reach(p *patient) bool {
	if !depended(p.pod) {
		return false
	}
	if !l.reached[p.pod.Namespace] && len(l.reached) >= maxReached {
		return false
	}
	l.reached[p.pod.Namespace] = true
	return true
}

// depended tells whether a Service may send to the pod, or something may scale what
// made it.
func depended(pod *corev1.Pod) bool {
	c := metav1.GetControllerOf(pod)
	return c == nil || c.Kind != "Job"
}

// unreached tells what of the namespaces could not be read: once for a kind of
// object, whatever the number of namespaces.
func (l *look) unreached(ctx context.Context) {
	type refusal struct {
		err error
		at  []string
	}
	refused := map[string]*refusal{}
	var order []string
	for _, ns := range slices.Sorted(maps.Keys(l.reached)) {
		for _, err := range l.run.Reach(ctx, ns).Errs {
			var e *cluster.Error
			resource := ""
			if errors.As(err, &e) {
				resource = e.Resource
			}
			if refused[resource] == nil {
				refused[resource] = &refusal{err: err}
				order = append(order, resource)
			}
			refused[resource].at = append(refused[resource].at, ns)
		}
	}
	for _, resource := range order {
		r := refused[resource]
		gap := cluster.GapOf(evidence.CheckImpact, evidence.Subject{Kind: evidence.SubjectNamespace, Name: r.at[0]}, r.err)
		if more := len(r.at) - 1; more > 0 {
			gap.Why += " and of " + number(more) + " more"
		}
		l.survey.NotLookedAt = append(l.survey.NotLookedAt, gap)
	}
	if len(l.reached) >= maxReached {
		l.survey.NotLookedAt = append(l.survey.NotLookedAt, evidence.Gap{
			Check: evidence.CheckImpact, Subject: evidence.Subject{Kind: evidence.SubjectNamespace, Name: "all"},
			Why: "Services and autoscalers of at most " + number(maxReached) + " namespaces were read", Needs: "a smaller scope (-n NAMESPACE)",
		})
	}
}

// impact fills in what the pull's failing does to its workload.
func (l *look) impact(ctx context.Context, p *patient) {
	i := p.owner.Impact
	if r, image, ok := p.owner.Previous(p.e.Pull.Container, p.image); ok && r.Number > 0 && r.Number == i.Serving.Revision {
		i.Serving.Image = foreign.Text(image, 300)
	}
	if l.reached[p.pod.Namespace] {
		l.run.Reach(ctx, p.pod.Namespace).Hit(&i, p.e.Pull.Owner, p.pod.Labels)
	}
	p.e.Impact = i
}

// changes notes what was changed before the pull failed, with whatever of it was
// read for other questions.
func (l *look) changes(ctx context.Context, p *patient) {
	pull := p.e.Pull
	var all []evidence.Change
	add := func(c evidence.Change, ok bool) {
		if ok && !c.Time.IsZero() && !c.Time.After(l.now) {
			all = append(all, c)
		}
	}
	if !ran(p) {
		add(p.rollout())
		for _, c := range p.owner.Changes {
			add(c, true)
		}
	}
	if pull.ContainerKind != evidence.Sandbox && !p.unmade() {
		for _, a := range l.secretsOf(ctx, p) {
			add(cluster.SecretChange(pull.Namespace, a))
		}
		if pull.ServiceAccount != "" {
			if sa, err := l.run.ServiceAccount(ctx, pull.Namespace, pull.ServiceAccount); err == nil {
				add(cluster.AccountChange(sa))
			}
		}
	}
	if pull.Node != "" {
		if node, err := l.run.Node(ctx, pull.Node); err == nil {
			for _, c := range cluster.NodeChanges(node) {
				add(c, true)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b evidence.Change) int { return a.Time.Compare(b.Time) })
	p.e.Changes = all[max(0, len(all)-maxChanges):]
}

// rollout tells when the workload got the template that the pod was made from,
// and what that changed.
func (p *patient) rollout() (evidence.Change, bool) {
	c := evidence.Change{Time: p.owner.Rolled.Time, By: p.owner.Rolled.By, Object: p.e.Impact.Workload}
	if c.Object.Name == "" {
		return c, false
	}
	if _, before, ok := p.owner.Previous(p.e.Pull.Container, p.image); ok {
		c.What = foreign.Text("image "+shortOf(before, p.image)+" -> "+shortOf(p.image, before), 300)
	} else {
		c.What = "its template"
		switch {
		case p.owner.Current == 1 && len(p.owner.Earlier) == 0:
			c.What = "it was made"
		case p.owner.Current > 0:
			c.What = "revision " + number(int(p.owner.Current)) + ", of the same image"
		}
	}
	return c, true
}

// shortOf is the part of an image's name in which it differs from another of the
// same repository: the tag or digest, else all of it.
func shortOf(image, other string) string {
	a, errA := reference(image)
	b, errB := reference(other)
	if errA != nil || errB != nil || a.Host != b.Host || a.Repository != b.Repository {
		return image
	}
	return cmp.Or(strings.Trim(a.Tag+"@"+a.Digest, "@"), image)
}

// ran tells whether the container ran in this pod before: then the pod's
// template is not what changed.
func ran(p *patient) bool {
	for _, s := range slices.Concat(p.pod.Status.InitContainerStatuses, p.pod.Status.ContainerStatuses, p.pod.Status.EphemeralContainerStatuses) {
		if s.Name == p.e.Pull.Container && (s.RestartCount > 0 || s.LastTerminationState != corev1.ContainerState{}) {
			return true
		}
	}
	return false
}
