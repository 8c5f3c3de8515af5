// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package symptom

import (
	"cmp"
	"net/netip"
	"strings"
)

// A request is the innermost HTTP request that the chain shows.
type request struct {
	method             string
	scheme, host, path string
	ns                 string // ?ns=, which containerd adds when it asks a mirror
	end                int    // where it ends in the text
}

func (r request) url() string {
	if r.host == "" {
		return r.path
	}
	return r.scheme + "://" + r.host + r.path
}

// readRequest fills request, host, role, mirrorOf and address.
func (e *element) readRequest() {
	dialled, lookedUp := "", ""
	for i, n := range e.names {
		switch n.kind {
		case urlName:
			r := parseURL(e.text[n.start:n.end])
			r.method = methodBefore(e.text[:n.start])
			if r.isRequest(e.text[:n.start]) {
				r.end = n.end
				e.request = r
			}
		case addrName:
			dialled = e.text[n.start:n.end]
			if _, to, ok := strings.Cut(dialled, "->"); ok {
				dialled = to
			}
			if a, err := netip.ParseAddrPort(dialled); err == nil {
				e.address = a.String()
			}
		case hostName:
			lookedUp = e.text[n.start:n.end]
		case refName:
			if e.host == "" && i+1 == len(e.names) && hasHostWord(e.text[:n.start]) {
				e.host = hostOf(e.text[n.start:n.end])
			}
		}
	}
	r := e.request
	if e.reference == "" {
		e.reference = r.reference()
	}
	switch {
	case r.host != "":
		e.host = r.host
	case e.host == "":
		e.host = hostInWords(e.text)
	}
	if e.stage == "" {
		e.stage = r.stage()
	}
	e.mirrorOf = r.ns
	e.role = e.roleOf(r)
	named := e.host != ""
	switch {
	case e.has(asProxy): // of a proxy that refused, the text does not show the name
		e.host, e.role = "", RoleProxy
		if strings.Contains(e.text, "proxyconnect") {
			e.host = cmp.Or(dialled, lookedUp)
		}
	case named, r.ns != "":
	case lookedUp != "":
		e.host, e.role = lookedUp, RoleRegistry
	case e.has(asLookup):
		e.host, e.role = dialled, RoleResolver
	case e.stage == StageResolve:
		e.host = dialled
	default: // an address, of whatever part
		e.host, e.role = dialled, ""
	}
	if e.host = strings.ToLower(strings.TrimLeft(e.host, ":")); !isHost(e.host) {
		e.host = ""
	}
	if e.host == "" && e.role != RoleProxy && e.mirrorOf == "" {
		e.role = ""
	}
}

// has tells whether a wording of that rank was found.
func (e *element) has(r rank) bool {
	for _, m := range e.marks {
		if m.group.rank == r {
			return true
		}
	}
	return false
}

// parseURL keeps scheme, host and path. User info, query and fragment go: they
// can hold credentials and signatures.
func parseURL(s string) request {
	if strings.ContainsAny(s, " \n") {
		s = strings.ReplaceAll(strings.ReplaceAll(s, "\n", ""), " ", "")
	}
	if scheme, rest, ok := strings.Cut(s, ":/"); ok && !strings.HasPrefix(rest, "/") && strings.HasPrefix(scheme, "http") {
		s = scheme + "://" + rest
	}
	var r request
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		rest = "/" + s
	} else {
		r.scheme = strings.ToLower(scheme)
	}
	rest, _, _ = strings.Cut(rest, "#")
	rest, query, _ := strings.Cut(rest, "?")
	if ok {
		slash := strings.IndexByte(rest, '/')
		if slash < 0 {
			slash = len(rest)
		}
		r.host, r.path = rest[:slash], rest[slash:]
		if at := strings.LastIndexByte(r.host, '@'); at >= 0 {
			r.host = r.host[at+1:]
		}
	} else {
		r.path = rest
	}
	for query != "" {
		var pair string
		pair, query, _ = strings.Cut(query, "&")
		if ns, ok := strings.CutPrefix(pair, "ns="); ok {
			r.ns = strings.ReplaceAll(strings.ReplaceAll(ns, "%3A", ":"), "%3a", ":")
		}
	}
	return r
}

var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH"}

// reference is the image that a request to a registry's API names.
func (r request) reference() string {
	host := cmp.Or(r.ns, r.host)
	rest, ok := strings.CutPrefix(r.path, "/v2/")
	if !ok || host == "" || strings.IndexByte(rest, '=') >= 0 {
		return ""
	}
	if host == "registry-1.docker.io" || host == "index.docker.io" {
		host = "docker.io"
	}
	if repository, tag, ok := strings.Cut(rest, "/manifests/"); ok && tag != "" {
		return joinTag(host+"/"+repository, tag)
	}
	if repository, _, ok := strings.Cut(rest, "/blobs/"); ok {
		return host + "/" + repository
	}
	return ""
}

