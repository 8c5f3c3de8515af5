// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package symptom

import "strings"

// hidden stands for what looked like a credential.
const hidden = "[redacted]"

// Redact returns an error text without what looks like a credential, for where
// the text itself is kept or shown:
//
//   - values that a key, a header or a command's flag announces, quoted or not,
//     in JSON that was escaped any number of times;
//   - of URLs the user info (with or without a scheme before it), the fragment and
//     the query, in which blob stores carry their signatures; ?ns=, which names a
//     mirror's upstream, stays;
//   - private keys, and tokens known by their own look.
//
// "[redacted]" takes its place, but for user info, without which a name or URL
// still reads. What Parse reads is left as it is: Redact(text) says the same as text. It
// takes linear time, and redacting twice changes nothing.
func Redact(text string) string {
	const mostPasses = 6 // what is taken out may have hidden what stands beside it
	for range mostPasses {
		redacted := redactOnce(text)
		if redacted == text {
			break
		}
		text = redacted
	}
	return text
}

func redactOnce(text string) string {
	r := redactor{in: text, user: -1}
	for i := 0; i < len(text); {
		i = r.step(i)
	}
	if r.done == 0 {
		return text
	}
	r.out.WriteString(text[r.done:])
	return r.out.String()
}

// A redactor copies a text and leaves out parts. It goes forward only.
type redactor struct {
	in    string
	out   strings.Builder
	done  int // what stands before it is written
	run   int // where the current run without blanks and quotes started
	user  int // the run in which a user's password was found, by its start
	tried int // up to here randomAt has looked
}

// hide replaces in[start:end] and returns end.
func (r *redactor) hide(start, end int) int {
	if end > max(start, r.done) {
		r.drop(start, end)
		r.out.WriteString(hidden)
	}
	return end
}

// drop leaves in[start:end] out without a mark.
func (r *redactor) drop(start, end int) {
	if start = max(start, r.done); end > start {
		r.out.WriteString(r.in[r.done:start])
		r.done = end
	}
}

// step looks at one word or other character and returns where to go on.
func (r *redactor) step(i int) int {
	c := r.in[i]
	switch {
	case isIdent(c):
		end := i + 1
		for end < len(r.in) && isIdent(r.in[end]) {
			end++
		}
		return r.word(i, end)
	case c == '?':
		if i > r.run && r.isQuery(i+1) {
			return r.query(i+1, r.urlEnd(i+1))
		}
	case c == '@':
		r.userInfo(i)
	case strings.HasPrefix(r.in[i:], hidden): // from a first redaction
		return i + len(hidden)
	case isBlank(c), c == '\r', c == '"', c == '\'', c == '`', c == '\\':
		r.run = i + 1
	}
	return i + 1
}

// isIdent tells the characters of keys, flags and the starts of tokens.
func isIdent(c byte) bool { return isAlnum(c) || c == '-' || c == '_' }

// word handles in[start:end], which letters, digits, "-" and "_" make.
func (r *redactor) word(start, end int) int {
	w := r.in[start:end]
	switch {
	case strings.HasPrefix(r.in[end:], "://"):
		return r.url(end + len("://"))
	case strings.HasPrefix(w, "-----BEGIN"):
		return r.block(start)
	}
	if n := tokenAt(r.in[start:]); n > 0 {
		return r.hide(start, start+n)
	}
	if n := r.randomAt(start); n > 0 {
		return r.hide(start, start+n)
	}
	if n := r.gluedAt(start, end); n > 0 {
		return r.hide(start+len("-p"), n)
	}
	if kind := kindOfKey(w); kind != noKey && (start == 0 || r.in[start-1] != '+') { // +pw= is base64
		if from, to, ok := r.valueOf(kind, start, end); ok {
			r.run = to
			return r.hide(from, to)
		}
	}
	return end
}

// gluedAt is where the value ends of a flag without a blank before it: -pS3cret,
// -uname:password; 0 if the word is none.
func (r *redactor) gluedAt(start, end int) int {
	w := r.in[start:end]
	switch {
	case len(w) < 3 || w[0] != '-':
	case w[1] == 'p' && isRandom(w[2:], 4), w[1] == 'u' && strings.HasPrefix(r.in[end:], ":"):
		return r.bareEnd(start + 2)
	}
	return 0
}

// url handles what follows "://": host and path stay.
func (r *redactor) url(start int) int {
	end := r.urlEnd(start)
	r.run = end
	asked := start + strings.IndexAny(r.in[start:end], "?#")
	if asked < start {
		asked = end
	}
	if at := strings.LastIndexByte(r.in[start:asked], '@'); at >= 0 {
		before, after := r.in[start:start+at], r.in[start+at+1:asked]
		host, _, slashed := strings.Cut(before, "/")
		if !isDigestStart(after) && (!slashed || !isHostPort(host)) {
			r.drop(start, start+at+1)
		}
	}
	r.path(start, asked)
	if asked < end {
		return r.query(asked+1, end)
	}
	return end
}

// path handles a URL's host and path, in which some put a token or key=value.
func (r *redactor) path(start, end int) {
	for start < end {
		next := end
		if n := strings.IndexAny(r.in[start:end], "/;"); n >= 0 {
			next = start + n
		}
		part := r.in[start:next]
		if n := tokenAt(part); n > 0 {
			r.hide(start, start+n)
		} else if key, value, ok := strings.Cut(part, "="); ok && kindOfKey(key) != noKey && value != hidden {
			r.hide(next-len(value), next)
		}
		start = next + 1
	}
}

