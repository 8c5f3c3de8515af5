// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"net/http"
	"path"
	"slices"

	"github.com/pullmedic/pullmedic/evidence"
)

// explainDenied tells as much as can be told of an image that nobody was let
// see: whether it takes a login at all, and whether the image is known to be
// there. On a registry that hides, 401 and 403 stand for both, and then that is
// the answer.
func (l *ladder) explainDenied(ctx context.Context, tries []attempt) {
	var anonymous, accepted, unclear *attempt
	for i := range tries {
		a := &tries[i]
		switch {
		case a.end != denied:
		case a.login == nil:
			anonymous = a
		case a.accepted && accepted == nil:
			accepted = a
		case !a.accepted && !a.rejected && unclear == nil:
			unclear = a
		}
	}
	withLogin := slices.ContainsFunc(tries, func(a attempt) bool { return a.login != nil && a.end != unasked })
	forAll := false
	if anonymous != nil {
		l.tellDenied(evidence.CheckAnonymous, evidence.AnonymousMayNotPull, *anonymous, l.imageSubject(), "%s is not given to whoever does not log in (%d)")
		// Where a login was sent, what it came to is the news.
		if forAll = !withLogin && l.expectsLoginFromAll(*anonymous); forAll {
			l.tellDenied(evidence.CheckAnonymous, evidence.LoginRequired, *anonymous, l.registrySubject(), "%s gives nothing to whoever does not log in (%d)")
		}
	}
	switch {
	case accepted != nil && l.answersOtherwise(ctx, *accepted):
		l.tellDenied(evidence.CheckManifest, evidence.PermissionDenied, *accepted, l.imageSubject(), "%s is refused to an accepted login (%d), where a name that is not there gets 404")
	case accepted != nil:
		l.tellDenied(evidence.CheckManifest, evidence.AccessDenied, *accepted, l.imageSubject(), "%s is refused to an accepted login (%d), which does not say whether it is there")
	case unclear != nil:
		l.tellDenied(evidence.CheckManifest, evidence.AccessDenied, *unclear, l.imageSubject(), "%s is refused (%d), which does not say whether it is there")
	case anonymous == nil || withLogin || forAll:
		// The refused logins, or the login that is asked of everybody, say it.
	case !l.family.HidesAbsent && l.answersOtherwise(ctx, *anonymous):
		l.tellDenied(evidence.CheckAnonymous, evidence.RepositoryAnswers, *anonymous, l.repositorySubject(), "%s is there: it is answered with %d, a name that is not there with 404")
		if len(l.challenges) == 0 { // a login that nobody asks for may not help
			l.tellDenied(evidence.CheckManifest, evidence.AccessDenied, *anonymous, l.imageSubject(), "%s is there and refused (%d), though nobody asks for a login")
			return
		}
		l.tellDenied(evidence.CheckAnonymous, evidence.LoginRequired, *anonymous, l.repositorySubject(), "%s is given only to whoever logs in (%d)")
	default:
		l.tellDenied(evidence.CheckManifest, evidence.AccessDenied, *anonymous, l.imageSubject(), "%s is refused (%d), which does not say whether it is there")
	}
}

// tellDenied tells a finding about a refusal; the format takes the subject's
// name and the status.
func (l *ladder) tellDenied(check evidence.Check, outcome evidence.Outcome, a attempt, subject evidence.Subject, format string) {
	d := l.about(a.login, l.refused(a.head, a.refusal, append(a.auth.secrets, a.login.secrets()...)))
	l.tell(check, outcome, subject, a.head, d, format, subject.Name, a.head.status())
}

// noSuchRepository is a name beside the one that is asked for, which nobody has.
const noSuchRepository = "pullmedic-no-such-repository"

// answersOtherwise asks the same for a repository that does not exist, in the
// same place and with the same login. A 404 there, where the real name got 401
// or 403, shows that the real one is there.
func (l *ladder) answersOtherwise(ctx context.Context, a attempt) bool {
	r, ok := l.control(ctx, a, http.MethodHead)
	return ok && r.status() == http.StatusNotFound
}

// namesRepositories asks likewise after a 404 that names the manifest: where the
// answer now names the repository, the registry tells one from the other, and the
// real repository is there.
func (l *ladder) namesRepositories(ctx context.Context, a attempt) bool {
	if a.refusal.code == "" {
		return false
	}
	r, ok := l.control(ctx, a, http.MethodGet)
	return ok && r.status() == http.StatusNotFound && l.prober.words.saysNoRepository(readRefusal(r.answer))
}

// control asks for the repository that does not exist.
func (l *ladder) control(ctx context.Context, a attempt, method string) (reply, bool) {
	control := path.Join(path.Dir(l.reference.Repository), noSuchRepository)
	auth := a.auth
	if bearer, ok := offered(l.challenges, "bearer"); ok {
		realm, ok := l.realm(bearer)
		if !ok {
			return reply{}, false
		}
		q := tokenQuestion{realm: realm, service: bearer.parameters["service"], repository: control, login: a.login}
		g, ok := l.prober.token(ctx, q)
		if !ok || g.token == "" {
			return reply{}, false
		}
		auth = authorization{id: "token\x00" + q.key(), header: "Bearer " + g.token}
	}
	return l.prober.ask(ctx, l.base.manifest(method, control, "latest"), auth)
}
