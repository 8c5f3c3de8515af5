// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"errors"
	"strings"
	"testing"
)

func TestWhatTheKubeletCannotReadFailsThePull(t *testing.T) {
	tests := map[string]struct {
		data    string
		shown   string // the end of our words
		kubelet string // the kubelet's
	}{
		"auth that is not base64": {
			`{"auths":{"reg.example":{"auth":"!CANARY"}}}`,
			"an auth field is not base64: illegal base64 data at input byte 0",
			"illegal base64 data at input byte 0",
		},
		"auth in the URL alphabet": {
			`{"auths":{"reg.example":{"auth":"dTp_"}}}`,
			"an auth field is not base64: illegal base64 data at input byte 3",
			"illegal base64 data at input byte 3",
		},
		"auth without a colon": {
			`{"auths":{"reg.example":{"auth":"Q0FOQVJZ"}}}`,
			"unable to parse auth field, must be formatted as base64(username:password)",
			"unable to parse auth field, must be formatted as base64(username:password)",
		},
		"no JSON": {
			`CANARY`,
			"it is not JSON: invalid character looking for beginning of value, at byte 1",
			"invalid character 'C' looking for beginning of value",
		},
		"a quote where none may be": {
			`{'CANARY'}`,
			"it is not JSON: invalid character looking for beginning of object key string, at byte 2",
			`invalid character '\'' looking for beginning of object key string`,
		},
		"JSON that is cut": {
			`{"auths":{"reg.example":`,
			"it is not JSON: unexpected end of JSON input, at byte 24",
			"unexpected end of JSON input",
		},
		"a list for the config": {
			`[]`,
			"json: cannot unmarshal array into Go value of type credentialprovider.DockerConfigJSON",
			"json: cannot unmarshal array into Go value of type credentialprovider.DockerConfigJSON",
		},
		"a text for an entry": {
			`{"auths":{"reg.example":"CANARY"}}`,
			"json: cannot unmarshal string into Go struct field DockerConfigJSON.auths of type credentialprovider.dockerConfigEntryWithAuth",
			"json: cannot unmarshal string into Go struct field DockerConfigJSON.auths of type credentialprovider.dockerConfigEntryWithAuth",
		},
		"a number for a password": {
			`{"auths":{"reg.example":{"password":12345}}}`,
			"json: cannot unmarshal number into Go struct field DockerConfigJSON.auths.password of type string",
			"json: cannot unmarshal number into Go struct field DockerConfigJSON.auths.password of type string",
		},
		"headers that are no texts": {
			`{"HttpHeaders":{"X":1}}`,
			"json: cannot unmarshal number into Go struct field DockerConfigJSON.HttpHeaders of type string",
			"json: cannot unmarshal number into Go struct field DockerConfigJSON.HttpHeaders of type string",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			good := pullSecret("good", logins("reg.example", "u:p", "other.example", "u:p"))
			answer, err := Resolve("reg.example/app", []Secret{good, pullSecret("bad", test.data)})
			var failed *Error
			if !errors.As(err, &failed) {
				t.Fatalf("error %v", err)
			}
			if failed.Secret != "shop/bad" || failed.DataKey != keyDockerConfigJSON {
				t.Errorf("names secret %q, data key %q", failed.Secret, failed.DataKey)
			}
			if want := "reading .dockerconfigjson of secret shop/bad: " + test.shown; err.Error() != want {
				t.Errorf("says  %s\nwant  %s", err, want)
			}
			noCanary(t, "the error", err.Error())
			if !failed.KubeletSays("Error: "+test.kubelet) || failed.KubeletSays("pull access denied") {
				t.Errorf("does not know the kubelet's words %q", test.kubelet)
			}
			if len(answer.Groups) > 0 || answer.Sends != SendsNothing {
				t.Errorf("still tries %q and sends %s", tried(answer), answer.Sends)
			}
			if !tells(answer, "shop/bad", "", SecretMalformed, true) || !tells(answer, "shop/good", "reg.example", SecretBlocked, true) ||
				!tells(answer, "shop/good", "other.example", HostDiffers, false) {
				t.Errorf("tells %+v", answer.Ignored)
			}
		})
	}
}

func TestTheFirstOfSeveralUnreadableSecretsIsNamed(t *testing.T) {
	_, err := Resolve("nginx", []Secret{pullSecret("good", "{}"), pullSecret("one", "["), pullSecret("two", "{")})
	var failed *Error
	if !errors.As(err, &failed) || failed.Secret != "shop/one" {
		t.Errorf("error %v", err)
	}
}

func TestAnImageThatTheKubeletCannotParse(t *testing.T) {
	tests := map[string]struct{ image, kubelet string }{
		"upper case":    {"team/App", `couldn't parse image name "team/App": invalid reference format: repository name (team/App) must be lowercase`},
		"nothing":       {"", `couldn't parse image name "": invalid reference format`},
		"64 hex digits": {strings.Repeat("ab", 32), `couldn't parse image name "` + strings.Repeat("ab", 32) + `": invalid repository name (` + strings.Repeat("ab", 32) + `), cannot specify 64-byte hexadecimal strings`},
		"an escape":     {"app\x1b[31m", `couldn't parse image name "app\x1b[31m": invalid reference format`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			answer, err := Resolve(test.image, []Secret{pullSecret("bad", "[")})
			var failed *Error
			if !errors.As(err, &failed) || failed.Secret != "" || answer.Sends != SendsNothing {
				t.Fatalf("error %v, sends %s", err, answer.Sends)
			}
			if !failed.KubeletSays(`Failed to apply default image tag "x": ` + test.kubelet) {
				t.Errorf("says %s, want %s", err, test.kubelet)
			}
			if strings.ContainsRune(err.Error(), '\x1b') || len(err.Error()) > 500 {
				t.Errorf("shows %q", err)
			}
		})
	}
}
