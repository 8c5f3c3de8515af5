// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Bounds on counting a schedule's times.
const (
	maxRuns     = 100
	maxSchedule = 31 * 24 * time.Hour
)

// A schedule is a CronJob's, as sets of the values at which it runs. A day is
// one of the month or one of the week; where both are restricted, either will
// do (crontab(5), and so the CronJob controller).
type schedule struct {
	minutes, hours, days, months, weekdays uint64
	anyDay, anyWeekday                     bool
	zone                                   *time.Location
}

// runsBetween counts the times of a schedule after from and not after to, at
// most 100 and of the last 31 days. ok is false for a schedule or time zone
// that is not understood, which then is not counted.
func runsBetween(text, zone string, from, to time.Time) (n int, ok bool) {
	s, ok := parseSchedule(text, zone)
	if !ok {
		return 0, false
	}
	if oldest := to.Add(-maxSchedule); from.Before(oldest) {
		from = oldest
	}
	for t := from.Truncate(time.Minute).Add(time.Minute); !t.After(to) && n < maxRuns; t = t.Add(time.Minute) {
		if s.at(t) {
			n++
		}
	}
	return n, true
}

func (s schedule) at(t time.Time) bool {
	t = t.In(s.zone)
	if s.minutes&(1<<t.Minute()) == 0 || s.hours&(1<<t.Hour()) == 0 || s.months&(1<<int(t.Month())) == 0 {
		return false
	}
	day, weekday := s.days&(1<<t.Day()) != 0, s.weekdays&(1<<int(t.Weekday())) != 0
	if s.anyDay || s.anyWeekday {
		return day && weekday
	}
	return day || weekday
}

// parseSchedule reads five fields, or one of the words for them. Intervals
// (@every) count from when the controller first saw them, which nobody can see.
func parseSchedule(text, zone string) (schedule, bool) {
	s := schedule{zone: time.UTC}
	if zone != "" {
		var err error
		if s.zone, err = time.LoadLocation(zone); err != nil {
			return s, false
		}
	}
	switch text = strings.TrimSpace(text); text {
	case "@yearly", "@annually":
		text = "0 0 1 1 *"
	case "@monthly":
		text = "0 0 1 * *"
	case "@weekly":
		text = "0 0 * * 0"
	case "@daily", "@midnight":
		text = "0 0 * * *"
	case "@hourly":
		text = "0 * * * *"
	}
	f := strings.Fields(text)
	if len(f) != 5 {
		return s, false
	}
	months := []string{"", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}
	weekdays := []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
	good := true
	set := func(field string, low, high int, names []string) uint64 {
		bits, ok := parseField(field, low, high, names)
		good = good && ok
		return bits
	}
	s.minutes, s.hours, s.days = set(f[0], 0, 59, nil), set(f[1], 0, 23, nil), set(f[2], 1, 31, nil)
	s.months, s.weekdays = set(f[3], 1, 12, months), set(f[4], 0, 7, weekdays)
	if s.weekdays&(1<<7) != 0 { // Sunday has two numbers
		s.weekdays |= 1
	}
	s.anyDay, s.anyWeekday = f[2][0] == '*' || f[2] == "?", f[4][0] == '*' || f[4] == "?"
	return s, good
}

// parseField reads a field: a list of values, ranges and steps.
func parseField(field string, low, high int, names []string) (bits uint64, ok bool) {
	for part := range strings.SplitSeq(strings.ToLower(field), ",") {
		span, step, stepped := strings.Cut(part, "/")
		every := 1
		if stepped {
			n, err := strconv.Atoi(step)
			if err != nil || n < 1 {
				return 0, false
			}
			every = n
		}
		first, last := low, high
		if span != "*" && span != "?" {
			from, to, ranged := strings.Cut(span, "-")
			var ok1, ok2 bool
			first, ok1 = value(from, names)
			last, ok2 = first, true
			switch {
			case ranged:
				last, ok2 = value(to, names)
			case stepped:
				last = high
			}
			if !ok1 || !ok2 || first < low || last > high || first > last {
				return 0, false
			}
		}
		for v := first; v <= last; v += every {
			bits |= 1 << v
		}
	}
	return bits, true
}

func value(text string, names []string) (int, bool) {
	if i := slices.Index(names, text); i >= 0 && text != "" {
		return i, true
	}
	n, err := strconv.Atoi(text)
	return n, err == nil
}
