// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"
	"unicode"
)

// cells is how many columns of a terminal s takes: none for a combining mark,
// two for a wide East Asian character or a picture.
func cells(s string) int {
	n := 0
	for _, r := range s {
		n += runeCells(r)
	}
	return n
}

func runeCells(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case unicode.Is(wide, r):
		return 2
	}
	return 1
}

// wide are the ranges that Unicode's East Asian Width (UAX #11) calls wide or
// full-width, joined where what lies between is not assigned.
var wide = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x1100, Hi: 0x115F, Stride: 1}, {Lo: 0x231A, Hi: 0x231B, Stride: 1}, {Lo: 0x23E9, Hi: 0x23EC, Stride: 1},
		{Lo: 0x2E80, Hi: 0x303E, Stride: 1}, {Lo: 0x3041, Hi: 0x33FF, Stride: 1}, {Lo: 0x3400, Hi: 0x4DBF, Stride: 1},
		{Lo: 0x4E00, Hi: 0xA4CF, Stride: 1}, {Lo: 0xA960, Hi: 0xA97C, Stride: 1}, {Lo: 0xAC00, Hi: 0xD7A3, Stride: 1},
		{Lo: 0xF900, Hi: 0xFAFF, Stride: 1}, {Lo: 0xFE30, Hi: 0xFE6B, Stride: 1}, {Lo: 0xFF01, Hi: 0xFF60, Stride: 1},
		{Lo: 0xFFE0, Hi: 0xFFE6, Stride: 1},
	},
	R32: []unicode.Range32{
		{Lo: 0x16FE0, Hi: 0x18CD5, Stride: 1}, {Lo: 0x1B000, Hi: 0x1B2FB, Stride: 1}, {Lo: 0x1F300, Hi: 0x1F64F, Stride: 1},
		{Lo: 0x1F680, Hi: 0x1F6FF, Stride: 1}, {Lo: 0x1F900, Hi: 0x1F9FF, Stride: 1}, {Lo: 0x20000, Hi: 0x3FFFD, Stride: 1},
	},
}

// cut is the beginning of s that takes at most width cells.
func cut(s string, width int) string {
	for i, r := range s {
		if width -= runeCells(r); width < 0 {
			return s[:i]
		}
	}
	return s
}

// wrap puts words into lines of at most width cells. A word that is longer than
// a line (an image's name) is broken behind one of its separators
// if it has one in the line's second half, else where the line ends. There is
// always at least one line.
func wrap(words []string, width int) []string {
	width = max(width, 8)
	var lines []string
	line := ""
	for _, word := range words {
		switch {
		case line == "":
			line = word
		case cells(line)+1+cells(word) <= width:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
		for cells(line) > width {
			head := breakWord(line, width)
			lines = append(lines, head)
			line = line[len(head):]
		}
	}
	return append(lines, line)
}

// breakWord returns the part of s that stays on a line of width cells.
func breakWord(s string, width int) string {
	used, end, nice := 0, 0, 0
	for i, r := range s {
		used += runeCells(r)
		if used > width {
			break
		}
		end = i + len(string(r))
		if strings.ContainsRune("/:@,;=&?-", r) && used > width/2 {
			nice = end
		}
	}
	switch {
	case nice > 0:
		return s[:nice]
	case end > 0:
		return s[:end]
	}
	return s
}

// pad fills s with blanks up to width cells.
func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-cells(s)))
}
