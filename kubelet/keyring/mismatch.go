// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"fmt"
	"path"
	"strings"
	"unicode"
)

// mismatch says why a normalised key is not for the image.
func (x *explainer) mismatch(key, written string) (reason Reason, near bool, sentence string) {
	have, err := splitKey(key)
	if err != nil || !x.image.ok {
		return x.unparsable(written)
	}
	want := x.image
	if !labelsMatch(have.labels, want.labels) {
		return x.hostMismatch(have, written)
	}
	if have.port != want.port {
		return PortDiffers, true, fmt.Sprintf("the key has %s, the image %s; the kubelet compares ports as text", port(have.port), port(want.port))
	}
	return pathMismatch(have, want)
}

// pathMismatch explains a key whose host and port match.
func pathMismatch(have hostPath, want target) (Reason, bool, string) {
	bare, tagged := withoutTag(have.path)
	switch {
	case have.path == "/v1" || have.path == "/v2":
		return VersionPath, true, fmt.Sprintf("the kubelet cuts %s off only if a slash follows, and here it is a path", have.path)
	case tagged && strings.HasPrefix(want.path, bare):
		return TagInKey, true, "a tag or digest stands in the key; keys are host and path only"
	case strings.Contains(have.path, "*"):
		return WildcardInPath, true, "a * counts in the host only; a path is compared as text, as a prefix"
	case strings.HasPrefix(strings.ToLower(want.path), strings.ToLower(have.path)):
		return CaseDiffers, true, "its path differs from the image's in upper and lower case"
	}
	return PathDiffers, true, fmt.Sprintf("its path %s is not how the image's path %s begins", display(have.path), display(want.path))
}

// hostMismatch explains a key whose host does not match.
func (x *explainer) hostMismatch(have hostPath, written string) (Reason, bool, string) {
	host, want := have.host(), x.image.host()
	onHub := want == "docker.io"
	switch {
	case onHub && host == hubHost && (have.path == "/v1" || have.path == "/v2"):
		return VersionPath, true, fmt.Sprintf("the kubelet knows https://%s%s/ for Docker Hub; without the last slash it is another key", hubHost, have.path)
	case onHub && host == hubHost:
		return HubAlias, true, fmt.Sprintf("%s stands for Docker Hub only without port and path", hubHost)
	case onHub && hubAlias(strings.ToLower(host)):
		return HubAlias, true, fmt.Sprintf("the kubelet knows Docker Hub as docker.io and https://%s/v1/, not as %s", hubHost, display(host))
	case host == want:
		return IPv6WithoutPort, true, "the kubelet reads the brackets of an IPv6 address without a port as a pattern, which matches no image"
	case labelsMatch(lower(have.labels), lower(x.image.labels)):
		return CaseDiffers, true, "its host differs from the image's in upper and lower case"
	case spans(host, want):
		return WildcardDepth, true, fmt.Sprintf("a * stands for one part between dots; the key has %d parts, the image's host %d", len(have.labels), len(x.image.labels))
	}
	if scheme, rest := splitScheme(written); scheme != "" && scheme != "http://" && scheme != "https://" {
		return SchemeUnknown, x.wouldMatch(rest), fmt.Sprintf("the kubelet cuts off http:// and https://, not %s", display(scheme))
	}
	if oneLetterOff(strings.ToLower(host), strings.ToLower(want)) {
		return HostDiffers, true, fmt.Sprintf("its host %s is a letter away from the image's host %s", display(host), display(want))
	}
	return HostDiffers, false, fmt.Sprintf("its host %s is not the image's host %s", display(host), display(want))
}

// unparsable explains a key that is no URL.
func (x *explainer) unparsable(written string) (Reason, bool, string) {
	near := strings.Contains(strings.ToLower(written), strings.ToLower(x.image.host()))
	if !x.image.ok {
		return KeyUnparsable, near, "the kubelet cannot parse the image's host as part of a URL, so no key matches it"
	}
	const skips = "the kubelet cannot parse the key as a URL and skips the entry"
	switch {
	case strings.ContainsFunc(written, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }):
		return KeyUnparsable, near, skips + ": a blank or control character stands in it"
	case strings.Contains(written, "["):
		return KeyUnparsable, near, skips + ": a [ begins an IPv6 address in it; patterns are made with * and ?"
	}
	return KeyUnparsable, near, skips
}

// port names a port in a sentence.
func port(p string) string {
	if p == "" {
		return "no port"
	}
	return "port " + display(p)
}

// withoutTag cuts a tag or digest off the last part of a path.
func withoutTag(p string) (bare string, tagged bool) {
	if name, _, found := strings.Cut(p, "@"); found {
		p, tagged = name, true
	}
	slash := strings.LastIndex(p, "/")
	if colon := strings.Index(p[slash+1:], ":"); colon >= 0 {
		return p[:slash+1+colon], true
	}
	return p, tagged
}

// spans tells whether a host pattern would match if a * could stand for
// several parts or none.
func spans(glob, host string) bool {
	if !strings.Contains(glob, "*") {
		return false
	}
	whole, err := path.Match(glob, host)
	rest, leading := strings.CutPrefix(glob, "*.")
	return err == nil && (whole || leading && rest == host)
}

func lower(labels []string) []string {
	var all []string
	for _, l := range labels {
		all = append(all, strings.ToLower(l))
	}
	return all
}

// hubAlias tells other names under which people know Docker Hub.
func hubAlias(host string) bool {
	switch host {
	case "registry-1.docker.io", "registry.docker.io", "auth.docker.io", "registry.hub.docker.com",
		"hub.docker.com", "docker.com", "www.docker.com", "hub.docker.io", "index.docker.com", "registry.docker.com":
		return true
	}
	return false
}

// oneLetterOff tells two hosts that differ by one letter more, less or other,
// or by two neighbours swapped. Digits do not count: registries are numbered
// on purpose.
func oneLetterOff(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(a) < 6 || len(b)-len(a) > 1 || a == b {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) < len(b) {
		return letter(b[i]) && a[i:] == b[i+1:]
	}
	other := letter(a[i]) && letter(b[i]) && a[i+1:] == b[i+1:]
	swapped := i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:] && letter(a[i]) && letter(b[i])
	return other || swapped
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' || c == '.' || c == '-' }
