// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// A Run asks each question about one object once, however many pulls ask it.
// It lives as long as one look at the cluster, and so do the secrets in it. It
// is safe for concurrent use.
type Run struct {
	*Client
	nodes    memo[string, answer[*corev1.Node]]
	accounts memo[[2]string, answer[*corev1.ServiceAccount]]
	secrets  memo[[2]string, SecretAnswer]
	spaces   memo[string, []string]
	pulled   memo[[2]string, answer[time.Time]]
	scopes   memo[string, warnings] // by namespace, "" for all
	warnings memo[[2]string, answer[Events]]
	events   memo[string, answer[Events]]
}

// NewRun returns a run that has asked nothing yet.
func (c *Client) NewRun() *Run { return &Run{Client: c} }

// Node by its name.
func (r *Run) Node(ctx context.Context, name string) (*corev1.Node, error) {
	return r.nodes.get(name, func() answer[*corev1.Node] { return answerOf(r.Client.Node(ctx, name)) }).both()
}

// ServiceAccount by its name.
func (r *Run) ServiceAccount(ctx context.Context, namespace, name string) (*corev1.ServiceAccount, error) {
	return r.accounts.get([2]string{namespace, name}, func() answer[*corev1.ServiceAccount] {
		return answerOf(r.Client.ServiceAccount(ctx, namespace, name))
	}).both()
}

// PullSecret by its name.
func (r *Run) PullSecret(ctx context.Context, namespace, name string) SecretAnswer {
	return r.secrets.get([2]string{namespace, name}, func() SecretAnswer { return r.Client.PullSecret(ctx, namespace, name) })
}

// PodEvents returns all events about one pod.
func (r *Run) PodEvents(ctx context.Context, pod *corev1.Pod) (Events, error) {
	return r.events.get(string(pod.UID), func() answer[Events] { return answerOf(r.Client.PodEvents(ctx, pod)) }).both()
}

// Pulled tells when an event says that the node fetched the image of a start,
// and did not just find it there; zero if none does.
func (r *Run) Pulled(ctx context.Context, s Start) time.Time {
	if s.Asked {
		return s.Time
	}
	at, _ := r.pulled.get([2]string{s.PodUID, s.Image}, func() answer[time.Time] { return answerOf(r.pulledAt(ctx, s)) }).both()
	return at
}

// an answer is a value beside its error.
type answer[V any] struct {
	value V
	err   error
}

func answerOf[V any](v V, err error) answer[V] { return answer[V]{v, err} }

func (a answer[V]) both() (V, error) { return a.value, a.err }

// memo remembers answers by question. Who asks while the answer is under way
// waits for it. The zero value is empty and ready.
type memo[K comparable, V any] struct {
	mu   sync.Mutex
	done map[K]func() V
}

// known returns the answer to a question that was asked before.
func (m *memo[K, V]) known(question K) (v V, ok bool) {
	m.mu.Lock()
	once, ok := m.done[question]
	m.mu.Unlock()
	if !ok {
		return v, false
	}
	return once(), true
}

func (m *memo[K, V]) get(question K, ask func() V) V {
	m.mu.Lock()
	once, ok := m.done[question]
	if !ok {
		if m.done == nil {
			m.done = map[K]func() V{}
		}
		once = sync.OnceValue(ask)
		m.done[question] = once
	}
	m.mu.Unlock()
	return once()
}
