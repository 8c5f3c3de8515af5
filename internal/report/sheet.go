// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"io"
	"strings"
	"time"

	"github.com/pullmedic/pullmedic/internal/foreign"
)

// A Style says how text is laid out. The zero Style is 80 columns, no colour,
// UTC.
type Style struct {
	// Width in cells, 80 if 0.
	Width int
	// Color decorates; nothing is said by colour alone.
	Color bool
	// Verbose: 1 shows all findings, ruled-out causes with their reasons, and
	// every gap.
	Verbose int
	// Location is the reader's time zone, UTC if nil.
	Location *time.Location
	// Program is how the user calls this program: "kubectl pullmedic".
	Program string
	// Diagnose is the verb of printed commands that diagnose, "diagnose" if "".
	Diagnose string
	// Flags belong behind each printed command, so that it reaches the same
	// cluster: --context, its value, ...
	Flags []string
	// Connect are those of Flags that a command needs that asks no registry.
	Connect []string
}

// maxParagraph bounds what one call lays out, in bytes.
const maxParagraph = 8 << 10

// A color is an SGR parameter; "" is none.
type color string

const (
	plain  color = ""
	bold   color = "1"
	dim    color = "2"
	red    color = "31"
	green  color = "32"
	yellow color = "33"
	cyan   color = "36"
)

// sheet collects the lines of a text. All foreign text passes through one of
// its methods, which clean it.
type sheet struct {
	Style
	b bytes.Buffer
}

func newSheet(s Style) *sheet {
	if s.Width <= 0 {
		s.Width = 80
	}
	s.Width = max(s.Width, 40)
	return &sheet{Style: s}
}

func (s *sheet) writeTo(w io.Writer) error { return write(w, s.b.Bytes()) }

func (s *sheet) paint(c color, text string) string {
	if !s.Color || c == plain || strings.TrimSpace(text) == "" {
		return text
	}
	return "\x1b[" + string(c) + "m" + text + "\x1b[0m"
}

func (s *sheet) blank() { s.b.WriteByte('\n') }

// A run is a piece of text with its colour; solid goes on a line as a whole.
type run struct {
	text string
	color
	solid bool
}

func normal(s string) run           { return run{text: s} }
func painted(s string, c color) run { return run{text: s, color: c} }
func solid(s string, c color) run   { return run{text: s, color: c, solid: true} }

// paragraph writes a first line that starts with head and further lines that
// hang under its end. The head is not broken.
func (s *sheet) paragraph(head string, headColor color, runs ...run) {
	s.hang(head, headColor, cells(head), runs...)
}

// hang is paragraph with the further lines indented by so many cells.
func (s *sheet) hang(head string, headColor color, indent int, runs ...run) {
	s.flow(s.paint(headColor, head), cells(head), indent, runs...)
}

// flow writes runs behind a head of so many cells that is painted already.
func (s *sheet) flow(head string, taken, indent int, runs ...run) {
	words, colors := split(runs)
	at, left := 0, 0 // the word that a line begins in, and how much of it is written
	for i, line := range wrap(words, s.Width, taken, indent) {
		switch {
		case i == 0:
			s.b.WriteString(head)
		case line.out >= 0:
			s.b.WriteString(strings.Repeat(" ", line.out))
		default:
			s.b.WriteString(strings.Repeat(" ", indent))
		}
		s.b.WriteString(s.colored(line.text, words, colors, &at, &left) + "\n")
	}
}

// split takes runs apart into cleaned words, each with its colour.
func split(runs []run) (words []string, colors []color) {
	for _, r := range runs {
		cleaned := foreign.Text(r.text, maxParagraph)
		if r.solid && cleaned != "" {
			words, colors = append(words, cleaned), append(colors, r.color)
			continue
		}
		for w := range strings.FieldsSeq(cleaned) {
			words, colors = append(words, w), append(colors, r.color)
		}
	}
	return words, colors
}

// colored paints a wrapped line: it walks through the words that it was made
// of, of which a long one may go on over several lines.
func (s *sheet) colored(line string, words []string, colors []color, at, left *int) string {
	if !s.Color {
		return line
	}
	var out, same strings.Builder
	last := plain
	for line != "" && *at < len(words) {
		if c := colors[*at]; c != last {
			out.WriteString(s.paint(last, same.String()))
			same.Reset()
			last = c
		}
		piece := words[*at][*left:]
		piece = piece[:min(len(piece), len(line))]
		same.WriteString(piece)
		line = line[len(piece):]
		if *left += len(piece); *left == len(words[*at]) {
			*at, *left = *at+1, 0
		}
		if strings.HasPrefix(line, " ") {
			same.WriteByte(' ')
			line = line[1:]
		}
	}
	return out.String() + s.paint(last, same.String())
}

// verbatim writes a line as it is, for commands: a broken one cannot be copied.
func (s *sheet) verbatim(indent int, c color, line string) {
	s.b.WriteString(strings.Repeat(" ", indent) + s.paint(c, line) + "\n")
}
