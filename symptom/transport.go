// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package symptom

// transportWords are how Go's net, crypto/tls and net/http, and the operating
// systems below, report that no HTTP answer came.
var transportWords = []group{
	// Proxies. proxyconnect wraps refusals, names and TLS records. A bare
	// status text after the URL is a refused CONNECT (net/http, transport.go).
	{rank: asProxy, sign: ProxyFailed, words: []string{
		"proxyconnect", "error connecting to proxy", "socks connect", "tunnel connection failed", "from proxy after connect",
		"proxy authentication required", "failed to connect to proxy", "unable to connect to proxy", "unknown proxy scheme", "invalid proxy",
		"{url}: forbidden|", "{url}: access denied|", "{url}: bad request|", "{url}: method not allowed|", "{url}: internal server error|",
		"{url}: bad gateway|", "{url}: service unavailable|", "{url}: gateway timeout|", "{url}: AuthorizedOnly|",
	}},
	// A page where an API was asked: a portal or filter on the way.
	{rank: asProxy, sign: ProxyFailed, words: []string{"text/html"}},
	{rank: asCode, sign: ProxyFailed, page: true, words: []string{"invalid character <"}},
	{rank: asHint, sign: ProxyFailed, words: []string{"<!doctype html", "<html"}},

	// Names. A resolver that refuses or is silent shows as read udp.
	{rank: asLookup, sign: HostNotResolved, words: []string{
		"tcp: lookup", "udp: lookup", "lookup {host}", "dial udp", "read udp", "no such host", "server misbehaving", "name resolution",
		"name or service not known", "nodename nor servname", "name does not resolve", "no address associated with hostname",
		"could not resolve host", "unable to resolve host", "getaddrinfo", "no servers could be reached", "unknown host", "host not found",
	}},

	// The connection. "connection refused" by itself is a hint: gateways quote
	// it in the body of a 503.
	{rank: asLink, sign: ConnectionRefused, words: []string{
		"connect: connection refused", "getsockopt: connection refused", "{addr}: connection refused", "{url}: connection refused",
		"actively refused",
	}},
	{rank: asHint, sign: ConnectionRefused, words: []string{"connection refused", "ECONNREFUSED"}},
	{rank: asLink, sign: ConnectionTimeout, words: []string{
		"i/o timeout", "TLS handshake timeout", "Client.Timeout", "while waiting for connection", "while awaiting headers",
		"awaiting response headers", "connection timed out", "operation timed out", "connect timed out", "read timed out", "ETIMEDOUT",
		"connected party did not properly respond", "http2: timeout", "client connection lost",
	}},
	{rank: asLink, sign: ConnectionReset, words: []string{
		"connection reset", "ECONNRESET", "|EOF|", "broken pipe", "forcibly closed", "connection abort", "connection was aborted",
		"use of closed network connection", "server closed idle connection", "connection force closed", "unexpectedly closed",
		"GOAWAY", "stream error", "stream closed", "transport connection broken", "read expected number of bytes", "SSL_ERROR_SYSCALL",
		"tls: bad record mac", // bytes were changed on the way
	}},
	{rank: asLink, sign: NoRoute, words: []string{
		"no route to host", "network is unreachable", "network unreachable", "unreachable network", "host is unreachable", "unreachable host",
		"host is down", "network is down", "cannot assign requested address", "can't assign requested address",
		"requested address is not valid in its context", "connect: permission denied", "connect: operation not permitted",
		"connect: invalid argument", "address family not supported", "socket: permission denied", "no suitable address found",
	}},

	// TLS: crypto/x509 and crypto/tls; OpenSSL's words from other programs.
	{rank: asContext, words: []string{"tls: failed to verify certificate", "failed to verify certificate"}},
	{rank: asLink, sign: TLSUntrusted, words: []string{
		"certificate signed by", "signed by unknown authority", "while trying to verify candidate authority", "certificate is not trusted", "certificate is not standards compliant", "self-signed certificate",
		"unable to get local issuer certificate", "unable to verify the first certificate", "certificate verify failed",
		"tls: unknown certificate authority", "tls: unknown ca", "alert unknown ca",
	}},
	{rank: asLink, sign: TLSInvalid, words: []string{
		"certificate has expired", "certificate is valid for", "certificate is not valid for", "not valid for any names",
		"cannot validate certificate", "any IP SANs", "legacy Common Name", "insecure algorithm", "incompatible key usage",
		"certificate is not authorized", "is not permitted by any constraint", "unhandled critical extension", "x509: negative serial",
		"x509: invalid", "x509: malformed", "x509: unsupported", "hostname mismatch", "no alternative certificate subject name",
		"remote error: tls", "local error: tls", "tls: handshake failure", "tls: internal error", "tls: no ", "tls: server",
		"tls: received unexpected", "tls: unexpected", "tls: failed to parse", "tls: invalid", "unrecognized name", "sslv3 alert", "tlsv1 alert",
	}},
	{rank: asLink, sign: TLSVersionUnsupported, words: []string{
		"protocol version not supported", "unsupported protocol version", "alert protocol version",
	}},
	{rank: asLink, sign: ClockSkew, words: []string{"is before 1", "is before 2", "certificate is not yet valid"}},
	{rank: asLink, sign: ClientCertificateAsked, words: []string{
		"tls: bad certificate", "tls: certificate required", "client certificate required", "client certificate is required",
		"alert certificate required", "alert bad certificate",
		// An alert about a certificate is about the one that its reader showed.
		"remote error: tls: unknown certificate authority", "remote error: tls: unknown certificate", "remote error: tls: expired certificate",
		"remote error: tls: revoked certificate", "remote error: tls: unsupported certificate",
	}},
	{rank: asLink, sign: HTTPInsteadOfHTTPS, words: []string{
		"http response to https client", "does not look like a tls handshake", "oversized record received", "malformed http response",
		"wrong version number",
	}},
	// What a server's 400 says about TLS stands in its body.
	{rank: asReason, sign: HTTPInsteadOfHTTPS, words: []string{"http request to an https server", "plain http request was sent to https port"}},
	{rank: asReason, sign: ClientCertificateAsked, words: []string{"no required ssl certificate", "the ssl certificate error"}},
}
