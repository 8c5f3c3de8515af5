// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// The targets.
const (
	slowest = 2.0       // times the bare list
	largest = 150 << 20 // bytes
)

// found is all that was measured.
type found struct {
	listing        listing
	answer         answer
	reportSize     int
	lists, reports []usage
	ladders        counted
}

// print tells the figures, each beside its reference, and in the last line
// whether they reach the targets.
func (f found) print(out io.Writer) {
	list, report := table(out, f)
	peak := int64(0)
	for _, u := range f.reports {
		peak = max(peak, u.Peak)
	}
	ratio := float64(report.Took) / float64(list.Took)
	l := f.ladders
	fmt.Fprintf(out, "Answer: %d pods looked at, %d failing pulls in %d groups (%s), %.1f MB of JSON\n", f.answer.Pods, len(f.answer.Diagnoses), len(f.answer.Groups), f.causes(), float64(f.reportSize)/1e6)
	fmt.Fprintf(out, "Asked with credentials: %d ladders for %d (image, credential, platform), %d requests, %d logins, %d requests to /v2/ more than once\n",
		l.climbed, l.wanted, l.requests, f.answer.Sent.Logins, l.repeated)

	var over []string
	if ratio > slowest {
		over = append(over, "time")
	}
	if peak >= largest {
		over = append(over, "memory")
	}
	if l.climbed > l.wanted {
		over = append(over, "ladders")
	}
	judged := "on target"
	if len(over) > 0 {
		judged = "OVER THE TARGET in " + strings.Join(over, ", ")
	}
	fmt.Fprintf(out, "bench: report %s = %.2f x a bare list of %s (target %.0f x); peak memory %s (target under %s); %d ladders for %d; %s\n",
		seconds(report.Took), ratio, seconds(list.Took), slowest, megabytes(peak), megabytes(largest), l.climbed, l.wanted, judged)
}

// table prints the runs and returns the median ones.
func table(out io.Writer, f found) (list, report usage) {
	fmt.Fprintf(out, "Pods of %d bytes in protobuf; %d runs of each by turns, each a process of its own, with pages of %d\n", f.listing.Bytes, len(f.lists), pageLimit)
	const columns = "%-24s %8s %8s %8s %8s %8s\n"
	fmt.Fprintf(out, columns, "", "MEDIAN", "FASTEST", "SLOWEST", "CPU", "PEAK")
	row := func(name string, runs []usage) usage {
		middle, first, last := median(runs)
		fmt.Fprintf(out, columns, name, seconds(middle.Took), seconds(first.Took), seconds(last.Took), seconds(middle.CPU), megabytes(middle.Peak))
		return middle
	}
	list = row("bare list of all pods", f.lists)
	return list, row("whole report", f.reports)
}

// causes of the groups, with the pods that each keeps from starting.
func (f found) causes() string {
	pods := map[string]int{}
	var order []string
	for _, g := range f.answer.Groups {
		name := g.Cause + " " + g.Verdict
		if pods[name] == 0 {
			order = append(order, name)
		}
		pods[name] += g.Pods
	}
	var told []string
	for _, name := range order {
		told = append(told, fmt.Sprintf("%s %d", name, pods[name]))
	}
	return strings.Join(told, ", ")
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

func megabytes(n int64) string { return fmt.Sprintf("%.0f MB", float64(n)/(1<<20)) }
