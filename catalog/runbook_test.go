// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pullmedic/pullmedic/evidence"
)

var update = flag.Bool("update", false, "write what is made from cause.yaml anew: the runbooks' windows, prevention and references, docs/causes.md")

// sections of a runbook, in their order. Prevention and References are made
// from cause.yaml.
func sections() []string {
	return []string{"Meaning", "Impact", "Playbook", "Diagnosis", "Fix", "Prevention", "References"}
}

// section returns the text under a heading of a runbook.
func section(runbook, name string) string {
	_, after, _ := strings.Cut(runbook, "\n## "+name+"\n")
	text, _, _ := strings.Cut(after, "\n## ")
	return strings.TrimSpace(text)
}

func TestEveryRunbookHasItsSections(t *testing.T) {
	for _, cause := range mustLoad(t).Causes() {
		if !strings.HasPrefix(cause.Runbook, "# "+cause.ID+"\n") {
			t.Errorf("%s/runbook.md: its first line is not the cause's id", cause.ID)
		}
		text := cause.Runbook
		if *update { // it is being written in this very run
			text = made(t, cause)
		}
		var found []string
		for line := range strings.Lines(text) {
			if name, ok := strings.CutPrefix(line, "## "); ok {
				found = append(found, strings.TrimSpace(name))
			}
		}
		if !slices.Equal(found, sections()) {
			t.Errorf("%s/runbook.md: sections are %q, want %q", cause.ID, found, sections())
		}
		for _, name := range found {
			if section(text, name) == "" {
				t.Errorf("%s/runbook.md: section %q is empty", cause.ID, name)
			}
		}
	}
}

const lookBack = "Look back at:"

// made is the runbook with the parts that are made from cause.yaml: the windows
// at the end of Diagnosis, Prevention and References.
func made(t *testing.T, cause Cause) string {
	t.Helper()
	head, _, _ := strings.Cut(cause.Runbook, "\n## References\n")
	head, _, _ = strings.Cut(head, "\n## Prevention\n")
	before, after, ok := strings.Cut(head, "\n## Fix\n")
	if !ok {
		t.Fatalf("%s/runbook.md: no section Fix", cause.ID)
	}
	before, _, _ = strings.Cut(before, "\n"+lookBack+"\n")
	var b strings.Builder
	b.WriteString(strings.TrimSpace(before) + "\n\n" + lookBack + "\n\n")
	for _, w := range cause.Windows {
		words, err := w.Words()
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString("- " + words + "\n")
	}
	b.WriteString("\n## Fix\n\n" + strings.TrimSpace(after) + "\n\n## Prevention\n\n")
	for _, p := range cause.Prevention {
		b.WriteString("- " + p + "\n")
	}
	b.WriteString("\n## References\n\n")
	for _, url := range cause.References {
		b.WriteString("- <" + url + ">\n")
	}
	return b.String()
}

