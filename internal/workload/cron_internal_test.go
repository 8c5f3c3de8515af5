// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"testing"
	"time"
)

func TestRunsBetween(t *testing.T) {
	to := time.Date(2026, 11, 21, 3, 50, 0, 0, time.UTC) // a Saturday
	for name, c := range map[string]struct {
		schedule, zone string
		since          time.Duration
		want           int
		ok             bool
	}{
		"every five minutes":                      {"*/5 * * * *", "", time.Hour, 12, true},
		"at the end itself":                       {"50 3 * * *", "", time.Minute, 1, true},
		"not at the beginning":                    {"50 2 * * *", "", time.Hour, 0, true},
		"hourly by its word":                      {"@hourly", "", 24 * time.Hour, 24, true},
		"nightly":                                 {"0 2 * * *", "", 3 * 24 * time.Hour, 3, true},
		"nightly, in another zone":                {"0 2 * * *", "Asia/Tokyo", 24 * time.Hour, 1, true},
		"on weekdays, by name":                    {"0 12 * * Mon-Fri", "", 7 * 24 * time.Hour, 5, true},
		"on Sunday, by its second number":         {"0 12 * * 7", "", 7 * 24 * time.Hour, 1, true},
		"on a day of the month or of the week":    {"0 12 15 * 1", "", 7 * 24 * time.Hour, 2, true},
		"with a step from a value":                {"10/20 * * * *", "", time.Hour, 3, true},
		"in a list":                               {"0,30 1,2 * nov *", "", 24 * time.Hour, 4, true},
		"no more than a hundred":                  {"* * * * *", "", 24 * time.Hour, 100, true},
		"an interval, whose beginning is unknown": {"@every 1h", "", time.Hour, 0, false},
		"too few fields":                          {"* * * *", "", time.Hour, 0, false},
		"a value out of range":                    {"61 * * * *", "", time.Hour, 0, false},
		"a range backwards":                       {"5-1 * * * *", "", time.Hour, 0, false},
		"a step of nothing":                       {"*/0 * * * *", "", time.Hour, 0, false},
		"an empty part":                           {"1,,2 * * * *", "", time.Hour, 0, false},
		"a zone that is none":                     {"* * * * *", "Mars/Olympus", time.Hour, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			n, ok := runsBetween(c.schedule, c.zone, to.Add(-c.since), to)
			if n != c.want || ok != c.ok {
				t.Errorf("runs of %q: %d, %v; want %d, %v", c.schedule, n, ok, c.want, c.ok)
			}
		})
	}
}
