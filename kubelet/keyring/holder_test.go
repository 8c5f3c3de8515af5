// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package keyring_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

func TestAHolderIsNamedOnlyInAFormThatNoSecretHas(t *testing.T) {
	token := func(claims string) string {
		return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256"}`)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln"
	}
	const key = `{"type":"service_account","client_email":"puller@acme-prod.iam.gserviceaccount.com","private_key":"CANARY"}`
	for name, c := range map[string]struct{ key, user, password, want string }{
		"a robot of Harbor's system":           {"harbor.acme.example", "robot$puller", "x", "robot account robot$puller"},
		"a robot of a project":                 {"harbor.acme.example", "robot$acme+ci-1", "x", "robot account robot$acme+ci-1"},
		"a robot of Quay":                      {"quay.io", "acme+puller", "x", "robot account acme+puller"},
		"the same form elsewhere":              {"registry.acme.example", "acme+puller", "x", ""},
		"GitLab's deploy token":                {"registry.gitlab.com", "gitlab+deploy-token-417", "x", "GitLab's deploy token 417"},
		"a service principal":                  {"acme.azurecr.io", "8c1a5e0c-12ab-4c3d-9e0f-0123456789ab", "x", "the service principal with application id 8c1a5e0c-12ab-4c3d-9e0f-0123456789ab"},
		"Azure's name for tokens":              {"acme.azurecr.io", "00000000-0000-0000-0000-000000000000", "x", ""},
		"a token of that form":                 {"registry.acme.example", "8c1a5e0c-12ab-4c3d-9e0f-0123456789ab", "x", ""},
		"Google's key":                         {"europe-docker.pkg.dev", "_json_key", key, "Google's service account puller@acme-prod.iam.gserviceaccount.com"},
		"Google's key in base64":               {"europe-docker.pkg.dev", "_json_key_base64", base64.StdEncoding.EncodeToString([]byte(key)), "Google's service account puller@acme-prod.iam.gserviceaccount.com"},
		"a key whose address is none":          {"europe-docker.pkg.dev", "_json_key", `{"client_email":"CANARY"}`, ""},
		"a broken key":                         {"europe-docker.pkg.dev", "_json_key", `CANARY`, ""},
		"a cluster's service account":          {"image-registry.svc:5000", "serviceaccount", token(`{"sub":"system:serviceaccount:shop:builder"}`), "service account shop/builder"},
		"somebody's token":                     {"acme.jfrog.io", "x", token(`{"sub":"jfac@01/users/CANARY"}`), ""},
		"a user":                               {"docker.io", "acmebot", "x", ""},
		"a token as the user":                  {"ghcr.io", "ghp_CANARY", "x-oauth-basic", ""},
		"a robot with what no robot has":       {"harbor.acme.example", "robot$CANARY", "x", ""},
		"a robot with a line break":            {"harbor.acme.example", "robot$a\nb", "x", ""},
		"a robot that is far too long for one": {"harbor.acme.example", "robot$" + strings.Repeat("a", 200), "x", ""},
		"nobody":                               {"docker.io", "", "", ""},
	} {
		credential := keyring.Credential{Key: c.key, Username: c.user, Password: keyring.NewPassword(c.password)}
		if got := credential.Holder(); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
