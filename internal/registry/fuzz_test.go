// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"unicode"

	"github.com/pullmedic/pullmedic/evidence"
)

// FuzzManifest takes any answer to the question for a manifest, and for a
// config: it is an image's, an index, or refused with words; what is chosen can
// be asked for; and what is shown of it is short and clean.
func FuzzManifest(f *testing.F) {
	const sum = "sha256:4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f"
	manifest := `{"schemaVersion":2,"mediaType":"` + mediaOCIManifest + `","config":{"mediaType":"` + mediaOCIConfig + `","digest":"` + sum + `","size":2},"layers":[{"digest":"` + sum + `","size":-1,"urls":["http://x"],"mediaType":"foreign"}]}`
	index := `{"schemaVersion":2,"manifests":[{"digest":"` + sum + `","platform":{"os":"linux","architecture":"arm64","variant":"v8"}},{"digest":"` + sum + `"},{"digest":"x","platform":{"os":"\u001b","architecture":"` + strings.Repeat("a", 99) + `"}}]}`
	for _, seed := range []struct{ mediaType, encoding, body string }{
		{mediaOCIManifest, "", manifest},
		{mediaOCIIndex, "", index},
		{mediaDockerList + "; charset=utf-8", "identity", index},
		{mediaDockerManifest, "gzip", manifest},
		{mediaSchema1 + "+prettyjws", "", `{"schemaVersion":1,"fsLayers":[]}`},
		{"text/html", "", "<!DOCTYPE html><title>Log in</title>"},
		{"application/json", "", `{"manifests":null,"config":null}`},
		{"", "", `{"architecture":"amd64","os":"linux","variant":"v3"}`},
		{"\x1b", "\x1b", strings.Repeat("[", 100)},
	} {
		f.Add(seed.mediaType, seed.encoding, []byte(seed.body), "linux/arm64/v9.5")
	}
	f.Fuzz(func(t *testing.T, mediaType, encoding string, body []byte, node string) {
		a := &answer{status: http.StatusOK, body: body, header: http.Header{"Content-Type": {mediaType}, "Content-Encoding": {encoding}}}
		clean := func(what, shown string, limit int) {
			if len(shown) > limit || strings.ContainsFunc(shown, unicode.IsControl) {
				t.Errorf("%s is long or not clean: %q", what, shown)
			}
		}
		clean("the media type", known(strings.ToLower(mediaType)), 100)
		refusal := readRefusal(a)
		clean("the code", refusal.code, maxCode)
		clean("the quote", quote(refusal.message), maxQuote)
		isHTML(a)
		parts := append(strings.SplitN(node, "/", 3), "", "")
		on := evidence.Platform{OS: parts[0], Arch: parts[1], Variant: parts[2]}
		if n := len(runs(on)); n > 1000 {
			t.Errorf("%q runs %d platforms", node, n)
		}
		clean("the node's platform", platformName(on), 64)
		var image platform
		if json.Unmarshal(body, &image) == nil {
			clean("the config's platform", platformName(image.evidence()), 64)
			takes(on, image.evidence())
		}
		d, err := readDocument(a)
		if err != nil {
			clean("the error", err.Error(), 100)
			return
		}
		clean("the platforms", platforms(d.Manifests), (maxPlatforms+1)*64)
		if d.isIndex() {
			if chosen, ok := choose(d.Manifests, on); ok && (!isDigest(chosen.Digest) || !chosen.Platform.open() && !takes(on, chosen.Platform.evidence())) {
				t.Errorf("for %q it chooses %+v", node, chosen)
			}
			return
		}
		if d.Config == nil || !isDigest(d.Config.Digest) {
			t.Errorf("a manifest without a config: %+v", d)
		}
		for _, l := range d.Layers {
			if !isDigest(l.Digest) {
				t.Errorf("a layer that cannot be asked for: %+v", l)
			}
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
