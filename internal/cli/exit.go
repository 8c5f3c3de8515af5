// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/internal/edit"
	"github.com/pullmedic/pullmedic/internal/examine"
)

// The exit codes. docs/cli.md lists them; a test compares.
const (
	ExitOK          = 0   // nothing is failing; verify: all is proven; fix: all is mended, or planned with --dry-run, or nothing failed; undo: nothing of the fix is left; read, explain, registries, demo, collect, completion, version: done; watch: left by a key
	ExitFailing     = 1   // failing pulls were found; verify: a pull is disproved; fix: something is not mended; undo: refused, not agreed to, or broken off
	ExitUsage       = 2   // wrong usage: a flag, an argument, an input, a kubeconfig, an object that is not there
	ExitNotSeen     = 3   // nothing was found, but something could not be looked at: no answer, no right, a pod that could not be made; verify: nothing is disproved, but something is not proven; fix: pods of what was named are still being made, or cannot be made, or no pod runs now that would show what was changed
	ExitFault       = 70  // a fault of the program itself, or of its output
	ExitInterrupted = 130 // interrupted
)

// coded is an error with the exit code that it ends in. Without err there is
// nothing to say: the answer was printed.
type coded struct {
	code int
	err  error
}

func (c coded) Error() string {
	if c.err == nil {
		return fmt.Sprintf("exit code %d", c.code)
	}
	return c.err.Error()
}

func (c coded) Unwrap() error { return c.err }

func usage(format string, args ...any) error { return coded{ExitUsage, fmt.Errorf(format, args...)} }

func fault(err error) error { return coded{ExitFault, err} }

// plainPath words a file's error without the system call.
func plainPath(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return errors.New(path.Path + ": " + path.Err.Error())
	}
	return err
}

// exitCode of what a command returned.
func exitCode(ctx context.Context, err error) int {
	var c coded
	var kind examine.UnknownKindError
	switch {
	case err == nil:
		return ExitOK
	case errors.Is(context.Cause(ctx), context.Canceled):
		return ExitInterrupted
	case errors.As(err, &c):
		return c.code
	case errors.As(err, &kind), cluster.ReasonOf(err) == cluster.NotFound, edit.ReasonOf(err) == edit.NotFound:
		return ExitUsage
	case cluster.ReasonOf(err) != "", edit.ReasonOf(err) != "":
		return ExitNotSeen
	}
	return ExitUsage // what cobra says about arguments and flags
}
