// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/testbed/internal/cluster"
	"github.com/pullmedic/pullmedic/testbed/internal/e2e"
)

// viewed is the report that the viewer gets, in which something fails.
func (b bed) viewed(t *testing.T, args ...string) v1alpha1.Report {
	t.Helper()
	got := b.run(t, "", nil, append(args, "--context", cluster.Viewer, "-o", "json")...)
	if e2e.Leaked([]byte(got.out), []byte(got.err)) {
		t.Fatalf("a secret shows in what %q gives", args)
	}
	var r v1alpha1.Report
	if err := json.Unmarshal([]byte(got.out), &r); err != nil || got.code != 1 {
		t.Fatalf("%q: %v, exit code %d, stderr %s, causes %q, not looked at %q", args, err, got.code, got.err, causes(r), gaps(r))
	}
	return r
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
		r := b.viewed(t, args...)
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
		if text.code != 1 || !strings.Contains(strings.Join(strings.Fields(text.out), " "), refused) {
			t.Errorf("exit code %d; %q is not in\n%s", text.code, refused, text.out)
		}
	})
	t.Run("named secrets: the proof", func(t *testing.T) {
		b.grant(t, "none.yaml", "")
		b.grant(t, "named-secrets.yaml", namespace, "harbor")
		r := b.viewed(t, args...)
		if list := gaps(r); len(list) > 0 || !slices.Contains(causes(r), "CredentialsInvalid confirmed") {
			t.Errorf("causes %q, not looked at: %q", causes(r), list)
		}
	})
}

func TestAllSecretsAndTheWholeCluster(t *testing.T) {
	b := open(t)
	namespace := b.inject(t, "key-not-matched")
	b.grant(t, "none.yaml", "")
	b.grant(t, "all-secrets.yaml", "")
	r := b.viewed(t, "-A", "--probe=credentials")
	if r.Namespaces < 2 {
		t.Errorf("%d namespaces were looked at", r.Namespaces)
	}
	// Of other namespaces there may be what earlier tests left, half gone.
	r.Diagnoses = slices.DeleteFunc(r.Diagnoses, func(d v1alpha1.Diagnosis) bool { return d.Pull.Namespace != namespace })
	if list := gaps(r); len(list) > 0 || !slices.Contains(causes(r), "SecretNotUsed confirmed") {
		t.Errorf("causes %q, not looked at: %q", causes(r), list)
	}
}

func TestRightsInOneNamespaceAlone(t *testing.T) {
	b := open(t)
	namespace := b.inject(t, "missing-tag")
	b.grant(t, "namespace.yaml", namespace)
	r := b.viewed(t, "-A", "-n", namespace)
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
