// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package symptom_test

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pullmedic/pullmedic/symptom"
)

// announced are ways in which texts say a secret, here §. A part of it that
// comes through is as bad as the whole.
var announced = []string{
	// Commands.
	`docker login -u ci -p § reg.acme.example`,
	`docker login --username ci --password § reg.acme.example`,
	`docker login --password=§ reg.acme.example`,
	`curl -uci:§ https://reg.acme.example/v2/`,
	`docker login -p "§" reg.acme.example`,
	`kubectl create secret docker-registry hub --docker-username=ci --docker-password=§`,
	`curl -u ci:§ https://reg.acme.example/v2/`,
	`curl --user "ci:§" https://reg.acme.example/v2/`,
	`crictl pull --creds ci:§ reg.acme.example/x:1`,
	`skopeo copy --src-creds=ci:§ docker://reg.acme.example/x:1 dir:/x`,
	`nerdctl --registry-token § pull x`,
	`oras login --identity-token=§ reg.acme.example`,
	`DOCKER_PASS=§ make push`,
	`AWS_ACCESS_KEY_ID=ci AWS_SECRET_ACCESS_KEY=§ aws ecr get-login-password`,
	`export REGISTRY_TOKEN="§"`,
	// Sentences.
	`login with password § failed`,
	`user ci, password "§", was refused`,
	`the password: §`,
	`password = §`,
	// Headers.
	`sent Authorization: Bearer § to us`,
	`sent Authorization: Basic §`,
	`Proxy-Authorization: Basic §`,
	`Authorization: §`,
	`map[Accept:[*/*] Authorization:[Bearer §] Host:[x]]`,
	`"Authorization": ["Basic §"]`,
	`X-Registry-Auth: "§"`,
	`x-api-key: "§"`,
	`Bearer § was refused`,
	`Basic "§" was refused`,
	`Cookie: §`,
	`X-Amz-Security-Token=§`,
	// JSON and YAML.
	`{"auths":{"reg.acme.example":{"username":"ci","password":"§","auth":"§"}}}`,
	`{"identitytoken":"§","registrytoken" : "§"}`,
	`{"access_token":"§","expires_in":300}`,
	`{ 'password': '§' }`,
	"username: ci\npassword: \"§\"\n",
	// URLs and what is none.
	`Get "https://ci:§@reg.acme.example/v2/x/manifests/1": EOF`,
	`Get "https://§@reg.acme.example/v2/": EOF`,
	`proxyconnect tcp: http://ci:§@proxy.acme.example:3128: refused`,
	`parse "//ci:§@reg.acme.example": first path segment`,
	`failed to pull ci:§@reg.acme.example/x:1`,
	`Get "https://blobs.acme.example/layer?X-Amz-Credential=§&X-Amz-Signature=§&X-Amz-Expires=9": EOF`,
	`Get "https://blobs.acme.example/layer?sv=2021&sig=§": EOF`,
	`Get https://mirror.acme.example/v2/x/manifests/1?ns=docker.io&token=§: EOF`,
	`Get "https://reg.acme.example/v2/x/token=§/manifests/1": EOF`,
	`content at v2/x/blobs/1?verify=§&ns=docker.io not found`,
	`https://app.acme.example/cb#access_token=§`,
	`POST https://auth.acme.example/token with grant_type=password&username=ci&password=§&scope=x`,
	"-----BEGIN RSA PRIVATE KEY-----\nS\nS\n-----END RSA PRIVATE KEY-----",
}

// secrets are values of many looks. Blanks stand only where quotes can hold them.
var secrets = map[string]string{
	"letters and digits": "zq7hunterzq7", "small letters": "zqhunterzq", "punctuation": "zq!h#un%ter$zq", "a sign first": "$zq7hunter", "long": strings.Repeat("zq9", 60),
	"base64": base64.StdEncoding.EncodeToString([]byte("ci:zqzqzqzq~zq>?")), "a date": "zq2026-11-20", "capitals": "ZQHUNTERZQ",
}

const blanksInside = "two zqwords zq9 more"

// levels are how often a message is quoted on its way.
func levels(message string) map[string]string {
	once := strconv.Quote(message)
	return map[string]string{
		"as it is": message, "escaped once": once, "escaped twice": strconv.Quote(once),
		"in a log line": `{"level":"error","msg":` + once + `}`,
		"in a pull":     `Failed to pull image "reg.acme.example/x:1": rpc error: code = Unknown desc = ` + message,
	}
}

func TestNoSecretThatATextAnnouncesComesThrough(t *testing.T) {
	for _, form := range announced {
		values := map[string]string{"with blanks": blanksInside}
		if !strings.Contains(form, `"§"`) && !strings.Contains(form, `'§'`) {
			values = map[string]string{}
		}
		for name, secret := range secrets {
			if strings.Contains(form, "://") && (name == "punctuation" || name == "a sign first") {
				continue // a "#" or "%" in a URL is no part of it
			}
			values[name] = secret
		}
		for look, secret := range values {
			for level, message := range levels(strings.ReplaceAll(form, "§", secret)) {
				got := symptom.Redact(message)
				for _, part := range strings.Fields(secret) {
					if strings.Contains(got, part) || len(part) > 6 && strings.Contains(got, part[len(part)/2:]) {
						t.Errorf("%s, %s: %q of %q shows in %q", look, level, part, message, got)
						break
					}
				}
				if again := symptom.Redact(got); again != got {
					t.Errorf("%s, %s: a second time %q becomes %q", look, level, got, again)
				}
				if detail := fmt.Sprintf("%+v", symptom.Parse(message)); strings.Contains(detail, secret) {
					t.Errorf("%s, %s: Parse of %q shows it: %s", look, level, message, detail)
				}
			}
		}
	}
}

