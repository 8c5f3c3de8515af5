// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/report"
)

func TestADiagnosisNamesTheHostsThatItsPullNeeds(t *testing.T) {
	here := func(check evidence.Check, o evidence.Outcome, details map[string]string) evidence.Finding {
		return evidence.Finding{Check: check, Outcome: o, Vantage: evidence.Client, Sentence: "x", Details: details,
			Subject: evidence.Subject{Kind: evidence.SubjectRegistry, Name: "images.acme.example"}}
	}
	e := evidence.Evidence{
		Pull: evidence.Pull{Namespace: "shop", Pod: "api", Reason: "ImagePullBackOff", Image: "images.acme.example:8443/a/b:1",
			Reference: evidence.Reference{Host: "images.acme.example:8443", Repository: "a/b", Tag: "1"}},
		Findings: []evidence.Finding{
			here(evidence.CheckPing, evidence.RegistryAnswers, map[string]string{"host": "images.acme.example:8443", "family": "Harbor"}),
			here(evidence.CheckToken, evidence.TokenGranted, map[string]string{"host": "auth.acme.example"}),
			here(evidence.CheckBlobs, evidence.BlobsPresent, map[string]string{"stores": "s3.acme.example:9000 cdn.acme.example"}),
			here(evidence.CheckToken, evidence.RealmForeign, map[string]string{"host": "evil.example"}),
		},
	}
	c := load(t)
	r := report.New(c, evidence.Survey{Pulls: []evidence.Evidence{e}}, []diagnosis.Diagnosis{diagnosis.Judge(c, e)})
	var got []string
	for _, h := range r.Diagnoses[0].Egress {
		got = append(got, fmt.Sprintf("%s:%d %v %t %s", h.Host, h.Port, h.For, h.Seen, h.When))
	}
	want := "images.acme.example:8443 [api login] true \n" +
		"images.acme.example:8443 [layers] false unless its storage redirects to an object store\n" +
		"auth.acme.example:443 [login] true \ns3.acme.example:9000 [layers] true \ncdn.acme.example:443 [layers] true "
	if strings.Join(got, "\n") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
}
