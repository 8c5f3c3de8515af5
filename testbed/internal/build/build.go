// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package build makes the programs that the testbed runs, from Go modules whose
// versions and sums are pinned in this tree, and installs the Debian packages
// that they need. What is up to date is left alone.
package build

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pullmedic/pullmedic/testbed/internal/cluster"
)

// Module is the path of the module that this package is part of.
const Module = "github.com/pullmedic/pullmedic/testbed"

// Build installs and builds all that is missing or out of date, telling on out
// what took how long. source is the directory of the testbed's go.mod, see
// FindSource.
func Build(ctx context.Context, testbed *cluster.Testbed, source string, out io.Writer) error {
	begin := time.Now()
	if err := timed(out, "Debian packages", func() (string, error) {
		return installDebian(ctx, debianPackages, out)
	}); err != nil {
		return err
	}
	toolchain, err := goVersion(ctx, source)
	if err != nil {
		return err
	}
	for _, part := range Parts {
		if err := timed(out, part.Name, func() (string, error) {
			return part.build(ctx, source, toolchain, testbed.Dir(), out)
		}); err != nil {
			return fmt.Errorf("building %s: %w", part.Name, err)
		}
	}
	if err := timed(out, "definitions", func() (string, error) {
		return crds(ctx, testbed, source, out)
	}); err != nil {
		return err
	}
	if err := timed(out, "pause image", func() (string, error) {
		return pauseImage(testbed)
	}); err != nil {
		return err
	}
	fmt.Fprintf(out, "built into %s in %s\n", filepath.Join(testbed.Dir(), "bin"), round(time.Since(begin)))
	return nil
}

// timed runs one step and prints its name, what it says of itself, and its time.
func timed(out io.Writer, name string, step func() (string, error)) error {
	begin := time.Now()
	note, err := step()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%-16s %-28s %9s\n", name, note, round(time.Since(begin)))
	return nil
}

func round(d time.Duration) time.Duration { return d.Round(10 * time.Millisecond) }

// FindSource is the directory of the testbed's go.mod: start, or the nearest
// directory above it that is the testbed's or holds it under testbed/.
func FindSource(start string) (string, error) {
	dir, err := filepath.Abs(start)
	if err != nil {
		return "", fmt.Errorf("finding the testbed's sources from %s: %w", start, err)
	}
	for at := dir; ; at = filepath.Dir(at) {
		for _, candidate := range []string{at, filepath.Join(at, "testbed")} {
			data, err := os.ReadFile(filepath.Join(candidate, "go.mod"))
			if err == nil && strings.HasPrefix(string(data), "module "+Module+"\n") {
				return candidate, nil
			}
		}
		if at == filepath.Dir(at) {
			return "", fmt.Errorf("finding the testbed's sources: neither %s nor a directory above it holds the module %s; "+
				"run this from inside the project, or give --source", dir, Module)
		}
	}
}
