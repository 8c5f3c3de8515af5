// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package symptom

import (
	"strings"
	"time"
)

// validity reads "current time T is before T" and "is after T", with which
// crypto/x509 refuses a certificate for its dates (verify.go). What is cut or
// no time is left out; without the node's own time nothing is returned.
func validity(text string) (node, notBefore, notAfter time.Time) {
	const announced = "current time "
	at := strings.LastIndex(text, announced)
	if at < 0 {
		return
	}
	word, rest, _ := strings.Cut(text[at+len(announced):], " ")
	if node = instant(word); node.IsZero() {
		return
	}
	if bound, ok := strings.CutPrefix(rest, "is before "); ok {
		notBefore = instant(bound)
	} else if bound, ok := strings.CutPrefix(rest, "is after "); ok {
		notAfter = instant(bound)
	}
	return node, notBefore, notAfter
}

// instant reads the time with which s starts, in UTC and to the second; zero if
// there is none.
func instant(s string) time.Time {
	const longestTime = len("2006-01-02T15:04:05.999999999+00:00")
	end := 0
	for end < len(s) && end < longestTime && (isDigit(s[end]) || strings.IndexByte("T:.Z+-", s[end]) >= 0) {
		end++
	}
	t, err := time.Parse(time.RFC3339, strings.TrimRight(s[:end], ".:"))
	if err != nil {
		return time.Time{}
	}
	t = t.UTC().Truncate(time.Second)
	if t.Year() < 1 || t.Year() > 9999 { // which JSON does not take
		return time.Time{}
	}
	return t
}
