// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/trace"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// metadata are addresses that must never be reached, in every spelling.
func metadata() []string {
	return []string{
		"169.254.169.254", "169.254.0.1", "168.63.129.16", "100.100.100.200", "192.0.0.192",
		"fe80::1", "fe80::a9fe:a9fe", "febf::1", "fec0::1", "fd00:ec2::254", "fd20:ce::254",
		"0.0.0.0", "0.1.2.3", "::", "224.0.0.1", "239.255.255.250", "ff02::1", "255.255.255.255", "240.0.0.1",
		"::ffff:169.254.169.254", "::ffff:a9fe:a9fe", "::ffff:168.63.129.16", // IPv4-mapped
		"::169.254.169.254",                                    // IPv4-compatible
		"::ffff:0:169.254.169.254",                             // IPv4-translated
		"64:ff9b::169.254.169.254", "64:ff9b::100.100.100.200", // NAT64
		"64:ff9b:1::169.254.169.254", "64:ff9b:1:a9fe:a9:fe00::", // local NAT64
		"2002:a9fe:a9fe::1",                   // 6to4
		"2001:0:0102:0304:0:0:5601:5601",      // Teredo: ^169.254.169.254
		"fd11::5efe:169.254.169.254",          // ISATAP
		"64:ff9b::127.0.0.1", "2002:7f00:1::", // loopback, disguised
	}
}

func TestForbiddenAddressesInEverySpelling(t *testing.T) {
	for _, address := range metadata() {
		if forbidden(netip.MustParseAddr(address), true) == "" {
			t.Errorf("%s would be dialled", address)
		}
	}
	for _, address := range []string{"127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1"} {
		if forbidden(netip.MustParseAddr(address), false) == "" {
			t.Errorf("%s would be dialled though loopback is not allowed", address)
		}
		if why := forbidden(netip.MustParseAddr(address), true); why != "" {
			t.Errorf("%s is %s though loopback is allowed", address, why)
		}
	}
	for _, address := range []string{"10.0.0.1", "192.168.1.1", "172.16.0.1", "100.64.0.1", "192.0.2.1", "fd12::1", "2001:db8::1", "64:ff9b::10.0.0.1", "2002:0a00:1::1"} {
		if why := forbidden(netip.MustParseAddr(address), false); why != "" {
			t.Errorf("%s is forbidden: %s", address, why)
		}
	}
}

func TestAHostThatIsAForbiddenAddressIsNotDialled(t *testing.T) {
	hosts := []string{"0xa9fea9fe", "2852039166", "0251.0376.0251.0376", "169.254.43518", "0xa9.0xfe.0xa9.0xfe", "127.1", "localhost"}
	for _, address := range metadata() {
		if strings.Contains(address, ":") {
			address = "[" + address + "]"
		}
		hosts = append(hosts, address, address+":8443")
	}
	for _, host := range hosts {
		t.Run(host, func(t *testing.T) {
			h := newHouse(t)
			p := h.prober(func(o *Options) { o.AllowLoopback = false })
			findings, gaps := p.Probe(t.Context(), Target{Reference: evidence.Reference{Host: host, Repository: "a/b", Tag: "1"}})
			if got := outcomes(findings, gaps); got != "connect address-forbidden" {
				t.Errorf("got\n%s", got)
			}
		})
	}
}

func TestANameThatLeadsToAForbiddenAddressIsNotDialled(t *testing.T) {
	for _, addresses := range []string{"169.254.169.254", "64:ff9b::a9fe:a9fe", "127.0.0.1", "::1 127.0.0.1"} {
		h := newHouse(t)
		p := h.prober(func(o *Options) {
			o.AllowLoopback = false
			o.Resolver = resolver(t, map[string]string{"rebind.acme.example": addresses})
		})
		findings, gaps := p.Probe(t.Context(), Target{Reference: reference("rebind.acme.example/a/b:1")})
		if got := outcomes(findings, gaps); got != "connect address-forbidden" {
			t.Errorf("%s: got\n%s", addresses, got)
		}
	}
}

