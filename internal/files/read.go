// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package files opens what a person names on the command line, and writes what
// they want written. It exists so that no flag can make the program hang or grow:
// a device or a pipe that nobody writes to may never end, or do something when it
// is read, and a file may be larger than memory.
//
// What is written is there whole or not at all, and never in the place of
// something that is no file. Errors of opening are *fs.PathError.
package files

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// opening bounds the wait for the other end of a pipe.
const opening = 10 * time.Second

// Open opens a regular file to be read.
func Open(path string) (*os.File, error) {
	info, err := stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, refuse(path, "it is "+kind(info.Mode())+", and no regular file")
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if opened, err := file.Stat(); err != nil || !os.SameFile(info, opened) {
		_ = file.Close()
		return nil, refuse(path, "it was exchanged for another file while it was opened")
	}
	return file, nil
}

// Read reads a regular file of at most limit bytes.
func Read(path string, limit int64) ([]byte, error) {
	file, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return all(file, path, limit)
}

// Stream opens a regular file or a pipe to be read, as <(command) makes one of a
// shell. With idle, a pipe from which nothing comes for so long is an error.
func Stream(path string, idle time.Duration) (io.ReadCloser, error) {
	info, err := stat(path)
	switch {
	case err != nil:
		return nil, err
	case info.Mode().IsRegular():
		return Open(path)
	case info.Mode().Type() != fs.ModeNamedPipe:
		return nil, refuse(path, "it is "+kind(info.Mode())+", and neither a file nor a pipe")
	}
	file, err := openPipe(path, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	return &pipe{File: file, idle: idle}, nil
}

// ReadStream reads what Stream opens, of at most limit bytes.
func ReadStream(path string, idle time.Duration, limit int64) ([]byte, error) {
	in, err := Stream(path, idle)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	return all(in, path, limit)
}

func all(in io.Reader, path string, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(in, limit+1))
	switch {
	case err != nil:
		return nil, err
	case int64(len(data)) > limit && limit >= 1<<20:
		return nil, refuse(path, fmt.Sprintf("it is larger than %d MiB", limit>>20))
	case int64(len(data)) > limit:
		return nil, refuse(path, fmt.Sprintf("it is larger than %d KiB", limit>>10))
	}
	return data, nil
}

// A pipe is one whose writer may be slow, but not for ever.
type pipe struct {
	*os.File
	idle time.Duration
}

func (p *pipe) Read(into []byte) (int, error) {
	if p.idle > 0 {
		_ = p.SetReadDeadline(time.Now().Add(p.idle)) // where there is none, the pipe is waited for
	}
	n, err := p.File.Read(into)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = refuse(p.Name(), fmt.Sprintf("nothing came through it for %s", p.idle))
	}
	return n, err
}

// openPipe opens a pipe, which waits for somebody at its other end: not for ever.
func openPipe(path string, flag int) (*os.File, error) {
	type opened struct {
		file *os.File
		err  error
	}
	done := make(chan opened, 1)
	go func() {
		file, err := os.OpenFile(path, flag, 0)
		done <- opened{file, err}
	}()
	select {
	case o := <-done:
		return o.file, o.err
	case <-time.After(opening):
		return nil, refuse(path, fmt.Sprintf("nobody opened the other end of this pipe within %s", opening))
	}
}

// stat is os.Stat with the error of opening.
func stat(path string) (fs.FileInfo, error) {
	info, err := os.Stat(path)
	var wrong *fs.PathError
	if errors.As(err, &wrong) {
		return nil, &fs.PathError{Op: "open", Path: path, Err: wrong.Err}
	}
	return info, err
}

func refuse(path, why string) error {
	return &fs.PathError{Op: "open", Path: path, Err: errors.New(why)}
}

// kind words what is no regular file.
func kind(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "a directory"
	case m&fs.ModeNamedPipe != 0:
		return "a pipe"
	case m&fs.ModeSocket != 0:
		return "a socket"
	case m&fs.ModeDevice != 0:
		return "a device"
	}
	return "something else"
}
