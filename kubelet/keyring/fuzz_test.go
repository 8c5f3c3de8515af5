// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// longestError is the length of an Error with what is said before its words.
const longestError = 400 + 40

// FuzzResolve takes any image and any secret's data: it ends, gives a verdict
// on each, and lets no password out of what prints.
func FuzzResolve(f *testing.F) {
	for _, seed := range []struct{ image, kind, data string }{
		{"nginx", TypeDockerConfigJSON, logins("docker.io", "u:passwordpassword")},
		{"reg.example/app", TypeDockerConfigJSON, `{"AUTHS":{"reg.example":{"auth":"dTpw"},"reg.example":null},"credHelpers":{"x":"y"},"HttpHeaders":{}}`},
		{"reg.example:5000/app", TypeDockercfg, `{"auths":{"reg.example":{"auth":"dTpw"}}}`},
		{"[::1]:5000/app", TypeDockercfg, `{"https://u:p@[::1]:5000":{"username":"u","password":"passwordpassword","identitytoken":"t"}}`},
		{"a.b.example/app@sha256:" + strings.Repeat("a", 64), "Opaque", logins("*.example", "u:p")},
		{"\x1b", TypeDockerConfigJSON, `{"auths":{"[":{"auth":"!"}}`},
	} {
		f.Add(seed.image, seed.kind, []byte(seed.data))
	}
	f.Fuzz(func(t *testing.T, image, kind string, data []byte) {
		s := Secret{Namespace: "n", Name: "s", Type: kind, Data: map[string][]byte{keyDockerConfigJSON: data, keyDockercfg: data}}
		answer, err := Resolve(image, []Secret{s, pullSecret("t", logins("docker.io", "u:p"))})
		if err != nil && len(answer.Groups) > 0 {
			t.Fatal("groups beside an error")
		}
		encoded, jsonErr := json.Marshal(answer)
		if jsonErr != nil {
			t.Fatal(jsonErr)
		}
		shown := string(encoded) + fmt.Sprintf("%+v", answer)
		for _, c := range answer.Credentials() {
			_, _, _ = c.Expiry()
			password := c.Password.Reveal()
			if len(password) >= 12 && strings.Contains(shown, password) && strings.Count(string(data), password) < 2 && !strings.Contains(image, password) {
				t.Fatalf("a password shows in %s", shown)
			}
		}
		for _, i := range answer.Ignored {
			if i.Reason == "" || i.Sentence == "" || len(i.Sentence) > 200 || strings.ContainsFunc(i.Sentence, unicode.IsControl) {
				t.Fatalf("ignored without a clean sentence: %+v", i)
			}
		}
		if err != nil && (len(err.Error()) > longestError || strings.ContainsFunc(err.Error(), unicode.IsControl)) {
			t.Fatalf("the error is long or not clean: %q", err)
		}
	})
}

// FuzzDecode takes any user name, password and host, and any bytes around the
// entry that holds them: decoded as the kubelet does, and shown nowhere.
func FuzzDecode(f *testing.F) {
	f.Add("ci", "pass word", "reg.example", "", "")
	f.Add("ci", "a:b", "https://reg.example/v2/", `"x":{"auth":"!"},`, `,"reg.example":{"auth":"dTpw"}`)
	f.Add("", "", "*.example", `"":null,`, "")
	f.Add("\x1b", "\u202e", "[::1]:5000", "{", "}")
	f.Fuzz(func(t *testing.T, user, password, host, before, after string) {
		const mark = "zqcanaryzq"
		secret := mark + password + mark
		auth := base64.StdEncoding.EncodeToString([]byte(user + ":" + secret))
		name, err := json.Marshal(host)
		if err != nil {
			t.Fatal(err)
		}
		data := []byte(`{"auths":{` + before + string(name) + `:{"auth":"` + auth + `"}` + after + `}}`)
		entries, err := decode(keyDockerConfigJSON, data)
		if before+after == "" && utf8.ValidString(host) {
			wantUser, wantPassword, _ := strings.Cut(user+":"+secret, ":")
			if e := entries[host]; err != nil || e.username != wantUser || e.password != wantPassword {
				t.Fatalf("%q reads as %q and %q, %v", data, e.username, e.password, err)
			}
		}
		answer, err := Resolve("reg.example/app", []Secret{{Namespace: "n", Name: "s", Type: TypeDockerConfigJSON, Data: map[string][]byte{keyDockerConfigJSON: data}}})
		encoded, jsonErr := json.Marshal(answer)
		if jsonErr != nil {
			t.Fatal(jsonErr)
		}
		// Whoever writes his password into his user name or host shows it himself.
		if shown := fmt.Sprintf("%s%+v%v", encoded, answer, err); strings.Contains(shown, mark) && !strings.Contains(user+host+before+after, mark) && !strings.Contains(user, ":") {
			t.Fatalf("a password shows in %s", shown)
		}
	})
}

