// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"io"
	"time"
)

// A table is printed row by row, as the answers come.
type table struct {
	out  io.Writer
	rows []row
}

type row struct {
	place
	cause, verdict string
	ok             bool
	took           time.Duration
}

const columns = "%-26s %-15s %-19s %-31s %-31s %6s  %s\n"

func newTable(out io.Writer) *table { return &table{out: out} }

func (t *table) add(r row) {
	if len(t.rows) == 0 {
		fmt.Fprintf(t.out, columns, "FAULT", "RUNTIME", "TRUTH", "EXPECTED", "FOUND, VERDICT", "MS", "")
	}
	t.rows = append(t.rows, r)
	mark := "ok"
	if !r.ok {
		mark = "NOT AS EXPECTED"
	}
	truth, expected := r.fault.Cause, told(r.fault.Expect.Cause, r.fault.Expect.Verdict)
	if r.fault.Control() {
		truth = "healthy"
	}
	fmt.Fprintf(t.out, columns, r.fault.Name, r.node.Runtime, truth, expected, told(r.cause, r.verdict), fmt.Sprint(r.took.Milliseconds()), mark)
}

func told(cause, verdict string) string {
	if cause == "" {
		return "silent"
	}
	return cause + ", " + verdict
}

// count gives the rows that are as expected, all rows, and of those with a
// fault how many have the truth as the best answer, and how many there are.
func (t *table) count() (good, all, truths, faulty int) {
	for _, r := range t.rows {
		if r.ok {
			good++
		}
		if r.fault.Control() {
			continue
		}
		faulty++
		if r.fault.Expect.Cause == r.fault.Cause {
			truths++
		}
	}
	return good, len(t.rows), truths, faulty
}
