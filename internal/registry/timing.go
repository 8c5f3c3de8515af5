// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"crypto/tls"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
	"time"
)

// timing is what a request's connection cost. Parts stay zero if the
// connection was there already.
type timing struct {
	clientCertificateAsked atomic.Bool

	// The dialler may go on after the request has given up, hence the lock.
	mu                               sync.Mutex
	dnsStart, connectStart, tlsStart time.Time
	dnsTook, connectTook, tlsTook    time.Duration
	dnsDone, connected, tlsDone      bool
	address                          string // ip:port of the other end
}

// costs is a copy of a timing's figures.
type costs struct {
	dns, connect, tls       time.Duration
	looking, dialing, inTLS bool // begun and not ended
	resolved                bool
	address                 string
}

func (t *timing) costs() costs {
	t.mu.Lock()
	defer t.mu.Unlock()
	return costs{
		dns: t.dnsTook, connect: t.connectTook, tls: t.tlsTook,
		looking:  !t.dnsStart.IsZero() && !t.dnsDone,
		dialing:  !t.connectStart.IsZero() && !t.connected,
		inTLS:    !t.tlsStart.IsZero() && !t.tlsDone,
		resolved: t.dnsDone,
		address:  t.address,
	}
}

type timingKey struct{}

func timingFrom(ctx context.Context) *timing {
	t, _ := ctx.Value(timingKey{}).(*timing)
	return t
}

// context returns a context under which a request writes down its costs here.
func (t *timing) context(ctx context.Context) context.Context {
	ctx = context.WithValue(ctx, timingKey{}, t)
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		DNSStart: func(httptrace.DNSStartInfo) {
			t.locked(func() { t.dnsStart = time.Now() })
		},
		DNSDone: func(info httptrace.DNSDoneInfo) {
			t.locked(func() { t.dnsTook, t.dnsDone = time.Since(t.dnsStart), info.Err == nil })
		},
		ConnectStart: func(string, string) { // once for each address that is tried
			t.locked(func() {
				if t.connectStart.IsZero() {
					t.connectStart = time.Now()
				}
			})
		},
		ConnectDone: func(_, address string, err error) {
			t.locked(func() {
				t.address = address
				if err == nil {
					t.connectTook, t.connected = time.Since(t.connectStart), true
				}
			})
		},
		TLSHandshakeStart: func() {
			t.locked(func() { t.tlsStart = time.Now() })
		},
		TLSHandshakeDone: func(_ tls.ConnectionState, err error) {
			t.locked(func() { t.tlsTook, t.tlsDone = time.Since(t.tlsStart), err == nil })
		},
		GotConn: func(info httptrace.GotConnInfo) {
			t.locked(func() {
				if info.Conn != nil && info.Conn.RemoteAddr() != nil {
					t.address = info.Conn.RemoteAddr().String()
				}
			})
		},
	})
}

func (t *timing) locked(f func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f()
}
