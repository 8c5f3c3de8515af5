// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"encoding/base64"
	"fmt"
	"testing"
	"time"
)

func TestACredentialTellsItsOwnEnd(t *testing.T) {
	end := time.Date(2026, 11, 21, 3, 11, 58, 0, time.UTC)
	ecr := base64.StdEncoding.EncodeToString(fmt.Appendf(nil, `{"payload":"CANARY","datakey":"x","version":"2","type":"DATA_KEY","expiration":%d}`, end.Unix()))
	jwt := func(claims string) string {
		part := base64.RawURLEncoding.EncodeToString
		return part([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + part([]byte(claims)) + "." + part([]byte("signature"))
	}
	dated := fmt.Sprintf(`{"exp":%d,"sub":"CANARY"}`, end.Unix())
	tests := map[string]struct {
		user, password string
		want           time.Time
		source         ExpirySource
		lifetime       time.Duration
	}{
		"an ECR token":                            {"AWS", ecr, end, ExpiryECR, 12 * time.Hour},
		"an ECR token with a newline behind":      {"AWS", ecr + "\n", end, ExpiryECR, 12 * time.Hour},
		"an ECR token of another form":            {"AWS", "opaque", time.Time{}, ExpiryECRUnreadable, 12 * time.Hour},
		"base64 of other JSON":                    {"u", base64.StdEncoding.EncodeToString([]byte(`{"expiration":1}`)), time.Time{}, "", 0},
		"an ECR token with a nonsense time":       {"u", base64.StdEncoding.EncodeToString([]byte(`{"type":"DATA_KEY","expiration":1}`)), time.Time{}, "", 0},
		"an ACR refresh token by its user":        {"00000000-0000-0000-0000-000000000000", jwt(dated), end, ExpiryACR, 0},
		"an ACR refresh token by its issuer":      {"u", jwt(fmt.Sprintf(`{"iss":"Azure Container Registry","exp":%d}`, end.Unix())), end, ExpiryACR, 0},
		"another JWT":                             {"u", jwt(dated), end, ExpiryJWT, 0},
		"a JWT with a fraction of a second":       {"u", jwt(fmt.Sprintf(`{"exp":%d.75}`, end.Unix())), end, ExpiryJWT, 0},
		"a JWT without an end":                    {"u", jwt(`{"sub":"x"}`), time.Time{}, "", 0},
		"three parts that are no JWT":             {"u", "a.b.c", time.Time{}, "", 0},
		"a Google access token":                   {"oauth2accesstoken", "ya29.CANARY", time.Time{}, ExpiryGoogle, time.Hour},
		"a Google access token with another user": {"u", "ya29.CANARY", time.Time{}, ExpiryGoogle, time.Hour},
		"a Google key file":                       {"_json_key", `{"type":"service_account"}`, time.Time{}, "", 0},
		"a plain password":                        {"u", "CANARY", time.Time{}, "", 0},
		"an empty password":                       {"AWS", "", time.Time{}, "", 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, source, ok := Credential{Username: test.user, Password: NewPassword(test.password)}.Expiry()
			if !got.Equal(test.want) || source != test.source || ok == test.want.IsZero() {
				t.Errorf("ends %v (%q, %t), want %v (%q)", got, source, ok, test.want, test.source)
			}
			if source.Lifetime() != test.lifetime {
				t.Errorf("lives %v, want %v", source.Lifetime(), test.lifetime)
			}
		})
	}
}
