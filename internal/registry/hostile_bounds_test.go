// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pullmedic/pullmedic/evidence"
)

func TestBodiesAreBounded(t *testing.T) {
	var sent atomic.Int64
	h := newHouse(t)
	h.serve("registry.acme.example", with(newShelf(t).handler, func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "/manifests/") {
			return false
		}
		w.WriteHeader(http.StatusOK)
		if r.Method == http.MethodHead {
			return true
		}
		chunk := bytes.Repeat([]byte("a"), 1<<20)
		for range 1 << 10 {
			n, err := w.Write(chunk)
			sent.Add(int64(n))
			if err != nil {
				return true
			}
		}
		return true
	}))
	findings, _ := h.prober().Probe(t.Context(), Target{Reference: reference("registry.acme.example/team/app:1")})
	find(t, findings, evidence.ManifestNotSupported)
	if got := sent.Load(); got > 64<<20 { // what fits into the buffers between
		t.Errorf("%d MiB were sent", got>>20)
	}
}

func TestACompressedBodyIsNotUnpacked(t *testing.T) {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	_, _ = z.Write(bytes.Repeat([]byte(" "), 64<<20))
	_ = z.Close()
	h := newHouse(t)
	h.serve("registry.acme.example", with(newShelf(t).handler, on("", "/v2/team/", 200, bomb.String(), "Content-Encoding", "gzip")))
	findings, _ := h.prober().Probe(t.Context(), Target{Reference: reference("registry.acme.example/team/app:1")})
	if f := find(t, findings, evidence.ManifestNotSupported); !strings.Contains(f.Sentence, "compressed") {
		t.Errorf("sentence = %q", f.Sentence)
	}
}

func TestTagPagesAreBounded(t *testing.T) {
	var pages atomic.Int64
	h := newHouse(t)
	h.serve("registry.acme.example", with(newShelf(t).handler, func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/tags/list") {
			return strings.HasPrefix(r.URL.Path, "/v2/team/") && on("", "", 404, "")(w, r)
		}
		n := pages.Add(1)
		w.Header().Set("Link", fmt.Sprintf(`<https://169.254.169.254/other?last=t%d&n=1000>; rel="next"`, n))
		_, _ = fmt.Fprintf(w, `{"tags":["t%d"]}`, n)
		return true
	}))
	findings, gaps := h.prober().Probe(t.Context(), Target{Reference: reference("registry.acme.example/team/app:1")})
	f := find(t, findings, evidence.TagsListed)
	if pages.Load() != maxTagPages || f.Details["complete"] != "false" || !strings.Contains(f.Sentence, "at least 10 tags") {
		t.Errorf("%d pages, %+v", pages.Load(), f)
	}
	if len(gaps) != 0 {
		t.Errorf("gaps = %+v", gaps)
	}
}

func TestATagPageThatNamesItselfNextIsReadOnce(t *testing.T) {
	h := newHouse(t)
	h.serve("registry.acme.example", with(newShelf(t).handler,
		on("", "/v2/team/app/tags/list", 200, `{"tags":["a"]}`, "Link", `</v2/team/app/tags/list?n=1000>; rel=next`), on("", "/v2/team/", 404, "")))
	h.prober().Probe(t.Context(), Target{Reference: reference("registry.acme.example/team/app:1")})
	if got := len(h.asked("", "GET /v2/team/app/tags/list")); got != 1 {
		t.Errorf("asked %d times", got)
	}
}

func TestRedirectsAreBounded(t *testing.T) {
	h := newHouse(t)
	h.serve("registry.acme.example", with(newShelf(t).handler, func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasPrefix(r.URL.Path, "/v2/team/") {
			return false
		}
		http.Redirect(w, r, r.URL.Path, http.StatusTemporaryRedirect)
		return true
	}))
	findings, _ := h.prober().Probe(t.Context(), Target{Reference: reference("registry.acme.example/team/app:1")})
	find(t, findings, evidence.RegistryUnavailable)
	if got := len(h.asked("", "HEAD /v2/team/")); got != maxRedirects+1 {
		t.Errorf("asked %d times", got)
	}
}

func TestHeadersAreBounded(t *testing.T) {
	h := newHouse(t)
	h.serve("registry.acme.example", with(newShelf(t).handler, func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasPrefix(r.URL.Path, "/v2/team/") {
			return false
		}
		for i := range 5000 {
			w.Header().Set(fmt.Sprintf("X-Flood-%d", i), strings.Repeat("x", 100))
		}
		return true
	}))
	findings, _ := h.prober().Probe(t.Context(), Target{Reference: reference("registry.acme.example/team/app:1")})
	find(t, findings, evidence.RegistryUnavailable)
}

