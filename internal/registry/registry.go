// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package registry asks a registry about an image, step by step, to find the
// step at which a pull fails.
//
// Client libraries hide that step: they retry a 429, lose the registry's code,
// or take a proxy's web page for a manifest. So the ladder is written out here:
// resolve, connect, TLS, GET /v2/, token, manifest, the platform's manifest,
// config, blobs. It only reads. It does what kubelet and containerd would do,
// and beyond that only what tells causes apart: it asks anonymously, for
// another tag, for a name that cannot exist, for the list of tags.
//
// A registry's name is text that somebody wrote into a pod, and what answers
// there may be anybody. This package never connects to an address that its
// rules forbid, never sends a credential to a host other than the one that the
// keyring matched and that registry's own token service, and never reads
// anything without a bound. See client.go, address.go and realm.go.
package registry

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"golang.org/x/net/http/httpproxy"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/files"
	"github.com/pullmedic/pullmedic/internal/trace"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// A Mode says how far a Prober may go.
type Mode string

// The modes. The zero Mode is Anonymous.
const (
	None        Mode = "none"        // ask no registry
	Anonymous   Mode = "anonymous"   // ask, but log in nowhere
	Credentials Mode = "credentials" // log in with what the kubelet would use
)

// ParseMode reads a mode as a user writes it.
func ParseMode(s string) (Mode, error) {
	switch m := Mode(s); m {
	case None, Anonymous, Credentials:
		return m, nil
	}
	return "", fmt.Errorf("reading the probe mode: %q is none of none, anonymous, credentials", s)
}

// Defaults of Options.
const (
	defaultTimeout     = 10 * time.Second
	defaultStepTimeout = 5 * time.Second
	defaultMaxBlobs    = 100
)

// Options of a Prober. The zero value works: it asks anonymously, with the
// system's certificates and the proxies of the environment.
type Options struct {
	// Probe is the mode.
	Probe Mode
	// RootCAs that are trusted; nil means the system's. See RootCAs.
	RootCAs *x509.CertPool
	// AllowLoopback allows 127.0.0.0/8 and ::1, for registries on this machine.
	// A registry there under an address or as localhost may answer plain HTTP,
	// as the runtimes allow too; it never gets a credential that way.
	AllowLoopback bool
	// Vantage of the findings; Client if empty.
	Vantage evidence.Vantage
	// Timeout of one Probe (10 s) and of one question (5 s).
	Timeout, StepTimeout time.Duration
	// MaxBlobs is how many layers of an image are asked for (100).
	MaxBlobs int
	// Proxy returns the proxy for a URL, nil for none; by default it follows
	// HTTPS_PROXY, HTTP_PROXY and NO_PROXY.
	Proxy func(*url.URL) (*url.URL, error)
	// Resolver of names; nil means the system's.
	Resolver *net.Resolver
	// ConnectTo gives, for "host:port", the "address:port" to connect to in its
	// place, like an entry of /etc/hosts. Names, certificates and the rules on
	// addresses stay as they are.
	ConnectTo map[string]string
	// HostsDir is a copy of a node's certs.d directory; "" for none. With it,
	// the mirrors in it are asked, too, without a credential.
	HostsDir string
	// Now is the clock for the times of findings; nil means time.Now.
	Now func() time.Time
	// Fresh is how long an answer is given again before the same question is
	// asked anew; 0: for the Prober's whole life. A rejected login is never sent
	// again, however long ago that was.
	Fresh time.Duration
}

// A Target is what to ask about.
type Target struct {
	Reference evidence.Reference
	// Platform of the node; the zero Platform if it is not known.
	Platform evidence.Platform
	// Credentials in the order in which the kubelet tries them; none: anonymous.
	Credentials []keyring.Credential
	// IdentityTokens: what the credentials have for a password is an identity
	// token, as docker login leaves it with some registries. The kubelet has none;
	// a person may.
	IdentityTokens bool
	// Measure: a part of the largest layer is fetched, to see how fast it comes.
	Measure bool
	// Limits: how many pulls are left is in question, so none is spent on
	// looking.
	Limits bool
	// KnownTags are tags of the same repository that this cluster ran. They
	// are asked for to tell a missing tag from a missing repository.
	KnownTags []string
}

