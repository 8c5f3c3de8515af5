// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package diagnosis_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/symptom"
)

var (
	failed = time.Date(2026, 11, 20, 3, 40, 10, 0, time.UTC)
	asked  = failed.Add(2 * time.Minute)
)

func load(t *testing.T) *catalog.Catalog {
	t.Helper()
	c, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// pull of an image that fails on worker-3.
func pull(host, repository, tag string) evidence.Pull {
	return evidence.Pull{
		Namespace: "shop", Pod: "api-x2x7l", Container: "app", Node: "worker-3",
		Owner:       evidence.Object{Kind: "Deployment", Namespace: "shop", Name: "api"},
		Image:       host + "/" + repository + ":" + tag,
		Reference:   evidence.Reference{Host: host, Repository: repository, Tag: tag},
		Platform:    evidence.Platform{OS: "linux", Arch: "arm64"},
		PullSecrets: []string{"hub"}, ServiceAccount: "default",
		Reason: "ImagePullBackOff", FirstFailed: failed.Add(-time.Hour), LastFailed: failed, Attempts: 6,
	}
}

func says(sign symptom.Sign, detail string) symptom.Symptom {
	return symptom.Symptom{Sign: sign, Detail: detail, Runtime: "containerd"}
}

// unsent is a text that says that no credential went along.
func unsent(detail string) symptom.Symptom {
	s := says(symptom.LoginRequired, detail)
	s.CredentialSent = "no"
	return s
}

// sent is a text that says that a credential went along and was rejected.
func sent(detail string) symptom.Symptom {
	s := says(symptom.CredentialRejected, detail)
	s.CredentialSent = "yes"
	return s
}

// here is a finding of the client, asked after the last failure.
func here(check evidence.Check, o evidence.Outcome) evidence.Finding {
	return evidence.Finding{Check: check, Outcome: o, Vantage: evidence.Client, Time: asked, Sentence: "client saw " + string(o)}
}

// shown is a finding of the cluster's API.
func shown(check evidence.Check, o evidence.Outcome) evidence.Finding {
	return evidence.Finding{Check: check, Outcome: o, Vantage: evidence.Cluster, Time: asked, Sentence: "cluster shows " + string(o)}
}

func secret(f evidence.Finding, name string) evidence.Finding {
	f.Subject = evidence.Subject{Kind: evidence.SubjectSecret, Name: name}
	return f
}

var (
	reached       = []evidence.Finding{here(evidence.CheckResolve, evidence.HostResolved), here(evidence.CheckConnect, evidence.Connected), here(evidence.CheckTLS, evidence.TLSTrusted), here(evidence.CheckPing, evidence.RegistryAnswers)}
	noCredential  = shown(evidence.CheckKeyring, evidence.KeyringMatchesNone)
	hasCredential = shown(evidence.CheckKeyring, evidence.KeyringMatches)
	loginRequired = here(evidence.CheckManifest, evidence.LoginRequired)
	accessDenied  = here(evidence.CheckManifest, evidence.AccessDenied)
	present       = here(evidence.CheckManifest, evidence.ManifestPresent)
	noRights      = []evidence.Gap{{Check: evidence.CheckPullSecrets, Why: "you may not read secrets in shop", Needs: "get secrets"}}
)

func and(sets ...any) []evidence.Finding {
	var all []evidence.Finding
	for _, s := range sets {
		switch s := s.(type) {
		case evidence.Finding:
			all = append(all, s)
		case []evidence.Finding:
			all = append(all, s...)
		}
	}
	return all
}

type judgeCase struct {
	name     string
	pull     evidence.Pull
	symptom  symptom.Symptom
	findings []evidence.Finding
	gaps     []evidence.Gap
	want     []string // every cause, in order
	ruledOut []string // must be among the ruled out
	subject  string   // of the first
	summary  string   // part of the first's
}

func digest(p evidence.Pull, d string) evidence.Pull {
	p.Reference.Tag, p.Reference.Digest = "", d
	return p
}

// causes as "ID verdict state[ behind]".
func causes(d diagnosis.Diagnosis) []string {
	var got []string
	for _, c := range d.Causes {
		s := fmt.Sprintf("%s %s %s", c.Cause, c.Verdict, c.State)
		if c.Behind {
			s += " behind"
		}
		got = append(got, s)
	}
	return got
}

// checkShape holds for every diagnosis.
func checkShape(t *testing.T, d diagnosis.Diagnosis) {
	t.Helper()
	if len(d.Causes) == 0 || len(d.Steps) != 7 {
		t.Fatalf("%d causes and %d steps, want some and 7", len(d.Causes), len(d.Steps))
	}
	index := func(in string, findings []int) {
		for _, i := range findings {
			if i < 0 || i >= len(d.Findings) {
				t.Errorf("%s points to finding %d of %d", in, i, len(d.Findings))
			}
		}
	}
	for _, c := range append(d.Causes, d.RuledOut...) {
		if c.Summary == "" || c.Subject.Name == "" || c.State == "" {
			t.Errorf("%s lacks a summary, subject or state: %+v", c.Cause, c)
		}
		index(c.Cause, c.Findings)
	}
	for i, s := range d.Steps {
		if s.Number != i+1 || s.Title == "" || s.Sentence == "" || s.Result == "" {
			t.Errorf("step %d is incomplete: %+v", i+1, s)
		}
		index(s.Title, s.Findings)
	}
}
