// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/trace"
)

// Bounds on what a host can make us do or keep.
const (
	maxHeaderBytes   = 64 << 10
	maxErrorBytes    = 64 << 10
	maxManifestBytes = 4 << 20 // the runtimes refuse larger ones
	maxConnsPerHost  = 8
	userAgent        = "pullmedic"

	// lookupBehindProxy is how long a name that the proxy will resolve is
	// looked up here, once: often it is not known here at all.
	lookupBehindProxy = time.Second
)

// client sends one request at a time by the rules for hosts that nobody vouches
// for: no forbidden address, no credential beyond its own origin, no plain HTTP
// where https was asked, nothing unbounded.
type client struct {
	direct  http.RoundTripper
	proxied http.RoundTripper
	// proxy returns the proxy for a URL, nil for none.
	proxy         func(*url.URL) (*url.URL, error)
	resolver      *net.Resolver
	allowLoopback bool
	connectTo     map[string]string
	now           func() time.Time

	lookups          memo[[]netip.Addr] // of targets behind a proxy
	requests, logins atomic.Int64
	close            func()
}

func newClient(o Options) *client {
	c := &client{
		proxy:         o.Proxy,
		resolver:      o.Resolver,
		allowLoopback: o.AllowLoopback,
		connectTo:     o.ConnectTo,
		now:           o.Now,
	}
	checked := &net.Dialer{Timeout: o.StepTimeout, Resolver: o.Resolver, ControlContext: c.control}
	direct := newTransport(o)
	direct.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if to, ok := c.connectTo[address]; ok {
			address = to
		}
		return checked.DialContext(ctx, network, address)
	}
	// Whoever set the proxy may have it on loopback; its targets are checked
	// before they are named to it.
	proxied := newTransport(o)
	proxied.DialContext = (&net.Dialer{Timeout: o.StepTimeout, Resolver: o.Resolver}).DialContext
	proxied.Proxy = func(r *http.Request) (*url.URL, error) { return c.proxy(r.URL) }
	proxied.OnProxyConnectResponse = func(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
		if resp.StatusCode != http.StatusOK {
			return proxyRefusedError{status: resp.StatusCode}
		}
		return nil
	}
	c.direct, c.proxied = trace.Transport(direct), trace.Transport(proxied)
	c.close = func() {
		direct.CloseIdleConnections()
		proxied.CloseIdleConnections()
	}
	return c
}

// newTransport speaks HTTP/1.1 like the runtimes do, and asks for no
// compression, so that a small body cannot become a large one.
func newTransport(o Options) *http.Transport {
	return &http.Transport{
		TLSClientConfig: &tls.Config{
			RootCAs:    o.RootCAs,
			MinVersion: tls.VersionTLS12,
			GetClientCertificate: func(asked *tls.CertificateRequestInfo) (*tls.Certificate, error) {
				if t := timingFrom(asked.Context()); t != nil {
					t.clientCertificateAsked.Store(true)
				}
				return &tls.Certificate{}, nil
			},
		},
		TLSHandshakeTimeout:    o.StepTimeout,
		MaxConnsPerHost:        maxConnsPerHost,
		MaxIdleConnsPerHost:    maxConnsPerHost,
		IdleConnTimeout:        30 * time.Second,
		MaxResponseHeaderBytes: maxHeaderBytes,
		DisableCompression:     true,
	}
}

// control sees each address right before it is dialled, whatever name, resolver
// or redirect it came from.
func (c *client) control(_ context.Context, network, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !strings.HasPrefix(network, "tcp") {
		return forbiddenError{address: address, why: "not an address"}
	}
	if why := forbidden(at.Addr(), c.allowLoopback); why != "" {
		return forbiddenError{address: at.Addr().String(), why: why}
	}
	return nil
}

// forbiddenError: the address rules say no.
type forbiddenError struct{ address, why string }

func (e forbiddenError) Error() string { return e.why + " address " + e.address + " is never dialled" }

// proxyRefusedError: the proxy answered CONNECT with another status than 200.
type proxyRefusedError struct{ status int }

func (e proxyRefusedError) Error() string { return "the proxy refused to connect" }

// call is one question.
type call struct {
	method string
	url    *url.URL
	accept string
	// authorization is sent to the origin of url alone; login says that it (or
	// the form) holds the credential itself and not a token made from it.
	authorization string
	login         bool
	secrets       []string // what no redirect may name
	form          url.Values
	first         int64 // ask for so many bytes from the start only; 0 for all
	limit         int64
}

// answer is what came back, after redirects.
type answer struct {
	status int
	header http.Header // those of readHeaders
	login  bool        // to a question that held a credential
	length int64       // Content-Length, -1 if not told
	body   []byte
	cut    bool // the body goes on beyond the limit
	host   string
	path   string
	hops   int // redirects followed
	proxy  string
	timing *timing
	at     time.Time
	took   time.Duration
}

