// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

func TestALoginGoesToATokenServiceOnHTTPSOfTheSameDomainOrAKnownPairOnly(t *testing.T) {
	login := []keyring.Credential{credential("shop/hub", "robot", "canary-password"), credential("shop/two", "robot2", "canary-password2")}
	for name, c := range map[string]struct{ host, realm string }{
		"under another domain":            {"registry.acme.com", "https://evil.com/token"},
		"under a domain that begins so":   {"registry.acme.com", "https://acme.com.evil.com/token"},
		"a neighbour on a public suffix":  {"acme.github.io", "https://evil.github.io/token"},
		"a neighbour on a country suffix": {"acme.co.uk", "https://evil.co.uk/token"},
		"under a suffix nobody lists":     {"registry.acme.example", "https://auth.acme.example/token"},
		"on plain HTTP":                   {"registry.acme.com", "http://registry.acme.com/token"},
		"at another port of an address":   {"127.0.0.1:8443", "https://127.0.0.1:9443/token"},
		"at another address":              {"127.0.0.1:8443", "https://127.0.0.2:8443/token"},
		"the Hub's, of a stranger":        {"registry.acme.com", "https://auth.docker.io/token"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.serve(c.host, on2(on("", "/v2/", 401, "", "Www-Authenticate", `Bearer realm="`+c.realm+`",service="x"`)))
			u, err := url.Parse(c.realm)
			if err != nil {
				t.Fatal(err)
			}
			if u.Scheme == "https" {
				h.serve(u.Host, on2(on("", "/token", 200, `{"token":"x"}`)))
			}
			p := h.prober()
			findings, gaps := p.Probe(t.Context(), Target{Reference: evidence.Reference{Host: c.host, Repository: "a/b", Tag: "1"}, Credentials: login})
			find(t, findings, evidence.RealmForeign)
			if asked := h.asked("", "GET /token"); len(asked) != 0 || p.Sent().Logins != 0 {
				t.Errorf("sent %+v: %+v", p.Sent(), asked)
			}
			assertNoCanary(t, findings, gaps)
		})
	}
	for name, c := range map[string]struct{ host, realm string }{
		"the Hub's own":                  {"docker.io", "https://auth.docker.io/token"},
		"under the registrable domain":   {"registry.gitlab.com", "https://gitlab.com/jwt/auth"},
		"the same host":                  {"registry.acme.example", "https://registry.acme.example/token"},
		"the same host at another port":  {"harbor.acme.example:8443", "https://harbor.acme.example/service/token"},
		"the same address":               {"127.0.0.1:8443", "https://127.0.0.1:8443/token"},
		"a pair that is known":           {"registry.redhat.io", "https://sso.redhat.com/auth"},
		"whatever the case of the names": {"registry.acme.com", "https://AUTH.Acme.COM/token"},
	} {
		t.Run(name+" is not foreign", func(t *testing.T) {
			u, err := url.Parse(c.realm)
			if err != nil {
				t.Fatal(err)
			}
			if why := mayLogIn(c.host, u); why != "" {
				t.Errorf("mayLogIn(%s, %s) = %q", c.host, c.realm, why)
			}
		})
	}
}

func TestACredentialNeverGoesToARedirectTarget(t *testing.T) {
	s := stocked(t)
	const host, store = "registry.acme.example", "store.acme.example"
	h := newHouse(t)
	h.serve(store, s.handler)
	elsewhere := func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "/blobs/") && !strings.Contains(r.URL.Path, "/manifests/") {
			return false
		}
		http.Redirect(w, r, "https://"+store+r.URL.Path+"?signature=canary-signature", http.StatusTemporaryRedirect)
		return true
	}
	h.serve(host, with(s.handler, basic("robot:canary-password"), elsewhere))
	findings, gaps := h.prober().Probe(t.Context(), Target{
		Reference: reference(host + "/team/app:1.27.4"), Platform: amd64(), Credentials: []keyring.Credential{credential("shop/hub", "robot", "canary-password")},
	})
	if f := find(t, findings, evidence.BlobsPresent); f.Details["stores"] != store {
		t.Errorf("stores = %q", f.Details["stores"])
	}
	asked := h.asked(store, "")
	if len(asked) < 6 {
		t.Errorf("the store was asked %d times only", len(asked))
	}
	for _, r := range asked {
		if r.authorization != "" {
			t.Errorf("%s %s got a credential", r.method, r.path)
		}
	}
	assertNoCanary(t, findings, gaps)
}

