// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package daemon starts programs that outlive the command that started them,
// and ends exactly those. A process is remembered by its id and the time at
// which it started, so that one that later got the same id is never touched.
package daemon

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// A Spec says how a program is started.
type Spec struct {
	Name    string   `json:"name"`
	Command []string `json:"command"` // the program's path and its arguments
	Env     []string `json:"env"`     // all of it: nothing is inherited
	Log     string   `json:"log"`     // standard output and error are appended here
	Version string   `json:"version"` // anything that changes when the program or its files do
}

// equal tells whether a process started from one spec serves for the other.
func (s Spec) equal(other Spec) bool {
	return s.Name == other.Name && s.Log == other.Log && s.Version == other.Version &&
		slices.Equal(s.Command, other.Command) && slices.Equal(s.Env, other.Env)
}

// A Record is a program that was started.
type Record struct {
	Spec    Spec      `json:"spec"`
	PID     int       `json:"pid"`
	Ticks   uint64    `json:"ticks"` // the process's start in clock ticks since boot
	Boot    string    `json:"boot"`  // the kernel's boot id
	Started time.Time `json:"started"`
}

// Running tells whether that very process still lives.
func (r Record) Running() bool {
	if r.Boot != bootID() {
		return false
	}
	ticks, err := startTicks(r.PID)
	return err == nil && ticks == r.Ticks
}

// A Store keeps the records in a directory, one file each. Its methods may be
// called for different names at the same time.
type Store struct {
	dir string
}

// NewStore gives the store in dir, which is made when the first record is.
func NewStore(dir string) *Store { return &Store{dir: dir} }

// Start starts the program unless a process from an equal spec runs already; one
// from another spec is stopped first. It does not wait for the program to be of
// use. started tells whether there is a new process.
func (s *Store) Start(spec Spec) (started bool, err error) {
	if record, err := s.Record(spec.Name); err == nil && record.Running() {
		if record.Spec.equal(spec) {
			return false, nil
		}
		if err := s.Stop(spec.Name); err != nil {
			return false, err
		}
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return false, fmt.Errorf("making the directory of daemons: %w", err)
	}
	log, err := os.OpenFile(spec.Log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return false, fmt.Errorf("opening the log of %s: %w", spec.Name, err)
	}
	defer log.Close()
	command := exec.Command(spec.Command[0], spec.Command[1:]...)
	command.Env = spec.Env
	command.Dir = "/"
	command.Stdout, command.Stderr = log, log
	// A session of its own: no terminal and no signal meant for the testbed's
	// command line reaches it.
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := command.Start(); err != nil {
		return false, fmt.Errorf("starting %s: %w", spec.Name, err)
	}
	// Reap it if it ends while this process still lives.
	go func() { _ = command.Wait() }()
	record := Record{Spec: spec, PID: command.Process.Pid, Boot: bootID(), Started: time.Now()}
	if record.Ticks, err = startTicks(record.PID); err != nil {
		return false, fmt.Errorf("%s ended as soon as it was started; see %s: %w", spec.Name, spec.Log, err)
	}
	return true, s.write(record)
}

// Restart starts a program again from the spec that it was last started with,
// after stopping it if it runs.
func (s *Store) Restart(name string) error {
	record, err := s.Record(name)
	if err != nil {
		return err
	}
	if err := s.Stop(name); err != nil {
		return err
	}
	_, err = s.Start(record.Spec)
	return err
}

// grace is how long a program may take to end after SIGTERM.
const grace = 10 * time.Second

// Stop ends a program: SIGTERM, and SIGKILL when it has not ended after ten
// seconds. One that does not run or was never started is no error. The record
// stays, so that Restart works.
func (s *Store) Stop(name string) error { return s.end(name, grace) }

// Kill ends a program at once, for one whose state is thrown away with it.
func (s *Store) Kill(name string) error { return s.end(name, 0) }

func (s *Store) end(name string, grace time.Duration) error {
	record, err := s.Record(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return End(record.PID, record.Ticks, record.Boot, grace)
}

// Record is what is remembered of a program, running or not; os.ErrNotExist if
// it was never started.
func (s *Store) Record(name string) (Record, error) {
	var record Record
	data, err := os.ReadFile(s.file(name))
	if err != nil {
		return record, fmt.Errorf("reading the record of daemon %s: %w", name, err)
	}
	if err := json.Unmarshal(data, &record); err != nil {
		return record, fmt.Errorf("reading the record of daemon %s: %w", name, err)
	}
	return record, nil
}

// Records are all records, by name.
func (s *Store) Records() ([]Record, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("listing the daemons: %w", err)
	}
	var records []Record
	for _, entry := range entries {
		name, ok := strings.CutSuffix(entry.Name(), ".json")
		if !ok {
			continue
		}
		record, err := s.Record(name)
		if err != nil {
			return nil, err
		}
		records = append(records, record)
	}
	return records, nil
}

// write replaces a record in one step: a reader sees the old one or the new.
func (s *Store) write(record Record) error {
	data, err := json.MarshalIndent(record, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the record of daemon %s: %w", record.Spec.Name, err)
	}
	next := s.file(record.Spec.Name) + ".next"
	if err := os.WriteFile(next, data, 0o600); err != nil {
		return fmt.Errorf("writing the record of daemon %s: %w", record.Spec.Name, err)
	}
	if err := os.Rename(next, s.file(record.Spec.Name)); err != nil {
		return fmt.Errorf("writing the record of daemon %s: %w", record.Spec.Name, err)
	}
	return nil
}

func (s *Store) file(name string) string { return filepath.Join(s.dir, name+".json") }
