// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"

	"github.com/pullmedic/pullmedic/internal/foreign"
)

// guarded is a transport to an API server that takes nothing else for one: a web
// page (of a proxy, of a login) is an error, and so is an answer that sends on
// to somewhere else, which would take the user's token along.
func guarded(next http.RoundTripper) http.RoundTripper { return guard{next} }

type guard struct{ next http.RoundTripper }

// errNoAPIServer is in the chain of an answer that is none of an API server.
var errNoAPIServer = errors.New("what answers is no API server")

// WrappedRoundTripper lets client-go find the transport that cancels requests.
func (g guard) WrappedRoundTripper() http.RoundTripper { return g.next }

func (g guard) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := g.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	media, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	to := answer.Header.Get("Location")
	switch {
	case answer.StatusCode/100 == 3 && to != "":
		err = fmt.Errorf("%w: it sends on to %s", errNoAPIServer, hostOf(r.URL, to))
	case media == "text/html" || media == "application/xhtml+xml":
		err = fmt.Errorf("%w: a web page came (%d)", errNoAPIServer, answer.StatusCode)
	default:
		return answer, nil
	}
	_ = answer.Body.Close()
	return nil, err
}

// hostOf is the host that an address leads to.
func hostOf(from *url.URL, to string) string {
	u, err := from.Parse(to)
	if err != nil || u.Host == "" {
		return "another address"
	}
	return foreign.Text(u.Host, 260)
}
