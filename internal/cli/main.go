// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package cli is the command line: kubectl pullmedic and its verbs.
//
// A verb parses, calls one room and prints what came back. Answers go to
// stdout, everything else to stderr; an error is one line that says what was
// tried and what to do, and the exit codes are promised (see exit.go). It must
// never print what a room did not hand over as printable, and never end the
// process itself.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/klog/v2"

	"github.com/pullmedic/pullmedic/internal/foreign"
)

// Bounds of the one line of an error, and of each word in it that was typed, in
// bytes.
const (
	maxError = 1000
	maxNamed = 100
)

// world is what a command sees of the outside, so that tests can run commands
// in their own.
type world struct {
	genericiooptions.IOStreams
	// program is how the user calls it: kubectl pullmedic.
	program string
	started time.Time
	zone    *time.Location
	getenv  func(string) string
	connect connector
}

// Main runs the command line and returns the exit code. args[0] is the
// program's name; started is when the process began, for the trace.
func Main(ctx context.Context, args []string, streams genericiooptions.IOStreams, started time.Time) int {
	// Libraries log to stderr what they may; what matters comes as an error.
	klog.SetLogger(logr.Discard())
	w := &world{
		IOStreams: streams, program: programName(args), started: started, zone: time.Local,
		getenv: os.Getenv, connect: connect,
	}
	return run(ctx, w, args[min(1, len(args)):])
}

func run(ctx context.Context, w *world, args []string) (code int) {
	defer func() {
		if recover() != nil {
			code = ExitFault
			sayError(w.ErrOut, errors.New(faultAt()))
		}
	}()
	root := newRoot(w)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	code = exitCode(ctx, err)
	var c coded
	switch {
	case err == nil:
	case code == ExitInterrupted:
		sayError(w.ErrOut, errors.New("interrupted"))
	case errors.As(err, &c) && c.err == nil:
	default:
		sayError(w.ErrOut, err)
	}
	return code
}

// New returns the root command on these streams.
func New(streams genericiooptions.IOStreams) *cobra.Command {
	return newRoot(&world{
		IOStreams: streams, program: "kubectl pullmedic", started: time.Now(), zone: time.Local,
		getenv: os.Getenv, connect: connect,
	})
}

func sayError(w io.Writer, err error) {
	fmt.Fprintln(w, "error: "+foreign.Text(err.Error(), maxError))
}

// programName is how the user called it: as a plugin, kubectl was typed.
func programName(args []string) string {
	name := "kubectl-pullmedic"
	if len(args) > 0 && args[0] != "" {
		name = strings.TrimSuffix(filepath.Base(args[0]), ".exe")
	}
	if rest, ok := strings.CutPrefix(name, "kubectl-"); ok {
		return "kubectl " + rest
	}
	return foreign.Text(name, 60)
}

// faultAt says where a panic was, and nothing of its value: that may hold
// anything.
func faultAt() string {
	var pcs [32]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	for {
		frame, more := frames.Next()
		if !strings.HasPrefix(frame.Function, "runtime.") {
			return fmt.Sprintf("a fault of the program at %s:%d; please report this line and the version", filepath.Base(frame.File), frame.Line)
		}
		if !more {
			return "a fault of the program; please report the version and the arguments"
		}
	}
}
