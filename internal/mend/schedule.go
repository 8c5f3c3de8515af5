// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// farthestRun bounds how far ahead a run is looked for: February 29 comes within
// eight years.
const farthestRun = 8 * 366 * 24 * time.Hour

// nextRun is when a CronJob makes its next Job; zero if that is not known: its
// schedule is of a form that is not read here, its zone is not known on this
// machine, or it names none and its last run does not show that it counts in UTC.
func nextRun(live *unstructured.Unstructured, now time.Time) time.Time {
	text := func(fields ...string) string { return textIn(live, fields...) }
	s, ok := parseSchedule(text("spec", "schedule"))
	if !ok {
		return time.Time{}
	}
	zone := time.UTC
	if name := text("spec", "timeZone"); name != "" {
		var err error
		if zone, err = time.LoadLocation(name); err != nil {
			return time.Time{}
		}
	} else if last, err := time.Parse(time.RFC3339, text("status", "lastScheduleTime")); err != nil || !s.has(last.UTC()) {
		return time.Time{} // its controller counts in its own zone
	}
	return s.next(now.In(zone)).UTC()
}

// A schedule is one of a CronJob: the minutes, hours, days, months and weekdays
// that it names, as bits.
type schedule struct {
	minute, hour, day, month, weekday uint64
	// either: day and weekday are both named, and one of them is enough.
	either bool
}

// parseSchedule reads the five fields and the names that the CronJob controller
// knows (https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#schedule-syntax).
// What it does not read, as @every or a zone before the fields, it refuses.
func parseSchedule(text string) (schedule, bool) {
	named := map[string]string{
		"@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
	}
	if fields, ok := named[text]; ok {
		text = fields
	}
	fields := strings.Fields(text)
	if len(fields) != 5 {
		return schedule{}, false
	}
	months := []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}
	weekdays := []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
	var s schedule
	for i, f := range []struct {
		into           *uint64
		least, highest int
		names          []string
	}{{&s.minute, 0, 59, nil}, {&s.hour, 0, 23, nil}, {&s.day, 1, 31, nil}, {&s.month, 1, 12, months}, {&s.weekday, 0, 6, weekdays}} {
		for part := range strings.SplitSeq(strings.ToLower(fields[i]), ",") {
			bits, ok := parsePart(part, f.least, f.highest, f.names)
			if !ok {
				return schedule{}, false
			}
			*f.into |= bits
		}
	}
	s.either = !starred(fields[2]) && !starred(fields[4])
	return s, true
}

// starred tells a field of which any value will do. For the controller's parser
// one with steps is none.
func starred(field string) bool {
	return slices.ContainsFunc(strings.Split(field, ","), func(part string) bool {
		return slices.Contains([]string{"*", "?", "*/1", "?/1"}, part)
	})
}

// parsePart reads *, 5, 1-5, */15, 10-40/10 or 5/10, which goes on to the end.
func parsePart(part string, least, highest int, names []string) (bits uint64, ok bool) {
	span, every, stepped := strings.Cut(part, "/")
	step := 1
	if stepped {
		n, err := strconv.Atoi(every)
		if err != nil || n < 1 || n > 60 {
			return 0, false
		}
		step = n
	}
	value := func(word string) (int, bool) {
		if at := slices.Index(names, word); at >= 0 {
			return least + at, true
		}
		n, err := strconv.Atoi(word)
		return n, err == nil && n >= least && n <= highest
	}
	from, to := least, highest
	if span != "*" && span != "?" {
		low, high, ranged := strings.Cut(span, "-")
		if from, ok = value(low); !ok {
			return 0, false
		}
		switch {
		case ranged:
			if to, ok = value(high); !ok || to < from {
				return 0, false
			}
		case !stepped:
			to = from
		}
	}
	for n := from; n <= to; n += step {
		bits |= 1 << n
	}
	return bits, true
}

// has tells whether the schedule names the minute of a time, in that time's zone.
func (s schedule) has(t time.Time) bool { return s.minute>>t.Minute()&1 == 1 && s.hasHour(t) }

func (s schedule) hasHour(t time.Time) bool {
	day, weekday := s.day>>t.Day()&1 == 1, s.weekday>>int(t.Weekday())&1 == 1
	return s.hour>>t.Hour()&1 == 1 && s.month>>int(t.Month())&1 == 1 && (day && weekday || s.either && (day || weekday))
}

// next is the first time after another that the schedule names; zero if there is
// none.
func (s schedule) next(after time.Time) time.Time {
	t := after.Truncate(time.Minute).Add(time.Minute)
	for end := after.Add(farthestRun); t.Before(end); {
		switch {
		case !s.hasHour(t):
			t = t.Add(time.Duration(60-t.Minute()) * time.Minute)
		case !s.has(t):
			t = t.Add(time.Minute)
		default:
			return t
		}
	}
	return time.Time{}
}
