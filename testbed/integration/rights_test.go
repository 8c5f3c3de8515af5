// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/testbed/internal/cluster"
	"github.com/pullmedic/pullmedic/testbed/internal/e2e"
)

// viewed is the report that the viewer gets, once the API server's authorizer
// knows of the last change: told decides whether it does.
func (b bed) viewed(t *testing.T, told func(v1alpha1.Report, ran) bool, args ...string) (v1alpha1.Report, ran) {
	t.Helper()
	deadline := time.Now().Add(15 * time.Second)
	for {
		got := b.run(t, "", nil, append(args, "--context", cluster.Viewer, "-o", "json")...)
		if e2e.Leaked([]byte(got.out), []byte(got.err)) {
			t.Fatalf("a secret shows in what %q gives", args)
		}
		var r v1alpha1.Report
		if got.out != "" {
			if err := json.Unmarshal([]byte(got.out), &r); err != nil {
				t.Fatalf("%q: %v", args, err)
			}
		}
		if told(r, got) {
			return r, got
		}
		if time.Now().After(deadline) {
			t.Fatalf("%q: exit code %d, stderr %s, causes %q, not looked at %q", args, got.code, got.err, causes(r), gaps(r))
		}
		time.Sleep(200 * time.Millisecond)
	}
}

func causes(r v1alpha1.Report) (list []string) {
	for _, d := range r.Diagnoses {
		list = append(list, d.Causes[0].Cause+" "+string(d.Causes[0].Verdict))
	}
	return list
}

// gaps are all that was not looked at, each once.
func gaps(r v1alpha1.Report) (list []string) {
	add := func(gaps []v1alpha1.Gap) {
		for _, g := range gaps {
			if !slices.Contains(list, g.Why) {
				list = append(list, g.Why)
			}
		}
	}
	add(r.NotLookedAt)
	for _, d := range r.Diagnoses {
		add(d.NotLookedAt)
	}
	return list
}

func TestWithoutAnyRightNothingIsGuessed(t *testing.T) {
	b := open(t)
	for args, want := range map[string]string{
		"-A":       "error: you may not list pods in ",
		"":         "error: you may not list pods in namespace default; ask for that right, ",
		"pod/none": "error: you may not get pods in namespace default; ask for that right, ",
	} {
		got := b.run(t, "", nil, append(strings.Fields(args), "--context", cluster.Nobody)...)
		if got.code != 3 || !strings.HasPrefix(got.err, want) || strings.Count(got.err, "\n") != 1 || got.out != "" {
			t.Errorf("%q: exit code %d, stderr %q, stdout %q", args, got.code, got.err, got.out)
		}
	}
}

func TestEachLevelOfRightsSufficesForWhatItPromises(t *testing.T) {
	b := open(t)
	namespace := b.inject(t, "wrong-password")
	args := []string{"diagnose", "pod/app", "-n", namespace}
	refused := "you may not read secret harbor in namespace " + namespace

	t.Run("none: a useful answer, not the proof, and what was not looked at", func(t *testing.T) {
		b.grant(t, "none.yaml", "")
		r, got := b.viewed(t, func(r v1alpha1.Report, got ran) bool { return len(gaps(r)) > 0 && got.code == 1 }, args...)
		if list := gaps(r); len(list) != 1 || list[0] != refused {
			t.Errorf("not looked at: %q, want only %q", list, refused)
		}
		first := r.Diagnoses[0].Causes[0]
		if first.Verdict == v1alpha1.Confirmed {
			t.Errorf("%s is called confirmed, though no secret could be read", first.Cause)
		}
		if !slices.ContainsFunc(r.Diagnoses[0].Causes, func(c v1alpha1.Cause) bool { return c.Cause == "CredentialsInvalid" }) {
			t.Errorf("CredentialsInvalid is not among %+v", r.Diagnoses[0].Causes)
		}
		text := b.run(t, "", nil, append(args, "--context", cluster.Viewer)...)
		if got.code != 1 || strings.Count(strings.Join(strings.Fields(text.out), " "), refused) == 0 {
			t.Errorf("exit code %d; %q is not in\n%s", got.code, refused, text.out)
		}
	})
	t.Run("named secrets: the proof", func(t *testing.T) {
		b.grant(t, "none.yaml", "")
		b.grant(t, "named-secrets.yaml", namespace, "harbor")
		r, _ := b.viewed(t, func(r v1alpha1.Report, _ ran) bool { return slices.Contains(causes(r), "CredentialsInvalid confirmed") }, args...)
		if list := gaps(r); len(list) > 0 {
			t.Errorf("not looked at: %q", list)
		}
	})
}

func TestAllSecretsAndTheWholeCluster(t *testing.T) {
	b := open(t)
	namespace := b.inject(t, "key-not-matched")
	b.grant(t, "none.yaml", "")
	b.grant(t, "all-secrets.yaml", "")
	r, _ := b.viewed(t, func(r v1alpha1.Report, _ ran) bool { return slices.Contains(causes(r), "SecretNotUsed confirmed") }, "-A", "--probe=credentials")
	if list := gaps(r); len(list) > 0 {
		t.Errorf("not looked at: %q", list)
	}
	if r.Namespaces < 2 && namespace != "" {
		t.Errorf("%d namespaces were looked at", r.Namespaces)
	}
}

func TestRightsInOneNamespaceAlone(t *testing.T) {
	b := open(t)
	namespace := b.inject(t, "missing-tag")
	b.grant(t, "namespace.yaml", namespace)
	r, _ := b.viewed(t, func(r v1alpha1.Report, got ran) bool { return got.code == 1 }, "-A", "-n", namespace)
	if list := causes(r); len(list) != 1 || !strings.HasPrefix(list[0], "TagNotFound ") {
		t.Errorf("causes %q", list)
	}
	said := strings.Join(gaps(r), "; ")
	for _, want := range []string{"you may not list pods of all namespaces, so only " + namespace + " was looked at", "you may not read node"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not among what was not looked at: %s", want, said)
		}
	}
}
