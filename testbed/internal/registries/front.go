// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registries

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pullmedic/pullmedic/testbed/internal/layout"
)

// front is what a registry's clients talk to.
type front struct {
	world    *world
	registry layout.Registry
	policy   Policy
	words    words
	realm    *url.URL // nil without a token service
	proxy    *httputil.ReverseProxy

	mu     sync.Mutex
	pulled map[string]int // manifests got, by address, for Docker Hub's header
}

func newFront(w *world, registry layout.Registry) *front {
	f := &front{
		world:    w,
		registry: registry,
		policy:   w.config.Policies[registry.Name],
		words:    wordsOf(registry.Style),
		pulled:   map[string]int{},
	}
	if realm, err := url.Parse(registry.Realm); err == nil && registry.Realm != "" {
		f.realm = realm
	}
	f.proxy = newProxy(f)
	return f
}

// ServeHTTP logs the request, lets the rules break it, and answers the rest.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	who := f.identify(r)
	entry := Request{
		Time: time.Now(), From: remoteIP(r), Registry: f.registry.Name, Host: hostname(r.Host),
		Method: r.Method, Path: r.URL.Path, Credential: who.kind, Mark: who.mark, Rejected: who.rejected,
	}
	seen := &seenWriter{ResponseWriter: w}
	seen.first = func(status int) {
		entry.Status, entry.Took = status, Duration(time.Since(entry.Time))
		f.world.log.add(entry)
	}
	defer seen.see(0) // when an effect drops the request

	asked := asked{
		registry: f.registry.Name, host: entry.Host, repository: parsePath(r.URL.Path).repository,
		method: r.Method, path: r.URL.Path, from: entry.From,
	}
	w = seen
	w.Header().Set("X-Request-Id", Canary+"-header-5eed")
	if rule, ok := f.world.rules.find(asked, false); ok {
		entry.Rule = rule.ID
		if w = rule.Effect.apply(w, r); w == nil {
			return
		}
	}

	switch path := parsePath(r.URL.Path); {
	case f.realm != nil && entry.Host == f.realm.Hostname() && r.URL.Path == f.realm.Path:
		f.serveToken(w, r, who)
	case f.registry.BlobHost != "" && entry.Host == f.registry.BlobHost:
		f.serveSignedBlob(w, r)
	case f.registry.Style == layout.DockerHub && entry.Host == "docker.io":
		// The name that images have; it serves a web site and no registry.
		http.Redirect(w, r, "https://www.docker.com/", http.StatusMovedPermanently)
	case !path.api:
		http.NotFound(w, r)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		reply{status: 405, code: "UNSUPPORTED", message: "The operation is unsupported."}.write(w, r)
	default:
		f.serveAPI(w, r, path, who)
	}
}

// serveAPI answers below /v2/.
func (f *front) serveAPI(w http.ResponseWriter, r *http.Request, path apiPath, who identity) {
	w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
	if !f.admit(w, r, path, who) {
		return
	}
	switch {
	case path.repository == "":
		if r.URL.Path != "/v2/" && r.URL.Path != "/v2" { // the catalogue and the like: closed everywhere
			f.words.noLogin.write(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_, _ = w.Write([]byte("{}"))
		return
	case path.kind == "tags" && f.registry.Behaviour == layout.Quiet:
		reply{status: 405, code: "UNSUPPORTED", message: "The operation is unsupported."}.write(w, r)
		return
	case path.kind == "blobs" && f.registry.BlobHost != "":
		f.redirectBlob(w, r, path)
		return
	case path.kind == "manifests" && f.registry.Style == layout.DockerHub:
		f.countPull(w, r, who)
	}
	f.proxy.ServeHTTP(w, r)
}

// countPull sets Docker Hub's headers. Only GET counts, as there; the count
// never ends a pull by itself, a rule does.
func (f *front) countPull(w http.ResponseWriter, r *http.Request, who identity) {
	if who.subject != "" { // a paying account has no limit and no header
		return
	}
	from := remoteIP(r)
	f.mu.Lock()
	if r.Method == http.MethodGet {
		f.pulled[from]++
	}
	left := max(100-f.pulled[from], 1)
	f.mu.Unlock()
	w.Header().Set("Ratelimit-Limit", "100;w=21600")
	w.Header().Set("Ratelimit-Remaining", fmt.Sprintf("%d;w=21600", left))
	w.Header().Set("Docker-Ratelimit-Source", from)
}

// redirectBlob sends a client to the blob host with a signed URL, as Docker Hub
// does, once it is known that the blob is there.
func (f *front) redirectBlob(w http.ResponseWriter, r *http.Request, path apiPath) {
	if !f.world.store.has(r.Context(), f.storagePath(r.URL.Path)) {
		reply{status: 404, code: "BLOB_UNKNOWN", message: "blob unknown to registry", detail: path.reference}.write(w, r)
		return
	}
	target := url.URL{
		Scheme: "https", Host: f.registry.BlobHost, Path: r.URL.Path,
		RawQuery: url.Values{"expires": {"1"}, "signature": {blobSignature}}.Encode(),
	}
	w.Header().Set("Location", target.String())
	w.WriteHeader(http.StatusTemporaryRedirect)
}

// blobSignature stands for the signature of a signed URL.
const blobSignature = Canary + "-signed-url-77ad"

// serveSignedBlob answers on the blob host. As a real one it refuses a request
// that carries an Authorization header beside the signature.
func (f *front) serveSignedBlob(w http.ResponseWriter, r *http.Request) {
	if path := parsePath(r.URL.Path); path.kind != "blobs" || r.URL.Query().Get("signature") != blobSignature || r.Header.Get("Authorization") != "" {
		http.Error(w, "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>", http.StatusForbidden)
		return
	}
	f.proxy.ServeHTTP(w, r)
}

// An apiPath is a path below /v2/ in parts.
type apiPath struct {
	api        bool
	repository string
	kind       string // manifests, blobs or tags
	reference  string // tag, digest, or list
}

// parsePath takes /v2/NAME/KIND/REFERENCE apart, where NAME has slashes of its
// own.
func parsePath(path string) apiPath {
	rest, ok := strings.CutPrefix(path, "/v2")
	if !ok || rest != "" && rest[0] != '/' {
		return apiPath{}
	}
	parts := strings.Split(strings.TrimPrefix(rest, "/"), "/")
	if n := len(parts); n >= 3 && slices.Contains([]string{"manifests", "blobs", "tags"}, parts[n-2]) {
		return apiPath{api: true, repository: strings.Join(parts[:n-2], "/"), kind: parts[n-2], reference: parts[n-1]}
	}
	return apiPath{api: true}
}

func remoteIP(r *http.Request) string {
	ip, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return ip
}

// hostname is a Host header without its port.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return host
}

// seenWriter tells the status before anybody can see it: who has an answer finds
// it in the log.
type seenWriter struct {
	http.ResponseWriter
	first func(status int) // called once
}

func (s *seenWriter) see(status int) {
	if s.first != nil {
		s.first(status)
		s.first = nil
	}
}

// WriteHeader tells the first final status.
func (s *seenWriter) WriteHeader(status int) {
	if status >= 200 {
		s.see(status)
	}
	s.ResponseWriter.WriteHeader(status)
}

// Write is WriteHeader's 200 if none came before.
func (s *seenWriter) Write(p []byte) (int, error) {
	s.see(http.StatusOK)
	return s.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController find the writer below.
func (s *seenWriter) Unwrap() http.ResponseWriter { return s.ResponseWriter }
