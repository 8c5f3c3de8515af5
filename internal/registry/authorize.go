// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/pullmedic/pullmedic/evidence"
)

// authorize gets what the manifest is asked with, and tells how that went. It
// tells whether to ask.
func (l *ladder) authorize(ctx context.Context, a *attempt) bool {
	bearer, isBearer := offered(l.challenges, "bearer")
	_, isBasic := offered(l.challenges, "basic")
	switch {
	case len(l.challenges) == 0:
		return true // nobody asks for a login, so none is sent
	case a.login != nil && l.base.scheme != "https":
		a.end = unasked
		l.gap(evidence.CheckToken, credentialSubject(a.login.Secret), "a credential is never sent over plain HTTP", "https at "+l.base.host)
		return false
	case !isBearer && isBasic && a.login != nil && a.login.identity:
		a.end = unasked
		l.gap(evidence.CheckToken, credentialSubject(a.login.Secret), "an identity token is exchanged at a token service, and "+l.base.host+" names none", "a login with a user and a password")
		return false
	case isBearer:
		return l.authorizeByToken(ctx, a, bearer)
	case isBasic && a.login != nil:
		return l.authorizeBasic(ctx, a)
	case !isBasic && a.login != nil:
		a.end = unasked
		l.gap(evidence.CheckToken, l.registrySubject(), "it asks for a login that the runtimes do not know", "")
		return false
	}
	return true
}

// authorizeBasic logs in at /v2/, so that a refused login and a refused image
// can be told apart.
func (l *ladder) authorizeBasic(ctx context.Context, a *attempt) bool {
	a.auth = authorization{id: a.login.id, header: a.login.basic(), login: true, secrets: a.login.secrets()}
	if l.late {
		return true // /v2/ lets everybody in and would tell nothing
	}
	c := l.base.ping()
	c.login = true
	r, ok := l.prober.ask(ctx, c, a.auth)
	if !ok {
		l.outOfTime(evidence.CheckToken, credentialSubject(a.login.Secret))
		return false
	}
	if r.failure != nil {
		l.tellFailure(evidence.CheckPing, l.registrySubject(), r, "the login")
		return false
	}
	a.head, a.refusal = r, readRefusal(r.answer)
	d := l.about(a.login, l.refused(r, a.refusal, a.auth.secrets))
	subject, host := credentialSubject(a.login.Secret), r.answer.host
	switch status := r.status(); {
	case status == http.StatusTooManyRequests || status >= 500:
		return l.tellUnable(evidence.CheckPing, l.registrySubject(), r, a.refusal, a.auth.secrets)
	case (status == http.StatusUnauthorized || status == http.StatusForbidden || status == http.StatusBadRequest) && l.prober.words.saysExpired(a.refusal):
		a.end, a.rejected = denied, true
		l.tell(evidence.CheckToken, evidence.CredentialExpired, subject, r, d, "%s says that the login of secret %s has expired", host, a.login.Secret)
		return false
	case status == http.StatusUnauthorized:
		a.end, a.rejected = denied, true
		l.tell(evidence.CheckToken, evidence.CredentialRejected, subject, r, d, "%s rejects the login of secret %s (401)", host, a.login.Secret)
		return false
	case status == http.StatusOK:
		a.accepted = true
		l.tell(evidence.CheckToken, evidence.CredentialAccepted, subject, r, d, "%s accepts the login of secret %s", host, a.login.Secret)
	}
	return true // anything else says nothing about the login
}