func TestRunbooksHaveWhatIsMadeFromCauseYaml(t *testing.T) {
	c := mustLoad(t)
	for _, cause := range c.Causes() {
		if len(cause.Windows) == 0 {
			t.Errorf("%s/cause.yaml: no windows: what is looked back at?", cause.ID)
		}
		want := made(t, cause)
		if cause.ID == RegistryRetired {
			want = withMoves(t, want, c.moves)
		}
		switch {
		case want == cause.Runbook:
		case *update:
			if err := os.WriteFile(filepath.Join(cause.ID, "runbook.md"), []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		default:
			t.Errorf("%s/runbook.md and cause.yaml differ in windows, prevention or references: run go test ./catalog -update", cause.ID)
		}
	}
}

const movesHead = "| old name | now | since | moved to |\n| --- | --- | --- | --- |\n"

// withMoves puts the table of retired names into a runbook.
func withMoves(t *testing.T, runbook string, moves []Move) string {
	t.Helper()
	before, after, ok := strings.Cut(runbook, movesHead)
	_, rest, end := strings.Cut(after, "\n\n")
	if !ok || !end {
		t.Fatalf("%s/runbook.md: no table that begins with %q", RegistryRetired, movesHead)
	}
	var b strings.Builder
	for _, m := range moves {
		name := m.Host
		if m.Repository != "" {
			name += "/" + m.Repository
		}
		if m.Tags != "" {
			name += ", versioned tags"
		}
		b.WriteString("| `" + name + "` | " + string(m.State) + " | " + m.Since + " | `" + m.To + "` |\n")
	}
	return before + movesHead + b.String() + "\n" + rest
}

// rows are the right-hand cells of the tables in a text.
func rows(text string) []string {
	var cells []string
	for line := range strings.Lines(text) {
		columns := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		if strings.HasPrefix(line, "|") && len(columns) > 1 {
			cells = append(cells, strings.TrimSpace(columns[len(columns)-1]))
		}
	}
	return cells
}

// What the Diagnosis section claims to confirm, suggest or rule out must be
// what cause.yaml lets outcomes do, and the reverse.
func TestRunbooksAndCauseYamlAgreeOnVerdicts(t *testing.T) {
	onlyNode := regexp.MustCompile(`(?i)only the node`)
	for _, cause := range mustLoad(t).Causes() {
		text := section(cause.Runbook, "Diagnosis")
		for verdict, sets := range map[string][][]evidence.Outcome{
			"confirmed": cause.ConfirmedBy, "likely": cause.LikelyBy, "ruled out": cause.RuledOutBy,
		} {
			said := slices.ContainsFunc(rows(text), func(cell string) bool { return strings.HasPrefix(cell, verdict) })
			switch {
			case said && len(sets) == 0:
				t.Errorf("%s/runbook.md: a row of Diagnosis says %q, and no outcomes of cause.yaml make it so", cause.ID, verdict)
			case !said && len(sets) > 0:
				t.Errorf("%s/runbook.md: cause.yaml has outcomes for %q, and no row of Diagnosis begins its last cell with that", cause.ID, verdict)
			}
		}
		if onlyNode.MatchString(text) != cause.Local {
			t.Errorf("%s/runbook.md: Diagnosis says %q: %v; local in cause.yaml: %v", cause.ID, "only the node", !cause.Local, cause.Local)
		}
		if q := cause.NextQuestion; q != "" && !strings.Contains(cause.Runbook, q) {
			t.Errorf("%s/runbook.md lacks the next question of cause.yaml: %s", cause.ID, q)
		}
	}
}

// A runbook may name another cause; it must exist.
func TestRunbooksNameCausesThatExist(t *testing.T) {
	c := mustLoad(t)
	// Words of the field that are written like a cause.
	others := []string{
		"ImagePullBackOff", "DiskPressure", "NotReady", "NetworkPolicies", "ContainerCreating", "ReplicaSets", "CoreDNS", "MicroK8s", "GitLab", "CronJob", "CronJobs",
	}
	word := regexp.MustCompile(`\b[A-Z][a-z]+(?:[A-Z][A-Za-z0-9]*)+\b`)
	for _, cause := range c.Causes() {
		for _, name := range word.FindAllString(withoutCode(cause.Runbook), -1) {
			if _, ok := c.Cause(name); !ok && !slices.Contains(others, name) {
				t.Errorf("%s/runbook.md names %s, which is no cause", cause.ID, name)
			}
		}
	}
}

// withoutCode is a text without its code spans, code blocks and addresses.
func withoutCode(text string) string {
	return regexp.MustCompile("(?s)```.*?```|`[^`]*`|<https:[^>]*>").ReplaceAllString(text, "")
}

func TestRunbooksAreShort(t *testing.T) {
	for _, cause := range mustLoad(t).Causes() {
		if n := strings.Count(cause.Runbook, "\n"); n > 120 {
			t.Errorf("%s/runbook.md has %d lines; nobody reads that at night", cause.ID, n)
		}
		for line := range strings.Lines(cause.Runbook) {
			if len(line) > 210 && !strings.HasPrefix(line, "|") {
				t.Errorf("%s/runbook.md: a line of %d bytes: %.60s...", cause.ID, len(line), line)
			}
		}
	}
}
