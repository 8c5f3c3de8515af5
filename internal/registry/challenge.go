// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"net/http"
	"strings"
)

// challenge is one way to log in that a 401 offers (RFC 9110, section 11).
type challenge struct {
	scheme     string // in lower case
	parameters map[string]string
}

// Bounds on what a header is read for.
const (
	maxChallenges      = 8
	maxChallengeParams = 16
)

// challenges reads all WWW-Authenticate headers. What does not follow the
// grammar ends the reading of that header.
func challenges(h http.Header) []challenge {
	var all []challenge
	for _, value := range h.Values("Www-Authenticate") {
		for value != "" && len(all) < maxChallenges {
			var c challenge
			c, value = readChallenge(value)
			if c.scheme == "" {
				break
			}
			all = append(all, c)
		}
	}
	return all
}

// readChallenge reads one challenge and returns the rest of the header.
func readChallenge(s string) (challenge, string) {
	scheme, rest := token(strings.TrimLeft(s, " \t,"))
	c := challenge{scheme: strings.ToLower(scheme), parameters: map[string]string{}}
	if scheme == "" {
		return c, ""
	}
	for range maxChallengeParams {
		next := strings.TrimLeft(rest, " \t,")
		name, after := token(next)
		value, isParameter := strings.CutPrefix(strings.TrimLeft(after, " \t"), "=")
		if name == "" || !isParameter {
			return c, next // the end, or the next scheme
		}
		var text string
		text, rest = parameterValue(strings.TrimLeft(value, " \t"))
		c.parameters[strings.ToLower(name)] = text
	}
	return c, ""
}

// parameterValue reads a token or a quoted string.
func parameterValue(s string) (value, rest string) {
	if !strings.HasPrefix(s, `"`) {
		if end := strings.IndexAny(s, " \t,"); end >= 0 {
			return s[:end], s[end:]
		}
		return s, ""
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), s[i+1:]
		case '\\':
			if i++; i < len(s) {
				b.WriteByte(s[i])
			}
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String(), ""
}

// token reads a token of RFC 9110, section 5.6.2.
func token(s string) (tok, rest string) {
	end := strings.IndexFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	})
	if end < 0 {
		return s, ""
	}
	return s[:end], s[end:]
}

// offered returns the challenge of a scheme.
func offered(all []challenge, scheme string) (challenge, bool) {
	for _, c := range all {
		if c.scheme == scheme {
			return c, true
		}
	}
	return challenge{}, false
}
