// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"slices"
	"strconv"
	"time"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
)

// nextAttempt is the id of what is left to do where nothing is to be mended.
const nextAttempt = "next-attempt"

// wait gives what only time mends: a window that opens, a registry that comes
// back, the next attempt of what works again.
func (p *planner) wait() []Remedy {
	r := Remedy{ID: "wait", Kind: Wait, Until: p.d.Pull.NextEarliest, Latest: p.d.Pull.NextLatest}
	if p.cause.State == diagnosis.Cleared {
		r.ID, r.Title = nextAttempt, "Wait for the next attempt, which should succeed"
		r.Because = "what failed works now, and nothing needs to be changed"
		return []Remedy{r}
	}
	why := map[string][2]string{
		catalog.RegistryUnavailable:    {"Wait until the registry is back", "the kubelet goes on by itself, at most 300 s plus up to 15 later; nothing in the cluster needs to be changed"},
		catalog.PullThrottledByKubelet: {"Wait for the next attempt", "the kubelet begins only so many pulls a second, and the next attempt usually gets through"},
		catalog.ConnectionReset:        {"Wait for the next attempt", "it goes on with the layers that are complete, and usually succeeds"},
		catalog.PullTimeout:            {"Wait for the next attempt", "each attempt keeps the layers that are complete"},
		catalog.UpstreamCacheFailure:   {"Wait until the cache's source is back", "where the source is down or limits the cache, nothing in the cluster needs to be changed"},
		catalog.TagNotFound:            {"Wait until the tag is pushed", "where it comes later, the kubelet takes it at its next attempt"},
		catalog.RuntimeUnavailable:     {"Wait until the runtime is back", "where systemd starts it again, the kubelet goes on by itself"},
	}
	if p.cause.Cause == catalog.RateLimited {
		return []Remedy{p.window(r)}
	}
	said, ok := why[p.cause.Cause]
	if !ok {
		return nil
	}
	r.Title, r.Because = said[0], said[1]
	return []Remedy{r}
}

// window is when a rate limit lets pulls through again: what the registry said
// (Retry-After), or at the latest its whole window after it was seen shut.
func (p *planner) window(r Remedy) Remedy {
	r.ID, r.Title = "wait-for-window", "Wait until the registry lets pulls through again"
	r.Because = "the next attempt after that succeeds by itself; restarting pods only spends more pulls"
	var opens, latest time.Time
	for _, f := range p.d.Findings {
		if f.Outcome != evidence.RateLimited {
			continue
		}
		seen := f.Time
		if seen.IsZero() {
			seen = p.Now
		}
		if d, ok := seconds(f.Details["retryAfter"]); ok {
			opens = later(opens, seen.Add(d))
		}
		if d, ok := seconds(f.Details["window"]); ok {
			latest = later(latest, seen.Add(d))
		}
	}
	r.Until, r.Latest = later(r.Until, opens), later(r.Latest, latest)
	if !opens.IsZero() {
		// The first attempt that can succeed begins at most one back-off later.
		r.Until, r.Latest = opens, opens.Add(longestWait)
		r.Because = "the registry says when; " + r.Because
	} else if !latest.IsZero() {
		r.Because = "it counts pulls over a window, and opens little by little, at the latest when that is over; " + r.Because
	}
	return r
}

// longestWait is the kubelet's longest back-off with what its pod workers add.
const longestWait = 315 * time.Second

// maxWindow bounds what a registry may say of its window.
const maxWindow = 7 * 24 * time.Hour

func seconds(text string) (time.Duration, bool) {
	n, err := strconv.Atoi(text)
	d := time.Duration(n) * time.Second
	return d, err == nil && n > 0 && n < int(maxWindow/time.Second)
}

func later(a, b time.Time) time.Time { return slices.MaxFunc([]time.Time{a, b}, time.Time.Compare) }
