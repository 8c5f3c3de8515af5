// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"sync"
)

// memo asks each question once: who comes while it is being asked waits, who
// comes later gets the same answer.
type memo[V any] struct {
	mu      sync.Mutex
	entries map[string]*entry[V]
}

type entry[V any] struct {
	done  chan struct{}
	value V
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
	e, known := m.entries[question]
	if !known {
		e = &entry[V]{done: make(chan struct{})}
		m.entries[question] = e
		go func() {
			defer close(e.done)
			e.value = ask(context.WithoutCancel(ctx))
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
