// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pullmedic/pullmedic/internal/registry/families"
)

// memo asks each question once: who comes while it is being asked waits, who
// comes later gets the same answer, as long as that is kept.
type memo[V any] struct {
	mu      sync.Mutex
	entries map[string]*entry[V]
	// keep tells, once, whether an answer may stay; nil keeps all. What does
	// not stay is given to whoever waits, and asked again later.
	keep func(V) bool
	// aging tells when answers grow too old to be given again; nil: never.
	aging *aging[V]
	swept time.Time
}

// aging is how answers grow old.
type aging[V any] struct {
	fresh time.Duration
	now   func() time.Time
	// lasts tells the answers that are given again for ever; nil: none.
	lasts func(V) bool
	// gone is told of each answer that was dropped; may be nil.
	gone func(V)
}

type entry[V any] struct {
	done  chan struct{}
	value V
	at    time.Time // of the asking, if answers grow old
}

// answered tells whether the answer is there.
func (e *entry[V]) answered() bool {
	select {
	case <-e.done:
		return true
	default:
		return false
	}
}

// forget drops the answer to a question if it is too old, and from time to time
// all that are, so that what nobody asks about any more does not stay. It is
// called with the lock held, and returns the time, if anything grows old.
func (m *memo[V]) forget(question string) time.Time {
	if m.aging == nil {
		return time.Time{}
	}
	now := m.aging.now()
	if now.Sub(m.swept) >= m.aging.fresh {
		m.swept = now
		for each := range m.entries {
			m.drop(each, now)
		}
		return now
	}
	m.drop(question, now)
	return now
}

func (m *memo[V]) drop(question string, now time.Time) {
	e := m.entries[question]
	if e == nil || now.Sub(e.at) < m.aging.fresh || !e.answered() || m.aging.lasts != nil && m.aging.lasts(e.value) {
		return
	}
	delete(m.entries, question)
	if m.aging.gone != nil {
		m.aging.gone(e.value)
	}
}

// get returns the answer to a question, asking it if nobody has. The asking is
// not ended by ctx, because others may wait for it too; it has a deadline of
// its own. What ctx ends is this wait, and then ok is false.
func (m *memo[V]) get(ctx context.Context, question string, ask func(context.Context) V) (value V, ok bool) {
	if ctx.Err() != nil {
		return value, false
	}
	m.mu.Lock()
	if m.entries == nil {
		m.entries = map[string]*entry[V]{}
	}
	now := m.forget(question)
	e, known := m.entries[question]
	if !known {
		e = &entry[V]{done: make(chan struct{}), at: now}
		m.entries[question] = e
		go func() {
			defer close(e.done)
			e.value = ask(context.WithoutCancel(ctx))
			if m.keep != nil && !m.keep(e.value) {
				m.mu.Lock()
				delete(m.entries, question)
				m.mu.Unlock()
			}
		}()
	}
	m.mu.Unlock()
	select {
	case <-e.done:
		return e.value, true
	case <-ctx.Done():
		return value, false
	}
}

// maxKeptBytes is how much of registries' answers one Prober keeps, over all
// registries: bodies, headers and lists of tags. A cluster's real answers are
// some kilobytes each (200 images: about 4 MiB); what goes beyond was made to be
// large, and is used once and forgotten. The answer to a login always stays (it
// has 64 KiB at most), because a rejected login must not be sent again.
const maxKeptBytes = 32 << 20

// budget counts what is kept.
type budget struct{ kept atomic.Int64 }

// take tells whether so many bytes more may stay, and counts them if so.
func (b *budget) take(n int64) bool {
	if b.kept.Add(n) <= maxKeptBytes {
		return true
	}
	b.kept.Add(-n)
	return false
}

// hold counts what stays in any case; free gives back what was counted.
func (b *budget) hold(n int64) { b.kept.Add(n) }
func (b *budget) free(n int64) { b.kept.Add(-n) }

// entryBytes is what an entry costs beside its texts.
const entryBytes = 512

// size of an answer in memory, about.
func (r reply) size() int64 {
	n := int64(entryBytes)
	if r.answer == nil {
		return n
	}
	n += int64(cap(r.answer.body)) + int64(len(r.answer.path))
	for name, values := range r.answer.header {
		for _, v := range values {
			n += int64(len(name) + len(v))
		}
	}
	return n
}

func (l tagList) size() int64 {
	n := int64(entryBytes) + l.first.size()
	for _, tag := range l.tags {
		n += int64(len(tag)) + 16
	}
	return n
}

// without returns the reply without its body, for those who have read it.
func (r reply) without() reply {
	if r.answer == nil {
		return r
	}
	a := *r.answer
	a.body = nil
	return reply{answer: &a}
}

// readHeaders are the headers that some rung reads; the others are dropped as
// soon as they came.
func readHeaders(h http.Header) http.Header {
	kept := http.Header{}
	for _, name := range append(families.Headers(),
		"Www-Authenticate", "Content-Type", "Content-Encoding", "Docker-Content-Digest", "Link", "Retry-After",
		"Ratelimit-Limit", "Ratelimit-Remaining", "Docker-Ratelimit-Source",
	) {
		if len(kept[name]) > 0 {
			continue // two families are known by it
		}
		for _, v := range h.Values(name)[:min(len(h.Values(name)), maxChallenges)] {
			kept.Add(name, cutHeader(v))
		}
	}
	return kept
}

// maxHeaderValue bounds one value of a header that is kept; a challenge of a
// real registry has some hundred bytes.
const maxHeaderValue = 4 << 10

func cutHeader(v string) string {
	if len(v) > maxHeaderValue {
		return string([]byte(v[:maxHeaderValue])) // a copy, so that the rest can go
	}
	return v
}
