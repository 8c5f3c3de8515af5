// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package symptom

import (
	"slices"
	"strings"
)

// Parse reads one error text: an event's message, a waiting container's
// message, a log line, or a whole `kubectl describe` with such lines in it.
// It is total: every input has a Symptom, and one without a cause in it has
// the Sign Other. It takes linear time, and of texts over 64 KiB it looks at
// the head and the tail only.
func Parse(text string) Symptom {
	parts := split(unwrap(text))
	if len(parts) == 1 {
		e := read(parts[0].text)
		return symptomOf(&e, decide(&e))
	}
	readings := make([]reading, len(parts))
	for i, p := range parts {
		e := read(p.text)
		if p.mirror && e.role == RoleRegistry {
			e.role = RoleMirror
		}
		readings[i] = reading{part: p, element: e, verdict: decide(&e)}
	}
	return combine(readings)
}

// A reading is one part of a text and what it says by itself.
type reading struct {
	part    part
	element element
	verdict verdict
}

// An element holds the fields of one error chain.
type element struct {
	text  string // after unwrap
	names []name // what was masked: references, URLs, addresses, paths
	marks []mark // the known words, by their end

	reference string
	grpc      string // gRPC code's name
	request   request
	host      string
	role      Role
	mirrorOf  string
	address   string
	status    int
	statusAt  int // its offset in text, -1 if there is none
	statusEnd int // the end of its reason phrase
	code      string
	runtime   string
	stage     Stage
	sent      string // was a credential sent: yes, no or ""
}

// read takes one chain apart. The order matters: names first, so that no word
// inside a name counts; then words; then what both together say.
func read(text string) element {
	e := element{text: text, statusAt: -1}
	e.names = findNames(text)
	e.marks = slices.DeleteFunc(words().find(text, e.names), func(m mark) bool { return m.group.digest && !e.digestFollows(m.end) })
	e.grpc = grpcCode(text, e.marks)
	e.status, e.statusAt, e.statusEnd = findStatus(text, e.names)
	for _, m := range e.marks {
		g := m.group
		if g.runtime != "" && (e.runtime == "" || e.runtime == "kubelet" && g.rank == asContext) {
			e.runtime = g.runtime
		}
		if g.stage != "" {
			e.stage = g.stage
		}
		if g.sent != "" {
			e.sent = g.sent
		}
		if g.code != "" && !(g.solid && strings.IndexByte(text[m.start:m.end], ' ') >= 0) {
			e.code = g.code
		}
	}
	e.reference = findReference(text, e.names)
	e.readRequest()
	if e.role == RoleBlobStore {
		e.sent = "" // it is asked by a URL that the registry signed
	}
	return e
}

// digestFollows tells whether the clause goes on to a digest behind at.
func (e *element) digestFollows(at int) bool {
	const clause = 48
	for _, n := range e.names {
		if n.kind == digestName && n.start >= at {
			return n.start-at <= clause && !strings.ContainsAny(e.text[at:n.start], "\n;")
		}
	}
	return false
}
