// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"strings"
	"time"
)

// An ExpirySource says how a credential's end is known, or why it is not.
type ExpirySource string

// The sources.
const (
	// ExpiryECR: the password is an ECR authorization token in its usual form,
	// which carries its end. AWS does not document the form.
	ExpiryECR ExpirySource = "ecr-token"
	// ExpiryACR: the password is a refresh token of Azure Container Registry.
	ExpiryACR ExpirySource = "acr-refresh-token"
	// ExpiryJWT: the password is another JSON Web Token with an exp claim.
	ExpiryJWT ExpirySource = "jwt"
	// ExpiryECRUnreadable: by its user name AWS an ECR token, in a form that
	// cannot be read.
	ExpiryECRUnreadable ExpirySource = "ecr-token-unreadable"
	// ExpiryGoogle: a Google access token (ya29.), whose end cannot be read.
	ExpiryGoogle ExpirySource = "google-access-token"
)

// Lifetime is how long a credential of this kind lives from when it was made,
// 0 if that is not the same for all. With it, the time at which the Secret was
// last written gives the latest end.
func (s ExpirySource) Lifetime() time.Duration {
	switch s {
	case ExpiryECR, ExpiryECRUnreadable:
		return 12 * time.Hour
	case ExpiryGoogle:
		return time.Hour
	}
	return 0
}

// User names that tell what the password is.
const (
	userECR    = "AWS"
	userACR    = "00000000-0000-0000-0000-000000000000"
	userGoogle = "oauth2accesstoken"
	issuerACR  = "Azure Container Registry"
)

// maxToken bounds what is decoded: tokens are some kilobytes long.
const maxToken = 64 << 10

// Expiry tells when the credential ends by itself, if it says so itself; no
// signature is checked. Without a time, the source still tells a credential
// that is known to be short-lived (Lifetime), and is "" otherwise.
func (c Credential) Expiry() (time.Time, ExpirySource, bool) {
	password := c.Password.Reveal()
	if len(password) == 0 || len(password) > maxToken {
		return time.Time{}, "", false
	}
	if end, ok := ecrExpiry(password); ok {
		return end, ExpiryECR, true
	}
	if end, issuer, ok := jwtExpiry(password); ok {
		if c.Username == userACR || issuer == issuerACR {
			return end, ExpiryACR, true
		}
		return end, ExpiryJWT, true
	}
	switch {
	case c.Username == userECR:
		return time.Time{}, ExpiryECRUnreadable, false
	case c.Username == userGoogle, strings.HasPrefix(password, "ya29."):
		return time.Time{}, ExpiryGoogle, false
	}
	return time.Time{}, "", false
}

// ecrExpiry reads base64({"payload":…,"datakey":…,"version":"2",
// "type":"DATA_KEY","expiration":<unix seconds>}).
func ecrExpiry(password string) (time.Time, bool) {
	data, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(strings.TrimSpace(password), "="))
	if err != nil {
		return time.Time{}, false
	}
	var token struct {
		Type       string  `json:"type"`
		Expiration float64 `json:"expiration"`
	}
	if err := json.Unmarshal(data, &token); err != nil || token.Type != "DATA_KEY" {
		return time.Time{}, false
	}
	return unix(token.Expiration)
}

// jwtExpiry reads the exp and iss claims of three dot-separated base64url
// parts, of which the first is a JSON object with alg.
func jwtExpiry(password string) (end time.Time, issuer string, ok bool) {
	parts := strings.Split(strings.TrimSpace(password), ".")
	if len(parts) != 3 {
		return time.Time{}, "", false
	}
	var header struct {
		Algorithm string `json:"alg"`
	}
	var claims struct {
		Issuer string  `json:"iss"`
		End    float64 `json:"exp"`
	}
	if !part(parts[0], &header) || header.Algorithm == "" || !part(parts[1], &claims) {
		return time.Time{}, "", false
	}
	end, ok = unix(claims.End)
	return end, claims.Issuer, ok
}

func part(encoded string, into any) bool {
	data, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(encoded, "="))
	return err == nil && json.Unmarshal(data, into) == nil
}

// unix takes seconds for a time only between the years 2000 and 2200, so that
// nonsense is not read as an expiry.
func unix(seconds float64) (time.Time, bool) {
	const y2000, y2200 = 946684800, 7258118400
	if math.IsNaN(seconds) || seconds < y2000 || seconds > y2200 {
		return time.Time{}, false
	}
	return time.Unix(int64(seconds), 0).UTC(), true
}
