// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/report"
)

// pulled is a pull that failed and was pulled since.
func pulled() evidence.Evidence {
	e := missingTag(0)
	e.Pull.Reason, e.Pull.NextEarliest, e.Pull.NextLatest = "", time.Time{}, time.Time{}
	f := found(evidence.CheckPods, evidence.NextAttemptSucceeded, evidence.Node, subject(evidence.SubjectImage, "acme/api:1.27.44"), 0, "worker-3 pulled it at 03:49:30 UTC, after the last failure")
	f.Time = ago(30 * time.Second)
	e.Findings = append(e.Findings[:5:5], f)
	return e
}

func TestWhatWasPulledSinceIsNoFailure(t *testing.T) {
	const line = "shop/api-7d9c5-x2x7a was pulled at 03:49:30, after 6 failed attempts until 03:47:20: TagNotFound, likely, is over\n"
	for name, c := range map[string]struct {
		pulls     []evidence.Evidence
		headline  string
		diagnoses int
	}{
		"alone":                    {[]evidence.Evidence{pulled()}, "No failing pull (2 pods in 1 namespace looked at)", 0},
		"beside one that fails on": {[]evidence.Evidence{missingTag(1), pulled()}, "1 cause keeps 1 pod from starting", 1},
	} {
		t.Run(name, func(t *testing.T) {
			r := judged(t, evidence.Survey{Time: now(), Pods: 2, Namespaces: 1, Pulls: c.pulls})
			if len(r.Diagnoses) != c.diagnoses || len(r.Recovered) != 1 || r.Recovered[0].Cause != "TagNotFound" || !r.Recovered[0].Pulled.Equal(ago(30*time.Second)) {
				t.Errorf("%d diagnoses, recovered %+v", len(r.Diagnoses), r.Recovered)
			}
			for _, write := range []page{report.Overview, report.Diagnosis} {
				var b bytes.Buffer
				if err := write(&b, r, report.Style{Width: 1000}); err != nil {
					t.Fatal(err)
				}
				if !strings.Contains(b.String(), line) || c.diagnoses == 0 && (!strings.HasPrefix(b.String(), c.headline) || strings.Contains(b.String(), "Do first")) {
					t.Errorf("%q and %q are not in\n%s", c.headline, line, b.String())
				}
			}
		})
	}
}

func TestOfManyThatWerePulledSinceAFewAreListed(t *testing.T) {
	s := evidence.Survey{Time: now(), Pods: 9, Namespaces: 1}
	for n := range 9 {
		e := pulled()
		e.Pull.Pod += string(rune('a' + n))
		s.Pulls = append(s.Pulls, e)
	}
	var b bytes.Buffer
	if err := report.Diagnosis(&b, judged(t, s), report.Style{}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "and 4 more were pulled since; -v lists them") {
		t.Error(b.String())
	}
}
