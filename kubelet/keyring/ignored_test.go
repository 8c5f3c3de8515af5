// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"fmt"
	"strings"
	"testing"
)

func TestIgnoredEntriesSayWhyNot(t *testing.T) {
	const image = "reg.example/team/app:1"
	tests := map[string]struct {
		image, data string
		key         string
		want        Reason
		near        bool
	}{
		"another host":                          {image, logins("other.example", "u:p"), "other.example", HostDiffers, false},
		"a host that is a letter away":          {image, logins("rge.example", "u:p"), "rge.example", HostDiffers, true},
		"a host that is a digit away":           {"acme1.azurecr.io/app", logins("acme2.azurecr.io", "u:p"), "acme2.azurecr.io", HostDiffers, false},
		"a port too many":                       {image, logins("reg.example:443", "u:p"), "reg.example:443", PortDiffers, true},
		"a port too few":                        {"reg.example:5000/app", logins("https://reg.example", "u:p"), "https://reg.example", PortDiffers, true},
		"another path":                          {image, logins("reg.example/other", "u:p"), "reg.example/other", PathDiffers, true},
		"a slash that the image's name has not": {image, logins("reg.example/team/app/", "u:p"), "reg.example/team/app/", PathDiffers, true},
		"/v2 without a slash":                   {image, logins("https://reg.example/v2", "u:p"), "https://reg.example/v2", VersionPath, true},
		"/v1 without a slash, Docker Hub":       {"nginx", logins("https://index.docker.io/v1", "u:p"), "https://index.docker.io/v1", VersionPath, true},
		"a tag in the key":                      {image, logins("reg.example/team/app:1", "u:p"), "reg.example/team/app:1", TagInKey, true},
		"a digest in the key":                   {image, logins("reg.example/team/app@sha256:"+strings.Repeat("a", 64), "u:p"), "reg.example/team/app@sha256:" + strings.Repeat("a", 64), TagInKey, true},
		"hub.docker.com":                        {"nginx", logins("hub.docker.com", "u:p"), "hub.docker.com", HubAlias, true},
		"registry-1.docker.io":                  {"nginx", logins("https://registry-1.docker.io/v2/", "u:p"), "https://registry-1.docker.io/v2/", HubAlias, true},
		"index.docker.io with a path":           {"team/app", logins("index.docker.io/team", "u:p"), "index.docker.io/team", HubAlias, true},
		"index.docker.io beside docker.io":      {"nginx", logins("https://index.docker.io/v1/", "u:p", "docker.io", "a:b"), "https://index.docker.io/v1/", HubFallbackUnused, true},
		"hub.docker.com for another registry":   {image, logins("hub.docker.com", "u:p"), "hub.docker.com", HostDiffers, false},
		"a wildcard for two parts":              {"a.b.example/x", logins("*.example", "u:p"), "*.example", WildcardDepth, true},
		"a wildcard for no part":                {"example.com/x", logins("*.example.com", "u:p"), "*.example.com", WildcardDepth, true},
		"a wildcard in the path":                {image, logins("reg.example/*", "u:p"), "reg.example/*", WildcardInPath, true},
		"upper case in the host":                {image, logins("REG.example", "u:p"), "REG.example", CaseDiffers, true},
		"upper case in the path":                {image, logins("reg.example/Team", "u:p"), "reg.example/Team", CaseDiffers, true},
		"an IPv6 host without a port":           {"[::1]/app", logins("[::1]", "u:p"), "[::1]", IPv6WithoutPort, true},
		"another scheme":                        {image, logins("oci://reg.example", "u:p"), "oci://reg.example", SchemeUnknown, true},
		"a blank in the key":                    {image, logins(" reg.example", "u:p"), "reg.example", KeyUnparsable, true},
		"a port that is none":                   {image, logins("other:port", "u:p"), "other:port", KeyUnparsable, false},
		"the same key later":                    {image, `{"auths":{"reg.example":{},"reg.example":{"auth":"dTpw"}}}`, "reg.example", Overwritten, true},
		"no auths around it":                    {image, `{"reg.example":{"auth":"dTpw"}}`, "reg.example", NotWrapped, true},
		"no auths around another":               {image, `{"other.example":{"auth":"dTpw"}}`, "other.example", NotWrapped, false},
		"credHelpers":                           {image, `{"auths":{},"credHelpers":{"reg.example":"x"}}`, "reg.example", HelperIgnored, true},
		"credsStore":                            {image, `{"auths":{"other.example":{}},"credsStore":"desktop"}`, "", HelperIgnored, false},
		"no entry at all":                       {image, `{}`, "", NoEntries, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			answer, err := Resolve(test.image, []Secret{pullSecret("hub", test.data)})
			if err != nil {
				t.Fatal(err)
			}
			if !tells(answer, "shop/hub", test.key, test.want, test.near) {
				t.Errorf("want key %q %s near %t, got %+v", test.key, test.want, test.near, answer.Ignored)
			}
		})
	}
}

