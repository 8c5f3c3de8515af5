// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/internal/report"
)

// postMortem writes the report, if one is wanted and there is something to tell.
func (x *fixing) postMortem() error {
	if x.report == "" {
		return nil
	}
	if len(x.f.Targets) == 0 {
		fmt.Fprintln(x.ErrOut, "no report was written: nothing fails")
		return nil
	}
	if err := create(x.report, report.PostMortem(x.f, x.style)); err != nil {
		return usage("%w", err)
	}
	fmt.Fprintf(x.ErrOut, "wrote the post-mortem to %s\n", foreign.Text(x.report, 300))
	return nil
}

// create makes a file that is not there yet: whole, or not at all. It is
// written beside its place and then linked to it, which fails if something is
// there by then.
func create(path string, text []byte) error {
	temporary, err := os.CreateTemp(filepath.Dir(path), ".pullmedic-*")
	if err != nil {
		return fmt.Errorf("writing the report: %w", plainPath(err))
	}
	defer os.Remove(temporary.Name())
	_, err = temporary.Write(text)
	if err == nil {
		err = temporary.Chmod(0o644)
	}
	if closed := temporary.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("writing the report: %w", plainPath(err))
	}
	switch err := os.Link(temporary.Name(), path); {
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%s was made by somebody else meanwhile, and is not replaced", foreign.Text(path, 300))
	case err != nil:
		return fmt.Errorf("writing the report: %w", errors.Unwrap(err))
	}
	return nil
}
