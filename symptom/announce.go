// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package symptom

import "strings"

// An announcement is what stands between a key and its value.
type announcement struct {
	sign   byte // ':' or '=', 0 if there is none
	blank  bool // blanks stand before the value
	quote  byte // with which the value starts, 0 if it is bare
	slant  int  // backslashes before that quote
	closed bool // a quote closes the key: it is JSON's, or a word in quotes
	at     int  // where the value starts
}

// announce reads what stands at i, behind a key.
func (r *redactor) announce(i int) announcement {
	var a announcement
	if n, quote := r.quoteAt(i); quote != 0 {
		a.closed = true
		i = n
	}
	i = r.skipBlanks(i, &a.blank)
	for i < len(r.in) && (r.in[i] == ':' || r.in[i] == '=' || a.sign != 0 && r.in[i] == '>') {
		a.sign, a.blank = r.in[i], false
		i++
	}
	i = r.skipBlanks(i, &a.blank)
	if n, quote := r.quoteAt(i); quote != 0 {
		a.quote, a.slant = quote, n-i-1
		i = n
	}
	a.at = i
	return a
}

func (r *redactor) skipBlanks(i int, any *bool) int {
	for i < len(r.in) && (r.in[i] == ' ' || r.in[i] == '\t') {
		*any = true
		i++
	}
	return i
}

// quoteAt reads a quote with the backslashes before it, and returns where it
// ends. A typographic one counts as an ordinary one.
func (r *redactor) quoteAt(i int) (end int, quote byte) {
	j := i
	for j < len(r.in) && r.in[j] == '\\' {
		j++
	}
	if j < len(r.in) && (r.in[j] == '"' || r.in[j] == '\'' || r.in[j] == '`') {
		return j + 1, r.in[j]
	}
	for _, q := range typographic {
		if strings.HasPrefix(r.in[i:], q) {
			return i + len(q), typographicQuote
		}
	}
	return i, 0
}

var typographic = []string{"“", "”", "„", "‘", "’", "«", "»"}

// typographicQuote stands for any of them.
const typographicQuote = 1

// quotedEnd is where a value ends whose quote was opened with so many
// backslashes: at the next such quote that has no more of them, else with the
// text.
func (r *redactor) quotedEnd(i int, a announcement) int {
	if a.quote == typographicQuote {
		if n := strings.IndexAny(r.in[i:], "“”„‘’«»"); n >= 0 {
			return i + n
		}
		return len(r.in)
	}
	slant := 0
	for ; i < len(r.in); i++ {
		switch r.in[i] {
		case '\\':
			slant++
			continue
		case a.quote:
			if slant <= a.slant {
				return i - slant
			}
		}
		slant = 0
	}
	return len(r.in)
}

// bareEnd is where a value without quotes ends: at a blank, a spelled-out line
// break, an "&", or a quote that closes what the value stands in. Punctuation
// at its end is the sentence's.
func (r *redactor) bareEnd(start int) int {
	end := start
scan:
	for ; end < len(r.in); end++ {
		switch c := r.in[end]; c {
		case ' ', '\t', '\r', '\n', '&', '<', '>', '|', '\\':
			break scan
		case '[':
			if strings.HasPrefix(r.in[end:], hidden) {
				break scan
			}
		case '"', '\'', '`':
			if end+1 == len(r.in) || !isAlnum(r.in[end+1]) {
				break scan
			}
		}
	}
	return start + len(strings.TrimRight(r.in[start:end], ",;.:)]}"))
}

