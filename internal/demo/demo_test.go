// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/examine"
)

// truth of the scenario, by namespace/workload.
var truth = map[string]string{
	"shop/api":          catalog.TagNotFound,
	"shop/cart":         catalog.RepositoryNotFound, // hidden, so not to be proven
	"payments/ledger":   catalog.CredentialsExpired,
	"payments/invoices": catalog.CredentialsInvalid,
	"payments/fraud":    catalog.CredentialsMissing,
	"search/indexer":    catalog.SecretMissing,
	"search/crawler":    catalog.SecretNotUsed,
	"search/suggest":    catalog.PermissionDenied,
	"data/store":        catalog.DigestNotFound,
	"data/import":       catalog.RepositoryNotFound,
	"data/reports":      catalog.RegistryUnavailable,
	"ml/train":          catalog.PlatformMismatch,
	"ml/render":         catalog.LayerMissing,
	"legacy/mail":       catalog.UnsupportedManifest,
	"web/docs":          catalog.SecretMalformed,
	"web/blog":          catalog.CredentialsBreakPublicImage,
	"platform/agent":    catalog.DNSFailure,
	"platform/tools":    catalog.NeverPull,
}

func open(t *testing.T) *Demo {
	t.Helper()
	d, err := Open(t.Context(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

func survey(t *testing.T, d *Demo) evidence.Survey {
	t.Helper()
	s, err := d.Survey(t.Context(), examine.Scope{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func load(t *testing.T) *catalog.Catalog {
	t.Helper()
	c, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestLiveChecksConfirmAtLeastTwelveCauses(t *testing.T) {
	s, c := survey(t, open(t)), load(t)
	live := map[string]bool{}
	shown := map[string]bool{}
	for _, e := range s.Pulls {
		name := e.Pull.Namespace + "/" + e.Pull.Owner.Name
		shown[name] = true
		first := diagnosis.Judge(c, e).Causes[0]
		want, known := truth[name]
		if !known {
			t.Errorf("%s is in the recording, and its truth is not known here", name)
		}
		if name == "shop/cart" {
			if first.Cause != catalog.AccessDeniedAmbiguous || first.Verdict != diagnosis.Likely {
				t.Errorf("%s: %s %s, want what can be known of a registry that hides", name, first.Cause, first.Verdict)
			}
			continue
		}
		if first.Cause != want || first.Verdict != diagnosis.Confirmed {
			t.Errorf("%s: %s, %s; the truth is %s", name, first.Cause, first.Verdict, want)
		}
		cause, _ := c.Cause(first.Cause)
		if confirmedFromHere(cause, e) {
			live[first.Cause] = true
		}
	}
	if len(shown) != len(truth) {
		t.Errorf("the recording shows %d workloads, want %d", len(shown), len(truth))
	}
	if len(live) < 12 {
		t.Errorf("%d causes are confirmed by live checks, want at least 12: %v", len(live), live)
	}
	t.Logf("%d causes confirmed by live checks", len(live))
}

// confirmedFromHere tells whether a confirming set is met with at least one
// finding of the client and none of the node.
func confirmedFromHere(c catalog.Cause, e evidence.Evidence) bool {
	for _, set := range c.ConfirmedBy {
		client, all := false, true
		for _, o := range set {
			at := slices.IndexFunc(e.Findings, func(f evidence.Finding) bool { return f.Outcome == o && f.Vantage != evidence.Node })
			all = all && at >= 0
			client = client || at >= 0 && e.Findings[at].Vantage == evidence.Client
		}
		if client && all {
			return true
		}
	}
	return false
}

func TestTheRecordingPlaysNow(t *testing.T) {
	s := survey(t, open(t))
	if age := time.Since(s.Time); age < 0 || age > time.Minute {
		t.Errorf("the survey is %v old", age)
	}
	for _, e := range s.Pulls {
		if age := s.Time.Sub(e.Pull.FirstFailed); age < 0 || age > 10*time.Minute {
			t.Errorf("%s failed first %v before the survey", e.Pull.Pod, age)
		}
	}
}

func TestNothingSecretIsInTheRecordingOrTheAnswers(t *testing.T) {
	d := open(t)
	text, err := json.Marshal(survey(t, d))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range d.secrets {
		for _, c := range s.Data {
			var file struct {
				Auths map[string]struct{ Auth string }
			}
			if err := json.Unmarshal(c, &file); err != nil {
				t.Fatal(err)
			}
			for _, entry := range file.Auths {
				decoded, err := base64.StdEncoding.DecodeString(entry.Auth)
				if err != nil {
					t.Fatal(err)
				}
				_, password, _ := strings.Cut(string(decoded), ":")
				if strings.Contains(string(text), entry.Auth) || strings.Contains(string(text), password) {
					t.Errorf("the entry of %s/%s shows", s.Namespace, s.Name)
				}
			}
		}
	}
	for _, word := range []string{"of-last-year", "canary", "Canary", "password\":"} {
		if strings.Contains(string(recording), word) {
			t.Errorf("the recording holds %q", word)
		}
	}
}

func TestAQuestionAboutOneWorkloadAsksOnlyItsRegistry(t *testing.T) {
	d := open(t)
	s, err := d.Objects(t.Context(), []examine.ObjectRef{{Kind: "deploy", Name: "api"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Pulls) != 1 || s.Pods != 1 || s.Sent.Logins != 0 {
		t.Errorf("%d pulls of %d pods, %d logins", len(s.Pulls), s.Pods, s.Sent.Logins)
	}
	if _, err := d.Objects(t.Context(), []examine.ObjectRef{{Kind: "pod", Name: "x", Namespace: "shop"}}); err == nil || !strings.Contains(err.Error(), "there are deployment/api -n shop") {
		t.Errorf("an object that is not there: %v", err)
	}
}
