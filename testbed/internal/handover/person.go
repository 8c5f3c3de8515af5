// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package handover

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/pullmedic/pullmedic/testbed/internal/cluster"
)

// A Typing is what a person types when a command asks, by the command's first
// words.
type Typing struct {
	Command string
	Lines   []string
}

// copied are words of a step that have a person carry a file to the node.
var copied = regexp.MustCompile(`^Copy ([a-z.]+) to the node `)

// bring does what such words say, before the step's commands are run.
func (h *hand) bring(s step, place string) error {
	named := copied.FindStringSubmatch(s.What)
	if named == nil || place != h.node.Name {
		return nil
	}
	data, err := os.ReadFile(filepath.Join(h.work, named[1]))
	if err == nil {
		err = os.WriteFile(filepath.Join(h.onNode(), named[1]), data, 0o600)
	}
	if err != nil {
		return fmt.Errorf("carrying %s to %s: %w", named[1], place, err)
	}
	return nil
}

// onNode is where a person sits on the node.
func (h *hand) onNode() string { return filepath.Join(h.work, h.node.Name) }

// typed runs a command on a terminal and types lines into it, as what asks for a
// password takes it from nowhere else. What the terminal shows is not kept: it
// echoes what is typed ahead.
func (h *hand) typed(ctx context.Context, place, line string, lines []string) error {
	ctx, cancel := context.WithTimeout(ctx, longestCommand)
	defer cancel()
	command := h.command(ctx, place, "script", "--quiet", "--return", "--flush", "--command", line, os.DevNull)
	command.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	var shown bytes.Buffer
	command.Stdout, command.Stderr = &shown, &shown
	err := command.Run()
	fmt.Fprintf(&h.said, "%s$ %s (typed into; its %d bytes are not kept)\n", place, line, shown.Len())
	if _, ended := errors.AsType[*exec.ExitError](err); ended {
		return errors.Join(fmt.Errorf("running %s in %s, and typing into it: %w", line, place, err), ctx.Err())
	}
	return err
}

// types gives what is typed into a command, nil for nothing.
func (s Scene) types(command string, t *cluster.Testbed) []string {
	if s.Types == nil {
		return nil
	}
	if typing := s.Types(t); strings.HasPrefix(command, typing.Command) {
		return typing.Lines
	}
	return nil
}
