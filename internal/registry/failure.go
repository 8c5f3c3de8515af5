// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/pullmedic/pullmedic/evidence"
)

// failure is why a question got no answer. It holds no text of the other side,
// and the error behind it is dropped: errors of net/http name whole URLs.
type failure struct {
	// check is the rung of the way to the host that failed (resolve, connect,
	// tls), or "" if the host was reached and then did not answer.
	check   evidence.Check
	outcome evidence.Outcome
	// why is set instead of outcome if nothing was found out.
	why string

	host    string // that could not be asked, with its port
	hops    int    // redirects before it
	address string
	proxy   string
	status  int    // of the proxy
	reason  string // one of a few words, or a time
	timing  *timing
	at      time.Time
	took    time.Duration
}

// classify reads a transport's error. The order matters: an error of the
// handshake is a net.Error too.
func classify(err error, t *timing, host, proxy string) *failure {
	f := &failure{host: host, timing: t, proxy: proxy}
	spent := t.costs()
	f.address = spent.address
	for _, read := range []func(error, *failure, costs) bool{readOwn, readProxy, readName, readTLS, readTime, readNetwork} {
		if read(err, f, spent) {
			return f
		}
	}
	if spent.inTLS {
		f.set(evidence.CheckTLS, evidence.TLSInvalid, "handshake")
	} else {
		f.set("", evidence.RegistryUnavailable, "answers in something else than HTTP")
	}
	return f
}

func (f *failure) set(check evidence.Check, outcome evidence.Outcome, reason string) bool {
	f.check, f.outcome, f.reason = check, outcome, reason
	return true
}

// readOwn reads our own refusals.
func readOwn(err error, f *failure, _ costs) bool {
	if no, ok := errors.AsType[forbiddenError](err); ok {
		f.address = no.address
		return f.set(evidence.CheckConnect, evidence.AddressForbidden, no.why)
	}
	if errors.Is(err, context.Canceled) {
		f.why = "it was given up"
		return true
	}
	return false
}

// readProxy reads what went wrong at or before the proxy.
func readProxy(err error, f *failure, _ costs) bool {
	if f.proxy == "" {
		return false
	}
	if no, ok := errors.AsType[proxyRefusedError](err); ok {
		f.status = no.status
		return f.set(evidence.CheckConnect, evidence.ProxyFailed, "answered "+strconv.Itoa(no.status))
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "proxyconnect" {
		return f.set(evidence.CheckConnect, evidence.ProxyFailed, "could not be reached")
	}
	return false
}

// readName reads errors of name resolution.
func readName(err error, f *failure, spent costs) bool {
	lookup, ok := errors.AsType[*net.DNSError](err)
	switch {
	case ok && lookup.IsNotFound:
		return f.set(evidence.CheckResolve, evidence.HostNotResolved, "no such host")
	case ok && lookup.IsTimeout, !ok && spent.looking && isTimeout(err):
		return f.set(evidence.CheckResolve, evidence.HostNotResolved, "the resolver does not answer")
	case ok:
		return f.set(evidence.CheckResolve, evidence.HostNotResolved, "the resolver failed")
	}
	return false
}

// readTLS reads errors of the handshake and of what stood in its place.
func readTLS(err error, f *failure, spent costs) bool {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return f.set(evidence.CheckTLS, evidence.TLSUntrusted, "unknown authority")
	}
	if _, ok := errors.AsType[x509.SystemRootsError](err); ok {
		return f.set(evidence.CheckTLS, evidence.TLSUntrusted, "no authorities here")
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return f.set(evidence.CheckTLS, evidence.TLSInvalid, "wrong name")
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		return f.set(evidence.CheckTLS, evidence.TLSInvalid, certificateReason(invalid))
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return f.set(evidence.CheckTLS, evidence.TLSInvalid, "certificate")
	}
	if record, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		if string(record.RecordHeader[:]) == "HTTP/" { // the start of its answer
			return f.set(evidence.CheckTLS, evidence.PlainHTTPAnswered, "HTTP")
		}
		return f.set(evidence.CheckTLS, evidence.TLSInvalid, "does not speak TLS")
	}
	if spent.inTLS && noVersion(err) {
		return f.set(evidence.CheckTLS, evidence.TLSVersionUnsupported, "version")
	}
	op, ok := errors.AsType[*net.OpError](err)
	if !ok || op.Op != "remote error" { // the other side's alert
		return false
	}
	if f.timing.clientCertificateAsked.Load() {
		return f.set(evidence.CheckTLS, evidence.ClientCertificateAsked, "client certificate")
	}
	if spent.inTLS {
		return f.set(evidence.CheckTLS, evidence.HandshakeRefused, "handshake refused")
	}
	return f.set("", evidence.ConnectionReset, "TLS alert")
}

// noVersion tells whether the sides have no version of TLS in common, by the
// words of crypto/tls, whose errors for it have no type: those of the other
// side's alert, and of a version that it chose without being offered it. Only
// the innermost error is read, for the others quote addresses.
func noVersion(err error) bool {
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		err = inner
	}
	said := err.Error()
	return said == "tls: protocol version not supported" || strings.HasPrefix(said, "tls: server selected unsupported protocol version ")
}

func certificateReason(invalid x509.CertificateInvalidError) string {
	if invalid.Reason != x509.Expired || invalid.Cert == nil {
		return "certificate"
	}
	if time.Now().Before(invalid.Cert.NotBefore) {
		return "not valid before " + invalid.Cert.NotBefore.UTC().Format(time.RFC3339)
	}
	return "expired at " + invalid.Cert.NotAfter.UTC().Format(time.RFC3339)
}

// readTime reads timeouts, at whatever rung the time ran out.
func readTime(err error, f *failure, spent costs) bool {
	switch {
	case !isTimeout(err) && !errors.Is(err, syscall.ETIMEDOUT):
		return false
	case spent.inTLS:
		return f.set(evidence.CheckTLS, evidence.ConnectionTimeout, "no answer to the handshake")
	case spent.dialing:
		return f.set(evidence.CheckConnect, evidence.ConnectionTimeout, "no answer to the connection")
	}
	return f.set("", evidence.ConnectionTimeout, "no answer to the request")
}

func isTimeout(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}

// readNetwork reads what the kernel says. The words are those of Windows, whose
// error numbers are not the ones of package syscall.
func readNetwork(err error, f *failure, spent costs) bool {
	op, ofNetwork := errors.AsType[*net.OpError](err)
	is := func(words string, numbers ...error) bool {
		for _, n := range numbers {
			if errors.Is(err, n) {
				return true
			}
		}
		return ofNetwork && strings.Contains(op.Err.Error(), words)
	}
	check := evidence.Check("")
	switch {
	case spent.inTLS:
		check = evidence.CheckTLS
	case spent.dialing:
		check = evidence.CheckConnect
	}
	switch {
	case is("actively refused", syscall.ECONNREFUSED):
		return f.set(evidence.CheckConnect, evidence.ConnectionRefused, "refused")
	case is("unreachable", syscall.ENETUNREACH, syscall.EHOSTUNREACH, syscall.ENETDOWN, syscall.EADDRNOTAVAIL):
		return f.set(evidence.CheckConnect, evidence.NoRoute, "no route")
	case is("forcibly closed", syscall.ECONNRESET, syscall.EPIPE, syscall.ECONNABORTED, io.EOF, io.ErrUnexpectedEOF):
		if check == evidence.CheckTLS && f.timing.clientCertificateAsked.Load() {
			return f.set(check, evidence.ClientCertificateAsked, "client certificate")
		}
		return f.set(check, evidence.ConnectionReset, "closed by the other side")
	}
	return false
}