func TestARedirectToAForbiddenAddressIsNotFollowed(t *testing.T) {
	s := stocked(t)
	const host = "registry.acme.example"
	for name, c := range map[string]struct{ path, to, want string }{
		"a manifest, to an address":        {"/v2/team/app/manifests/", "https://169.254.169.254/latest/meta-data/", "connect address-forbidden"},
		"a manifest, to a name":            {"/v2/team/app/manifests/", "https://rebind.acme.example/latest/meta-data/", "connect address-forbidden"},
		"a manifest, to a disguised one":   {"/v2/team/app/manifests/", "https://2852039166/", "connect address-forbidden"},
		"a manifest, to plain HTTP":        {"/v2/team/app/manifests/", "http://169.254.169.254/", "manifest ?"},
		"a manifest, to a file":            {"/v2/team/app/manifests/", "file:///etc/passwd", "manifest registry-unavailable"},
		"a manifest, to nonsense":          {"/v2/team/app/manifests/", "https://%zz/", "manifest registry-unavailable"},
		"the first request, to an address": {"/v2/", "https://[::ffff:169.254.169.254]/", "connect address-forbidden"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.serve(host, with(s.handler, on("", c.path, 307, "", "Location", c.to)))
			p := h.prober(func(o *Options) {
				o.Resolver = resolver(t, map[string]string{"rebind.acme.example": "169.254.169.254"})
			})
			findings, gaps := p.Probe(t.Context(), Target{Reference: reference(host + "/team/app:1.27.4"), Platform: amd64()})
			if got := outcomes(findings, gaps); !strings.HasSuffix(got, c.want) {
				t.Errorf("got\n%s\nwant at last %s", got, c.want)
			}
		})
	}
	t.Run("a layer, to an address", func(t *testing.T) {
		h := newHouse(t)
		h.serve(host, with(s.handler, on("", "/v2/team/app/blobs/", 307, "", "Location", "https://169.254.169.254/canary?canary=1")))
		findings, gaps := h.prober().Probe(t.Context(), Target{Reference: reference(host + "/team/app:1.27.4"), Platform: amd64()})
		f := find(t, findings, evidence.AddressForbidden)
		if f.Subject != (evidence.Subject{Kind: evidence.SubjectBlobStore, Name: "169.254.169.254"}) {
			t.Errorf("subject = %+v", f.Subject)
		}
		assertNoCanary(t, findings, gaps)
	})
}

func TestATokenServiceAtAForbiddenAddressIsNotAsked(t *testing.T) {
	for _, realm := range []string{"https://169.254.169.254/token", "https://rebind.acme.example/token", "https://[fd00:ec2::254]/"} {
		h := newHouse(t)
		h.serve("registry.acme.example", on2(on("", "/", 401, "", "Www-Authenticate", `Bearer realm="`+realm+`"`)))
		p := h.prober(func(o *Options) {
			o.Resolver = resolver(t, map[string]string{"rebind.acme.example": "169.254.169.254"})
		})
		findings, _ := p.Probe(t.Context(), Target{Reference: reference("registry.acme.example/a/b:1")})
		if f := find(t, findings, evidence.AddressForbidden); f.Subject.Kind != evidence.SubjectTokenService {
			t.Errorf("%s: subject = %+v", realm, f.Subject)
		}
	}
}

// on2 is a host with one answer.
func on2(f fault) http.Handler { return with(http.NotFoundHandler(), f) }