func TestAFormWithACredentialNeverGoesToARedirectTarget(t *testing.T) {
	h := newHouse(t)
	h.serve("evil.acme.example", on2(on("", "/", 200, `{"token":"x"}`)))
	h.serve("registry.acme.example", on2(func(w http.ResponseWriter, r *http.Request) bool {
		switch {
		case r.URL.Path == "/token" && r.Method == http.MethodPost:
			http.Redirect(w, r, "https://evil.acme.example/token", http.StatusTemporaryRedirect)
		case r.URL.Path == "/token":
			w.WriteHeader(http.StatusMethodNotAllowed)
		default:
			return on("", "", 401, "", "Www-Authenticate", `Bearer realm="https://registry.acme.example/token"`)(w, r)
		}
		return true
	}))
	findings, gaps := h.prober().Probe(t.Context(), Target{Reference: reference("registry.acme.example/a/b:1"), Credentials: []keyring.Credential{credential("shop/hub", "robot", "canary-password")}})
	if asked := h.asked("evil.acme.example", ""); len(asked) != 0 {
		t.Errorf("it was sent on: %+v", asked)
	}
	assertNoCanary(t, findings, gaps)
}

func TestACredentialNeverGoesOverPlainHTTP(t *testing.T) {
	var got atomic.Value
	h := newHouse(t)
	s := newShelf(t)
	s.plain.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a := r.Header.Get("Authorization"); a != "" {
			got.Store(a)
		}
		w.Header().Set("Www-Authenticate", `Basic realm="x"`)
		w.WriteHeader(http.StatusUnauthorized)
	})
	p := h.prober()
	findings, gaps := p.Probe(t.Context(), Target{
		Reference: reference(strings.TrimPrefix(s.plain.URL, "http://") + "/a/b:1"), Credentials: []keyring.Credential{credential("shop/hub", "robot", "canary-password")},
	})
	if got.Load() != nil || p.Sent().Logins != 0 {
		t.Errorf("sent %v, %+v", got.Load(), p.Sent())
	}
	if len(gaps) != 1 || !strings.Contains(gaps[0].Why, "plain HTTP") {
		t.Errorf("gaps = %+v", gaps)
	}
	assertNoCanary(t, findings, gaps)
}

func TestOneLoginPerCredentialAndARejectedOneIsNotTriedAgain(t *testing.T) {
	s := stocked(t)
	for name, door := range map[string]func(h *house) fault{
		"basic": func(*house) fault { return basic("nobody:at-all") },
		"basic, which only the manifest asks for": func(*house) fault {
			ask := basic("nobody:at-all")
			return func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path == "/v2/" {
					w.WriteHeader(http.StatusOK)
					return true
				}
				return ask(w, r)
			}
		},
		"token": func(*house) fault {
			k := tokens{realm: "https://registry.acme.example/token", grant: func(string, string) bool { return false }}
			return func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path == "/token" {
					<-time.After(5 * time.Millisecond) // so that others come while it is asked
					k.ServeHTTP(w, r)
					return true
				}
				return k.registry(w, r)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.serve("registry.acme.example", with(s.handler, door(h)))
			p := h.prober()
			var all sync.WaitGroup
			for i := range 24 {
				all.Go(func() {
					findings, gaps := p.Probe(t.Context(), Target{
						Reference:   reference(fmt.Sprintf("registry.acme.example/team/app%d:1", i%8)),
						Credentials: []keyring.Credential{credential(fmt.Sprintf("ns%d/hub", i), "robot", "canary-password")},
					})
					if f := find(t, findings, evidence.CredentialRejected); f.Subject.Name != fmt.Sprintf("ns%d/hub", i) {
						t.Errorf("subject = %+v", f.Subject)
					}
					assertNoCanary(t, findings, gaps)
				})
			}
			all.Wait()
			sent := 0
			for _, r := range h.asked("", "") {
				if strings.HasPrefix(r.authorization, "Basic ") {
					sent++
				}
			}
			if sent != 1 || p.Sent().Logins != 1 {
				t.Errorf("the credential was sent %d times, counted %d", sent, p.Sent().Logins)
			}
		})
	}
}

