// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// A usage is what one process took.
type usage struct {
	// Took from before its start until it had ended; CPU of all its threads.
	Took time.Duration `json:"took"`
	CPU  time.Duration `json:"cpu"`
	// Peak of its resident memory in bytes.
	Peak int64 `json:"peak"`
	Code int   `json:"code"`
}

// Timed runs a command with these streams and writes what it took to a file. It
// has to be called in a small process of its own: a process begins with the
// memory of the one that started it, and the kernel counts that to its peak.
func Timed(ctx context.Context, file string, stdout, stderr io.Writer, command []string) error {
	child := exec.CommandContext(ctx, command[0], command[1:]...)
	child.Stdout, child.Stderr = stdout, stderr
	began := time.Now()
	err := child.Run()
	u := usage{Took: time.Since(began)}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.Exited() {
		u.Code, err = exit.ExitCode(), nil
	}
	if err != nil {
		return fmt.Errorf("running %s: %w", command[0], err)
	}
	rusage, ok := child.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return errors.New("measuring a process: this system does not tell what it took")
	}
	u.Peak = rusage.Maxrss << 10
	u.CPU = child.ProcessState.UserTime() + child.ProcessState.SystemTime()
	text, err := json.Marshal(u)
	if err != nil {
		return fmt.Errorf("writing what %s took: %w", command[0], err)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return fmt.Errorf("writing what %s took: %w", command[0], err)
	}
	return nil
}