// do asks and follows redirects. Exactly one of its results is not nil.
func (c *client) do(ctx context.Context, q call) (*answer, *failure) {
	at, target, auth := c.now(), q.url, q.authorization
	start := time.Now()
	for hop := 0; ; hop++ {
		resp, t, proxy, fail := c.send(ctx, q, target, auth)
		if fail != nil {
			fail.hops, fail.at, fail.took = hop, at, time.Since(start)
			return nil, fail
		}
		next, err := redirect(resp, target)
		if q.form == nil && (next != nil || err != nil) { // a form holds the credential: it goes nowhere else
			_ = resp.Body.Close()
			if fail := refuseRedirect(next, err, target, hop, q.secrets); fail != nil {
				fail.timing, fail.hops, fail.at, fail.took = t, hop, at, time.Since(start)
				return nil, fail
			}
			if next.Scheme != target.Scheme || next.Host != target.Host {
				auth = ""
			}
			target = next
			continue
		}
		a := &answer{status: resp.StatusCode, header: readHeaders(resp.Header), login: q.login, length: resp.ContentLength, host: target.Host, path: target.Path, hops: hop, proxy: proxy, timing: t, at: at}
		a.body, a.cut, err = readBody(resp, q.limit)
		a.took = time.Since(start)
		if err != nil {
			fail := classify(err, t, target.Host, proxy)
			fail.hops, fail.at, fail.took = hop, at, a.took
			return nil, fail
		}
		return a, nil
	}
}

// send sends one request, without following.
func (c *client) send(ctx context.Context, q call, target *url.URL, auth string) (*http.Response, *timing, string, *failure) {
	t := &timing{}
	name := target.Hostname()
	if disguised(name) {
		return nil, t, "", classify(forbiddenError{address: name, why: "disguised"}, t, target.Host, "")
	}
	if why := named(name, c.allowLoopback); why != "" {
		return nil, t, "", classify(forbiddenError{address: name, why: why}, t, target.Host, "")
	}
	var body io.Reader
	if q.form != nil {
		body = strings.NewReader(q.form.Encode())
	}
	req, err := http.NewRequestWithContext(t.context(ctx), q.method, target.String(), body)
	if err != nil {
		return nil, t, "", &failure{why: "its address cannot be asked", host: target.Host, timing: t}
	}
	req.Header.Set("User-Agent", userAgent)
	if q.accept != "" {
		req.Header.Set("Accept", q.accept)
	}
	if q.form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if q.first > 0 {
		req.Header.Set("Range", "bytes=0-"+strconv.FormatInt(q.first-1, 10))
	}
	if auth != "" && target.Scheme == "https" {
		req.Header.Set("Authorization", auth)
	}

	transport, proxy := c.direct, ""
	via, err := c.proxy(target)
	switch {
	case err != nil:
		return nil, t, "", &failure{check: evidence.CheckConnect, outcome: evidence.ProxyFailed, host: target.Host, reason: "its address in the environment cannot be read", timing: t}
	case via != nil:
		transport, proxy = c.proxied, via.Host
		if fail := c.checkBehindProxy(ctx, target, t); fail != nil {
			return nil, t, proxy, fail
		}
	}
	c.requests.Add(1)
	if q.login && auth != "" || q.login && q.form != nil {
		c.logins.Add(1)
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return nil, t, proxy, classify(err, t, target.Host, proxy)
	}
	return resp, t, proxy, nil
}

// checkBehindProxy looks at the addresses of a target that a proxy will dial
// for us. A name that only the proxy can resolve passes: many networks are so,
// and what is behind it must still speak TLS under that name.
func (c *client) checkBehindProxy(ctx context.Context, target *url.URL, t *timing) *failure {
	name := target.Hostname()
	var addrs []netip.Addr
	if literal, err := netip.ParseAddr(name); err == nil {
		addrs = append(addrs, literal)
	} else {
		addrs, _ = c.lookups.get(ctx, name, func(ctx context.Context) []netip.Addr {
			ctx, cancel := context.WithTimeout(ctx, lookupBehindProxy)
			defer cancel()
			found, err := c.resolver.LookupNetIP(ctx, "ip", name)
			if err != nil {
				return nil // only the proxy knows it
			}
			return found
		})
	}
	for _, addr := range addrs {
		if why := forbidden(addr, c.allowLoopback); why != "" {
			return classify(forbiddenError{address: addr.String(), why: why}, t, target.Host, "")
		}
	}
	return nil
}

// readBody reads at most limit bytes and closes without reading the rest. What ends
// after the time of the question does not count, even in good order: a server that
// sees the connection go may end a body that it has not sent all of.
func readBody(resp *http.Response, limit int64) ([]byte, bool, error) {
	defer func() { _ = resp.Body.Close() }()
	if limit <= 0 || resp.Request.Method == http.MethodHead {
		return nil, false, nil
	}
	if resp.StatusCode >= 300 {
		limit = maxErrorBytes
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if int64(len(body)) > limit {
		return body[:limit], true, nil
	}
	if err == nil {
		err = resp.Request.Context().Err()
	}
	return body, false, err
}
