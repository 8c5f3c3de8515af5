// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"slices"
	"strings"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/internal/registry/families"
)

// ladder is one climb for one target.
type ladder struct {
	report
	prober    *Prober
	target    Target
	reference evidence.Reference
	base      base
	family    families.Family

	// What the rung "ping" found.
	pinged     reply
	challenges []challenge
	late       bool // the challenge came with the manifest, not with /v2/

	byConfig     bool   // the index leaves the manifest's platform open, so its config decides
	accepted     *login // the first that was accepted; nil: asked anonymously
	realmForeign bool   // nothing is sent to this registry's token service
}

func newLadder(p *Prober, t Target) *ladder {
	return &ladder{
		report: report{vantage: p.options.Vantage}, prober: p, target: t, reference: t.Reference,
		base:   base{scheme: "https", host: oneSpelling(families.Endpoint(t.Reference.Host))},
		family: families.Of(t.Reference.Host, "", nil),
	}
}

// oneSpelling writes a host so that its spellings are one host, which is asked
// and logged in to once: in lower case, without a port that goes without saying.
func oneSpelling(host string) string {
	host = strings.ToLower(host)
	if name, ok := strings.CutSuffix(host, ":443"); ok && (!strings.Contains(name, ":") || strings.HasSuffix(name, "]")) {
		return name
	}
	return host
}

// climb goes up rung by rung: the way to the host and /v2/ (reach), then, with
// each login that the kubelet would try, token and manifest (try), and with the
// first that sees the manifest its content. If none does, it asks what tells
// the possible causes apart.
func (l *ladder) climb(ctx context.Context) {
	if !l.reach(ctx) {
		return
	}
	var tries []attempt
	for _, login := range l.logins() {
		a := l.try(ctx, login)
		tries = append(tries, a)
		if a.accepted && l.accepted == nil {
			l.accepted = a.login
		}
		if a.end == seen {
			l.content(ctx, a)
			return
		}
		if a.end == stopped {
			return
		}
	}
	if l.askAnonymously(tries) {
		a := l.try(ctx, nil)
		if a.end == seen {
			l.content(ctx, a)
			return
		}
		if a.end == stopped {
			return
		}
		tries = append(tries, a)
	}
	// A 404 says more than a 401: whoever got it was let in.
	if i := slices.IndexFunc(tries, func(a attempt) bool { return a.end == absent }); i >= 0 {
		l.explainAbsent(ctx, tries[i])
		return
	}
	l.explainDenied(ctx, tries)
}

// logins returns what the kubelet would log in with, in its order: nil stands
// for an anonymous attempt. Equal credentials of several secrets stay apart,
// because each secret wants its finding; they are sent once.
func (l *ladder) logins() []*login {
	var list []*login
	for _, c := range l.target.Credentials {
		switch {
		case c.Empty:
			if !slices.Contains(list, nil) {
				list = append(list, nil)
			}
		case l.prober.options.Probe != Credentials:
			l.gap(evidence.CheckToken, credentialSubject(c.Secret), "no credential is sent in this run", "--probe=credentials")
		default:
			one := &login{Credential: c, id: c.Fingerprint(l.prober.key), identity: l.target.IdentityTokens}
			if one.identity {
				one.id = "identity token\x00" + one.id
			}
			list = append(list, one)
		}
	}
	if len(list) == 0 {
		list = append(list, nil)
	}
	return list
}

// askAnonymously tells whether an anonymous attempt, which the kubelet does not
// make beside credentials, would tell more: whether the image is public.
func (l *ladder) askAnonymously(tries []attempt) bool {
	if l.realmForeign || len(l.challenges) == 0 {
		return false
	}
	for _, a := range tries {
		if a.login == nil || a.end == absent {
			return false
		}
	}
	return true
}

func (l *ladder) registrySubject() evidence.Subject {
	return evidence.Subject{Kind: evidence.SubjectRegistry, Name: foreign.Text(l.reference.Host, maxSentence)}
}

func (l *ladder) repositorySubject() evidence.Subject {
	return evidence.Subject{Kind: evidence.SubjectRepository, Name: l.repositoryName()}
}

func (l *ladder) repositoryName() string { return l.reference.Host + "/" + l.reference.Repository }

func (l *ladder) imageSubject() evidence.Subject {
	return evidence.Subject{Kind: evidence.SubjectImage, Name: l.imageName()}
}

// imageName is the reference as the runtimes resolve it: by digest if there is
// one.
func (l *ladder) imageName() string {
	if l.reference.Digest != "" {
		return l.repositoryName() + "@" + l.reference.Digest
	}
	return l.repositoryName() + ":" + l.reference.Tag
}

// asked is the tag or digest that is asked for.
func (l *ladder) asked() string {
	if l.reference.Digest != "" {
		return l.reference.Digest
	}
	return l.reference.Tag
}

func credentialSubject(secret string) evidence.Subject {
	return evidence.Subject{Kind: evidence.SubjectCredential, Name: foreign.Text(secret, maxSentence)}
}

// outOfTime writes down that the caller's time was over before a check.
func (l *ladder) outOfTime(check evidence.Check, subject evidence.Subject) {
	l.gap(check, subject, "the time for asking this registry was over", "more time")
}