func TestALoginIsNotSentToAForeignTokenService(t *testing.T) {
	login := []keyring.Credential{credential("shop/hub", "robot", "canary-password"), credential("shop/two", "robot2", "canary-password2")}
	for name, c := range map[string]struct{ host, realm string }{
		"under another domain":            {"registry.acme.com", "https://evil.com/token"},
		"under a domain that begins so":   {"registry.acme.com", "https://acme.com.evil.com/token"},
		"a neighbour on a public suffix":  {"acme.github.io", "https://evil.github.io/token"},
		"a neighbour on a country suffix": {"acme.co.uk", "https://evil.co.uk/token"},
		"under a suffix nobody lists":     {"registry.acme.example", "https://auth.acme.example/token"},
		"on plain HTTP":                   {"registry.acme.com", "http://registry.acme.com/token"},
		"at another port of an address":   {"127.0.0.1:8443", "https://127.0.0.1:9443/token"},
		"at another address":              {"127.0.0.1:8443", "https://127.0.0.2:8443/token"},
		"the Hub's, of a stranger":        {"registry.acme.com", "https://auth.docker.io/token"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.serve(c.host, on2(on("", "/v2/", 401, "", "Www-Authenticate", `Bearer realm="`+c.realm+`",service="x"`)))
			u, err := url.Parse(c.realm)
			if err != nil {
				t.Fatal(err)
			}
			if u.Scheme == "https" {
				h.serve(u.Host, on2(on("", "/token", 200, `{"token":"x"}`)))
			}
			p := h.prober()
			findings, gaps := p.Probe(t.Context(), Target{Reference: evidence.Reference{Host: c.host, Repository: "a/b", Tag: "1"}, Credentials: login})
			find(t, findings, evidence.RealmForeign)
			if asked := h.asked("", "GET /token"); len(asked) != 0 || p.Sent().Logins != 0 {
				t.Errorf("sent %+v: %+v", p.Sent(), asked)
			}
			assertNoCanary(t, findings, gaps)
		})
	}
	for name, c := range map[string]struct{ host, realm string }{
		"the Hub's own":                  {"docker.io", "https://auth.docker.io/token"},
		"under the registrable domain":   {"registry.gitlab.com", "https://gitlab.com/jwt/auth"},
		"the same host":                  {"registry.acme.example", "https://registry.acme.example/token"},
		"the same host at another port":  {"harbor.acme.example:8443", "https://harbor.acme.example/service/token"},
		"the same address":               {"127.0.0.1:8443", "https://127.0.0.1:8443/token"},
		"a pair that is known":           {"registry.redhat.io", "https://sso.redhat.com/auth"},
		"whatever the case of the names": {"registry.acme.com", "https://AUTH.Acme.COM/token"},
	} {
		t.Run(name+" is not foreign", func(t *testing.T) {
			u, err := url.Parse(c.realm)
			if err != nil {
				t.Fatal(err)
			}
			if why := mayLogIn(c.host, u); why != "" {
				t.Errorf("mayLogIn(%s, %s) = %q", c.host, c.realm, why)
			}
		})
	}
}

func TestACredentialIsNotSentToARedirectTarget(t *testing.T) {
	s := stocked(t)
	const host, store = "registry.acme.example", "store.acme.example"
	h := newHouse(t)
	h.serve(store, s.handler)
	elsewhere := func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "/blobs/") && !strings.Contains(r.URL.Path, "/manifests/") {
			return false
		}
		http.Redirect(w, r, "https://"+store+r.URL.Path+"?signature=canary-signature", http.StatusTemporaryRedirect)
		return true
	}
	h.serve(host, with(s.handler, basic("robot:canary-password"), elsewhere))
	findings, gaps := h.prober().Probe(t.Context(), Target{
		Reference: reference(host + "/team/app:1.27.4"), Platform: amd64(), Credentials: []keyring.Credential{credential("shop/hub", "robot", "canary-password")},
	})
	if f := find(t, findings, evidence.BlobsPresent); f.Details["stores"] != store {
		t.Errorf("stores = %q", f.Details["stores"])
	}
	asked := h.asked(store, "")
	if len(asked) < 6 {
		t.Errorf("the store was asked %d times only", len(asked))
	}
	for _, r := range asked {
		if r.authorization != "" {
			t.Errorf("%s %s got a credential", r.method, r.path)
		}
	}
	assertNoCanary(t, findings, gaps)
}

