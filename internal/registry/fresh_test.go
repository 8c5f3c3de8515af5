// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// A hand is a clock that is moved by hand.
type hand struct{ at atomic.Int64 }

func (h *hand) now() time.Time        { return time.Unix(h.at.Load(), 0) }
func (h *hand) move(by time.Duration) { h.at.Add(int64(by / time.Second)) }
func aging60(h *hand) func(o *Options) {
	return func(o *Options) { o.Fresh, o.Now = time.Minute, h.now }
}
func anonymous(image string) (t Target) { t.Reference = reference(image); return t }
func robot(image string) (target Target) {
	target.Reference = reference(image)
	target.Credentials = []keyring.Credential{credential("shop/hub", "robot", "canary-password")}
	return target
}

func TestAnAnswerIsGivenAgainUntilItIsOldAndThenAskedForAnew(t *testing.T) {
	s := stocked(t)
	h := newHouse(t)
	var gone atomic.Bool
	gone.Store(true)
	h.serve("registry.acme.example", with(s.handler, func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/v2/team/app/manifests/1.27.4" && gone.Load() {
			w.WriteHeader(http.StatusNotFound)
			return true
		}
		return false
	}))
	var clock hand
	p := h.prober(aging60(&clock))
	image := anonymous("registry.acme.example/team/app:1.27.4")
	findings, _ := p.Probe(t.Context(), image)
	find(t, findings, evidence.TagListedNotGiven)
	gone.Store(false)
	sent, kept := p.Sent().Requests, p.budget.kept.Load()
	clock.move(59 * time.Second)
	findings, _ = p.Probe(t.Context(), image)
	find(t, findings, evidence.TagListedNotGiven)
	if got := p.Sent().Requests; got != sent {
		t.Errorf("%d requests within a minute, want the %d of the first time", got, sent)
	}
	for range 50 {
		clock.move(time.Minute)
		findings, _ = p.Probe(t.Context(), image)
		find(t, findings, evidence.ManifestPresent)
	}
	if got := p.Sent().Requests; got == sent {
		t.Error("nothing was asked anew")
	}
	if got := p.budget.kept.Load(); got > 4*kept+(64<<10) || got < 0 {
		t.Errorf("%d bytes are counted as kept after 50 minutes, %d after one look", got, kept)
	}
	clock.move(time.Hour)
	p.replies.mu.Lock()
	p.replies.forget("")
	left := len(p.replies.entries)
	p.replies.mu.Unlock()
	if left != 0 {
		t.Errorf("%d answers are kept that nobody asked for in an hour", left)
	}
}

func TestARejectedLoginIsNotSentAgainHoweverOldItIs(t *testing.T) {
	s := stocked(t)
	k := tokens{realm: "https://registry.acme.example/token", grant: func(string, string) bool { return false }}
	for name, door := range map[string]fault{
		"basic": basic("nobody:at-all"),
		"basic, which only the manifest asks for": func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/v2/" {
				w.WriteHeader(http.StatusOK)
				return true
			}
			return basic("nobody:at-all")(w, r)
		},
		"token": func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/token" {
				k.ServeHTTP(w, r)
				return true
			}
			return k.registry(w, r)
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.serve("registry.acme.example", with(s.handler, door))
			var clock hand
			p := h.prober(aging60(&clock))
			for range 5 {
				for _, image := range []string{"registry.acme.example/team/app:1.27.4", "registry.acme.example/team/other:1"} {
					findings, _ := p.Probe(t.Context(), robot(image))
					find(t, findings, evidence.CredentialRejected)
				}
				clock.move(time.Hour)
			}
			if got := p.Sent().Logins; got != 1 {
				t.Errorf("%d logins in five hours, want 1", got)
			}
		})
	}
}

func TestALoginThatWasGoodAndIsRejectedLaterIsSentOnceMore(t *testing.T) {
	s := stocked(t)
	h := newHouse(t)
	var good atomic.Bool
	good.Store(true)
	knows := tokens{realm: "https://registry.acme.example/token", logins: []string{"robot:canary-password"}, grant: func(user, _ string) bool { return user != "" }}
	forgets := tokens{realm: knows.realm, grant: func(string, string) bool { return false }}
	var tokensAsked atomic.Int64
	h.serve("registry.acme.example", with(s.handler, func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/token" {
			if r.Header.Get("Authorization") != "" {
				tokensAsked.Add(1)
			}
			k := forgets
			if good.Load() {
				k = knows
			}
			k.ServeHTTP(w, r)
			return true
		}
		return knows.registry(w, r)
	}))
	var clock hand
	p := h.prober(aging60(&clock))
	findings, _ := p.Probe(t.Context(), robot("registry.acme.example/team/app:1.27.4"))
	find(t, findings, evidence.CredentialAccepted)
	good.Store(false)
	before := tokensAsked.Load()
	for range 5 {
		clock.move(time.Hour)
		for _, image := range []string{"registry.acme.example/team/app:1.27.4", "registry.acme.example/team/other:1"} {
			findings, _ = p.Probe(t.Context(), robot(image))
			find(t, findings, evidence.CredentialRejected)
		}
	}
	if got := tokensAsked.Load() - before; got != 1 {
		t.Errorf("the login was sent %d times after it was no longer good, want 1", got)
	}
}
