// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"crypto/x509"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/internal/registry/hostsdir"
)

// ifThis begins what a copy of a node's hosts directory shows: that the node's
// own is the same is the user's word.
const ifThis = "if the node's hosts directory is this one, "

// mirrors tells which hosts containerd asks for the image, and asks each of
// them, but the registry itself, whether it has it. No credential goes along,
// which the runtime would send; so a mirror that wants one was not looked at.
func (l *ladder) mirrors(ctx context.Context) {
	if l.prober.options.HostsDir == "" {
		return
	}
	c, err := hostsdir.Read(l.prober.options.HostsDir, l.reference.Host, l.base.host)
	if err != nil {
		l.gap(evidence.CheckMirrors, l.registrySubject(), foreign.Text(err.Error(), maxSentence), "--hosts-dir with a copy of the node's certs.d")
		return
	}
	if c.Problem != "" {
		l.say(evidence.CheckMirrors, evidence.HostsFileUnreadable, l.registrySubject(), details{"directory": c.Dir, "reason": c.Problem},
			ifThis+"containerd passes over hosts.toml of %s: %s", c.Dir, c.Problem)
	}
	l.say(evidence.CheckMirrors, evidence.MirrorsConfigured, l.registrySubject(), details{
		"directory": c.Dir, "hosts": strings.Join(hostNames(c.Hosts), " "), "registryAsked": strconv.FormatBool(!c.NeverAsked),
	}, "%s", ifThis+orderOf(c, l.base.host))
	if c.NeverAsked {
		l.say(evidence.CheckMirrors, evidence.RegistryNotAsked, l.registrySubject(), details{"directory": c.Dir}, ifThis+"containerd never asks %s itself", l.base.host)
	}
	for i, h := range c.Hosts {
		if h.Registry {
			continue
		}
		if ctx.Err() != nil {
			l.outOfTime(evidence.CheckMirrors, mirrorSubject(h.Name))
			return
		}
		l.mirror(ctx, c, i)
	}
}

// say is tell for what was asked of nobody.
func (l *ladder) say(check evidence.Check, outcome evidence.Outcome, subject evidence.Subject, d details, format string, args ...any) {
	l.tell(check, outcome, subject, reply{}, d, format, args...)
	l.findings[len(l.findings)-1].Time = l.prober.options.Now()
}

func mirrorSubject(name string) evidence.Subject {
	return evidence.Subject{Kind: evidence.SubjectMirror, Name: foreign.Text(name, maxSentence)}
}

func hostNames(hosts []hostsdir.Host) []string {
	var names []string
	for _, h := range hosts {
		names = append(names, foreign.Text(h.Name, maxQuote))
	}
	return names
}

// orderOf says in which order the hosts are asked, and for what.
func orderOf(c hostsdir.Config, registry string) string {
	if len(c.Hosts) == 1 && c.Hosts[0].Registry {
		return "containerd asks " + registry + " itself and no mirror"
	}
	var parts []string
	for _, h := range c.Hosts {
		text := foreign.Text(h.Name, 60)
		switch {
		case !h.Resolve && !h.Pull:
			text += " (not for pulls)"
		case !h.Resolve:
			text += " (not for tags)"
		case !h.Pull:
			text += " (for tags only)"
		}
		parts = append(parts, text)
	}
	order := "containerd asks " + strings.Join(parts, ", then ")
	if c.NeverAsked {
		order += ", and never " + registry
	}
	return order
}

// mirror asks one mirror, as containerd would ask it: for the tag if it may
// resolve, else for the digest that the registry gave.
func (l *ladder) mirror(ctx context.Context, c hostsdir.Config, at int) {
	h := c.Hosts[at]
	subject := mirrorSubject(h.Name)
	asked, known := l.asked(), l.digestFound()
	if l.reference.Digest == "" && !h.Resolve {
		if asked = known; asked == "" {
			l.gap(evidence.CheckMirrors, subject, "it is asked for digests only, and none is known", "an image that the registry gives")
			return
		}
	}
	if !h.Resolve && !h.Pull {
		return
	}
	if !isHost(h.Name) || h.Scheme != "https" && h.Scheme != "http" {
		l.gap(evidence.CheckMirrors, subject, "its address in hosts.toml cannot be asked", "")
		return
	}
	call := call{method: http.MethodHead, accept: accepts(), limit: maxErrorBytes, url: &url.URL{
		Scheme: h.Scheme, Host: h.Name, Path: h.Path + "/" + l.reference.Repository + "/manifests/" + asked, RawQuery: url.Values{"ns": {l.reference.Host}}.Encode(),
	}}
	r, ok := l.prober.askMirror(ctx, call, h.CAs)
	if !ok {
		l.outOfTime(evidence.CheckMirrors, subject)
		return
	}
	d := details{"place": strconv.Itoa(at + 1), "of": strconv.Itoa(len(c.Hosts)), "host": h.Name}
	place := foreign.Text(h.Name, 80) + " is asked " + placeOf(c, at)
	if r.failure != nil {
		l.mirrorFails(r, h, subject, d, place)
		return
	}
	l.readMirror(r, subject, d, place, known)
}