func TestAFormWithACredentialIsNotSentOnByARedirect(t *testing.T) {
	h := newHouse(t)
	h.serve("evil.acme.example", on2(on("", "/", 200, `{"token":"x"}`)))
	h.serve("registry.acme.example", on2(func(w http.ResponseWriter, r *http.Request) bool {
		switch {
		case r.URL.Path == "/token" && r.Method == http.MethodPost:
			http.Redirect(w, r, "https://evil.acme.example/token", http.StatusTemporaryRedirect)
		case r.URL.Path == "/token":
			w.WriteHeader(http.StatusMethodNotAllowed)
		default:
			return on("", "", 401, "", "Www-Authenticate", `Bearer realm="https://registry.acme.example/token"`)(w, r)
		}
		return true
	}))
	findings, gaps := h.prober().Probe(t.Context(), Target{Reference: reference("registry.acme.example/a/b:1"), Credentials: []keyring.Credential{credential("shop/hub", "robot", "canary-password")}})
	if asked := h.asked("evil.acme.example", ""); len(asked) != 0 {
		t.Errorf("it was sent on: %+v", asked)
	}
	assertNoCanary(t, findings, gaps)
}

func TestACredentialIsNeverSentOverPlainHTTP(t *testing.T) {
	var got atomic.Value
	h := newHouse(t)
	s := newShelf(t)
	s.plain.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a := r.Header.Get("Authorization"); a != "" {
			got.Store(a)
		}
		w.Header().Set("Www-Authenticate", `Basic realm="x"`)
		w.WriteHeader(http.StatusUnauthorized)
	})
	p := h.prober()
	findings, gaps := p.Probe(t.Context(), Target{
		Reference: reference(strings.TrimPrefix(s.plain.URL, "http://") + "/a/b:1"), Credentials: []keyring.Credential{credential("shop/hub", "robot", "canary-password")},
	})
	if got.Load() != nil || p.Sent().Logins != 0 {
		t.Errorf("sent %v, %+v", got.Load(), p.Sent())
	}
	if len(gaps) != 1 || !strings.Contains(gaps[0].Why, "plain HTTP") {
		t.Errorf("gaps = %+v", gaps)
	}
	assertNoCanary(t, findings, gaps)
}

func TestARejectedCredentialIsSentOnceHoweverManyPullsWait(t *testing.T) {
	s := stocked(t)
	for name, door := range map[string]func(h *house) fault{
		"basic": func(*house) fault { return basic("nobody:at-all") },
		"basic, which only the manifest asks for": func(*house) fault {
			ask := basic("nobody:at-all")
			return func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path == "/v2/" {
					w.WriteHeader(http.StatusOK)
					return true
				}
				return ask(w, r)
			}
		},
		"token": func(*house) fault {
			k := tokens{realm: "https://registry.acme.example/token", grant: func(string, string) bool { return false }}
			return func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path == "/token" {
					<-time.After(5 * time.Millisecond) // so that others come while it is asked
					k.ServeHTTP(w, r)
					return true
				}
				return k.registry(w, r)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.serve("registry.acme.example", with(s.handler, door(h)))
			p := h.prober()
			var all sync.WaitGroup
			for i := range 24 {
				all.Go(func() {
					findings, gaps := p.Probe(t.Context(), Target{
						Reference:   reference(fmt.Sprintf("registry.acme.example/team/app%d:1", i%8)),
						Credentials: []keyring.Credential{credential(fmt.Sprintf("ns%d/hub", i), "robot", "canary-password")},
					})
					if f := find(t, findings, evidence.CredentialRejected); f.Subject.Name != fmt.Sprintf("ns%d/hub", i) {
						t.Errorf("subject = %+v", f.Subject)
					}
					assertNoCanary(t, findings, gaps)
				})
			}
			all.Wait()
			sent := 0
			for _, r := range h.asked("", "") {
				if strings.HasPrefix(r.authorization, "Basic ") {
					sent++
				}
			}
			if sent != 1 || p.Sent().Logins != 1 {
				t.Errorf("the credential was sent %d times, counted %d", sent, p.Sent().Logins)
			}
		})
	}
}

