// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"bytes"
	"context"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/internal/examine"
	"github.com/pullmedic/pullmedic/internal/report"
	"github.com/pullmedic/pullmedic/internal/report/schematest"
	"github.com/pullmedic/pullmedic/internal/verify"
)

// foreseen answers what it was made with.
type foreseen examine.Foreseen

func (f foreseen) Foresee(context.Context, examine.Prospect) examine.Foreseen {
	return examine.Foreseen(f)
}

// next is a pull to come of the Deployment api.
func next(container, image string, ref evidence.Reference, findings ...evidence.Finding) examine.Foresight {
	p := evidence.Pull{
		Namespace: "shop", Container: container, ContainerKind: evidence.Container, Owner: evidence.Object{Kind: "Deployment", Namespace: "shop", Name: "api"},
		Image: image, Reference: ref, Policy: "IfNotPresent", PullSecrets: []string{"hub"}, ServiceAccount: "default", Platform: evidence.Platform{OS: "linux", Arch: "arm64"},
	}
	var nodes []*corev1.Node
	for _, name := range []string{"worker-1", "worker-2", "worker-3"} {
		nodes = append(nodes, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}})
	}
	return examine.Foresight{
		Evidence: evidence.Evidence{Pull: p, Findings: findings},
		Place:    cluster.Place{Platform: p.Platform, Nodes: nodes},
		Holding:  cluster.Holding{Without: []string{"worker-1", "worker-2", "worker-3"}},
	}
}

// prospects are three pulls: one proven, one disproved, one not proven.
func prospects() foreseen {
	found := func(check evidence.Check, o evidence.Outcome, kind evidence.SubjectKind, name, sentence string, details map[string]string) evidence.Finding {
		return evidence.Finding{Check: check, Outcome: o, Subject: evidence.Subject{Kind: kind, Name: name}, Vantage: evidence.Client, Time: now(), Took: 12 * time.Millisecond, Sentence: sentence, Details: details}
	}
	hub := func(repository, tag string) evidence.Reference {
		return evidence.Reference{Host: "docker.io", Repository: repository, Tag: tag}
	}
	matches := evidence.Finding{Check: evidence.CheckKeyring, Outcome: evidence.KeyringMatches, Subject: evidence.Subject{Kind: evidence.SubjectSecret, Name: "shop/hub"}, Vantage: evidence.Cluster, Time: now(), Sentence: "secret shop/hub, key index.docker.io/v1/, the only match"}
	good := next("app", "acme/api:1.27.4", hub("acme/api", "1.27.4"), matches,
		found(evidence.CheckToken, evidence.CredentialAccepted, evidence.SubjectCredential, "shop/hub", "docker.io accepts the login of secret shop/hub", nil),
		found(evidence.CheckManifest, evidence.ManifestPresent, evidence.SubjectImage, "docker.io/acme/api:1.27.4", "docker.io/acme/api:1.27.4 is there, and given to secret shop/hub", map[string]string{"secret": "shop/hub", "digest": "sha256:1"}),
		found(evidence.CheckPlatform, evidence.PlatformPresent, evidence.SubjectImage, "docker.io/acme/api:1.27.4", "docker.io/acme/api:1.27.4 has an image for linux/arm64", nil),
		found(evidence.CheckBlobs, evidence.BlobsPresent, evidence.SubjectImage, "docker.io/acme/api:1.27.4", "the config and 7 layers of docker.io/acme/api:1.27.4 (56 MiB) are there", map[string]string{"layers": "7", "bytes": "58720256", "largest": "31457280"}))
	good.Mine = &examine.Mine{Platform: evidence.Platform{OS: "linux", Arch: "amd64"}, Findings: []evidence.Finding{
		found(evidence.CheckManifest, evidence.AccessDenied, evidence.SubjectImage, "docker.io/acme/api:1.27.4", "registry-1.docker.io refuses docker.io/acme/api:1.27.4 (401)", nil)}}
	missing := next("side", "acme/side:9", hub("acme/side", "9"), matches,
		found(evidence.CheckManifest, evidence.TagAbsent, evidence.SubjectImage, "docker.io/acme/side:9", "docker.io/acme/side has no tag 9 (404)", map[string]string{"status": "404"}))
	missing.Evidence.Pull.Policy = "Always"
	missing.Holding = cluster.Holding{On: []string{"worker-1", "worker-2", "worker-3"}}
	unseen := next("log", "quay.io/acme/log:3", evidence.Reference{Host: "quay.io", Repository: "acme/log", Tag: "3"})
	unseen.Evidence.Pull.ContainerKind = evidence.InitContainer
	unseen.Evidence.NotLookedAt = []evidence.Gap{{Check: evidence.CheckPullSecrets, Subject: evidence.Subject{Kind: evidence.SubjectSecret, Name: "shop/hub"}, Why: "you may not read secret hub in namespace shop", Needs: "get secrets in namespace shop"}}
	return foreseen{Time: now(), Pods: 120, Secrets: 1, Sent: evidence.Sent{Requests: 12, Logins: 1}, Pulls: []examine.Foresight{good, missing, unseen}}
}

