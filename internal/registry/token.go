// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// login is a credential in use.
type login struct {
	keyring.Credential
	id string // its fingerprint: equal credentials of several secrets are one
	// identity: its password is an identity token, which a token service alone
	// takes, as an OAuth 2 refresh token.
	identity bool
}

// basic returns the value of an Authorization header.
func (l *login) basic() string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(l.Username+":"+l.Password.Reveal()))
}

// secrets are what no text that is shown may repeat. A long user name may be a
// token; a short one is a word that texts have a right to.
func (l *login) secrets() []string {
	if l == nil {
		return nil
	}
	all := []string{l.Password.Reveal(), strings.TrimPrefix(l.basic(), "Basic ")}
	if len(l.Username) >= 12 {
		all = append(all, l.Username)
	}
	return all
}

// tokenQuestion asks a token service for the right to pull from a repository.
type tokenQuestion struct {
	realm               *url.URL
	service, repository string
	login               *login // nil: anonymous
}

func (q tokenQuestion) key() string {
	id := ""
	if q.login != nil {
		id = q.login.id
	}
	return strings.Join([]string{q.realm.String(), q.service, q.repository, id}, "\x00")
}

// pullRight is what a token says of the right to pull.
type pullRight int

const (
	rightUnread   pullRight = iota // only the registry can read this token
	rightGranted                   // pull is among the token's actions
	rightWithheld                  // the token lists its actions, and pull is not among them
)

// grant is a token service's answer.
type grant struct {
	reply
	refusal refusal
	token   string
	right   pullRight
	// accepted: the login itself is good, whatever was granted.
	accepted bool
	rejected bool
	expired  bool
}

// gate lets the first login with a credential go alone, so that a rejected one
// is sent once however many pulls wait for it.
type gate struct {
	mu      sync.Mutex
	open    bool
	settled *grant // rejected, or not answered
}

// reopen lets a login be tried anew that nobody answered long ago. It is called
// with the lock held.
func (g *gate) reopen(p *Prober) {
	if g.settled != nil && g.settled.failure != nil && p.stale(g.settled.at()) {
		g.settled = nil
	}
}

// settle keeps a rejection. It is called without the lock.
func (g *gate) settle(answer grant) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open, g.settled = false, &answer
}

func (p *Prober) gate(name string) *gate {
	p.mu.Lock()
	defer p.mu.Unlock()
	g, ok := p.gates[name]
	if !ok {
		g = &gate{}
		p.gates[name] = g
	}
	return g
}

// token asks for a token, once for each question in the prober's life.
func (p *Prober) token(ctx context.Context, q tokenQuestion) (grant, bool) {
	return p.grants.get(ctx, q.key(), func(ctx context.Context) grant {
		if q.login == nil {
			return p.fetchToken(ctx, q, true)
		}
		g := p.gate(oneSpelling(q.realm.Host) + "\x00" + q.login.id)
		g.mu.Lock()
		if g.open {
			g.mu.Unlock()
			answer := p.fetchToken(ctx, q, true)
			answer.accepted = answer.accepted || answer.failure == nil && !answer.rejected
			if answer.rejected { // it was good once, and is no longer
				g.settle(answer)
			}
			return answer
		}
		defer g.mu.Unlock()
		g.reopen(p)
		if g.settled != nil {
			return *g.settled
		}
		answer := p.fetchToken(ctx, q, false)
		if answer.rejected || answer.failure != nil {
			g.settled = &answer
		} else {
			g.open = true
		}
		return answer
	})
}

// fetchToken asks with GET and, if the service does not know that, with POST
// (facts of the distribution project's token and OAuth2 specifications). The
// runtimes begin with POST and fall back to GET; this order sends a bad
// password once instead of twice. An identity token goes with POST alone.
//
// known says that the login itself needs no judging: there is none, or it was
// accepted before.
func (p *Prober) fetchToken(ctx context.Context, q tokenQuestion, known bool) (g grant) {
	defer func() { g.reply = g.without() }() // it is read, and not kept
	ask := p.getToken
	if q.login != nil && q.login.identity {
		ask = p.postToken
	}
	g = p.readGrant(ask(ctx, q), q)
	if g.failure == nil && q.login != nil {
		switch g.answer.status {
		case http.StatusBadRequest, http.StatusNotFound, http.StatusMethodNotAllowed:
			if !q.login.identity {
				g = p.readGrant(p.postToken(ctx, q), q)
			}
		case http.StatusForbidden:
			if !known && q.repository != "" && !g.rejected && !g.refusal.html && !p.words.saysPolicy(g.answer.status, g.refusal) {
				// Is it the login, or what was asked for? Without a scope only the login is judged.
				q.repository = ""
				alone := p.readGrant(ask(ctx, q), q)
				g.accepted = alone.failure == nil && alone.answer.status == http.StatusOK
				g.rejected = alone.failure == nil && (alone.answer.status == http.StatusUnauthorized || alone.answer.status == http.StatusForbidden)
			}
		}
	}
	return g
}