func TestAManifestOfOneGiBIsNotRead(t *testing.T) {
	var sent atomic.Int64
	h := newHouse(t)
	h.serve("registry.acme.example", with(newShelf(t).handler, func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "/manifests/") {
			return false
		}
		w.WriteHeader(http.StatusOK)
		if r.Method == http.MethodHead {
			return true
		}
		chunk := bytes.Repeat([]byte("a"), 1<<20)
		for range 1 << 10 {
			n, err := w.Write(chunk)
			sent.Add(int64(n))
			if err != nil {
				return true
			}
		}
		return true
	}))
	findings, _ := h.prober().Probe(t.Context(), Target{Reference: reference("registry.acme.example/team/app:1")})
	find(t, findings, evidence.ManifestNotSupported)
	if got := sent.Load(); got > 64<<20 { // what fits into the buffers between
		t.Errorf("%d MiB were sent", got>>20)
	}
}

func TestACompressedManifestIsNotUnpacked(t *testing.T) {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	_, _ = z.Write(bytes.Repeat([]byte(" "), 64<<20))
	_ = z.Close()
	h := newHouse(t)
	h.serve("registry.acme.example", with(newShelf(t).handler, on("", "/v2/team/", 200, bomb.String(), "Content-Encoding", "gzip")))
	findings, _ := h.prober().Probe(t.Context(), Target{Reference: reference("registry.acme.example/team/app:1")})
	if f := find(t, findings, evidence.ManifestNotSupported); !strings.Contains(f.Sentence, "compressed") {
		t.Errorf("sentence = %q", f.Sentence)
	}
}

func TestEndlessPagesOfTagsEnd(t *testing.T) {
	var pages atomic.Int64
	h := newHouse(t)
	h.serve("registry.acme.example", with(newShelf(t).handler, func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/tags/list") {
			return strings.HasPrefix(r.URL.Path, "/v2/team/") && on("", "", 404, "")(w, r)
		}
		n := pages.Add(1)
		w.Header().Set("Link", fmt.Sprintf(`<https://169.254.169.254/other?last=t%d&n=1000>; rel="next"`, n))
		_, _ = fmt.Fprintf(w, `{"tags":["t%d"]}`, n)
		return true
	}))
	findings, gaps := h.prober().Probe(t.Context(), Target{Reference: reference("registry.acme.example/team/app:1")})
	f := find(t, findings, evidence.TagsListed)
	if pages.Load() != maxTagPages || f.Details["complete"] != "false" || !strings.Contains(f.Sentence, "at least 10 tags") {
		t.Errorf("%d pages, %+v", pages.Load(), f)
	}
	if len(gaps) != 0 {
		t.Errorf("gaps = %+v", gaps)
	}
}

func TestAPageThatNamesItselfNextIsReadOnce(t *testing.T) {
	h := newHouse(t)
	h.serve("registry.acme.example", with(newShelf(t).handler,
		on("", "/v2/team/app/tags/list", 200, `{"tags":["a"]}`, "Link", `</v2/team/app/tags/list?n=1000>; rel=next`), on("", "/v2/team/", 404, "")))
	h.prober().Probe(t.Context(), Target{Reference: reference("registry.acme.example/team/app:1")})
	if got := len(h.asked("", "GET /v2/team/app/tags/list")); got != 1 {
		t.Errorf("asked %d times", got)
	}
}

func TestRedirectsWithoutEndEnd(t *testing.T) {
	h := newHouse(t)
	h.serve("registry.acme.example", with(newShelf(t).handler, func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasPrefix(r.URL.Path, "/v2/team/") {
			return false
		}
		http.Redirect(w, r, r.URL.Path, http.StatusTemporaryRedirect)
		return true
	}))
	findings, _ := h.prober().Probe(t.Context(), Target{Reference: reference("registry.acme.example/team/app:1")})
	find(t, findings, evidence.RegistryUnavailable)
	if got := len(h.asked("", "HEAD /v2/team/")); got != maxRedirects+1 {
		t.Errorf("asked %d times", got)
	}
}

