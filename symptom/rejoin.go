// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package symptom

import (
	"strings"
	"unicode/utf8"
)

// rejoin takes out the line breaks with which a terminal filled its width. It is
// known by two lines of the same width, one after the other; every line as wide
// was broken there and not by its writer. Where the break stands at a blank it
// stays, for it parts words as the blank does. (Of a text that was broken once,
// the width does not show: wordings are found across a break anyway.)
func rejoin(s string) string {
	width := terminalWidth(s)
	if width == 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for line, rest, more := strings.Cut(s, "\n"); ; line, rest, more = strings.Cut(rest, "\n") {
		b.WriteString(line)
		if !more {
			return b.String()
		}
		if rest == "" || isBlank(rest[0]) || utf8.RuneCountInString(line) != width || isBlank(line[len(line)-1]) {
			b.WriteByte('\n')
		}
	}
}

// terminalWidth is the width that a terminal filled, 0 if s shows none. Records
// of a log can be as long as each other, too; they begin alike.
func terminalWidth(s string) int {
	const narrowest, alike = 60, 4
	before, last := "", 0
	for {
		line, rest, more := strings.Cut(s, "\n")
		if !more { // the last line can be of any width
			return 0
		}
		width := 0
		if len(line) >= narrowest {
			width = utf8.RuneCountInString(line)
			if width == last && !strings.HasPrefix(line, before[:alike]) {
				return width
			}
		}
		before, last, s = line, width, rest
	}
}
