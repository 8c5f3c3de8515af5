// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

func TestThePullsThatAreLeftAreAskedForWithHEADAlone(t *testing.T) {
	s := newShelf(t)
	s.push("library/app:1", s.image("linux", "amd64"))
	limits := func(remaining string) fault {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if remaining != "" {
				w.Header().Set("Ratelimit-Limit", "200;w=21600")
				w.Header().Set("Ratelimit-Remaining", remaining)
			}
			return strings.HasPrefix(r.URL.Path, "/v2/ratelimitpreview/test/manifests/latest") && on("", "", 200, "")(w, r)
		}
	}
	for name, c := range map[string]struct {
		image       string
		limits      bool
		credentials []keyring.Credential
		front       []fault
		want        evidence.Outcome
		sentence    string
		gets        int // of manifests, of whatever image
	}{
		"beside a tag that is missing": {image: "library/app:9", front: []fault{limits("188;w=21600")},
			want: evidence.RateLimitOpen, sentence: "registry-1.docker.io has 188 of 200 pulls in 6 h left for whoever asks from here", gets: 1},
		"for the account that logs in": {image: "library/app:9", front: []fault{limits("188;w=21600")}, credentials: creds("robot", "canary-password"),
			want: evidence.RateLimitOpen, sentence: "registry-1.docker.io has 188 of 200 pulls in 6 h left for the login of secret shop/hub", gets: 1},
		"where the limit is in question, no manifest is fetched": {image: "library/app:1", limits: true, front: []fault{limits("188;w=21600")},
			want: evidence.RateLimitOpen, sentence: "registry-1.docker.io has 188 of 200 pulls in 6 h left for whoever asks from here"},
		"where few are left, none is spent": {image: "library/app:1", front: []fault{limits("3;w=21600")},
			want: evidence.RateLimitOpen, sentence: "registry-1.docker.io has 3 of 200 pulls in 6 h left for whoever asks from here"},
		"an account without a limit": {image: "library/app:9", front: []fault{limits("")}, want: evidence.RateLimitUnseen, sentence: "registry-1.docker.io names no limit to whoever asks from here", gets: 1},
		"past the limit": {image: "library/app:9", front: []fault{on("", "/v2/ratelimitpreview/", 429, "toomanyrequests")},
			want: evidence.RateLimited, sentence: "registry-1.docker.io answers 429 from here: too many requests", gets: 1},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			k := tokens{realm: "https://auth.docker.io/token", service: "registry.docker.io", logins: []string{"robot:canary-password"}, grant: func(string, string) bool { return true }}
			h.serve("auth.docker.io", k)
			h.serve("registry-1.docker.io", with(s.handler, append([]fault{k.registry}, c.front...)...))
			p := h.prober()
			target := Target{Reference: reference("docker.io/" + c.image), Platform: amd64(), Limits: c.limits, Credentials: c.credentials}
			findings, gaps := p.Probe(t.Context(), target)
			if f := find(t, findings, c.want); f.Sentence != c.sentence || f.Check != evidence.CheckRateLimit {
				t.Errorf("%+v", f)
			}
			assertNoCanary(t, findings, gaps)
			gets := 0
			for _, r := range h.asked("registry-1.docker.io", "GET ") {
				if strings.Contains(r.path, "/manifests/") {
					gets++
				}
				if strings.Contains(r.path, "ratelimitpreview") {
					t.Errorf("GET %s", r.path)
				}
			}
			if gets != c.gets {
				t.Errorf("%d manifests were asked for with GET, want %d", gets, c.gets)
			}
		})
	}
}

func TestThePullsThatAreLeftAreAskedForOnceARun(t *testing.T) {
	h := newHouse(t)
	k := tokens{realm: "https://auth.docker.io/token", service: "registry.docker.io", grant: func(string, string) bool { return true }}
	h.serve("auth.docker.io", k)
	h.serve("registry-1.docker.io", with(newShelf(t).handler, k.registry, on(http.MethodHead, "/v2/ratelimitpreview/", 200, "", "Ratelimit-Remaining", "7;w=21600", "Ratelimit-Limit", "100;w=21600")))
	p := h.prober()
	for i := range 5 {
		findings, _ := p.Probe(t.Context(), Target{Reference: reference(fmt.Sprintf("docker.io/acme/app%d:1", i))})
		find(t, findings, evidence.RateLimitOpen)
	}
	if got := len(h.asked("", "HEAD /v2/ratelimitpreview/test/manifests/latest")); got != 1 {
		t.Errorf("asked %d times", got)
	}
	other := newHouse(t)
	other.serve("registry.acme.example", newShelf(t).handler)
	other.prober().Probe(t.Context(), Target{Reference: reference("registry.acme.example/a/b:1")})
	if got := other.asked("", "HEAD /v2/ratelimitpreview/"); len(got) != 0 {
		t.Errorf("a registry that counts nothing was asked: %+v", got)
	}
}