// A Prober asks registries. Within its life, which is one run, it asks the same
// question about the same subject once (see Options.Fresh for long runs), and
// never tries a rejected credential again. It is safe for concurrent use.
type Prober struct {
	options Options
	client  *client
	words   words
	key     []byte // of the fingerprints of credentials

	replies memo[reply]
	tags    memo[tagList]
	grants  memo[grant]
	speeds  memo[speed]
	budget  budget

	mu    sync.Mutex
	gates map[string]*gate
}

// New returns a Prober.
func New(o Options) *Prober {
	if o.Probe == "" {
		o.Probe = Anonymous
	}
	if o.Vantage == "" {
		o.Vantage = evidence.Client
	}
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.StepTimeout <= 0 {
		o.StepTimeout = defaultStepTimeout
	}
	if o.MaxBlobs <= 0 {
		o.MaxBlobs = defaultMaxBlobs
	}
	if o.Proxy == nil {
		o.Proxy = httpproxy.FromEnvironment().ProxyFunc()
	}
	if o.Resolver == nil {
		o.Resolver = net.DefaultResolver
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key) // it never fails: the runtime ends the process first
	p := &Prober{options: o, client: newClient(o), words: newWords(), key: key, gates: map[string]*gate{}}
	p.replies.keep = func(r reply) bool {
		if r.answer != nil && r.answer.login {
			p.budget.hold(r.size())
			return true
		}
		return p.budget.take(r.size())
	}
	p.tags.keep = func(l tagList) bool { return p.budget.take(l.size()) }
	if o.Fresh > 0 {
		p.replies.aging = &aging[reply]{fresh: o.Fresh, now: o.Now, lasts: rejectedLogin, gone: func(r reply) { p.budget.free(r.size()) }}
		p.tags.aging = &aging[tagList]{fresh: o.Fresh, now: o.Now, gone: func(l tagList) { p.budget.free(l.size()) }}
		p.grants.aging = &aging[grant]{fresh: o.Fresh, now: o.Now, lasts: func(g grant) bool { return g.rejected }}
		p.speeds.aging = &aging[speed]{fresh: o.Fresh, now: o.Now}
	}
	return p
}

// rejectedLogin tells the answers that must not be asked for again: a registry
// may lock an account whose password is wrong too often.
func rejectedLogin(r reply) bool {
	return r.answer != nil && r.answer.login && r.answer.status == http.StatusUnauthorized
}

// stale tells whether what was asked then may be asked anew.
func (p *Prober) stale(at time.Time) bool {
	return p.options.Fresh > 0 && p.options.Now().Sub(at) >= p.options.Fresh
}

// Sent returns what was sent so far, over all registries.
func (p *Prober) Sent() evidence.Sent {
	return evidence.Sent{Requests: int(p.client.requests.Load()), Logins: int(p.client.logins.Load())}
}

// Close drops the connections that are kept for reuse.
func (p *Prober) Close() { p.client.close() }

// Probe climbs the ladder for one pull, up to the first rung that fails, and
// returns what it found in the order of the rungs, and what it did not look at.
// Findings of a rung that was asked for another pull before have the time and
// cost of that asking.
func (p *Prober) Probe(ctx context.Context, t Target) ([]evidence.Finding, []evidence.Gap) {
	l := newLadder(p, t)
	if p.options.Probe == None {
		l.gap(evidence.CheckPing, l.registrySubject(), "registries are not asked in this run", "--probe=anonymous or --probe=credentials")
		return l.findings, l.gaps
	}
	if err := validate(t.Reference); err != nil {
		l.gap(evidence.CheckPing, l.registrySubject(), err.Error(), "a well-formed image name")
		return l.findings, l.gaps
	}
	ctx, cancel := context.WithTimeout(ctx, p.options.Timeout)
	defer cancel()
	defer trace.Span(ctx, trace.KindCheck, "registry "+t.Reference.Host)()
	l.climb(ctx)
	l.pullsLeft(ctx)
	l.mirrors(ctx)
	return l.findings, l.gaps
}

// RootCAs returns the system's certificates together with those of a PEM file.
func RootCAs(file string) (*x509.CertPool, error) {
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	pem, err := files.ReadStream(file, caIdle, maxCAs)
	if err != nil {
		return nil, fmt.Errorf("reading the registries' certificates: %w", err)
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("reading the registries' certificates: %s: %w", file, errNoCertificate)
	}
	return pool, nil
}

// Bounds of a file of certificates, which may come through a pipe.
const (
	maxCAs = 8 << 20
	caIdle = 30 * time.Second
)

var errNoCertificate = errors.New("no PEM block of type CERTIFICATE in it")
