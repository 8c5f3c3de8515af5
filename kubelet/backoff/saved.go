// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package backoff

import "time"

// Remake is what it takes, generously, until a pod that a controller makes in
// place of a deleted one begins to pull: it is made, scheduled and seen by the
// kubelet within a second or two on an idle cluster.
const Remake = 5 * time.Second

// Saved is how much sooner a pod that is made now in place of the failing one
// begins to pull, least and most: the back-off belongs to the pod, so that a
// new one has none. Both are 0 where nothing is saved.
//
// It says nothing about whether that pull would succeed.
func (s Span) Saved(now time.Time) (least, most time.Duration) {
	left := func(next time.Time) time.Duration { return max(0, next.Sub(now)-Remake) }
	return left(s.Earliest), left(s.Latest)
}
