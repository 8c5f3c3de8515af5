// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"strings"

	"github.com/pullmedic/pullmedic/internal/foreign"
)

// display returns a key for showing: without user information, query and
// fragment, cleaned and at most 200 bytes long. A key that the kubelet cannot
// parse may hold an @ in odd places, so everything before the last one is
// taken for user information, unless a digest follows.
func display(key string) string {
	scheme, rest := splitScheme(key)
	name, digest := splitDigest(rest)
	if at := strings.LastIndexByte(name, '@'); at >= 0 {
		name = "..." + name[at:]
	}
	if cut := strings.IndexAny(name, "?#"); cut >= 0 {
		name, digest = name[:cut]+"?...", ""
	}
	return foreign.Text(scheme+name+digest, 200)
}

// splitScheme returns a well-formed scheme with its ://, or "".
func splitScheme(key string) (scheme, rest string) {
	name, _, found := strings.Cut(key, "://")
	if !found || name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-") != "" {
		return "", key
	}
	return key[:len(name)+len("://")], key[len(name)+len("://"):]
}

// splitDigest cuts the @sha256:... that somebody wrote behind a name.
func splitDigest(s string) (name, digest string) {
	at := strings.LastIndex(s, "@sha")
	if at < 0 {
		return s, ""
	}
	_, hex, found := strings.Cut(s[at:], ":")
	if !found || len(hex) < 32 || strings.Trim(hex, "0123456789abcdefABCDEF") != "" {
		return s, ""
	}
	return s[:at], s[at:]
}
