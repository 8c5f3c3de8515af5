// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package foreign_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/pullmedic/pullmedic/internal/foreign"
)

func TestText(t *testing.T) {
	for name, c := range map[string]struct {
		in    string
		limit int
		want  string
	}{
		"plain text stays":                      {"tag 1.2: not found", 100, "tag 1.2: not found"},
		"terminal escapes lose their escape":    {"a\x1b[31mred\x1b[0m", 100, "a[31mred[0m"},
		"C1 controls go":                        {"a\u009b31mb", 100, "a31mb"},
		"bidirectional overrides go":            {"ab\u202edc\u2066x\u2069", 100, "abdcx"},
		"zero-width characters go":              {"a\u200bb\ufeffc", 100, "abc"},
		"lines become one":                      {"a\r\n\tb\n\nc", 100, "a b c"},
		"invalid UTF-8 goes":                    {"a\xffb", 100, "ab"},
		"a cut is marked and counted":           {"abcdefghij", 8, "abcde..."},
		"a cut does not split a character":      {"abcdéfghij", 8, "abcd..."},
		"a limit smaller than the mark holds":   {"abcdef", 2, ".."},
		"other scripts stay":                    {"сеть 网络 é", 100, "сеть 网络 é"},
		"runs of blanks are folded":             {"a  b", 100, "a b"},
		"blanks at the ends go":                 {" a b ", 100, "a b"},
		"only blanks are nothing":               {"  ", 100, ""},
		"a delete character goes":               {"a\x7fb", 100, "ab"},
		"nothing stays nothing":                 {"", 100, ""},
		"a carriage return cannot hide a start": {"evil\rgood", 100, "evil good"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := foreign.Text(c.in, c.limit); got != c.want {
				t.Errorf("Text(%q, %d) = %q, want %q", c.in, c.limit, got, c.want)
			}
		})
	}
}

func TestLinesKeepsLines(t *testing.T) {
	if got, want := foreign.Lines("a\x1b\n\tb", 10), "a\n b"; got != want {
		t.Errorf("Lines = %q, want %q", got, want)
	}
}

func FuzzText(f *testing.F) {
	f.Add("a\x1b[2J\u202e", 10)
	f.Add("é\xff\n", 4)
	f.Fuzz(func(t *testing.T, s string, limit int) {
		limit = min(max(limit, 0), 1000)
		got := foreign.Text(s, limit)
		if len(got) > limit || !utf8.ValidString(got) {
			t.Errorf("Text(%q, %d) = %q", s, limit, got)
		}
		if folded := strings.Join(strings.Fields(got), " "); len(s) <= limit && got != folded {
			t.Errorf("Text(%q, %d) = %q has blanks that are not folded", s, limit, got)
		}
		if again := foreign.Text(got, limit); again != got {
			t.Errorf("not idempotent: %q becomes %q", got, again)
		}
	})
}
