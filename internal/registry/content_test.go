// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pullmedic/pullmedic/evidence"
)

func TestProbeOfWhatAManifestNames(t *testing.T) {
	const host, store = "registry.acme.example", "store.acme.example"
	s := newShelf(t)
	image := s.push("team/app:1", s.image("linux", "amd64"))
	index := s.index("team/multi:1", "linux/amd64", "linux/arm64")
	layers, err := image.Layers()
	if err != nil {
		t.Fatal(err)
	}
	layer := digest(t, layers[1])
	config, err := image.ConfigName()
	if err != nil {
		t.Fatal(err)
	}
	manifests, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	child := manifests.Manifests[0].Digest.String()
	toStore := func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "/blobs/") {
			return false
		}
		http.Redirect(w, r, "https://"+store+r.URL.Path+"?signature=1", http.StatusTemporaryRedirect)
		return true
	}
	before := lines("WAY", "manifest manifest-present", "ping registry-open-to-all", "anonymous anonymous-may-pull")
	for name, c := range map[string]struct {
		tag    string
		faults []fault
		store  http.Handler // nil: no such host
		alter  func(*Options)
		want   string
		kind   evidence.SubjectKind // of the last finding
	}{
		"a layer that is gone": {
			faults: []fault{on("", "/v2/team/app/blobs/"+layer, 404, body("BLOB_UNKNOWN", "blob unknown"))},
			want:   lines(before, "platform platform-present", "blobs blob-absent"), kind: evidence.SubjectImage,
		},
		"a config that is gone": {
			faults: []fault{on("", "/v2/team/app/blobs/"+config.String(), 404, body("BLOB_UNKNOWN", "blob unknown"))},
			want:   lines(before, "config blob-absent"), kind: evidence.SubjectImage,
		},
		"a config that is another one": {
			faults: []fault{on("", "/v2/team/app/blobs/"+config.String(), 200, `{"os":"linux"}`)},
			want:   lines(before, "config content-differs"), kind: evidence.SubjectImage,
		},
		"a layer of another size": {
			faults: []fault{on("", "/v2/team/app/blobs/"+layer, 200, "", "Content-Length", "3")},
			want:   lines(before, "platform platform-present", "blobs content-differs"), kind: evidence.SubjectImage,
		},
		"a limit that is met at a layer": {
			faults: []fault{on("", "/v2/team/app/blobs/"+layer, 429, "")},
			want:   lines(before, "platform platform-present", "rate-limit rate-limited"), kind: evidence.SubjectRegistry,
		},
		"a layer that is refused": {
			faults: []fault{on("", "/v2/team/app/blobs/"+layer, 403, body("DENIED", ""))},
			want:   lines(before, "platform platform-present", "blobs access-denied"), kind: evidence.SubjectImage,
		},
		"a layer that a rule of the registry keeps back": {
			faults: []fault{on("", "/v2/team/app/blobs/"+layer, 403, body("DENIED", "the artifact is in quarantine: quarantined"))},
			want:   lines(before, "platform platform-present", "blobs registry-policy"), kind: evidence.SubjectImage,
		},
		"trouble at a layer": {
			faults: []fault{on("", "/v2/team/app/blobs/"+layer, 502, "")},
			want:   lines(before, "platform platform-present", "blobs registry-unavailable"), kind: evidence.SubjectRegistry,
		},
		"a blob store that is there": {
			faults: []fault{toStore}, store: s.handler,
			want: lines(before, "platform platform-present", "blobs blobs-present"), kind: evidence.SubjectImage,
		},
		"a blob store whose signed URLs are for GET alone": {
			faults: []fault{toStore}, store: with(s.handler, on(http.MethodHead, "/v2/", 403, "")),
			want: lines(before, "platform platform-present", "blobs blobs-present"), kind: evidence.SubjectImage,
		},
		"a blob store that cannot be found": {
			faults: []fault{toStore},
			want:   lines(before, "resolve host-not-resolved"), kind: evidence.SubjectBlobStore,
		},
		"a blob store that refuses": {
			faults: []fault{toStore}, store: on2(on("", "/", 403, "<Error>")),
			want: lines(before, "config access-denied"), kind: evidence.SubjectBlobStore,
		},
		"a blob store with trouble of its own": {
			faults: []fault{toStore}, store: on2(on("", "/", 503, "")),
			want: lines(before, "config registry-unavailable"), kind: evidence.SubjectBlobStore,
		},
		"a blob store that takes the question for something else": {
			faults: []fault{toStore}, store: on2(on("", "/", 409, "")),
			want: lines(before, "config registry-not-v2"), kind: evidence.SubjectBlobStore,
		},
		"a blob store on plain HTTP is not looked at": {
			faults: []fault{on("", "/v2/team/app/blobs/", 307, "", "Location", "http://store.acme.example/x")},
			want:   lines(before, "config ?"), kind: evidence.SubjectImage,
		},
		"more layers than are asked for": {
			alter: func(o *Options) { o.MaxBlobs = 1 },
			want:  lines(before, "platform platform-present", "blobs blobs-present", "blobs ?"), kind: evidence.SubjectImage,
		},
		"an index whose manifest for the platform is gone": {
			tag: "team/multi:1", faults: []fault{on("", "/v2/team/multi/manifests/"+child, 404, body("MANIFEST_UNKNOWN", ""))},
			want: lines(before, "platform child-manifest-absent"), kind: evidence.SubjectImage,
		},
		"an index whose manifest for the platform is another one": {
			tag: "team/multi:1", faults: []fault{on(http.MethodGet, "/v2/team/multi/manifests/"+child, 200, `{"schemaVersion":2}`)},
			want: lines(before, "platform content-differs"), kind: evidence.SubjectImage,
		},
		"a manifest that only HEAD finds": {
			faults: []fault{on(http.MethodGet, "/v2/team/app/manifests/", 404, body("MANIFEST_UNKNOWN", ""))},
			want:   lines("WAY", "manifest manifest-absent"), kind: evidence.SubjectImage,
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.serve(host, with(s.handler, c.faults...))
			if c.store != nil {
				h.serve(store, c.store)
			}
			p := h.prober(func(o *Options) {
				o.Resolver = resolver(t, nil)
				if c.alter != nil {
					c.alter(o)
				}
			})
			findings, gaps := p.Probe(t.Context(), Target{Reference: reference(host + "/" + first(c.tag, "team/app:1")), Platform: amd64()})
			if got := outcomes(findings, gaps); got != c.want {
				t.Fatalf("got\n%s\nwant\n%s", got, c.want)
			}
			last := findings[len(findings)-1]
			if last.Subject.Kind != c.kind {
				t.Errorf("subject = %+v, want a %s", last.Subject, c.kind)
			}
			t.Log(last.Sentence, last.Details)
		})
	}
}

