// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"net/http"
	"strings"

	"github.com/pullmedic/pullmedic/evidence"
)

// content climbs from a manifest that is there to everything it names: the
// node's platform, the config, the layers.
func (l *ladder) content(ctx context.Context, a attempt) {
	r, d, ok := l.manifest(ctx, a)
	if !ok {
		return
	}
	l.tell(evidence.CheckManifest, evidence.ManifestPresent, l.imageSubject(), r, l.about(a.login, details{
		"digest": digestOf(r.answer.body, l.digestSaid(a)), "mediaType": known(d.MediaType), "platforms": platforms(d.Manifests),
	}), "%s is there, and given%s", l.imageName(), l.as(a.login))
	l.tellOpenness(a)
	if a.head.answer.hops == 0 {
		l.tellLimit(a.login, a.head)
	}
	node := l.target.Platform
	if d.isIndex() {
		if node.OS == "" || node.Arch == "" {
			l.gap(evidence.CheckPlatform, l.imageSubject(), "the node's platform is not known", "get on nodes")
			return
		}
		if d, ok = l.child(ctx, a, d, r); !ok {
			return
		}
	}
	l.blobs(ctx, a, d)
}

// tellOpenness tells what it means that an anonymous attempt saw the manifest.
func (l *ladder) tellOpenness(a attempt) {
	if a.login != nil && len(l.challenges) > 0 {
		return
	}
	if len(l.challenges) == 0 {
		l.tell(evidence.CheckPing, evidence.RegistryOpenToAll, l.registrySubject(), l.pinged, nil, "%s asks nobody for a login", l.base.host)
		l.free()
	}
	l.tell(evidence.CheckAnonymous, evidence.AnonymousMayPull, l.imageSubject(), a.head, details{"status": "200"}, "%s is given to everybody", l.imageName())
	l.free()
}

// manifest gets the manifest or index itself, by the digest that the HEAD named,
// as the runtimes do.
func (l *ladder) manifest(ctx context.Context, a attempt) (reply, document, bool) {
	want := l.digestSaid(a)
	if why := l.sparesGets(a); why != "" {
		l.tell(evidence.CheckManifest, evidence.ManifestPresent, l.imageSubject(), a.head, l.about(a.login, details{"digest": want}), "%s is there", l.imageName())
		l.tellOpenness(a)
		l.tellLimit(a.login, a.head)
		l.gap(evidence.CheckPlatform, l.imageSubject(), "the manifest was not fetched: "+why, "a pull that is not counted, or time")
		return reply{}, document{}, false
	}
	reference := first(want, l.asked())
	r, ok := l.prober.ask(ctx, l.base.manifest(http.MethodGet, l.reference.Repository, reference), a.auth)
	if !ok {
		l.outOfTime(evidence.CheckManifest, l.imageSubject())
		return r, document{}, false
	}
	d, ok := l.open(r, want, a, evidence.CheckManifest, l.imageName(), evidence.ManifestAbsent)
	return r, d, ok
}

// lowBudget is how few pulls must be left for none of them to be spent here.
const lowBudget = 5

// sparesGets says why no manifest is asked for with GET, "" if one is: where
// that costs one of few pulls, those belong to the nodes.
func (l *ladder) sparesGets(a attempt) string {
	left, _, ok := limit(a.head.answer.header, "Ratelimit-Remaining")
	switch {
	case ok && a.head.answer.hops > 0:
		return ""
	case ok && left == 0:
		return "no pull is left"
	case ok && left < lowBudget:
		return "few pulls are left, and it would cost one"
	case l.target.Limits && l.family.CountsGets:
		return "it would cost one of the pulls that are in question"
	}
	return ""
}

// digestSaid is the digest that the manifest must have: the reference's own, or
// else the one that the registry gave for the tag.
func (l *ladder) digestSaid(a attempt) string {
	if l.reference.Digest != "" {
		return l.reference.Digest
	}
	if said := a.head.answer.header.Get("Docker-Content-Digest"); isDigest(said) {
		return said
	}
	return ""
}