// valueOf finds the value that the key in[start:end] announces. Not ok means
// that the sentence just goes on.
func (r *redactor) valueOf(kind keyKind, start, end int) (from, to int, ok bool) {
	a := r.announce(end)
	if strings.HasPrefix(r.in[a.at:], hidden) {
		return a.at, a.at, false
	}
	if kind == headerKey || kind == schemeKey {
		return r.headerValue(kind, r.in[start], a)
	}
	if a.quote != 0 {
		to = r.quotedEnd(a.at, a)
		switch {
		case to == a.at:
			return 0, 0, false
		case a.sign != 0, kind == flagKey, kind == passwordKey && a.blank && !a.closed, kind == tokenKey && a.blank && !a.closed:
			return a.at, to, true
		case kind == loginFlag:
			return a.at, to, strings.IndexByte(r.in[a.at:to], ':') >= 0
		}
		return 0, 0, false
	}
	to = r.bareEnd(a.at)
	w := r.in[a.at:to]
	if w == "" || w[0] == '{' || w[0] == '[' {
		return 0, 0, false
	}
	switch {
	case a.sign == '=', a.sign == '>':
		ok = true
	case kind == flagKey:
		ok = a.blank && w[0] != '-'
	case kind == loginFlag:
		ok = a.blank && w[0] != '-' && strings.IndexByte(w, ':') >= 0
	case a.closed && a.sign == 0: // the key is the end of something quoted
	case a.sign == ':' && !a.blank: // key:value, or an image's name and tag
		partOfName := start > 0 && strings.IndexByte("/.:", r.in[start-1]) >= 0
		ok = !partOfName && !strings.Contains(w, "@sha") && (kind == passwordKey || isRandom(w, 16))
	case kind == passwordKey && a.sign == 0 && (w == "is" || w == "was"):
		var blank bool
		from = r.skipBlanks(to, &blank)
		to = r.bareEnd(from)
		return from, to, blank && isRandom(r.in[from:to], 6)
	case kind == passwordKey:
		ok = (a.sign != 0 || a.blank && (isAlnum(w[0]) || isRandom(w, 6))) && !r.goesOn(start, w, to)
	case a.sign == ':':
		ok = isRandom(w, 6) && !strings.HasPrefix(r.in[to:], ":")
	case kind == tokenKey && a.blank:
		ok = isRandom(w, 12) && !strings.ContainsAny(w, "./:")
	}
	return a.at, to, ok
}

// headerValue finds what a header's name or scheme announces, whose first letter
// is given: in "may require authorization: server message" it is no header.
func (r *redactor) headerValue(kind keyKind, first byte, a announcement) (from, to int, ok bool) {
	if kind == headerKey {
		if a.sign == 0 {
			return 0, 0, false // a sentence
		}
		for a.at < len(r.in) && strings.IndexByte("[(\"'\\", r.in[a.at]) >= 0 && !strings.HasPrefix(r.in[a.at:], hidden) { // as Go prints http.Header
			a.at++
		}
	} else if a.sign != 0 || !a.blank || a.quote != 0 && a.closed {
		return 0, 0, false // HTTP Basic: access denied
	}
	to = r.bareEnd(a.at)
	w := r.in[a.at:to]
	switch scheme := strings.ToLower(w); {
	case w == "", strings.HasPrefix(r.in[a.at:], hidden):
		return 0, 0, false
	case kind == headerKey && (scheme == "bearer" || scheme == "basic" || scheme == "token" || scheme == "negotiate"):
		next := a.at + len(w)
		var blank bool
		from = r.skipBlanks(next, &blank)
		if to = r.bareEnd(from); strings.HasPrefix(r.in[from:], hidden) {
			return 0, 0, false
		}
		return from, to, to > from
	case kind == headerKey && (scheme == "digest" || strings.HasPrefix(scheme, "aws4-") || strings.IndexByte(w, '=') >= 0):
		if n := strings.IndexByte(r.in[a.at:], '\n'); n >= 0 {
			return a.at, a.at + n, true
		}
		return a.at, len(r.in), true
	case kind == headerKey:
		sentence := isSentenceWord(w) || strings.HasPrefix(r.in[to:], ":") || isSmall(w) && 'a' <= first && first <= 'z' && !a.closed
		return a.at, to, a.sign == '=' || !sentence
	}
	capital := 'A' <= first && first <= 'Z' // as schemes of headers are written
	if a.quote != 0 && capital {
		return a.at, r.quotedEnd(a.at, a), true
	}
	if strings.HasPrefix(w, "realm=") || strings.ContainsAny(w, "=:") && !isRandom(w, 8) || isSentenceWord(w) { // a challenge
		return 0, 0, false
	}
	return a.at, to, capital || isRandom(w, 8)
}
