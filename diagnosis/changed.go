// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"slices"
	"time"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/evidence"
)

// How long before a failure a change may lie to be told with it. Operators look
// a quarter of an hour back; a credential's life and a node's first day are
// longer, and a change of a credential shows only at the next pull.
const (
	usualWindow      = 15 * time.Minute
	credentialWindow = 24 * time.Hour
	nodeWindow       = 24 * time.Hour
	longestWindow    = 7 * 24 * time.Hour

	// slack between the API server's clock and the node's.
	slack       = 5 * time.Second
	changesTold = 5
	// ranFor is how long after its creation a pod's first failure is not the
	// first thing that it did, or the events of the first are gone.
	ranFor = time.Hour
)

// changed returns the changes that may have to do with the first cause, oldest
// first: those that lie in the cause's window before the pull first failed.
// What was changed after that cannot have caused it, but may have cleared it;
// and a service account that got its secret late did so after the pod was made.
func (b *bench) changed(id string, state State) []evidence.Change {
	p := b.e.Pull
	cause, _ := b.catalog.Cause(id)
	starts := []time.Time{p.FirstFailed}
	if p.FirstFailed.IsZero() || p.FirstFailed.Sub(p.PodCreated) > ranFor {
		starts = append(starts, p.PodCreated)
	}
	var told []evidence.Change
	for _, c := range b.e.Changes {
		in := slices.ContainsFunc(starts, func(start time.Time) bool {
			return !start.IsZero() && !c.Time.Before(start.Add(-b.window(cause, c.Object.Kind, start))) && !c.Time.After(start.Add(slack))
		})
		cleared := state == Cleared && !p.FirstFailed.IsZero() && c.Time.After(p.FirstFailed)
		late := cause.ID == catalog.ServiceAccountRace && c.Object.Kind == "ServiceAccount" && !p.PodCreated.IsZero() && c.Time.After(p.PodCreated)
		if in || cleared || late {
			told = append(told, c)
		}
	}
	slices.SortStableFunc(told, func(x, y evidence.Change) int { return x.Time.Compare(y.Time) })
	return told[max(0, len(told)-changesTold):]
}

// window is how far back changes of a kind of object count for a cause.
func (b *bench) window(cause catalog.Cause, kind string, start time.Time) time.Duration {
	switch kind {
	case "Secret", "ServiceAccount":
		if cause.Category == catalog.Auth || cause.Category == catalog.Undecided {
			return max(credentialWindow, min(longestWindow, start.Sub(b.lastSuccess(start))))
		}
	case "Node":
		switch cause.Category {
		case catalog.Network, catalog.Mirror, catalog.Node:
			return nodeWindow
		}
		if cause.ID == catalog.PlatformMismatch {
			return nodeWindow
		}
	}
	return usualWindow
}

// lastSuccess is when the same image or registry was last seen to be pulled
// before start; start itself if it never was.
func (b *bench) lastSuccess(start time.Time) time.Time {
	var newest time.Time
	for _, f := range b.findings {
		switch f.Outcome {
		case evidence.RanBefore, evidence.ImagePulledElsewhere, evidence.RegistryWorksForOther:
			if f.Time.After(newest) && f.Time.Before(start) {
				newest = f.Time
			}
		}
	}
	if newest.IsZero() {
		return start
	}
	return newest
}
