// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"bufio"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/symptom"
)

func mustLoad(t *testing.T) *Catalog {
	t.Helper()
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// constants returns the string values of the constants of one type in a file
// of a neighbouring package, read from its source, so that none is forgotten.
func constants(t *testing.T, path, typeName string) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var values []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if id, ok := spec.Type.(*ast.Ident); ok && id.Name == typeName && len(spec.Values) == 1 {
			if v, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value); err == nil {
				values = append(values, v)
			}
		}
		return true
	})
	if len(values) < 20 {
		t.Fatalf("%s: only %d constants of type %s found", path, len(values), typeName)
	}
	return values
}

func TestEveryFolderIsComplete(t *testing.T) {
	c := mustLoad(t)
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	dirs := slices.DeleteFunc(entries, func(e os.DirEntry) bool { return !e.IsDir() })
	if len(dirs) != len(c.Causes()) || len(dirs) < 49 {
		t.Errorf("%d folders and %d causes, want as many, and 49 at least", len(dirs), len(c.Causes()))
	}
	last := 0
	for _, cause := range c.Causes() {
		at := slices.Index(categories(), cause.Category)
		if at < last {
			t.Errorf("%s (%s) is out of the categories' order", cause.ID, cause.Category)
		}
		last = at
		checkFields(t, cause)
	}
}

// official are hosts whose pages are kept by those who make what they are about.
func official() []string {
	return []string{
		"kubernetes.io", "github.com", "distribution.github.io", "docs.docker.com", "docs.aws.amazon.com", "cloud.google.com",
		"learn.microsoft.com", "docs.github.com", "goharbor.io", "www.freedesktop.org", "chrony-project.org", "www.rfc-editor.org",
	}
}

// checkFields tells what a cause.yaml leaves out or words otherwise than the
// others; Load checks the rest.
func checkFields(t *testing.T, cause Cause) {
	t.Helper()
	if len(cause.Prevention) == 0 || len(cause.References) == 0 || len(cause.Needs) == 0 || len(cause.Windows) == 0 {
		t.Errorf("%s: prevention, references, needs or windows are missing", cause.ID)
	}
	for _, url := range cause.References {
		host, _, _ := strings.Cut(strings.TrimPrefix(url, "https://"), "/")
		if !strings.HasPrefix(url, "https://") || !slices.Contains(official(), host) {
			t.Errorf("%s: reference %q is no https address of a page that its makers keep (official)", cause.ID, url)
		}
	}
	if len(cause.ConfirmedBy)+len(cause.LikelyBy) == 0 && cause.Category != Undecided {
		t.Errorf("%s: no outcome speaks for it", cause.ID)
	}
	if cause.Category == Undecided && len(cause.ConfirmedBy) > 0 {
		t.Errorf("%s is a state of knowledge: nothing confirms it", cause.ID)
	}
	for _, line := range []string{cause.Meaning, cause.Summary, cause.NoFault} {
		if strings.HasSuffix(line, ".") || strings.Contains(line, "\n") {
			t.Errorf("%s: %q is not one line without a full stop", cause.ID, line)
		}
	}
	for _, line := range append([]string{cause.FirstAction}, cause.Prevention...) {
		if !strings.HasSuffix(line, ".") {
			t.Errorf("%s: firstAction or prevention %q is no sentence", cause.ID, line)
		}
	}
}

func TestEverySignHasOneFirstCauseAndARowOfTheMatrix(t *testing.T) {
	c := mustLoad(t)
	rows := map[symptom.Sign]Row{}
	for _, row := range c.Matrix() {
		if _, twice := rows[row.Sign]; twice || row.Shows == "" || row.FirstAction == "" {
			t.Errorf("the matrix has %q twice or incomplete", row.Sign)
		}
		rows[row.Sign] = row
	}
	for _, value := range constants(t, "../symptom/sign.go", "Sign") {
		sign := symptom.Sign(value)
		var first []string
		for _, cause := range c.Causes() {
			if slices.Contains(cause.SuggestedBy, sign) {
				first = append(first, cause.ID)
			}
		}
		if len(first) != 1 {
			t.Errorf("sign %s: first suggested are %v, want exactly one", sign, first)
			continue
		}
		if rows[sign].First != first[0] {
			t.Errorf("sign %s: the matrix says %q, want %q", sign, rows[sign].First, first[0])
		}
		if got, _ := c.Suggest(symptom.Symptom{Sign: sign}); got.ID != first[0] {
			t.Errorf("sign %s: suggested %q, want %q", sign, got.ID, first[0])
		}
	}
}

