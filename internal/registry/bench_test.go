// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pullmedic/pullmedic/evidence"
)

// BenchmarkProbe measures a whole probe of a good image (token service, index,
// three layers; nothing remembered, new connections) against a registry on this
// machine, and beside it, in the same run, the least that any tool has to do: a
// HEAD of the manifest with net/http over a new connection.
func BenchmarkProbe(b *testing.B) {
	s := newShelf(b)
	s.index("team/app:1", "linux/amd64", "linux/arm64")
	h := newHouse(b)
	k := tokens{realm: "https://auth.acme.com/token", grant: func(string, string) bool { return true }}
	h.serve("auth.acme.com", k)
	h.serve("registry.acme.com", with(s.handler, k.registry))
	h.serve("open.acme.com", s.handler)

	b.Run("whole ladder", func(b *testing.B) {
		for b.Loop() {
			p := h.prober()
			findings, gaps := p.Probe(b.Context(), Target{Reference: reference("registry.acme.com/team/app:1"), Platform: amd64()})
			if findings[len(findings)-1].Outcome != evidence.BlobsPresent {
				b.Fatal(outcomes(findings, gaps))
			}
			p.Close()
		}
	})
	b.Run("remembered", func(b *testing.B) {
		p := h.prober()
		for b.Loop() {
			if findings, _ := p.Probe(b.Context(), Target{Reference: reference("registry.acme.com/team/app:1"), Platform: amd64()}); findings[len(findings)-1].Outcome != evidence.BlobsPresent {
				b.Fatal(outcomes(findings, nil))
			}
		}
	})
	b.Run("plain HEAD for comparison", func(b *testing.B) {
		for b.Loop() {
			transport := &http.Transport{
				TLSClientConfig: &tls.Config{RootCAs: h.pool, MinVersion: tls.VersionTLS12},
				DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
					return (&net.Dialer{}).DialContext(ctx, network, h.connect[address])
				},
			}
			req, err := http.NewRequestWithContext(b.Context(), http.MethodHead, "https://open.acme.com/v2/team/app/manifests/1", nil)
			if err != nil {
				b.Fatal(err)
			}
			resp, err := transport.RoundTrip(req)
			if err != nil {
				b.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
			transport.CloseIdleConnections()
		}
	})
}

// The most names and tags that are compared, as alike and as long as they can be.
func BenchmarkNearest(b *testing.B) {
	var tags, known []string
	for i := range maxTags {
		tags = append(tags, strings.Repeat("x", 50)+time.Unix(int64(i), 0).UTC().Format("150405"))
	}
	for range 4 * maxCompared {
		known = append(known, "docker.io/"+strings.Repeat("a", 90)+"/"+strings.Repeat("b", 90))
	}
	b.Run("tags", func(b *testing.B) {
		for b.Loop() {
			nearest(strings.Repeat("y", 50)+"000000", tags)
		}
	})
	b.Run("names", func(b *testing.B) {
		for b.Loop() {
			NearNames(referenceOf("docker.io/"+strings.Repeat("a", 90)+"/"+strings.Repeat("b", 89)+"c"), known)
		}
	})
}
