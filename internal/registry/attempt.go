// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"net/http"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/foreign"
)

// end is how an attempt ended.
type end int

const (
	stopped end = iota // told, and no other login would change it
	seen               // the manifest is there
	absent             // 404
	denied             // 401 or 403, or no token
	unasked            // nothing was sent; told
)

// attempt is one try to see the manifest, as the kubelet makes one for each
// credential.
type attempt struct {
	login    *login // nil: anonymous
	auth     authorization
	end      end
	accepted bool // the login itself is good
	rejected bool
	head     reply // the answer that decided
	refusal  refusal
}

// try logs in, if the registry asks for it, and asks for the manifest with
// HEAD, as the runtimes do. Where it is refused it asks with GET, because only
// that answer has words.
func (l *ladder) try(ctx context.Context, login *login) attempt {
	a := attempt{login: login}
	if !l.authorize(ctx, &a) {
		return a
	}
	if l.late && login != nil && a.auth.login {
		return l.tryLate(ctx, a)
	}
	r, ok := l.prober.ask(ctx, l.base.manifest(http.MethodHead, l.reference.Repository, l.asked()), a.auth)
	if ok && r.status() >= 400 && r.status() != http.StatusTooManyRequests && r.status() < 500 {
		r, ok = l.prober.ask(ctx, l.base.manifest(http.MethodGet, l.reference.Repository, l.asked()), a.auth)
	}
	if !ok {
		l.outOfTime(evidence.CheckManifest, l.imageSubject())
		return a
	}
	if r.status() == http.StatusUnauthorized && len(l.challenges) == 0 {
		// /v2/ asked for no login and the manifest does.
		if l.challenges = challenges(r.answer.header); len(l.challenges) > 0 {
			l.late = true
			return l.try(ctx, login)
		}
	}
	l.readManifestStatus(&a, r)
	return a
}

// tryLate asks for the manifest with a login that only the manifest's answer
// judges. The first question with a login goes alone, and one that was rejected
// is not sent again, whatever image it is for; so there is no second question
// for the words of the refusal.
func (l *ladder) tryLate(ctx context.Context, a attempt) attempt {
	g := l.prober.gate(l.base.host + "\x00manifest\x00" + a.login.id)
	g.mu.Lock()
	g.reopen(l.prober)
	if g.settled != nil {
		defer g.mu.Unlock()
		l.readManifestStatus(&a, g.settled.reply)
		return a
	}
	if g.open {
		g.mu.Unlock()
	} else {
		defer g.mu.Unlock()
	}
	c := l.base.manifest(http.MethodHead, l.reference.Repository, l.asked())
	c.login = true
	r, ok := l.prober.ask(ctx, c, a.auth)
	switch {
	case !ok:
		l.outOfTime(evidence.CheckManifest, l.imageSubject())
		return a
	case g.open:
	case r.status() == http.StatusUnauthorized || r.failure != nil:
		g.settled = &grant{reply: r, rejected: true}
	default:
		g.open = true
	}
	l.readManifestStatus(&a, r)
	return a
}

// readManifestStatus reads the status of a manifest's answer into the attempt,
// and tells what ends the ladder.
func (l *ladder) readManifestStatus(a *attempt, r reply) {
	a.head = r
	if r.failure != nil {
		l.tellFailure(evidence.CheckManifest, l.registrySubject(), r, "the question for the manifest")
		return
	}
	a.refusal = readRefusal(r.answer)
	d := l.refused(r, a.refusal, a.auth.secrets)
	switch status := r.status(); {
	case status == http.StatusOK:
		a.end = seen
		if a.login != nil && a.auth.login && !a.accepted { // /v2/ did not judge it
			a.accepted = true
			l.tell(evidence.CheckToken, evidence.CredentialAccepted, credentialSubject(a.login.Secret), r, l.about(a.login, d), "%s accepts the login of secret %s", r.answer.host, a.login.Secret)
		}
	case status == http.StatusTooManyRequests || status >= 500:
		l.tellUnable(evidence.CheckManifest, l.registrySubject(), r, a.refusal, a.auth.secrets)
	case l.prober.words.saysPolicy(status, a.refusal):
		l.tell(evidence.CheckManifest, evidence.RegistryPolicy, l.imageSubject(), r, d, "%s refuses %s by a rule of its own (%d)", r.answer.host, l.imageName(), status)
	case (status == http.StatusNotFound || status == http.StatusForbidden) && l.prober.words.saysUpstream(a.refusal):
		l.tell(evidence.CheckManifest, evidence.UpstreamCacheFailed, l.imageSubject(), r, d, "%s could not get %s from where it copies from", r.answer.host, l.imageName())
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		a.end = denied
		l.readDenial(a, d)
	case status == http.StatusNotFound:
		a.end = absent
	case status == http.StatusNotAcceptable:
		l.tell(evidence.CheckManifest, evidence.ManifestNotSupported, l.imageSubject(), r, d, "%s has %s in no form that the runtimes take (406)", r.answer.host, l.imageName())
	case status == http.StatusBadRequest && (a.refusal.code == "NAME_INVALID" || a.refusal.code == "MANIFEST_INVALID" || a.refusal.code == "TAG_INVALID"):
		a.end = absent // it cannot be there under that name
	default:
		l.tell(evidence.CheckManifest, evidence.RegistryNotV2, l.registrySubject(), r, d, "%s answers %d to the question for a manifest", r.answer.host, status)
	}
}

// readDenial tells what a denied manifest says about the login itself.
func (l *ladder) readDenial(a *attempt, d details) {
	if a.login == nil || !a.auth.login {
		return
	}
	switch {
	case l.prober.words.saysExpired(a.refusal):
		a.rejected, a.accepted = true, false
		l.retract(evidence.CredentialAccepted, credentialSubject(a.login.Secret)) // /v2/ did not look at it
		l.tell(evidence.CheckManifest, evidence.CredentialExpired, credentialSubject(a.login.Secret), a.head, l.about(a.login, d), "%s says that the login of secret %s has expired", a.head.answer.host, a.login.Secret)
	case l.late && a.head.status() == http.StatusUnauthorized:
		a.rejected = true
		l.tell(evidence.CheckManifest, evidence.CredentialRejected, credentialSubject(a.login.Secret), a.head, l.about(a.login, d), "%s rejects the login of secret %s (401)", a.head.answer.host, a.login.Secret)
	}
}

// as says in whose name something was asked.
func (l *ladder) as(login *login) string {
	if login == nil {
		return " anonymously"
	}
	return " to secret " + login.Secret
}

// about adds which credential was used.
func (l *ladder) about(login *login, d details) details {
	if login == nil {
		d["as"] = "anonymous"
		return d
	}
	d["secret"], d["key"] = foreign.Text(login.Secret, maxSentence), foreign.Text(login.Key, maxSentence)
	return d
}

// expectsLoginFromAll tells whether a refusal to an anonymous client was not
// about this repository: a registry with basic authentication that lets nobody
// even to /v2/, or a family where that is one switch.
func (l *ladder) expectsLoginFromAll(a attempt) bool {
	if a.login != nil || a.head.status() != http.StatusUnauthorized {
		return false
	}
	_, bearer := offered(l.challenges, "bearer")
	_, basic := offered(l.challenges, "basic")
	if basic && !bearer {
		return !l.late
	}
	return l.family.LoginForAll
}

// familyHides tells whether a 404 to this attempt proves the repository.
func (l *ladder) familyHides(a attempt) bool {
	return a.login == nil && l.family.HidesAbsent
}
