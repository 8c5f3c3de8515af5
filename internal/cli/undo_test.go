// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/internal/report/schematest"
)

func TestUndoIsCalledWrong(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"two fixes":                       {[]string{"undo", "a", "b"}, "undo takes one ID, not 2"},
		"an ID that is none":              {[]string{"undo", "../x\x1b[2J"}, "is no ID of a fix"},
		"neither an ID nor a question":    {[]string{"undo", "--yes"}, "--yes needs the ID that fix told"},
		"a question about what is hidden": {[]string{"undo", "-o", "json"}, "-o json asks no question"},
		"all namespaces":                  {[]string{"undo", "-A"}, "-A only goes with --list"},
		"a list of one":                   {[]string{"undo", "--list", "20261121-035102-k3x7q2m4n5pa"}, "--list lists all"},
		"an unknown dry run":              {[]string{"undo", "--dry-run=maybe"}, "--dry-run takes none, client or server"},
		"no time":                         {[]string{"undo", "--timeout", "0s"}, "--timeout 0s leaves no time"},
		"a kubeconfig that is not there":  {[]string{"undo", "--kubeconfig", "/nowhere"}, "reading the kubeconfig"},
		"a trace that cannot be written ": {[]string{"undo", "--trace", "/nowhere/x"}, "making the trace's file"},
	} {
		t.Run(name, func(t *testing.T) {
			got := bench{}.run(t, c.args...)
			if got.code != ExitUsage || !strings.HasPrefix(got.err, "error: ") || !strings.Contains(got.err, c.want) || strings.Count(got.err, "\n") != 1 || strings.Contains(got.err, "\x1b") || got.out != "" {
				t.Errorf("exit code %d, stderr %q, stdout %q", got.code, got.err, got.out)
			}
		})
	}
}

func TestUndoHelp(t *testing.T) {
	got := bench{}.run(t, "undo", "--help")
	for line := range strings.Lines(got.out) {
		if len(line) > textWidth+1 {
			t.Errorf("wider than %d: %q", textWidth, line)
		}
	}
	if got.code != ExitOK || !strings.Contains(got.out, "kubectl pullmedic undo [ID]") {
		t.Errorf("exit code %d, %s", got.code, got.out)
	}
}

// An API server that does not answer, or that refuses, is said with the code of
// what was not seen.
func TestUndoWithoutAnAnswer(t *testing.T) {
	got := bench{}.run(t, "undo", "--list", "--server", "http://127.0.0.1:1")
	if got.code != ExitNotSeen || !strings.HasPrefix(got.err, "error: asking http://127.0.0.1:1: ") || strings.Count(got.err, "\n") != 1 {
		t.Errorf("exit code %d, stderr %q", got.code, got.err)
	}
}

func TestUndoShowsWhatItReachesAndHowADryRunEnds(t *testing.T) {
	s := newShop(t, "api")
	s.rollsTo(running)
	if got := s.run(t, "deployment/api", "--yes"); got.code != ExitOK || s.image("api") != "1.0" {
		t.Fatalf("fix: exit code %d, image %s\n%s%s", got.code, s.image("api"), got.out, got.err)
	}
	before := s.written()
	undo := func(args ...string) ran {
		t.Helper()
		got := bench{}.run(t, append(append([]string{"undo", "-n", "shop"}, args...), s.args[:2]...)...)
		checkNoLeak(t, strings.Join(args, " "), got.out, got.err)
		if got.code != ExitOK || s.written() != before || s.image("api") != "1.0" {
			t.Errorf("%v: exit code %d, %d writes\n%s%s", args, got.code, s.written()-before, got.out, got.err)
		}
		return got
	}
	for dryRun, end := range map[string]string{
		"client": "\n\nDry run: nothing was tried and nothing was changed.\n",
		"server": "\n\nDry run: the API server would take every change; nothing was changed.\n",
	} {
		got := undo("--dry-run=" + dryRun)
		for _, want := range []string{"          @@ container app: image\n", "Reach     restarts 1 healthy pod of 2\n", "Risk      what is set back failed as TagNotFound"} {
			if !strings.Contains(got.out, want) {
				t.Errorf("--dry-run=%s: %q is not in\n%s", dryRun, want, got.out)
			}
		}
		if !strings.HasSuffix(got.out, end) {
			t.Errorf("--dry-run=%s does not end in %q:\n%s", dryRun, end, got.out)
		}
	}
	got := undo("--dry-run=client", "-o", "json")
	schematest.Check(t, []byte(got.out))
	var u v1alpha1.Undo
	if err := json.Unmarshal([]byte(got.out), &u); err != nil || len(u.Changes) != 1 || u.Changes[0].Restarts != 1 || !strings.HasPrefix(u.Changes[0].Reach, "restarts 1 healthy pod of 2") || u.Outcome != v1alpha1.UndoPlanned {
		t.Errorf("%v: %s", err, got.out)
	}
}

func TestTheExitCodeOfAnUndo(t *testing.T) {
	for name, c := range map[string]struct {
		u    v1alpha1.Undo
		want int
	}{
		"undone":                  {v1alpha1.Undo{Outcome: v1alpha1.UndoUndone}, ExitOK},
		"planned, as a dry run":   {v1alpha1.Undo{Outcome: v1alpha1.UndoPlanned, DryRun: "client"}, ExitOK},
		"planned, and not agreed": {v1alpha1.Undo{Outcome: v1alpha1.UndoPlanned}, ExitFailing},
		"refused, as a dry run":   {v1alpha1.Undo{Outcome: v1alpha1.UndoRefused, DryRun: "client"}, ExitFailing},
		"broken off":              {v1alpha1.Undo{Outcome: v1alpha1.UndoBroken}, ExitFailing},
	} {
		if got := exitCode(t.Context(), endedUndo(c.u)); got != c.want {
			t.Errorf("%s: exit code %d, want %d", name, got, c.want)
		}
	}
}
