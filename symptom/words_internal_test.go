// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package symptom

import (
	"slices"
	"strings"
	"testing"
)

func TestTablesHoldEachWordingOnce(t *testing.T) {
	m := words()
	seen := map[string]int{}
	for i, f := range m.forms {
		key := string(f.symbols)
		if j, ok := seen[key]; ok {
			t.Errorf("a wording stands twice: group of %q (%s) and group of %q (%s)", f.group.words[0], f.group.sign, m.forms[j].group.words[0], m.forms[j].group.sign)
		}
		seen[key] = i
		if len(f.symbols) < 3 || len(f.symbols) >= longest || slices.Contains(f.symbols, strange) {
			t.Errorf("a wording in the group of %q is too short, too long or has a character that never matches", f.group.words[0])
		}
	}
	if len(seen) < 500 {
		t.Errorf("only %d wordings", len(seen))
	}
	if len(m.output) > 1<<16 {
		t.Errorf("%d states do not fit into 16 bits", len(m.output))
	}
}

// Each wording, standing alone, is found with its own group's sign.
func TestEveryWordingIsFound(t *testing.T) {
	samples := strings.NewReplacer(
		"{ref}", `"a/b:1"`, "{url}", `"https://h/v2/"`, "{digest}", "sha256:4f4f", "{path}", "/var/x", "{name}", `secret "n"`,
		"{host}", "tcp: lookup h.x", "{addr}", "dial tcp 192.0.2.1:1", "{", "{",
	)
	for i := range words().forms {
		f := &words().forms[i]
		for _, w := range f.group.words {
			if strings.Contains(w, "{") {
				continue // names need their place in a sentence
			}
			text := samples.Replace(strings.Trim(w, "^|"))
			found := false
			for _, mark := range words().find(text, nil) {
				found = found || mark.group == f.group && mark.start <= 1 && mark.end >= len(strings.TrimRight(text, " _-'"))
			}
			if !found {
				t.Errorf("%q is not found as a wording of its own", text)
			}
		}
	}
}

func TestMatcherIgnoresWhatDoesNotCount(t *testing.T) {
	for name, text := range map[string]string{
		"a line break in a word":        "pull access den\nied",
		"a doubled apostrophe":          "couldn''t parse image",
		"an upper-case code":            "MANIFEST_UNKNOWN",
		"a word at the end of a clause": "read: EOF.",
	} {
		t.Run(name, func(t *testing.T) {
			if len(words().find(text, nil)) == 0 {
				t.Errorf("nothing found in %q", text)
			}
		})
	}
	for name, text := range map[string]string{
		"the inside of a word":                        "geofence typeofx",
		"a code in the middle of a clause":            "access unauthorized",
		"words that only touch across a strange sign": "manifest€unknown",
	} {
		t.Run(name, func(t *testing.T) {
			for _, m := range words().find(text, nil) {
				if m.group.code != "" || m.group.sign == ConnectionReset {
					t.Errorf("%q: found %q", text, text[m.start:m.end])
				}
			}
		})
	}
}

func TestUnwrap(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"plain text stays":                 {`Failed to pull image "x:1": EOF`, `Failed to pull image "x:1": EOF`},
		"escaped quotes":                   {`image \"x:1\" and \\\"y\\\"`, `image "x:1" and "y"`},
		"newlines spelled out":             {`errors:\ndenied: no\n`, "errors:\ndenied: no\n"},
		"a Windows path keeps its names":   {`C:\new\readme x\ny`, "C:\\new\\readme x\ny"},
		"a doubly escaped Windows path":    {`\\\\?\\C:\\root\\new: gone`, `\?\C:\root\new: gone`},
		"unicode escapes":                  {`\u003chtml\u003e`, "<html>"},
		"typographic quotes":               {"image “x:1”", `image "x:1"`},
		"a link made by a web page":        {`"[reg.x/a:1](http://reg.x/a:1)"`, `"reg.x/a:1"`},
		"brackets of an aggregate":         {`[e1, e2] (why)`, `[e1, e2] (why)`},
		"a printf residue":                 {`scope=repository%!A(MISSING)x`, `scope=repository%x`},
		"a terminal program's frame":       {"G \n│ t", "G \n  t"},
		"colours":                          {"\x1b[31mred\x1b[0m", "red"},
		"hidden characters":                {"a\u200bb\u202ec\ufeff", "abc"},
		"invalid UTF-8":                    {"a\xffb", "ab"},
		"a lonely backslash":               {`a\`, "a"},
		"an apostrophe that YAML doubled":  {"couldn''t", "couldn't"},
		"a name whose quotes YAML doubled": {"name ''x'' gone", "name 'x' gone"},
		"an empty string in quotes stays":  {"not '' but", "not '' but"},
		"tabs":                             {"a\tb", "a b"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := unwrap(c.in); got != c.want {
				t.Errorf("unwrap(%q) = %q, want %q", c.in, got, c.want)
			}
		})
	}
}

func TestRejoin(t *testing.T) {
	first, second := strings.Repeat("a", 79)+"b", strings.Repeat("c", 79)+"d"
	for name, c := range map[string]struct{ in, want string }{
		"two full lines show the width":            {first + "\n" + second + "\nrest", first + second + "rest"},
		"a writer's own break stays":               {"head\n" + first + "\n" + second + "\nrest\nend", "head\n" + first + second + "rest\nend"},
		"one full line shows none":                 {first + "\nrest", first + "\nrest"},
		"a break at a blank stays":                 {first + "\n" + second + "\n rest", first + second + "\n rest"},
		"records of a log begin alike":             {"time=1 " + first + "\ntime=2 " + first + "\nrest", "time=1 " + first + "\ntime=2 " + first + "\nrest"},
		"short lines of one width are no terminal": {"web\napi\ncart", "web\napi\ncart"},
		"letters beyond ASCII are one column":      {"é" + first[1:] + "\n" + second + "\nrest", "é" + first[1:] + second + "rest"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := rejoin(c.in); got != c.want {
				t.Errorf("rejoin(%q) = %q, want %q", c.in, got, c.want)
			}
		})
	}
}

func TestUnwrapKeepsHeadAndTail(t *testing.T) {
	long := "head" + strings.Repeat("x", 1<<20) + "tail"
	got := unwrap(long)
	if len(got) > headBytes+tailBytes+1 || !strings.HasPrefix(got, "head") || !strings.HasSuffix(got, "tail") {
		t.Errorf("%d bytes from %q to %q", len(got), got[:8], got[len(got)-8:])
	}
}
