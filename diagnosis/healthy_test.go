// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package diagnosis_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/symptom"
)

func TestJudgeIsSilentAboutHealthyPulls(t *testing.T) {
	healthy := pull("harbor.acme.example:8443", "acme/api", "1.0")
	healthy.Reason, healthy.Attempts, healthy.FirstFailed, healthy.LastFailed = "", 0, time.Time{}, time.Time{}
	for name, findings := range map[string][]evidence.Finding{
		"two credentials of which the first is bad": and(hasCredential, here(evidence.CheckToken, evidence.CredentialRejected), here(evidence.CheckToken, evidence.CredentialAccepted), present),
		"an empty entry on a public image":          and(shown(evidence.CheckKeyring, evidence.KeyringEntryEmpty), here(evidence.CheckAnonymous, evidence.AnonymousMayPull), present),
		"a missing secret on a public image":        and(shown(evidence.CheckPullSecrets, evidence.SecretAbsent), noCredential, present),
		"nothing asked":                             nil,
	} {
		t.Run(name, func(t *testing.T) {
			d := diagnosis.Judge(load(t), evidence.Evidence{Pull: healthy, Findings: findings})
			if !d.Healthy() {
				t.Errorf("got %q, want nothing wrong", causes(d))
			}
			for _, s := range d.Steps[:3] {
				if s.Result == diagnosis.Bad {
					t.Errorf("step %d is bad: %s", s.Number, s.Sentence)
				}
			}
			checkShape(t, d)
		})
	}
}

func TestEventsOfAGoodPullAreNoFailure(t *testing.T) {
	p := pull("docker.io", "acme/api", "1.0")
	p.Reason, p.Attempts, p.FirstFailed, p.LastFailed = "", 0, time.Time{}, time.Time{}
	p.Events = []evidence.Event{{Type: "Normal", Reason: "Pulled", Message: "Successfully pulled image"}}
	if d := diagnosis.Judge(load(t), evidence.Evidence{Pull: p, Symptom: symptom.Parse("")}); !d.Healthy() {
		t.Errorf("got %q", causes(d))
	}
}

func TestJudgeIsDeterministicAndLeavesEvidenceAlone(t *testing.T) {
	c := load(t)
	e := evidence.Evidence{
		Pull: pull("docker.io", "acme/api", "1.0"), Symptom: says(symptom.AccessDenied, "denied"),
		Findings: and(reached, noCredential, accessDenied), NotLookedAt: noRights,
	}
	before := fmt.Sprintf("%+v", e)
	first := fmt.Sprintf("%+v", diagnosis.Judge(c, e))
	for range 50 {
		if again := fmt.Sprintf("%+v", diagnosis.Judge(c, e)); again != first {
			t.Fatalf("the same Evidence gave\n%s\nand\n%s", first, again)
		}
	}
	if after := fmt.Sprintf("%+v", e); after != before {
		t.Errorf("Evidence was changed from\n%s\nto\n%s", before, after)
	}
}
