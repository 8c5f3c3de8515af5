// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/pullmedic/pullmedic/evidence"
)

// listen runs a TCP server that hands each connection to serve.
func listen(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go serve(conn)
		}
	}()
	return l.Addr().String()
}

// reset resets once the client has begun to speak.
func reset(conn net.Conn) {
	_, _ = conn.Read(make([]byte, 1))
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

func TestTheWayToARegistry(t *testing.T) {
	const host = "registry.acme.example"
	certificate := func(alter func(*x509.Certificate)) func(*testing.T, *house, *Options) {
		return func(_ *testing.T, h *house, _ *Options) {
			h.serve(host, http.NotFoundHandler(), func(s *httptest.Server) {
				s.TLS.Certificates = []tls.Certificate{h.certificate(host, alter)}
			})
		}
	}
	for name, c := range map[string]struct {
		build  func(*testing.T, *house, *Options)
		want   string
		reason string
	}{
		"a name that does not exist": {
			build: func(t *testing.T, _ *house, o *Options) { o.Resolver = resolver(t, nil) },
			want:  "resolve host-not-resolved\nresolve ?", reason: "no such host",
		},
		"a resolver that does not answer": {
			build: func(t *testing.T, _ *house, o *Options) {
				o.Resolver = resolver(t, nil)
				o.Resolver.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
					return (&net.Dialer{}).DialContext(ctx, "udp", listenSilently(t))
				}
			},
			want: "resolve host-not-resolved\nresolve ?", reason: "the resolver does not answer",
		},
		"a port that nobody listens on": {
			build: func(t *testing.T, h *house, _ *Options) {
				l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				h.connect[host+":443"] = l.Addr().String()
				_ = l.Close()
			},
			want: "connect connection-refused\nconnect ?", reason: "refused",
		},
		"a host that takes the connection and says nothing": {
			build: func(t *testing.T, h *house, _ *Options) {
				h.connect[host+":443"] = listen(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
			},
			want: "connect connected\ntls connection-timeout\ntls ?", reason: "no answer to the handshake",
		},
		"a host that shakes hands and then says nothing": {
			build: func(_ *testing.T, h *house, _ *Options) {
				h.serve(host, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
			},
			want: "connect connected\ntls tls-trusted\nping connection-timeout\nping ?", reason: "no answer to the request",
		},
		"a host that resets": {
			build: func(t *testing.T, h *house, _ *Options) {
				h.connect[host+":443"] = listen(t, reset)
			},
			want: "connect connected\ntls connection-reset\ntls ?", reason: "closed by the other side",
		},
		"a host that resets after the handshake": {
			build: func(_ *testing.T, h *house, _ *Options) {
				h.serve(host, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
						_ = conn.Close()
					}
				}))
			},
			want: "connect connected\ntls tls-trusted\nping connection-reset\nping ?", reason: "closed by the other side",
		},
		"a certificate of an authority that nobody knows": {
			build: func(t *testing.T, h *house, o *Options) {
				h.serve(host, http.NotFoundHandler())
				o.RootCAs = newHouse(t).pool
			},
			want: "connect connected\ntls tls-untrusted\ntls ?", reason: "unknown authority",
		},
		"a certificate whose time is over": {
			build: certificate(func(c *x509.Certificate) {
				c.NotBefore, c.NotAfter = time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)
			}),
			want: "connect connected\ntls tls-invalid\ntls ?", reason: "expired at 2",
		},
		"a certificate whose time has not come": {
			build: certificate(func(c *x509.Certificate) {
				c.NotBefore, c.NotAfter = time.Now().Add(time.Hour), time.Now().Add(2*time.Hour)
			}),
			want: "connect connected\ntls tls-invalid\ntls ?", reason: "not valid before 2",
		},
		"a certificate of another name": {
			build: certificate(func(c *x509.Certificate) { c.DNSNames = []string{"other.acme.example"} }),
			want:  "connect connected\ntls tls-invalid\ntls ?", reason: "wrong name",
		},
		"a host that speaks an old TLS": {
			build: func(_ *testing.T, h *house, _ *Options) {
				h.serve(host, http.NotFoundHandler(), func(s *httptest.Server) { s.TLS.MinVersion, s.TLS.MaxVersion = tls.VersionTLS11, tls.VersionTLS11 })
			},
			want: "connect connected\ntls tls-version-unsupported\ntls ?", reason: "version",
		},
		"a host that chooses an old TLS though it was not offered": {
			build: func(t *testing.T, h *house, _ *Options) {
				h.connect[host+":443"] = listen(t, func(c net.Conn) { _, _ = c.Write(serverHello(tls.VersionTLS10)) })
			},
			want: "connect connected\ntls tls-version-unsupported\ntls ?", reason: "version",
		},
		"a host that refuses the handshake and does not say why": {
			build: func(t *testing.T, h *house, _ *Options) {
				h.connect[host+":443"] = listen(t, func(c net.Conn) { _, _ = c.Write([]byte{21, 3, 1, 0, 2, 2, 40}) })
			},
			want: "connect connected\ntls tls-handshake-refused\ntls ?", reason: "handshake refused",
		},
		"a host that speaks something else": {
			build: func(t *testing.T, h *house, _ *Options) {
				h.connect[host+":443"] = listen(t, func(c net.Conn) { _, _ = io.WriteString(c, "220 mail.acme.example ESMTP\r\n") })
			},
			want: "connect connected\ntls tls-invalid\ntls ?", reason: "does not speak TLS",
		},
		"a host that speaks plain HTTP": {
			build: func(t *testing.T, h *house, _ *Options) {
				plain := httptest.NewServer(http.NotFoundHandler())
				t.Cleanup(plain.Close)
				h.connect[host+":443"] = plain.Listener.Addr().String()
			},
			want: "connect connected\ntls plain-http-answered\ntls ?", reason: "HTTP",
		},
		"a host that wants a client's certificate, TLS 1.3": {
			build: func(_ *testing.T, h *house, _ *Options) {
				h.serve(host, http.NotFoundHandler(), func(s *httptest.Server) { s.TLS.ClientAuth = tls.RequireAnyClientCert })
			},
			want: "connect connected\ntls client-certificate-asked\ntls ?", reason: "client certificate",
		},
		"a host that wants a client's certificate, TLS 1.2": {
			build: func(_ *testing.T, h *house, _ *Options) {
				h.serve(host, http.NotFoundHandler(), func(s *httptest.Server) {
					s.TLS.ClientAuth, s.TLS.MaxVersion = tls.RequireAnyClientCert, tls.VersionTLS12
				})
			},
			want: "connect connected\ntls client-certificate-asked\ntls ?", reason: "client certificate",
		},
		"a host that only offers to look at a client's certificate": {
			build: func(_ *testing.T, h *house, _ *Options) {
				h.serve(host, with(newShelf(h.t).handler, on("", "/v2/team", 404, body("NAME_UNKNOWN", ""))), func(s *httptest.Server) { s.TLS.ClientAuth = tls.RequestClientCert })
			},
			want: lines("WAY", "manifest repository-absent"),
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			o := Options{StepTimeout: time.Second}
			c.build(t, h, &o)
			p := h.prober(func(all *Options) {
				all.StepTimeout = o.StepTimeout
				if o.Resolver != nil {
					all.Resolver = o.Resolver
				}
				if o.RootCAs != nil {
					all.RootCAs = o.RootCAs
				}
			})
			findings, gaps := p.Probe(t.Context(), Target{Reference: reference(host + "/team/app:1")})
			if got := outcomes(findings, gaps); got != c.want {
				t.Fatalf("got\n%s\nwant\n%s", got, c.want)
			}
			last := findings[len(findings)-1]
			if !strings.HasPrefix(last.Details["reason"], c.reason) {
				t.Errorf("reason = %q, want %q", last.Details["reason"], c.reason)
			}
			t.Log(last.Sentence)
		})
	}
}

