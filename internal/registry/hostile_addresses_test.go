// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/pullmedic/pullmedic/evidence"
)

// metadata are addresses that must never be reached, in every spelling.
func metadata() []string {
	return []string{
		"169.254.169.254", "169.254.0.1", "168.63.129.16", "100.100.100.200", "192.0.0.192",
		"fe80::1", "fe80::a9fe:a9fe", "febf::1", "fec0::1", "fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254",
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

func TestNeverALinkLocalMetadataUnspecifiedOrMulticastAddressInAnySpelling(t *testing.T) {
	for _, address := range metadata() {
		if forbidden(netip.MustParseAddr(address), true) == "" {
			t.Errorf("%s would be dialled", address)
		}
	}
	for _, address := range []string{"10.0.0.1", "192.168.1.1", "172.16.0.1", "100.64.0.1", "192.0.2.1", "fd12::1", "2001:db8::1", "64:ff9b::10.0.0.1", "2002:0a00:1::1"} {
		if why := forbidden(netip.MustParseAddr(address), false); why != "" {
			t.Errorf("%s is forbidden: %s", address, why)
		}
	}
}

func TestNeverALoopbackAddressUnlessAllowed(t *testing.T) {
	for _, address := range []string{"127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1"} {
		if forbidden(netip.MustParseAddr(address), false) == "" {
			t.Errorf("%s would be dialled though loopback is not allowed", address)
		}
		if why := forbidden(netip.MustParseAddr(address), true); why != "" {
			t.Errorf("%s is %s though loopback is allowed", address, why)
		}
	}
	for _, host := range []string{"localhost", "LOCALHOST.", "registry.localhost:5000", "127.0.0.1:5000", "127.1", "[::1]", "[::ffff:127.0.0.1]:5000"} {
		h := newHouse(t)
		p := h.prober(func(o *Options) { o.AllowLoopback = false })
		findings, gaps := p.Probe(t.Context(), Target{Reference: evidence.Reference{Host: host, Repository: "a/b", Tag: "1"}})
		if got := outcomes(findings, gaps); got != "connect address-forbidden" {
			t.Errorf("%s: got\n%s", host, got)
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

func TestTheAddressThatIsDialledIsChecked(t *testing.T) {
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

func TestTheAddressIsCheckedAfterEveryRedirect(t *testing.T) {
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

func TestTheAddressOfATokenServiceIsChecked(t *testing.T) {
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

// A name that changes its mind is checked at each connection.
func TestTheAddressIsCheckedAtEveryConnection(t *testing.T) {
	h := newHouse(t)
	const name = "rebind.acme.example"
	server := h.serve(name, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "close")
		w.WriteHeader(http.StatusOK)
	}))
	_, port := splitHost(server.Listener.Addr().String())
	p := h.prober(func(o *Options) {
		o.ConnectTo = nil
		o.Resolver = resolver(t, map[string]string{name: "127.0.0.1|169.254.169.254"})
	})
	findings, gaps := p.Probe(t.Context(), Target{Reference: reference(name + ":" + port + "/a/b:1")})
	if got := outcomes(findings, gaps); !strings.HasPrefix(got, "resolve host-resolved\nconnect connected") || !strings.HasSuffix(got, "connect address-forbidden") {
		t.Errorf("got\n%s", got)
	}
}

func TestThroughAProxyTheResolvedTargetIsChecked(t *testing.T) {
	h := newHouse(t)
	via, asked := connectProxy(t, h, 0)
	hosts := []string{"rebind.acme.example", "metadata.google.internal", "METADATA.google.internal.:443", "instance-data", "2852039166", "localhost"}
	for _, address := range metadata() {
		if strings.Contains(address, ":") {
			address = "[" + address + "]"
		}
		hosts = append(hosts, address)
	}
	for _, host := range hosts {
		p := h.prober(func(o *Options) {
			o.Proxy = func(*url.URL) (*url.URL, error) { return via, nil }
			o.AllowLoopback = false
			o.Resolver = resolver(t, map[string]string{"rebind.acme.example": "10.0.0.1 169.254.169.254"})
		})
		findings, gaps := p.Probe(t.Context(), Target{Reference: evidence.Reference{Host: host, Repository: "a/b", Tag: "1"}})
		if got := outcomes(findings, gaps); got != "connect address-forbidden" {
			t.Errorf("%s: got\n%s", host, got)
		}
	}
	if asked.Load() != 0 {
		t.Errorf("the proxy was asked %d times", asked.Load())
	}
}

// on2 is a host with one answer.
func on2(f fault) http.Handler { return with(http.NotFoundHandler(), f) }
