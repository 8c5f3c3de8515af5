// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package symptom

import "strings"

// A matcher finds all wordings of all groups in one pass over a text: an
// Aho-Corasick automaton over classes of characters, with the links resolved
// into one table, so that every character costs one step.
type matcher struct {
	next   []uint16 // by state*classes + class
	output []uint16 // by state: 1 + index of the wording that ends here
	suffix []uint16 // by state: the next shorter state with an output
	cut    []uint16 // by state: 1 + index of the wording that is cut here
	depth  []uint8  // by state: its symbols
	class  [256]uint8
	forms  []form
}

// A form is one wording as the automaton knows it.
type form struct {
	group           *group
	symbols         []uint8
	starts          [longest + 1]bool // by symbol: a word of the wording starts there
	wordStart, word bool              // must start, end at a word's border
	clause          bool              // must start a clause
}

// Classes of characters. Those of names follow the last letter's.
const (
	skipped = 0 // blanks, quotes ...: as if they were not there
	strange = 1 // part of no wording
)

const (
	letters   = "abcdefghijklmnopqrstuvwxyz0123456789:.,()[]{}<>=/+%$@#!?;*&"
	firstName = 2 + len(letters)
	classes   = firstName + int(nameKinds)
	longest   = 128 // symbols of a wording, a power of two
)

func newMatcher(groups []group) *matcher {
	m := &matcher{}
	for i := range m.class {
		m.class[i] = strange
	}
	for i := range len(letters) {
		m.class[letters[i]] = uint8(2 + i)
		if c := letters[i]; isLetter(c) {
			m.class[c-'a'+'A'] = uint8(2 + i)
		}
	}
	for _, c := range []byte(" \n\t\"'`\\-_") {
		m.class[c] = skipped
	}
	for i := range groups {
		for _, w := range groups[i].words {
			m.forms = append(m.forms, m.form(&groups[i], w))
		}
	}
	m.build()
	return m
}

// form reads one wording of a table.
func (m *matcher) form(g *group, w string) form {
	f := form{group: g}
	w, f.clause = strings.CutPrefix(w, "^")
	w, f.wordStart = strings.CutPrefix(w, "|")
	w, f.word = strings.CutSuffix(w, "|")
	for i := 0; i < len(w) && len(f.symbols) < longest; i++ {
		f.starts[len(f.symbols)] = i == 0 || w[i-1] == ' '
		if kind, n := kindIn(w[i:]); n > 0 {
			f.symbols = append(f.symbols, symbolOf(kind))
			i += n - 1
		} else if c := m.class[w[i]]; c != skipped {
			f.symbols = append(f.symbols, c)
		}
	}
	return f
}

// kindIn reads "{ref}" at the start of s.
func kindIn(s string) (nameKind, int) {
	for k, word := range kindWords {
		if strings.HasPrefix(s, word) {
			return nameKind(k), len(word)
		}
	}
	return 0, 0
}

func symbolOf(k nameKind) uint8 { return uint8(firstName) + uint8(k) }

// build makes the trie, then its failure links breadth first.
func (m *matcher) build() {
	m.state(0)
	for i, f := range m.forms {
		at := 0
		for n, c := range f.symbols {
			slot := at*classes + int(c)
			if m.next[slot] == 0 {
				m.next[slot] = uint16(m.state(n + 1))
			}
			at = int(m.next[slot])
			m.passes(at, i)
		}
		m.output[at] = uint16(i + 1)
	}
	for s, i := range m.cut {
		if i != 0 && i != ambiguous && !m.forms[i-1].tells(int(m.depth[s])) {
			m.cut[s] = 0
		}
	}
	fail := make([]uint16, len(m.output))
	queue := make([]uint16, 0, len(m.output))
	for c := range classes {
		if s := m.next[c]; s != 0 {
			queue = append(queue, s)
		}
	}
	for len(queue) > 0 {
		s := int(queue[0])
		queue = queue[1:]
		f := int(fail[s])
		if m.output[f] != 0 {
			m.suffix[s] = uint16(f)
		} else {
			m.suffix[s] = m.suffix[f]
		}
		for c := range classes {
			slot := s*classes + c
			if child := m.next[slot]; child != 0 {
				fail[child] = m.next[f*classes+c]
				queue = append(queue, child)
			} else {
				m.next[slot] = m.next[f*classes+c]
			}
		}
	}
}

