// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package families tells registries apart: how each says no, how long what one
// logs in with lives, what it limits, what it wants of its cloud, and every host
// that a pull from it needs.
//
// Most of what a registry answers is read by status, code and challenge alone,
// whatever its name; the few answers that mean something else at some
// registries are rules of their Family, and the ladder uses no others. The rest
// is for people: it is printed beside the answer, by the verb registries and in
// docs/registries.md, which is made from this table.
package families

import (
	"net"
	"net/http"
	"strings"
	"time"
)

// A Family is a kind of registry. The zero Family is an unknown one, of which
// nothing is promised.
type Family struct {
	// ID is its name in machine-readable answers: docker-hub.
	ID string
	// Name as people call it.
	Name string
	Rules
	Facts
}

// Rules are what the ladder takes from a family.
type Rules struct {
	// HidesAbsent: to whom it does not know it answers for a repository that is
	// not there as for one that is private (401 or 403). A 404 of it to an
	// anonymous request therefore proves that the repository is there.
	HidesAbsent bool
	// LoginForAll: whether anybody may pull without a login is one switch for
	// the whole registry, so that an anonymous token refused for one repository
	// is refused for all.
	LoginForAll bool
	// CountsGets: a GET of a manifest spends one of the client's pulls, a HEAD
	// does not.
	CountsGets bool
	// LimitImage is a repository whose HEAD tells how many pulls are left,
	// whatever image is asked for, and LimitTag its tag; "" if there is none.
	LimitImage, LimitTag string
}

// Facts are for people. Every text is one sentence without a full stop.
type Facts struct {
	// Kind says what it tells to whoever may not pull: open (404 says what is
	// missing, tags can be listed), quiet (no listing) or hiding (the same
	// answer for private and absent).
	Kind string
	// SaysNo are its ways of refusing, the commonest first.
	SaysNo []Refusal
	// Login says what one logs in with.
	Login string
	// Life is how long that lives, as a sentence; TokenLife the same as a
	// duration where it is the same for all, else 0.
	Life      string
	TokenLife time.Duration
	// Limits on what may be asked.
	Limits []string
	// Status page of its operator, "" for what people run themselves.
	Status string
	// Needs are what its cloud must allow before a node can pull.
	Needs []string
	// Traps that cost people time.
	Traps []string
	// Sources of all this.
	Sources []string
	// egress has the hosts; see Egress.
	egress []need
}

// A Refusal is what is meant and how it is said.
type Refusal struct{ Means, Says string }

// Known tells whether it is a family at all.
func (f Family) Known() bool { return f.ID != "" }

// An entry is a family with what it is known by.
type entry struct {
	hosts    []string // "*" stands for one label, "*-" for the start of the first
	services []string // of the challenge
	headers  []header // of the answer to GET /v2/
	family   Family
}

// A header that only this family sends; value is how it starts, "" for any.
type header struct{ name, value string }

// All returns the families in the order in which people meet them.
func All() []Family {
	var all []Family
	for _, e := range table() {
		all = append(all, e.family)
	}
	return all
}

// Of returns the family of a registry by its host (a port does not matter), or
// else by the service that its challenge names, or by the headers of its answer
// to GET /v2/ (nil if there is none). It returns the zero Family if nothing is
// known.
func Of(host, service string, headers http.Header) Family {
	name, _ := split(host)
	name = strings.ToLower(name)
	entries := table()
	for _, e := range entries {
		for _, pattern := range e.hosts {
			if matches(pattern, name) {
				return e.family
			}
		}
	}
	for _, e := range entries {
		for _, s := range e.services {
			if s == service {
				return e.family
			}
		}
	}
	for _, e := range entries {
		for _, h := range e.headers {
			if v := headers.Get(h.name); v != "" && strings.HasPrefix(v, h.value) {
				return e.family
			}
		}
	}
	return Family{}
}

// Named returns the family of an ID or a name, the zero Family if there is none.
func Named(name string) Family {
	for _, e := range table() {
		if name != "" && (e.family.ID == name || e.family.Name == name) {
			return e.family
		}
	}
	return Family{}
}

// Headers are the names of all headers that a family is known by.
func Headers() []string {
	var names []string
	for _, e := range table() {
		for _, h := range e.headers {
			names = append(names, h.name)
		}
	}
	return names
}

func matches(pattern, host string) bool {
	if strings.HasPrefix(pattern, "*-") { // a prefix inside the first label
		return strings.HasSuffix(host, pattern[1:]) && len(host) > len(pattern)-1
	}
	labels, parts := strings.Split(host, "."), strings.Split(pattern, ".")
	if len(labels) != len(parts) {
		return false
	}
	for i := range parts {
		if parts[i] == "*" && labels[i] != "" {
			continue
		}
		if parts[i] != labels[i] {
			return false
		}
	}
	return true
}

// split takes a host and its port apart; port is "" if there is none.
func split(host string) (name, port string) {
	if name, port, err := net.SplitHostPort(host); err == nil {
		return name, port
	}
	return host, ""
}

// Endpoint returns the host that is asked for images of a registry: every
// runtime asks registry-1.docker.io for docker.io. Other hosts stay.
func Endpoint(host string) string {
	switch strings.ToLower(host) {
	case "docker.io", "index.docker.io":
		return "registry-1.docker.io"
	}
	return host
}

// TokenService tells whether a token service under another registrable domain
// belongs to a registry: these operators are known to run theirs so.
func TokenService(registry, realm string) bool {
	registry, realm = strings.ToLower(registry), strings.ToLower(realm)
	for _, pair := range [][2]string{
		{"registry.redhat.io", "sso.redhat.com"},
		{"rg.*.scw.cloud", "api.scaleway.com"},
	} {
		if realm == pair[1] && matches(pair[0], registry) {
			return true
		}
	}
	return false
}
