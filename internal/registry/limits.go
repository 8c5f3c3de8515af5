// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/pullmedic/pullmedic/evidence"
)

// limit reads "100;w=21600": 100 pulls in a window of 21600 seconds.
func limit(h http.Header, name string) (count, window int, ok bool) {
	value, after, _ := strings.Cut(h.Get(name), ";")
	count, err := strconv.Atoi(strings.TrimSpace(value))
	if err != nil || count < 0 {
		return 0, 0, false
	}
	if w, found := strings.CutPrefix(strings.TrimSpace(after), "w="); found {
		window, err = strconv.Atoi(w)
		if err != nil || window < 0 {
			window = 0
		}
	}
	return count, window, true
}

// addLimit adds what the headers say of limits. The source is shown if it is an
// address; otherwise it is an account's number.
func (d details) addLimit(h http.Header) {
	if left, _, ok := limit(h, "Ratelimit-Remaining"); ok {
		d["remaining"] = strconv.Itoa(left)
	}
	if all, window, ok := limit(h, "Ratelimit-Limit"); ok {
		d["limit"], d["window"] = strconv.Itoa(all), number(window)
	}
	if source, err := netip.ParseAddr(strings.TrimSpace(h.Get("Docker-Ratelimit-Source"))); err == nil {
		d["source"] = source.String()
	}
	if seconds, err := strconv.Atoi(h.Get("Retry-After")); err == nil && seconds >= 0 {
		d["retryAfter"] = strconv.Itoa(seconds)
	}
}

func retryAfter(h http.Header) string {
	if seconds, err := strconv.Atoi(h.Get("Retry-After")); err == nil && seconds >= 0 {
		return ", try again in " + strconv.Itoa(seconds) + " s"
	}
	return ""
}

// tellLimit tells what the answer to a HEAD says of limits; a HEAD costs none.
// It tells whether a GET would still be answered.
func (l *ladder) tellLimit(login *login, r reply) bool {
	who := "whoever asks from here"
	if login != nil {
		who = "the login of secret " + login.Secret
	}
	d := details{"host": r.answer.host}
	d.addLimit(r.answer.header)
	left, window, ok := limit(r.answer.header, "Ratelimit-Remaining")
	switch {
	case !ok && l.family.CountsGets:
		l.tell(evidence.CheckRateLimit, evidence.RateLimitUnseen, l.registrySubject(), r, d, "%s names no limit to %s", r.answer.host, who)
	case !ok:
	case left == 0:
		l.tell(evidence.CheckRateLimit, evidence.RateLimited, l.registrySubject(), r, d, "%s has no pull left for %s (0 of %s)", r.answer.host, who, first(d["limit"], "?"))
		return false
	default:
		in := ""
		if window > 0 {
			in = " in " + strconv.Itoa(window/3600) + " h"
		}
		l.tell(evidence.CheckRateLimit, evidence.RateLimitOpen, l.registrySubject(), r, d, "%s has %d of %s pulls%s left for %s", r.answer.host, left, first(d["limit"], "?"), in, who)
	}
	return true
}

// pullsLeft asks, where a registry counts pulls and no answer told how many are
// left, for the repository that is there to be asked: with HEAD, which costs
// none, and never with GET (docs.docker.com, usage and limits of Docker Hub). It
// is one question a run and login, whatever images are looked at.
func (l *ladder) pullsLeft(ctx context.Context) {
	told := func(f evidence.Finding) bool {
		return f.Check == evidence.CheckRateLimit && f.Outcome != evidence.RateLimitUnseen
	}
	if l.family.LimitImage == "" || l.pinged.answer == nil || l.realmForeign || ctx.Err() != nil || slices.ContainsFunc(l.findings, told) {
		return
	}
	bearer, ok := offered(l.challenges, "bearer")
	if !ok {
		return
	}
	realm, ok := l.realm(bearer)
	if !ok {
		return
	}
	q := tokenQuestion{realm: realm, service: bearer.parameters["service"], repository: l.family.LimitImage, login: l.accepted}
	g, ok := l.prober.token(ctx, q)
	if !ok || g.token == "" {
		return
	}
	auth := authorization{id: "token\x00" + q.key(), header: "Bearer " + g.token, secrets: append(q.login.secrets(), g.token)}
	r, ok := l.prober.ask(ctx, l.base.manifest(http.MethodHead, l.family.LimitImage, l.family.LimitTag), auth)
	if !ok || r.failure != nil || r.answer.hops > 0 {
		return
	}
	unseen := func(f evidence.Finding) bool { return f.Outcome == evidence.RateLimitUnseen }
	_, _, named := limit(r.answer.header, "Ratelimit-Remaining")
	switch {
	case r.status() == http.StatusOK && (named || !slices.ContainsFunc(l.findings, unseen)):
		l.findings = slices.DeleteFunc(l.findings, unseen)
		l.tellLimit(l.accepted, r)
	case r.status() == http.StatusTooManyRequests:
		l.tellUnable(evidence.CheckRateLimit, l.registrySubject(), r, readRefusal(r.answer), auth.secrets)
	}
}
