// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/pullmedic/pullmedic/catalog"
)

// nobody is a bench whose commands must not connect to anything.
func nobody(t *testing.T) bench {
	return bench{connect: func(*lookOptions, func() (*catalog.Catalog, error)) (connection, error) {
		t.Error("a connection was made")
		return connection{}, errors.New("no connection is wanted")
	}}
}

func TestABundleGivesTheSameAnswer(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pulls.json")
	f := &fake{survey: sick()}
	if got := f.bench().run(t, "collect", "-A", "-o", file); got.code != ExitOK || got.out != "" || !strings.HasPrefix(got.err, "wrote "+file) {
		t.Fatalf("exit code %d, stderr %q, stdout %q", got.code, got.err, got.out)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v (%v), want that its owner alone may read it", info.Mode(), err)
	}
	for _, args := range []string{"-A", "-A -v", "-A -o json", "deployment/api -n shop", "diagnose pod/api-7d9c5-x2x7l -n shop -o yaml"} {
		live := f.bench().run(t, strings.Fields(args)...)
		told := nobody(t).run(t, append(strings.Fields(args), "--bundle", file)...)
		// The printed commands name the file, and none mends: all else is the same.
		out := strings.ReplaceAll(told.out, " --bundle "+file, "")
		if strings.Contains(out, " fix ") {
			t.Errorf("%s: a bundle cannot be mended:\n%s", args, out)
		}
		live.out = regexp.MustCompile(`(?m)^Fix: .*\n`).ReplaceAllString(live.out, "")
		if out != live.out || told.code != live.code || told.err != live.err {
			t.Errorf("%s: from the bundle (%d, %q)\n%s\nlive (%d, %q)\n%s", args, told.code, told.err, out, live.code, live.err, live.out)
		}
	}
}

func TestCollectToStdout(t *testing.T) {
	got := (&fake{survey: sick()}).bench().run(t, "collect", "pod/x", "-o", "-")
	if got.code != ExitOK || !strings.HasPrefix(got.out, "{\n \"apiVersion\": \"pullmedic.dev/v1alpha1\",\n \"kind\": \"Bundle\"") || got.err != "" {
		t.Errorf("exit code %d, stderr %q, stdout %.100q", got.code, got.err, got.out)
	}
}

func TestABundleDoesNotSpeakForAnotherNamespace(t *testing.T) {
	dir := t.TempDir()
	collected := func(name string, of ...string) string {
		f := &fake{survey: sick()}
		f.survey.Of = of
		file := filepath.Join(dir, name)
		if got := f.bench().run(t, "collect", "-o", file); got.code != ExitOK {
			t.Fatalf("exit code %d, stderr %q", got.code, got.err)
		}
		return file
	}
	got := nobody(t).run(t, "-n", "db", "--bundle", collected("one.json", "shop"))
	if want := "error: this file has nothing of namespace db; it was collected for namespace shop\n"; got.code != ExitUsage || got.err != want || got.out != "" {
		t.Errorf("exit code %d, stderr %q, want %q, stdout %q", got.code, got.err, want, got.out)
	}
	got = nobody(t).run(t, "-n", "db", "--bundle", collected("all.json"))
	if got.code != ExitNotSeen || strings.Contains(got.out, "no pull fails") || !strings.Contains(got.out, "no failing pull of namespace db was recorded") {
		t.Errorf("exit code %d, stderr %q, stdout %q", got.code, got.err, got.out)
	}
}

func TestBadBundles(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty.json")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for args, want := range map[string]string{
		"-A --bundle " + empty:                         "error: reading the bundle " + empty + ": it is empty; make one with collect\n",
		"-A --bundle " + dir + "/none.json":            "error: reading the bundle: " + dir + "/none.json: no such file or directory\n",
		"-A --bundle " + empty + " --probe none":       "error: --bundle answers from a file and asks nobody, so --probe has no place beside it\n",
		"-A --bundle " + empty + " --context prod":     "error: --bundle answers from a file and asks nobody, so --context has no place beside it\n",
		"-l a=b --bundle " + empty:                     "error: --bundle answers from a file and asks nobody, so --selector has no place beside it\n",
		"collect -A":                                   "error: collect needs a file to write: -o FILE, or -o - for stdout\n",
		"collect -A -o " + dir + "/missing/pulls.json": "error: writing " + dir + "/missing/pulls.json: no such file or directory\n",
		"collect -A -o " + dir:                         "error: writing " + dir + ": it is a directory, and no regular file\n",
	} {
		f := &fake{survey: sick()}
		got := f.bench().run(t, strings.Fields(args)...)
		if got.code != ExitUsage || got.err != want || got.out != "" {
			t.Errorf("%s: exit code %d, stderr %q, want %q, stdout %q", args, got.code, got.err, want, got.out)
		}
	}
	left, err := filepath.Glob(filepath.Join(dir, ".pullmedic-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("half written files are left: %v (%v)", left, err)
	}
}
