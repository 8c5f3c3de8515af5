// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package cli

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestABundleHasToBeARegularFile(t *testing.T) {
	dir := t.TempDir()
	good := filepath.Join(dir, "pulls.json")
	if got := (&fake{survey: sick()}).bench().run(t, "collect", "-A", "-o", good); got.code != ExitOK {
		t.Fatal(got.err)
	}
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	link := func(name, to string) string {
		path := filepath.Join(dir, name)
		if err := os.Symlink(to, path); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, path := range map[string]string{
		"a pipe that nobody writes to": pipe, "a device": "/dev/zero", "a directory": dir,
		"a link to a device": link("zero", "/dev/zero"), "a link to a pipe": link("piped", pipe), "a link to itself": link("loop", filepath.Join(dir, "loop")),
	} {
		got := nobody(t).run(t, "-A", "--bundle", path)
		if got.code != ExitUsage || !strings.HasPrefix(got.err, "error: reading the bundle: ") || strings.Count(got.err, "\n") != 1 || got.out != "" {
			t.Errorf("%s: exit code %d, stderr %q", name, got.code, got.err)
		}
	}
	if got := nobody(t).run(t, "-A", "--bundle", link("other", good)); got.code != ExitFailing {
		t.Errorf("a link to a bundle: exit code %d, stderr %q", got.code, got.err)
	}
}
