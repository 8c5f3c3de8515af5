// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registries

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// tokenLife is how long a token holds; real services give 60 to 300 s.
const tokenLife = 5 * time.Minute

// access is one entry of a token's access list, as in the distribution
// project's token specification.
type access struct {
	Type    string   `json:"type"`
	Name    string   `json:"name"`
	Actions []string `json:"actions"`
}

// claims of the tokens that the testbed issues.
type claims struct {
	Issuer    string   `json:"iss"`
	Subject   string   `json:"sub"`
	Audience  string   `json:"aud"`
	Expires   int64    `json:"exp"`
	NotBefore int64    `json:"nbf"`
	IssuedAt  int64    `json:"iat"`
	ID        string   `json:"jti"`
	Access    []access `json:"access"`
}

// pulls tells whether the token grants pulling from the repository.
func (c claims) pulls(repository string) bool {
	return slices.ContainsFunc(c.Access, func(a access) bool {
		return a.Type == "repository" && a.Name == repository && slices.Contains(a.Actions, "pull")
	})
}

// keys sign tokens and mark credentials; they live as long as the process.
type keys struct {
	sign, mark []byte
}

func newKeys() (*keys, error) {
	k := &keys{sign: make([]byte, 32), mark: make([]byte, 32)}
	for _, key := range [][]byte{k.sign, k.mark} {
		if _, err := rand.Read(key); err != nil {
			return nil, fmt.Errorf("making the registries' keys: %w", err)
		}
	}
	return k, nil
}

// markOf tells two credentials apart without telling what they are.
func (k *keys) markOf(user, password string) string {
	mac := hmac.New(sha256.New, k.mark)
	fmt.Fprintf(mac, "%q %q", user, password)
	return hex.EncodeToString(mac.Sum(nil)[:6])
}

// issue makes a JSON Web Token.
func (k *keys) issue(c claims) (string, error) {
	header := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`))
	body, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("writing a token: %w", err)
	}
	unsigned := header + "." + base64.RawURLEncoding.EncodeToString(body)
	return unsigned + "." + base64.RawURLEncoding.EncodeToString(k.signature(unsigned)), nil
}

func (k *keys) signature(unsigned string) []byte {
	mac := hmac.New(sha256.New, k.sign)
	mac.Write([]byte(unsigned))
	return mac.Sum(nil)
}

// read gives a token's claims if we signed it for that audience and it holds.
func (k *keys) read(token, audience string, now time.Time) (claims, bool) {
	at := strings.LastIndexByte(token, '.')
	if at < 0 {
		return claims{}, false
	}
	signature, err := base64.RawURLEncoding.DecodeString(token[at+1:])
	if err != nil || !hmac.Equal(signature, k.signature(token[:at])) {
		return claims{}, false
	}
	_, body, _ := strings.Cut(token[:at], ".")
	text, err := base64.RawURLEncoding.DecodeString(body)
	if err != nil {
		return claims{}, false
	}
	var c claims
	if err := json.Unmarshal(text, &c); err != nil {
		return claims{}, false
	}
	return c, c.Audience == audience && now.Unix() < c.Expires
}
