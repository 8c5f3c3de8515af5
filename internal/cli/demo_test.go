// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/pullmedic/pullmedic/internal/report/schematest"
)

func TestDemoShowsABrokenClusterAndEndsWell(t *testing.T) {
	got := bench{}.run(t, "demo")
	if got.code != ExitOK || !strings.Contains(got.err, "recorded") {
		t.Errorf("exit code %d, stderr %q", got.code, got.err)
	}
	confirmed := 0
	for line := range strings.Lines(got.out) {
		if len(strings.TrimRight(line, "\n")) > textWidth && !strings.Contains(line, "-> ") && len(strings.Fields(line)) > 1 {
			t.Errorf("wider than %d columns: %q", textWidth, line)
		}
		if strings.Contains(line, " confirmed") {
			confirmed++
		}
	}
	if confirmed < 12 {
		t.Errorf("%d causes are confirmed, want at least 12:\n%s", confirmed, got.out)
	}
}

func TestEveryCommandThatTheDemoPrintsWorks(t *testing.T) {
	commands := 0
	for line := range strings.Lines(bench{}.run(t, "demo").out) {
		_, command, ok := strings.Cut(line, "-> kubectl pullmedic ")
		if !ok {
			continue
		}
		commands++
		got := bench{}.run(t, strings.Fields(command)...)
		if got.code != ExitOK || !strings.Contains(got.out, "7 service account") {
			t.Errorf("%s: exit code %d, stderr %q, stdout %s", command, got.code, got.err, got.out)
		}
	}
	if commands < 12 {
		t.Errorf("%d commands were printed", commands)
	}
}

// Its last line says kubectl pullmedic -A, so that is what comes to the fingers.
func TestDemoTakesAllNamespaces(t *testing.T) {
	first := func(args ...string) string {
		got := bench{}.run(t, append([]string{"demo"}, args...)...)
		if got.code != ExitOK {
			t.Errorf("%q: exit code %d, stderr %q", args, got.code, got.err)
		}
		line, _, _ := strings.Cut(got.out, "\n")
		return line
	}
	whole := first()
	if all := first("-A"); all != whole {
		t.Errorf("-A begins with %q, and without it %q", all, whole)
	}
	if all := first("-n", "shop", "-A"); all != whole {
		t.Errorf("-n shop -A begins with %q, want %q", all, whole)
	}
	if one := first("-n", "shop"); one == whole {
		t.Errorf("-n shop begins with %q as the whole does", one)
	}
}

func TestDemoAsADocument(t *testing.T) {
	got := bench{}.run(t, "demo", "-o", "json")
	schematest.Check(t, []byte(got.out))
	var r struct{ Diagnoses []any }
	if err := json.Unmarshal([]byte(got.out), &r); err != nil || len(r.Diagnoses) < 12 {
		t.Errorf("%d diagnoses (%v)", len(r.Diagnoses), err)
	}
}

func TestDemoWithBadInput(t *testing.T) {
	for args, want := range map[string]string{
		"demo deployment/nobody": "error: no failing pull of deployment/nobody was recorded; there are ",
		"demo api":               `error: "api" is no TYPE/NAME`,
		"demo -A deployment/api": "error: -A looks at all pods, and deployment/api is one object",
		"demo --probe none":      "error: unknown flag: --probe",
	} {
		got := bench{}.run(t, strings.Fields(args)...)
		if got.code != ExitUsage || !strings.HasPrefix(got.err, want) || got.out != "" || strings.Count(got.err, "\n") != 1 {
			t.Errorf("%s: exit code %d, stderr %q, stdout %q", args, got.code, got.err, got.out)
		}
	}
}
