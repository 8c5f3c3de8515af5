// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/registry/families"
)

// reach climbs resolve, connect, TLS and GET /v2/. It tells whether to go on.
func (l *ladder) reach(ctx context.Context) bool {
	r, ok := l.prober.ask(ctx, l.base.ping(), authorization{})
	if ok && l.fallsBackToHTTP(r) {
		l.base.scheme = "http"
		r, ok = l.prober.ask(ctx, l.base.ping(), authorization{})
	}
	if !ok {
		l.outOfTime(evidence.CheckPing, l.registrySubject())
		return false
	}
	l.pinged = r
	l.tellWay(r)
	if r.failure != nil {
		l.tellFailure(evidence.CheckPing, l.registrySubject(), r, "GET /v2/")
		l.unasked(r.failure)
		return false
	}
	l.challenges = challenges(r.answer.header)
	for _, c := range l.challenges {
		if f := families.Of(l.reference.Host, c.parameters["service"], nil); f.Known() {
			l.family = f
		}
	}
	if !l.family.Known() {
		l.family = families.Of(l.reference.Host, "", r.answer.header)
	}
	return l.readPing(ctx, r)
}

// fallsBackToHTTP: what answers on this machine may speak plain HTTP, for the
// runtimes take that from localhost.
func (l *ladder) fallsBackToHTTP(r reply) bool {
	return r.failure != nil && r.failure.outcome == evidence.PlainHTTPAnswered && l.prober.options.AllowLoopback && isLocal(l.base.host)
}

// tellWay tells the rungs below HTTP as far as they were climbed.
func (l *ladder) tellWay(r reply) {
	var t *timing
	var proxy string
	var failed evidence.Check
	host := l.base.host
	if r.answer != nil {
		t, proxy = r.answer.timing, r.answer.proxy
	} else {
		t, proxy, failed = r.failure.timing, r.failure.proxy, r.failure.check
		if r.failure.hops > 0 {
			failed = "" // it was another host's
		}
		if t == nil || r.failure.outcome == evidence.AddressForbidden || r.failure.outcome == evidence.ProxyFailed {
			return
		}
	}
	spent := t.costs()
	if failed == evidence.CheckResolve {
		return
	}
	if spent.resolved && proxy == "" {
		l.tellStep(evidence.CheckResolve, evidence.HostResolved, r, spent.dns, details{"address": spent.address}, "%s resolves, in %s", host, cost(spent.dns))
	}
	if failed == evidence.CheckConnect {
		return
	}
	if proxy != "" {
		l.tellStep(evidence.CheckConnect, evidence.Connected, r, spent.connect, details{"proxy": proxy}, "%s is reached through the proxy %s", host, proxy)
	} else {
		l.tellStep(evidence.CheckConnect, evidence.Connected, r, spent.connect, details{"address": spent.address}, "%s takes connections at %s, in %s", host, spent.address, cost(spent.connect))
	}
	if failed == evidence.CheckTLS || l.base.scheme != "https" {
		return
	}
	l.tellStep(evidence.CheckTLS, evidence.TLSTrusted, r, spent.tls, nil, "the certificate of %s is valid and trusted here, in %s", host, cost(spent.tls))
}

// tellStep tells a finding with the cost of one part of a request.
func (l *ladder) tellStep(check evidence.Check, outcome evidence.Outcome, r reply, took time.Duration, d details, format string, args ...any) {
	l.tell(check, outcome, l.registrySubject(), r, d, format, args...)
	l.findings[len(l.findings)-1].Took = took
}

// readPing reads what GET /v2/ was answered with.
func (l *ladder) readPing(ctx context.Context, r reply) bool {
	a := r.answer
	why := readRefusal(a)
	d := l.pingDetails(r, why)
	switch {
	case a.status == http.StatusTooManyRequests || a.status >= 500:
		return l.tellUnable(evidence.CheckPing, l.registrySubject(), r, why, nil)
	case a.status == http.StatusUnauthorized && (len(l.challenges) > 0 || !why.html):
		l.tell(evidence.CheckPing, evidence.RegistryAnswers, l.registrySubject(), r, d, "%s answers GET /v2/ in %s and asks for a login", l.base.host, cost(a.took))
		return true
	case l.prober.words.saysPolicy(a.status, why):
		l.tell(evidence.CheckPing, evidence.RegistryPolicy, l.registrySubject(), r, d, "%s refuses every request from here by a rule of its own (%d)", l.base.host, a.status)
		return false
	case (a.status == http.StatusOK || a.status == http.StatusForbidden) && !why.html:
		l.tell(evidence.CheckPing, evidence.RegistryAnswers, l.registrySubject(), r, d, "%s answers GET /v2/ in %s with %d", l.base.host, cost(a.took), a.status)
		return true
	}
	// The runtimes never ask for /v2/, so a host that serves manifests is a
	// registry all the same.
	if m, ok := l.prober.ask(ctx, l.base.manifest(http.MethodGet, l.reference.Repository, l.asked()), authorization{}); ok && speaksRegistry(m) {
		l.tell(evidence.CheckPing, evidence.RegistryAnswers, l.registrySubject(), r, d, "%s answers GET /v2/ with %d, and serves manifests", l.base.host, a.status)
		return true
	}
	what := "with " + strconv.Itoa(a.status)
	if why.html {
		what = "with a web page"
	}
	l.tell(evidence.CheckPing, evidence.RegistryNotV2, l.registrySubject(), r, d, "%s answers GET /v2/ %s: no registry speaks there", l.base.host, what)
	return false
}

// speaksRegistry: a manifest, or a challenge, or the codes of a registry.
func speaksRegistry(r reply) bool {
	if r.answer == nil || isHTML(r.answer) {
		return false
	}
	switch r.answer.status {
	case http.StatusOK:
		_, err := readDocument(r.answer)
		return err == nil
	case http.StatusUnauthorized:
		return len(challenges(r.answer.header)) > 0
	case http.StatusNotFound:
		switch readRefusal(r.answer).code {
		case "MANIFEST_UNKNOWN", "NAME_UNKNOWN":
			return true
		}
	}
	return false
}

func (l *ladder) pingDetails(r reply, why refusal) details {
	spent := r.answer.timing.costs()
	d := details{
		"status": strconv.Itoa(r.answer.status), "host": l.base.host, "family": l.family.Name, "code": why.code,
		"dns": milliseconds(spent.dns), "tcp": milliseconds(spent.connect), "tls": milliseconds(spent.tls),
		"ping": milliseconds(r.answer.took - spent.dns - spent.connect - spent.tls),
	}
	for _, c := range l.challenges {
		if c.scheme == "bearer" || c.scheme == "basic" {
			d["login"] = c.scheme
			break
		}
	}
	if l.base.scheme == "http" {
		d["scheme"] = "http"
	}
	return d
}
