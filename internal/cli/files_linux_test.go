// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestAPlaceThatNoReportCanBeWrittenToIsSaidFirst(t *testing.T) {
	s := newShop(t, "api")
	got := s.run(t, "deployment/api", "--yes", "--report", "/proc/api.md")
	if got.code != ExitUsage || !strings.HasPrefix(got.err, "error: writing the report: /proc/api.md: ") || !strings.HasSuffix(got.err, "; nothing was changed\n") || s.written() > 0 {
		t.Errorf("exit code %d, stderr %q, wrote %v", got.code, got.err, s.Writes())
	}
}

// A file that a flag names is read where it is one, or a pipe that somebody writes
// to: never a device, or a pipe that may never end.
func TestFilesThatFlagsNameMakeNothingHang(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	s := newShop(t, "api")
	for args, want := range map[string]string{
		"fix deployment/api --dry-run=client --ca " + pipe:   "it is a pipe, and no regular file",
		"fix deployment/api --dry-run=client --ca /dev/zero": "it is a device, and no regular file",
		"verify -f /dev/zero":                                "it is a device, and neither a file nor a pipe",
		"verify -f " + dir:                                   "it is a directory, and neither a file nor a pipe",
		"read --jsonl /dev/zero":                             "it is a device, and neither a file nor a pipe",
		"collect -A -o " + pipe:                              "it is a pipe, and no regular file",
		"collect -A -o /dev/null":                            "it is a device, and no regular file",
		"diagnose deployment/api --registry-ca /dev/zero":    "it is a device, and neither a file nor a pipe",
		"diagnose deployment/api --bundle " + pipe:           "it is a pipe, and no regular file",
	} {
		all := strings.Fields(args)
		switch {
		case strings.HasPrefix(args, "read"), strings.Contains(args, "--bundle"):
		case strings.Contains(args, "--registry-ca"):
			all = append(all, s.args[:2]...)
		default:
			all = append(all, s.args...)
		}
		got := bench{}.run(t, all...)
		if !strings.Contains(got.out+got.err, want) || got.code != ExitUsage {
			t.Errorf("%s: exit code %d, %q is not in %s%s", args, got.code, want, got.out, got.err)
		}
	}
	if info, err := os.Stat("/dev/null"); err != nil || info.Mode().IsRegular() {
		t.Fatalf("/dev/null was replaced: %v, %v", info, err)
	}
}

func TestAPipeThatSomebodyWritesToIsRead(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = os.WriteFile(pipe, []byte(`{"message":"dial tcp: lookup registry.example: no such host"}`+"\n"), 0o600)
	}()
	if got := (bench{}).run(t, "read", "--jsonl", pipe); got.code != ExitOK || !strings.Contains(got.out, "DNSFailure") {
		t.Errorf("exit code %d, %s%s", got.code, got.out, got.err)
	}
}
