// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package files

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// A Draft is a file that is being written beside the place that it is for.
type Draft struct {
	file *os.File
	path string
	done bool
}

// NewDraft begins a file for path, so that what keeps it from being written there
// shows now: a directory that is missing or may not be written to, or something
// else than a file in its place. Only its owner may read it. End it with Place,
// Replace or Discard.
func NewDraft(path string) (*Draft, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, refuse(path, "it is "+kind(info.Mode())+", and no regular file")
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".pullmedic-*")
	var wrong *fs.PathError
	if errors.As(err, &wrong) { // of the draft's own name nobody knows
		return nil, &fs.PathError{Op: "open", Path: path, Err: wrong.Err}
	}
	if err != nil {
		return nil, err
	}
	return &Draft{file: file, path: path}, nil
}

// Write adds to it.
func (d *Draft) Write(p []byte) (int, error) { return d.file.Write(p) }

// Name of the file that it is written to until it is in its place.
func (d *Draft) Name() string { return d.file.Name() }

// Discard removes what was not brought to its place.
func (d *Draft) Discard() {
	if d == nil || d.done {
		return
	}
	d.done = true
	_ = d.file.Close()
	_ = os.Remove(d.file.Name())
}

// ErrExists is returned by Place where something is by now.
var ErrExists = errors.New("somebody else made a file of that name meanwhile, which is not replaced")

// Place brings it to its place, if nothing is there, for all to read. On ErrExists
// what was written stays under its Name; after any other error nothing is left.
func (d *Draft) Place() error {
	err := d.file.Chmod(0o644)
	if closed := d.file.Close(); closed != nil { // what was written may not be whole
		d.Discard()
		return closed
	}
	if err == nil {
		err = os.Link(d.file.Name(), d.path)
	}
	if err != nil && !errors.Is(err, fs.ErrExist) { // of a file system without modes or links
		err = d.copy()
	}
	if errors.Is(err, fs.ErrExist) {
		d.done = true
		return ErrExists
	}
	d.Discard()
	return err
}

// copy writes it anew at its place, whole or not at all.
func (d *Draft) copy() error {
	from, err := os.Open(d.file.Name())
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenFile(d.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	if err = errors.Join(err, to.Close()); err != nil {
		_ = os.Remove(d.path)
	}
	return err
}

// Replace brings it to its place, instead of a file that may be there.
func (d *Draft) Replace() error {
	defer d.Discard()
	if err := d.file.Close(); err != nil {
		return err
	}
	if err := os.Rename(d.file.Name(), d.path); err != nil {
		return fmt.Errorf("%s: %w", d.path, errors.Unwrap(err))
	}
	d.done = true
	return nil
}

// Sink opens what a record is written to while it comes: a new file, one that is
// emptied, or a pipe or terminal that somebody reads.
func Sink(path string) (*os.File, error) {
	if info, err := os.Stat(path); err == nil && info.Mode().Type() == fs.ModeNamedPipe {
		return openPipe(path, os.O_WRONLY)
	}
	return os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
}