func verification(t *testing.T, f foreseen, passed ...string) v1alpha1.Verification {
	t.Helper()
	c := load(t)
	return report.NewVerification(c, verify.Verify(t.Context(), c, f, examine.Prospect{}), passed)
}

func TestVerificationText(t *testing.T) {
	one := prospects()
	one.Pulls = one.Pulls[:1]
	part := one
	part.NotLookedAt = []evidence.Gap{{Check: evidence.CheckNode, Subject: evidence.Subject{Kind: evidence.SubjectNode, Name: "all"}, Why: "of the cluster's nodes only the first 2000 were looked at"}}
	for name, c := range map[string]struct {
		f      foreseen
		passed []string
		style  report.Style
	}{
		"verify.txt":         {f: prospects(), passed: []string{"Service", "ConfigMap"}},
		"verify-one.txt":     {f: one, style: report.Style{Color: true}},
		"verify-verbose.txt": {f: one, style: report.Style{Verbose: 1, Width: 60}},
		"verify-nothing.txt": {f: foreseen{Time: now()}},
		"verify-part.txt":    {f: part},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := report.VerificationText(&b, verification(t, c.f, c.passed...), c.style); err != nil {
				t.Fatal(err)
			}
			golden(t, name, b.Bytes())
		})
	}
}

func TestAVerificationIsWhatTheSchemaSays(t *testing.T) {
	for _, f := range []foreseen{prospects(), {Time: now()}} {
		for _, format := range []report.Format{report.JSON, report.YAML} {
			var b bytes.Buffer
			if err := report.Encode(&b, format, verification(t, f, "Service")); err != nil {
				t.Fatal(err)
			}
			out := b.Bytes()
			if format == report.YAML {
				var err error
				if out, err = yaml.YAMLToJSON(out); err != nil {
					t.Fatal(err)
				}
			}
			schematest.Check(t, out)
		}
	}
}

func TestForeignTextInAVerificationIsHarmless(t *testing.T) {
	f := prospects()
	for i := range f.Pulls {
		poison(reflect.ValueOf(&f.Pulls[i].Evidence).Elem(), hostile)
		poison(reflect.ValueOf(&f.Pulls[i].Holding).Elem(), hostile)
		f.Pulls[i].Place.Nodes[0].Name = hostile
		if f.Pulls[i].Mine != nil {
			poison(reflect.ValueOf(&f.Pulls[i].Mine.Findings).Elem(), hostile)
		}
	}
	v := verification(t, f, hostile)
	for name, write := range map[string]func(*bytes.Buffer) error{
		"text": func(b *bytes.Buffer) error { return report.VerificationText(b, v, report.Style{Verbose: 1}) },
		"json": func(b *bytes.Buffer) error { return report.Encode(b, report.JSON, v) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		if i := strings.IndexFunc(b.String(), func(r rune) bool { return r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) }); i >= 0 {
			t.Errorf("%s shows %q", name, b.String()[max(0, i-20):i+20])
		}
	}
}

func prospect() examine.Prospect { return examine.Prospect{} }

// Whatever is said of every image is said once, and each image is listed.
func TestSeveralImagesThatAreNotProvenForOneReason(t *testing.T) {
	f := prospects()
	f.Pulls = []examine.Foresight{f.Pulls[2], f.Pulls[2], f.Pulls[2]}
	f.Pulls[1].Evidence.Pull.Image, f.Pulls[1].Evidence.Pull.Reference.Repository = "quay.io/acme/other:3", "acme/other"
	var b bytes.Buffer
	if err := report.VerificationText(&b, verification(t, f), report.Style{}); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	for part, n := range map[string]int{
		"All for one reason: You may not read secret hub in namespace shop.\n": 1,
		"\n  - quay.io/acme/log:3: not proven (2 pulls)\n":                     1,
		"\n  - quay.io/acme/other:3: not proven\n":                             1,
		"- here     the reason that all have, told at the beginning\n":         3,
		"- node     not seen from here: each node has its own way":             1,
		"above": 0,
	} {
		if got := strings.Count(text, part); got != n {
			t.Errorf("%q is there %d times, want %d:\n%s", part, got, n, text)
		}
	}
}
