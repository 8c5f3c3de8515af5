// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
)

// Redacted stands wherever a Password would have been shown.
const Redacted = "[redacted]"

// A Password is the secret half of a credential. However it is printed,
// formatted, marshalled or logged, it shows as Redacted; Reveal is the only
// way out. The zero value is the empty password. Passwords cannot be compared
// with ==; see Equal.
type Password struct {
	// A closure, because no printer, dumper or marshaller that walks values by
	// reflection can look into one, as it could into an unexported string.
	reveal func() string
}

// NewPassword hides s.
func NewPassword(s string) Password {
	return Password{reveal: func() string { return s }}
}

// Reveal returns the secret itself. It is for the one place that sends it to
// the registry it is meant for.
func (p Password) Reveal() string {
	if p.reveal == nil {
		return ""
	}
	return p.reveal()
}

// Equal tells whether both are the same secret, in a time that does not depend
// on where they differ.
func (p Password) Equal(q Password) bool {
	return subtle.ConstantTimeCompare([]byte(p.Reveal()), []byte(q.Reveal())) == 1
}

// String returns Redacted, for an empty password too.
func (p Password) String() string { return Redacted }

// GoString returns Redacted.
func (p Password) GoString() string { return Redacted }

// Format writes Redacted, whatever the verb and flags.
func (p Password) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Redacted) }

// MarshalText returns Redacted.
func (p Password) MarshalText() ([]byte, error) { return []byte(Redacted), nil }

// MarshalJSON returns Redacted as a JSON string.
func (p Password) MarshalJSON() ([]byte, error) { return []byte(`"` + Redacted + `"`), nil }

// UnmarshalText reads back what MarshalText wrote, as the empty password: a
// secret never comes out of a file that should not hold one.
func (p *Password) UnmarshalText([]byte) error {
	*p = Password{}
	return nil
}

// LogValue returns Redacted.
func (p Password) LogValue() slog.Value { return slog.StringValue(Redacted) }

// Fingerprint returns a text that is the same for the same user name and
// password, and says nothing about them to whoever lacks the key: HMAC-SHA-256
// as 64 hexadecimal digits. The key should be 32 random bytes, made once a run
// and kept in memory. Without a key there is no fingerprint: the answer is "".
func (c Credential) Fingerprint(key []byte) string {
	if len(key) == 0 {
		return ""
	}
	mac := hmac.New(sha256.New, key)
	// The length keeps ("ab", "c") and ("a", "bc") apart.
	var length [8]byte
	binary.BigEndian.PutUint64(length[:], uint64(len(c.Username)))
	for _, part := range []string{string(length[:]), c.Username, c.Password.Reveal()} {
		_, _ = io.WriteString(mac, part)
	}
	return hex.EncodeToString(mac.Sum(nil))
}
