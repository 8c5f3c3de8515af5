// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"strings"
	"testing"

	"github.com/pullmedic/pullmedic/internal/report/schematest"
)

func TestRegistries(t *testing.T) {
	b := bench{}
	for args, want := range map[string][]string{
		"registries": {"docker-hub", "distribution", "registries HOST"},
		"registries 1.dkr.ecr.eu-west-1.amazonaws.com":  {"Amazon ECR", "prod-eu-west-1-starport-layer-bucket.s3.eu-west-1.amazonaws.com:443, layers", "12 hours", "ecr:BatchGetImage"},
		"registries nginx:1.27":                         {"docker.io: Docker Hub", "auth.docker.io:443, login"},
		"registries ghcr.io/acme/app:1":                 {"ghcr.io: GitHub", "pkg-containers.githubusercontent.com:443, layers"},
		"registries registry.acme.example:5000":         {"of no known family", "registry.acme.example:5000, api"},
		"registries ghcr":                               {"ghcr: GitHub Container Registry", "ghcr.io:443"},
		"registries localhost:5000":                     {"localhost:5000, api"},
		"registries registry.acme.example:5000/a/b:1.2": {"registry.acme.example:5000, api"},
	} {
		got := b.run(t, strings.Fields(args)...)
		if got.code != ExitOK {
			t.Errorf("%s: exit code %d: %s", args, got.code, got.err)
		}
		text := strings.Join(strings.Fields(got.out), " ")
		for _, w := range want {
			if !strings.Contains(text, w) && !strings.Contains(strings.ReplaceAll(text, " ", ""), strings.ReplaceAll(w, " ", "")) {
				t.Errorf("%s lacks %q:\n%s", args, w, got.out)
			}
		}
		document := b.run(t, strings.Fields(args+" -o json")...)
		schematest.Check(t, []byte(document.out))
	}
	for args, want := range map[string]string{
		"registries harbr":  `"harbr" is no kind of registry, so it was read as the image docker.io/library/harbr; did you mean harbor?`,
		"registries nope":   `"nope" is no kind of registry, so it was read as the image docker.io/library/nope.`,
		"registries harbor": "", "registries nginx:1.27": "", "registries ghcr.io": "",
	} {
		if got := b.run(t, strings.Fields(args)...); strings.TrimSpace(got.err) != want || got.code != ExitOK {
			t.Errorf("%s: exit code %d, said %q, want %q", args, got.code, got.err, want)
		}
	}
	for _, args := range []string{"registries a b", "registries ghcr.io/", "registries UP/..", "registries https://ghcr.io/v2/"} {
		if got := b.run(t, strings.Fields(args)...); got.code != ExitUsage {
			t.Errorf("%s: exit code %d, %q", args, got.code, got.err)
		}
	}
}