func TestTheTimeOfOneQuestionIsBounded(t *testing.T) {
	h := newHouse(t)
	h.serve("registry.acme.example", with(newShelf(t).handler, func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet || !strings.HasPrefix(r.URL.Path, "/v2/team/") {
			return strings.HasPrefix(r.URL.Path, "/v2/team/")
		}
		for r.Context().Err() == nil {
			_, _ = io.WriteString(w, " ")
			_ = http.NewResponseController(w).Flush()
			<-time.After(10 * time.Millisecond)
		}
		return true
	}))
	p := h.prober(func(o *Options) { o.StepTimeout = 200 * time.Millisecond })
	start := time.Now()
	findings, _ := p.Probe(t.Context(), Target{Reference: reference("registry.acme.example/team/app:1")})
	find(t, findings, evidence.ConnectionTimeout)
	if took := time.Since(start); took > time.Minute {
		t.Errorf("took %v", took)
	}
}

// A reader is a body that is what it does.
type reader func([]byte) (int, error)

func (r reader) Read(p []byte) (int, error) { return r(p) }

func TestABodyThatEndsAfterItsTimeIsNotTakenForWhole(t *testing.T) {
	for name, late := range map[string]bool{"in time": false, "late": true} {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		ask, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://registry.acme.example/v2/", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		body := reader(func([]byte) (int, error) {
			if late {
				cancel()
			}
			return 0, io.EOF
		})
		if _, _, err := readBody(&http.Response{Request: ask, StatusCode: http.StatusOK, Body: io.NopCloser(body)}, 1<<10); (err != nil) != late {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheTimeOfAProbeIsBounded(t *testing.T) {
	h := newHouse(t)
	h.serve("registry.acme.example", with(newShelf(t).handler, func(_ http.ResponseWriter, r *http.Request) bool {
		<-time.After(120 * time.Millisecond)
		return false
	}))
	p := h.prober(func(o *Options) { o.Timeout = 200 * time.Millisecond })
	start := time.Now()
	findings, gaps := p.Probe(t.Context(), Target{Reference: reference("registry.acme.example/team/app:1")})
	if took := time.Since(start); took > time.Minute {
		t.Errorf("took %v", took)
	}
	// How far it comes in that time is the machine's affair; that it says where
	// it stopped is ours.
	if got := outcomes(findings, gaps); !strings.HasSuffix(strings.TrimSpace(got), " ?") {
		t.Errorf("got\n%s", got)
	}
}

// What a small body can make us do is bounded, too.
func TestTheWorkForOneBodyIsBounded(t *testing.T) {
	var layers, manifests strings.Builder
	for i := range 40_000 {
		_, _ = fmt.Fprintf(&layers, `{"digest":"sha256:%064x"},`, i)
		_, _ = fmt.Fprintf(&manifests, `{"platform":{"os":"o%d","architecture":"a"}},`, i)
	}
	for name, body := range map[string]string{
		"a manifest of 40,000 layers":  `{"schemaVersion":2,"config":{"digest":"` + absentDigest + `"},"layers":[` + strings.TrimSuffix(layers.String(), ",") + `]}`,
		"an index of 40,000 platforms": `{"schemaVersion":2,"manifests":[` + strings.TrimSuffix(manifests.String(), ",") + `]}`,
		"arrays in arrays":             strings.Repeat("[", maxManifestBytes-1),
	} {
		t.Run(name, func(t *testing.T) {
			if len(body) > maxManifestBytes {
				t.Fatalf("the body has %d bytes", len(body))
			}
			h := newHouse(t)
			h.serve("registry.acme.example", with(newShelf(t).handler, on("", "/v2/team/app/manifests/", 200, body)))
			p := h.prober(func(o *Options) { o.MaxBlobs = 3 })
			start := time.Now()
			findings, gaps := p.Probe(t.Context(), Target{Reference: reference("registry.acme.example/team/app:1"), Platform: amd64()})
			if took := time.Since(start); took > time.Minute {
				t.Errorf("took %v", took)
			}
			if len(findings) < 4 || p.Sent().Requests > 12 {
				t.Errorf("%d requests\n%s", p.Sent().Requests, outcomes(findings, gaps))
			}
		})
	}
}