// FuzzParseImage takes any image: what is understood has a host and a
// repository, and reads the same again.
func FuzzParseImage(f *testing.F) {
	for _, seed := range []string{"nginx", "a/b:1", "reg.example:5000/a@sha256:" + strings.Repeat("0", 64), "[::1]/a", "REG/a", "a_b.example/a", "\u202e", "localhost"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, image string) {
		ref, err := ParseImage(image)
		if err != nil {
			if len(err.Error()) > longestError || strings.ContainsFunc(err.Error(), unicode.IsControl) {
				t.Fatalf("the error is long or not clean: %q", err)
			}
			return
		}
		if strings.ContainsFunc(ref.Host+ref.Repository+ref.Tag+ref.Digest, func(r rune) bool { return r <= ' ' || r > '~' }) {
			t.Fatalf("%q: %+v is not clean", image, ref)
		}
		if ref.Host == "" || ref.Repository == "" || ref.Tag+ref.Digest == "" {
			t.Fatalf("%q: %+v", image, ref)
		}
		again, err := ParseImage(ref.Host + "/" + ref.Repository)
		if err != nil || again.Host != ref.Host || again.Repository != ref.Repository {
			t.Fatalf("%q: %+v, again %+v, %v", image, ref, again, err)
		}
	})
}

// FuzzDisplay takes any user information and key: the first never shows, and
// nothing that a terminal would not show as itself.
func FuzzDisplay(f *testing.F) {
	f.Add("https://", "me:hidden", "/v1/")
	f.Add("", "a@b/c?d#e", "/x@sha256:"+strings.Repeat("0", 64))
	f.Add("x:y://", "sha256:hidden", "?q")
	f.Fuzz(func(t *testing.T, scheme, user, rest string) {
		key := scheme + "HIDDEN" + user + "HIDDEN@reg.example" + rest
		shown := display(key)
		if strings.Contains(shown, "HIDDEN") && !strings.Contains(rest, "HIDDEN") {
			t.Fatalf("%q shows as %q", key, shown)
		}
		if len(shown) > 200 || strings.ContainsFunc(shown, func(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Cf) }) {
			t.Fatalf("%q shows as %q", key, shown)
		}
	})
}

// FuzzSplitPort compares with net.SplitHostPort, which the core must not
// import.
func FuzzSplitPort(f *testing.F) {
	for _, seed := range []string{"", ":", "a:1", "[::1]:5", "[::1]", "a:b:c", "[a]b:1", "[[a]]:1", "a]:1", "a:[1]", "[", "[]:", "]:", "[a:1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, hostPort string) {
		host, port, err := net.SplitHostPort(hostPort)
		ourHost, ourPort, ok := splitPort(hostPort)
		if ok != (err == nil) || host != ourHost || port != ourPort {
			t.Fatalf("%q: net %q %q %v, ours %q %q %t", hostPort, host, port, err, ourHost, ourPort, ok)
		}
	})
}
