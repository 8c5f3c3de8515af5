// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registries

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Rule breaks what matches it. All fields that are set have to match; the
// first rule by ID that does is the one.
type Rule struct {
	ID string `json:"id"`
	// Registry by its layout name, such as harbor.acme.example:8443.
	Registry string `json:"registry,omitempty"`
	// Host that was asked for, without a port, such as auth.docker.io.
	Host string `json:"host,omitempty"`
	// Repository prefix; a rule with one never matches the token service.
	Repository string `json:"repository,omitempty"`
	// Methods, such as GET; none is all of them.
	Methods []string `json:"methods,omitempty"`
	// Path is a pattern as of path.Match for the URL's path: /v2/*/*/blobs/*.
	Path string `json:"path,omitempty"`
	// From are the addresses of the clients; none is all of them.
	From []string `json:"from,omitempty"`
	// Times that the rule holds, 0 without end.
	Times  int    `json:"times,omitempty"`
	Effect Effect `json:"effect"`
}

// An Effect is what happens to a request instead of an answer, or on the way
// to it. Connect decides alone; else Delay comes first, then the first that is
// set of Reset, Hang, Corrupt, Redirect and Status, and without any of them the request
// goes on.
type Effect struct {
	// Connect breaks the connection before TLS: "reset", "hang" or
	// "plain-http"; or shows an "expired" certificate or one for an "other-name",
	// or asks for a "client-certificate", or speaks "old-tls" (1.0) alone. Only
	// Registry and From of the rule are looked at.
	Connect string `json:"connect,omitempty"`
	// Delay before anything else, such as "200ms".
	Delay Duration `json:"delay,omitempty"`
	// Reset the TCP connection.
	Reset bool `json:"reset,omitempty"`
	// Hang until the client gives up.
	Hang bool `json:"hang,omitempty"`
	// After lets that many bytes of the real answer's body through before
	// Reset or Hang.
	After int64 `json:"after,omitempty"`
	// Corrupt changes the first byte of the real answer's body.
	Corrupt bool `json:"corrupt,omitempty"`
	// Redirect with 307 to this URL.
	Redirect string `json:"redirect,omitempty"`
	// Status, Headers and Body make up the whole answer.
	Status  int               `json:"status,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    string            `json:"body,omitempty"`
}

// The values of Effect.Connect.
const (
	ConnectReset = "reset"
	ConnectHang  = "hang"
	ConnectPlain = "plain-http"

	ConnectExpired   = "expired"
	ConnectOtherName = "other-name"
	ConnectClient    = "client-certificate"
	ConnectOldTLS    = "old-tls"
)

// connects are all values of Effect.Connect.
var connects = []string{"", ConnectReset, ConnectHang, ConnectPlain, ConnectExpired, ConnectOtherName, ConnectClient, ConnectOldTLS}

// A Duration is written as in 1m30s.
type Duration time.Duration

// MarshalText writes it as time.Duration does.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads what time.ParseDuration reads.
func (d *Duration) UnmarshalText(text []byte) error {
	read, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("reading a duration: %w", err)
	}
	*d = Duration(read)
	return nil
}

// check tells what is wrong with a rule.
func (r Rule) check() error {
	switch {
	case r.ID == "":
		return errors.New("a rule needs an id")
	case r.Registry == "" && r.Host == "":
		return fmt.Errorf("rule %s needs a registry or a host", r.ID)
	case r.Effect.Connect != "" && r.Registry == "":
		return fmt.Errorf("rule %s breaks connections, so it needs a registry", r.ID)
	case !slices.Contains(connects, r.Effect.Connect):
		return fmt.Errorf("rule %s: connect is one of %s, not %q", r.ID, strings.Join(connects[1:], ", "), r.Effect.Connect)
	case r.Effect.Status != 0 && (r.Effect.Status < 200 || r.Effect.Status > 599):
		return fmt.Errorf("rule %s: status %d is no final HTTP status", r.ID, r.Effect.Status)
	}
	if _, err := path.Match(r.Path, "/"); err != nil {
		return fmt.Errorf("rule %s: path %q: %w", r.ID, r.Path, err)
	}
	return nil
}

// An asked is what a rule looks at.
type asked struct {
	registry, host, repository, method, path, from string
}

func (r Rule) matches(a asked) bool {
	if r.Registry != "" && r.Registry != a.registry ||
		r.Host != "" && r.Host != a.host ||
		r.Repository != "" && !strings.HasPrefix(a.repository, r.Repository) ||
		len(r.Methods) > 0 && !slices.Contains(r.Methods, a.method) ||
		len(r.From) > 0 && !slices.Contains(r.From, a.from) {
		return false
	}
	if r.Path == "" {
		return true
	}
	ok, err := path.Match(r.Path, a.path)
	return ok && err == nil
}

// ruleSet holds the rules in the order of their ids.
type ruleSet struct {
	mu    sync.Mutex
	rules []Rule
	used  map[string]int
}

func newRuleSet() *ruleSet { return &ruleSet{used: map[string]int{}} }

func (s *ruleSet) put(rule Rule) error {
	if err := rule.check(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.used, rule.ID)
	at, found := slices.BinarySearchFunc(s.rules, rule.ID, func(r Rule, id string) int { return strings.Compare(r.ID, id) })
	if found {
		s.rules[at] = rule
	} else {
		s.rules = slices.Insert(s.rules, at, rule)
	}
	return nil
}

func (s *ruleSet) remove(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules = slices.DeleteFunc(s.rules, func(r Rule) bool { return r.ID == id })
	delete(s.used, id)
}

func (s *ruleSet) list() []Rule {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Rule{}, s.rules...)
}

// find gives the rule for a request, or with connect the rule for a
// connection, and counts its use.
func (s *ruleSet) find(a asked, connect bool) (Rule, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, rule := range s.rules {
		if (rule.Effect.Connect != "") != connect {
			continue
		}
		if connect && rule.Registry != a.registry || connect && len(rule.From) > 0 && !slices.Contains(rule.From, a.from) {
			continue
		}
		if !connect && !rule.matches(a) || rule.Times > 0 && s.used[rule.ID] >= rule.Times {
			continue
		}
		s.used[rule.ID]++
		return rule, true
	}
	return Rule{}, false
}
