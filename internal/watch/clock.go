// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"fmt"
	"time"
)

// A span is when the kubelet tries next; the zero span is not known.
type span struct{ earliest, latest time.Time }

func spanOf(earliest, latest *time.Time) span {
	if earliest == nil || latest == nil {
		return span{}
	}
	return span{*earliest, *latest}
}

func (s span) known() bool { return !s.latest.IsZero() }

// sooner tells which of two spans a person would wait for first: the one that
// is over first.
func (s span) sooner(than span) bool {
	return s.known() && (!than.known() || s.latest.Before(than.latest))
}

// clock counts down to the next attempt: 0:34-1:12, then within 0:38, then now.
func (s span) clock(now time.Time) string {
	switch {
	case !s.known():
		return "-"
	case !now.Before(s.latest):
		return "now"
	case !now.Before(s.earliest):
		return "within " + minutes(s.latest.Sub(now))
	}
	from, to := minutes(s.earliest.Sub(now)), minutes(s.latest.Sub(now))
	if from == to {
		return from
	}
	return from + "-" + to
}

// minutes is a time span as a clock shows it, rounded up: 0:34, 1:02:03.
func minutes(d time.Duration) string {
	seconds := int((d + time.Second - 1) / time.Second)
	if seconds >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60)
	}
	return fmt.Sprintf("%d:%02d", seconds/60, seconds%60)
}

// ago words how long ago something was: just now, 12 s ago, 3 min ago.
func ago(d time.Duration) string {
	if d < time.Second {
		return "just now"
	}
	return length(d) + " ago"
}

// length words a time span in its largest unit.
func length(d time.Duration) string {
	switch d = max(d, 0).Truncate(time.Second); {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours())/24)
}