// listenSilently returns the address of a UDP port that never answers.
func listenSilently(t *testing.T) string {
	conn, err := (&net.ListenConfig{}).ListenPacket(context.Background(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn.LocalAddr().String()
}

// What cannot be made on one machine without rights is read from the error that
// the kernel gives.
func TestErrorsOfTheNetworkAreReadByNumber(t *testing.T) {
	dial := func(err error) error {
		return &url.Error{Op: "Get", URL: "https://x/", Err: &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", err)}}
	}
	for name, c := range map[string]struct {
		err    error
		dialed bool
		check  evidence.Check
		want   evidence.Outcome
	}{
		"no route to the host":                        {dial(syscall.EHOSTUNREACH), true, evidence.CheckConnect, evidence.NoRoute},
		"no route to the network":                     {dial(syscall.ENETUNREACH), true, evidence.CheckConnect, evidence.NoRoute},
		"no IPv6 here":                                {dial(syscall.EADDRNOTAVAIL), true, evidence.CheckConnect, evidence.NoRoute},
		"the kernel gave up connecting":               {dial(syscall.ETIMEDOUT), true, evidence.CheckConnect, evidence.ConnectionTimeout},
		"our patience while connecting":               {&net.OpError{Op: "dial", Err: context.DeadlineExceeded}, true, evidence.CheckConnect, evidence.ConnectionTimeout},
		"refused":                                     {dial(syscall.ECONNREFUSED), true, evidence.CheckConnect, evidence.ConnectionRefused},
		"refused, in the words of Windows":            {dial(errors.New("No connection could be made because the target machine actively refused it.")), true, evidence.CheckConnect, evidence.ConnectionRefused},
		"closed during the answer":                    {io.ErrUnexpectedEOF, false, "", evidence.ConnectionReset},
		"words of the other side that look like ours": {errors.New(`malformed HTTP response "unreachable actively refused"`), false, "", evidence.RegistryUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			spent := &timing{}
			if c.dialed {
				spent.connectStart = time.Now()
			}
			if got := classify(c.err, spent, "h", ""); got.outcome != c.want || got.check != c.check {
				t.Errorf("got %s at %q, want %s at %q", got.outcome, got.check, c.want, c.check)
			}
		})
	}
}

// connectProxy is a proxy that connects wherever the house has a host, unless
// refuse is set.
func connectProxy(t *testing.T, h *house, refuse int) (*url.URL, *atomic.Int64) {
	t.Helper()
	var asked atomic.Int64
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		to, ok := h.connect[r.Host]
		if r.Method != http.MethodConnect || !ok || refuse != 0 {
			if refuse == 0 {
				refuse = http.StatusBadGateway
			}
			w.WriteHeader(refuse)
			return
		}
		up, err := (&net.Dialer{}).DialContext(r.Context(), "tcp", to)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer func() { _ = up.Close() }()
		conn, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		_, _ = io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n")
		go func(from *bufio.ReadWriter) { _, _ = io.Copy(up, from) }(buffered)
		_, _ = io.Copy(conn, up)
	}))
	t.Cleanup(proxy.Close)
	u, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	return u, &asked
}

