// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// A Timing says where a run's time went.
type Timing struct {
	// Total from before the program was started until it had ended.
	Total time.Duration
	// Start until the program's own clock began.
	Start time.Duration
	// Waited while at least one request was outstanding.
	Waited time.Duration
	// Ours is the rest of the program's own time.
	Ours time.Duration
}

type span struct {
	Kind  string    `json:"kind"`
	Name  string    `json:"name"`
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

// timing reads the trace of a run.
func (r run) timing() (Timing, error) {
	var process *span
	var requests []span
	lines := bufio.NewScanner(bytes.NewReader(r.trace))
	for lines.Scan() {
		var one span
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			return Timing{}, fmt.Errorf("reading a trace: %w", err)
		}
		switch one.Kind {
		case "process":
			process = &one
		case "request":
			requests = append(requests, one)
		}
	}
	if err := lines.Err(); err != nil {
		return Timing{}, fmt.Errorf("reading a trace: %w", err)
	}
	if process == nil {
		return Timing{}, errors.New("reading a trace: it has no line of the process itself")
	}
	waited := union(requests)
	return Timing{
		Total:  r.took,
		Start:  process.Start.Sub(r.began),
		Waited: waited,
		Ours:   process.End.Sub(process.Start) - waited,
	}, nil
}

// union is the time that is covered by at least one of the spans.
func union(spans []span) time.Duration {
	slices.SortFunc(spans, func(a, b span) int { return a.Start.Compare(b.Start) })
	var covered time.Duration
	var until time.Time
	for _, one := range spans {
		if one.Start.Before(until) {
			one.Start = until
		}
		if one.End.After(one.Start) {
			covered += one.End.Sub(one.Start)
			until = one.End
		}
	}
	return covered
}
