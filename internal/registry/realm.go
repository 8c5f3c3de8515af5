// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"net"
	"net/netip"
	"net/url"
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/pullmedic/pullmedic/internal/registry/families"
)

// mayLogIn says why a credential for a registry is not sent to a token service,
// or "". Whoever can make a registry's name resolve to a host of his own, or
// answers in its place, names the token service too, so it must be the same
// operator's: a host on https under the registrable domain of the registry, or
// a known pair. Where no registrable domain is known (addresses, suffixes that
// are not on the public list) it must be the same host. On an address the port
// counts as well, for its ports can belong to different people.
func mayLogIn(registry string, realm *url.URL) string {
	if realm.Scheme != "https" {
		return "is not on https"
	}
	host, port := splitHost(registry)
	service, servicePort := splitHost(realm.Host)
	if a, err := netip.ParseAddr(host); err == nil {
		if b, err := netip.ParseAddr(service); err == nil && a == b && port == servicePort {
			return ""
		}
		return "lies at another address"
	}
	if host == service || families.TokenService(host, service) {
		return ""
	}
	a, b := registrable(host), registrable(service)
	if a == "" || a != b {
		return "lies under another domain"
	}
	return ""
}

// registrable returns the registrable domain of a name, "" if its suffix is not
// on the public list.
func registrable(name string) string {
	suffix, icann := publicsuffix.PublicSuffix(name)
	if !icann && !strings.Contains(suffix, ".") {
		return "" // the list's default rule
	}
	domain, err := publicsuffix.EffectiveTLDPlusOne(name)
	if err != nil {
		return ""
	}
	return domain
}

// splitHost returns the name in lower case without a final dot, and the port,
// 443 if there is none.
func splitHost(host string) (name, port string) {
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		name, port = strings.Trim(host, "[]"), "443"
	}
	return strings.TrimSuffix(strings.ToLower(name), "."), port
}
