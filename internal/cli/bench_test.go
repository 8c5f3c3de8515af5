// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// BenchmarkOneDiagnosis looks at one pod over real HTTP and reports the
// program's own time: all of it less the time in which a request was
// outstanding.
func BenchmarkOneDiagnosis(b *testing.B) {
	host, ca := gossip(b)
	args := []string{"pod/api", "--kubeconfig", kubeconfigFor(b, refused(b, host)), "--registry-ca", ca, "--allow-loopback"}
	file := filepath.Join(b.TempDir(), "trace")
	var ours time.Duration
	for b.Loop() {
		if got := (bench{}).run(b, append(args, "--trace", file)...); got.code != ExitFailing {
			b.Fatal(got.err)
		}
		ours += own(b, file)
	}
	b.ReportMetric(float64(ours.Microseconds())/float64(b.N)/1000, "own-ms/op")
}

// own is the time of the process in a trace that no request covers.
func own(b *testing.B, file string) time.Duration {
	b.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		b.Fatal(err)
	}
	type span struct {
		Kind       string
		Start, End time.Time
	}
	var all time.Duration
	var requests []span
	for line := range strings.Lines(string(data)) {
		var s span
		if err := json.Unmarshal([]byte(line), &s); err != nil {
			b.Fatal(err)
		}
		switch s.Kind {
		case "process":
			all = s.End.Sub(s.Start)
		case "request":
			requests = append(requests, s)
		}
	}
	slices.SortFunc(requests, func(a, b span) int { return a.Start.Compare(b.Start) })
	var until time.Time
	for _, r := range requests {
		if r.Start.Before(until) {
			r.Start = until
		}
		if r.End.After(r.Start) {
			all -= r.End.Sub(r.Start)
			until = r.End
		}
	}
	return all
}
