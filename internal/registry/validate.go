// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"errors"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/pullmedic/pullmedic/evidence"
)

// What is put into a URL or shown must follow its grammar (distribution's
// reference package, and RFC 1123 for hosts).

// validate tells whether a reference can be asked for at all.
func validate(r evidence.Reference) error {
	switch {
	case !isHost(r.Host):
		return errors.New("the registry's name is not a host name")
	case !isRepository(r.Repository):
		return errors.New("the repository's name is not well-formed")
	case r.Tag == "" && r.Digest == "":
		return errors.New("the image names neither a tag nor a digest")
	case r.Tag != "" && !isTag(r.Tag):
		return errors.New("the tag is not well-formed")
	case r.Digest != "" && !isDigest(r.Digest):
		return errors.New("the digest is not well-formed")
	}
	return nil
}

// isHost tells a host name or address, with or without a port.
func isHost(s string) bool {
	name := s
	if host, port, err := net.SplitHostPort(s); err == nil {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return false
		}
		name = host
		if strings.Contains(host, ":") && !strings.HasPrefix(s, "[") {
			return false
		}
	} else {
		name = strings.TrimSuffix(strings.TrimPrefix(name, "["), "]")
		if strings.Contains(name, ":") && name == s {
			return false // an IPv6 address wants its brackets
		}
	}
	if addr, err := netip.ParseAddr(name); err == nil {
		return addr.Zone() == ""
	}
	return len(name) > 0 && len(name) <= 253 && only(name, letters+capitals+digits+".-_") && name[0] != '.' && name[0] != '-'
}

const (
	letters  = "abcdefghijklmnopqrstuvwxyz"
	capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits   = "0123456789"
)

func only(s, set string) bool { return strings.Trim(s, set) == "" }

func isRepository(s string) bool {
	if s == "" || len(s) > 255 {
		return false
	}
	for part := range strings.SplitSeq(s, "/") {
		if part == "" || !only(part, letters+digits+"._-") || strings.ContainsAny(part[:1], "._-") || strings.ContainsAny(part[len(part)-1:], "._-") {
			return false
		}
	}
	return true
}

func isTag(s string) bool {
	return s != "" && len(s) <= 128 && only(s, letters+capitals+digits+"._-") && s[0] != '.' && s[0] != '-'
}

func isDigest(s string) bool {
	algorithm, sum, _ := strings.Cut(s, ":")
	if !only(sum, "0123456789abcdef") {
		return false
	}
	return algorithm == "sha256" && len(sum) == 64 || algorithm == "sha512" && len(sum) == 128
}

// isLocal tells the hosts for which the runtimes fall back to plain HTTP.
func isLocal(host string) bool {
	name, _ := splitHost(host)
	if name == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(name)
	return err == nil && addr.Unmap().IsLoopback()
}
