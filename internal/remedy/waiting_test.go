// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
)

func TestWaitSaysUntilWhen(t *testing.T) {
	limited := func(seen time.Time, details map[string]string) []evidence.Finding {
		return []evidence.Finding{{Outcome: evidence.RateLimited, Time: seen, Details: details}}
	}
	next, latest := noon.Add(time.Minute), noon.Add(75*time.Second)
	for name, c := range map[string]struct {
		cause       string
		state       diagnosis.State
		findings    []evidence.Finding
		id          string
		from, until time.Time
	}{
		"the registry says when":                     {catalog.RateLimited, diagnosis.Failing, limited(noon, map[string]string{"retryAfter": "3600"}), "wait-for-window", noon.Add(time.Hour), time.Time{}},
		"the registry names its window":              {catalog.RateLimited, diagnosis.Failing, limited(noon, map[string]string{"window": "21600"}), "wait-for-window", next, latest},
		"a finding without a time is of now":         {catalog.RateLimited, diagnosis.Failing, limited(time.Time{}, map[string]string{"retryAfter": "60"}), "wait-for-window", noon.Add(time.Minute), time.Time{}},
		"the registry says nothing of its limit":     {catalog.RateLimited, diagnosis.Failing, limited(noon, nil), "wait-for-window", next, latest},
		"a window that nobody can mean":              {catalog.RateLimited, diagnosis.Failing, limited(noon, map[string]string{"window": "99999999999", "retryAfter": "-5"}), "wait-for-window", next, latest},
		"the registry is down":                       {catalog.RegistryUnavailable, diagnosis.Failing, nil, "wait", next, latest},
		"the kubelet holds pulls back":               {catalog.PullThrottledByKubelet, diagnosis.Failing, nil, "wait", next, latest},
		"a limit that was lifted":                    {catalog.RateLimited, diagnosis.Cleared, nil, "next-attempt", next, latest},
		"a secret that was mended elsewhere":         {catalog.CredentialsMissing, diagnosis.Cleared, nil, "next-attempt", next, latest},
		"a missing login mends itself not by time":   {catalog.CredentialsMissing, diagnosis.Failing, nil, "", time.Time{}, time.Time{}},
		"a transfer that hangs mends itself neither": {catalog.PullStuck, diagnosis.Failing, nil, "", time.Time{}, time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			s := shop(c.cause, "docker.io")
			s.d.Causes[0].State, s.d.Findings = c.state, c.findings
			cat, _ := causes(t)
			var got Remedy
			for _, r := range s.plan(t, cat) {
				if r.Kind == Wait {
					got = r
				}
			}
			if got.ID != c.id || !got.Until.Equal(c.from) || !got.Latest.Equal(c.until) {
				t.Errorf("got %q from %s until %s", got.ID, got.Until, got.Latest)
			}
			if c.id != "" && (got.Title == "" || got.Because == "") {
				t.Errorf("it says too little: %+v", got)
			}
		})
	}
}

// A limit that nobody knows the end of is promised none.
func TestARateLimitIsPromisedNoEndThatTheRegistryDidNotSay(t *testing.T) {
	cat, _ := causes(t)
	for name, c := range map[string]struct {
		details map[string]string
		says    string
	}{
		"it says when":                    {map[string]string{"retryAfter": "60", "window": "21600"}, "the registry says when"},
		"it names a window of hours":      {map[string]string{"window": "21600"}, "a window of 6 h, and does not say when"},
		"it names a window of minutes":    {map[string]string{"window": "5400"}, "a window of 90 min,"},
		"it names a window of seconds":    {map[string]string{"window": "61"}, "a window of 61 s,"},
		"it names neither":                {nil, "the registry does not say when"},
		"it names what is no time at all": {map[string]string{"window": "soon"}, "the registry does not say when"},
	} {
		t.Run(name, func(t *testing.T) {
			s := shop(catalog.RateLimited, "docker.io")
			s.d.Findings = []evidence.Finding{{Outcome: evidence.RateLimited, Time: noon, Details: c.details}}
			all := s.plan(t, cat)
			got := all[slices.IndexFunc(all, func(r Remedy) bool { return r.Kind == Wait })]
			if !strings.Contains(got.Because, c.says) || strings.Contains(got.Because, "latest") {
				t.Errorf("got %q, want %q in it", got.Because, c.says)
			}
		})
	}
}
