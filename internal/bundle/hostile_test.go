// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package bundle_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"go/parser"
	"go/token"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/bundle"
)

// refused reads a text and returns why it is refused.
func refused(t *testing.T, r io.Reader) string {
	t.Helper()
	_, err := bundle.Read(r)
	if err == nil {
		t.Fatal("it was taken")
	}
	return err.Error()
}

func TestABundleThatIsCompressedIsNotUnpacked(t *testing.T) {
	good := written(t, sick())
	bomb := func() string { // a few kilobytes that would become 64 MiB
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		blank := bytes.Repeat([]byte(" "), 1<<20)
		for range 1 << 6 {
			if _, err := w.Write(blank); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	zipped := func(name string) string {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		entry, err := w.Create(name)
		if err == nil {
			_, err = io.WriteString(entry, good)
		}
		if closed := w.Close(); err != nil || closed != nil {
			t.Fatal(err, closed)
		}
		return b.String()
	}
	tarred := func(header tar.Header) string {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		err := w.WriteHeader(&header)
		if closed := w.Close(); err != nil || closed != nil {
			t.Fatal(err, closed)
		}
		return b.String()
	}
	for name, c := range map[string]struct{ text, want string }{
		"a gzip bomb":                       {bomb(), "it is compressed with gzip, and a bundle is plain JSON: nothing is unpacked here"},
		"a zip archive":                     {zipped("bundle.json"), "it is a zip archive, and a bundle is plain JSON: nothing is unpacked here"},
		"a zip archive that leads outside":  {zipped("../../etc/cron.d/x"), "it is a zip archive, and a bundle is plain JSON: nothing is unpacked here"},
		"a tar archive with a link":         {tarred(tar.Header{Name: "x", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}), "it is a tar archive, and a bundle is plain JSON: nothing is unpacked here"},
		"a tar archive of an absolute path": {tarred(tar.Header{Name: "/etc/cron.d/x", Typeflag: tar.TypeReg}), "it is a tar archive, and a bundle is plain JSON: nothing is unpacked here"},
		"zstd":                              {"\x28\xb5\x2f\xfdxxxx", "it is compressed with zstd, and a bundle is plain JSON: nothing is unpacked here"},
		"xz":                                {"\xfd7zXZ\x00xxxx", "it is compressed with xz, and a bundle is plain JSON: nothing is unpacked here"},
	} {
		if got := refused(t, strings.NewReader(c.text)); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// endless is a reader that never ends.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func TestABundleThatDoesNotEndIsGivenUp(t *testing.T) {
	if got := refused(t, endless{}); got != "it is larger than 64 MiB" {
		t.Error(got)
	}
}

// A few bytes of text can take hundreds in memory.
func TestABundleOfManyEmptyObjectsTakesLittleMemory(t *testing.T) {
	const head = `{"apiVersion":"pullmedic.dev/v1alpha1","kind":"Bundle","survey":{"time":"2026-11-21T03:50:00Z","pulls":[`
	for name, one := range map[string]string{"pulls": `{},`, "findings": `{"findings":[` + strings.Repeat(`{},`, 1000) + `{}]},`} {
		text := head + strings.Repeat(one, (40<<20)/len(one)) + `{}]}}`
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got := refused(t, strings.NewReader(text))
		runtime.ReadMemStats(&after)
		if !strings.HasPrefix(got, "it has ") || !strings.HasSuffix(got, " objects, more than 1000000") {
			t.Errorf("%s: %s", name, got)
		}
		if took := (after.TotalAlloc - before.TotalAlloc) >> 20; took > 300 {
			t.Errorf("%s: %d MiB were allocated for 40 MiB of text", name, took)
		}
	}
}

func TestBracesWithinTextsAreNoObjects(t *testing.T) {
	s := sick()
	s.Pulls[0].Pull.Message = strings.Repeat(`{"a\":{`, 2000)
	for range 1500 {
		s.Pulls[0].Findings = append(s.Pulls[0].Findings, evidence.Finding{Outcome: evidence.TagAbsent, Sentence: strings.Repeat("{", 1000)})
	}
	if _, err := bundle.Read(strings.NewReader(written(t, s))); err != nil {
		t.Errorf("it is refused: %v", err)
	}
}

func TestABundleWhoseListsAreTooLongIsRefused(t *testing.T) {
	many := func(n int) map[string]string {
		m := map[string]string{}
		for i := range n {
			m[strconv.Itoa(i)] = "x"
		}
		return m
	}
	for name, change := range map[string]func(*evidence.Evidence){
		"findings":     func(e *evidence.Evidence) { e.Findings = slices.Repeat(e.Findings[:1], 2001) },
		"gaps":         func(e *evidence.Evidence) { e.NotLookedAt = slices.Repeat(e.NotLookedAt[:1], 2001) },
		"events":       func(e *evidence.Evidence) { e.Pull.Events = slices.Repeat(e.Pull.Events[:1], 2001) },
		"pull secrets": func(e *evidence.Evidence) { e.Pull.PullSecrets = slices.Repeat([]string{"x"}, 2001) },
		"details":      func(e *evidence.Evidence) { e.Findings[0].Details = many(2001) },
		"secrets":      func(e *evidence.Evidence) { e.Secrets = slices.Repeat([]evidence.PullSecret{{Name: "x"}}, 2001) },
		"entries": func(e *evidence.Evidence) {
			e.Secrets = []evidence.PullSecret{{Entries: slices.Repeat([]evidence.SecretEntry{{Key: "x"}}, 2001)}}
		},
	} {
		s := sick()
		change(&s.Pulls[0])
		if got := refused(t, strings.NewReader(written(t, s))); got != "a pull of it has a list of 2001, more than 2000" {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestABundleThatWouldBeTooLargeIsNotWritten(t *testing.T) {
	s := sick()
	s.Pulls[0].Findings[0].Sentence = strings.Repeat("x", 65<<20)
	var b bytes.Buffer
	err := bundle.Write(&b, "t", s)
	if err == nil || !strings.Contains(err.Error(), "nothing reads more than 64") || b.Len() > 0 {
		t.Errorf("%v, %d bytes", err, b.Len())
	}
}

// Paths, links and addresses in a bundle are texts: the package that reads it
// has nothing with which to follow them.
func TestAPathInABundleLeadsNowhere(t *testing.T) {
	allowed := []string{
		"bytes", "context", "encoding/json", "errors", "fmt", "io", "reflect", "slices", "strings",
		"github.com/pullmedic/pullmedic/evidence", "github.com/pullmedic/pullmedic/internal/examine",
		"github.com/pullmedic/pullmedic/internal/foreign", "github.com/pullmedic/pullmedic/internal/spelling", "github.com/pullmedic/pullmedic/symptom",
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range file.Imports {
			if path, _ := strconv.Unquote(i.Path.Value); !slices.Contains(allowed, path) {
				t.Errorf("%s imports %s", name, path)
			}
		}
	}
	inside := filepath.Join(t.TempDir(), "inside")
	if err := os.WriteFile(inside, []byte("canary"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := sick()
	for i, path := range []string{inside, "../../../.." + inside, "file://" + inside} {
		s.Pulls[i].Pull.Node, s.Pulls[i].Findings[0].Sentence = path, path
	}
	got, err := bundle.Read(strings.NewReader(written(t, s)))
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(got)
	if err != nil || strings.Contains(string(text), "canary") || !reflect.DeepEqual(got, s) {
		t.Errorf("%v: %s", err, text)
	}
}