func TestTokensAreKnownByTheirLook(t *testing.T) {
	for _, token := range []string{
		"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcDEF", "ghp_0123456789abcdefghij", "glpat-0123456789abcdefghij", "dckr_pat_0123456789abcdefghij",
		"AKIA0123456789ABCDEF", "ASIA0123456789ABCDEF", "ya29.a0123456789-abcdefgh", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "hvs.CAESIJ0123456789abc",
	} {
		for _, message := range []string{token, "denied: " + token + " is wrong", "(" + token + ")", `x="` + token + `"`, `{"x":"` + token + `"}`, "x=" + token + ",y"} {
			if got := symptom.Redact(message); strings.Contains(got, token[5:]) || !strings.Contains(got, "[redacted]") {
				t.Errorf("Redact(%q) = %q", message, got)
			}
		}
	}
}

// Where only its look tells a secret from a word, it must have a look.
func TestWhatLooksLikeASecretBehindAWordGoes(t *testing.T) {
	for message, want := range map[string]string{
		`docker login -u ci -pS3cret9 host`:     `docker login -u ci -p[redacted] host`,
		`my password is S3cret9.`:               `my password is [redacted].`,
		`pw: S3cret9`:                           `pw: [redacted]`,
		`the token S3cret9S3cret9 is over`:      `the token [redacted] is over`,
		`token: S3cret9, auth: S3cret9`:         `token: [redacted], auth: [redacted]`,
		`invalid token "S3cret9 and more" sent`: `invalid token "[redacted]" sent`,
	} {
		if got := symptom.Redact(message); got != want {
			t.Errorf("Redact(%q) = %q, want %q", message, got, want)
		}
	}
}

func TestWordsThatSoundLikeSecretsStay(t *testing.T) {
	for _, message := range []string{
		`Failed to pull image "acme/auth:v2.1": not found`,
		`Failed to pull image "reg.acme.example/vault/token:1.2.3@` + digest + `": denied`,
		`manifest for basic-auth:1.0 not found`,
		`Unable to retrieve some image pull secrets (hub-2); attempting to pull the image may not succeed.`,
		`secret "regcred-7f9" not found`,
		`Unable to retrieve pull secret shop/regcred9 for shop/cart-0 due to secret "regcred9" not found.`,
		`failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://auth.acme.example/token: 401 Unauthorized`,
		`unable to retrieve auth token: invalid username/password: unauthorized: incorrect username or password`,
		`Requesting bearer token: invalid status code from registry 403 (Forbidden)`,
		`denied: Your authorization token has expired. Reauthenticate and try again.`,
		`unauthorized: HTTP Basic: Access denied`,
		`no basic auth credentials`,
		`pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed`,
		`expected username and password concatenated with a colon`,
		`error getting credentials - err: exit status 1, out: ` + "`x`",
		`unauthorized: authentication required`,
		`the password is wrong, and the token was revoked`,
		`Www-Authenticate: Bearer realm="https://auth.acme.example/token",service="reg"`,
		`git@github.com:acme/api`,
		`the password is required, and the password was wrong`,
		`curl -v -platform linux/amd64 -path /x`,
		`dial tcp 192.0.2.1:443: connect: connection refused`,
		`layer ` + digest + ` of /var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/9/fs`,
		`E0403 05:00:01.401403   50403 pod_workers.go:191] "Error syncing pod" pod="shop/web-401" podUID="403"`,
	} {
		if got := symptom.Redact(message); got != message {
			t.Errorf("Redact(%q) = %q", message, got)
		}
	}
}

// What is kept must say what the whole said.
func TestARedactedTextSaysTheSame(t *testing.T) {
	check := func(name, message string) {
		redacted := symptom.Redact(message)
		before, after := symptom.Parse(message), symptom.Parse(redacted)
		before.Detail, after.Detail = "", ""
		if a, b := fmt.Sprintf("%+v", before), fmt.Sprintf("%+v", after); a != b {
			t.Errorf("%s: %q\nsays %s\nredacted %q\nsays %s", name, message, a, redacted, b)
		}
	}
	for name, messages := range readMessages(t) {
		for _, m := range messages {
			check(name, m.Message)
		}
	}
	rows, _ := readCorpus(t)
	for _, row := range rows {
		check(row.ID, row.Message)
	}
}

func TestRedactingTakesLinearTime(t *testing.T) {
	const (
		size   = 1 << 20
		enough = 15 * time.Second // on a busy machine; looking at each byte once for each other takes far longer
	)
	units := hostile(1)
	for name, unit := range map[string]string{
		"keys": "password ", "assigned keys": "password=", "open quotes": `password="`, "escaped quotes": `-u \" `, "users": "a:b@", "ats": "a@", "URLs with users": "https://a:b@",
		"queries": "?a=b", "base64": "aA1+", "tokens": "eyJ.", "private keys": "-----BEGIN ", "headers": "Authorization: Digest ", "typographic": "password “",
		"flags": "-p ", "key endings": "token_",
	} {
		units[name] = unit
	}
	for name, unit := range units {
		start := time.Now()
		symptom.Redact(strings.Repeat(unit, size/len(unit)))
		if took := time.Since(start); took > enough {
			t.Errorf("%s: %d bytes took %v", name, size, took)
		}
	}
}
