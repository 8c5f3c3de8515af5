// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/trace"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// evilText tries what terminals, readers and pages could fall for.
const evilText = "\x1b[31mred\x1b[0m \u009b2J \u202egnp.exe\u2066 \u200b [click](https://evil.example) <script>alert(1)</script> `rm -rf` " + "long long long long long long long long long long long long long long long long long long long long long long long "

func TestForeignTextIsCleanedAndCapped(t *testing.T) {
	s := stocked(t)
	evilBody := func(code string) string {
		text, _ := json.Marshal(map[string]any{"errors": []any{map[string]any{"code": code, "message": evilText, "detail": evilText}}})
		return string(text)
	}
	for name, faults := range map[string][]fault{
		"in a refusal":         {on("", "/v2/team/", 403, evilBody("DENIED"))},
		"in a code":            {on("", "/v2/team/", 403, evilBody(evilText))},
		"in the first refusal": {on("", "/v2/", 500, evilBody("X"))},
		"in a bare text":       {on("", "/v2/team/", 404, evilText)},
		"in tags": {on("", "/v2/team/app/tags/", 200, `{"tags":["1.27.5","\u001b[31m1.27.4","[1.27.4](https://evil.example)","1.27.4\u202e"]}`),
			on("", "/v2/team/", 404, "")},
		"in headers": {on("", "/v2/team/", 429, "", "Ratelimit-Remaining", "0\x1b[31m", "Ratelimit-Limit", "100;w=[x](y)", "Docker-Ratelimit-Source", "\x1b[31m", "Retry-After", "\x1b")},
		"in a content type": {on("", "/v2/team/app/manifests/", 200, `{"schemaVersion":2,"mediaType":"`+"[a](b)"+`"}`,
			"Content-Type", "application/\x1b[31m", "Docker-Content-Digest", "sha256:[x](https://evil.example)")},
		"in a challenge": {on("", "/v2/", 401, "", "Www-Authenticate", `Bearer realm="https://[x](https://evil.example)/\x1b",service="`+"\u202e"+`"`)},
		"in platforms":   {on("", "/v2/team/app/manifests/", 200, `{"schemaVersion":2,"manifests":[{"digest":"`+absentDigest+`","platform":{"os":"[x](y)","architecture":"\u001b[31m","variant":"\u202e"}}]}`)},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.serve("registry.acme.example", with(s.handler, faults...))
			findings, gaps := h.prober().Probe(t.Context(), Target{Reference: reference("registry.acme.example/team/app:1.27.4"), Platform: amd64()})
			shown := []string{}
			for _, f := range findings {
				shown = append(shown, f.Sentence, f.Subject.Name)
				for name, value := range f.Details {
					shown = append(shown, value)
					if len(value) > maxQuote && name != "platforms" {
						t.Errorf("detail %s has %d bytes", name, len(value))
					}
				}
			}
			for _, g := range gaps {
				shown = append(shown, g.Why, g.Needs, g.Subject.Name)
			}
			for _, text := range shown {
				if strings.ContainsAny(text, "\x1b\u009b\u202e\u2066\u200b[]<>`") {
					t.Errorf("not clean: %q", text)
				}
			}
			if len(findings) < 3 {
				t.Errorf("found only\n%s", outcomes(findings, gaps))
			}
		})
	}
}

