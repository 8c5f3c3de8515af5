// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"strings"
	"testing"

	"github.com/pullmedic/pullmedic/evidence"
)

func TestImagesAreReadAsTheKubeletReadsThem(t *testing.T) {
	sha256, sha512 := "sha256:"+strings.Repeat("a", 64), "sha512:"+strings.Repeat("a", 128)
	tests := map[string]struct {
		image string
		want  evidence.Reference
	}{
		"a short name":                   {"nginx", evidence.Reference{Host: "docker.io", Repository: "library/nginx", Tag: "latest", TagImplied: true}},
		"a short name with a tag":        {"nginx:latest", evidence.Reference{Host: "docker.io", Repository: "library/nginx", Tag: "latest"}},
		"a name of two parts":            {"acme/api:1.2", evidence.Reference{Host: "docker.io", Repository: "acme/api", Tag: "1.2"}},
		"the old name of Docker Hub":     {"index.docker.io/acme/api:1", evidence.Reference{Host: "docker.io", Repository: "acme/api", Tag: "1"}},
		"a host with a port":             {"reg.example:5000/a/b/c:1", evidence.Reference{Host: "reg.example:5000", Repository: "a/b/c", Tag: "1"}},
		"a port and no tag":              {"reg.example:5000/a", evidence.Reference{Host: "reg.example:5000", Repository: "a", Tag: "latest", TagImplied: true}},
		"a digest":                       {"reg.example/a@" + sha256, evidence.Reference{Host: "reg.example", Repository: "a", Digest: sha256}},
		"a tag and a digest":             {"reg.example/a:1@" + sha256, evidence.Reference{Host: "reg.example", Repository: "a", Tag: "1", Digest: sha256}},
		"a digest of another algorithm":  {"reg.example/a@" + sha512, evidence.Reference{Host: "reg.example", Repository: "a", Digest: sha512}},
		"localhost":                      {"localhost/a:1", evidence.Reference{Host: "localhost", Repository: "a", Tag: "1"}},
		"an upper-case host":             {"REG/a:1", evidence.Reference{Host: "REG", Repository: "a", Tag: "1"}},
		"IPv6":                           {"[::1]:5000/a:1", evidence.Reference{Host: "[::1]:5000", Repository: "a", Tag: "1"}},
		"a host outside the grammar":     {"a_b.example/a:1", evidence.Reference{Host: "a_b.example", Repository: "a", Tag: "1"}},
		"a dotted name without a slash":  {"reg.example:1", evidence.Reference{Host: "docker.io", Repository: "library/reg.example", Tag: "1"}},
		"a first part without dot, port": {"reg/a:1", evidence.Reference{Host: "docker.io", Repository: "reg/a", Tag: "1"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := ParseImage(test.image)
			if err != nil || got != test.want {
				t.Errorf("ParseImage(%q) = %+v, %v, want %+v", test.image, got, err, test.want)
			}
		})
	}
}