// stage is the step of a pull that asks so.
func (r request) stage() Stage {
	switch {
	case r.path == "":
		return ""
	case r.isToken():
		return StageAuthorize
	case strings.Contains(r.path, "/blobs/"), isBlobStore(r.host):
		return StageFetch
	}
	return StageResolve
}

// methodBefore reads the verb before a URL: `Get "`, `from HEAD request to `.
func methodBefore(before string) string {
	before = strings.TrimRight(before, " \n\"'`[")
	before = strings.TrimSuffix(before, " request to")
	for _, m := range methods {
		if n := len(before) - len(m); n >= 0 && strings.EqualFold(before[n:], m) && (n == 0 || !isAlnum(before[n-1])) {
			return m
		}
	}
	return ""
}

// isRequest tells a request's URL from one that a text only mentions, such as
// a link to documentation.
func (r request) isRequest(before string) bool {
	if strings.HasPrefix(r.scheme, "http+") || r.scheme != "http" && r.scheme != "https" && r.scheme != "" {
		return false
	}
	return r.method != "" || strings.HasPrefix(r.path, "/v2/") || strings.HasPrefix(r.path, "/v1/") ||
		strings.HasSuffix(before, "status code ") || strings.HasSuffix(before, "fetching ") || strings.HasSuffix(before, "request to ")
}

// roleOf tells what part the host of a request plays.
func (e *element) roleOf(r request) Role {
	switch {
	case r.ns != "":
		return RoleMirror
	case r.host == "":
		if e.stage == StageAuthorize {
			return RoleTokenService
		}
		return RoleRegistry
	case r.isToken():
		return RoleTokenService
	case strings.HasPrefix(r.path, "/v2/") && !isBlobStore(r.host):
		if e.otherHost(r.host) {
			return RoleMirror
		}
		return RoleRegistry
	case strings.HasPrefix(r.path, "/v1/"):
		return RoleRegistry
	case isBlobStore(r.host), e.stage == StageFetch:
		return RoleBlobStore
	case e.stage == StageAuthorize:
		return RoleTokenService
	}
	return RoleRegistry
}

// isToken tells a token service by its usual paths.
func (r request) isToken() bool {
	if strings.Contains(r.path, "/manifests/") || strings.Contains(r.path, "/blobs/") {
		return false
	}
	for _, end := range []string{"/token", "/auth", "/token/", "/auth/", "/jwt/auth", "/tokens", "/openid-connect/token"} {
		if strings.HasSuffix(r.path, end) {
			return true
		}
	}
	return strings.HasPrefix(r.host, "auth.")
}

// blobStores are parts of hosts to which registries send for layers.
var blobStores = []string{
	"cloudfront.net", ".s3.", "s3-", ".s3-", "s3.", "storage.googleapis.com", ".blob.core.windows.net", "blob.storage.",
	"cloudflare.docker.com", "cloudflare-docker.com", "r2.cloudflarestorage.com", "pkg-containers.githubusercontent.com",
	"docker-images-prod", "cdn0", "cdn.quay.io", "data.mcr.microsoft.com", ".data.azurecr.io", "objectstorage.", "prod-registry-k8s-io",
}

func isBlobStore(host string) bool {
	for _, part := range blobStores {
		if strings.Contains(host, part) {
			return true
		}
	}
	return false
}

// otherHost tells that a registry's API was asked on another host than the one
// in the reference: a mirror that was configured by hand. Docker Hub's own
// names, and the registries to which registry.k8s.io redirects, are none.
func (e *element) otherHost(host string) bool {
	want := hostOf(e.reference)
	if want == "" || want == host {
		return false
	}
	if want == "docker.io" || want == "index.docker.io" || want == "registry.hub.docker.com" {
		return !strings.HasSuffix(host, "docker.io") && !strings.HasSuffix(host, "docker.com")
	}
	redirects := strings.HasSuffix(host, ".pkg.dev") || strings.HasSuffix(host, ".azurecr.io") || strings.HasSuffix(host, ".amazonaws.com") ||
		strings.HasSuffix(host, ".quay.io") || strings.HasPrefix(want, "<") || strings.ContainsAny(want+host, "*<X")
	return !redirects
}

// hostWords are wordings after which a bare host stands.
var hostWords = []string{"pulling from host ", "pinging container registry ", "pinging docker registry ", "error pinging ", "registry endpoint ", "host="}

func hostInWords(text string) string {
	for _, w := range hostWords {
		i := strings.Index(text, w)
		if i < 0 {
			continue
		}
		rest := text[i+len(w):]
		if end := strings.IndexAny(rest, " \n\""); end >= 0 {
			rest = rest[:end]
		}
		host, _, _ := strings.Cut(trimEnd(rest), "/")
		if isHost(host) && strings.ContainsAny(host, ".:") {
			return host
		}
	}
	return ""
}

func hasHostWord(before string) bool {
	for _, w := range hostWords {
		if strings.HasSuffix(before, w) {
			return true
		}
	}
	return false
}
