// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package backoff

import "time"

// Observed is what the cluster shows of a failing pull. Times are as the
// cluster shows them, whole seconds, and by the node's clock but for Now.
// Every field but Now may be empty.
type Observed struct {
	// Now is the time of looking.
	Now time.Time
	// Reason of the waiting container.
	Reason string
	// Created is when the pod was made: nothing was tried before.
	Created time.Time
	// FirstFailed and LastFailed are the ends of the first and the last failed
	// pull that were seen.
	FirstFailed, LastFailed time.Time
	// Started is when the last attempt that was seen began (event Pulling). If
	// it is after LastFailed, that attempt runs, or its end was not seen.
	Started time.Time
	// Failures seen. Events get lost and die after an hour, so it is taken for
	// the least number, unless AllSeen.
	Failures int
	AllSeen  bool
	// CrashLooping: another container of the pod is in CrashLoopBackOff, on a
	// kubelet from v1.35 on.
	CrashLooping bool
}

// A Span is when the next attempt begins. It can be earlier only if the pod is
// deleted or the kubelet restarts, and later if the pod's other containers
// pull first.
type Span struct {
	Earliest, Latest time.Time
	// BackOff that holds now, least and most.
	BackOffMin, BackOffMax time.Duration
	// MayRun: an attempt was seen to begin and not to end; it may still run.
	MayRun bool
	// Overdue: by what was seen, the next attempt should have begun by now. It
	// runs, or what it left was not seen; the span is then that of any attempt.
	Overdue bool
}

// Next returns when the next attempt begins, false if nothing observed says
// that a pull fails.
func Next(o Observed) (Span, bool) {
	ended, ok := lastEnd(o)
	if !ok {
		return Span{}, false
	}
	var s Span
	s.MayRun = o.Started.After(o.LastFailed)
	if class(o.Reason) != unheld {
		s.BackOffMin, s.BackOffMax = bounds(o)
	}
	s.Earliest = ended.Earliest.Add(max(s.BackOffMin, SyncMin))
	s.Latest = ended.Latest.Add(reach(s.BackOffMax, o.CrashLooping))
	if o.CrashLooping && s.BackOffMin == 0 {
		// A sibling that is due at once brings the next sync at once.
		s.Earliest = ended.Earliest
	}
	switch {
	case s.BackOffMax > 0 && !o.AllSeen && !s.Earliest.After(o.Now) && !s.MayRun:
		// It may have come already, and failed: the kubelet drops the events of a
		// pod that has had many.
		if n, ok := mostFailures(o, true); ok {
			s.BackOffMax = max(s.BackOffMax, After(n))
		} else {
			s.BackOffMax = Max
		}
		s.Overdue = s.Latest.Before(o.Now)
		s.Latest = later(s.Latest, o.Now.Add(reach(s.BackOffMax, o.CrashLooping)))
	case s.Latest.Before(o.Now):
		if s.BackOffMax > 0 {
			// The attempt after that one can have failed at this very moment.
			s.Overdue = true
			s.BackOffMin, s.BackOffMax = Initial, min(2*s.BackOffMax, Max)
		}
		s.Latest = o.Now.Add(reach(s.BackOffMax, o.CrashLooping))
	}
	if s.Earliest.Before(o.Now) {
		s.Earliest = o.Now
	}
	return s, true
}

// lastEnd is when the last failed attempt ended, as far as it was seen.
func lastEnd(o Observed) (Span, bool) {
	c := class(o.Reason)
	switch {
	case c == notAPull:
		return Span{}, false
	case o.Started.After(o.LastFailed):
		return Span{Earliest: o.Started, Latest: later(o.Now, o.Started)}, true
	case !o.LastFailed.IsZero():
		// Events tell whole seconds, cut off.
		return Span{Earliest: o.LastFailed, Latest: o.LastFailed.Add(time.Second)}, true
	case c == waiting:
		return Span{}, false
	case o.Reason == backOffReason:
		return Span{Earliest: o.Now.Add(-Max), Latest: o.Now}, true
	}
	// The sync after the failed one finds it held, and repeats what is not held.
	// That it was held, ImagePullBackOff, shows with the sync after that.
	ago := step(o.CrashLooping)
	if c == held {
		ago *= 2
	}
	return Span{Earliest: o.Now.Add(-ago), Latest: o.Now}, true
}

// bounds returns the least and the most back-off that fits what was seen.
func bounds(o Observed) (least, most time.Duration) {
	failures := max(o.Failures, 1)
	running := o.Started.After(o.LastFailed) && !o.LastFailed.IsZero()
	if running {
		failures++ // its end, when it comes
	}
	least, most = After(failures), Max
	if o.AllSeen && o.Failures > 0 {
		most = least
	} else if n, ok := mostFailures(o, running); ok {
		most = max(After(n), least)
	}
	return restarted(o, least, most, running)
}

// mostFailures is how many attempts can have failed in the time, if each
// failed at once and the kubelet came as early as it can: the first at 0 s,
// then at 10, 30, 70, 150, 310 s.
func mostFailures(o Observed, running bool) (int, bool) {
	first, last := o.FirstFailed, o.LastFailed
	if o.Failures == 0 || first.IsZero() || (!o.Created.IsZero() && o.Created.Before(first)) {
		first = o.Created // earlier failures may have been lost
	}
	if running || last.IsZero() {
		last = o.Now
	}
	if first.IsZero() || last.Before(first) {
		return 0, false
	}
	n := 1
	for passed := After(1); passed <= last.Sub(first)+time.Second && After(n) < Max; passed += After(n) {
		n++
	}
	return n, true
}

// restarted takes into account that a failure counts as the first again if
// more than Expiry lies between its end and that of the one before.
func restarted(o Observed, least, most time.Duration, running bool) (time.Duration, time.Duration) {
	var took time.Duration // at most, while it may run
	switch {
	case running:
		took = o.Now.Sub(o.Started)
	case !o.Started.IsZero() && o.LastFailed.After(o.Started):
		took = o.LastFailed.Sub(o.Started)
	}
	before := most / 2 // the back-off before the last failure, at most
	if most == Max {
		before = Max
	}
	switch {
	case !running && took+Initial > Expiry:
		return Initial, Initial
	case most > Initial && took+reach(before, o.CrashLooping)+time.Second > Expiry:
		return Initial, most
	}
	return least, most
}

// step is the longest time from a failed sync to the next.
func step(crashLooping bool) time.Duration {
	if crashLooping {
		return CrashLoopSyncMax + SyncTick
	}
	return SyncMax + SyncTick
}

// reach is the longest time from the end of a failed pull to the next attempt:
// the syncs come in steps of 10 to 15 s, and the last one that still finds the
// pull held can come just before the back-off is over.
func reach(wait time.Duration, crashLooping bool) time.Duration {
	longest := step(crashLooping)
	if crashLooping {
		return wait + longest
	}
	held := int64(0) // syncs that can find it held
	if wait > 0 {
		held = int64((wait - 1) / SyncMin)
	}
	return min(wait, time.Duration(held*int64(longest))) + longest
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
