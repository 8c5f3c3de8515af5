// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Each next run was compared with that of the parser which the CronJob controller
// uses.
func TestTheNextRunOfASchedule(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) // a Friday
	for schedule, want := range map[string]string{
		"0 2 * * *":             "2026-01-03T02:00:00Z",
		"* * * * *":             "2026-01-02T03:05:00Z",
		"4 3 * * *":             "2026-01-03T03:04:00Z",
		"*/15 * * * *":          "2026-01-02T03:15:00Z",
		"10-40/10 3 * * *":      "2026-01-02T03:10:00Z",
		"50/5 * * * *":          "2026-01-02T03:50:00Z",
		"0 0,12 * * *":          "2026-01-02T12:00:00Z",
		"0 0 * * mon":           "2026-01-05T00:00:00Z",
		"0 0 * JAN-MAR Sat,Sun": "2026-01-03T00:00:00Z",
		"0 0 13 * 5":            "2026-01-09T00:00:00Z", // the 13th or a Friday
		"0 0 */2 * 1":           "2026-01-03T00:00:00Z", // an odd day or a Monday
		"0 0 */1 * 1":           "2026-01-05T00:00:00Z",
		"0 0 ? * 1":             "2026-01-05T00:00:00Z",
		"0 0 29 2 *":            "2028-02-29T00:00:00Z",
		"@hourly":               "2026-01-02T04:00:00Z",
		"@weekly":               "2026-01-04T00:00:00Z",
		"0 0 31 2 *":            "", // never
		"@every 5m":             "", // it counts from when the controller saw it
		"TZ=UTC 0 2 * * *":      "",
		"60 * * * *":            "",
		"0 0 * * 7":             "",
		"5-1 * * * *":           "",
		"*/0 * * * *":           "",
		", * * * *":             "",
		"0 2 * *":               "",
		"":                      "",
	} {
		s, ok := parseSchedule(schedule)
		got := ""
		if next := s.next(now); ok && !next.IsZero() {
			got = next.Format(time.RFC3339)
		}
		if got != want {
			t.Errorf("%q: next at %q, want %q", schedule, got, want)
		}
	}
}

func TestTheNextRunIsOnlyToldWhereItsZoneIsKnown(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, c := range map[string]struct{ zone, last, want string }{
		"its own zone":                           {"Asia/Tokyo", "", "2026-01-02T17:00:00Z"},
		"the last run was on time by UTC":        {"", "2026-01-02T02:00:00Z", "2026-01-03T02:00:00Z"},
		"the last run was on time by another":    {"", "2026-01-01T17:00:00Z", ""},
		"it has never run":                       {"", "", ""},
		"a zone that this machine does not know": {"Mars/Olympus", "2026-01-02T02:00:00Z", ""},
	} {
		t.Run(name, func(t *testing.T) {
			spec := map[string]any{"schedule": "0 2 * * *"}
			if c.zone != "" {
				spec["timeZone"] = c.zone
			}
			got := ""
			if next := nextRun(&unstructured.Unstructured{Object: map[string]any{"spec": spec, "status": map[string]any{"lastScheduleTime": c.last}}}, now); !next.IsZero() {
				got = next.Format(time.RFC3339)
			}
			if got != c.want {
				t.Errorf("at %q, want %q", got, c.want)
			}
		})
	}
}
