// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"strings"
	"testing"
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
