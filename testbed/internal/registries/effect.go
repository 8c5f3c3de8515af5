// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registries

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"time"
)

// longest is how long anything hangs at most, so that no fault keeps a
// connection for ever.
const longest = 10 * time.Minute

// apply does what the effect says. It gives the writer with which the request
// goes on, or nil if it is answered (or broken) already.
func (e Effect) apply(w http.ResponseWriter, r *http.Request) http.ResponseWriter {
	if e.Delay > 0 && !pause(r.Context(), time.Duration(e.Delay)) {
		return nil
	}
	switch {
	case e.After > 0 && (e.Reset || e.Hang):
		return &cutWriter{ResponseWriter: w, request: r, left: e.After, hang: e.Hang}
	case e.Reset:
		reset(r)
	case e.Hang:
		pause(r.Context(), longest)
		reset(r)
	case e.Corrupt:
		return &corruptWriter{ResponseWriter: w}
	case e.Redirect != "":
		setHeaders(w, e.Headers)
		w.Header().Set("Location", e.Redirect)
		w.WriteHeader(http.StatusTemporaryRedirect)
	case e.Status != 0:
		setHeaders(w, e.Headers)
		w.WriteHeader(e.Status)
		if r.Method != http.MethodHead {
			_, _ = io.WriteString(w, e.Body)
		}
	default:
		return w
	}
	return nil
}

func setHeaders(w http.ResponseWriter, headers map[string]string) {
	for name, value := range headers {
		w.Header().Set(name, value)
	}
}

// pause waits and tells whether the whole time passed.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(min(d, longest))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// reset makes the client see a TCP reset instead of an answer. What the server
// still writes to the connection afterwards goes nowhere.
func reset(r *http.Request) {
	if conn, ok := r.Context().Value(connKey{}).(net.Conn); ok {
		resetConn(conn)
	}
}

func resetConn(conn net.Conn) {
	if wrapped, ok := conn.(interface{ NetConn() net.Conn }); ok { // below TLS
		conn = wrapped.NetConn()
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// errCut ends the copying of a body that was cut.
var errCut = errors.New("cut by a rule")

// cutWriter lets some bytes of a body through and then resets or hangs.
type cutWriter struct {
	http.ResponseWriter
	request *http.Request
	left    int64
	hang    bool
}

// Write passes on what is left to pass.
func (c *cutWriter) Write(p []byte) (int, error) {
	if int64(len(p)) <= c.left {
		c.left -= int64(len(p))
		return c.ResponseWriter.Write(p)
	}
	n, _ := c.ResponseWriter.Write(p[:c.left])
	c.left = 0
	_ = http.NewResponseController(c.ResponseWriter).Flush()
	if c.hang {
		pause(c.request.Context(), longest)
		return n, errCut
	}
	reset(c.request)
	return n, errCut
}

// corruptWriter changes the first byte of a body.
type corruptWriter struct {
	http.ResponseWriter
	changed bool
}

// Write passes p on, the first time with another first byte.
func (c *corruptWriter) Write(p []byte) (int, error) {
	if c.changed || len(p) == 0 {
		return c.ResponseWriter.Write(p)
	}
	c.changed = true
	changed := append([]byte{^p[0]}, p[1:]...)
	return c.ResponseWriter.Write(changed)
}

// Unwrap lets http.ResponseController find the writer below.
func (c *corruptWriter) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// Unwrap lets http.ResponseController find the writer below.
func (c *cutWriter) Unwrap() http.ResponseWriter { return c.ResponseWriter }