func TestARegistryThatRepeatsTheCredentialIsNotQuoted(t *testing.T) {
	s := stocked(t)
	login := []keyring.Credential{credential("shop/hub", "canary-user-name", "canary-password-4711")}
	echo := func(status int) fault {
		return func(w http.ResponseWriter, r *http.Request) bool {
			a := r.Header.Get("Authorization")
			user, password, _ := r.BasicAuth()
			if a == "" {
				w.Header().Set("Www-Authenticate", `Basic realm="x"`)
				w.WriteHeader(http.StatusUnauthorized)
				return true
			}
			if r.URL.Path == "/v2/" && status == 403 {
				return false
			}
			w.Header().Set("Docker-Content-Digest", password)
			w.Header().Set("Content-Type", password)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body(strings.ToUpper(strings.ReplaceAll(password, "-", "_")), "you sent "+a+" that is "+user+" and "+password[:12]))
			return true
		}
	}
	for name, f := range map[string]fault{
		"to a rejected login": echo(401), "to a refused image": echo(403), "to a missing image": func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/v2/" && r.Header.Get("Authorization") != "" {
				return false
			}
			return echo(404)(w, r)
		},
		"in trouble": echo(500),
		"as tags": func(w http.ResponseWriter, r *http.Request) bool {
			_, password, ok := r.BasicAuth()
			switch {
			case !ok:
				return echo(401)(w, r)
			case strings.HasSuffix(r.URL.Path, "/tags/list"):
				_, _ = io.WriteString(w, `{"tags":["`+password+`"]}`)
				return true
			case strings.Contains(r.URL.Path, "/manifests/"):
				w.WriteHeader(http.StatusNotFound)
				return true
			}
			return false
		},
		"as the host of a redirect": func(w http.ResponseWriter, r *http.Request) bool {
			_, password, ok := r.BasicAuth()
			if !ok {
				return echo(401)(w, r)
			}
			if strings.Contains(r.URL.Path, "/blobs/") {
				http.Redirect(w, r, "https://"+password+".evil.example/"+password, http.StatusTemporaryRedirect)
				return true
			}
			return false
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.serve("registry.acme.example", with(s.handler, f))
			recorder := trace.NewRecorder(time.Now())
			tag := "1.27.4"
			if name == "as tags" {
				tag = "canary-password-4712"
			}
			p := h.prober(func(o *Options) { o.Resolver = resolver(t, nil) })
			findings, gaps := p.Probe(trace.With(t.Context(), recorder), Target{Reference: reference("registry.acme.example/team/app:" + tag), Platform: amd64(), Credentials: login})
			for i := range findings { // the reference is ours, not the registry's
				findings[i].Sentence = strings.ReplaceAll(findings[i].Sentence, "canary-password-4712", "TAG")
				findings[i].Subject.Name = strings.ReplaceAll(findings[i].Subject.Name, "canary-password-4712", "TAG")
			}
			assertNoCanary(t, findings, gaps)
			var out bytes.Buffer
			if _, err := recorder.WriteTo(&out); err != nil {
				t.Fatal(err)
			}
			if text := strings.ReplaceAll(out.String(), "canary-password-4712", "TAG"); strings.Contains(text, "canary") || !strings.Contains(text, "registry.acme.example/v2/") {
				t.Errorf("trace: %s", text)
			}
			if len(findings) < 4 {
				t.Errorf("found only\n%s", outcomes(findings, gaps))
			}
		})
	}
}

func TestOfAURLOnlyHostAndPathAreKept(t *testing.T) {
	s := stocked(t)
	h := newHouse(t)
	h.serve("cdn.acme.example", on2(on("", "/", 403, "<Error><Code>AccessDenied</Code></Error>")))
	h.serve("registry.acme.example", with(s.handler, on("", "/v2/team/app/blobs/", 307, "", "Location", "https://canary:canary@cdn.acme.example/path?X-Amz-Signature=canary#canary")))
	recorder := trace.NewRecorder(time.Now())
	findings, gaps := h.prober().Probe(trace.With(t.Context(), recorder), Target{Reference: reference("registry.acme.example/team/app:1.27.4"), Platform: amd64()})
	if f := find(t, findings, evidence.AccessDenied); f.Subject != (evidence.Subject{Kind: evidence.SubjectBlobStore, Name: "cdn.acme.example"}) {
		t.Errorf("subject = %+v", f.Subject)
	}
	assertNoCanary(t, findings, gaps)
	var out bytes.Buffer
	_, _ = recorder.WriteTo(&out)
	if strings.Contains(out.String(), "canary") || !strings.Contains(out.String(), `"GET registry.acme.example/v2/`) {
		t.Errorf("trace: %s", out.String())
	}
	for _, r := range h.asked("cdn.acme.example", "") {
		if r.authorization != "" {
			t.Errorf("user info of a redirect was sent: %+v", r)
		}
	}
}

func TestNamesThatFollowNoGrammarAreNotAskedFor(t *testing.T) {
	for name, r := range map[string]evidence.Reference{
		"a host with a path":           {Host: "evil.example/..", Repository: "a", Tag: "1"},
		"a host with user information": {Host: "user@evil.example", Repository: "a", Tag: "1"},
		"a host with a query":          {Host: "evil.example?x", Repository: "a", Tag: "1"},
		"a host with a newline":        {Host: "evil.example\nHost: x", Repository: "a", Tag: "1"},
		"a zone":                       {Host: "[fe80::1%25eth0]", Repository: "a", Tag: "1"},
		"no host":                      {Repository: "a", Tag: "1"},
		"a port that is none":          {Host: "evil.example:99999", Repository: "a", Tag: "1"},
		"a repository that climbs":     {Host: "evil.example", Repository: "../../a", Tag: "1"},
		"a repository with a query":    {Host: "evil.example", Repository: "a?b", Tag: "1"},
		"an empty repository":          {Host: "evil.example", Tag: "1"},
		"a tag with a slash":           {Host: "evil.example", Repository: "a", Tag: "../x"},
		"a digest that is none":        {Host: "evil.example", Repository: "a", Digest: "sha256:xyz"},
		"neither tag nor digest":       {Host: "evil.example", Repository: "a"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newHouse(t).prober()
			findings, gaps := p.Probe(t.Context(), Target{Reference: r})
			if len(findings) != 0 || len(gaps) != 1 || p.Sent().Requests != 0 {
				t.Errorf("findings %v, gaps %v, sent %v", findings, gaps, p.Sent())
			}
		})
	}
}