func TestProbeOfDockerHub(t *testing.T) {
	s := newShelf(t)
	s.push("library/app:1", s.image("linux", "amd64"))
	for name, c := range map[string]struct {
		limit, remaining string
		want             string
		sentence         string
		gets             int
	}{
		"pulls that are left are told": {"100;w=21600", "76;w=21600", "rate-limit rate-limit-open\nplatform platform-present\nblobs blobs-present", "registry-1.docker.io has 76 of 100 pulls in 6 h left for whoever asks from here", 1},
		"the last pull is not ours":    {"100;w=21600", "0;w=21600", "rate-limit rate-limited\nplatform ?", "registry-1.docker.io has no pull left for whoever asks from here (0 of 100)", 0},
		"no limit is named":            {"", "", "rate-limit rate-limit-unseen\nplatform platform-present\nblobs blobs-present", "registry-1.docker.io names no limit to whoever asks from here", 1},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			k := tokens{realm: "https://auth.docker.io/token", service: "registry.docker.io", grant: func(string, string) bool { return true }}
			h.serve("auth.docker.io", k)
			h.serve("registry-1.docker.io", with(s.handler, k.registry, func(w http.ResponseWriter, _ *http.Request) bool {
				if c.limit != "" {
					w.Header().Set("Ratelimit-Limit", c.limit)
					w.Header().Set("Ratelimit-Remaining", c.remaining)
					w.Header().Set("Docker-Ratelimit-Source", "192.0.2.7")
				}
				return false
			}))
			findings, gaps := h.prober().Probe(t.Context(), Target{Reference: reference("docker.io/library/app:1"), Platform: amd64()})
			if got, want := outcomes(findings, gaps), lines("WAY", "token token-granted", "manifest manifest-present", "anonymous anonymous-may-pull", c.want); got != want {
				t.Fatalf("got\n%s\nwant\n%s", got, want)
			}
			i := slices.IndexFunc(findings, func(f evidence.Finding) bool { return f.Check == evidence.CheckRateLimit })
			if f := findings[i]; f.Sentence != c.sentence || f.Subject.Name != "docker.io" {
				t.Errorf("finding = %+v", f)
			}
			if got := len(h.asked("registry-1.docker.io", "GET /v2/library/app/manifests/")); got != c.gets {
				t.Errorf("%d pulls were spent, want %d", got, c.gets)
			}
		})
	}
}

func TestTheSameQuestionIsAskedOnce(t *testing.T) {
	s := stocked(t)
	h := newHouse(t)
	h.serve("registry.acme.example", s.handler)
	p := h.prober()
	var failed atomic.Int64
	done := make(chan struct{})
	for range 30 {
		go func() {
			defer func() { done <- struct{}{} }()
			findings, _ := p.Probe(t.Context(), Target{Reference: reference("registry.acme.example/team/app:1.27.4"), Platform: amd64()})
			if findings[len(findings)-1].Outcome != evidence.BlobsPresent {
				failed.Add(1)
			}
		}()
	}
	for range 30 {
		<-done
	}
	seen := map[string]int{}
	for _, r := range h.asked("", "") {
		seen[r.method+" "+r.path]++
	}
	for question, times := range seen {
		if times != 1 {
			t.Errorf("%s was asked %d times", question, times)
		}
	}
	if want := 7; len(seen) != want || p.Sent().Requests != want || failed.Load() != 0 { // ping, HEAD, GET, config, 3 layers
		t.Errorf("asked %v, sent %v, %d failed", seen, p.Sent(), failed.Load())
	}
}
