// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"strings"
	"testing"
	"time"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/examine"
	"github.com/pullmedic/pullmedic/internal/remedy"
	"github.com/pullmedic/pullmedic/internal/verify"
)

func TestABackOffAloneDisprovesNoEmergencyMeasure(t *testing.T) {
	last := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	pulled := func(node string, at time.Time) []evidence.Finding {
		return []evidence.Finding{{Outcome: evidence.ImagePulledElsewhere, Vantage: evidence.Node, Time: at, Details: map[string]string{"node": node}, Sentence: "node " + node + " pulled the same image at 03:05:00 UTC for pod shop/api-y"}}
	}
	const unknown = "the last attempt on node a, at 03:04:05 UTC, failed (TLSUntrusted); whether the node was mended since cannot be seen"
	for name, c := range map[string]struct {
		others  []string // reasons of other pods that fail, on node a
		nodes   []string // more nodes on which a pod is in back-off
		here    verify.Proof
		vantage evidence.Vantage
		shows   []evidence.Finding
		last    time.Time
		want    verify.Proof
		why     string
	}{
		"in back-off, and from here all is well":      {[]string{"ImagePullBackOff"}, nil, verify.Proven, evidence.Node, nil, last, verify.NotProven, unknown},
		"when it was is not known":                    {[]string{"ImagePullBackOff"}, nil, verify.Proven, evidence.Node, nil, time.Time{}, verify.NotProven, "the last attempt on node a failed (TLSUntrusted)"},
		"the node pulled it since":                    {[]string{"ImagePullBackOff"}, nil, verify.Proven, evidence.Node, pulled("a", last.Add(time.Minute)), last, verify.Proven, "node a pulled the same image at 03:05:00 UTC for pod shop/api-y, after the last attempt that failed (TLSUntrusted)"},
		"the node pulled it before":                   {[]string{"ImagePullBackOff"}, nil, verify.Proven, evidence.Node, pulled("a", last.Add(-time.Minute)), last, verify.NotProven, unknown},
		"another node pulled it since":                {[]string{"ImagePullBackOff"}, nil, verify.Proven, evidence.Node, pulled("b", last.Add(time.Minute)), last, verify.NotProven, unknown},
		"one of two nodes pulled it since":            {[]string{"ImagePullBackOff"}, []string{"b"}, verify.Proven, evidence.Node, pulled("a", last.Add(time.Minute)), last, verify.NotProven, "on node a and node b, at 03:04:05 UTC, failed"},
		"an attempt failed just now":                  {[]string{"ImagePullBackOff", "ErrImagePull"}, nil, verify.Proven, evidence.Node, nil, last, verify.Disproved, "it fails"},
		"from here it cannot be pulled either":        {[]string{"ImagePullBackOff"}, nil, verify.NotProven, evidence.Node, nil, last, verify.Disproved, "it fails"},
		"the registry says that there is no such tag": {[]string{"ImagePullBackOff"}, nil, verify.Proven, evidence.Client, nil, last, verify.Disproved, "it fails"},
	} {
		t.Run(name, func(t *testing.T) {
			a := verify.Answer{
				Proof: verify.Disproved, Why: "it fails", Decided: &diagnosis.Cause{Cause: catalog.TLSUntrusted, Findings: []int{0}},
				Views:     []verify.View{{Vantage: evidence.Client, Proof: c.here}, {Vantage: evidence.Node, Proof: verify.Disproved, Sentence: "it fails"}},
				Diagnosis: diagnosis.Diagnosis{Findings: append([]evidence.Finding{{Vantage: c.vantage}}, c.shows...)},
				Foresight: examine.Foresight{},
			}
			for _, reason := range c.others {
				a.Failing = append(a.Failing, evidence.Evidence{Pull: evidence.Pull{Node: "a", Reason: reason}})
			}
			for _, node := range c.nodes {
				a.Failing = append(a.Failing, evidence.Evidence{Pull: evidence.Pull{Node: node, Reason: "ImagePullBackOff"}})
			}
			p := Plan{Chosen: []Choice{{Diagnosis: diagnosis.Diagnosis{Pull: evidence.Pull{LastFailed: c.last}}, Remedy: remedy.Remedy{ID: remedy.Restart}}}}
			p.Result.Answers = []verify.Answer{a}
			p.reconsider()
			if got := p.Result.Answers[0]; p.Proof != c.want || !strings.Contains(got.Why, c.why) {
				t.Errorf("%s: %s", p.Proof, got.Why)
			}
		})
	}
}
