// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// Whoever copies an example of --help gets an answer, not a riddle. What asks a
// cluster is left to the tests that have one.
func TestEveryExampleThatNeedsNoClusterWorks(t *testing.T) {
	t.Chdir(t.TempDir())
	if got := (&fake{survey: sick()}).bench().run(t, "collect", "-A", "-o", "pulls.json"); got.code != ExitOK {
		t.Fatalf("collect ends with %d: %s", got.code, got.err)
	}
	if err := os.WriteFile("events.jsonl", []byte(`{"message":"manifest unknown"}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const describe = "Warning  Failed  3s  kubelet  Failed to pull image \"nginx:1.99\": docker.io/library/nginx:1.99: not found\n"

	root := New(genericiooptions.NewTestIOStreamsDiscard())
	ran := map[string]int{}
	for _, c := range append([]*cobra.Command{root}, root.Commands()...) {
		for line := range strings.Lines(c.Example) {
			if _, piped, ok := strings.Cut(line, " | "); ok {
				line = piped
			}
			words := typed(t, line)[2:] // behind kubectl pullmedic
			alone := len(words) > 0 && slices.Contains([]string{"demo", "read", "explain", "registries", "version"}, words[0])
			bundled := slices.Contains(words, "--bundle")
			if !alone && !bundled || slices.Contains(words, "--watch") { // which wants a terminal
				continue
			}
			want := ExitOK
			if bundled {
				want = ExitFailing // as the cluster that it was collected from
			}
			b := nobody(t)
			b.stdin = describe
			got := b.run(t, words...)
			if got.code != want || got.out == "" || strings.HasPrefix(got.out, "Other,") {
				t.Errorf("%q: exit code %d, want %d, stderr %q, stdout:\n%s", words, got.code, want, got.err, got.out)
			}
			ran[c.Name()]++
		}
	}
	for _, verb := range []string{"kubectl-pullmedic", "collect", "demo", "read", "explain", "registries"} {
		if ran[verb] == 0 {
			t.Errorf("no example of %s was run: %v", verb, ran)
		}
	}
}

// typed are the words that a shell makes of a line without escapes.
func typed(t *testing.T, line string) (words []string) {
	t.Helper()
	for rest := strings.TrimSpace(line); rest != ""; rest = strings.TrimLeft(rest, " ") {
		word, after, _ := strings.Cut(rest, " ")
		if quoted, is := strings.CutPrefix(rest, "'"); is {
			if word, after, is = strings.Cut(quoted, "'"); !is {
				t.Fatalf("a quote is left open: %s", line)
			}
		}
		words, rest = append(words, word), after
	}
	return words
}