func TestAFloodOfHeadersEnds(t *testing.T) {
	h := newHouse(t)
	h.serve("registry.acme.example", with(newShelf(t).handler, func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasPrefix(r.URL.Path, "/v2/team/") {
			return false
		}
		for i := range 5000 {
			w.Header().Set(fmt.Sprintf("X-Flood-%d", i), strings.Repeat("x", 100))
		}
		return true
	}))
	findings, _ := h.prober().Probe(t.Context(), Target{Reference: reference("registry.acme.example/team/app:1")})
	find(t, findings, evidence.RegistryUnavailable)
}

func TestATrickleEndsInTime(t *testing.T) {
	h := newHouse(t)
	h.serve("registry.acme.example", with(newShelf(t).handler, func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet || !strings.HasPrefix(r.URL.Path, "/v2/team/") {
			return strings.HasPrefix(r.URL.Path, "/v2/team/")
		}
		for r.Context().Err() == nil {
			_, _ = io.WriteString(w, " ")
			_ = http.NewResponseController(w).Flush()
			<-time.After(10 * time.Millisecond)
		}
		return true
	}))
	p := h.prober(func(o *Options) { o.StepTimeout = 200 * time.Millisecond })
	start := time.Now()
	findings, _ := p.Probe(t.Context(), Target{Reference: reference("registry.acme.example/team/app:1")})
	find(t, findings, evidence.ConnectionTimeout)
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestAProbeEndsInItsTime(t *testing.T) {
	h := newHouse(t)
	h.serve("registry.acme.example", with(newShelf(t).handler, func(_ http.ResponseWriter, r *http.Request) bool {
		<-time.After(120 * time.Millisecond)
		return false
	}))
	p := h.prober(func(o *Options) { o.Timeout = 200 * time.Millisecond })
	start := time.Now()
	findings, gaps := p.Probe(t.Context(), Target{Reference: reference("registry.acme.example/team/app:1")})
	if took := time.Since(start); took > time.Second {
		t.Errorf("took %v", took)
	}
	if got := outcomes(findings, gaps); got != lines("WAY", "manifest ?") {
		t.Errorf("got\n%s", got)
	}
}

// evilText tries what terminals, readers and pages could fall for.
const evilText = "\x1b[31mred\x1b[0m \u009b2J \u202egnp.exe\u2066 \u200b [click](https://evil.example) <script>alert(1)</script> `rm -rf` " + "long long long long long long long long long long long long long long long long long long long long long long long "

func TestForeignTextIsCleaned(t *testing.T) {
	s := stocked(t)
	evilBody := func(code string) string {
		text, _ := json.Marshal(map[string]any{"errors": []any{map[string]any{"code": code, "message": evilText, "detail": evilText}}})
		return string(text)
	}
	for name, faults := range map[string][]fault{
		"in a refusal":         {on("", "/v2/team/", 403, evilBody("DENIED"))},
		"in a code":            {on("", "/v2/team/", 403, evilBody(evilText))},
		"in the first refusal": {on("", "/v2/", 500, evilBody("X"))},
		"in a bare text":       {on("", "/v2/team/", 404, evilText)},
		"in tags": {on("", "/v2/team/app/tags/", 200, `{"tags":["1.27.5","\u001b[31m1.27.4","[1.27.4](https://evil.example)","1.27.4\u202e"]}`),
			on("", "/v2/team/", 404, "")},
		"in headers": {on("", "/v2/team/", 429, "", "Ratelimit-Remaining", "0\x1b[31m", "Ratelimit-Limit", "100;w=[x](y)", "Docker-Ratelimit-Source", "\x1b[31m", "Retry-After", "\x1b")},
		"in a content type": {on("", "/v2/team/app/manifests/", 200, `{"schemaVersion":2,"mediaType":"`+"[a](b)"+`"}`,
			"Content-Type", "application/\x1b[31m", "Docker-Content-Digest", "sha256:[x](https://evil.example)")},
		"in a challenge": {on("", "/v2/", 401, "", "Www-Authenticate", `Bearer realm="https://[x](https://evil.example)/\x1b",service="`+"\u202e"+`"`)},
		"in platforms":   {on("", "/v2/team/app/manifests/", 200, `{"schemaVersion":2,"manifests":[{"digest":"`+absentDigest+`","platform":{"os":"[x](y)","architecture":"\u001b[31m","variant":"\u202e"}}]}`)},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.serve("registry.acme.example", with(s.handler, faults...))
			findings, gaps := h.prober().Probe(t.Context(), Target{Reference: reference("registry.acme.example/team/app:1.27.4"), Platform: amd64()})
			shown := []string{}
			for _, f := range findings {
				shown = append(shown, f.Sentence, f.Subject.Name)
				for name, value := range f.Details {
					shown = append(shown, value)
					if len(value) > maxQuote && name != "platforms" {
						t.Errorf("detail %s has %d bytes", name, len(value))
					}
				}
			}
			for _, g := range gaps {
				shown = append(shown, g.Why, g.Needs, g.Subject.Name)
			}
			for _, text := range shown {
				if strings.ContainsAny(text, "\x1b\u009b\u202e\u2066\u200b[]<>`") {
					t.Errorf("not clean: %q", text)
				}
			}
			if len(findings) < 3 {
				t.Errorf("found only\n%s", outcomes(findings, gaps))
			}
		})
	}
}