func tells(a Answer, secret, key string, reason Reason, near bool) bool {
	for _, i := range a.Ignored {
		if i.Secret == secret && i.Key == key && i.Reason == reason && i.Near == near {
			return true
		}
	}
	return false
}

func TestSecretsThatTheKubeletPassesOver(t *testing.T) {
	data := map[string][]byte{keyDockerConfigJSON: []byte(logins("reg.example", "u:p"))}
	tests := map[string]struct {
		secret Secret
		want   Reason
		near   bool
	}{
		"of type Opaque":                   {Secret{Type: "Opaque", Data: data}, TypeIgnored, true},
		"of type Opaque without entries":   {Secret{Type: "Opaque", Data: map[string][]byte{"password": []byte("x")}}, TypeIgnored, false},
		"of a type in other letters":       {Secret{Type: "kubernetes.io/dockerConfigJson", Data: data}, TypeIgnored, true},
		"with the other type's data key":   {Secret{Type: TypeDockercfg, Data: data}, DataKeyMissing, true},
		"with a data key of its own":       {Secret{Type: TypeDockerConfigJSON, Data: map[string][]byte{"config.json": data[keyDockerConfigJSON]}}, DataKeyMissing, true},
		"with empty data":                  {Secret{Type: TypeDockerConfigJSON, Data: map[string][]byte{keyDockerConfigJSON: {}}}, DataKeyMissing, false},
		"without data":                     {Secret{Type: TypeDockerConfigJSON}, DataKeyMissing, false},
		"a .dockercfg with auths around":   {Secret{Type: TypeDockercfg, Data: map[string][]byte{keyDockercfg: data[keyDockerConfigJSON]}}, WronglyWrapped, true},
		"a .dockercfg for somebody else":   {Secret{Type: TypeDockercfg, Data: map[string][]byte{keyDockercfg: []byte(`{"other.example":{}}`)}}, HostDiffers, false},
		"a docker config in an odd letter": {Secret{Type: "Opaque", Data: map[string][]byte{"x": []byte(`{"reg.example":{"auth":"dTpw"}}`)}}, TypeIgnored, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.secret.Namespace, test.secret.Name = "shop", "odd"
			answer, err := Resolve("reg.example/app", []Secret{test.secret})
			if err != nil {
				t.Fatal(err)
			}
			if len(answer.Groups) > 0 || answer.Sends != SendsAnonymous {
				t.Errorf("tries %q and sends %s", tried(answer), answer.Sends)
			}
			found := false
			for _, i := range answer.Ignored {
				found = found || i.Reason == test.want && i.Near == test.near
			}
			if !found {
				t.Errorf("want %s near %t, got %+v", test.want, test.near, answer.Ignored)
			}
		})
	}
}

func TestTheNearAreToldFirstAndTheListIsBounded(t *testing.T) {
	var pairs []string
	for i := range 1500 {
		pairs = append(pairs, fmt.Sprintf("h%04d.invalid", i), "u:p")
	}
	pairs = append(pairs, "reg.example:443", "u:p")
	answer, err := Resolve("reg.example/app", []Secret{pullSecret("many", logins(pairs...))})
	if err != nil {
		t.Fatal(err)
	}
	if len(answer.Ignored) != maxIgnored || answer.MoreIgnored != 501 {
		t.Errorf("%d ignored and %d more", len(answer.Ignored), answer.MoreIgnored)
	}
	if first := answer.Ignored[0]; !first.Near || first.Reason != PortDiffers {
		t.Errorf("first is %+v", first)
	}
}

func TestAKeyIsShownWithoutWhatMayBeSecret(t *testing.T) {
	digest := "@sha256:" + strings.Repeat("0", 64)
	for written, want := range map[string]string{
		"reg.example/team":                       "reg.example/team",
		"https://index.docker.io/v1/":            "https://index.docker.io/v1/",
		"https://me:hidden@reg.example":          "https://...@reg.example",
		"me:hidden@reg.example/x":                "...@reg.example/x",
		"https://me:hid/den@reg.example":         "https://...@reg.example",
		"https://me:hid@den@reg.example":         "https://...@reg.example",
		"https://me:hid?den#x@reg.example":       "https://...@reg.example",
		"hid:den://x@reg.example":                "...@reg.example",
		"reg.example?token=hidden":               "reg.example?...",
		"reg.example#hidden":                     "reg.example?...",
		"reg.example/app" + digest:               "reg.example/app" + digest,
		"hidden@reg.example/app" + digest:        "...@reg.example/app" + digest,
		"hidden@shared.example":                  "...@shared.example",
		"reg\x1b[31m.example\u202e":              "reg[31m.example",
		strings.Repeat("a", 300):                 strings.Repeat("a", 197) + "...",
		"https://me:hidden@reg.example" + digest: "https://...@reg.example" + digest,
	} {
		if got := display(written); got != want {
			t.Errorf("display(%q) = %q, want %q", written, got, want)
		}
	}
}
