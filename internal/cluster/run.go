// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/kubelet/keyring"
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
	// marks is the key under which users of secrets are marked. It goes with
	// the run, so that marks of two runs cannot be compared nor guessed at.
	marks []byte
}

// NewRun returns a run that has asked nothing yet.
func (c *Client) NewRun() *Run {
	r := &Run{Client: c, marks: make([]byte, 32)}
	_, _ = rand.Read(r.marks) // never fails
	return r
}

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
	return r.secrets.get([2]string{namespace, name}, func() SecretAnswer {
		a := r.Client.PullSecret(ctx, namespace, name)
		if a.Err == nil {
			a.Reduced = keyring.Reduce(a.Secret, r.marks)
		}
		return a
	})
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
