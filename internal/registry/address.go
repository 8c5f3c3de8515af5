// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"net/netip"
	"strings"
)

// forbidden says why no connection may be made to an address, or "".
//
// A registry's name is text that somebody wrote into a pod, so it must not make
// this process knock at a metadata service or at itself. Private networks
// (RFC 1918, RFC 4193) stay allowed: many registries live there. An IPv4
// address inside an IPv6 one (mapped, compatible, NAT64, 6to4, Teredo, ISATAP)
// is judged as itself.
func forbidden(addr netip.Addr, allowLoopback bool) string {
	addr = addr.WithZone("").Unmap()
	switch {
	case !addr.IsValid():
		return "not an address"
	case addr.IsLoopback():
		if allowLoopback {
			return ""
		}
		return "loopback"
	case addr.IsUnspecified():
		return "unspecified"
	case addr.IsMulticast():
		return "multicast"
	}
	for _, r := range forbiddenRanges() {
		if r.prefix.Contains(addr) {
			return r.why
		}
	}
	for _, inner := range embedded(addr) {
		// Loopback is allowed under its own spellings only.
		if why := forbidden(inner, false); why != "" {
			return why
		}
	}
	return ""
}

type addressRange struct {
	prefix netip.Prefix
	why    string
}

// forbiddenRanges are the ranges that no method of netip.Addr covers. The
// metadata addresses are those of AWS, Google Cloud, Azure, Alibaba and Oracle.
func forbiddenRanges() []addressRange {
	return []addressRange{
		{prefix(169, 254, 0, 0, 16), "link-local"}, // the metadata address of most clouds lies here
		{prefix(0, 0, 0, 0, 8), "unspecified"},
		{prefix(240, 0, 0, 0, 4), "reserved"}, // broadcast lies here
		{prefix(168, 63, 129, 16, 32), "metadata"},
		{prefix(100, 100, 100, 200, 32), "metadata"},
		{prefix(192, 0, 0, 192, 32), "metadata"},
		{prefix6(10, 0xfe, 0x80), "link-local"},
		{prefix6(10, 0xfe, 0xc0), "link-local"},                                                      // site-local, retired
		{prefix6(32, 0xfd, 0x00, 0x0e, 0xc2), "metadata"},                                            // fd00:ec2::254, and the credentials of EKS at ::23
		{prefix6(128, 0xfd, 0x20, 0x00, 0xce, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54), "metadata"}, // fd20:ce::254
	}
}

func prefix(a, b, c, d byte, bits int) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{a, b, c, d}), bits)
}

func prefix6(bits int, first ...byte) netip.Prefix {
	var all [16]byte
	copy(all[:], first)
	return netip.PrefixFrom(netip.AddrFrom16(all), bits)
}

// embedded returns the IPv4 addresses that an IPv6 address may carry. Where
// the length of the prefix is not known, every layout of RFC 6052 counts.
func embedded(addr netip.Addr) []netip.Addr {
	if !addr.Is6() {
		return nil
	}
	b := addr.As16()
	at := func(i, j, k, l int) netip.Addr { return netip.AddrFrom4([4]byte{b[i], b[j], b[k], b[l]}) }
	last := at(12, 13, 14, 15)
	switch {
	case prefix6(96, 0x00, 0x64, 0xff, 0x9b).Contains(addr): // NAT64, RFC 6052
		return []netip.Addr{last}
	case prefix6(48, 0x00, 0x64, 0xff, 0x9b, 0x00, 0x01).Contains(addr): // local NAT64, RFC 8215
		return []netip.Addr{at(6, 7, 9, 10), at(7, 9, 10, 11), at(9, 10, 11, 12), last}
	case prefix6(96).Contains(addr): // IPv4-compatible, RFC 4291
		return []netip.Addr{last}
	case prefix6(96, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0).Contains(addr): // IPv4-translated, RFC 2765
		return []netip.Addr{last}
	case prefix6(16, 0x20, 0x02).Contains(addr): // 6to4, RFC 3056
		return []netip.Addr{at(2, 3, 4, 5)}
	case prefix6(32, 0x20, 0x01, 0, 0).Contains(addr): // Teredo, RFC 4380: server, and client with its bits inverted
		return []netip.Addr{at(4, 5, 6, 7), netip.AddrFrom4([4]byte{^b[12], ^b[13], ^b[14], ^b[15]})}
	case (b[8]&^0x03) == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe: // ISATAP, RFC 5214
		return []netip.Addr{last}
	}
	return nil
}

// named says why a host is never asked whatever its name leads to, or "": names
// of metadata services, which a proxy might know where we do not, and of this
// machine.
func named(host string, allowLoopback bool) string {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	switch host {
	case "metadata", "metadata.goog", "metadata.google.internal", "metadata.azure.internal", "metadata.tencentyun.com", "instance-data", "instance-data.ec2.internal":
		return "metadata"
	}
	if !allowLoopback && (host == "localhost" || strings.HasSuffix(host, ".localhost")) {
		return "loopback"
	}
	return ""
}

// disguised tells a host name that some resolvers and proxies read as an IPv4
// address in one of its old spellings: decimal, octal, hexadecimal or with
// fewer than four parts. Its last label is a number, which no name's is.
func disguised(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return false
	}
	host = strings.TrimSuffix(host, ".")
	last := strings.ToLower(host[strings.LastIndexByte(host, '.')+1:])
	if hex, ok := strings.CutPrefix(last, "0x"); ok {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return last != "" && strings.Trim(last, "0123456789") == ""
}