func (p *Prober) getToken(ctx context.Context, q tokenQuestion) reply {
	u := *q.realm
	query := u.Query()
	if q.service != "" {
		query.Set("service", q.service)
	}
	if q.repository != "" {
		query.Set("scope", pullScope(q.repository))
	}
	u.RawQuery = query.Encode()
	c := call{method: http.MethodGet, url: &u, limit: maxErrorBytes}
	if q.login != nil {
		c.authorization, c.login, c.secrets = q.login.basic(), true, q.login.secrets()
	}
	return p.exchange(ctx, c)
}

func (p *Prober) postToken(ctx context.Context, q tokenQuestion) reply {
	form := url.Values{"client_id": {userAgent}}
	if secret := q.login.Password.Reveal(); q.login.identity {
		// No access_type=offline: that would ask for a new identity token.
		form.Set("grant_type", "refresh_token")
		form.Set("refresh_token", secret)
	} else {
		form.Set("grant_type", "password")
		form.Set("username", q.login.Username)
		form.Set("password", secret)
	}
	if q.service != "" {
		form.Set("service", q.service)
	}
	if q.repository != "" {
		form.Set("scope", pullScope(q.repository))
	}
	return p.exchange(ctx, call{method: http.MethodPost, url: q.realm, form: form, login: true, secrets: q.login.secrets(), limit: maxErrorBytes})
}

func pullScope(repository string) string { return "repository:" + repository + ":pull" }

// readGrant reads a token service's answer: its status first.
func (p *Prober) readGrant(r reply, q tokenQuestion) grant {
	g := grant{reply: r}
	if r.failure != nil {
		return g
	}
	if r.answer.status != http.StatusOK {
		g.refusal = readRefusal(r.answer)
		switch r.answer.status {
		case http.StatusUnauthorized:
			g.rejected = q.login != nil
			g.expired = g.rejected && p.words.saysExpired(g.refusal)
		case http.StatusForbidden, http.StatusBadRequest:
			g.expired = q.login != nil && p.words.saysExpired(g.refusal)
			// GHCR says a bare "denied" to a login itself, a sentence to a missing right.
			g.rejected = g.expired || q.login != nil && (strings.EqualFold(g.refusal.message, "denied") ||
				q.login.identity && g.refusal.code == "INVALID_GRANT") // RFC 6749, 5.2
		}
		return g
	}
	g.refusal.html = isHTML(r.answer)
	var body struct {
		Token       string `json:"token"`
		AccessToken string `json:"access_token"`
	}
	if r.answer.cut || json.Unmarshal(r.answer.body, &body) != nil {
		return g
	}
	g.token = first(body.Token, body.AccessToken)
	if strings.ContainsFunc(g.token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		g.token = "" // not fit for a header
	}
	g.accepted = g.token != "" && q.login != nil
	g.right = rightOf(g.token, q.repository)
	return g
}

// rightOf reads the actions that a token of the distribution project's form (a
// JWT with a claim "access") grants. The signature is not looked at: the
// registry does that.
func rightOf(token, repository string) pullRight {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return rightUnread
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return rightUnread
	}
	var claims map[string]json.RawMessage
	if json.Unmarshal(payload, &claims) != nil {
		return rightUnread
	}
	raw, ok := claims["access"]
	var access []struct {
		Type    string   `json:"type"`
		Name    string   `json:"name"`
		Actions []string `json:"actions"`
	}
	if !ok || json.Unmarshal(raw, &access) != nil {
		return rightUnread
	}
	right := rightWithheld
	for _, a := range access {
		pulls := slices.Contains(a.Actions, "pull") || slices.Contains(a.Actions, "*")
		switch {
		case a.Name == repository && pulls:
			return rightGranted
		case pulls: // for something that we cannot match with the repository
			right = rightUnread
		}
	}
	return right
}
