// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package trace

import (
	"io"
	"net/http"
	"net/url"
)

// Transport returns a RoundTripper that marks each request as a span of kind
// "request" in the recorder of the request's context, and leaves the rest to
// next.
func Transport(next http.RoundTripper) http.RoundTripper {
	return &transport{next: next}
}

// Transport is the function Transport with this recorder, for clients that
// pass no context on (discovery).
func (r *Recorder) Transport(next http.RoundTripper) http.RoundTripper {
	return &transport{next: next, recorder: r}
}

type transport struct {
	next     http.RoundTripper
	recorder *Recorder // nil: the one of the request's context
}

// RoundTrip implements http.RoundTripper. The span ends with the response's
// body, because a body that is still being read is a registry still answering.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	recorder := t.recorder
	if recorder == nil {
		recorder = From(req.Context())
	}
	if recorder == nil {
		return t.next.RoundTrip(req)
	}
	end := recorder.begin(KindRequest, requestName(req.Method, req.URL))
	resp, err := t.next.RoundTrip(req)
	if err != nil || resp == nil || resp.Body == nil || resp.Body == http.NoBody ||
		resp.StatusCode == http.StatusSwitchingProtocols { // its body must stay an io.Writer
		end()
		return resp, err
	}
	resp.Body = &body{ReadCloser: resp.Body, end: end}
	return resp, nil
}

// CloseIdleConnections passes on what http.Client and client-go call.
func (t *transport) CloseIdleConnections() {
	if c, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// WrappedRoundTripper lets client-go find the transport underneath.
func (t *transport) WrappedRoundTripper() http.RoundTripper {
	return t.next
}

// requestName keeps the method, the host and the path.
func requestName(method string, u *url.URL) string {
	if u == nil {
		return method
	}
	return method + " " + u.Host + u.EscapedPath()
}

type body struct {
	io.ReadCloser
	end func()
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.end()
	}
	return n, err
}

func (b *body) Close() error {
	defer b.end()
	return b.ReadCloser.Close()
}