func TestTheWayThroughAProxy(t *testing.T) {
	const host = "registry.acme.example"
	s := stocked(t)
	gone, err := url.Parse("http://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		refuse  int
		gone    bool
		names   map[string]string
		asks    bool
		want    string
		subject string
	}{
		"a proxy that connects": {
			asks: true,
			want: lines("WAY", "manifest manifest-present", "ping registry-open-to-all", "anonymous anonymous-may-pull", "platform platform-present", "blobs blobs-present"),
		},
		"a proxy that wants a login":       {refuse: 407, asks: true, want: "connect proxy-failed\nconnect ?"},
		"a proxy that cannot connect":      {refuse: 503, asks: true, want: "connect proxy-failed\nconnect ?"},
		"a proxy that is not there":        {gone: true, want: "connect proxy-failed\nconnect ?"},
		"a target at a metadata address":   {names: map[string]string{host: "169.254.169.254"}, want: "connect address-forbidden"},
		"a target that only looks private": {names: map[string]string{host: "10.1.2.3"}, asks: true, want: lines("WAY", "manifest manifest-present", "ping registry-open-to-all", "anonymous anonymous-may-pull", "platform platform-present", "blobs blobs-present")},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.serve(host, s.handler)
			via, asked := connectProxy(t, h, c.refuse)
			if c.gone {
				via = gone
			}
			via.User = url.UserPassword("canary-user", "canary-password")
			p := h.prober(func(o *Options) {
				o.Proxy = func(*url.URL) (*url.URL, error) { return via, nil }
				o.Resolver = resolver(t, c.names)
				o.AllowLoopback = false // the proxy may be on loopback all the same
				o.ConnectTo = nil
			})
			findings, gaps := p.Probe(t.Context(), Target{Reference: reference(host + "/team/app:1.27.4"), Platform: amd64()})
			if got := outcomes(findings, gaps); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
			if (asked.Load() > 0) != c.asks {
				t.Errorf("the proxy was asked %d times", asked.Load())
			}
			assertNoCanary(t, findings, gaps)
			t.Log(findings[0].Sentence)
		})
	}
}

