// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registries

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"strconv"
	"strings"
	"time"

	"github.com/pullmedic/pullmedic/testbed/internal/layout"
)

// StoragePrefix is the first path component below which distribution keeps a
// registry's repositories.
func StoragePrefix(registry layout.Registry) string {
	return hostname(registry.Name)
}

// StorageTransport reaches a distribution registry that listens on a unix
// socket, whatever host is asked for.
func StorageTransport(socket string) http.RoundTripper {
	return &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var dialer net.Dialer
			return dialer.DialContext(ctx, "unix", socket)
		},
		MaxIdleConnsPerHost:   16,
		ResponseHeaderTimeout: time.Minute,
		IdleConnTimeout:       time.Minute,
	}
}

// storagePath is where distribution keeps what the path names.
func (f *front) storagePath(path string) string {
	return "/v2/" + StoragePrefix(f.registry) + strings.TrimPrefix(path, "/v2")
}

func (f *front) hasRepository(ctx context.Context, repository string) bool {
	return f.world.store.has(ctx, f.storagePath("/v2/"+repository+"/tags/list"))
}

// newProxy passes requests on to distribution, below the registry's prefix,
// and takes the prefix out of what comes back.
func newProxy(f *front) *httputil.ReverseProxy {
	return &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.Out.URL.Scheme, p.Out.URL.Host = "http", "distribution"
			p.Out.URL.Path, p.Out.URL.RawPath = f.storagePath(p.In.URL.Path), ""
			p.Out.Header.Del("Authorization") // distribution asks nobody
			p.Out.Header.Del("Accept-Encoding")
		},
		Transport:      f.world.config.Storage,
		ModifyResponse: f.inOwnWords,
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			http.Error(w, fmt.Sprintf("the testbed's storage does not answer: %v", err), http.StatusBadGateway)
		},
	}
}

// inOwnWords makes distribution's answer the registry's.
func (f *front) inOwnWords(answer *http.Response) error {
	prefix := StoragePrefix(f.registry) + "/"
	answer.Header.Del("Docker-Distribution-Api-Version") // the front has said it
	for _, header := range []string{"Link", "Location"} {
		if value := answer.Header.Get(header); value != "" {
			answer.Header.Set(header, strings.Replace(value, "/v2/"+prefix, "/v2/", 1))
		}
	}
	request := answer.Request
	path := parsePath(strings.Replace(request.URL.Path, "/v2/"+prefix, "/v2/", 1))
	if answer.StatusCode == http.StatusNotFound && path.kind != "blobs" {
		var own func() reply
		switch missing := !f.hasRepository(request.Context(), path.repository); {
		case missing && f.words.noRepository != nil:
			own = func() reply { return f.words.noRepository(path.repository) }
		case !missing && f.words.noManifest != nil:
			own = func() reply { return f.words.noManifest(path.repository, path.reference) }
		}
		if own != nil {
			replyNow := own()
			replaceBody(answer, replyNow.body(), request.Method)
			answer.StatusCode = replyNow.status
			answer.Header.Set("Content-Type", replyNow.contentType())
			return nil
		}
	}
	if answer.StatusCode < 300 && path.kind != "tags" || request.Method == http.MethodHead {
		return nil
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, 8<<20))
	if err != nil {
		return fmt.Errorf("reading distribution's answer: %w", err)
	}
	_ = answer.Body.Close()
	replaceBody(answer, bytes.ReplaceAll(text, []byte(`"`+prefix), []byte(`"`)), request.Method)
	return nil
}

func replaceBody(answer *http.Response, text []byte, method string) {
	answer.Header.Set("Content-Length", strconv.Itoa(len(text)))
	answer.ContentLength = int64(len(text))
	if method == http.MethodHead {
		answer.Body = http.NoBody
		return
	}
	answer.Body = io.NopCloser(bytes.NewReader(text))
}

// store asks distribution itself.
type store struct {
	transport http.RoundTripper
}

// has tells whether distribution answers a GET or HEAD of the path with 200. A
// storage that does not answer has nothing.
func (s *store) has(ctx context.Context, path string) bool {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	method := http.MethodHead
	if strings.HasSuffix(path, "/tags/list") {
		method = http.MethodGet
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://distribution"+path, nil)
	if err != nil {
		return false
	}
	answer, err := s.transport.RoundTrip(request)
	if err != nil {
		return false
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 1<<20))
	_ = answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}
