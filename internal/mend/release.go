// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"context"
	"slices"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/internal/remedy"
)

// release notes which revision of its Helm release a target could go back to, by
// the labels of the release's records. Without the right to list them only that
// there may be one is known.
func (o origin) release(ctx context.Context, namespace, name string) {
	if !isName(namespace) || !isName(name) {
		return
	}
	history, err := o.m.cluster.HelmHistory(ctx, namespace, name)
	if err != nil {
		o.t.Release = remedy.Release{Name: name, Namespace: namespace, Unread: true}
		gap := cluster.GapOf(evidence.CheckHistory, o.subject(), err)
		gap.Why += ", so that the revisions of Helm release " + name + " are not known"
		o.missed(gap)
		return
	}
	if len(history) == 0 {
		return // its marks are there, and no release: helm template made it, or Helm keeps its records elsewhere
	}
	now := history[0]
	r := remedy.Release{Name: name, Namespace: namespace, Revision: now.Number, Status: foreign.Text(now.Status, 63)}
	if at := slices.IndexFunc(history[1:], func(h cluster.HelmRevision) bool { return remedy.Deployed(h.Status) }); at >= 0 {
		r.Before, r.BeforeMade = history[1+at].Number, history[1+at].Made
	}
	o.t.Release = r
}

func (o origin) subject() evidence.Subject {
	return evidence.Subject{Kind: evidence.SubjectWorkload, Name: o.t.Name}
}

// missed notes what could not be looked at.
func (o origin) missed(g evidence.Gap) {
	g.Why = foreign.Text(g.Why, maxSource)
	o.k.NotLookedAt = append(o.k.NotLookedAt, g)
}
