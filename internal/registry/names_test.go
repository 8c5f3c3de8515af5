// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"slices"
	"strings"
	"testing"

	"github.com/pullmedic/pullmedic/evidence"
)

func referenceOf(name string) evidence.Reference {
	host, path, _ := strings.Cut(name, "/")
	return evidence.Reference{Host: host, Repository: path, Tag: "1"}
}

func TestNearNamesAreOnesThatThisClusterRuns(t *testing.T) {
	for name, c := range map[string]struct {
		want  string
		known []string
		near  []string
	}{
		"a swapped letter":                         {"docker.io/acme/leger", []string{"docker.io/acme/ledger", "docker.io/acme/web"}, []string{"docker.io/acme/ledger"}},
		"the registry was left out":                {"docker.io/acme/api", []string{"registry.acme.example/acme/api"}, []string{"registry.acme.example/acme/api"}},
		"the registry of a single name, too":       {"docker.io/library/api", []string{"registry.acme.example/api"}, []string{"registry.acme.example/api"}},
		"another spelling":                         {"ghcr.io/acme/my_app", []string{"ghcr.io/acme/my-app"}, []string{"ghcr.io/acme/my-app"}},
		"a slip in the owner":                      {"ghcr.io/acmee/payments", []string{"ghcr.io/acme/payments"}, []string{"ghcr.io/acme/payments"}},
		"another owner and another name":           {"ghcr.io/acmee/payment", []string{"ghcr.io/acme/payments"}, nil},
		"a short name has room for no second slip": {"docker.io/acme/api", []string{"docker.io/acme/app2", "docker.io/acme/ui"}, nil},
		"the same owner's other images are none":   {"docker.io/acme/api", []string{"docker.io/acme/web"}, nil},
		"the name itself is none":                  {"docker.io/acme/api", []string{"docker.io/acme/api"}, nil},
		"nearest first, and few":                   {"q.io/a/service", []string{"q.io/a/servicexy", "q.io/a/servic", "r.io/a/service", "q.io/a/services", "q.io/a/servise"}, []string{"r.io/a/service", "q.io/a/servic", "q.io/a/services"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := NearNames(referenceOf(c.want), c.known); !slices.Equal(got, c.near) {
				t.Errorf("got %q, want %q", got, c.near)
			}
		})
	}
}

func TestAWellKnownNameIsAHint(t *testing.T) {
	for written, want := range map[string]string{
		"docker.io/library/ngnix":         "nginx",
		"docker.io/library/postgress":     "postgres",
		"docker.io/library/pyhton":        "python",
		"docker.io/grafanna/grafana":      "grafana/grafana",
		"quay.io/argoproj/argo-cd":        "quay.io/argoproj/argocd",
		"docker.io/library/nginx":         "",
		"docker.io/library/node":          "",
		"docker.io/library/mode":          "node", // what a person wrote may be a name of its own: hence words, and a question
		"docker.io/acme/api":              "",
		"registry.acme.example/ngnix":     "", // not the registry that has it
		"docker.io/library/xyz":           "",
		"docker.io/library/ledger":        "",
		"docker.io/library/nginx-ingress": "",
	} {
		if got := WellKnown(referenceOf(written)); got != want {
			t.Errorf("%s: %q, want %q", written, got, want)
		}
	}
	for _, name := range wellKnown() {
		if err := validate(referenceOf(name)); err != nil {
			t.Errorf("the list has %s: %v", name, err)
		}
	}
}
