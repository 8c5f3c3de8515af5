// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/pullmedic/pullmedic/evidence"
)

// heap is what is in use, after what can go has gone.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestWhatIsKeptOfAnswersIsBounded(t *testing.T) {
	const repositories = 12
	page := `{"tags":["` + strings.Repeat("a", 100) + `"],"padding":"` + strings.Repeat("x", maxPageBytes-300) + `"}`
	document := `{"schemaVersion":2,"padding":"` + strings.Repeat("x", maxManifestBytes-300) + `"}`
	h := newHouse(t)
	h.serve("registry.acme.example", with(newShelf(t).handler, func(w http.ResponseWriter, r *http.Request) bool {
		switch {
		case strings.HasSuffix(r.URL.Path, "/tags/list"):
			w.Header().Set("Link", fmt.Sprintf(`<?last=%s&n=1000>; rel="next"`, r.URL.Query().Get("last")+"a"))
			_, _ = io.WriteString(w, page)
		case strings.HasPrefix(r.URL.Path, "/v2/large/"): // manifests of almost 4 MiB
			w.Header().Set("X-Padding", strings.Repeat("x", 32<<10))
			if r.Method != http.MethodHead {
				_, _ = io.WriteString(w, document)
			}
		case strings.HasPrefix(r.URL.Path, "/v2/listed/"):
			w.WriteHeader(http.StatusNotFound)
		default:
			return false
		}
		return true
	}))
	p := h.prober(func(o *Options) { o.Timeout, o.StepTimeout = time.Minute, 30*time.Second })
	before := heap()
	for i := range repositories {
		findings, _ := p.Probe(t.Context(), Target{Reference: reference(fmt.Sprintf("registry.acme.example/listed/app%d:1", i))})
		find(t, findings, evidence.TagsListed)
		findings, _ = p.Probe(t.Context(), Target{Reference: reference(fmt.Sprintf("registry.acme.example/large/app%d:1", i))})
		find(t, findings, evidence.ManifestNotSupported)
	}
	if kept := p.budget.kept.Load(); kept > maxKeptBytes || kept < 1<<20 {
		t.Errorf("%d MiB are counted as kept, of at most %d", kept>>20, maxKeptBytes>>20)
	}
	const rest = 12 << 20 // buffers of connections, on both sides
	if grown := heap() - before; grown > maxKeptBytes+rest {
		t.Errorf("the heap grew by %d MiB, though at most %d are to be kept", grown>>20, maxKeptBytes>>20)
	} else {
		t.Logf("%d MiB were sent, the heap grew by %d MiB", repositories*(maxTagPages*maxPageBytes+maxManifestBytes)>>20, grown>>20)
	}
	runtime.KeepAlive(p)
}

func TestAnAnswerThatIsNotKeptIsAskedForAgain(t *testing.T) {
	s := stocked(t)
	h := newHouse(t)
	h.serve("registry.acme.example", with(s.handler, basic("robot:canary-password")))
	p := h.prober()
	p.budget.kept.Store(maxKeptBytes)
	target := Target{Reference: reference("registry.acme.example/team/app:1.27.4"), Platform: amd64()}
	for range 2 {
		findings, _ := p.Probe(t.Context(), target)
		find(t, findings, evidence.AnonymousMayNotPull)
	}
	if got := len(h.asked("", "HEAD /v2/team/app/manifests/1.27.4")); got != 2 {
		t.Errorf("asked %d times", got)
	}
	if kept := p.budget.kept.Load(); kept != maxKeptBytes {
		t.Errorf("kept %d", kept)
	}
}

func TestARejectedLoginStaysKnownWhenNothingElseIsKept(t *testing.T) {
	h := newHouse(t)
	h.serve("registry.acme.example", with(stocked(t).handler, basic("nobody:at-all")))
	p := h.prober()
	p.budget.kept.Store(maxKeptBytes)
	for i := range 3 {
		findings, _ := p.Probe(t.Context(), Target{Reference: reference(fmt.Sprintf("registry.acme.example/team/app%d:1", i)), Credentials: creds("robot", "canary-password")})
		find(t, findings, evidence.CredentialRejected)
	}
	if p.Sent().Logins != 1 {
		t.Errorf("sent %+v", p.Sent())
	}
}
