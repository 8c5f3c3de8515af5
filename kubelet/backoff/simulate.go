// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package backoff

import "time"

// A Clock drives a simulation. The zero Clock is the ideal one: every pull
// fails at once and the kubelet comes back each 10 s.
type Clock struct {
	// Took is how long the nth pull (from 1) takes until it fails; nil: 0 s.
	Took func(attempt int) time.Duration
	// Jitter returns numbers from 0 to 1 for the kubelet's jitter; nil: 0.
	Jitter func() float64
	// Tick of the kubelet's loop: SyncTick on a real one, 0 for none.
	Tick time.Duration
}

// An Attempt is one pull of a simulated series; all fail.
type Attempt struct {
	Start, End time.Time
	// BackOff that holds from End on.
	BackOff time.Duration
	// Held counts the syncs since the attempt before that found the pull held
	// (each makes a BackOff event and the reason ImagePullBackOff).
	Held int
}

// Simulate returns the first n attempts of a pull that always fails, the first
// at start.
func Simulate(start time.Time, n int, c Clock) []Attempt {
	var series []Attempt
	var wait time.Duration
	for now := start; len(series) < n; {
		a := Attempt{Start: now}
		if last := len(series) - 1; last >= 0 {
			for now.Sub(series[last].End) < wait && now.Sub(series[last].End) <= Expiry {
				a.Held++
				now = c.sync(start, now)
			}
			a.Start = now
		}
		a.End = a.Start.Add(c.took(len(series) + 1))
		if last := len(series) - 1; last < 0 || a.End.Sub(series[last].End) > Expiry {
			wait = Initial
		} else {
			wait = min(2*wait, Max)
		}
		a.BackOff = wait
		series = append(series, a)
		now = c.sync(start, a.End)
	}
	return series
}

// sync is when the kubelet looks at the pod again after a failed sync that
// ended at now.
func (c Clock) sync(start, now time.Time) time.Time {
	jitter := 0.0
	if c.Jitter != nil {
		jitter = min(max(c.Jitter(), 0), 1)
	}
	due := now.Add(SyncMin + time.Duration(jitter*float64(SyncMax-SyncMin)))
	if c.Tick <= 0 {
		return due
	}
	// The queue gives a pod out at the first tick after it is due.
	return start.Add(due.Sub(start).Truncate(c.Tick) + c.Tick)
}

func (c Clock) took(attempt int) time.Duration {
	if c.Took == nil {
		return 0
	}
	return max(c.Took(attempt), 0)
}