func TestARegistryThatRepeatsTheCredentialIsNotQuoted(t *testing.T) {
	s := stocked(t)
	login := []keyring.Credential{credential("shop/hub", "canary-user-name", "canary-password-4711")}
	echo := func(status int) fault {
		return func(w http.ResponseWriter, r *http.Request) bool {
			a := r.Header.Get("Authorization")
			user, password, _ := r.BasicAuth()
			if a == "" {
				w.Header().Set("Www-Authenticate", `Basic realm="x"`)
				w.WriteHeader(http.StatusUnauthorized)
				return true
			}
			if r.URL.Path == "/v2/" && status == 403 {
				return false
			}
			w.Header().Set("Docker-Content-Digest", password)
			w.Header().Set("Content-Type", password)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body(strings.ToUpper(strings.ReplaceAll(password, "-", "_")), "you sent "+a+" that is "+user+" and "+password[:12]))
			return true
		}
	}
	for name, f := range map[string]fault{
		"to a rejected login": echo(401), "to a refused image": echo(403), "to a missing image": func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/v2/" && r.Header.Get("Authorization") != "" {
				return false
			}
			return echo(404)(w, r)
		},
		"in trouble": echo(500),
		"as tags": func(w http.ResponseWriter, r *http.Request) bool {
			_, password, ok := r.BasicAuth()
			switch {
			case !ok:
				return echo(401)(w, r)
			case strings.HasSuffix(r.URL.Path, "/tags/list"):
				_, _ = io.WriteString(w, `{"tags":["`+password+`"]}`)
				return true
			case strings.Contains(r.URL.Path, "/manifests/"):
				w.WriteHeader(http.StatusNotFound)
				return true
			}
			return false
		},
		"as the host of a redirect": func(w http.ResponseWriter, r *http.Request) bool {
			_, password, ok := r.BasicAuth()
			if !ok {
				return echo(401)(w, r)
			}
			if strings.Contains(r.URL.Path, "/blobs/") {
				http.Redirect(w, r, "https://"+password+".evil.example/"+password, http.StatusTemporaryRedirect)
				return true
			}
			return false
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.serve("registry.acme.example", with(s.handler, f))
			recorder := trace.NewRecorder(time.Now())
			tag := "1.27.4"
			if name == "as tags" {
				tag = "canary-password-4712"
			}
			p := h.prober(func(o *Options) { o.Resolver = resolver(t, nil) })
			findings, gaps := p.Probe(trace.With(t.Context(), recorder), Target{Reference: reference("registry.acme.example/team/app:" + tag), Platform: amd64(), Credentials: login})
			for i := range findings { // the reference is ours, not the registry's
				findings[i].Sentence = strings.ReplaceAll(findings[i].Sentence, "canary-password-4712", "TAG")
				findings[i].Subject.Name = strings.ReplaceAll(findings[i].Subject.Name, "canary-password-4712", "TAG")
			}
			assertNoCanary(t, findings, gaps)
			var out bytes.Buffer
			if _, err := recorder.WriteTo(&out); err != nil {
				t.Fatal(err)
			}
			if text := strings.ReplaceAll(out.String(), "canary-password-4712", "TAG"); strings.Contains(text, "canary") || !strings.Contains(text, "registry.acme.example/v2/") {
				t.Errorf("trace: %s", text)
			}
			if len(findings) < 4 {
				t.Errorf("found only\n%s", outcomes(findings, gaps))
			}
		})
	}
}

