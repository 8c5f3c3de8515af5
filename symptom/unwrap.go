// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package symptom

import (
	"strings"
	"unicode/utf8"
)

// Of a longer text the head and the tail are examined: wrappers and the image
// stand at the front, the innermost error and the last events at the end.
const (
	headBytes = 48 << 10
	tailBytes = 16 << 10
)

// unwrap undoes what shells, log formats, YAML, JSON, web pages and terminals
// did to a message on its way here: escaped quotes, spelled-out newlines and
// \u003c, typographic quotes, automatic links, box frames, colours, and
// residues of a printf. What is left is text in which a quote is a quote.
func unwrap(s string) string {
	if len(s) > headBytes+tailBytes {
		s = s[:headBytes] + "\n" + s[len(s)-tailBytes:]
	}
	s = rejoin(s)
	if isPlain(s) {
		return s
	}
	u := unwrapper{out: make([]byte, 0, len(s)), bracket: -1}
	for i := 0; i < len(s); {
		i += u.step(s, i)
	}
	return string(u.out)
}

// isPlain tells that nothing in s needs unwrapping, which is most messages.
func isPlain(s string) bool {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\', c == '[', c == '%', c < ' ' && c != '\n', c >= 0x7f, c == '\'' && isDoubled(s, i):
			return false
		}
	}
	return true
}

// isDoubled tells an apostrophe or quote at i that YAML doubled: couldn”t, the
// name ”x”. An empty string in quotes is none.
func isDoubled(s string, i int) bool {
	return i+1 < len(s) && s[i+1] == '\'' && (i > 0 && isAlnum(s[i-1]) || i+2 < len(s) && isAlnum(s[i+2]))
}

type unwrapper struct {
	out     []byte
	bracket int  // where the last "[" went, -1 if it was closed
	path    bool // inside a Windows path, where \n is a directory's name
}

// step writes what s[i:] starts with and tells how many bytes that were.
func (u *unwrapper) step(s string, i int) int {
	c := s[i]
	if c >= utf8.RuneSelf {
		return u.letter(s[i:])
	}
	switch c {
	case '\\':
		return u.backslash(s, i)
	case '[':
		u.bracket = len(u.out)
	case ']':
		if n := linkTarget(s[i:]); n > 0 {
			u.dropBracket()
			return n
		}
		u.bracket = -1
	case '%':
		if n := printfResidue(s[i:]); n > 0 {
			u.out = append(u.out, '%')
			return n
		}
	case '\'':
		if isDoubled(s, i) {
			u.out = append(u.out, c)
			return 2
		}
	case '\t', '\v', '\f':
		c = ' '
	case 0x1b:
		return escapeSequence(s[i:])
	}
	if c == ' ' || c == '\n' {
		u.path = false
	}
	if (c >= ' ' || c == '\n') && c != 0x7f {
		u.out = append(u.out, c)
	}
	return 1
}

// backslash undoes one level or several of escaping: \" \\\" \n \t \u0027.
func (u *unwrapper) backslash(s string, i int) int {
	n := 1
	for i+n < len(s) && s[i+n] == '\\' {
		n++
	}
	if i+n == len(s) {
		return n
	}
	u.path = u.path || s[i+n] == '?' || u.driveLetter()
	switch c := s[i+n]; c {
	case '"', '\'', '`', '/':
		u.out = append(u.out, c)
		return n + 1
	case 't':
		if !u.path {
			u.out = append(u.out, ' ')
			return n + 1
		}
	case 'r':
		if !u.path {
			return n + 1
		}
	case 'n':
		if !u.path {
			u.out = append(u.out, '\n')
			return n + 1
		}
	case 'u':
		if r, ok := hex4(s[i+n+1:]); ok {
			u.rune(r)
			return n + 5
		}
	}
	u.out = append(u.out, '\\')
	return n
}

// driveLetter tells that the text so far ends in "C:".
func (u *unwrapper) driveLetter() bool {
	n := len(u.out)
	return n >= 2 && u.out[n-1] == ':' && isLetter(u.out[n-2]) && (n == 2 || !isAlnum(u.out[n-3]))
}

// letter handles a character beyond ASCII.
func (u *unwrapper) letter(s string) int {
	r, n := utf8.DecodeRuneInString(s)
	if r != utf8.RuneError {
		u.rune(r)
	}
	return n
}

func (u *unwrapper) rune(r rune) {
	switch {
	case r == '“', r == '”', r == '„', r == '«', r == '»', r == '＂':
		u.out = append(u.out, '"')
	case r == '‘', r == '’', r == '‚', r == '′':
		u.out = append(u.out, '\'')
	case r == '：':
		u.out = append(u.out, ": "...)
	case r == '…':
		u.out = append(u.out, "..."...)
	case r == 0xa0, r == 0x3000, 0x2500 <= r && r <= 0x259f, 0x2000 <= r && r <= 0x200a:
		u.out = append(u.out, ' ') // blanks, and the frames of terminal programs
	case r == 0x2028, r == 0x2029, r == 0x85:
		u.out = append(u.out, '\n')
	case r < ' ' && r != '\n', 0x7f <= r && r < 0xa0, r == 0xad, r == 0xfeff,
		0x200b <= r && r <= 0x200f, 0x202a <= r && r <= 0x202e, 0x2060 <= r && r <= 0x206f:
		// hidden: it would split a word without being seen
	default:
		u.out = utf8.AppendRune(u.out, r)
	}
}

// dropBracket removes the "[" of a link whose target was left out.
func (u *unwrapper) dropBracket() {
	const longest = 600 // of a link's text, which keeps this linear
	if u.bracket >= 0 && len(u.out)-u.bracket < longest {
		u.out = append(u.out[:u.bracket], u.out[u.bracket+1:]...)
	}
	u.bracket = -1
}

// linkTarget is the length of "](http...)" with which s may start.
func linkTarget(s string) int {
	if !strings.HasPrefix(s, "](http") {
		return 0
	}
	for i := 2; i < len(s) && i < 600; i++ {
		switch s[i] {
		case ')':
			return i + 1
		case ' ', '\n':
			return 0
		}
	}
	return 0
}

// printfResidue is the length of "%!A(MISSING)" with which s may start: what
// is left of %3A in a URL that was used as a format.
func printfResidue(s string) int {
	const rest = "(MISSING)"
	if len(s) > 3+len(rest)-1 && s[1] == '!' && strings.HasPrefix(s[3:], rest) {
		return 3 + len(rest)
	}
	return 0
}

// escapeSequence is the length of a terminal's control sequence.
func escapeSequence(s string) int {
	if len(s) < 2 || s[1] != '[' {
		return 1
	}
	for i := 2; i < len(s) && i < 32; i++ {
		if s[i] >= 0x40 && s[i] <= 0x7e {
			return i + 1
		}
	}
	return 1
}

func hex4(s string) (rune, bool) {
	if len(s) < 4 {
		return 0, false
	}
	var r rune
	for i := range 4 {
		switch c := s[i] | 0x20; {
		case '0' <= s[i] && s[i] <= '9':
			r = r<<4 | rune(s[i]-'0')
		case 'a' <= c && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		default:
			return 0, false
		}
	}
	return r, utf8.ValidRune(r)
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isAlnum(c byte) bool  { return isLetter(c) || isDigit(c) }
func isBlank(c byte) bool  { return c == ' ' || c == '\n' || c == '\t' }
