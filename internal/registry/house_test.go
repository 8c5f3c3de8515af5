// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	ggcr "github.com/google/go-containerregistry/pkg/registry"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// house is a network of named hosts on loopback with an authority of its own.
type house struct {
	t       testing.TB
	ca      *x509.Certificate
	caKey   *ecdsa.PrivateKey
	pool    *x509.CertPool
	connect map[string]string

	mu   sync.Mutex
	seen []request
}

// request is what a host of the house was asked.
type request struct{ method, host, path, query, authorization, form string }

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{t: t, pool: x509.NewCertPool(), connect: map[string]string{}}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	h.caKey = key
	h.ca = h.sign(&x509.Certificate{Subject: pkix.Name{CommonName: "house"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, &key.PublicKey)
	h.pool.AddCert(h.ca)
	return h
}

func (h *house) sign(c *x509.Certificate, key *ecdsa.PublicKey) *x509.Certificate {
	h.t.Helper()
	c.SerialNumber = big.NewInt(time.Now().UnixNano())
	if c.NotAfter.IsZero() {
		c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	}
	parent := h.ca
	if parent == nil {
		parent = c
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, key, h.caKey)
	if err != nil {
		h.t.Fatal(err)
	}
	signed, err := x509.ParseCertificate(der)
	if err != nil {
		h.t.Fatal(err)
	}
	return signed
}

// certificate returns one for a host, changed by alter.
func (h *house) certificate(host string, alter func(*x509.Certificate)) tls.Certificate {
	h.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		h.t.Fatal(err)
	}
	c := &x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, KeyUsage: x509.KeyUsageDigitalSignature}
	if ip := net.ParseIP(host); ip != nil {
		c.IPAddresses = []net.IP{ip}
	} else {
		c.DNSNames = []string{host}
	}
	if alter != nil {
		alter(c)
	}
	return tls.Certificate{Certificate: [][]byte{h.sign(c, &key.PublicKey).Raw}, PrivateKey: key}
}

// serve makes a handler answer at a name (with or without a port) over TLS.
func (h *house) serve(host string, handler http.Handler, alter ...func(*httptest.Server)) *httptest.Server {
	h.t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen := request{method: r.Method, host: host, path: r.URL.Path, query: r.URL.RawQuery, authorization: r.Header.Get("Authorization")}
		if r.Method == http.MethodPost {
			body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<16))
			seen.form = string(body)
			r.Body = io.NopCloser(strings.NewReader(seen.form))
		}
		h.mu.Lock()
		h.seen = append(h.seen, seen)
		h.mu.Unlock()
		handler.ServeHTTP(w, r)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	hostname, port := splitHost(host)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{h.certificate(hostname, nil)}, MinVersion: tls.VersionTLS12}
	for _, a := range alter {
		a(server)
	}
	server.StartTLS()
	h.t.Cleanup(server.Close)
	h.connect[net.JoinHostPort(hostname, port)] = server.Listener.Addr().String()
	return server
}

// prober returns one that finds the house's hosts.
func (h *house) prober(alter ...func(*Options)) *Prober {
	h.t.Helper()
	o := Options{
		Probe: Credentials, RootCAs: h.pool, AllowLoopback: true, ConnectTo: h.connect, Timeout: time.Minute, StepTimeout: time.Minute,
		Proxy: func(*url.URL) (*url.URL, error) { return nil, nil },
	}
	for _, a := range alter {
		a(&o)
	}
	p := New(o)
	h.t.Cleanup(p.Close)
	return p
}

// asked returns the requests so far whose method and path begin so.
func (h *house) asked(host, start string) []request {
	h.mu.Lock()
	defer h.mu.Unlock()
	var found []request
	for _, r := range h.seen {
		if (host == "" || r.host == host) && strings.HasPrefix(r.method+" "+r.path, start) {
			found = append(found, r)
		}
	}
	return found
}

// shelf is a real registry and the images that were pushed to it.
type shelf struct {
	t       testing.TB
	handler http.Handler
	plain   *httptest.Server // for pushing
}

func newShelf(t testing.TB) *shelf {
	t.Helper()
	s := &shelf{t: t, handler: ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0)))}
	s.plain = httptest.NewServer(s.handler)
	t.Cleanup(s.plain.Close)
	return s
}

