// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"context"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/internal/remedy"
)

// followed is how long after its successor was made a revision's pods are gone: the
// controller scales them down at once.
const followed = time.Minute

// markRan notes which of the earlier revisions, newest first, ran until a later one
// took their pods away, as far as the target's status still shows it. made is when the
// current one was.
//
// A StatefulSet names the last revision that all its pods had, or the one that it
// began with. A Deployment says since when too few pods are available: if that is
// when a revision was made, the one before it ran until then, and none since.
func markRan(live *unstructured.Unstructured, made time.Time, revisions []remedy.Revision) {
	if live.GetKind() == "StatefulSet" {
		last := textIn(live, "status", "currentRevision")
		for i := range revisions {
			revisions[i].Ran = last != "" && revisions[i].Hash == last
		}
		return
	}
	since := unavailableSince(live)
	if since.IsZero() {
		return
	}
	for i := range revisions {
		r := &revisions[i]
		r.Ran = !made.IsZero() && since.Sub(made).Abs() <= followed && r.Created.Before(made) && r.Created.Before(since)
		made = r.Created
	}
}

// unavailableSince is since when a Deployment has too few pods; zero if it has enough,
// or that is not known.
func unavailableSince(live *unstructured.Unstructured) time.Time {
	conditions, _, _ := unstructured.NestedSlice(live.Object, "status", "conditions")
	for _, c := range conditions {
		if text(c, "type") == "Available" && text(c, "status") == "False" {
			t, err := time.Parse(time.RFC3339, text(c, "lastTransitionTime"))
			if err == nil {
				return t
			}
		}
	}
	return time.Time{}
}

// pulledBefore looks at what the nodes of failing pods hold, if nothing else shows
// that an earlier revision ran.
func (m *Mender) pulledBefore(ctx context.Context, run *cluster.Run, k *remedy.Case) {
	t := k.Target
	if len(t.Revisions) == 0 || slices.ContainsFunc(t.Revisions, func(r remedy.Revision) bool { return r.Ready > 0 || r.Ran }) {
		return
	}
	for _, d := range k.Diagnoses {
		m.nodeImages(ctx, run, k, d.Pull)
	}
}
