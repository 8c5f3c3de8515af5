// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package trace records what a run waited for, so that its own time can be
// told from the time of the API server and the registries.
//
// A Recorder travels in a context; where there is none, everything here does
// nothing. A span holds a kind, a name and two times: never a header, a body,
// a query or user information.
package trace

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/pullmedic/pullmedic/internal/foreign"
)

// The kinds of spans.
const (
	// KindProcess is the whole run, written once.
	KindProcess = "process"
	// KindRequest is a request outstanding to an API server or a registry:
	// from its start until its response's body was read or closed.
	KindRequest = "request"
	// KindCheck is one check, and KindStep any other part of the work.
	KindCheck = "check"
	KindStep  = "step"
)

// maxSpans bounds a recorder's memory (about 100 bytes a span).
const maxSpans = 100_000

// maxName is the longest name of a span, in bytes.
const maxName = 300

// A Recorder collects spans. It is safe for concurrent use, and a nil
// Recorder records nothing.
type Recorder struct {
	started time.Time

	mu      sync.Mutex
	spans   []span
	dropped int
}

// span is one line of the trace.
type span struct {
	Kind  string    `json:"kind"`
	Name  string    `json:"name"`
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

// NewRecorder returns a recorder for a run that started at the given time.
func NewRecorder(started time.Time) *Recorder {
	return &Recorder{started: started}
}

// With returns a context that carries the recorder.
func With(ctx context.Context, r *Recorder) context.Context {
	return context.WithValue(ctx, contextKey{}, r)
}

// From returns the context's recorder, nil without one.
func From(ctx context.Context) *Recorder {
	r, _ := ctx.Value(contextKey{}).(*Recorder)
	return r
}

type contextKey struct{}

// Span starts a span in the context's recorder. The returned function ends it;
// further calls of it do nothing.
func Span(ctx context.Context, kind, name string) (end func()) {
	return From(ctx).begin(kind, name)
}

func (r *Recorder) begin(kind, name string) (end func()) {
	if r == nil {
		return func() {}
	}
	start := time.Now()
	return sync.OnceFunc(func() {
		r.add(span{Kind: kind, Name: foreign.Text(name, maxName), Start: start, End: time.Now()})
	})
}

func (r *Recorder) add(s span) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.spans) >= maxSpans {
		r.dropped++
		return
	}
	r.spans = append(r.spans, s)
}

// WriteTo writes the spans as JSON lines in the order in which they ended,
// after one line of kind "process" and name "run" that lasts until now. Spans
// that have not ended are left out.
func (r *Recorder) WriteTo(w io.Writer) (int64, error) {
	if r == nil {
		return 0, nil
	}
	run := span{Kind: KindProcess, Name: "run", Start: r.started, End: time.Now()}
	r.mu.Lock()
	spans := append([]span{run}, r.spans...)
	if r.dropped > 0 {
		spans = append(spans, span{Kind: KindStep, Name: fmt.Sprintf("%d spans left out", r.dropped), Start: run.End, End: run.End})
	}
	r.mu.Unlock()

	counted := &counter{next: w}
	buffered := bufio.NewWriter(counted)
	lines := json.NewEncoder(buffered)
	for _, s := range spans {
		if err := lines.Encode(s); err != nil {
			return counted.n, fmt.Errorf("writing the trace: %w", err)
		}
	}
	if err := buffered.Flush(); err != nil {
		return counted.n, fmt.Errorf("writing the trace: %w", err)
	}
	return counted.n, nil
}

// counter counts what arrives at next.
type counter struct {
	next io.Writer
	n    int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.next.Write(p)
	c.n += int64(n)
	return n, err
}
