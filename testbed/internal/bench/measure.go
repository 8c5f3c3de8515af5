// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/pullmedic/pullmedic/testbed/internal/cluster"
)

// A meter runs what is measured where the client stands, each in a process of
// its own.
type meter struct {
	Options
	dir string
}

// exitFailing is the plugin's exit code if pulls fail.
const exitFailing = 1

// measure runs the reference and the report by turns, after one turn that does
// not count, and then the report once more to count its questions.
func (m meter) measure(ctx context.Context, c crowd) (found, error) {
	f := found{ladders: counted{wanted: c.ladders()}}
	for turn := range m.Runs + 1 {
		list, err := m.list(ctx, &f)
		if err != nil {
			return f, err
		}
		report, err := m.report(ctx, &f)
		if err != nil {
			return f, err
		}
		if turn > 0 {
			f.lists, f.reports = append(f.lists, list), append(f.reports, report)
		}
	}
	return f, m.questions(ctx, &f)
}

// list runs the reference.
func (m meter) list(ctx context.Context, f *found) (usage, error) {
	u, out, err := m.run(ctx, m.Self, "bench", "list")
	if err != nil {
		return u, err
	}
	if u.Code != 0 {
		return u, fmt.Errorf("listing the pods for comparison: it ended with %d", u.Code)
	}
	if err := json.Unmarshal(out, &f.listing); err != nil {
		return u, fmt.Errorf("reading what the bare list counted: %w", err)
	}
	if f.listing.Pods != pods {
		return u, fmt.Errorf("listing the pods for comparison: %d and not %d came", f.listing.Pods, pods)
	}
	return u, nil
}

// An answer is as much of the plugin's report as is looked at.
type answer struct {
	Pods      int `json:"pods"`
	Diagnoses []struct {
		Pull struct {
			Pod string `json:"pod"`
		} `json:"pull"`
	} `json:"diagnoses"`
	Groups []struct {
		Cause   string `json:"cause"`
		Verdict string `json:"verdict"`
		Pods    int    `json:"pods"`
	} `json:"groups"`
	Sent struct {
		Requests int `json:"requests"`
		Logins   int `json:"logins"`
	} `json:"sent"`
}

// report runs the plugin and looks whether its answer is whole.
func (m meter) report(ctx context.Context, f *found, more ...string) (usage, error) {
	u, out, err := m.run(ctx, append([]string{m.Plugin, "-A", "-o", "json"}, more...)...)
	if err != nil {
		return u, err
	}
	if u.Code != exitFailing {
		return u, fmt.Errorf("running the plugin: it ended with %d and not with %d, as it does if pulls fail", u.Code, exitFailing)
	}
	f.answer = answer{}
	if err := json.Unmarshal(out, &f.answer); err != nil {
		return u, fmt.Errorf("reading the plugin's JSON: %w", err)
	}
	f.reportSize = len(out)
	if f.answer.Pods != pods || len(f.answer.Diagnoses) != failing {
		return u, fmt.Errorf("running the plugin: it tells of %d pods and %d failing pulls, and there are %d and %d", f.answer.Pods, len(f.answer.Diagnoses), pods, failing)
	}
	return u, nil
}

// longestRun is how long one run may take.
const longestRun = 2 * time.Minute

// run runs a command where the client stands and returns what it took and
// printed.
func (m meter) run(ctx context.Context, command ...string) (usage, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, longestRun)
	defer cancel()
	out, err := os.Create(m.file("out"))
	if err != nil {
		return usage{}, nil, fmt.Errorf("making a file for what a run prints: %w", err)
	}
	defer out.Close()
	timed := append([]string{"bench", "timed", m.file("usage"), "--"}, command...)
	process := m.Testbed.Exec(ctx, cluster.Client, m.Self, timed...)
	var said bytes.Buffer
	process.Stdout, process.Stderr = out, &said
	if err := process.Run(); err != nil {
		return usage{}, nil, fmt.Errorf("running %s: %w: %s", command[0], err, bytes.TrimSpace(said.Bytes()))
	}
	var u usage
	text, err := os.ReadFile(m.file("usage"))
	if err == nil {
		err = json.Unmarshal(text, &u)
	}
	if err != nil {
		return u, nil, fmt.Errorf("reading what %s took: %w", command[0], err)
	}
	printed, err := os.ReadFile(m.file("out"))
	if err != nil {
		return u, nil, fmt.Errorf("reading what %s printed: %w", command[0], err)
	}
	return u, printed, nil
}

// median of the runs by wall clock, and the extremes.
func median(runs []usage) (middle, fastest, slowest usage) {
	runs = slices.SortedFunc(slices.Values(runs), func(a, b usage) int { return int(a.Took - b.Took) })
	return runs[len(runs)/2], runs[0], runs[len(runs)-1]
}
