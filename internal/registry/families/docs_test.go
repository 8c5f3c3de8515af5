// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package families_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/pullmedic/pullmedic/internal/registry/families"
)

// update writes docs/registries.md anew: go test ./internal/registry/families -update.
var update = flag.Bool("update", false, "write docs/registries.md anew")

const docsPath = "../../../docs/registries.md"

func TestDocsHaveTheTable(t *testing.T) {
	made := page()
	if *update {
		if err := os.WriteFile(docsPath, []byte(made), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	data, err := os.ReadFile(docsPath)
	if err != nil {
		t.Fatal(err)
	}
	if string(data) != made {
		t.Errorf("docs/registries.md is stale: run go test ./internal/registry/families -update")
	}
}

func page() string {
	var b strings.Builder
	b.WriteString(`# Registries

<!-- Made from internal/registry/families by go test ./internal/registry/families -update. -->

What Pullmedic knows of each kind of registry. ` + "`kubectl pullmedic registries`" + ` prints it, ` + "`kubectl pullmedic registries HOST`" + ` for
one registry with its own names filled in, and ` + "`diagnose -v`" + ` the hosts that the pull at hand needs.

An *open* registry says what is missing, a *quiet* one does not list tags to everybody, a *hiding* one gives the same answer for
private and for missing, so that the answer may have to stay open between the two.

| registry | kind | known by | what one logs in with lives |
| --- | --- | --- | --- |
`)
	for _, f := range families.All() {
		fmt.Fprintf(&b, "| [%s](#%s) | %s | %s | %s |\n", f.Name, anchor(f.Name), f.Kind, cell(f.KnownBy()), cell(f.Life))
	}
	for _, f := range families.All() {
		fmt.Fprintf(&b, "\n## %s\n\n", f.Name)
		fmt.Fprintf(&b, "Known by %s.\n\n", cell(f.KnownBy()))
		b.WriteString("| what is meant | what it answers |\n| --- | --- |\n")
		for _, r := range f.SaysNo {
			fmt.Fprintf(&b, "| %s | %s |\n", cell(r.Means), cell(r.Says))
		}
		fmt.Fprintf(&b, "\n- Login: %s; %s.\n", f.Login, f.Life)
		list(&b, "Limits", f.Limits)
		list(&b, "Needs", f.Needs)
		list(&b, "Trap", f.Traps)
		if f.Status != "" {
			fmt.Fprintf(&b, "- Status page: <%s>\n", f.Status)
		}
		b.WriteString("\nEvery host that a pull needs:\n\n| host | port | for |\n| --- | --- | --- |\n")
		for _, h := range f.Egress(f.Example()) {
			what := fmt.Sprint(h.For)
			what = strings.ReplaceAll(strings.Trim(what, "[]"), " ", ", ")
			if h.When != "" {
				what += ", " + h.When
			}
			fmt.Fprintf(&b, "| `%s` | %d | %s |\n", h.Name, h.Port, what)
		}
		b.WriteString("\nSources:")
		for _, s := range f.Sources {
			fmt.Fprintf(&b, " <%s>", s)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func list(b *strings.Builder, head string, items []string) {
	for _, item := range items {
		fmt.Fprintf(b, "- %s: %s.\n", head, item)
	}
}

// cell escapes what a table's cell cannot hold.
func cell(s string) string { return strings.NewReplacer("|", `\|`, "*", `\*`).Replace(s) }

// anchor is the heading's anchor as GitHub makes it.
func anchor(name string) string {
	return strings.ReplaceAll(strings.Map(func(r rune) rune {
		if r == ',' || r == '.' {
			return -1
		}
		return r
	}, strings.ToLower(name)), " ", "-")
}
