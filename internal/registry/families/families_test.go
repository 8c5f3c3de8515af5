// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package families_test

import (
	"testing"

	"github.com/pullmedic/pullmedic/internal/registry/families"
)

func TestOf(t *testing.T) {
	for name, c := range map[string]struct{ host, service, want string }{
		"Docker Hub by its name in images":              {"docker.io", "", "Docker Hub"},
		"Docker Hub by its endpoint":                    {"registry-1.docker.io:443", "registry.docker.io", "Docker Hub"},
		"a regional Artifact Registry":                  {"europe-west1-docker.pkg.dev", "", "Google Artifact Registry"},
		"ECR of an account and region":                  {"123456789012.dkr.ecr.eu-west-1.amazonaws.com", "", "Amazon ECR"},
		"ECR in China":                                  {"123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "", "Amazon ECR"},
		"another service of Amazon is not ECR":          {"s3.eu-west-1.amazonaws.com", "", ""},
		"ACR in capitals":                               {"ACME.azurecr.io", "", "Azure Container Registry"},
		"a name that only ends alike is not ACR":        {"evilazurecr.io", "", ""},
		"the bare suffix is no registry":                {".azurecr.io", "", ""},
		"Harbor runs under any name":                    {"harbor.acme.example:8443", "harbor-registry", "Harbor"},
		"GitLab runs under any name":                    {"registry.acme.example", "container_registry", "GitLab"},
		"a known host is not renamed by its challenge":  {"ghcr.io", "harbor-registry", "GitHub Container Registry"},
		"an unknown registry has no family":             {"registry.acme.example", "registry", ""},
		"an address has no family":                      {"10.0.0.1:5000", "", ""},
		"a host that only contains a known one has not": {"docker.io.evil.example", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := families.Of(c.host, c.service, nil).Name; got != c.want {
				t.Errorf("Of(%q, %q, nil) = %q, want %q", c.host, c.service, got, c.want)
			}
		})
	}
}

func TestEndpoint(t *testing.T) {
	for host, want := range map[string]string{
		"docker.io":             "registry-1.docker.io",
		"index.docker.io":       "registry-1.docker.io",
		"quay.io":               "quay.io",
		"registry.example:5000": "registry.example:5000",
	} {
		if got := families.Endpoint(host); got != want {
			t.Errorf("Endpoint(%q) = %q, want %q", host, got, want)
		}
	}
}

func TestTokenService(t *testing.T) {
	for name, c := range map[string]struct {
		registry, realm string
		want            bool
	}{
		"Red Hat's":                                 {"registry.redhat.io", "sso.redhat.com", true},
		"Scaleway's, by region":                     {"rg.fr-par.scw.cloud", "api.scaleway.com", true},
		"a label more is another host":              {"rg.a.b.scw.cloud", "api.scaleway.com", false},
		"the pairs do not mix":                      {"registry.redhat.io", "api.scaleway.com", false},
		"a stranger is no token service of Red Hat": {"registry.redhat.io", "sso.redhat.com.evil.example", false},
		"nor is Red Hat's one of a stranger":        {"registry.evil.example", "sso.redhat.com", false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := families.TokenService(c.registry, c.realm); got != c.want {
				t.Errorf("TokenService(%q, %q) = %v, want %v", c.registry, c.realm, got, c.want)
			}
		})
	}
}
