// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package daemon

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// spec is a program that writes its first argument and waits.
func spec(t *testing.T, name, says string) Spec {
	t.Helper()
	return Spec{
		Name:    name,
		Command: []string{"/bin/sh", "-c", "echo $0; exec sleep 60", says},
		Log:     filepath.Join(t.TempDir(), name+".log"),
	}
}

func TestStartedOnceRunsUntilStopped(t *testing.T) {
	store := NewStore(filepath.Join(t.TempDir(), "daemons"))
	one := spec(t, "one", "first")
	t.Cleanup(func() { _ = store.Stop("one") })

	if started, err := store.Start(one); err != nil || !started {
		t.Fatalf("Start = %v, %v", started, err)
	}
	if started, err := store.Start(one); err != nil || started {
		t.Fatalf("second Start of the same = %v, %v; want no new process", started, err)
	}
	before, err := store.Record("one")
	if err != nil || !before.Running() {
		t.Fatalf("Record = %+v, %v; want it running", before, err)
	}

	if err := store.Restart("one"); err != nil {
		t.Fatal(err)
	}
	after, err := store.Record("one")
	if err != nil || !after.Running() || before.Running() || after.PID == before.PID {
		t.Fatalf("after Restart: %+v, %v; before: %+v", after, err, before)
	}

	other := one
	other.Version = "2"
	if started, err := store.Start(other); err != nil || !started || after.Running() {
		t.Fatalf("Start of a changed spec = %v, %v; want the old process replaced", started, err)
	}
	// It is only stopped once it is what it is to be.
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		log, err := os.ReadFile(one.Log)
		if strings.HasPrefix(string(log), "first\n") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("log = %q, %v", log, err)
		}
	}
	if err := store.Stop("one"); err != nil {
		t.Fatal(err)
	}
	if last, _ := store.Record("one"); last.Running() {
		t.Fatalf("it runs after Stop: %+v", last)
	}
	if err := store.Stop("one"); err != nil {
		t.Fatalf("stopping a stopped one: %v", err)
	}
	if err := store.Stop("never started"); err != nil {
		t.Fatalf("stopping one that never was: %v", err)
	}
}

// A process that got the same id later is somebody else's.
func TestAReusedIDIsNotTouched(t *testing.T) {
	store := NewStore(t.TempDir())
	one := spec(t, "one", "mine")
	if _, err := store.Start(one); err != nil {
		t.Fatal(err)
	}
	record, err := store.Record("one")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = Kill(record.PID) })

	for name, change := range map[string]func(*Record){
		"another start": func(r *Record) { r.Ticks++ },
		"another boot":  func(r *Record) { r.Boot = "an earlier one" },
	} {
		t.Run(name, func(t *testing.T) {
			stale := record
			change(&stale)
			if stale.Running() {
				t.Error("the stale record runs")
			}
			if err := End(stale.PID, stale.Ticks, stale.Boot, time.Second); err != nil {
				t.Error(err)
			}
			if !record.Running() {
				t.Fatal("the process with the same id was ended")
			}
		})
	}
}

func TestParseStat(t *testing.T) {
	tail := " S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4242 20 21"
	for name, c := range map[string]struct {
		in   string
		want uint64
		ok   bool
	}{
		"a plain name":                 {"7 (etcd)" + tail, 4242, true},
		"a name with a parenthesis":    {"7 (a) b (c))" + tail, 4242, true},
		"a zombie has ended":           {"7 (etcd)" + strings.Replace(tail, " S ", " Z ", 1), 0, false},
		"a line that is cut":           {"7 (etcd) S 1 2", 0, false},
		"a line without a name":        {"7 etcd", 0, false},
		"nothing":                      {"", 0, false},
		"a start that is not a number": {strings.Replace("7 (etcd)"+tail, "4242", "x", 1), 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parseStat([]byte(c.in))
			if got != c.want || (err == nil) != c.ok {
				t.Errorf("parseStat(%q) = %d, %v", c.in, got, err)
			}
		})
	}
}
