// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package files

import (
	"os"
	"path/filepath"
	"testing"
)

// A network's file system tells only then that a disk is full.
func TestADraftThatCannotBeClosedIsNotPlaced(t *testing.T) {
	dir := t.TempDir()
	d, err := NewDraft(filepath.Join(dir, "report.md"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Write([]byte("half of ")); err != nil {
		t.Fatal(err)
	}
	if err := d.file.Close(); err != nil { // so that the next one fails
		t.Fatal(err)
	}
	if err := d.Place(); err == nil {
		t.Error("it was placed")
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left are %v, %v", left, err)
	}
}
