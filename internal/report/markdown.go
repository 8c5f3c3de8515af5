// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/pullmedic/pullmedic/internal/foreign"
)

// maxRunbook bounds a runbook's text in bytes.
const maxRunbook = 1 << 20

// item of a list: its mark, and the text behind.
var listItem = regexp.MustCompile(`^(\s*(?:[-*]|\d+\.) )(.*)$`)

// markdownWord is text without a blank, but in a code span.
var markdownWord = regexp.MustCompile("(?:`[^`]*`|[^`\\s])+|`")

// markdown lays out a runbook: headings, paragraphs, lists, code and tables of
// two or more columns, of which each row becomes an item. The title is left
// out: the page has it.
func (s *sheet) markdown(source string) {
	head, block := "", ""
	flush := func() {
		if block != "" {
			s.paragraph(head, plain, s.spans(block)...)
		}
		head, block = "", ""
	}
	header, code := true, false
	for line := range strings.Lines(foreign.Lines(source, maxRunbook)) {
		line = strings.TrimRight(line, "\n ")
		table := strings.HasPrefix(line, "|")
		item := listItem.FindStringSubmatch(line)
		switch {
		case strings.HasPrefix(line, "```"):
			flush()
			code = !code
		case code, block == "" && item == nil && strings.HasPrefix(line, "    "):
			if line != "" {
				s.verbatim(4, cyan, strings.TrimPrefix(line, "    "))
			}
		case line == "":
			flush()
			if !bytes.HasSuffix(s.b.Bytes(), []byte("\n\n")) {
				s.blank()
			}
		case strings.HasPrefix(line, "# "):
			flush()
		case strings.HasPrefix(line, "#"):
			flush()
			s.paragraph("", plain, painted(strings.TrimLeft(line, "# "), bold))
		case table && (header || strings.HasPrefix(line, "| ---")):
			flush() // what heads the columns says nothing that the rows do not
		case table:
			flush()
			s.row(line)
		case item != nil:
			flush()
			if url, ok := strings.CutPrefix(item[2], "<https://"); ok {
				s.verbatim(0, plain, item[1]+"https://"+strings.TrimSuffix(url, ">"))
				break
			}
			head, block = item[1], item[2]
		default:
			block += " " + strings.TrimSpace(line)
		}
		header = !table
	}
	flush()
}

// row writes a table's row as an item: the first cell, and what it says.
func (s *sheet) row(line string) {
	columns := strings.Split(strings.Trim(line, "|"), "|")
	for i := range columns {
		columns[i] = strings.TrimSpace(columns[i])
	}
	s.paragraph("- ", plain, s.spans(columns[0]+" -> "+strings.Join(columns[1:], "; "))...)
}

// spans keeps what stands in backquotes on one line, if it goes on one: a
// command that is broken cannot be copied.
func (s *sheet) spans(text string) []run {
	var runs []run
	for _, w := range markdownWord.FindAllString(text, -1) {
		if strings.Contains(w, " ") && cells(w) <= s.Width-column {
			runs = append(runs, solid(w, plain))
		} else {
			runs = append(runs, normal(w))
		}
	}
	return runs
}
