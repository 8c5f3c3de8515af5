// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/evidence"
)

// docs/cli.md holds tables that are made from the code, each between two
// comments of its name.
func TestDocsSayWhatTheCodeDoes(t *testing.T) {
	const path = "../../docs/cli.md"
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	root := New(genericiooptions.NewTestIOStreamsDiscard())
	doc := string(data)
	for name, made := range map[string]string{"exit codes": exitTable(t), "verbs": verbTable(root), "flags": flagTable(root)} {
		begin, end := "<!-- "+name+": made by go test ./internal/cli -update -->\n", "<!-- end of "+name+" -->\n"
		head, rest, ok := strings.Cut(doc, begin)
		_, tail, closed := strings.Cut(rest, end)
		if !ok || !closed {
			t.Fatalf("%s lacks the comments around %s", path, name)
		}
		doc = head + begin + "\n" + made + "\n" + end + tail
	}
	if *update {
		if err := os.WriteFile(path, []byte(doc), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if doc != string(data) {
		t.Errorf("%s is stale: run go test ./internal/cli -update", path)
	}
}

// exitTable is made from the constants of exit.go and their comments.
func exitTable(t *testing.T) string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "exit.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("| code | when |\n| --- | --- |\n")
	n := 0
	for _, decl := range file.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok || gen.Tok != token.CONST {
			continue
		}
		for _, spec := range gen.Specs {
			value := spec.(*ast.ValueSpec)
			fmt.Fprintf(&b, "| %s | %s |\n", value.Values[0].(*ast.BasicLit).Value, strings.TrimSpace(value.Comment.Text()))
			n++
		}
	}
	if n != 6 {
		t.Fatalf("%d exit codes found", n)
	}
	return b.String()
}

func verbTable(root *cobra.Command) string {
	var b strings.Builder
	b.WriteString("| command | what it does |\n| --- | --- |\n")
	fmt.Fprintf(&b, "| `%s` | which pulls fail in this namespace, grouped by cause |\n| `%[1]s -A` | the same for all namespaces |\n", root.CommandPath())
	for _, c := range root.Commands() {
		if !c.Hidden && c.Name() != "help" {
			fmt.Fprintf(&b, "| `%s %s` | %s |\n", root.CommandPath(), strings.ReplaceAll(strings.TrimSuffix(c.Use, " [flags]"), "|", `\|`), lowerFirst(c.Short))
		}
	}
	return b.String()
}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }

// flagTable lists our flags with the verbs that have them; kubectl's own are
// kubectl's to document.
func flagTable(root *cobra.Command) string {
	kube := pflag.NewFlagSet("", pflag.ContinueOnError)
	genericclioptions.NewConfigFlags(true).AddFlags(kube)
	flags := map[string]*flagRow{}
	add := func(f *pflag.Flag, verb string) {
		if flags[f.Name] == nil {
			flags[f.Name] = &flagRow{short: f.Shorthand}
		}
		flags[f.Name].add(verb, f.Usage)
	}
	root.PersistentFlags().VisitAll(func(f *pflag.Flag) { add(f, "all") })
	for _, c := range append([]*cobra.Command{root}, root.Commands()...) {
		if c.Name() == "help" || c.Name() == "completion" {
			continue
		}
		verb := c.Name()
		if c == root {
			verb = "overview"
		}
		c.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
			if kube.Lookup(f.Name) == nil && f.Name != "help" && root.PersistentFlags().Lookup(f.Name) != f {
				add(f, verb)
			}
		})
	}
	var b strings.Builder
	b.WriteString("| flag | of | what it does |\n| --- | --- | --- |\n")
	for _, name := range slices.Sorted(maps.Keys(flags)) {
		row := flags[name]
		short := ""
		if row.short != "" {
			short = "`-" + row.short + "`, "
		}
		fmt.Fprintf(&b, "| %s`--%s` | %s | %s |\n", short, name, strings.Join(row.verbs, ", "), row.text())
	}
	return b.String()
}

// A flagRow is a flag of the table, which may be another one with some verbs.
type flagRow struct {
	short  string
	verbs  []string
	usages []flagUsage
}

type flagUsage struct {
	verbs []string
	text  string
}

func (r *flagRow) add(verb, usage string) {
	if !slices.Contains(r.verbs, "all") {
		r.verbs = append(r.verbs, verb)
	}
	at := slices.IndexFunc(r.usages, func(u flagUsage) bool { return u.text == usage })
	if at < 0 {
		at = len(r.usages)
		r.usages = append(r.usages, flagUsage{text: usage})
	}
	r.usages[at].verbs = append(r.usages[at].verbs, verb)
}

// text is what the flag does: with most verbs, and then with each that differs.
func (r *flagRow) text() string {
	weight := func(u flagUsage) int {
		if slices.Contains(u.verbs, "all") {
			return math.MaxInt
		}
		return len(u.verbs)
	}
	slices.SortStableFunc(r.usages, func(a, b flagUsage) int { return cmp.Compare(weight(b), weight(a)) })
	var parts []string
	for i, u := range r.usages {
		if i == 0 && (len(r.usages) == 1 || weight(u) > weight(r.usages[1])) {
			parts = append(parts, u.text)
		} else {
			parts = append(parts, strings.Join(u.verbs, ", ")+": "+u.text)
		}
	}
	return strings.Join(parts, "; ")
}

// A panic is one line that says where, and nothing of its value.
func TestAPanicIsOneLineWithoutItsValue(t *testing.T) {
	b := bench{connect: func(*lookOptions, func() (*catalog.Catalog, error)) (connection, error) {
		panic("the password is " + canary) //nolint:forbidigo // the test is about panics
	}}
	got := b.run(t, "pod/x")
	checkNoLeak(t, "a panic", got.out, got.err)
	if got.code != ExitFault || !strings.HasPrefix(got.err, "error: a fault of the program at docs_test.go:") || strings.Count(got.err, "\n") != 1 {
		t.Errorf("exit code %d, stderr %q", got.code, got.err)
	}
}

func TestAnInterruptSaysSo(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	f := &fake{survey: evidence.Survey{Time: now()}, err: errors.New("asking: context canceled")}
	b := f.bench()
	streams, _, _, errOut := genericiooptions.NewTestIOStreams()
	w := &world{IOStreams: streams, program: "kubectl pullmedic", getenv: func(string) string { return "" }, connect: b.connect}
	cancel()
	if code := run(ctx, w, []string{"pod/x"}); code != ExitInterrupted || errOut.String() != "error: interrupted\n" {
		t.Errorf("exit code %d, stderr %q", code, errOut.String())
	}
}

// What cannot be written is a fault, not an answer.
func TestAFullDiskIsAFault(t *testing.T) {
	f := &fake{survey: sick()}
	for _, args := range []string{"", "pod/x -o json", "explain", "read x", "version"} {
		streams, _, _, errOut := genericiooptions.NewTestIOStreams()
		streams.Out = full{}
		w := &world{IOStreams: streams, program: "kubectl pullmedic", getenv: func(string) string { return "" }, connect: f.bench().connect}
		if code := run(t.Context(), w, strings.Fields(args)); code != ExitFault || errOut.String() != "error: writing the answer: no space left\n" {
			t.Errorf("%q: exit code %d, stderr %q", args, code, errOut.String())
		}
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }
