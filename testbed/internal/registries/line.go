// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registries

import (
	"context"
	"net"
	"net/http"
	"time"
)

// line accepts a registry's connections and breaks those for which a rule
// says so, before TLS begins.
type line struct {
	net.Listener
	ctx   context.Context
	front *front
	plain *handedOver
}

func newLine(ctx context.Context, raw net.Listener, f *front) *line {
	return &line{
		Listener: raw,
		ctx:      ctx,
		front:    f,
		plain:    &handedOver{conns: make(chan net.Conn), done: ctx.Done(), addr: raw.Addr()},
	}
}

// Accept gives the next connection that no rule breaks.
func (l *line) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from, _, _ := net.SplitHostPort(conn.RemoteAddr().String())
		registry := l.front.registry.Name
		rule, ok := l.front.world.rules.find(asked{registry: registry, from: from}, true)
		if !ok {
			return conn, nil
		}
		l.front.world.log.add(Request{Time: time.Now(), From: from, Registry: registry, Method: "CONNECT", Rule: rule.ID})
		switch rule.Effect.Connect {
		default: // TLS goes its own way; see handshake
			return conn, nil
		case ConnectReset:
			resetConn(conn)
		case ConnectHang:
			go func() {
				pause(l.ctx, longest)
				_ = conn.Close()
			}()
		case ConnectPlain:
			l.plain.give(conn)
		}
	}
}

// handedOver is a listener for connections that another one accepted.
type handedOver struct {
	conns chan net.Conn
	done  <-chan struct{}
	addr  net.Addr
}

func (h *handedOver) give(conn net.Conn) {
	select {
	case h.conns <- conn:
	case <-h.done:
		_ = conn.Close()
	}
}

// Accept waits for the next connection.
func (h *handedOver) Accept() (net.Conn, error) {
	select {
	case conn := <-h.conns:
		return conn, nil
	case <-h.done:
		return nil, http.ErrServerClosed
	}
}

// Close does nothing: the context that ends the line ends this too.
func (h *handedOver) Close() error { return nil }

// Addr is the address of the listener that accepted.
func (h *handedOver) Addr() net.Addr { return h.addr }
