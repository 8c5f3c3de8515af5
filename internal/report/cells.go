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

// maxWhole is how many cells of a word are kept together, however narrow the
// page is: the longest reference (name, tag and digest) and every name that
// Kubernetes allows have fewer.
const maxWhole = 512

// leastIndent is how far to the left a long word may stand.
const leastIndent = 2

// A line of a wrapped text, and how many cells it needs before it where that is
// less than the indent of the others.
type line struct {
	text string
	out  int // -1: the others' indent
}

// wrap puts words into lines of width cells, of which those of the first are
// taken and the others are indented. A word that may be a name, such as an image
// with its digest, is never broken, since half of it cannot be copied: if it has
// no room on a line it stands to the left, as far as it needs, and if no line
// has room for it, or it is the first in a column, it goes over the edge, where
// a terminal breaks it, but not for the clipboard. Anything else is broken behind
// one of its separators if it has one in the line's second half, else where the
// line ends. There is always at least one line.
func wrap(words []string, width, taken, indent int) []line {
	var lines []line
	current, room := "", max(width-taken, 0)
	next := func() {
		lines = append(lines, line{current, -1})
		current, room = "", max(width-indent, 8)
	}
	for _, word := range words {
		size := cells(word)
		if current != "" && cells(current)+1+size <= room {
			current += " " + word
			continue
		}
		if current != "" {
			next()
		}
		if size <= room || whole(word) && (size > width-leastIndent || len(lines) == 0 && taken <= indent) {
			current = word
			continue
		}
		if len(lines) == 0 && (whole(word) || room < 8) {
			next() // the head stands alone
		}
		if whole(word) && size > room {
			lines = append(lines, line{word, width - size})
			continue
		}
		for current = word; cells(current) > room; {
			head := breakWord(current, room)
			rest := current[len(head):]
			current = head
			next()
			current = rest
		}
	}
	if current != "" || len(lines) == 0 {
		next()
	}
	return lines
}

// whole tells whether a word may be a name or a reference, which is copied.
func whole(word string) bool {
	return len(word) <= maxWhole && strings.IndexFunc(word, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
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
