// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// pullSecret is a secret of type dockerconfigjson with the given data.
func pullSecret(name, data string) Secret {
	return Secret{Namespace: "shop", Name: name, Type: TypeDockerConfigJSON, Data: map[string][]byte{keyDockerConfigJSON: []byte(data)}}
}

func auth(plain string) string { return base64.StdEncoding.EncodeToString([]byte(plain)) }

// logins wraps entries in a config: pairs of key and user:password.
func logins(pairs ...string) string {
	var entries []string
	for i := 0; i < len(pairs); i += 2 {
		key, _ := json.Marshal(pairs[i])
		entries = append(entries, fmt.Sprintf(`%s:{"auth":%q}`, key, auth(pairs[i+1])))
	}
	return `{"auths":{` + strings.Join(entries, ",") + `}}`
}

// tried writes the answer's groups as user:password, in order; the credentials
// of a group with a random order in brackets.
func tried(a Answer) string {
	var groups []string
	for _, g := range a.Groups {
		var one []string
		for _, c := range g.Credentials {
			one = append(one, c.Username+":"+c.Password.Reveal())
		}
		text := strings.Join(one, " ")
		if g.AnyOrder {
			text = "[" + text + "]"
		}
		groups = append(groups, text)
	}
	return strings.Join(groups, " ")
}

func TestTheKubeletTries(t *testing.T) {
	const ecr = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
	tests := map[string]struct {
		image, data string
		want        string // "" is anonymous
		sends       Sends
	}{
		"docker.io for a short image":                         {"nginx", logins("docker.io", "u:p"), "u:p", SendsCredentials},
		"https://index.docker.io/v1/ for a short image":       {"nginx", logins("https://index.docker.io/v1/", "u:p"), "u:p", SendsCredentials},
		"not https://index.docker.io/v1 without the slash":    {"nginx", logins("https://index.docker.io/v1", "u:p"), "", SendsAnonymous},
		"not registry-1.docker.io":                            {"nginx", logins("registry-1.docker.io", "u:p"), "", SendsAnonymous},
		"not hub.docker.com":                                  {"nginx", logins("hub.docker.com", "u:p"), "", SendsAnonymous},
		"docker.io alone where index.docker.io is there too":  {"nginx", logins("https://index.docker.io/v1/", "b:b", "docker.io", "a:a"), "a:a", SendsCredentials},
		"index.docker.io for an image written with that host": {"index.docker.io/team/app", logins("index.docker.io", "u:p"), "u:p", SendsCredentials},
		"the Docker Hub login for an image of localhost":      {"localhost/app", logins("https://index.docker.io/v1/", "u:p"), "u:p", SendsCredentials},
		"not the Docker Hub login for another registry":       {"reg.example/app", logins("https://index.docker.io/v1/", "u:p"), "", SendsAnonymous},
		"not a host with /v2 and no slash":                    {"reg.example/app", logins("https://reg.example/v2", "u:p"), "", SendsAnonymous},
		"a host with /v2/":                                    {"reg.example/app", logins("https://reg.example/v2/", "u:p"), "u:p", SendsCredentials},
		"a path that the image's only begins with":            {"reg.example/teamsters/app", logins("reg.example/team", "u:p"), "u:p", SendsCredentials},
		"the longer path first, then the host":                {"reg.example/team/app", logins("reg.example", "host:p", "reg.example/team", "team:p"), "team:p host:p", SendsCredentials},
		"not a key with :443 for an image without port":       {"reg.example/app", logins("reg.example:443", "u:p"), "", SendsAnonymous},
		"not a key without port for an image with one":        {"reg.example:5000/app", logins("reg.example", "u:p"), "", SendsAnonymous},
		"a wildcard per part of the host":                     {ecr + "/app", logins("*.dkr.ecr.*.amazonaws.com", "AWS:p"), "AWS:p", SendsCredentials},
		"the exact host before the wildcard":                  {ecr + "/app", logins("*.dkr.ecr.*.amazonaws.com", "wild:p", ecr, "exact:p"), "exact:p wild:p", SendsCredentials},
		"not a wildcard that would have to span dots":         {"a.b.example.com/app", logins("*.example.com", "u:p"), "", SendsAnonymous},
		"not an upper-case host":                              {"reg.example/app", logins("Reg.Example", "u:p"), "", SendsAnonymous},
		"an upper-case host for an image that is written so":  {"Reg.Example/app", logins("Reg.Example", "u:p"), "u:p", SendsCredentials},
		"not a key with the image's tag":                      {"reg.example/app:1", logins("reg.example/app:1", "u:p"), "", SendsAnonymous},
		"an IPv6 host with a port":                            {"[::1]:5000/app", logins("[::1]:5000", "u:p"), "u:p", SendsCredentials},
		"not an IPv6 host without a port":                     {"[::1]/app", logins("[::1]", "u:p"), "", SendsAnonymous},
		"a key with user information, which is cut off":       {"reg.example/app", logins("https://me:hidden@reg.example", "u:p"), "u:p", SendsCredentials},
		"keys that mean the same in any order":                {"reg.example/app", logins("reg.example", "a:1", "https://reg.example/", "b:2", "reg.example/v1/", "c:3"), "[b:2 a:1 c:3]", SendsCredentials},
		"an empty entry, which goes out anonymous":            {"nginx", `{"auths":{"docker.io":{}}}`, ":", SendsAnonymous},
		"an identity token as an empty entry":                 {"nginx", `{"auths":{"docker.io":{"identitytoken":"t"}}}`, ":", SendsAnonymous},
		"an empty entry and a full one":                       {"reg.example/a/b", `{"auths":{"reg.example/a":{},"reg.example":{"username":"u","password":"p"}}}`, ": u:p", SendsBoth},
		"not credHelpers":                                     {"nginx", `{"credHelpers":{"docker.io":"x"}}`, "", SendsAnonymous},
		"not entries outside auths":                           {"nginx", `{"docker.io":{"auth":"dTpw"}}`, "", SendsAnonymous},
		"auths in other letters":                              {"nginx", `{"AUTHS":{"docker.io":{"AUTH":"dTpw"}}}`, "u:p", SendsCredentials},
		"the last of two equal keys":                          {"nginx", `{"auths":{"docker.io":{"auth":"YTph"},"docker.io":{"auth":"dTpw"}}}`, "u:p", SendsCredentials},
		"the entries of two auths together":                   {"reg.example/a", `{"auths":{"reg.example/a":{"auth":"YTph"}},"Auths":{"reg.example":{"auth":"dTpw"}}}`, "a:a u:p", SendsCredentials},
		"auth before username and password":                   {"nginx", `{"auths":{"docker.io":{"username":"x","password":"y","auth":"dTpw"}}}`, "u:p", SendsCredentials},
		"auth without padding":                                {"nginx", `{"auths":{"docker.io":{"auth":"dTpwdw"}}}`, "u:pw", SendsCredentials},
		"a password with colons":                              {"nginx", logins("docker.io", `_json_key:{"a":"b"}`), `_json_key:{"a":"b"}`, SendsCredentials},
		"a password with its trailing newline":                {"nginx", logins("docker.io", "u:p\n"), "u:p\n", SendsCredentials},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			answer, err := Resolve(test.image, []Secret{pullSecret("hub", test.data)})
			if err != nil {
				t.Fatal(err)
			}
			if got := tried(answer); got != test.want {
				t.Errorf("tries %q, want %q", got, test.want)
			}
			if answer.Sends != test.sends {
				t.Errorf("sends %s, want %s", answer.Sends, test.sends)
			}
		})
	}
}

