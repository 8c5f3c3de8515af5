// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/pullmedic/pullmedic/evidence"
)

// answering is a token service that always answers so, with what it was sent in
// the place of %s.
func answering(status int, text string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, strings.ReplaceAll(text, "%s", r.PostFormValue("refresh_token")))
	})
}

func TestAnIdentityTokenIsExchangedAtTheTokenServiceAlone(t *testing.T) {
	const host, token = "registry.example.com", "canary-identity-token"
	good := tokens{service: "acme", logins: []string{"<token>:" + token}, grant: func(user, _ string) bool { return user == "<token>" }}
	for name, c := range map[string]struct {
		realm   string // "" for the service on the registry's own domain
		service http.Handler
		door    fault // of the registry; nil: it asks for a token
		posts   int   // that the token service gets
		want    evidence.Outcome
		gap     string
	}{
		"a good one":               {service: good, posts: 1, want: evidence.ManifestPresent},
		"one that is refused":      {service: tokens{logins: []string{"<token>:other"}}, posts: 1, want: evidence.CredentialRejected},
		"one that is no grant":     {service: answering(400, `{"error":"invalid_grant","error_description":"you sent %s"}`), posts: 1, want: evidence.CredentialRejected},
		"one that grants nothing":  {service: tokens{logins: good.logins, grant: func(string, string) bool { return false }}, posts: 2, want: evidence.TokenGrantsNothing},
		"a service that has none":  {service: answering(404, "page not found"), posts: 1, gap: "token.example.com does not exchange identity tokens (404)"},
		"a service without POST":   {service: answering(405, ""), posts: 1, gap: "token.example.com does not exchange identity tokens (405)"},
		"another domain's service": {realm: "https://token.example.net/token", service: good, want: evidence.RealmForeign},
		"a service on plain HTTP":  {realm: "http://token.example.com/token", service: good, want: evidence.RealmForeign},
		"a service that sends on": {
			service: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "https://token.example.net/token", http.StatusTemporaryRedirect)
			}), posts: 1,
		},
		"a registry that wants a password": {service: good, door: basic("robot:x"), gap: "an identity token is exchanged at a token service, and " + host + " names none"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			k := good
			k.realm = c.realm
			if k.realm == "" {
				k.realm = "https://token.example.com/token"
			}
			door := c.door
			if door == nil {
				door = k.registry
			}
			h.serve(host, with(stocked(t).handler, door))
			h.serve("token.example.com", c.service)
			h.serve("token.example.net", c.service)
			p := h.prober()
			findings, gaps := p.Probe(t.Context(), Target{Reference: reference(host + "/team/app:1.27.4"), Platform: amd64(), Credentials: creds("<token>", token), IdentityTokens: true})
			if c.want != "" {
				find(t, findings, c.want)
			}
			if c.gap != "" && !strings.Contains(texts(gaps), c.gap) {
				t.Errorf("%q is not in %s", c.gap, texts(gaps))
			}
			assertNoCanary(t, findings, gaps)
			posts := h.asked("token.example.com", "POST ")
			if len(posts) != c.posts {
				t.Errorf("the token service got %+v, want %d posts", posts, c.posts)
			}
			for _, r := range posts {
				form, err := url.ParseQuery(r.form)
				if err != nil || form.Get("grant_type") != "refresh_token" || form.Get("refresh_token") != token || !strings.HasPrefix(form.Get("scope"), "repository:team/") ||
					form.Get("client_id") == "" || form.Has("password") || form.Has("username") || form.Has("access_type") {
					t.Errorf("it was sent %s (%v)", r.form, err)
				}
			}
			for _, r := range h.asked("", "") {
				if strings.HasPrefix(r.authorization, "Basic ") || strings.Contains(r.query+r.authorization, token) ||
					r.host != "token.example.com" && strings.Contains(r.form, token) {
					t.Errorf("%s got the token: %+v", r.host, r)
				}
			}
		})
	}
}

func TestAnIdentityTokenIsNotTakenForAPassword(t *testing.T) {
	const host = "registry.example.com"
	h := newHouse(t)
	k := tokens{realm: "https://token.example.com/token", logins: []string{"<token>:canary-x"}, grant: func(user, _ string) bool { return user != "" }}
	h.serve(host, with(stocked(t).handler, k.registry))
	h.serve("token.example.com", k)
	p := h.prober()
	target := Target{Reference: reference(host + "/team/app:1.27.4"), Platform: amd64(), Credentials: creds("<token>", "canary-x")}
	p.Probe(t.Context(), target) // what a kubelet would send: a password of the user <token>
	target.IdentityTokens = true
	findings, gaps := p.Probe(t.Context(), target)
	find(t, findings, evidence.ManifestPresent)
	assertNoCanary(t, findings, gaps)
	if gets, posts := len(h.asked("token.example.com", "GET ")), len(h.asked("token.example.com", "POST ")); gets == 0 || posts != 1 {
		t.Errorf("%d GET, %d POST: one answer was taken for the other's", gets, posts)
	}
}

func texts(gaps []evidence.Gap) string {
	var all []string
	for _, g := range gaps {
		all = append(all, g.Why)
	}
	return strings.Join(all, "\n")
}
