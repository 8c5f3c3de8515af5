// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package files_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pullmedic/pullmedic/internal/files"
)

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// list are the names in a directory.
func list(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

func TestAFileIsReadUpToItsBound(t *testing.T) {
	path := write(t, filepath.Join(t.TempDir(), "x"), strings.Repeat("x", 2048))
	if data, err := files.Read(path, 2048); err != nil || len(data) != 2048 {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	if _, err := files.Read(path, 2047); err == nil || !strings.Contains(err.Error(), path+": it is larger than 1 KiB") {
		t.Errorf("got %v", err)
	}
	if data, err := files.ReadStream(path, 0, 2048); err != nil || len(data) != 2048 {
		t.Errorf("as a stream: %d bytes, %v", len(data), err)
	}
	if _, err := files.Read(path+"y", 1); !errors.Is(err, os.ErrNotExist) || !strings.HasPrefix(err.Error(), "open "+path+"y: ") {
		t.Errorf("got %v", err)
	}
}

func TestADraftIsPlacedWholeAndReplacesNothing(t *testing.T) {
	dir := t.TempDir()
	draft := func(name, text string) *files.Draft {
		t.Helper()
		d, err := files.NewDraft(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		return d
	}
	fresh := draft("fresh", "ours")
	if got := list(t, dir); !strings.HasPrefix(got, ".pullmedic-") {
		t.Errorf("while it is written there lies %q", got)
	}
	if err := fresh.Place(); err != nil {
		t.Fatal(err)
	}
	fresh.Discard()
	if info, err := os.Stat(filepath.Join(dir, "fresh")); err != nil || info.Mode().Perm() != 0o644 || list(t, dir) != "fresh" {
		t.Errorf("%v, %v, %q", info, err, list(t, dir))
	}
	late := draft("fresh", "theirs")
	if err := late.Place(); !errors.Is(err, files.ErrExists) {
		t.Errorf("got %v", err)
	}
	late.Discard()
	kept, err := os.ReadFile(late.Name())
	if text, _ := os.ReadFile(filepath.Join(dir, "fresh")); string(text) != "ours" || err != nil || string(kept) != "theirs" {
		t.Errorf("%q, kept %q, %v", text, kept, err)
	}
	if err := os.Remove(late.Name()); err != nil {
		t.Fatal(err)
	}
	draft("other", "x").Discard()
	if err := draft("fresh", "newer").Replace(); err != nil {
		t.Fatal(err)
	}
	if text, _ := os.ReadFile(filepath.Join(dir, "fresh")); string(text) != "newer" || list(t, dir) != "fresh" {
		t.Errorf("%q, %q", text, list(t, dir))
	}
	if _, err := files.NewDraft(dir); err == nil || !strings.Contains(err.Error(), dir+": it is a directory") {
		t.Errorf("got %v", err)
	}
	if _, err := files.NewDraft(filepath.Join(dir, "none", "x")); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), filepath.Join("none", "x")+": ") {
		t.Errorf("got %v", err)
	}
	var none *files.Draft
	none.Discard()
}
