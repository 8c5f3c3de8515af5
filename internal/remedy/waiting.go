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

// window waits for a rate limit: until the time that the registry said
// (Retry-After). Where it said none, nobody knows it: others spend the window as
// well, so that only the kubelet's next attempt is told.
func (p *planner) window(r Remedy) Remedy {
	r.ID, r.Title = "wait-for-window", "Wait until the registry lets pulls through again"
	const spends = "restarting pods only spends more pulls"
	r.Because = "the registry does not say when; the kubelet goes on by itself, and " + spends
	var opens time.Time
	var window time.Duration
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
			window = max(window, d)
		}
	}
	switch {
	case !opens.IsZero():
		r.Until, r.Latest = opens, time.Time{}
		r.Because = "the registry says when; the kubelet's first attempt after that begins by itself, at most 315 s later, and " + spends
	case window > 0:
		r.Because = "it counts pulls over a window of " + spanOf(window) + ", and does not say when it opens; the kubelet goes on by itself, and " + spends
	}
	return r
}

// spanOf words a whole number of hours, minutes or seconds.
func spanOf(d time.Duration) string {
	switch {
	case d%time.Hour == 0:
		return strconv.Itoa(int(d/time.Hour)) + " h"
	case d%time.Minute == 0:
		return strconv.Itoa(int(d/time.Minute)) + " min"
	}
	return strconv.Itoa(int(d/time.Second)) + " s"
}

// maxWindow bounds what a registry may say of its window.
const maxWindow = 7 * 24 * time.Hour

func seconds(text string) (time.Duration, bool) {
	n, err := strconv.Atoi(text)
	d := time.Duration(n) * time.Second
	return d, err == nil && n > 0 && n < int(maxWindow/time.Second)
}

func later(a, b time.Time) time.Time { return slices.MaxFunc([]time.Time{a, b}, time.Time.Compare) }