// authorizeByToken asks the token service that the challenge names.
func (l *ladder) authorizeByToken(ctx context.Context, a *attempt, c challenge) bool {
	realm, ok := l.realm(c)
	if !ok {
		l.realmForeign = true
		a.end = unasked
		l.tell(evidence.CheckToken, evidence.RealmForeign, l.registrySubject(), l.pinged, details{"host": l.base.host}, "%s names a token service that is not on https: nothing is sent there", l.base.host)
		return false
	}
	service := evidence.Subject{Kind: evidence.SubjectTokenService, Name: realm.Host}
	if a.login != nil {
		if why := mayLogIn(l.base.host, realm); why != "" {
			l.realmForeign = true
			a.end = unasked
			l.tell(evidence.CheckToken, evidence.RealmForeign, service, l.pinged, details{"host": realm.Host, "reason": why}, "the token service %s of %s %s: no login is sent there", realm.Host, l.base.host, why)
			return false
		}
	}
	q := tokenQuestion{realm: realm, service: c.parameters["service"], repository: l.reference.Repository, login: a.login}
	g, ok := l.prober.token(ctx, q)
	if !ok {
		l.outOfTime(evidence.CheckToken, service)
		return false
	}
	if g.failure != nil {
		l.tellFailure(evidence.CheckToken, service, g.reply, "the login")
		return false
	}
	if status := g.status(); a.login != nil && a.login.identity && (status == http.StatusNotFound || status == http.StatusMethodNotAllowed) {
		a.end = unasked
		l.gap(evidence.CheckToken, service, fmt.Sprintf("%s does not exchange identity tokens (%d)", realm.Host, status), "a login with a user and a password")
		return false
	}
	return l.readToken(a, g, q, service)
}

// realm returns the token service of a challenge, if it can be asked: on https,
// or on plain HTTP where the registry itself is (on this machine).
func (l *ladder) realm(c challenge) (*url.URL, bool) {
	realm, err := url.Parse(c.parameters["realm"])
	if err != nil || !isHost(realm.Host) || realm.Opaque != "" {
		return nil, false
	}
	if realm.Scheme != "https" && (realm.Scheme != "http" || l.base.scheme != "http") {
		return nil, false
	}
	realm.User, realm.Fragment = nil, ""
	return realm, true
}

// readToken tells what a token service answered.
func (l *ladder) readToken(a *attempt, g grant, q tokenQuestion, service evidence.Subject) bool {
	a.head, a.refusal, a.accepted, a.rejected = g.reply, g.refusal, g.accepted, g.rejected
	secrets := append(a.login.secrets(), g.token)
	d := l.about(a.login, l.refused(g.reply, g.refusal, secrets))
	host := g.answer.host
	switch status := g.status(); {
	case status == http.StatusTooManyRequests || status >= 500:
		return l.tellUnable(evidence.CheckToken, service, g.reply, g.refusal, secrets)
	case g.refusal.html:
		l.tell(evidence.CheckToken, evidence.RegistryNotV2, service, g.reply, d, "%s answers a question for a token with a web page", host)
		return false
	case g.expired:
		a.end = denied
		l.tell(evidence.CheckToken, evidence.CredentialExpired, credentialSubject(a.login.Secret), g.reply, d, "%s says that the login of secret %s has expired", host, a.login.Secret)
		return false
	case g.rejected:
		a.end = denied
		l.tell(evidence.CheckToken, evidence.CredentialRejected, credentialSubject(a.login.Secret), g.reply, d, "%s rejects the login of secret %s (%d)", host, a.login.Secret, status)
		return false
	case l.prober.words.saysPolicy(status, g.refusal):
		l.tell(evidence.CheckToken, evidence.RegistryPolicy, service, g.reply, d, "%s refuses a token by a rule of its own (%d)", host, status)
		return false
	}
	if g.accepted {
		l.tell(evidence.CheckToken, evidence.CredentialAccepted, credentialSubject(a.login.Secret), g.reply, d, "%s accepts the login of secret %s", host, a.login.Secret)
	}
	switch {
	case g.status() != http.StatusOK:
		a.end = denied
		l.tell(evidence.CheckToken, evidence.TokenRefused, l.repositorySubject(), g.reply, d, "%s refuses a token for %s%s (%d)", host, l.repositoryName(), l.as(a.login), g.status())
		return false
	case g.token == "" || g.right == rightWithheld:
		l.tell(evidence.CheckToken, evidence.TokenGrantsNothing, l.repositorySubject(), g.reply, d, "%s gives a token%s that does not grant pull for %s", host, l.as(a.login), l.repositoryName())
	case g.right == rightGranted:
		l.tell(evidence.CheckToken, evidence.TokenGranted, l.repositorySubject(), g.reply, d, "%s grants pull for %s%s in %s", host, l.repositoryName(), l.as(a.login), cost(g.took()))
	}
	if g.token != "" {
		a.auth = authorization{id: "token\x00" + q.key(), header: "Bearer " + g.token, secrets: secrets}
	}
	return true
}