// open reads a manifest out of a reply, and tells why that cannot be done.
// missing is the outcome of a 404, name what the manifest is called.
func (l *ladder) open(r reply, want string, a attempt, check evidence.Check, name string, missing evidence.Outcome) (document, bool) {
	if r.failure != nil {
		l.tellFailure(check, l.registrySubject(), r, "the manifest")
		return document{}, false
	}
	subject, host := l.imageSubject(), r.answer.host
	if status := r.status(); status != http.StatusOK {
		why := readRefusal(r.answer)
		d := l.refused(r, why, a.auth.secrets)
		switch {
		case status == http.StatusTooManyRequests || status >= 500:
			l.tellUnable(check, l.registrySubject(), r, why, a.auth.secrets)
		case status == http.StatusNotFound:
			l.tell(check, missing, subject, r, d, "%s has no manifest %s (404), though it names it", host, name)
		case l.prober.words.saysPolicy(status, why):
			l.tell(check, evidence.RegistryPolicy, subject, r, d, "%s refuses %s by a rule of its own (%d)", host, name, status)
		case status == http.StatusUnauthorized || status == http.StatusForbidden:
			l.tell(check, evidence.AccessDenied, subject, r, d, "%s refuses %s (%d)", host, name, status)
		default:
			l.tell(check, evidence.RegistryNotV2, l.registrySubject(), r, d, "%s answers %d to the question for a manifest", host, status)
		}
		return document{}, false
	}
	facts := details{"host": host, "mediaType": known(strings.ToLower(r.answer.header.Get("Content-Type")))}
	if isHTML(r.answer) {
		l.tell(check, evidence.ManifestIsHTML, subject, r, facts, "%s answers with a web page where the manifest of %s should be", host, name)
		return document{}, false
	}
	if want != "" && !r.answer.cut {
		if got := digestOf(r.answer.body, want); got != want {
			facts["wanted"], facts["got"] = want, got
			l.tell(check, evidence.ContentDiffers, subject, r, facts, "%s sends a manifest of %s with the digest %s, not %s", host, name, shortDigest(got), shortDigest(want))
			return document{}, false
		}
	}
	d, err := readDocument(r.answer)
	if err != nil {
		l.tell(check, evidence.ManifestNotSupported, subject, r, facts, "the manifest of %s at %s %v", name, host, err)
		return document{}, false
	}
	return d, true
}

// known keeps the media types of the specifications; others are foreign text.
func known(mediaType string) string {
	mediaType, _, _ = strings.Cut(mediaType, ";")
	switch mediaType {
	case mediaOCIIndex, mediaOCIManifest, mediaDockerList, mediaDockerManifest, mediaSchema1 + "+json", mediaSchema1 + "+prettyjws":
		return mediaType
	}
	return ""
}

// child finds the manifest for the node's platform in an index. An index in an
// index is followed once.
func (l *ladder) child(ctx context.Context, a attempt, index document, from reply) (document, bool) {
	node := l.target.Platform
	for range 2 {
		chosen, ok := choose(index.Manifests, node)
		if !ok {
			l.tell(evidence.CheckPlatform, evidence.PlatformAbsent, l.imageSubject(), from, details{"platforms": platforms(index.Manifests), "platform": platformName(node)},
				"%s has nothing for %s, only %s", l.imageName(), platformName(node), first(platforms(index.Manifests), "an empty index"))
			l.free()
			return document{}, false
		}
		r, ok := l.prober.ask(ctx, l.base.manifest(http.MethodGet, l.reference.Repository, chosen.Digest), a.auth)
		if !ok {
			l.outOfTime(evidence.CheckPlatform, l.imageSubject())
			return document{}, false
		}
		d, ok := l.open(r, chosen.Digest, a, evidence.CheckPlatform, shortDigest(chosen.Digest), evidence.ChildManifestAbsent)
		if !ok {
			return document{}, false
		}
		if !d.isIndex() {
			if chosen.Platform.open() {
				l.byConfig = true
				return d, true
			}
			l.tell(evidence.CheckPlatform, evidence.PlatformPresent, l.imageSubject(), r, details{"platform": platformName(chosen.Platform.evidence()), "digest": chosen.Digest, "platforms": platforms(index.Manifests)},
				"%s has an image for %s", l.imageName(), platformName(chosen.Platform.evidence()))
			return d, true
		}
		index = d
	}
	l.tell(evidence.CheckPlatform, evidence.ManifestNotSupported, l.imageSubject(), from, nil, "%s is an index in an index in an index", l.imageName())
	return document{}, false
}