// Every outcome that speaks for or against a cause must be one that some check
// can declare, and every outcome has a sense.
func TestEveryOutcomeHasASense(t *testing.T) {
	for _, value := range constants(t, "../evidence/outcome.go", "Outcome") {
		if evidence.Outcome(value).Sense() == "" {
			t.Errorf("outcome %s has no sense in evidence/sense.go", value)
		}
	}
}

func TestWhatTheNodeSaysConfirmsItsOwnSuggestionOrNothingElse(t *testing.T) {
	c := mustLoad(t)
	for _, row := range c.Matrix() {
		outcome := evidence.SignOutcome(row.Sign)
		for _, cause := range c.Causes() {
			alone := slices.ContainsFunc(cause.ConfirmedBy, func(set []evidence.Outcome) bool {
				return slices.Equal(set, []evidence.Outcome{outcome})
			})
			if alone && cause.ID != row.First {
				t.Errorf("a text of sign %s confirms %s, yet suggests %s", row.Sign, cause.ID, row.First)
			}
		}
	}
}

// The texts that were recorded from real runtimes must read as the cause of
// their folder, or leave it possible. Where no text can show a cause, they
// must read as one that it refines.
func TestRecordedMessagesReadAsTheirCause(t *testing.T) {
	c := mustLoad(t)
	files, err := filepath.Glob("*/messages.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		cause, _ := c.Cause(filepath.Dir(path))
		accepted := append([]string{cause.ID}, cause.Refines...)
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 1<<20)
		for n := 1; lines.Scan(); n++ {
			var row struct{ Message, Runtime, Version, Fault string }
			decoder := json.NewDecoder(strings.NewReader(lines.Text()))
			decoder.DisallowUnknownFields()
			if err := decoder.Decode(&row); err != nil || row.Message == "" || row.Fault == "" || row.Runtime == "" || row.Version == "" {
				t.Errorf("%s:%d: not {message, runtime, version, fault}: %v", path, n, err)
				continue
			}
			first, also := c.Suggest(symptom.Parse(row.Message))
			if !slices.ContainsFunc(append(also, first), func(s Cause) bool { return slices.Contains(accepted, s.ID) }) {
				t.Errorf("%s:%d: reads as %s, want %v: %s", path, n, first.ID, accepted, row.Message)
			}
		}
		if err := lines.Err(); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		f.Close()
	}
}

