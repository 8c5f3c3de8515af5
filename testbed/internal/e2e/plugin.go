// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/pullmedic/pullmedic/testbed/internal/cluster"
)

// A plugin is the built program, run where the client stands.
type plugin struct {
	bed  *cluster.Testbed
	path string
	dir  string // for traces
	// tools is a directory of programs that the plugin is to find, "" for none.
	tools string
}

// A run is what one run of the plugin gave.
type run struct {
	out, err []byte
	trace    []byte
	code     int
	began    time.Time
	took     time.Duration
}

// longestRun is how long a run may take, with all that it waits for.
const longestRun = 5 * time.Minute

// run runs the plugin with a trace. That it ends with another code than 0 is no
// error.
func (p plugin) run(ctx context.Context, args ...string) (run, error) {
	ctx, cancel := context.WithTimeout(ctx, longestRun)
	defer cancel()
	trace := filepath.Join(p.dir, "trace.jsonl")
	if err := os.Remove(trace); err != nil && !errors.Is(err, os.ErrNotExist) {
		return run{}, fmt.Errorf("removing the last trace: %w", err)
	}
	command := p.bed.Exec(ctx, cluster.Client, p.path, append(args, "--trace", trace)...)
	command.Env = path(command.Env, p.tools)
	var out, errOut bytes.Buffer
	command.Stdout, command.Stderr = &out, &errOut
	began := time.Now()
	err := command.Run()
	done := run{began: began, took: time.Since(began)}
	done.out, done.err = out.Bytes(), errOut.Bytes()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.Exited() {
		done.code, err = exit.ExitCode(), nil
	}
	if err != nil {
		return done, fmt.Errorf("running %s: %w: %s", p.path, errors.Join(err, ctx.Err()), bytes.TrimSpace(done.err))
	}
	done.trace, err = os.ReadFile(trace)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return done, fmt.Errorf("reading a trace: %w", err)
	}
	return done, nil
}

// A report is as much of the plugin's JSON as is compared.
type report struct {
	Diagnoses []answer `json:"diagnoses"`
}

type answer struct {
	Pull struct {
		Namespace string `json:"namespace"`
		Pod       string `json:"pod"`
	} `json:"pull"`
	Causes      []named `json:"causes"`
	NotLookedAt []struct {
		Check string `json:"check"`
	} `json:"notLookedAt"`
}

// A named is a cause that an answer names.
type named struct {
	Cause   string `json:"cause"`
	Verdict string `json:"verdict"`
	State   string `json:"state"`
}

// first is the answer's cause and verdict; both are empty if it names none.
func (a answer) first() (cause, verdict string) {
	if len(a.Causes) == 0 {
		return "", ""
	}
	return a.Causes[0].Cause, a.Causes[0].Verdict
}

func (r run) report() (report, error) {
	var read report
	if err := json.Unmarshal(r.out, &read); err != nil {
		return report{}, fmt.Errorf("reading the plugin's JSON (it ended with %d and said %q): %w", r.code, bytes.TrimSpace(r.err), err)
	}
	return read, nil
}
