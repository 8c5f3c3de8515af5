// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package foreign makes text from clusters, registries and messages harmless
// where it enters. It is pure. It must never be used on text that is sent
// onwards as data (a reference, a URL): cleaning changes it.
package foreign

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text returns s without control, escape and bidirectional characters and
// without invalid UTF-8, on one line, with runs of blanks folded, and at most
// limit bytes long ("..." marks a cut and counts).
func Text(s string, limit int) string {
	if plain(s) {
		return Cut(s, limit)
	}
	return Cut(strings.Join(strings.Fields(clean(s, false)), " "), limit)
}

// Lines is Text for text of several lines: newlines stay, tabs become blanks.
func Lines(s string, limit int) string {
	return Cut(clean(s, true), limit)
}

// Cut shortens s to at most limit bytes at a character's boundary.
func Cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	const mark = "..."
	if limit <= len(mark) {
		return mark[:max(limit, 0)]
	}
	end := limit - len(mark)
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + mark
}

// plain tells a text that Text leaves as it is, as nearly all are: printable
// ASCII with single blanks inside. It keeps such a text from being copied.
func plain(s string) bool {
	blank := true // a blank must not come next
	for i := range len(s) {
		switch c := s[i]; {
		case c == ' ' && blank, c < ' ', c > '~':
			return false
		default:
			blank = c == ' '
		}
	}
	return !blank || s == ""
}

func clean(s string, lines bool) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= ' ' && r <= '~':
			return r
		case r == '\n' && lines:
			return r
		case r == '\n', r == '\r', r == '\t':
			return ' '
		case r == utf8.RuneError, hidden(r):
			return -1
		}
		return r
	}, s)
}

// hidden tells characters that a terminal or a reader's eye would not show as
// themselves: controls (C0, C1), format characters (bidirectional overrides
// and isolates, zero-width, soft hyphen, tags), line and paragraph separators,
// private use and surrogates.
func hidden(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Cs)
}
