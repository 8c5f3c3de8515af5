// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/pullmedic/pullmedic/evidence"
)

// dockerConfig is a secret of these entries, written as JSON.
func dockerConfig(auths string) Secret {
	return Secret{Namespace: "shop", Name: "hub", Type: TypeDockerConfigJSON, Data: map[string][]byte{".dockerconfigjson": []byte(`{"auths":` + auths + `}`)}}
}

func login(user, password string) string {
	return `{"auth":"` + base64.StdEncoding.EncodeToString([]byte(user+":"+password)) + `"}`
}

func webToken(claims string) string {
	part := base64.RawURLEncoding.EncodeToString
	return part([]byte(`{"alg":"RS256"}`)) + "." + part([]byte(claims)) + ".c2ln"
}

func TestTheClassOfACredential(t *testing.T) {
	end := time.Date(2026, 11, 21, 3, 11, 58, 0, time.UTC)
	ecr := base64.StdEncoding.EncodeToString(fmt.Appendf(nil, `{"payload":"x","datakey":"y","version":"2","type":"DATA_KEY","expiration":%d}`, end.Unix()))
	for name, c := range map[string]struct {
		entry   string
		class   evidence.CredentialClass
		expires time.Time
	}{
		"a password":                   {login("bot", "canary"), evidence.UserAndPassword, time.Time{}},
		"an ECR token":                 {login("AWS", ecr), evidence.ECRToken, end},
		"one that cannot be read":      {login("AWS", "canary"), evidence.ECRToken, time.Time{}},
		"an ACR refresh token":         {login("00000000-0000-0000-0000-000000000000", webToken(fmt.Sprintf(`{"exp":%d}`, end.Unix()))), evidence.ACRToken, end},
		"another JSON Web Token":       {login("bot", webToken(fmt.Sprintf(`{"iss":"x","exp":%d}`, end.Unix()))), evidence.WebToken, end},
		"a Google access token":        {login("oauth2accesstoken", "ya29.canary"), evidence.GoogleToken, time.Time{}},
		"an identity token alone":      {`{"identitytoken":"canary"}`, evidence.IdentityTokenOnly, time.Time{}},
		"a registry token alone":       {`{"registrytoken":"canary"}`, evidence.RegistryTokenOnly, time.Time{}},
		"a user without a password":    {`{"username":"bot"}`, evidence.UserOnly, time.Time{}},
		"a password without a user":    {`{"password":"canary"}`, evidence.PasswordOnly, time.Time{}},
		"nothing":                      {`{}`, evidence.EmptyCredential, time.Time{}},
		"an e-mail address, no matter": {`{"email":"canary@example.org"}`, evidence.EmptyCredential, time.Time{}},
	} {
		got := Reduce(dockerConfig(`{"registry.example:5000":`+c.entry+`}`), []byte("key"))
		if len(got.Entries) != 1 || got.Entries[0].Class != c.class || !got.Entries[0].Expires.Equal(c.expires) || got.Entries[0].Host != "registry.example:5000" {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestWhatIsToldOfASecret(t *testing.T) {
	s := dockerConfig(`{"https://me:canary-1@index.docker.io/v1/?canary-2":` + login("canary-bot", "canary-3") + `,"GHCR.io":{},"b\u001b[2J/%zz":{}}`)
	s.Data["other"] = []byte("canary-4")
	got := Reduce(s, nil)
	want := evidence.PullSecret{
		Name: "shop/hub", Type: TypeDockerConfigJSON, Keys: []string{".dockerconfigjson", "other"},
		Entries: []evidence.SecretEntry{
			{Key: "b[2J/%zz", Class: evidence.EmptyCredential},
			{Key: "GHCR.io", Host: "GHCR.io", Class: evidence.EmptyCredential},
			{Key: "https://...@index.docker.io/v1/?...", Host: "index.docker.io", Class: evidence.UserAndPassword},
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if got := Reduce(dockerConfig(`{"a":{"auth":"%%canary"}}`), nil); !got.Unreadable || len(got.Entries) > 0 {
		t.Errorf("one that cannot be parsed: %+v", got)
	}
	if got := Reduce(Secret{Namespace: "shop", Name: "x", Type: "Opaque", Data: map[string][]byte{"password": []byte("canary")}}, nil); got.Type != "Opaque" || len(got.Entries) > 0 || got.Keys[0] != "password" {
		t.Errorf("one of another type: %+v", got)
	}
}

func TestMarksTellEqualUsersAndNothingElse(t *testing.T) {
	entries := `{"a.example":` + login("bot", "canary-1") + `,"b.example":` + login("bot", "canary-2") + `,"c.example":` + login("other", "canary-1") + `,"d.example":{}}`
	key, second := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
	one, two := Reduce(dockerConfig(entries), key).Entries, Reduce(dockerConfig(entries), second).Entries
	if one[0].User == "" || one[0].User != one[1].User || one[0].User == one[2].User || one[3].User != "" {
		t.Errorf("marks %+v", one)
	}
	if one[0].User == two[0].User {
		t.Error("the mark is the same under another key")
	}
	text, err := json.Marshal(one)
	if err != nil || strings.Contains(string(text), "canary") || strings.Contains(string(text), "bot") {
		t.Errorf("%v: %s", err, text)
	}
	c := Credential{Username: "bot"}
	if strings.HasPrefix(c.Fingerprint(key), one[0].User) {
		t.Error("a fingerprint begins as the mark does")
	}
}

func TestASecretOfManyEntriesIsCut(t *testing.T) {
	var auths []string
	for i := range 60 {
		auths = append(auths, fmt.Sprintf(`"r%02d.example":{}`, i))
	}
	got := Reduce(dockerConfig("{"+strings.Join(auths, ",")+"}"), nil)
	if len(got.Entries) != 50 || got.MoreEntries != 10 {
		t.Errorf("%d entries and %d more", len(got.Entries), got.MoreEntries)
	}
}
