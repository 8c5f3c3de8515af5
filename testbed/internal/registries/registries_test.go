// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registries

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	storage "github.com/google/go-containerregistry/pkg/registry"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/pullmedic/pullmedic/testbed/internal/layout"
)

// bench is all registries of layout, served on loopback ports.
type bench struct {
	admin  *Client
	client *http.Client // resolves every registry's names to its port
	digest string       // of every image's manifest
	layer  string       // digest of its layer
}

// stored are the images that the bench holds, all the same one.
var stored = []string{
	"docker.io/acme/app:1", "docker.io/acme/private:1", "ghcr.io/acme/tool:1", "ghcr.io/acme/private:1",
	ECR + "/acme/ledger:1", ACR + "/acme/app:1", "harbor.acme.example/acme/app:1", "harbor.acme.example/other/app:1",
	Plain + "/acme/app:1", Quiet + "/acme/app:1",
}

func newBench(t *testing.T) *bench {
	t.Helper()
	backend := httptest.NewServer(storage.New(storage.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(backend.Close)
	backendURL, err := url.Parse(backend.URL)
	if err != nil {
		t.Fatal(err)
	}
	image, err := random.Image(4096, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range stored {
		reference, err := name.ParseReference(backendURL.Host + "/" + path)
		if err != nil {
			t.Fatal(err)
		}
		if err := remote.Write(reference, image); err != nil {
			t.Fatal(err)
		}
	}
	digest, err := image.Digest()
	if err != nil {
		t.Fatal(err)
	}
	layers, err := image.Layers()
	if err != nil {
		t.Fatal(err)
	}
	layer, err := layers[0].Digest()
	if err != nil {
		t.Fatal(err)
	}

	served := append([]layout.Registry{}, layout.Registries...)
	addresses := map[string]string{} // by DNS name
	for i := range served {
		// Each an address of its own: on 127.0.0.1 a port that is free now may be
		// that of somebody's connection a moment later.
		served[i].Addr, served[i].BlobAddr = fmt.Sprintf("127.0.77.%d", i+1), ""
		served[i].Port = freePort(t, served[i].Addr)
		for _, name := range served[i].Names {
			addresses[name] = net.JoinHostPort(served[i].Addr, strconv.Itoa(served[i].Port))
		}
	}
	certificate, pool := selfSigned(t)
	b := &bench{
		digest: digest.String(),
		layer:  layer.String(),
	}
	socket := filepath.Join(t.TempDir(), "admin.sock")
	b.admin = NewClient(socket)
	b.client = &http.Client{
		Timeout:       time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: pool},
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				host, _, _ := net.SplitHostPort(address)
				var dialer net.Dialer
				return dialer.DialContext(ctx, network, addresses[host])
			},
			DisableKeepAlives: true,
		},
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended, ready := make(chan error, 1), make(chan struct{})
	go func() {
		ended <- Serve(ctx, Config{
			Registries:  served,
			Policies:    Policies(),
			Certificate: func(layout.Registry, string) (tls.Certificate, error) { return certificate, nil },
			Storage:     toHost{backendURL.Host},
			AdminSocket: socket,
		}, func() { close(ready) })
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Serve ended with %v, want nil", err)
		}
	})
	select {
	case <-ready:
	case err := <-ended:
		ended <- nil
		t.Fatal(err)
	}
	return b
}

// toHost sends every request to one host.
type toHost struct{ host string }

func (h toHost) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Host = h.host
	return (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
}