// ambiguous marks a state at which wordings of several signs are nearly complete.
const ambiguous = 1<<16 - 1

// passes notes that form i goes on from a state: a text that ends there may be
// cut. Of several forms of one sign the shortest is kept.
func (m *matcher) passes(state, i int) {
	f := &m.forms[i]
	switch other := m.cut[state]; {
	case other == 0:
		m.cut[state] = uint16(i + 1)
	case other == ambiguous:
	case m.forms[other-1].group.sign != f.group.sign:
		m.cut[state] = ambiguous
	case len(f.symbols) < len(m.forms[other-1].symbols):
		m.cut[state] = uint16(i + 1)
	}
}

// tells tells whether the form is known by its first n symbols in a text that
// ends there: somebody cut it. Nobody ends a text within a word, so there half
// of it is enough; at a word's end it takes two thirds.
func (f *form) tells(n int) bool {
	const fewest = 7
	switch {
	case f.clause, n < fewest, n >= len(f.symbols), int(f.symbols[n]) >= firstName:
		return false
	case f.starts[n]:
		return n*3 >= len(f.symbols)*2
	}
	return n*2 >= len(f.symbols)
}

func (m *matcher) state(depth int) int {
	m.depth = append(m.depth, uint8(depth))
	m.next = append(m.next, make([]uint16, classes)...)
	m.output = append(m.output, 0)
	m.suffix = append(m.suffix, 0)
	m.cut = append(m.cut, 0)
	return len(m.output) - 1
}

// find returns the marks of text, by their end. Names are one symbol each.
func (m *matcher) find(text string, names []name) []mark {
	var (
		marks = make([]mark, 0, 16)
		at    [longest]int32 // where the last symbols started
		count int
		state int
		// Where the last letter left the automaton, for a text that is cut.
		lastState, lastCount, lastEnd int
	)
	for i, n := 0, 0; i < len(text); {
		var symbol uint8
		start, end := i, i+1
		if n < len(names) && names[n].start == i {
			symbol, end = symbolOf(names[n].kind), names[n].end
			n++
		} else {
			symbol = m.class[text[i]]
		}
		i = end
		if symbol == skipped {
			continue
		}
		at[count%longest] = int32(start)
		count++
		state = int(m.next[state*classes+int(symbol)])
		if isAlnum(text[end-1]) {
			lastState, lastCount, lastEnd = state, count, end
		}
		for s := state; s != 0; s = int(m.suffix[s]) {
			if m.output[s] == 0 {
				continue
			}
			f := &m.forms[m.output[s]-1]
			from := int(at[(count-len(f.symbols))%longest])
			if f.fits(text, from, end) && len(marks) < mostMarks {
				marks = append(marks, mark{f.group, from, end})
			}
		}
	}
	if i := m.cut[lastState]; i != 0 && i != ambiguous && m.output[lastState] == 0 && count-lastCount+int(m.depth[lastState]) < longest {
		f := &m.forms[i-1]
		if from := int(at[(lastCount-int(m.depth[lastState]))%longest]); f.fits(text, from, len(text)) {
			marks = append(marks, mark{f.group, from, lastEnd})
		}
	}
	return marks
}

// mostMarks bounds the work on a text made of nothing but known wordings.
const mostMarks = 4096

// fits tells whether the borders that f asks for are at text[start:end].
func (f *form) fits(text string, start, end int) bool {
	if f.wordStart && start > 0 && isAlnum(text[start-1]) {
		return false
	}
	if f.word && end < len(text) && isAlnum(text[end]) {
		return false
	}
	if !f.clause {
		return true
	}
	for i := start - 1; i >= 0; i-- {
		switch c := text[i]; {
		case c == '\n':
			return true
		case isBlank(c), c == '"', c == '\'', c == '\\':
			continue
		default:
			return !isAlnum(c) && c != ')'
		}
	}
	return true
}
