// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"text/template"
)

func TestAPasswordNeverShows(t *testing.T) {
	const secret = "CANARY-7f3a"
	password := NewPassword(secret)
	credential := Credential{Username: "robot", Password: password, Secret: "shop/hub", Key: "docker.io"}
	answer := Answer{Groups: []Group{{Credentials: []Credential{credential}}}}
	source := pullSecret("hub", secret)
	type holder struct { // as somebody may carry one in a struct of theirs
		hidden     Password
		credential Credential
		Shown      Password
		Pointer    *Password
		List       []Credential
		Secret     Secret
	}
	holding := holder{password, credential, password, &password, []Credential{credential}, source}

	for _, verb := range []string{"%p", "%w"} { // which ask no method
		noCanary(t, verb, fmt.Sprintf(verb+verb, password, credential))
	}
	if text := fmt.Sprintf("%v %+v %#v %v", credential, credential, credential, answer); strings.Contains(text, "robot") {
		t.Errorf("a user name, which can be a token, shows in %s", text)
	}
	for _, value := range []any{password, &password, credential, &credential, answer, source, &source, holding, &holding, map[string]any{"p": password, "s": source}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%T", "%60.3s", "%c", "%U", "%e"} {
			noCanary(t, fmt.Sprintf("%T %s", value, verb), fmt.Sprintf(verb, value))
		}
		for name, marshal := range map[string]func(any) ([]byte, error){"json": json.Marshal, "xml": xml.Marshal} {
			if data, err := marshal(value); err == nil {
				noCanary(t, fmt.Sprintf("%T %s", value, name), string(data))
			}
		}
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "value", value)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "value", value, slog.Group("g", "value", value))
		noCanary(t, fmt.Sprintf("%T slog", value), log.String())
		var page bytes.Buffer
		if err := template.Must(template.New("").Parse("{{.}} {{printf \"%v\" .}}")).Execute(&page, value); err != nil {
			t.Fatal(err)
		}
		noCanary(t, fmt.Sprintf("%T template", value), page.String())
		noCanary(t, fmt.Sprintf("%T error", value), fmt.Errorf("doing: %v", value).Error())
	}
	if password.Reveal() != secret {
		t.Errorf("Reveal gives %q", password.Reveal())
	}
}

func noCanary(t *testing.T, where, text string) {
	t.Helper()
	if strings.Contains(strings.ToLower(text), "canary") || strings.Contains(strings.ToLower(text), fmt.Sprintf("%x", "CANARY")) ||
		strings.Contains(text, strings.Trim(fmt.Sprint([]byte("CANARY")), "[]")) {
		t.Errorf("%s shows %s", where, text)
	}
}

func TestAPasswordMarshalsAsRedactedAndComesBackEmpty(t *testing.T) {
	data, err := json.Marshal(struct{ Password Password }{NewPassword("x")})
	if err != nil || string(data) != `{"Password":"[redacted]"}` {
		t.Fatalf("marshalled %s, %v", data, err)
	}
	var back struct{ Password Password }
	if err := json.Unmarshal(data, &back); err != nil || back.Password.Reveal() != "" {
		t.Errorf("came back as %q, %v", back.Password.Reveal(), err)
	}
}

func TestPasswordsAreComparedByTheirSecret(t *testing.T) {
	if !NewPassword("a").Equal(NewPassword("a")) || NewPassword("a").Equal(NewPassword("b")) || !NewPassword("").Equal(Password{}) {
		t.Error("Equal does not compare the secrets")
	}
}

func TestAFingerprintTellsTheSameCredential(t *testing.T) {
	key := []byte("0123456789abcdef0123456789abcdef")
	of := func(user, password string, key []byte) string {
		return Credential{Username: user, Password: NewPassword(password), Secret: user}.Fingerprint(key)
	}
	same := Credential{Username: "u", Password: NewPassword("p"), Secret: "shop/other", Key: "elsewhere"}.Fingerprint(key)
	switch first := of("u", "p", key); {
	case first != same:
		t.Error("the same user and password differ")
	case len(first) != 64:
		t.Errorf("a fingerprint is %d long", len(first))
	case first == of("u", "q", key), first == of("v", "p", key), first == of("u", "p", key[1:]), of("ab", "c", key) == of("a", "bc", key):
		t.Error("different credentials or keys have one fingerprint")
	case of("u", "p", nil) != "":
		t.Error("there is a fingerprint without a key")
	}
}
