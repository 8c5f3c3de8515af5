// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package files_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pullmedic/pullmedic/internal/files"
)

func TestWhatIsNoFileIsToldApart(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{pipe: "it is a pipe, and no", "/dev/zero": "it is a device, and no", dir: "it is a directory, and no"} {
		if _, err := files.Open(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
		if path == pipe {
			continue
		}
		if _, err := files.Stream(path, 0); err == nil || !strings.Contains(err.Error(), want) && !strings.Contains(err.Error(), "neither a file nor a pipe") {
			t.Errorf("%s as a stream: %v", path, err)
		}
	}
}

func TestAPipeIsReadAndNotWaitedForForEver(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	writer := make(chan *os.File, 1)
	go func() {
		w, err := os.OpenFile(pipe, os.O_WRONLY, 0)
		if err != nil {
			t.Error(err)
		}
		writer <- w
	}()
	in, err := files.Stream(pipe, 50*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	w := <-writer
	if _, err := w.WriteString("text"); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 4)
	if _, err := io.ReadFull(in, got); err != nil || string(got) != "text" {
		t.Fatalf("%q, %v", got, err)
	}
	if _, err := in.Read(got); err == nil || !strings.Contains(err.Error(), pipe+": nothing came through it for 50ms") {
		t.Errorf("got %v", err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := in.Read(got); err != io.EOF {
		t.Errorf("its end is %v", err)
	}
}
