// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
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
		"the registry says when":                     {catalog.RateLimited, diagnosis.Failing, limited(noon, map[string]string{"retryAfter": "3600"}), "wait-for-window", noon.Add(time.Hour), noon.Add(time.Hour + 315*time.Second)},
		"the registry names its window":              {catalog.RateLimited, diagnosis.Failing, limited(noon, map[string]string{"window": "21600"}), "wait-for-window", next, noon.Add(6 * time.Hour)},
		"a finding without a time is of now":         {catalog.RateLimited, diagnosis.Failing, limited(time.Time{}, map[string]string{"window": "21600"}), "wait-for-window", next, noon.Add(6 * time.Hour)},
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