// readMirror tells what a mirror answered; known is the digest that the registry
// gave, "" if it gave none.
func (l *ladder) readMirror(r reply, subject evidence.Subject, d details, place, known string) {
	d["status"] = strconv.Itoa(r.status())
	switch status := r.status(); {
	case status == http.StatusOK && strings.HasPrefix(strings.ToLower(r.answer.header.Get("Content-Type")), "text/html"):
		l.tell(evidence.CheckMirrors, evidence.MirrorUnusable, subject, r, d, ifThis+"%s and answers with a web page", place)
	case status == http.StatusOK:
		d["digest"] = ""
		if got := r.answer.header.Get("Docker-Content-Digest"); isDigest(got) {
			d["digest"] = got
			if known != "" && got != known {
				d["wanted"] = known
				l.tell(evidence.CheckMirrors, evidence.MirrorAnswers, subject, r, d, ifThis+"%s and gives %s, another image than the registry's %s", place, shortDigest(got), shortDigest(known))
				return
			}
		}
		l.tell(evidence.CheckMirrors, evidence.MirrorAnswers, subject, r, d, ifThis+"%s and has it", place)
	case status == http.StatusNotFound:
		l.tell(evidence.CheckMirrors, evidence.MirrorLacks, subject, r, d, ifThis+"%s and lacks it (404)", place)
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		l.gap(evidence.CheckMirrors, subject, "it asks for a login ("+strconv.Itoa(status)+"), and no credential is ever sent to a mirror, though containerd would", "a look from the node")
	default:
		l.tell(evidence.CheckMirrors, evidence.MirrorUnusable, subject, r, d, ifThis+"%s and answers %d", place, status)
	}
}

// mirrorFails tells of a mirror that gave no answer here.
func (l *ladder) mirrorFails(r reply, h hostsdir.Host, subject evidence.Subject, d details, place string) {
	f := r.failure
	d["outcome"], d["address"], d["reason"] = string(f.outcome), f.address, f.reason
	trust := f.outcome == evidence.TLSUntrusted || f.outcome == evidence.TLSInvalid || f.outcome == evidence.HandshakeRefused || f.outcome == evidence.ClientCertificateAsked
	switch {
	case f.why != "" || f.outcome == evidence.AddressForbidden:
		l.gap(evidence.CheckMirrors, subject, "it was not asked: "+first(f.why, "its address is one where nothing is ever asked"), "a look from the node")
	case trust && (h.SkipVerify || h.CAsElsewhere || h.ClientCertificate):
		l.gap(evidence.CheckMirrors, subject, "its certificate cannot be judged here: containerd skips that, or has a certificate that is not in the copy", "the certificates in --hosts-dir, or a look from the node")
	default:
		l.tell(evidence.CheckMirrors, evidence.MirrorUnusable, subject, r, d, ifThis+"%s and fails from here: %s", place, mirrorTrouble(f))
	}
}

// mirrorTrouble says in words why there was no answer.
func mirrorTrouble(f *failure) string {
	switch f.outcome {
	case evidence.HostNotResolved:
		return "its name does not resolve"
	case evidence.ConnectionRefused:
		return "it refuses connections"
	case evidence.ConnectionTimeout:
		return "it does not answer in time"
	case evidence.ConnectionReset:
		return "it closes the connection"
	case evidence.NoRoute:
		return "there is no route to it"
	case evidence.TLSVersionUnsupported:
		return "it speaks no version of TLS that is taken here"
	case evidence.TLSUntrusted:
		return "its certificate is signed by nobody who is trusted"
	case evidence.TLSInvalid:
		return "its certificate does not hold"
	case evidence.HandshakeRefused:
		return "it breaks the TLS handshake off"
	case evidence.ClientCertificateAsked:
		return "it takes only clients that show a certificate"
	case evidence.PlainHTTPAnswered:
		return "it speaks plain HTTP, and https is configured"
	case evidence.ProxyFailed:
		return "the proxy fails"
	}
	return "it gives no usable answer"
}

// placeOf says when a host is asked.
func placeOf(c hostsdir.Config, at int) string {
	registry := slices.IndexFunc(c.Hosts, func(h hostsdir.Host) bool { return h.Registry })
	switch {
	case c.NeverAsked && at == len(c.Hosts)-1:
		return "in the registry's place"
	case registry > at || registry < 0:
		return "before the registry"
	}
	return "after the registry"
}

// digestFound is the digest of the image as far as this climb found it.
func (l *ladder) digestFound() string {
	if l.reference.Digest != "" {
		return l.reference.Digest
	}
	for _, f := range l.findings {
		if f.Outcome == evidence.ManifestPresent && isDigest(f.Details["digest"]) {
			return f.Details["digest"]
		}
	}
	return ""
}

// askMirror asks a mirror without any credential, trusting the certificates of
// its directory beside the others.
func (p *Prober) askMirror(ctx context.Context, c call, cas [][]byte) (reply, bool) {
	var trusted strings.Builder
	for _, pem := range cas {
		trusted.Write(pem)
		trusted.WriteByte('\n')
	}
	question := strings.Join([]string{"mirror", c.url.String(), trusted.String()}, "\x00")
	return p.replies.get(ctx, question, func(ctx context.Context) reply {
		ctx, cancel := context.WithTimeout(ctx, p.options.StepTimeout)
		defer cancel()
		asks := p.client
		if trusted.Len() > 0 {
			asks = p.clientTrusting(trusted.String())
			defer asks.close()
		}
		a, f := asks.do(ctx, c)
		if asks != p.client {
			p.client.requests.Add(asks.requests.Load())
		}
		return reply{answer: a, failure: f}
	})
}

// clientTrusting is a client that trusts more certificates.
func (p *Prober) clientTrusting(pem string) *client {
	o := p.options
	if o.RootCAs != nil {
		o.RootCAs = o.RootCAs.Clone()
	} else if pool, err := x509.SystemCertPool(); err == nil {
		o.RootCAs = pool
	} else {
		o.RootCAs = x509.NewCertPool()
	}
	o.RootCAs.AppendCertsFromPEM([]byte(pem))
	return newClient(o)
}
