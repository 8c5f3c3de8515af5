// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package shell quotes words for a POSIX shell. A person copies printed commands,
// and the names in them were chosen by others: so no value gets into a command
// but through here. It is pure.
package shell

import (
	"regexp"
	"strings"

	"github.com/pullmedic/pullmedic/internal/foreign"
)

// maxWord bounds a word of a command; a longer one is not meant.
const maxWord = 1000

// harmless are words that mean to every shell what they say.
var harmless = regexp.MustCompile(`^[A-Za-z0-9_%+:,./@-][A-Za-z0-9_%+=:,./@-]*$`)

// Quote quotes a word for a POSIX shell. Within single quotes nothing has a
// meaning but the quote itself.
func Quote(word string) string {
	if harmless.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// Command joins words to a command line. It is false if a word has characters
// that a terminal would not show as themselves, or is too long to be meant.
func Command(words ...string) (string, bool) {
	quoted := make([]string, len(words))
	for i, w := range words {
		if w != foreign.Text(w, maxWord) || w == "" {
			return "", false
		}
		quoted[i] = Quote(w)
	}
	return strings.Join(quoted, " "), true
}
