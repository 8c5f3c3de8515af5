// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// A color is an SGR parameter. Nothing is said by colour alone.
type color string

const (
	plain   color = ""
	bold    color = "1"
	dim     color = "2"
	reverse color = "7"
	red     color = "31"
	green   color = "32"
	yellow  color = "33"
	cyan    color = "36"
)

func (m *Model) paint(c color, text string) string {
	if !m.o.Style.Color || c == plain || text == "" {
		return text
	}
	return "\x1b[" + string(c) + "m" + text + "\x1b[0m"
}

func width(s string) int { return ansi.StringWidth(s) }

// fit cuts s to a width; the cut is marked.
func fit(s string, w int) string { return ansi.Truncate(s, max(w, 0), "...") }

// squeeze cuts s to a width in its middle, as both its ends tell something.
func squeeze(s string, w int) string {
	over := width(s) - w
	if over <= 0 || w < 8 {
		return fit(s, w)
	}
	head := (w - 3) / 3
	return ansi.Truncate(s, head, "") + "..." + ansi.TruncateLeft(s, width(s)-(w-3-head), "")
}

func pad(s string, w int) string { return s + strings.Repeat(" ", max(0, w-width(s))) }

// sides puts one text to the left and one to the right of a line; the right one
// stays whole.
func (m *Model) sides(left, right string) string {
	if right == "" {
		return fit(left, m.width)
	}
	left = fit(left, m.width-width(right)-2)
	return pad(left, m.width-width(right)) + right
}

// longest is the first text that fits, else the last.
func longest(texts []string, w int) string {
	for _, t := range texts {
		if width(t) <= w {
			return t
		}
	}
	return texts[len(texts)-1]
}

// count is a number with its noun.
func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return strconv.Itoa(n) + " " + noun
}

func quoted(s string) string { return `"` + s + `"` }
