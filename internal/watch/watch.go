// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package watch is a screen that stays open: the pulls that fail now, the
// kubelet's retry clocks running down, and what was pulled since.
//
// The model is pure: messages in, a screen out, on a clock that it is told. All
// that it shows comes from a Source, and from documents whose text was cleaned;
// it cleans the rest (names of clusters, errors, what is typed) itself. It must
// never ask a cluster or a registry on its own, nor write to the terminal
// beside its View.
package watch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/internal/examine"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/internal/report"
)

// Bounds of what is kept and shown.
const (
	maxText   = 300             // bytes of a text that no room cleaned
	maxFilter = 100             // bytes of a filter
	endedFor  = 3 * time.Minute // how long what is over stays on the screen
	markedFor = time.Minute     // how long the newest change is marked
	notedFor  = 5 * time.Second
	fatesAt   = 20          // pulls whose fate is asked for after one look
	slowest   = time.Minute // between two looks
	// rest is how much longer than the look itself the pause after it is at
	// least, so that a large cluster is not asked all the time.
	rest = 4
)

// A Source answers the questions of a watch. Its methods may be called side by
// side, and end by themselves within a bounded time or when ctx does.
type Source interface {
	// Look is the report on a namespace's failing pulls, "" for all namespaces.
	Look(ctx context.Context, namespace string) (v1alpha1.Report, error)
	// Fate is what became of a pull that is in no report any more.
	Fate(ctx context.Context, p v1alpha1.PullRef) (examine.Fate, error)
	// Diagnose is the report on one object, asked with its own credentials.
	Diagnose(ctx context.Context, o v1alpha1.Object) (v1alpha1.Report, error)
}

// A Fix mends an object's pulls, talking with a person on a plain terminal.
type Fix func(ctx context.Context, o v1alpha1.Object, in io.Reader, out, errOut io.Writer) error

// Options of a watch.
type Options struct {
	Source Source
	// Fix is what the key f does; nil: there is no such key.
	Fix Fix
	// Cluster is how the header names the cluster.
	Cluster string
	// Namespace to look at, or to come back to from all of them.
	Namespace string
	// All: begin with all namespaces.
	All bool
	// Every is the pause between two looks, 5 s if 0.
	Every time.Duration
	// Style of the diagnoses; its colour, time zone and command are the
	// screen's, too.
	Style report.Style
	// Now is the clock, time.Now if nil.
	Now func() time.Time
}

var errTerminal = errors.New("the terminal could not be used")

// Run shows the watch on a terminal until the person quits or ctx ends; then it
// returns nil or the context's error. The terminal is left as it was.
func Run(ctx context.Context, o Options, in io.Reader, out io.Writer) (err error) {
	profile := colorprofile.ASCII
	if o.Style.Color {
		profile = colorprofile.ANSI
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p := tea.NewProgram(New(ctx, o),
		tea.WithContext(ctx), tea.WithInput(in), tea.WithOutput(out), tea.WithColorProfile(profile),
		tea.WithoutSignalHandler(), // the context ends with a signal
		tea.WithoutCatchPanics())   // bubbletea prints their values, which may hold anything
	done := false
	defer func() {
		if !done { // a panic goes on to the caller, who says where it was
			_ = p.ReleaseTerminal()
		}
	}()
	_, err = p.Run()
	done = true
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return fmt.Errorf("%w: %w", errTerminal, err)
}

func clean(s string) string { return foreign.Text(s, maxText) }
