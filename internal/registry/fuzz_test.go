// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"net/http"
	"strings"
	"testing"

	"github.com/pullmedic/pullmedic/evidence"
)

// Whatever a registry sends for a manifest, reading it ends, and what is shown of
// it is words.
func FuzzManifest(f *testing.F) {
	for _, seed := range []string{
		`{"schemaVersion":2,"config":{"digest":"` + absentDigest + `","size":2},"layers":[{"digest":"` + absentDigest + `","size":-1}]}`,
		`{"schemaVersion":2,"manifests":[{"digest":"` + absentDigest + `","platform":{"os":"linux","architecture":"arm64","variant":"v8"}}]}`,
		`{"schemaVersion":1,"fsLayers":[]}`, `[]`, "", "<html>", `{"mediaType":"application/vnd.oci.image.index.v1+json"}`,
	} {
		f.Add([]byte(seed), mediaOCIIndex)
	}
	f.Fuzz(func(t *testing.T, body []byte, mediaType string) {
		a := &answer{body: body, header: http.Header{"Content-Type": {mediaType}}}
		d, err := readDocument(a)
		if err != nil {
			return
		}
		if d.isIndex() {
			chosen, ok := choose(d.Manifests, amd64())
			if ok && !isDigest(chosen.Digest) {
				t.Errorf("chose %q", chosen.Digest)
			}
		} else if !isDigest(d.Config.Digest) {
			t.Errorf("the config is %q", d.Config.Digest)
		}
		shown := platforms(d.Manifests) + known(d.MediaType)
		for _, m := range d.Manifests[:min(len(d.Manifests), 3)] {
			if m.Platform != nil {
				takes(evidence.Platform{OS: "linux", Arch: "arm64"}, m.Platform.evidence())
			}
		}
		if !only(shown, letters+digits+"/. _-+") || len(shown) > 2000 {
			t.Errorf("shows %q", shown)
		}
	})
}

// Whatever a registry says of how to log in and why not.
func FuzzRefusal(f *testing.F) {
	f.Add(`Bearer realm="https://auth.acme.example/token",service="x",scope="a b"`, `{"errors":[{"code":"DENIED","message":"no"}]}`)
	f.Add(`Basic realm="\"x`, `{"error":"x","details":"y"}`)
	f.Add("", "\x1b[31m")
	w := newWords()
	f.Fuzz(func(t *testing.T, header, body string) {
		if all := challenges(http.Header{"Www-Authenticate": {header}}); len(all) > maxChallenges {
			t.Errorf("%d challenges", len(all))
		}
		nextQuery(header)
		r := readRefusal(&answer{body: []byte(body), header: http.Header{}})
		w.saysExpired(r)
		w.saysPolicy(403, r)
		shown := quote(r.message, "canary-password")
		if len(shown) > maxQuote || strings.ContainsAny(shown, "\x1b\n[]<>`") || strings.Contains(shown, "canary") {
			t.Errorf("shows %q", shown)
		}
	})
}
