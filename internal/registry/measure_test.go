// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pullmedic/pullmedic/evidence"
)

func TestTheSpeedIsMeasuredOnPartOfTheLargestLayer(t *testing.T) {
	s := newShelf(t)
	s.push("team/app:1", s.image("linux", "amd64"))
	var sent atomic.Int64
	endless := func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "/blobs/") || !strings.HasPrefix(r.Header.Get("Range"), "bytes=0-") {
			return false
		}
		for r.Context().Err() == nil { // it pays no heed to the range
			n, err := io.WriteString(w, strings.Repeat("x", 64<<10))
			sent.Add(int64(n))
			if err != nil {
				break
			}
		}
		return true
	}
	for name, c := range map[string]struct {
		faults []fault
		want   string
		starts string
	}{
		"a good one":                         {nil, "speed-measured", "from here 1 KiB of its largest layer (1 KiB) came in "},
		"one that sends all there is":        {[]fault{endless}, "speed-measured", "from here 1 KiB of its largest layer (1 KiB) came in "},
		"one that refuses the layer's bytes": {[]fault{on(http.MethodGet, "/v2/team/app/blobs/", 403, "")}, "?", ""},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			faults := c.faults
			if c.want == "?" { // the config is given, the layers' bytes are not
				refuse := faults[0]
				faults = []fault{func(w http.ResponseWriter, r *http.Request) bool { return r.Header.Get("Range") != "" && refuse(w, r) }}
			}
			h.serve("registry.acme.example", with(s.handler, faults...))
			p := h.prober()
			for range 2 {
				findings, gaps := p.Probe(t.Context(), Target{Reference: reference("registry.acme.example/team/app:1"), Platform: amd64(), Measure: true})
				got := outcomes(findings, gaps)
				if !strings.HasSuffix(got, "blobs blobs-present\nblobs "+c.want) {
					t.Fatalf("got\n%s", got)
				}
				if last := findings[len(findings)-1]; c.starts != "" && (!strings.HasPrefix(last.Sentence, c.starts) || last.Details["bytesPerSecond"] == "" || last.Details["seconds"] == "") {
					t.Errorf("%+v", last)
				}
			}
			asked := 0
			for _, r := range h.asked("", "GET /v2/team/app/blobs/") {
				if r.path != "" {
					asked++
				}
			}
			if asked != 2 { // the config and the measure, once
				t.Errorf("%d blobs were fetched", asked)
			}
		})
	}
	if sent.Load() > 64<<20 || sent.Load() == 0 {
		t.Errorf("%d MiB were sent", sent.Load()>>20)
	}
}

func TestNothingIsMeasuredUnasked(t *testing.T) {
	h := newHouse(t)
	h.serve("registry.acme.example", stocked(t).handler)
	findings, _ := h.prober().Probe(t.Context(), Target{Reference: reference("registry.acme.example/team/app:1.27.4"), Platform: amd64()})
	if f := find(t, findings, evidence.BlobsPresent); f.Details["largest"] == "" || !strings.Contains(f.Sentence, "compressed") {
		t.Errorf("%+v", f)
	}
	if got := len(h.asked("", "GET /v2/team/app/blobs/")); got != 1 {
		t.Errorf("%d blobs were fetched", got)
	}
}

// Sizes are what a manifest says.
func TestSizesThatCannotBeDoNotOverflow(t *testing.T) {
	layer := fmt.Sprintf(`{"mediaType":"x","digest":"%s","size":%d}`, absentDigest, int64(math.MaxInt64))
	manifest := `{"schemaVersion":2,"config":{"digest":"` + digestOf([]byte("{}"), "") + `","size":2},"layers":[` + layer + `,` + strings.ReplaceAll(layer, "deadbeef", "deadbeee") + `]}`
	h := newHouse(t)
	h.serve("registry.acme.example", with(newShelf(t).handler,
		on(http.MethodGet, "/v2/team/app/blobs/"+digestOf([]byte("{}"), ""), 200, "{}"),
		func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.Contains(r.URL.Path, "/blobs/") {
				return false
			}
			if r.Method == http.MethodGet {
				<-time.After(time.Millisecond)
				_, _ = io.WriteString(w, "x")
			}
			return true
		}, on("", "/v2/team/app/manifests/", 200, manifest)))
	findings, gaps := h.prober().Probe(t.Context(), Target{Reference: reference("registry.acme.example/team/app:1"), Platform: amd64(), Measure: true})
	present := find(t, findings, evidence.BlobsPresent)
	if n, err := strconv.ParseInt(present.Details["bytes"], 10, 64); err != nil || n <= 0 {
		t.Errorf("size %s; %s", present.Details["bytes"], outcomes(findings, gaps))
	}
	if f := find(t, findings, evidence.SpeedMeasured); strings.Contains(f.Sentence, "-") {
		t.Errorf("%q", f.Sentence)
	}
}
