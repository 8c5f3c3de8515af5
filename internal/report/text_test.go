// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"bytes"
	"io"
	"testing"
	"time"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/report"
	"github.com/pullmedic/pullmedic/symptom"
)

type page func(io.Writer, v1alpha1.Report, report.Style) error

func TestText(t *testing.T) {
	berlin := time.FixedZone("CET", 3600)
	one := evidence.Survey{Time: now(), Pods: 1, Namespaces: 1, Pulls: []evidence.Evidence{missingTag(0)}, Sent: evidence.Sent{Requests: 6, Logins: 1}}
	undecided := evidence.Survey{Time: now(), Pods: 1, Namespaces: 1, Pulls: []evidence.Evidence{denied()}}
	done := evidence.Survey{Time: now(), Pods: 1, Namespaces: 1, Pulls: []evidence.Evidence{cleared()}, Sent: evidence.Sent{Requests: 4, Logins: 1}}
	well := evidence.Survey{Time: now(), Pods: 1200, Namespaces: 3}
	blind := evidence.Survey{Time: now(), Pods: 3, Namespaces: 1, NotLookedAt: bigSurvey().NotLookedAt}
	for _, c := range []struct {
		golden string
		page   page
		survey evidence.Survey
		style  report.Style
	}{
		{"overview.txt", report.Overview, bigSurvey(), report.Style{Location: berlin}},
		{"overview-color.txt", report.Overview, bigSurvey(), report.Style{Location: berlin, Color: true}},
		{"overview-narrow.txt", report.Overview, bigSurvey(), report.Style{Width: 50, Flags: []string{"--context", "it's prod"}}},
		{"overview-nothing.txt", report.Overview, well, report.Style{}},
		{"overview-no-pods.txt", report.Overview, evidence.Survey{Time: now()}, report.Style{}},
		{"overview-blind.txt", report.Overview, blind, report.Style{}},
		{"overview-unmade.txt", report.Overview, evidence.Survey{Time: now(), Pods: 3, Namespaces: 1, Unmade: unmade()}, report.Style{}},
		{"diagnose-unmade.txt", report.Diagnosis, evidence.Survey{Time: now(), Unmade: unmade()[:1]}, report.Style{Location: berlin}},
		{"diagnose-not-running.txt", report.Diagnosis, evidence.Survey{Time: now(), Pods: 3, Namespaces: 1, NotRunning: notRunning()}, report.Style{}},
		{"overview-not-running.txt", report.Overview, evidence.Survey{Time: now(), Pods: 3, Namespaces: 1, NotRunning: notRunning()}, report.Style{}},
		{"diagnose.txt", report.Diagnosis, one, report.Style{Location: berlin, Program: "pullmedic"}},
		{"diagnose-verbose.txt", report.Diagnosis, one, report.Style{Verbose: 1}},
		{"diagnose-undecided.txt", report.Diagnosis, undecided, report.Style{}},
		{"diagnose-cleared.txt", report.Diagnosis, done, report.Style{}},
		{"diagnose-several.txt", report.Diagnosis, bigSurvey(), report.Style{Color: true}},
	} {
		t.Run(c.golden, func(t *testing.T) {
			var b bytes.Buffer
			if err := c.page(&b, judged(t, c.survey), c.style); err != nil {
				t.Fatal(err)
			}
			golden(t, c.golden, b.Bytes())
		})
	}
}

func TestPages(t *testing.T) {
	c := load(t)
	cause, _ := c.Cause("TagNotFound")
	undecided, _ := c.Cause("AccessDeniedAmbiguous")
	reading := report.Reading(c, symptom.Parse(`Failed to pull image "acme/api:1": rpc error: code = Unknown desc = failed to pull and unpack image "docker.io/acme/api:1": failed to resolve reference "docker.io/acme/api:1": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed`))
	for golden_, write := range map[string]func(io.Writer) error{
		"reading.txt": func(w io.Writer) error { return report.ReadingText(w, reading, report.Style{}) },
		"causes.txt":  func(w io.Writer) error { return report.CauseListText(w, report.CauseList(c), report.Style{}) },
		"cause.txt":   func(w io.Writer) error { return report.CauseText(w, report.Describe(cause), report.Style{}) },
		"cause-undecided.txt": func(w io.Writer) error {
			return report.CauseText(w, report.Describe(undecided), report.Style{Color: true})
		},
		"remedy.txt": func(w io.Writer) error {
			d, _ := report.DescribeRemedy(c, "set-image")
			return report.RemedyText(w, d, report.Style{})
		},
		"matrix.txt": func(w io.Writer) error { return report.MatrixText(w, report.Matrix(c), report.Style{}) },
	} {
		t.Run(golden_, func(t *testing.T) {
			var b bytes.Buffer
			if err := write(&b); err != nil {
				t.Fatal(err)
			}
			golden(t, golden_, b.Bytes())
		})
	}
}

// notRunning are pods of which no pull is known to fail and which do not run.
func notRunning() []evidence.NotRunning {
	return []evidence.NotRunning{
		{Namespace: "shop", Pod: "api-7d9c5-x2x7l", Node: "worker-3", State: evidence.BeingMade, Since: ago(35 * time.Second)},
		{Namespace: "shop", Pod: "web-0", Node: "worker-1", Container: "app", State: evidence.FailsOtherwise, Since: ago(time.Hour),
			Reason: `CrashLoopBackOff, StartError, exit code 128: exec: "/no/such/command": no such file or directory`},
		{Namespace: "shop", Pod: "big-0", State: evidence.WithoutNode, Since: ago(time.Hour), Reason: "Unschedulable"},
	}
}
