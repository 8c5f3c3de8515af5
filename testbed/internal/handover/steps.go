// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package handover carries out, to the letter, what the plugin hands over: it
// breaks something, has the built plugin print its remedy as JSON, writes the
// files and runs the commands where the steps say, in the order in which they
// stand there, and sees whether the kubelet then pulls the image. It adds
// nothing to a step and leaves nothing out, but that a person types a password, and
// carries a file to the node where the words of a step say so.
//
// A node of the testbed has no systemd: a stand-in for systemctl starts the
// node's programs anew, after reading their drop-ins; one for journalctl prints
// their logs. crictl, ctr, skopeo and kubectl are the real ones.
package handover

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/pullmedic/pullmedic/testbed/internal/cluster"
	"github.com/pullmedic/pullmedic/testbed/internal/layout"
	"github.com/pullmedic/pullmedic/testbed/internal/up"
)

// A plan is as much of the plugin's JSON as is carried out.
type plan struct {
	Targets []struct {
		Remedies []remedy `json:"remedies"`
		Others   []remedy `json:"others"`
	} `json:"targets"`
}

type remedy struct {
	ID    string `json:"id"`
	Kind  string `json:"kind"`
	Needs string `json:"needs"`
	Steps []step `json:"steps"`
	Undo  []step `json:"undo"`
}

type step struct {
	What     string   `json:"what"`
	Where    string   `json:"where"`
	Commands []string `json:"commands"`
	File     *file    `json:"file"`
}

type file struct {
	Path    string `json:"path"`
	Content string `json:"content"`
	Mode    string `json:"mode"` // in octal digits
}

// find is the remedy of that id, which must be ready to be carried out.
func (p plan) find(id string) (remedy, error) {
	var ids []string
	for _, t := range p.Targets {
		for _, r := range append(t.Remedies, t.Others...) {
			if r.ID == id && r.Needs != "" {
				return r, fmt.Errorf("the remedy %s needs %s first", id, r.Needs)
			}
			if r.ID == id && len(r.Steps) > 0 {
				return r, nil
			}
			ids = append(ids, r.ID)
		}
	}
	return remedy{}, fmt.Errorf("the plugin hands over no %s, only %s", id, strings.Join(ids, ", "))
}

// A hand carries out steps for one node.
type hand struct {
	bed   *cluster.Testbed
	node  layout.Node
	scene Scene
	self  string // this program
	work  string // the directory in which a person sits where kubectl is
	said  bytes.Buffer
}

// longestCommand is how long a command may take.
const longestCommand = 5 * time.Minute

// carry carries out steps in their order and stops at the first that fails.
func (h *hand) carry(ctx context.Context, steps []step) error {
	for _, s := range steps {
		if s.File == nil && len(s.Commands) == 0 {
			continue // words for a person who knows where that is
		}
		place, err := h.place(s.Where)
		if err == nil {
			err = h.bring(s, place)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", s.What, err)
		}
		if s.File != nil {
			if err := h.write(ctx, place, *s.File); err != nil {
				return fmt.Errorf("%s: %w", s.What, err)
			}
		}
		for _, command := range s.Commands {
			var err error
			if lines := h.scene.types(command, h.bed); lines != nil {
				err = h.typed(ctx, place, command, lines)
			} else {
				err = h.run(ctx, place, command)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", s.What, err)
			}
		}
	}
	return nil
}

// place is where a step is done.
func (h *hand) place(where string) (string, error) {
	switch where {
	case "as root on node " + h.node.Name:
		return h.node.Name, nil
	case "where kubectl is", "where the image is built":
		return cluster.Client, nil
	}
	return "", fmt.Errorf("the testbed has no place %q", where)
}

// write writes a file as an editor does: into a folder that is there.
func (h *hand) write(ctx context.Context, place string, f file) error {
	mode := f.Mode
	if mode == "" {
		mode = "0644"
	}
	if _, err := strconv.ParseUint(mode, 8, 32); err != nil {
		return fmt.Errorf("the file %s has the mode %q", f.Path, mode)
	}
	command := h.command(ctx, place, "sh", "-ec", `cat > "$1"; chmod "$2" "$1"`, "sh", f.Path, mode)
	command.Stdin = strings.NewReader(f.Content)
	if said, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("writing %s: %w: %s", f.Path, err, bytes.TrimSpace(said))
	}
	return nil
}

// run pastes a command into a shell. What only looks may fail: grep that finds
// nothing, a program that a node of the testbed lacks.
func (h *hand) run(ctx context.Context, place, line string) error {
	ctx, cancel := context.WithTimeout(ctx, longestCommand)
	defer cancel()
	said, err := h.command(ctx, place, "sh", "-c", line).CombinedOutput()
	fmt.Fprintf(&h.said, "%s$ %s\n%s", place, line, said)
	if _, ended := errors.AsType[*exec.ExitError](err); ended {
		fmt.Fprintf(&h.said, "(%v)\n", err)
		return errors.Join(fmt.Errorf("running %s in %s: %w: %s", line, place, err, bytes.TrimSpace(said)), ctx.Err())
	}
	return err
}

// command is a program in a place, run where a person sits there, with what that
// person has in PATH. Entering a place leaves the directory that one was in.
func (h *hand) command(ctx context.Context, place, name string, args ...string) *exec.Cmd {
	at := h.work
	if place == h.node.Name {
		at = h.onNode()
	}
	command := h.bed.Exec(ctx, place, "sh", append([]string{"-c", `cd "$1" && shift && exec "$@"`, "sh", at, name}, args...)...)
	if place == h.node.Name {
		command.Env = []string{"HOME=/root", "PATH=" + h.standIns() + ":" + up.Path(h.bed, h.node)}
	}
	return command
}

// standIns is the directory of what stands in for programs that a node of the
// testbed has not.
func (h *hand) standIns() string { return filepath.Join(h.bed.Run(), h.node.Name, "standins") }

// makeStandIns writes them. They leave the node's namespaces for this process's,
// from where the node's programs are started and stopped.
func (h *hand) makeStandIns() error {
	if err := os.MkdirAll(h.standIns(), 0o755); err != nil {
		return fmt.Errorf("making the stand-ins of %s: %w", h.node.Name, err)
	}
	for _, name := range []string{"systemctl", "journalctl"} {
		script := fmt.Sprintf("#!/bin/sh\nexec nsenter --mount=/proc/%[1]d/ns/mnt --net=/proc/%[1]d/ns/net -- %[2]s --dir %[3]s standin %[4]s %[5]s -- \"$@\"\n",
			os.Getpid(), quote(h.self), quote(h.bed.Dir()), h.node.Name, name)
		if err := os.WriteFile(filepath.Join(h.standIns(), name), []byte(script), 0o755); err != nil {
			return fmt.Errorf("writing the stand-in %s of %s: %w", name, h.node.Name, err)
		}
	}
	return nil
}

// quote quotes a word for the shell.
func quote(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }
