// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/examine"
	"github.com/pullmedic/pullmedic/symptom"
)

// update writes the golden files anew: go test ./internal/cli -update.
var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test ./internal/cli -update writes it anew); got:\n%s", path, got)
	}
}

func now() time.Time { return time.Date(2026, 11, 21, 3, 50, 0, 0, time.UTC) }

// A ran is what a command left behind.
type ran struct {
	out, err string
	code     int
}

// A bench is a world to run commands in.
type bench struct {
	stdin   string
	env     map[string]string
	connect connector
}

func (b bench) run(t testing.TB, args ...string) ran {
	t.Helper()
	if b.connect == nil {
		b.connect = connect
	}
	var out, errOut bytes.Buffer
	w := &world{
		IOStreams: genericiooptions.IOStreams{In: strings.NewReader(b.stdin), Out: &out, ErrOut: &errOut},
		program:   "kubectl pullmedic", started: time.Now(), zone: time.UTC,
		getenv: func(name string) string { return b.env[name] }, connect: b.connect,
	}
	code := run(t.Context(), w, append([]string{}, args...)) // for nil cobra takes those of the test: -update
	return ran{out.String(), errOut.String(), code}
}

// fake is an examiner that answers with what it was made with, and keeps what
// it was asked.
type fake struct {
	survey evidence.Survey
	err    error

	scopes []examine.Scope
	refs   [][]examine.ObjectRef
	modes  []string
}

func (f *fake) Survey(_ context.Context, s examine.Scope) (evidence.Survey, error) {
	f.scopes = append(f.scopes, s)
	return f.survey, f.err
}

func (f *fake) Objects(_ context.Context, refs []examine.ObjectRef) (evidence.Survey, error) {
	f.refs = append(f.refs, refs)
	return f.survey, f.err
}

func (f *fake) bench() bench {
	return bench{connect: func(o *lookOptions, _ func() (*catalog.Catalog, error)) (connection, error) {
		f.modes = append(f.modes, string(o.mode))
		namespace := "shop"
		if *o.kube.Namespace != "" {
			namespace = *o.kube.Namespace
		}
		return connection{examiner: f, namespace: namespace, server: "https://api.example"}, nil
	}}
}

// sick is a survey with one failing pull.
func sick() evidence.Survey {
	const message = `Back-off pulling image "acme/api:1.27.44": ErrImagePull: rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/acme/api:1.27.44": failed to resolve image: docker.io/acme/api:1.27.44: not found`
	image := evidence.Subject{Kind: evidence.SubjectImage, Name: "docker.io/acme/api:1.27.44"}
	return evidence.Survey{Time: now(), Pods: 7, Namespaces: 1, Sent: evidence.Sent{Requests: 6, Logins: 1}, Pulls: []evidence.Evidence{{
		Pull: evidence.Pull{
			Namespace: "shop", Pod: "api-7d9c5-x2x7l", Container: "app", ContainerKind: evidence.Container, Owner: evidence.Object{Kind: "Deployment", Namespace: "shop", Name: "api"},
			Image: "acme/api:1.27.44", Reference: evidence.Reference{Host: "docker.io", Repository: "acme/api", Tag: "1.27.44"}, Node: "worker-3",
			Reason: "ImagePullBackOff", Message: message, FirstFailed: now().Add(-10 * time.Minute), LastFailed: now().Add(-time.Minute), Attempts: 6,
		},
		Symptom: symptom.Parse(message),
		Findings: []evidence.Finding{
			{Check: evidence.CheckManifest, Outcome: evidence.TagAbsent, Subject: image, Vantage: evidence.Client, Time: now(), Took: 12 * time.Millisecond, Sentence: "docker.io/acme/api has no tag 1.27.44 (404)"},
		},
	}}}
}
