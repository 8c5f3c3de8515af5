// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"maps"
	"slices"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/foreign"
)

// Bounds on what is told of one secret.
const (
	maxReducedKeys    = 20
	maxReducedEntries = 50
)

// Reduce returns what may be told of a secret to somebody who may not read it.
// Users are marked under the key, which should be 32 random bytes, made once a
// look and kept in memory; without a key they are not marked.
func Reduce(s Secret, key []byte) evidence.PullSecret {
	out := evidence.PullSecret{Name: foreign.Text(s.ref(), 507), Type: foreign.Text(s.Type, 100)}
	for _, name := range slices.Sorted(maps.Keys(s.Data)) {
		if len(out.Keys) < maxReducedKeys {
			out.Keys = append(out.Keys, foreign.Text(name, 253))
		}
	}
	src := read(s)
	if src.failed != nil {
		out.Unreadable = true
		return out
	}
	entries := slices.Clone(src.skipped)
	for _, normal := range slices.Sorted(maps.Keys(src.byKey)) {
		entries = append(entries, src.byKey[normal]...)
	}
	out.MoreEntries = max(0, len(entries)-maxReducedEntries)
	for _, e := range entries[:len(entries)-out.MoreEntries] {
		out.Entries = append(out.Entries, e.reduce(s.ref(), key))
	}
	return out
}

func (e entry) reduce(secret string, key []byte) evidence.SecretEntry {
	c := e.credential(secret)
	out := evidence.SecretEntry{Key: c.Key, Class: classOf(c), User: mark(e.username, key)}
	if normal, err := normalizeKey(e.written); err == nil {
		if h, err := splitKey(normal); err == nil {
			out.Host = h.host()
			if h.port != "" {
				out.Host += ":" + h.port
			}
			out.Host = foreign.Text(out.Host, 260)
		}
	}
	if end, _, ok := c.Expiry(); ok {
		out.Expires = end
	}
	return out
}

// classOf tells the kind of a credential. An entry that lacks a part is told by
// what it lacks: the kubelet sends it as if it were none.
func classOf(c Credential) evidence.CredentialClass {
	if c.Empty {
		switch c.EmptyBecause {
		case IdentityTokenOnly:
			return evidence.IdentityTokenOnly
		case RegistryTokenOnly:
			return evidence.RegistryTokenOnly
		case UserNameMissing:
			return evidence.PasswordOnly
		case PasswordMissing:
			return evidence.UserOnly
		}
		return evidence.EmptyCredential
	}
	switch _, source, _ := c.Expiry(); source {
	case ExpiryECR, ExpiryECRUnreadable:
		return evidence.ECRToken
	case ExpiryACR:
		return evidence.ACRToken
	case ExpiryGoogle:
		return evidence.GoogleToken
	case ExpiryJWT:
		return evidence.WebToken
	}
	return evidence.UserAndPassword
}

// mark is the same for the same user name under one key: HMAC-SHA-256, its first
// 16 hexadecimal digits. "" for no user or no key.
func mark(user string, key []byte) string {
	if user == "" || len(key) == 0 {
		return ""
	}
	mac := hmac.New(sha256.New, key)
	// Fingerprints begin with a length of eight bytes, which no user name does.
	_, _ = io.WriteString(mac, "user\x00")
	_, _ = io.WriteString(mac, user)
	return hex.EncodeToString(mac.Sum(nil))[:16]
}