// urlEnd is where a URL ends that goes on at start.
func (r *redactor) urlEnd(start int) int {
	if n := strings.IndexAny(r.in[start:], " \t\r\n\"'\\<>`|"); n >= 0 {
		return start + n
	}
	return len(r.in)
}

// isQuery tells that key=value follows.
func (r *redactor) isQuery(start int) bool {
	const longestKey = 64
	for i := start; i < len(r.in) && i < start+longestKey; i++ {
		switch c := r.in[i]; {
		case c == '=':
			return i > start
		case !isIdent(c) && c != '.':
			return false
		}
	}
	return false
}

// query leaves of a query only ns, the upstream that a mirror is asked for.
func (r *redactor) query(start, end int) int {
	query := strings.TrimRight(r.in[start:end], ":,.;)]}")
	end = start + len(query)
	for at := start; at < end; {
		n := strings.IndexByte(r.in[at:end], '&')
		if n < 0 {
			n = end - at
		}
		if ns, ok := strings.CutPrefix(r.in[at:at+n], "ns="); ok && isHost(ns) {
			r.hide(start, at-1)
			start = min(at+n+1, end)
		}
		at += n + 1
	}
	if strings.HasPrefix(r.in[start:], hidden) {
		return start + len(hidden)
	}
	r.hide(start, end)
	return end
}

// userInfo handles "user:password@host" that no scheme announces, at its "@".
func (r *redactor) userInfo(at int) {
	start := max(r.run, r.done)
	after := r.in[at+1:]
	if start >= at || after == "" || !isAlnum(after[0]) && after[0] != '[' || isDigestStart(after) {
		return
	}
	switch {
	case r.user == r.run, strings.IndexByte(r.in[start:at], ':') > 0:
		r.drop(start, at+1) // a password may have an "@" in it
		r.user = r.run
	default:
		r.run = at + 1
	}
}

// block hides a key or certificate in PEM.
func (r *redactor) block(start int) int {
	const last = "-----END"
	end := strings.Index(r.in[start:], last)
	if end < 0 {
		return r.hide(start, len(r.in))
	}
	end += start + len(last)
	for end < len(r.in) && (isIdent(r.in[end]) || r.in[end] == ' ') {
		end++
	}
	return r.hide(start, end)
}

// isDigestStart tells what follows the "@" of a reference by digest.
func isDigestStart(s string) bool {
	return strings.HasPrefix(s, "sha256:") || strings.HasPrefix(s, "sha512:") || strings.HasPrefix(s, "sha384:")
}

// isHostPort tells host or host:port.
func isHostPort(s string) bool {
	host, port, ok := strings.Cut(s, ":")
	return isHost(host) && (!ok || port != "" && strings.Trim(port, "0123456789") == "")
}

// tokenPrefixes start tokens that are known by their own look: JSON web tokens,
// GitHub, GitLab, Docker, Google, AWS (keys and session tokens), Slack, npm,
// Vault, Stripe.
var tokenPrefixes = []string{
	"eyJ", "ghp_", "gho_", "ghs_", "ghu_", "ghr_", "github_pat_", "glpat-", "gldt-", "glcbt-", "dckr_pat_", "dckr_oat_", "ya29.", "AIza", "1//0",
	"AKIA", "ASIA", "FwoG", "IQoJ", "xoxb-", "xoxp-", "npm_", "hvs.", "sk_live_",
}

// tokenAt is the length of a token with which s starts, 0 if there is none.
func tokenAt(s string) int {
	const shortest = 16
	if len(s) < shortest {
		return 0
	}
	for _, prefix := range tokenPrefixes {
		if !strings.HasPrefix(s, prefix) {
			continue
		}
		n := len(prefix)
		for n < len(s) && (isIdent(s[n]) || strings.IndexByte("./+=~%", s[n]) >= 0) {
			n++
		}
		if n = len(strings.TrimRight(s[:n], ".=")); n >= shortest {
			return n
		}
	}
	return 0
}

// randomAt is the length of a long run of small and capital letters and digits
// at start, such as an AWS secret key: no name or digest looks like that. What
// belongs to a path is left alone.
func (r *redactor) randomAt(start int) int {
	if start < r.tried || start > 0 && strings.IndexByte("/.:%", r.in[start-1]) >= 0 {
		return 0
	}
	const shortest, some = 36, 3 // one digit is enough
	var small, capital, digits int
	end := start
	for end < len(r.in) && (isIdent(r.in[end]) || strings.IndexByte("+/=", r.in[end]) >= 0) {
		switch c := r.in[end]; {
		case isDigit(c):
			digits++
		case 'a' <= c && c <= 'z':
			small++
		case 'A' <= c && c <= 'Z':
			capital++
		}
		end++
	}
	r.tried = end
	inName := end < len(r.in) && (r.in[end] == '.' || r.in[end] == ':') && end+1 < len(r.in) && isAlnum(r.in[end+1])
	if inName || end-start < shortest || small < some || capital < some || digits == 0 {
		return 0
	}
	return end - start
}
