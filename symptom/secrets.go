// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package symptom

import "strings"

// hidden stands for what looked like a credential.
const hidden = "[redacted]"

// Redact returns an error text without what looks like a credential, for where
// the text itself is kept: tokens and passwords become "[redacted]", and of URLs
// the user info and the query, in which blob stores carry their signatures, go.
// It takes linear time.
func Redact(text string) string {
	var b strings.Builder
	rest := text
	for {
		at := strings.Index(rest, "://")
		if at < 0 {
			break
		}
		b.WriteString(rest[:at+3])
		rest = rest[at+3:]
		end := strings.IndexAny(rest, " \t\n\"'\\<>`|")
		if end < 0 {
			end = len(rest)
		}
		url := rest[:end]
		rest = rest[end:]
		url, _, asked := strings.Cut(url, "?")
		authority, path, slashed := strings.Cut(url, "/")
		if user := strings.LastIndexByte(authority, '@'); user >= 0 {
			authority = authority[user+1:]
		}
		b.WriteString(authority)
		if slashed {
			b.WriteString("/" + path)
		}
		if asked {
			b.WriteString("?" + hidden)
		}
	}
	b.WriteString(rest)
	return hideSecrets(b.String())
}

// secretWords announce a credential: the value behind them is not shown.
var secretWords = []string{"bearer", "basic", "password", "passwd", "token", "secret", "auth", "identitytoken", "registrytoken", "authorization", "access_token", "refresh_token", "client_secret"}

// tokenPrefixes start tokens that are known by their own look: JSON web tokens,
// GitHub, GitLab, Docker, Google, AWS.
var tokenPrefixes = []string{"eyJ", "ghp_", "gho_", "ghs_", "github_pat_", "glpat-", "gldt-", "dckr_pat_", "dckr_oat_", "ya29.", "AKIA", "ASIA"}

// hideSecrets replaces values that follow such a word and ":" or "=", the value
// of a Bearer or Basic header, and tokens that are known by their own look,
// wherever they stand. Error texts rarely hold any; this is for the one that
// does.
func hideSecrets(s string) string {
	var b strings.Builder
	done := 0
	for i := 0; i < len(s); {
		start := i
		plain := true // a word of a sentence
		for i < len(s) && secretBytes[s[i]] {
			plain = plain && ('a' <= s[i] && s[i] <= 'z' || s[i] == '.' || s[i] == '-' || i == start && isLetter(s[i]))
			i++
		}
		if word := s[start:i]; len(word) >= 6 && (!plain || start > 0 && (s[start-1] == '"' || s[start-1] == '=')) &&
			(looksSecret(word) || announcesSecret(s[:start])) {
			b.WriteString(s[done:start])
			b.WriteString(hidden)
			done = i
		}
		i++
	}
	if done == 0 {
		return s
	}
	b.WriteString(s[done:])
	return b.String()
}

// secretBytes are what a credential is made of. "=" is left out: it announces.
var secretBytes = func() (set [256]bool) {
	for c := range set {
		set[c] = isAlnum(byte(c)) || strings.IndexByte("+/_-.~!$%^&*#@", byte(c)) >= 0
	}
	return set
}()

// looksSecret tells a token by its own look.
func looksSecret(w string) bool {
	if len(w) < 16 {
		return false
	}
	for _, prefix := range tokenPrefixes {
		if strings.HasPrefix(w, prefix) {
			return true
		}
	}
	return false
}

// announcesSecret tells that text ends in `password": "`, `token=` or `Bearer `.
func announcesSecret(before string) bool {
	before = before[max(0, len(before)-28):]
	word := strings.TrimRight(before, " \"'`")
	blank := len(word) < len(before)
	assigned := strings.TrimRight(word, ":= \"'`")
	isAssigned := len(assigned) < len(word)
	for i, w := range secretWords {
		n := len(assigned) - len(w)
		if n < 0 || !strings.EqualFold(assigned[n:], w) || n > 0 && isAlnum(assigned[n-1]) {
			continue
		}
		if isAssigned || blank && i < 2 {
			return true
		}
	}
	return false
}
