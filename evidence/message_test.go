// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package evidence_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/symptom"
)

func TestFromSymptom(t *testing.T) {
	failed := time.Date(2026, 11, 20, 3, 40, 10, 0, time.UTC)
	pull := evidence.Pull{Node: "worker-3", Image: "docker.io/acme/api:1", Message: "Back-off pulling image", LastFailed: failed}
	cases := []struct {
		name     string
		symptom  symptom.Symptom
		pull     evidence.Pull
		want     []evidence.Outcome
		subject  string
		sentence string
	}{
		{"no text gives no finding", symptom.Symptom{}, pull, nil, "", ""},
		{"a text that names no cause is a finding too", symptom.Symptom{Sign: symptom.Other}, pull, []evidence.Outcome{evidence.TextNamesNoCause}, "image docker.io/acme/api:1", "the runtime on worker-3 names no cause"},
		{"a sign without any text of the pull gives none", symptom.Symptom{Sign: symptom.Other}, evidence.Pull{}, nil, "", ""},
		{"a 404 proves that the registry answered, not what is missing", symptom.Symptom{Sign: symptom.TagNotFound, Status: 404, Host: "registry-1.docker.io", Detail: "not found", Runtime: "containerd"}, pull,
			[]evidence.Outcome{evidence.ReferenceNotFound, evidence.RegistryAnswers}, "registry registry-1.docker.io", "containerd on worker-3 says: not found"},
		{"a 403 decides between nothing", symptom.Symptom{Sign: symptom.PermissionDenied, Status: 403}, pull, []evidence.Outcome{evidence.AccessDenied, evidence.RegistryAnswers}, "image docker.io/acme/api:1", ""},
		{"a handshake that is broken off is no word about the certificate", symptom.Symptom{Sign: symptom.TLSInvalid, Detail: "remote error: tls: handshake failure"}, pull, []evidence.Outcome{evidence.HandshakeRefused}, "", ""},
		{"a certificate that is named in the words is", symptom.Symptom{Sign: symptom.TLSInvalid, Detail: "x509: certificate has expired or is not yet valid"}, pull, []evidence.Outcome{evidence.TLSInvalid}, "", ""},
		{"a 400 shows no illness of the registry", symptom.Symptom{Sign: symptom.RegistryUnavailable, Status: 400}, pull, []evidence.Outcome{evidence.RegistryNotV2}, "", ""},
		{"a 503 does", symptom.Symptom{Sign: symptom.RegistryUnavailable, Status: 503}, pull, []evidence.Outcome{evidence.RegistryUnavailable}, "", ""},
		{"a web page may be the registry's own door", symptom.Symptom{Sign: symptom.ProxyFailed, Detail: "could not fetch content descriptor sha256:4f4f (text/html) from remote: not found"}, pull, []evidence.Outcome{evidence.ManifestIsHTML}, "", ""},
		{"so may that of a token service", symptom.Symptom{Sign: symptom.ProxyFailed, Stage: symptom.StageAuthorize, Detail: "unable to decode token response: invalid character '<' looking for beginning of value"}, pull, []evidence.Outcome{evidence.RegistryNotV2}, "", ""},
		{"a page with the status of a proxy is the proxy's", symptom.Symptom{Sign: symptom.ProxyFailed, Status: 407, Detail: "error parsing HTTP 407 response body: invalid character '<'"}, pull, []evidence.Outcome{evidence.ProxyFailed}, "", ""},
		{"a rejected credential has to have been sent", symptom.Symptom{Sign: symptom.CredentialRejected}, pull, []evidence.Outcome{evidence.AccessDenied, evidence.RegistryAnswers}, "", ""},
		{"what a mirror answers proves nothing about the registry", symptom.Symptom{Sign: symptom.TagNotFound, Status: 404, Host: "mirror.acme.example", Role: symptom.RoleMirror}, pull, []evidence.Outcome{evidence.ReferenceNotFound}, "mirror mirror.acme.example", ""},
		{"a refused connection proves no answer", symptom.Symptom{Sign: symptom.ConnectionRefused, Host: "auth.docker.io", Role: symptom.RoleTokenService}, pull, []evidence.Outcome{evidence.ConnectionRefused}, "token-service auth.docker.io", ""},
		{"that a credential went along is a finding of its own", symptom.Symptom{Sign: symptom.AccessDenied, CredentialSent: "yes"}, pull, []evidence.Outcome{evidence.AccessDenied, evidence.RegistryAnswers, evidence.CredentialSent}, "", ""},
		{"so is that none did", symptom.Symptom{Sign: symptom.LoginRequired, CredentialSent: "no"}, pull, []evidence.Outcome{evidence.LoginRequired, evidence.RegistryAnswers, evidence.CredentialNotSent}, "", ""},
		{"signs of other attempts are no findings", symptom.Symptom{Sign: symptom.DiskFull, Also: []symptom.Sign{symptom.RateLimited}}, pull, []evidence.Outcome{evidence.DiskFull}, "", ""},
		{"hostile words are cleaned and cut", symptom.Symptom{Sign: symptom.DiskFull, Detail: "\x1b[31m" + strings.Repeat("x", 500)}, pull, []evidence.Outcome{evidence.DiskFull}, "", "the runtime on worker-3 says: [31mxxx"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			findings := evidence.FromSymptom(tc.symptom, tc.pull)
			var got []evidence.Outcome
			for _, f := range findings {
				got = append(got, f.Outcome)
				if f.Vantage != evidence.Node || f.Check != evidence.CheckMessage || !f.Time.Equal(tc.pull.LastFailed) {
					t.Errorf("%s is not a message's finding of the node at the last failure: %+v", f.Outcome, f)
				}
				if f.Sentence == "" || len(f.Sentence) > 200 || strings.ContainsRune(f.Sentence, '\x1b') {
					t.Errorf("sentence %q is empty, too long or not clean", f.Sentence)
				}
			}
			if !slices.Equal(got, tc.want) {
				t.Fatalf("got %v, want %v", got, tc.want)
			}
			if len(findings) == 0 {
				return
			}
			if s := findings[0].Subject; tc.subject != "" && string(s.Kind)+" "+s.Name != tc.subject {
				t.Errorf("subject %v, want %s", s, tc.subject)
			}
			if !strings.HasPrefix(findings[0].Sentence, tc.sentence) {
				t.Errorf("sentence %q, want it to start with %q", findings[0].Sentence, tc.sentence)
			}
		})
	}
}

func TestTheWordsOfARuleAreToldWithoutACredentialInThem(t *testing.T) {
	pull := evidence.Pull{Message: `admission webhook "w" denied the request: sent password "hunter2 and more", Authorization: Bearer hunter2`}
	findings := evidence.FromSymptom(symptom.Parse(pull.Message), pull)
	if len(findings) != 1 || findings[0].Vantage != evidence.Cluster || findings[0].Sentence != `webhook w says: sent password "[redacted]", Authorization: Bearer [redacted]` {
		t.Errorf("got %+v", findings)
	}
}
