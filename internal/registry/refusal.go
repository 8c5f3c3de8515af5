// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"regexp"
	"strings"

	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/symptom"
)

// refusal is what a body says beside its status. It is read only where the
// status leaves more than one meaning: status before code before words.
type refusal struct {
	code    string // upper case with underscores, "" if none
	message string // foreign, as sent; show it through quote only
	html    bool
}

// Lengths that are kept of foreign text.
const (
	maxCode    = 64
	maxMessage = 2000
	maxQuote   = 160
)

// errorBody covers the spellings that are in use: the OCI list of errors,
// OAuth2's, Docker Hub's token service's and Harbor's single ones.
type errorBody struct {
	Errors []struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"errors"`
	Error       json.RawMessage `json:"error"`
	Description string          `json:"error_description"`
	Code        json.RawMessage `json:"code"`
	Message     string          `json:"message"`
	Details     json.RawMessage `json:"details"`
}

// readRefusal reads an error's body.
func readRefusal(a *answer) refusal {
	if isHTML(a) {
		return refusal{html: true}
	}
	var r refusal
	var body errorBody
	if json.Unmarshal(a.body, &body) != nil {
		r.message = foreign.Cut(string(a.body), maxMessage)
		return r
	}
	if len(body.Errors) > 0 {
		r.code, r.message = body.Errors[0].Code, body.Errors[0].Message
	} else {
		r.code = first(text(body.Code), text(body.Error))
		r.message = first(body.Description, body.Message, text(body.Details))
	}
	r.code = cleanCode(r.code)
	r.message = foreign.Cut(r.message, maxMessage)
	return r
}

func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

func first(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}

// cleanCode keeps what looks like a registry's code.
func cleanCode(s string) string {
	s = strings.ToUpper(strings.NewReplacer(" ", "_", "-", "_").Replace(s))
	if len(s) > maxCode || strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "" {
		return ""
	}
	return s
}

// isHTML tells a web page from a registry's answer, by its type or its start.
func isHTML(a *answer) bool {
	if strings.HasPrefix(strings.ToLower(a.header.Get("Content-Type")), "text/html") {
		return true
	}
	start := bytes.ToLower(bytes.TrimLeft(a.body[:min(len(a.body), 256)], " \t\r\n\ufeff"))
	return bytes.HasPrefix(start, []byte("<!doctype html")) || bytes.HasPrefix(start, []byte("<html"))
}

// words are what only the text tells.
type words struct {
	expired  *regexp.Regexp // the credential's time is over
	policy   *regexp.Regexp // a rule of the registry forbids this image or this client
	upstream *regexp.Regexp // a cache could not ask where it copies from
	noRepo   *regexp.Regexp // it is the repository that is not there
}

// newWords compiles the patterns once for a prober. "incorrect, expired, or
// improperly scoped" (GitLab, to any bad password) must not read as expired.
func newWords() words {
	return words{
		expired: regexp.MustCompile(`(?i)\b(token|credentials?|password|key|login|session|account|robot)\b[^.]{0,40}?\b(has|have|is|are|was|were) (already |been )?expired\b` +
			`|\b(token|credentials?|password|session|account) expired\b|\bexpired[ _-]?(token|credentials?|password|session)\b|\btoken_expired\b`),
		policy: regexp.MustCompile(`(?i)vulnerabilit|quarantine|\bxray\b|policy[ _]?violation|blocked by|export control|embargo|sanctions|` +
			`is not allowed access|\bfirewall|content trust|not signed|malicious`),
		upstream: regexp.MustCompile(`(?i)\bupstream\b`),
		noRepo:   regexp.MustCompile(`(?i)^(repository|project) \S+ not found`),
	}
}

func (w words) saysExpired(r refusal) bool { return w.expired.MatchString(r.code + " " + r.message) }

func (w words) saysPolicy(status int, r refusal) bool {
	switch status {
	case 451, 412:
		return true
	case 403:
		return w.policy.MatchString(r.code + " " + r.message)
	}
	return false
}

// saysUpstream wants a registry's code: a gateway in front of it says
// "upstream" too, of the registry itself.
func (w words) saysUpstream(r refusal) bool {
	return r.code != "" && w.upstream.MatchString(r.code+" "+r.message)
}

// saysNoRepository tells whether a refusal of status 404 names the repository:
// by the code of the specification, or, where the code is Harbor's NOT_FOUND,
// by its words.
func (w words) saysNoRepository(r refusal) bool {
	return r.code == "NAME_UNKNOWN" || r.code == "NOT_FOUND" && w.noRepo.MatchString(r.message)
}

// quote makes a foreign text fit to show: clean, short, no link in any
// language of markup. A text that repeats anything of a credential that went
// along is withheld altogether.
func quote(s string, secrets ...string) string {
	shown := foreign.Text(symptom.Redact(foreign.Cut(s, maxMessage)), maxQuote)
	shown = strings.NewReplacer("[", "(", "]", ")", "<", "(", ">", ")", "`", "'").Replace(shown)
	if repeats(s, secrets) || repeats(shown, secrets) {
		return "(withheld: it repeats what was sent to log in)"
	}
	return shown
}

// window is how much of a secret a text may have in common with it.
const window = 6

// repeats tells whether a text holds a piece of one of the secrets, as it is or
// in the encodings that echoing servers use.
func repeats(s string, secrets []string) bool {
	s = strings.ToLower(s)
	for _, secret := range secrets {
		if secret == "" {
			continue
		}
		for _, form := range []string{
			secret, base64.StdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret)),
			hex.EncodeToString([]byte(secret)), url.QueryEscape(secret), url.PathEscape(secret),
		} {
			if sharesWindow(s, strings.ToLower(form)) {
				return true
			}
		}
	}
	return false
}

func sharesWindow(s, form string) bool {
	if len(form) < window {
		return strings.Contains(s, form)
	}
	seen := map[string]bool{}
	for i := 0; i+window <= len(form); i++ {
		seen[form[i:i+window]] = true
	}
	for i := 0; i+window <= len(s); i++ {
		if seen[s[i:i+window]] {
			return true
		}
	}
	return false
}
