// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"net/http"

	"k8s.io/client-go/rest"
)

// prompt keeps a kubeconfig's credential plugin from holding a question beyond
// its time: client-go waits for the plugin to end, however long that takes.
func prompt(config *rest.Config, next http.RoundTripper) http.RoundTripper {
	if config.ExecProvider == nil && config.AuthProvider == nil || next == nil {
		return next
	}
	return prompted{next}
}

type prompted struct{ next http.RoundTripper }

// WrappedRoundTripper lets client-go find the transport underneath.
func (p prompted) WrappedRoundTripper() http.RoundTripper { return p.next }

func (p prompted) RoundTrip(r *http.Request) (*http.Response, error) {
	type result struct {
		answer *http.Response
		err    error
	}
	done := make(chan result, 1)
	go func() {
		answer, err := p.next.RoundTrip(r) //nolint:bodyclose // it is closed by whom it goes to, or below
		done <- result{answer, err}
	}()
	select {
	case got := <-done:
		return got.answer, got.err
	case <-r.Context().Done():
		go func() {
			if late := <-done; late.answer != nil {
				_ = late.answer.Body.Close()
			}
		}()
		return nil, context.Cause(r.Context())
	}
}