func TestOnlyHostAndPathOfURLsAreKept(t *testing.T) {
	s := stocked(t)
	h := newHouse(t)
	h.serve("cdn.acme.example", on2(on("", "/", 403, "<Error><Code>AccessDenied</Code></Error>")))
	h.serve("registry.acme.example", with(s.handler, on("", "/v2/team/app/blobs/", 307, "", "Location", "https://canary:canary@cdn.acme.example/path?X-Amz-Signature=canary#canary")))
	recorder := trace.NewRecorder(time.Now())
	findings, gaps := h.prober().Probe(trace.With(t.Context(), recorder), Target{Reference: reference("registry.acme.example/team/app:1.27.4"), Platform: amd64()})
	if f := find(t, findings, evidence.AccessDenied); f.Subject != (evidence.Subject{Kind: evidence.SubjectBlobStore, Name: "cdn.acme.example"}) {
		t.Errorf("subject = %+v", f.Subject)
	}
	assertNoCanary(t, findings, gaps)
	var out bytes.Buffer
	_, _ = recorder.WriteTo(&out)
	if strings.Contains(out.String(), "canary") || !strings.Contains(out.String(), `"GET registry.acme.example/v2/`) {
		t.Errorf("trace: %s", out.String())
	}
	for _, r := range h.asked("cdn.acme.example", "") {
		if r.authorization != "" {
			t.Errorf("user info of a redirect was sent: %+v", r)
		}
	}
}

func TestNamesThatFollowNoGrammarAreNotAskedFor(t *testing.T) {
	for name, r := range map[string]evidence.Reference{
		"a host with a path":           {Host: "evil.example/..", Repository: "a", Tag: "1"},
		"a host with user information": {Host: "user@evil.example", Repository: "a", Tag: "1"},
		"a host with a query":          {Host: "evil.example?x", Repository: "a", Tag: "1"},
		"a host with a newline":        {Host: "evil.example\nHost: x", Repository: "a", Tag: "1"},
		"a zone":                       {Host: "[fe80::1%25eth0]", Repository: "a", Tag: "1"},
		"no host":                      {Repository: "a", Tag: "1"},
		"a port that is none":          {Host: "evil.example:99999", Repository: "a", Tag: "1"},
		"a repository that climbs":     {Host: "evil.example", Repository: "../../a", Tag: "1"},
		"a repository with a query":    {Host: "evil.example", Repository: "a?b", Tag: "1"},
		"an empty repository":          {Host: "evil.example", Tag: "1"},
		"a tag with a slash":           {Host: "evil.example", Repository: "a", Tag: "../x"},
		"a digest that is none":        {Host: "evil.example", Repository: "a", Digest: "sha256:xyz"},
		"neither tag nor digest":       {Host: "evil.example", Repository: "a"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newHouse(t).prober()
			findings, gaps := p.Probe(t.Context(), Target{Reference: r})
			if len(findings) != 0 || len(gaps) != 1 || p.Sent().Requests != 0 {
				t.Errorf("findings %v, gaps %v, sent %v", findings, gaps, p.Sent())
			}
		})
	}
}
