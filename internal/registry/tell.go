// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// tellFailure tells why a host gave no answer. check is the rung under way, for
// a failure after the host was reached; what names the request.
func (l *ladder) tellFailure(check evidence.Check, subject evidence.Subject, r reply, what string) {
	f := r.failure
	if f.why != "" {
		l.gap(check, subject, what+" was not finished: "+f.why, "another way to ask")
		return
	}
	if f.check != "" {
		check = f.check
	}
	host := f.host
	if f.hops > 0 && host != subject.Name {
		kind := subject.Kind
		if kind == evidence.SubjectImage {
			kind = evidence.SubjectBlobStore
		}
		subject = evidence.Subject{Kind: kind, Name: host}
	}
	d := details{"host": host, "address": f.address, "reason": f.reason, "proxy": f.proxy, "status": number(f.status)}
	var format string
	var args []any
	switch f.outcome {
	case evidence.HostNotResolved:
		format, args = "%s does not resolve: %s", []any{host, f.reason}
	case evidence.ConnectionRefused:
		format, args = "%s refuses connections at %s", []any{host, f.address}
	case evidence.NoRoute:
		format, args = "there is no route from here to %s at %s", []any{host, f.address}
	case evidence.ConnectionTimeout:
		format, args = "%s gives %s within %s", []any{host, f.reason, cost(l.prober.options.StepTimeout)}
	case evidence.ConnectionReset:
		format, args = "%s closes the connection during %s", []any{host, what}
	case evidence.TLSVersionUnsupported:
		format, args = "%s speaks no version of TLS that is taken here (1.2 or later)", []any{host}
	case evidence.TLSUntrusted:
		format, args = "the certificate of %s is signed by nobody who is trusted here", []any{host}
	case evidence.TLSInvalid:
		format, args = "the TLS handshake with %s fails: %s", []any{host, f.reason}
		switch strings.Fields(f.reason)[0] {
		case "expired", "not":
			format = "the certificate of %s is %s"
		case "wrong":
			format, args = "the certificate of %s is for another name", []any{host}
		}
	case evidence.HandshakeRefused:
		format, args = "%s breaks the TLS handshake off", []any{host}
	case evidence.ClientCertificateAsked:
		format, args = "%s takes only clients that show a certificate", []any{host}
	case evidence.PlainHTTPAnswered:
		format, args = "%s answers plain HTTP where https is asked for", []any{host}
	case evidence.ProxyFailed:
		subject = evidence.Subject{Kind: evidence.SubjectProxy, Name: f.proxy}
		format, args = "the proxy %s, on the way to %s: %s", []any{f.proxy, host, f.reason}
	case evidence.AddressForbidden:
		format, args = "%s leads to %s (%s), where nothing is ever asked", []any{host, f.address, f.reason}
	default:
		format, args = "%s gives no usable answer to %s: %s", []any{host, what, f.reason}
	}
	l.tell(check, f.outcome, subject, r, d, format, args...)
}

// unasked says what could not be asked because the way from here ends before the
// registry: that it does is no news about any node. It follows tellFailure.
func (l *ladder) unasked(f *failure) {
	host, retry := f.host, "run this where it does"
	var way string
	switch f.outcome {
	case evidence.HostNotResolved:
		way = host + " does not resolve from here"
	case evidence.ConnectionTimeout:
		way = host + " does not answer from here"
	case evidence.ConnectionRefused:
		way, retry = host+" refuses connections from here", "run this where it takes them"
	case evidence.ConnectionReset:
		way, retry = host+" closes connections from here", "run this where it does not"
	case evidence.NoRoute:
		way, retry = "there is no route from here to "+host, "run this where there is one"
	case evidence.ProxyFailed:
		way, retry = "the proxy on the way from here to "+host+" fails", "run this where none is in the way"
	case evidence.TLSVersionUnsupported, evidence.TLSUntrusted, evidence.TLSInvalid, evidence.HandshakeRefused,
		evidence.ClientCertificateAsked, evidence.PlainHTTPAnswered:
		way, retry = l.findings[len(l.findings)-1].Sentence, "run this where TLS works"
	default: // it was reached, or nothing is ever asked there
		return
	}
	check, what := f.check, "the image could not be asked for"
	if check == "" {
		check = evidence.CheckPing
	}
	if l.prober.options.Probe == Credentials && slices.ContainsFunc(l.target.Credentials, func(c keyring.Credential) bool { return !c.Empty }) {
		what = "the login could not be tried"
	}
	l.gap(check, l.registrySubject(), foreign.Text(way+", so "+what+"; "+retry, maxSentence), "")
}

// tellUnable tells the statuses after which the ladder ends whatever was asked
// for: 429 and 5xx. It returns false, for callers that say whether to go on.
func (l *ladder) tellUnable(check evidence.Check, subject evidence.Subject, r reply, why refusal, secrets []string) bool {
	d := l.refused(r, why, secrets)
	if r.answer.hops > 0 && r.answer.host != l.base.host {
		subject = evidence.Subject{Kind: subject.Kind, Name: r.answer.host}
		if check == evidence.CheckConfig || check == evidence.CheckBlobs {
			subject.Kind = evidence.SubjectBlobStore
		}
	}
	switch {
	case r.answer.status == http.StatusTooManyRequests:
		d["during"] = string(check)
		d.addLimit(r.answer.header)
		l.tell(evidence.CheckRateLimit, evidence.RateLimited, subject, r, d, "%s answers 429 from here: too many requests%s", r.answer.host, retryAfter(r.answer.header))
	case l.prober.words.saysUpstream(why):
		l.tell(check, evidence.UpstreamCacheFailed, subject, r, d, "%s could not get it from where it copies from (%d)", r.answer.host, r.answer.status)
	default:
		page := ""
		if l.family.Status != "" {
			d["statusPage"] = l.family.Status
			page = "; its operator's status page is " + l.family.Status
		}
		l.tell(check, evidence.RegistryUnavailable, subject, r, d, "%s answers %d%s", r.answer.host, r.answer.status, page)
	}
	return false
}

// refused are the details of an answer that is a refusal.
func (l *ladder) refused(r reply, why refusal, secrets []string) details {
	d := details{"status": strconv.Itoa(r.answer.status), "host": r.answer.host}
	if why.code != "" && !repeats(why.code, secrets) {
		d["code"] = why.code
	}
	if why.message != "" {
		d["message"] = quote(why.message, secrets...)
	}
	return d
}