func freePort(t *testing.T, host string) int {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

func selfSigned(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	for _, registry := range layout.Registries {
		template.DNSNames = append(template.DNSNames, registry.Names...)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(certificate)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// ask sends a request; edit may change it.
func (b *bench) ask(t *testing.T, method, address string, edit func(*http.Request)) (*http.Response, string, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", "application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json")
	if edit != nil {
		edit(request)
	}
	answer, err := b.client.Do(request)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	return answer, string(text), err
}

// token asks the token service for a token with that scope.
func (b *bench) token(t *testing.T, realm, service, repository, user, password string) (int, string, string) {
	t.Helper()
	query := url.Values{"service": {service}, "scope": {"repository:" + repository + ":pull"}}
	answer, text, err := b.ask(t, http.MethodGet, realm+"?"+query.Encode(), func(r *http.Request) {
		if user != "" {
			r.SetBasicAuth(user, password)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(text, `"access_token":"`)
	token, _, _ := strings.Cut(rest, `"`)
	return answer.StatusCode, token, text
}

func basic(user, password string) func(*http.Request) {
	return func(r *http.Request) { r.SetBasicAuth(user, password) }
}

func TestRegistriesSpeakAsTheRealOnes(t *testing.T) {
	b := newBench(t)
	harbor, acr := AccountOf(Harbor), AccountOf(ACR)
	_, acrToken, _ := b.token(t, "https://acme.azurecr.io/oauth2/token", "acme.azurecr.io", "acme/app", acr.User, acr.Password)
	hour := time.Hour
	for name, c := range map[string]struct {
		method, url string
		edit        func(*http.Request)
		status      int
		body        string // part of it
		challenge   string // part of Www-Authenticate
	}{
		"an open registry names a missing tag": {
			url: "https://registry.acme.example/v2/acme/app/manifests/9", status: 404, body: "MANIFEST_UNKNOWN",
		},
		"an open registry serves what is there": {
			url: "https://registry.acme.example/v2/acme/app/manifests/1", status: 200, body: "layers",
		},
		"an open registry lists tags under the registry's own name": {
			url: "https://registry.acme.example/v2/acme/app/tags/list", status: 200, body: `"name":"acme/app"`,
		},
		"a quiet registry lists no tags": {
			url: "https://quiet.acme.example/v2/acme/app/tags/list", status: 405, body: "UNSUPPORTED",
		},
		"a ping to Docker Hub challenges without a scope": {
			url: "https://registry-1.docker.io/v2/", status: 401, challenge: `Bearer realm="https://auth.docker.io/token",service="registry.docker.io"`,
		},
		"Docker Hub challenges with the repository": {
			url: "https://registry-1.docker.io/v2/acme/app/manifests/1", status: 401, body: "UNAUTHORIZED", challenge: `scope="repository:acme/app:pull"`,
		},
		"docker.io itself is a web site": {
			url: "https://docker.io/v2/", status: 301,
		},
		"a token that nobody signed is called invalid": {
			url: "https://registry-1.docker.io/v2/acme/app/manifests/1", status: 401, challenge: `error="invalid_token"`,
			edit: func(r *http.Request) { r.Header.Set("Authorization", "Bearer a.b.c") },
		},
		"ECR asks for basic authentication": {
			url: "https://" + ECR + "/v2/acme/ledger/manifests/1", status: 401, body: "Not Authorized", challenge: `service="ecr.amazonaws.com"`,
		},
		"ECR takes a password that still holds": {
			url: "https://" + ECR + "/v2/acme/ledger/manifests/1", status: 200, edit: basic("AWS", ECRPassword(time.Now().Add(hour), "1")),
		},
		"ECR says that a password is over, and challenges no more": {
			url: "https://" + ECR + "/v2/acme/ledger/manifests/1", status: 403, body: "Your authorization token has expired. Reauthenticate and try again.",
			edit: basic("AWS", ECRPassword(time.Now().Add(-hour), "2")),
		},
		"ECR names a missing repository": {
			url: "https://" + ECR + "/v2/acme/nothing/manifests/1", status: 404, body: "NAME_UNKNOWN", edit: basic("AWS", ECRPassword(time.Now().Add(hour), "3")),
		},
		"ECR names a missing tag": {
			url: "https://" + ECR + "/v2/acme/ledger/manifests/9", status: 404, body: "MANIFEST_UNKNOWN", edit: basic("AWS", ECRPassword(time.Now().Add(hour), "4")),
		},
		"Harbor asks for a login whatever is asked for": {
			url: "https://harbor.acme.example:8443/v2/acme/nothing/manifests/1", status: 401, body: "UNAUTHORIZED", challenge: "Basic",
		},
		"Harbor refuses a wrong password": {
			url: "https://harbor.acme.example:8443/v2/", status: 401, edit: basic(harbor.User, "wrong"),
		},
		"Harbor has words of its own for a missing tag": {
			url: "https://harbor.acme.example:8443/v2/acme/app/manifests/9", status: 404, body: "artifact acme/app:9 not found", edit: basic(harbor.User, harbor.Password),
		},
		"Harbor hides another project": {
			url: "https://harbor.acme.example:8443/v2/other/app/manifests/1", status: 401, body: "unauthorized to access repository: other/app", edit: basic(harbor.User, harbor.Password),
		},
		"ACR serves what its token grants": {
			url: "https://acme.azurecr.io/v2/acme/app/manifests/1", status: 200,
			edit: func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+acrToken) },
		},
		"a HEAD is refused without a body": {
			method: http.MethodHead, url: "https://" + ECR + "/v2/acme/ledger/manifests/1", status: 401,
		},
		"nothing is written through a front": {
			method: http.MethodPut, url: "https://registry.acme.example/v2/acme/app/manifests/1", status: 405,
		},
		"outside /v2/ there is nothing": {
			url: "https://registry.acme.example/metrics", status: 404,
		},
	} {
		t.Run(name, func(t *testing.T) {
			if c.method == "" {
				c.method = http.MethodGet
			}
			answer, body, err := b.ask(t, c.method, c.url, c.edit)
			if err != nil {
				t.Fatal(err)
			}
			challenge := answer.Header.Get("Www-Authenticate")
			if answer.StatusCode != c.status || !strings.Contains(body, c.body) || !strings.Contains(challenge, c.challenge) {
				t.Errorf("%s %s\n got %d %q, challenge %q\nwant %d %q, challenge %q", c.method, c.url, answer.StatusCode, body, challenge, c.status, c.body, c.challenge)
			}
			if c.status == 403 && challenge != "" {
				t.Errorf("a 403 came with the challenge %q", challenge)
			}
			if !strings.Contains(fmt.Sprint(answer.Header), Canary) {
				t.Error("no header carries the canary")
			}
		})
	}
}

func TestTokenServices(t *testing.T) {
	b := newBench(t)
	hub, github := AccountOf(Hub), AccountOf(GitHub)
	const (
		hubRealm    = "https://auth.docker.io/token"
		githubRealm = "https://ghcr.io/token"
		hubManifest = "https://registry-1.docker.io/v2/%s/manifests/1"
		ghManifest  = "https://ghcr.io/v2/%s/manifests/1"
	)
	for name, c := range map[string]struct {
		realm, service, repository, user, password string
		tokenStatus                                int
		tokenBody                                  string
		manifest                                   string
		status                                     int
		challenge                                  string
	}{
		"anybody gets a public image of Docker Hub": {
			realm: hubRealm, service: "registry.docker.io", repository: "acme/app", tokenStatus: 200, manifest: hubManifest, status: 200,
		},
		"Docker Hub gives a token that grants nothing for a private image": {
			realm: hubRealm, service: "registry.docker.io", repository: "acme/private", tokenStatus: 200, manifest: hubManifest, status: 401, challenge: `error="insufficient_scope"`,
		},
		"Docker Hub hides an absent image in the same way": {
			realm: hubRealm, service: "registry.docker.io", repository: "acme/absent", tokenStatus: 200, manifest: hubManifest, status: 401, challenge: `error="insufficient_scope"`,
		},
		"who owns the namespace is told that an image is absent": {
			realm: hubRealm, service: "registry.docker.io", repository: "acme/absent", user: hub.User, password: hub.Password, tokenStatus: 200, manifest: hubManifest, status: 404,
		},
		"who owns the namespace gets the private image": {
			realm: hubRealm, service: "registry.docker.io", repository: "acme/private", user: hub.User, password: hub.Password, tokenStatus: 200, manifest: hubManifest, status: 200,
		},
		"Docker Hub refuses a wrong password at the token service": {
			realm: hubRealm, service: "registry.docker.io", repository: "acme/app", user: hub.User, password: "wrong", tokenStatus: 401, tokenBody: "incorrect username or password",
		},
		"GHCR refuses an anonymous token for a private image": {
			realm: githubRealm, service: "ghcr.io", repository: "acme/private", tokenStatus: 403, tokenBody: "DENIED",
		},
		"GHCR refuses an anonymous token for an absent image": {
			realm: githubRealm, service: "ghcr.io", repository: "acme/absent", tokenStatus: 403, tokenBody: "DENIED",
		},
		"GHCR refuses a wrong password even for a public image": {
			realm: githubRealm, service: "ghcr.io", repository: "acme/tool", user: github.User, password: "wrong", tokenStatus: 403, tokenBody: `"message":"denied"`,
		},
		"GHCR gives the private image to its owner": {
			realm: githubRealm, service: "ghcr.io", repository: "acme/private", user: github.User, password: github.Password, tokenStatus: 200, manifest: ghManifest, status: 200,
		},
	} {
		t.Run(name, func(t *testing.T) {
			status, token, text := b.token(t, c.realm, c.service, c.repository, c.user, c.password)
			if status != c.tokenStatus || !strings.Contains(text, c.tokenBody) {
				t.Fatalf("the token service answered %d %q, want %d %q", status, text, c.tokenStatus, c.tokenBody)
			}
			if c.manifest == "" {
				return
			}
			answer, body, err := b.ask(t, http.MethodGet, fmt.Sprintf(c.manifest, c.repository), func(r *http.Request) {
				r.Header.Set("Authorization", "Bearer "+token)
			})
			if err != nil {
				t.Fatal(err)
			}
			challenge := answer.Header.Get("Www-Authenticate")
			if answer.StatusCode != c.status || !strings.Contains(challenge, c.challenge) {
				t.Errorf("the manifest: %d %q, challenge %q; want %d, challenge %q", answer.StatusCode, body, challenge, c.status, c.challenge)
			}
		})
	}
}

func TestPasswordInAForm(t *testing.T) {
	b := newBench(t)
	hub := AccountOf(Hub)
	for address, want := range map[string]int{
		"https://auth.docker.io/token":         200,
		"https://ghcr.io/token":                405,
		"https://acme.azurecr.io/oauth2/token": 400,
	} {
		form := url.Values{"grant_type": {"password"}, "username": {hub.User}, "password": {hub.Password}, "service": {"registry.docker.io"}, "scope": {"repository:acme/private:pull"}}
		answer, err := b.client.PostForm(address, form)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("POST %s: %d, want %d", address, answer.StatusCode, want)
		}
	}
}

func TestDockerHubRedirectsBlobs(t *testing.T) {
	b := newBench(t)
	_, token, _ := b.token(t, "https://auth.docker.io/token", "registry.docker.io", "acme/app", "", "")
	bearer := func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
	answer, _, err := b.ask(t, http.MethodGet, "https://registry-1.docker.io/v2/acme/app/blobs/"+b.layer, bearer)
	if err != nil {
		t.Fatal(err)
	}
	target := answer.Header.Get("Location")
	if answer.StatusCode != http.StatusTemporaryRedirect || !strings.HasPrefix(target, "https://production.cloudflare.docker.com/") {
		t.Fatalf("got %d to %q, want 307 to the blob host", answer.StatusCode, target)
	}
	if answer, body, err := b.ask(t, http.MethodGet, target, nil); err != nil || answer.StatusCode != http.StatusOK || len(body) == 0 {
		t.Errorf("the blob host answered %v, %d bytes, %v; want 200", answer, len(body), err)
	}
	if answer, _, err := b.ask(t, http.MethodGet, target, bearer); err != nil || answer.StatusCode != http.StatusForbidden {
		t.Errorf("the blob host answered %v, %v to a forwarded token; want 403", answer, err)
	}
	if answer, _, err := b.ask(t, http.MethodGet, "https://registry-1.docker.io/v2/acme/app/blobs/sha256:"+strings.Repeat("0", 64), bearer); err != nil || answer.StatusCode != http.StatusNotFound {
		t.Errorf("an absent blob: %v, %v; want 404", answer, err)
	}
}
