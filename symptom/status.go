// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package symptom

import "strings"

// reasonPhrases are the first words of HTTP's reason phrases (RFC 9110, and
// what proxies and content networks add).
var reasonPhrases = map[int]string{
	400: "bad", 401: "unauthorized", 402: "payment", 403: "forbidden", 404: "not", 405: "method", 406: "not", 407: "proxy",
	408: "request", 409: "conflict", 410: "gone", 412: "precondition", 413: "request", 415: "unsupported", 416: "requested",
	422: "unprocessable", 425: "too", 428: "precondition", 429: "too", 451: "unavailable",
	500: "internal", 501: "not", 502: "bad", 503: "service", 504: "gateway", 505: "http", 507: "insufficient", 508: "loop", 511: "network",
}

// statusWords stand before a registry's status.
var statusWords = []string{"status", "status code", "statuscode", "http", "http/1.1", "http/2", "http/2.0", "code", "response", "received", "responded with", "returned"}

// findStatus returns the registry's HTTP status and where it stands with its
// reason phrase: a number from 400 to 599 outside of names that is followed by
// its phrase, stands behind a URL, or is announced as a status. The numbers of
// Docker's own API ("API error (500)", "(HTTP code 500)", "500 Server Error for
// url: http+docker") are not the registry's. The last one counts.
func findStatus(text string, names []name) (status, at, end int) {
	at = -1
	n := 0
	for i := 0; i+2 < len(text); i++ {
		for n < len(names) && names[n].end <= i {
			n++
		}
		if n < len(names) && names[n].start <= i {
			i = names[n].end - 1
			continue
		}
		if text[i] != '4' && text[i] != '5' || !isDigit(text[i+1]) || !isDigit(text[i+2]) {
			continue
		}
		if i > 0 && (isAlnum(text[i-1]) || text[i-1] == '.' || text[i-1] == '-') || i+3 < len(text) && (isAlnum(text[i+3]) || text[i+3] == '-') {
			continue
		}
		number := int(text[i]-'0')*100 + int(text[i+1]-'0')*10 + int(text[i+2]-'0')
		afterURL := n > 0 && names[n-1].kind == urlName && i-names[n-1].end <= len(`": `)
		if phrase, ok := isStatus(text[:i], number, text[i+3:]); ok || afterURL {
			status, at, end = number, i, i+3+phrase
		}
	}
	return status, at, end
}

// isStatus judges a number by what stands around it, and returns the length of
// what follows up to the reason phrase's end.
func isStatus(before string, number int, after string) (phrase int, ok bool) {
	if after == "" && strings.HasSuffix(before, ": ") {
		return 0, true // cut behind it
	}
	before = strings.TrimRight(before[max(0, len(before)-24):], " \n\"':=([")
	if endsWith(before, "(http code") || endsWith(before, "api error") || endsWith(before, "exit code") || endsWith(before, "exit status") || endsWith(before, "request returned") {
		return 0, false // Docker's own API, or a program's
	}
	rest := strings.TrimLeft(after, " \n(:-")
	if want := reasonPhrases[number]; want != "" && startsWith(rest, want) {
		return len(after) - len(rest) + len(want), !strings.Contains(rest[:min(len(rest), 48)], "for API route")
	}
	for _, w := range statusWords {
		if endsWith(before, w) {
			return 0, true
		}
	}
	return 0, false
}

// endsWith and startsWith compare without case, at a word's border.
func endsWith(s, word string) bool {
	n := len(s) - len(word)
	return n >= 0 && strings.EqualFold(s[n:], word) && (n == 0 || !isAlnum(s[n-1]))
}

// startsWith takes a cut word at the end of the text for the word, and reads
// over a terminal's line break.
func startsWith(s, word string) bool {
	if i := strings.IndexByte(s[:min(len(s), len(word))], '\n'); i > 0 {
		s = s[:i] + s[i+1:min(len(s), len(word)+1)]
	}
	if len(s) < len(word) {
		return s != "" && strings.EqualFold(s, word[:len(s)])
	}
	return strings.EqualFold(s[:len(word)], word)
}

// grpcNames are the codes that old kubelets print as numbers.
var grpcNames = map[string]string{
	"1": "Canceled", "2": "Unknown", "3": "InvalidArgument", "4": "DeadlineExceeded", "5": "NotFound", "7": "PermissionDenied",
	"8": "ResourceExhausted", "9": "FailedPrecondition", "12": "Unimplemented", "13": "Internal", "14": "Unavailable", "16": "Unauthenticated",
}

// grpcCode reads X of "rpc error: code = X desc =".
func grpcCode(text string, marks []mark) string {
	for _, m := range marks {
		if !m.group.grpc {
			continue
		}
		rest := strings.TrimLeft(text[m.end:min(len(text), m.end+40)], " \n=")
		end := 0
		for end < len(rest) && isAlnum(rest[end]) {
			end++
		}
		found := strings.TrimSuffix(rest[:end], "desc")
		if name, ok := grpcNames[found]; ok {
			return name
		}
		if found != "" && isLetter(found[0]) {
			return found
		}
	}
	return ""
}
