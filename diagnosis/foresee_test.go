// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package diagnosis_test

import (
	"testing"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/symptom"
)

func TestForeseeWeighsWhatNobodyHasTried(t *testing.T) {
	c, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	pull := evidence.Pull{Image: "acme/api:1", Reference: evidence.Reference{Host: "docker.io", Repository: "acme/api", Tag: "1"}}
	from := func(o evidence.Outcome) evidence.Finding {
		return evidence.Finding{Outcome: o, Vantage: evidence.Client, Sentence: string(o)}
	}
	failed := pull
	failed.Reason, failed.Message = "ErrImagePull", "docker.io/acme/api:1: not found"
	for name, c2 := range map[string]struct {
		e    evidence.Evidence
		want string // the first cause with its verdict; "" for healthy
	}{
		"nothing was found":                    {evidence.Evidence{Pull: pull}, ""},
		"all is there":                         {evidence.Evidence{Pull: pull, Findings: []evidence.Finding{from(evidence.ManifestPresent), from(evidence.BlobsPresent)}}, ""},
		"the tag is missing":                   {evidence.Evidence{Pull: pull, Findings: []evidence.Finding{from(evidence.TagAbsent)}}, "TagNotFound confirmed"},
		"the client alone is refused":          {evidence.Evidence{Pull: pull, Findings: []evidence.Finding{from(evidence.ConnectionRefused)}}, "ConnectionRefused possible"},
		"what fails already is judged as such": {evidence.Evidence{Pull: failed, Symptom: symptom.Parse(failed.Message), Findings: []evidence.Finding{from(evidence.TagAbsent)}}, "TagNotFound confirmed"},
	} {
		t.Run(name, func(t *testing.T) {
			d := diagnosis.Foresee(c, c2.e)
			got := ""
			if !d.Healthy() {
				got = d.Causes[0].Cause + " " + string(d.Causes[0].Verdict)
			}
			if got != c2.want {
				t.Errorf("got %q, want %q", got, c2.want)
			}
			if len(d.Steps) != 7 {
				t.Errorf("%d steps", len(d.Steps))
			}
		})
	}
}
