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

func TestStepsSayWhatWasSeenAndWhatWasNot(t *testing.T) {
	basic := pull("harbor.acme.example:8443", "acme/api", "1.0")
	refused := symptom.Symptom{Sign: symptom.ConnectionRefused, Detail: "connection refused", Host: "harbor.acme.example"}
	agrees := shown(evidence.CheckServiceAccount, evidence.ServiceAccountAgrees)
	cases := []struct {
		name string
		e    evidence.Evidence
		want string // a letter a step: + good, x bad, ? not seen
	}{
		{"a private image without a secret", evidence.Evidence{Pull: basic, Symptom: unsent("no basic auth credentials"),
			Findings: and(reached, shown(evidence.CheckPullSecrets, evidence.SecretsNotNamed), noCredential, loginRequired, agrees)}, "xx?xx++"},
		{"no rights to secrets", evidence.Evidence{Pull: basic, Symptom: unsent("no basic auth credentials"),
			Findings: and(reached, loginRequired), NotLookedAt: noRights}, "xx???+?"},
		{"that it fails on another node too is no fault of the image", evidence.Evidence{Pull: basic, Symptom: sent("invalid password"),
			Findings: and(reached, shown(evidence.CheckReference, evidence.ReferenceValid), shown(evidence.CheckSameImage, evidence.ImageFailsElsewhere), hasCredential, here(evidence.CheckToken, evidence.CredentialRejected))}, "xx+?x+?"},
		{"a login without the right is at fault, and not the image", evidence.Evidence{Pull: basic, Symptom: says(symptom.AccessDenied, "denied"),
			Findings: and(reached, hasCredential, here(evidence.CheckToken, evidence.CredentialAccepted), here(evidence.CheckManifest, evidence.PermissionDenied))}, "xx??x+?"},
		{"one node's way is at fault and the registry answers from here", evidence.Evidence{Pull: basic, Symptom: refused, Findings: and(reached, present)}, "xx+??x?"},
		{"the node said nothing, so its way was not seen", evidence.Evidence{Pull: basic, Symptom: says(symptom.Other, ""), Findings: and(reached, here(evidence.CheckManifest, evidence.TagAbsent))}, "x?x????"},
		{"no secret is no harm where none is asked for", evidence.Evidence{Pull: basic, Symptom: says(symptom.TagNotFound, "not found"),
			Findings: and(reached, shown(evidence.CheckPullSecrets, evidence.SecretsNotNamed), noCredential, here(evidence.CheckManifest, evidence.TagAbsent))}, "xxx+++?"},
		{"a bad credential beside a good one is no harm", evidence.Evidence{Pull: basic, Symptom: says(symptom.TagNotFound, "not found"),
			Findings: and(reached, here(evidence.CheckToken, evidence.CredentialRejected), here(evidence.CheckToken, evidence.CredentialAccepted), here(evidence.CheckManifest, evidence.TagAbsent))}, "xxx?++?"},
	}
	c := load(t)
	letters := map[diagnosis.StepResult]string{diagnosis.Good: "+", diagnosis.Bad: "x", diagnosis.NotSeen: "?"}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			d := diagnosis.Judge(c, tc.e)
			got := ""
			for _, s := range d.Steps {
				got += letters[s.Result]
			}
			if got != tc.want {
				t.Errorf("got %s, want %s: %+v", got, tc.want, d.Steps)
			}
			for _, gap := range tc.e.NotLookedAt {
				if d.Steps[3].Sentence != gap.Why {
					t.Errorf("step 4 says %q, want %q", d.Steps[3].Sentence, gap.Why)
				}
			}
		})
	}
}

// A new outcome of the way to a registry has to be known to the step that tells
// of it.
func TestWhatProvesANetworkCauseShowsAsTheWayToTheRegistry(t *testing.T) {
	c := load(t)
	const way = 5 // the sixth step
	for _, cause := range c.Causes() {
		for _, set := range cause.ConfirmedBy {
			if cause.Category != catalog.Network || len(set) != 1 {
				continue
			}
			f := here(evidence.CheckConnect, set[0])
			f.Vantage = evidence.Node
			d := diagnosis.Judge(c, evidence.Evidence{Pull: pull("registry.acme.example", "acme/api", "1.0"), Findings: []evidence.Finding{f}})
			if got := d.Steps[way].Result; got != diagnosis.Bad {
				t.Errorf("%s is proven by %s, and the step of the way is %q: it is missing in waySense (steps.go)", cause.ID, set[0], got)
			}
		}
	}
}