func TestPlainHTTPOnThisMachineIsTakenAsTheRuntimesDo(t *testing.T) {
	s := stocked(t)
	host := strings.TrimPrefix(s.plain.URL, "http://")
	h := newHouse(t)
	findings, gaps := h.prober().Probe(t.Context(), Target{Reference: reference(host + "/team/app:1.27.4"), Platform: amd64()})
	want := "connect connected\nping registry-answers\nmanifest manifest-present\nping registry-open-to-all\nanonymous anonymous-may-pull\nplatform platform-present\nblobs blobs-present"
	if got := outcomes(findings, gaps); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestANameThatResolvesIsTimed(t *testing.T) {
	h := newHouse(t)
	server := h.serve("registry.acme.example", stocked(t).handler)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	p := h.prober(func(o *Options) {
		o.ConnectTo = nil
		o.Resolver = resolver(t, map[string]string{"registry.acme.example": "127.0.0.1"})
	})
	findings, gaps := p.Probe(t.Context(), Target{Reference: reference("registry.acme.example:" + port + "/team/app:1.27.4"), Platform: amd64()})
	want := lines("resolve host-resolved", "WAY", "manifest manifest-present", "ping registry-open-to-all", "anonymous anonymous-may-pull", "platform platform-present", "blobs blobs-present")
	if got := outcomes(findings, gaps); got != want {
		t.Fatalf("got\n%s\nwant\n%s", got, want)
	}
	ping := find(t, findings, evidence.RegistryAnswers)
	for _, part := range []string{"dns", "tcp", "tls", "ping"} {
		if ping.Details[part] == "" {
			t.Errorf("no cost of %s in %v", part, ping.Details)
		}
	}
	for _, f := range findings[:4] {
		if f.Took <= 0 {
			t.Errorf("%s took nothing", f.Check)
		}
	}
}

// serverHello is the first message of a server that chose a version by itself.
func serverHello(version uint16) []byte {
	hello := binary.BigEndian.AppendUint16(nil, version)
	hello = append(hello, make([]byte, 32)...) // random
	hello = append(hello, 0, 0, 0x2f, 0)       // no session, AES-128-CBC-SHA, no compression
	message := append([]byte{2, 0, 0, byte(len(hello))}, hello...)
	return append([]byte{22, 3, 1, 0, byte(len(message))}, message...)
}