func (s *shelf) reference(image string) name.Reference {
	s.t.Helper()
	ref, err := name.ParseReference(strings.TrimPrefix(s.plain.URL, "http://")+"/"+image, name.Insecure)
	if err != nil {
		s.t.Fatal(err)
	}
	return ref
}

// image makes an image for a platform.
func (s *shelf) image(os, arch string) v1.Image {
	s.t.Helper()
	image, err := random.Image(600, 3)
	if err != nil {
		s.t.Fatal(err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		s.t.Fatal(err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = os, arch
	if image, err = mutate.ConfigFile(image, config); err != nil {
		s.t.Fatal(err)
	}
	return image
}

func (s *shelf) push(at string, image v1.Image) v1.Image {
	s.t.Helper()
	if err := remote.Write(s.reference(at), image); err != nil {
		s.t.Fatal(err)
	}
	return image
}

// index pushes an index of one image for each platform os/arch; of "?os/arch"
// the index does not say the platform.
func (s *shelf) index(at string, platforms ...string) v1.ImageIndex {
	s.t.Helper()
	var index v1.ImageIndex = empty.Index
	for _, p := range platforms {
		p, open := strings.CutPrefix(p, "?")
		os, arch, _ := strings.Cut(p, "/")
		said := v1.Descriptor{Platform: &v1.Platform{OS: os, Architecture: arch}}
		if open {
			said.Platform = nil
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: s.image(os, arch), Descriptor: said})
	}
	if err := remote.WriteIndex(s.reference(at), index); err != nil {
		s.t.Fatal(err)
	}
	return index
}

func digest(t testing.TB, of interface{ Digest() (v1.Hash, error) }) string {
	t.Helper()
	hash, err := of.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return hash.String()
}

// fault answers what it matches, and leaves the rest to the registry.
type fault func(w http.ResponseWriter, r *http.Request) (answered bool)

func with(next http.Handler, faults ...fault) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, f := range faults {
			if f(w, r) {
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// on answers requests whose method ("" for any) and path begin so.
func on(method, path string, status int, body string, headers ...string) fault {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if method != "" && r.Method != method || !strings.HasPrefix(r.URL.Path, path) {
			return false
		}
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		if r.Method != http.MethodHead {
			_, _ = io.WriteString(w, body)
		}
		return true
	}
}

func body(code, message string) string {
	text, _ := json.Marshal(map[string]any{"errors": []any{map[string]string{"code": code, "message": message}}})
	return string(text)
}

// basic lets in who has one of the logins "user:password".
func basic(logins ...string) fault {
	return func(w http.ResponseWriter, r *http.Request) bool {
		user, password, ok := r.BasicAuth()
		for _, l := range logins {
			if ok && l == user+":"+password {
				return false
			}
		}
		w.Header().Set("Www-Authenticate", `Basic realm="registry"`)
		w.WriteHeader(http.StatusUnauthorized)
		if r.Method != http.MethodHead {
			_, _ = io.WriteString(w, body("UNAUTHORIZED", "authentication required"))
		}
		return true
	}
}

// tokens is a token service and the check of its tokens. grant says who ("" for
// anonymous) may pull from a repository; refuse lets the service itself refuse
// what is not granted, with that status, instead of giving an empty token.
type tokens struct {
	realm   string
	service string
	logins  []string // "user:password"
	grant   func(user, repository string) bool
	refuse  int
	noGet   bool
	opaque  bool
}

// registry asks for a token and looks at it.
func (k tokens) registry(w http.ResponseWriter, r *http.Request) bool {
	repository := ""
	if rest, ok := strings.CutPrefix(r.URL.Path, "/v2/"); ok {
		for _, kind := range []string{"/manifests/", "/blobs/", "/tags/"} {
			if i := strings.Index(rest, kind); i >= 0 {
				repository = rest[:i]
			}
		}
	}
	granted, isToken := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if isToken {
		parts := strings.Split(granted, ".")
		claims, _ := base64.RawURLEncoding.DecodeString(parts[min(1, len(parts)-1)])
		if repository == "" || strings.Contains(string(claims), `"`+repository+`","actions":["pull"]`) || k.opaque && strings.Contains(string(claims), `"`+repository+`"`) {
			return false
		}
	}
	challenge := fmt.Sprintf(`Bearer realm=%q,service=%q`, k.realm, k.service)
	if isToken {
		challenge += `,error="insufficient_scope"`
	}
	w.Header().Set("Www-Authenticate", challenge)
	w.WriteHeader(http.StatusUnauthorized)
	if r.Method != http.MethodHead {
		_, _ = io.WriteString(w, body("UNAUTHORIZED", "authentication required"))
	}
	return true
}

// ServeHTTP is the token service.
func (k tokens) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	user, password, ok := r.BasicAuth()
	scope := r.URL.Query().Get("scope")
	if r.Method == http.MethodPost {
		ok = true
		user, password, scope = r.PostFormValue("username"), r.PostFormValue("password"), r.PostFormValue("scope")
		if r.PostFormValue("grant_type") == "refresh_token" {
			user, password = "<token>", r.PostFormValue("refresh_token")
		}
	} else if k.noGet {
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	if ok {
		good := false
		for _, l := range k.logins {
			good = good || l == user+":"+password
		}
		if !good {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, `{"details":"incorrect username or password"}`)
			return
		}
	}
	repository := strings.TrimSuffix(strings.TrimPrefix(scope, "repository:"), ":pull")
	access := []any{}
	if repository != "" && k.grant(user, repository) {
		access = append(access, map[string]any{"type": "repository", "name": repository, "actions": []string{"pull"}})
	} else if repository != "" && k.refuse != 0 {
		w.WriteHeader(k.refuse)
		_, _ = io.WriteString(w, body("DENIED", "requested access to the resource is denied"))
		return
	}
	claims, _ := json.Marshal(access)
	var token string
	if k.opaque {
		token = base64.RawURLEncoding.EncodeToString(claims)
	} else {
		part := base64.RawURLEncoding.EncodeToString
		token = part([]byte(`{"alg":"none"}`)) + "." + part([]byte(`{"access":`+orderAccess(access)+`}`)) + "." + part([]byte("signature"))
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"token": token, "expires_in": 300})
}

// orderAccess writes the claim with the name right before the actions, as
// registry looks for it.
func orderAccess(access []any) string {
	var all []string
	for _, a := range access {
		m, _ := a.(map[string]any)
		all = append(all, fmt.Sprintf(`{"type":"repository","name":"%s","actions":["pull"]}`, m["name"]))
	}
	return "[" + strings.Join(all, ",") + "]"
}

// credential is one of the kubelet's for a test.
func credential(secret, user, password string) keyring.Credential {
	return keyring.Credential{Username: user, Password: keyring.NewPassword(password), Secret: secret, Key: "key", Empty: user == "" || password == ""}
}

// creds is one credential of secret shop/hub.
func creds(user, password string) []keyring.Credential {
	return []keyring.Credential{credential("shop/hub", user, password)}
}

// reference reads host/repository:tag or host/repository@digest.
func reference(image string) evidence.Reference {
	host, rest, _ := strings.Cut(image, "/")
	if repository, digest, ok := strings.Cut(rest, "@"); ok {
		return evidence.Reference{Host: host, Repository: repository, Digest: digest}
	}
	i := strings.LastIndexByte(rest, ':')
	return evidence.Reference{Host: host, Repository: rest[:i], Tag: rest[i+1:]}
}

func amd64() evidence.Platform { return evidence.Platform{OS: "linux", Arch: "amd64"} }

// outcomes writes findings as "check outcome" lines, and gaps as "check ?".
func outcomes(findings []evidence.Finding, gaps []evidence.Gap) string {
	var all []string
	for _, f := range findings {
		all = append(all, string(f.Check)+" "+string(f.Outcome))
	}
	for _, g := range gaps {
		all = append(all, string(g.Check)+" ?")
	}
	return strings.Join(all, "\n")
}

// lines joins what a test wants to see; the way to a host that answers is one
// word.
func lines(want ...string) string {
	const way = "connect connected\ntls tls-trusted\nping registry-answers"
	return strings.ReplaceAll(strings.Join(want, "\n"), "WAY", way)
}

// find returns the first finding of an outcome.
func find(t *testing.T, findings []evidence.Finding, outcome evidence.Outcome) evidence.Finding {
	t.Helper()
	for _, f := range findings {
		if f.Outcome == outcome {
			return f
		}
	}
	t.Fatalf("no finding %s in\n%s", outcome, outcomes(findings, nil))
	return evidence.Finding{}
}