func TestSecretsAreTakenInThePodsOrderUnderEachKey(t *testing.T) {
	secrets := []Secret{
		pullSecret("first", logins("reg.example", "a:1", "reg.example/team", "b:2")),
		{Namespace: "shop", Name: "old", Type: TypeDockercfg, Data: map[string][]byte{keyDockercfg: []byte(`{"reg.example/team":{"username":"c","password":"3"}}`)}},
		pullSecret("first", logins("reg.example", "a:1")), // named twice in the pod
	}
	answer, err := Resolve("reg.example/team/app", secrets)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := tried(answer), "b:2 c:3 a:1 a:1"; got != want {
		t.Errorf("tries %q, want %q", got, want)
	}
	credentials := answer.Credentials()
	if c := credentials[1]; c.Secret != "shop/old" || c.Key != "reg.example/team" {
		t.Errorf("the second comes from %s, key %s", c.Secret, c.Key)
	}
}

func TestAnEmptyCredentialSaysWhatItHasInstead(t *testing.T) {
	tests := map[string]struct {
		entry string
		want  Reason
	}{
		"nothing":                         {`{}`, EntryEmpty},
		"null":                            {`null`, EntryEmpty},
		"an identity token":               {`{"IdentityToken":"t"}`, IdentityTokenOnly},
		"an identity token beside a user": {`{"auth":"` + auth("00000000-0000-0000-0000-000000000000:") + `","identitytoken":"t"}`, IdentityTokenOnly},
		"an empty identity token":         {`{"identitytoken":""}`, EntryEmpty},
		"a registry token":                {`{"registrytoken":"t"}`, RegistryTokenOnly},
		"a user alone":                    {`{"username":"u"}`, PasswordMissing},
		"a password alone":                {`{"auth":"` + auth(":p") + `"}`, UserNameMissing},
		"both":                            {`{"auth":"` + auth("u:p") + `"}`, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			answer, err := Resolve("nginx", []Secret{pullSecret("hub", `{"auths":{"docker.io":`+test.entry+`}}`)})
			if err != nil {
				t.Fatal(err)
			}
			c := answer.Credentials()[0]
			if c.EmptyBecause != test.want || c.Empty != (test.want != "") {
				t.Errorf("empty %t because %q, want %q", c.Empty, c.EmptyBecause, test.want)
			}
		})
	}
}

func TestABlankAtAnEndIsTold(t *testing.T) {
	for plain, want := range map[string]bool{"u:p": false, "u:p\n": true, " u:p": true, "u:p q": false} {
		answer, err := Resolve("nginx", []Secret{pullSecret("hub", logins("docker.io", plain))})
		if err != nil {
			t.Fatal(err)
		}
		if got := answer.Credentials()[0].Blank; got != want {
			t.Errorf("%q: blank %t, want %t", plain, got, want)
		}
	}
}

func TestTheAnswerIsTheSameEachTime(t *testing.T) {
	data := logins("reg.example", "a:1", "https://reg.example/", "b:2", "reg.example/v1/", "c:3", "other.example", "d:4", "x.example", "e:5")
	var first string
	for range 20 {
		answer, err := Resolve("reg.example/app", []Secret{pullSecret("hub", data)})
		if err != nil {
			t.Fatal(err)
		}
		encoded, err := json.Marshal(answer)
		if err != nil {
			t.Fatal(err)
		}
		if text := tried(answer) + string(encoded); first == "" {
			first = text
		} else if text != first {
			t.Fatalf("first %s\nthen %s", first, text)
		}
	}
}
