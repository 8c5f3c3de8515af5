// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package symptom

import "strings"

// A keyKind says how a word announces a credential.
type keyKind uint8

const (
	noKey       keyKind = iota
	passwordKey         // whatever follows it, unless the sentence goes on
	tokenKey            // what is assigned to it; sentences end in "token:" too
	secretKey           // what is assigned to it; what stands behind it may be a Secret's name
	headerKey           // Authorization, Cookie: a scheme may come first
	schemeKey           // Bearer, Basic
	flagKey             // -p, --token: the next word
	loginFlag           // -u, --creds: the next word, if it holds a password
)

// Endings of keys, without "-", "_" and case. The short ones must be the key's
// last part: X-Registry-Auth, and not oauth.
var (
	passwordEndings = []string{"password", "passwd", "passphrase", "passcode"}
	tokenEndings    = []string{
		"token", "apikey", "accesskey", "accesskeyid", "secretkey", "privatekey", "sessionkey", "accountkey", "signature", "credential", "credentials",
	}
	headerEndings = []string{"authorization", "cookie"}
	shortKeys     = map[string]keyKind{"auth": secretKey, "sig": secretKey, "pwd": secretKey, "pass": secretKey, "pw": secretKey, "creds": secretKey, "secret": secretKey}
)

// kindOfKey tells whether a word announces a credential.
func kindOfKey(w string) keyKind {
	const longestKey = 64
	switch w {
	case "-p":
		return flagKey
	case "-u", "--user", "-user", "--proxy-user":
		return loginFlag
	}
	if len(w) > longestKey {
		w = w[len(w)-longestKey:]
	}
	var buffer [longestKey]byte
	n, last := 0, 0
	for i := range len(w) {
		if c := w[i]; c == '-' || c == '_' {
			last = n
		} else {
			if 'A' <= c && c <= 'Z' {
				if i > 0 && 'a' <= w[i-1] && w[i-1] <= 'z' {
					last = n
				}
				c += 'a' - 'A'
			}
			buffer[n] = c
			n++
		}
	}
	key, part := string(buffer[:n]), string(buffer[last:n])
	var kind keyKind
	switch {
	case key == "bearer" || key == "basic":
		return schemeKey
	case hasEnding(key, passwordEndings):
		kind = passwordKey
	case hasEnding(key, tokenEndings):
		kind = tokenKey
	case hasEnding(key, headerEndings):
		return headerKey
	default:
		kind = shortKeys[part]
	}
	if kind != noKey && w[0] == '-' {
		if part == "creds" {
			return loginFlag
		}
		return flagKey
	}
	return kind
}

func hasEnding(key string, endings []string) bool {
	for _, e := range endings {
		if strings.HasSuffix(key, e) {
			return true
		}
	}
	return false
}

// goesOn tells that what follows "password" is the sentence and not one:
// invalid username/password: unauthorized: ...
func (r *redactor) goesOn(start int, w string, end int) bool {
	if isSentenceWord(w) {
		return true
	}
	partOfPair := start > 0 && r.in[start-1] == '/'
	return partOfPair || isSmall(w) && strings.HasPrefix(r.in[end:], ":")
}

// isSmall tells a word of small letters.
func isSmall(w string) bool { return strings.Trim(w, "abcdefghijklmnopqrstuvwxyz-/") == "" }

// isRandom tells a word of at least so many characters that is neither a word
// of a sentence nor a number.
func isRandom(w string, shortest int) bool {
	if len(w) < shortest || strings.HasPrefix(w, "HTTP/") {
		return false
	}
	letters, digits, capitals := 0, 0, 0
	for i := range len(w) {
		switch c := w[i]; {
		case isDigit(c):
			digits++
		case 'A' <= c && c <= 'Z':
			if i > 0 {
				capitals++
			}
			letters++
		case isLetter(c):
			letters++
		}
	}
	return letters > 0 && (digits > 0 || capitals > 1 && capitals < letters)
}

// isSentenceWord tells words that follow "password", "Bearer" and "Basic" in
// sentences.
func isSentenceWord(w string) bool {
	w = strings.ToLower(strings.TrimRight(w, ".,:;!?"))
	return strings.Contains(sentenceWords, " "+w+" ")
}

const sentenceWords = " a access an and are as at auth authenticated authentication authorization be between by can cannot challenge change changed combination concatenated " +
	"contain contains could credential credentials denied did differ do does empty entry error expected expired fail failed fails failure field file for from given grant had hash has have " +
	"header headers helper http https if in incorrect invalid is it its length login manager may mismatch missing must needed no not of on or policy prompt protected provided " +
	"realm rejected required reset scheme set should stdin store supplied that the this to token tokens too type unauthorized unexpected unset user username was were when which " +
	"will with without would wrong you your "