func TestLoadTellsFileAndField(t *testing.T) {
	mustLoad(t) // what is wrong in a folder is told once
	cases := map[string]struct{ from, to, want string }{
		"an unknown field":                         {"severity:", "severty:", `TagNotFound/cause.yaml: error unmarshaling JSON: while decoding JSON: json: unknown field "severty"`},
		"an unknown outcome":                       {"[tag-absent]", "[tag-abscent]", `TagNotFound/cause.yaml: unknown outcome "tag-abscent"`},
		"an unknown sign":                          {"[tag-not-found]", "[tag-lost]", `TagNotFound/cause.yaml: unknown sign "tag-lost"`},
		"an unknown category":                      {"category: image", "category: picture", "TagNotFound/cause.yaml: category is missing or not on its list"},
		"a missing meaning":                        {"meaning: The", "#", "TagNotFound/cause.yaml: meaning is missing"},
		"an id that is not the folder's":           {"id: TagNotFound", "id: TagLost", `TagNotFound/cause.yaml: id is "TagLost"`},
		"a sign that another cause claims":         {"[tag-not-found]", "[digest-not-found]", "digest-not-found is claimed by TagNotFound too"},
		"outcomes that both confirm and rule out":  {"[manifest-present]", "[tag-absent]", "[tag-absent] confirms and [tag-absent] rules out"},
		"a hint that never counts":                 {"likelyBy:\n", "likelyBy:\n  - [manifest-absent, manifest-present]\n", "the first never counts"},
		"an unknown need":                          {"needs: [registry]", "needs: [luck]", `TagNotFound/cause.yaml: unknown need "luck"`},
		"an unknown thing to look back at":         {"of: workload", "of: weather", `unknown "weather" to look back at`},
		"a window that is no time":                 {"back: 15m", "back: soon", `window of workload: back is "soon", want whole minutes`},
		"a window since the success of a change":   {"back: 15m", "back: last-success", "window of workload: nothing of it succeeds"},
		"an unknown value in the summary":          {"{tag}", "{label}", "unknown value {label}"},
		"a cause with an undecided state's field":  {"needs:", "nextQuestion: Which?\nneeds:", "nextQuestion"},
		"a refined cause that does not exist":      {"needs:", "refines: [Nothing]\nneeds:", `no other cause "Nothing"`},
		"a remedy that is no id":                   {"[follow-template", "[Follow it", `remedies: "Follow it" is no id`},
		"a remedy that stands there twice":         {"[follow-template", "[wait", `remedies: "wait" is no id, or stands there twice`},
		"a field that is written twice in a file ": {"needs:", "id: TagNotFound\nneeds:", `key "id" already set`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			files := copied(t)
			file := files["TagNotFound/cause.yaml"]
			text := strings.Replace(string(file.Data), tc.from, tc.to, 1)
			if text == string(file.Data) {
				t.Fatalf("%q is not in the file any more", tc.from)
			}
			files["TagNotFound/cause.yaml"] = &fstest.MapFile{Data: []byte(text)}
			if _, err := load(files); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
	t.Run("a folder without an id", func(t *testing.T) {
		files := copied(t)
		files["TagLost/cause.yaml"] = files["TagNotFound/cause.yaml"]
		if _, err := load(files); err == nil || !strings.Contains(err.Error(), "TagLost: no such id in catalog/ids.go") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a folder without a runbook", func(t *testing.T) {
		files := copied(t)
		delete(files, "TagNotFound/runbook.md")
		if _, err := load(files); err == nil || !strings.Contains(err.Error(), "runbook of TagNotFound") {
			t.Errorf("got %v", err)
		}
	})
}

// copied is the embedded catalogue in a form that a test can change.
func copied(t *testing.T) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	for _, pattern := range []string{"*/cause.yaml", "*/runbook.md", "RegistryRetired/retired.yaml"} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatalf("no %s: %v", pattern, err)
		}
		for _, path := range paths {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			files[filepath.ToSlash(path)] = &fstest.MapFile{Data: data}
		}
	}
	return files
}

// What an outcome that proves a cause is read from must be among the needs of
// that cause; for one of several proofs is enough.
func TestNeedsCoverAProof(t *testing.T) {
	for _, cause := range mustLoad(t).Causes() {
		covered := cause.Category == Undecided
		sets := cause.ConfirmedBy
		if len(sets) == 0 {
			sets = cause.LikelyBy
		}
		for _, set := range sets {
			all := true
			for _, o := range set {
				all = all && slices.Contains(cause.Needs, readFrom(cause, o))
			}
			covered = covered || all
		}
		if !covered {
			t.Errorf("%s: needs %v are enough for no proof of %v", cause.ID, cause.Needs, sets)
		}
		if cause.Local && !slices.Contains(cause.Needs, NeedEvents) {
			t.Errorf("%s: only the node's words prove it, and up to Kubernetes 1.31 they are in the events alone", cause.ID)
		}
	}
}

// readFrom tells what has to be readable for an outcome.
func readFrom(cause Cause, o evidence.Outcome) Need {
	switch name := string(o); {
	case strings.HasPrefix(name, "secret-"), strings.HasPrefix(name, "keyring-"), name == "credential-expired-by-itself", name == "pod-brings-none":
		return NeedSecrets
	case strings.HasPrefix(name, "service-account-"):
		return NeedServiceAccounts
	case name == "node-disk-pressure":
		return NeedNodes
	}
	// What the node itself says of the way, and what is said of a pod or rule.
	words := []evidence.Outcome{
		evidence.AdmissionRefused, evidence.PolicyNeverAndAbsent, evidence.ReferenceInvalid, evidence.ContentDiffers, evidence.PullUnfinished, evidence.ClockSkewed,
	}
	if cause.Local && o != evidence.TLSTrusted || slices.Contains(words, o) {
		return NeedEvents
	}
	return NeedRegistry
}
