// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package verify_test

import (
	"context"
	"testing"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/examine"
	"github.com/pullmedic/pullmedic/internal/verify"
)

// foreseen answers each question with itself.
type foreseen examine.Foreseen

func (f foreseen) Foresee(context.Context, examine.Prospect) examine.Foreseen {
	return examine.Foreseen(f)
}

func TestWhatWasReadWithoutAClusterWasSeenHere(t *testing.T) {
	c, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	pull := examine.Foresight{Evidence: evidence.Evidence{
		Pull:     evidence.Pull{Namespace: "shop", Image: "Nginx:1.27"},
		Findings: []evidence.Finding{{Check: evidence.CheckReference, Outcome: evidence.ReferenceInvalid, Vantage: evidence.Cluster, Sentence: "no valid name"}},
	}}
	for alone, want := range map[bool]evidence.Vantage{true: evidence.Client, false: evidence.Cluster} {
		r := verify.Verify(t.Context(), c, foreseen{Pulls: []examine.Foresight{pull}, Alone: alone}, examine.Prospect{})
		a := r.Answers[0]
		if a.Proof != verify.Disproved || a.Diagnosis.Findings[0].Vantage != want || a.Evidence.Findings[0].Vantage != want {
			t.Errorf("alone %v: %s by %+v, want it disproved by what was seen from %s", alone, a.Proof, a.Diagnosis.Findings, want)
		}
		seen := map[evidence.Vantage]verify.View{}
		for _, v := range a.Views {
			seen[v.Vantage] = v
		}
		if v := seen[want]; v.Proof != verify.Disproved || v.Sentence != "no valid name" || len(seen) != len(a.Views) {
			t.Errorf("alone %v: views %+v", alone, a.Views)
		}
		if _, ok := seen[evidence.Cluster]; ok == alone {
			t.Errorf("alone %v: views %+v", alone, a.Views)
		}
	}
	if pull.Evidence.Findings[0].Vantage != evidence.Cluster {
		t.Error("the evidence that was handed in is changed")
	}
}