func TestACredentialGoesOnlyToTheHostThatTheKeyringMatched(t *testing.T) {
	s := newShelf(t)
	s.push("acme/app:1", s.image("linux", "amd64"))
	const cdn = "production.cloudflare.docker.com"
	h := newHouse(t)
	k := tokens{realm: "https://auth.docker.io/token", service: "registry.docker.io", logins: []string{"robot:canary-password"}, grant: func(user, _ string) bool { return user != "" }}
	h.serve("auth.docker.io", k)
	h.serve("registry-1.docker.io", with(s.handler, k.registry, func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "/blobs/") {
			return false
		}
		http.Redirect(w, r, "https://"+cdn+r.URL.Path, http.StatusTemporaryRedirect)
		return true
	}))
	h.serve(cdn, s.handler)
	h.serve("docker.io", http.NotFoundHandler())
	p := h.prober()
	findings, gaps := p.Probe(t.Context(), Target{Reference: reference("docker.io/acme/app:1"), Platform: amd64(), Credentials: creds("robot", "canary-password")})
	find(t, findings, evidence.BlobsPresent)
	assertNoCanary(t, findings, gaps)
	logins := 0
	for _, r := range h.asked("", "") {
		password := strings.HasPrefix(r.authorization, "Basic ")
		switch {
		case password && r.host == "auth.docker.io" && r.path == "/token":
			logins++
		case password, r.authorization != "" && r.host != "registry-1.docker.io", r.host == "docker.io":
			t.Errorf("%s got %s %s, with a credential: %t", r.host, r.method, r.path, r.authorization != "")
		}
	}
	if logins == 0 || p.Sent().Logins == 0 {
		t.Error("nobody logged in")
	}
}

func TestACredentialNeverGoesToAMirror(t *testing.T) {
	const host, mirror = "registry.acme.example", "mirror.acme.example"
	login := creds("robot", "canary-password")
	for name, door := range map[string]fault{
		"that asks for a password":              basic("robot:canary-password"),
		"that asks for a token":                 on("", "/", 401, "", "Www-Authenticate", `Bearer realm="https://mirror.acme.example/token",service="x"`),
		"that asks for a token of the registry": on("", "/", 401, "", "Www-Authenticate", `Bearer realm="https://registry.acme.example/token",service="x"`),
		"that sends on to the registry": func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, "https://"+host+r.URL.Path+"?"+r.URL.RawQuery, http.StatusTemporaryRedirect)
			return true
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.serve(host, with(stocked(t).handler, basic("robot:canary-password")))
			h.serve(mirror, on2(door))
			p := h.prober(func(o *Options) { o.HostsDir = hostsFile(t, host, "[host.\"https://"+mirror+"\"]\n") })
			findings, gaps := p.Probe(t.Context(), Target{Reference: reference(host + "/team/app:1.27.4"), Platform: amd64(), Credentials: login})
			if p.Sent().Logins != 1 || len(h.asked(mirror, "")) != 1 {
				t.Errorf("sent %+v, the mirror got %+v", p.Sent(), h.asked(mirror, ""))
			}
			for _, r := range h.asked(mirror, "") {
				if r.authorization != "" || r.form != "" {
					t.Error("the mirror got a credential")
				}
			}
			sentOn := 0
			for _, r := range h.asked(host, "HEAD /v2/team/app/manifests/") {
				if strings.Contains(r.query, "ns=") {
					sentOn++
					if r.authorization != "" {
						t.Error("the mirror's redirect took a credential along")
					}
				}
			}
			if (sentOn > 0) != (name == "that sends on to the registry") {
				t.Errorf("%d requests were sent on", sentOn)
			}
			assertNoCanary(t, findings, gaps)
		})
	}
}

func TestTheProbeModeIsKept(t *testing.T) {
	for mode, want := range map[Mode]struct{ asks, logs bool }{None: {}, Anonymous: {asks: true}, "": {asks: true}, Credentials: {asks: true, logs: true}} {
		h := newHouse(t)
		h.serve("registry.acme.example", with(stocked(t).handler, basic("robot:canary-password")))
		p := h.prober(func(o *Options) { o.Probe = mode })
		p.Probe(t.Context(), Target{Reference: reference("registry.acme.example/team/app:1.27.4"), Platform: amd64(), Credentials: creds("robot", "canary-password")})
		sent := p.Sent()
		if (sent.Requests > 0) != want.asks || (sent.Logins > 0) != want.logs {
			t.Errorf("%q: sent %+v", mode, sent)
		}
		for _, r := range h.asked("", "") {
			if r.authorization != "" && !want.logs {
				t.Errorf("%q: %s got a credential", mode, r.path)
			}
		}
	}
}

func TestOneLoginPerCredentialHoweverTheHostIsSpelled(t *testing.T) {
	h := newHouse(t)
	h.serve("registry.acme.example", with(stocked(t).handler, basic("nobody:at-all")))
	p := h.prober()
	for _, host := range []string{"registry.acme.example", "registry.acme.example:443", "Registry.ACME.example"} {
		findings, _ := p.Probe(t.Context(), Target{Reference: evidence.Reference{Host: host, Repository: "team/app", Tag: "1"}, Credentials: creds("robot", "canary-password")})
		find(t, findings, evidence.CredentialRejected)
	}
	if p.Sent().Logins != 1 {
		t.Errorf("sent %+v", p.Sent())
	}
}
