// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package families_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/pullmedic/pullmedic/internal/registry/families"
)

func TestEgressNamesEveryHostThatAPullNeeds(t *testing.T) {
	for name, c := range map[string]struct{ registry, want string }{
		"Docker Hub by its name in images": {"docker.io", "registry-1.docker.io:443 [api]\nauth.docker.io:443 [login]\nproduction.cloudflare.docker.com:443 [layers]\nproduction.cloudfront.docker.com:443 [layers]\n" +
			"docker-images-prod.6aa30f8b08e16409b46e0173d6de2f56.r2.cloudflarestorage.com:443 [layers]"},
		"ECR with its region filled in": {"123456789012.dkr.ecr.eu-west-1.amazonaws.com", "123456789012.dkr.ecr.eu-west-1.amazonaws.com:443 [api]\napi.ecr.eu-west-1.amazonaws.com:443 [credentials]\nprod-eu-west-1-starport-layer-bucket.s3.eu-west-1.amazonaws.com:443 [layers]"},
		"ECR in China":                  {"1.dkr.ecr.cn-north-1.amazonaws.com.cn", "1.dkr.ecr.cn-north-1.amazonaws.com.cn:443 [api]\napi.ecr.cn-north-1.amazonaws.com.cn:443 [credentials]\nprod-cn-north-1-starport-layer-bucket.s3.cn-north-1.amazonaws.com.cn:443 [layers]"},
		"ACR with its name filled in":   {"acme.azurecr.io", "acme.azurecr.io:443 [api login]\n*.blob.core.windows.net:443 [layers] in the default setting\nacme.*.data.azurecr.io:443 [layers] with dedicated data endpoints\nlogin.microsoftonline.com:443 [credentials]"},
		"ACR in China":                  {"acme.azurecr.cn", "acme.azurecr.cn:443 [api login]\n*.blob.core.chinacloudapi.cn:443 [layers] in the default setting\nacme.*.data.azurecr.cn:443 [layers] with dedicated data endpoints\nlogin.partner.microsoftonline.cn:443 [credentials]"},
		"GitLab's own service":          {"registry.gitlab.com", "registry.gitlab.com:443 [api]\ngitlab.com:443 [login]\ncdn.registry.gitlab-static.net:443 [layers]\nstorage.googleapis.com:443 [layers]"},
		"an unknown registry at a port": {"Registry.acme.example:5000", "registry.acme.example:5000 [api]"},
		"an address":                    {"[fd12::1]:5000", "fd12::1:5000 [api]"},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, h := range families.Of(c.registry, "", nil).Egress(c.registry) {
				got = append(got, strings.TrimSpace(fmt.Sprintf("%s:%d %v %s", h.Name, h.Port, h.For, h.When)))
			}
			if strings.Join(got, "\n") != c.want {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), c.want)
			}
		})
	}
	gitlab := families.Of("registry.acme.example:5050", "container_registry", nil)
	if hosts := gitlab.Egress("registry.acme.example:5050"); len(hosts) != 1 || hosts[0].Port != 5050 {
		t.Errorf("a GitLab of one's own needs %+v", hosts)
	}
}

func TestAFamilyIsKnownByTheHeadersOfItsAnswer(t *testing.T) {
	distribution := "Docker-Distribution-Api-Version"
	for name, c := range map[string]struct {
		host, want string
		headers    http.Header
	}{
		"Artifactory by its version":              {"images.acme.example", "artifactory", http.Header{"X-Jfrog-Version": {"Artifactory/7.1"}, distribution: {"registry/2.0"}}},
		"Artifactory by its server":               {"images.acme.example", "artifactory", http.Header{"Server": {"Artifactory/7.1"}}},
		"GitLab by its registry's version":        {"images.acme.example", "gitlab", http.Header{"Gitlab-Container-Registry-Version": {"4.9"}}},
		"ACR under a name of one's own":           {"images.acme.example", "acr", http.Header{"Server": {"AzureContainerRegistry"}}},
		"distribution, if nothing else is known":  {"images.acme.example", "distribution", http.Header{distribution: {"registry/2.0"}}},
		"another version of it is not known":      {"images.acme.example", "", http.Header{distribution: {"registry/1.0"}}},
		"a web server is no registry":             {"images.acme.example", "", http.Header{"Server": {"nginx"}}},
		"a known host is not renamed by a header": {"ghcr.io", "ghcr", http.Header{"X-Jfrog-Version": {"x"}}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := families.Of(c.host, "", c.headers).ID; got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// Whoever adds a family says all of it.
func TestEveryFamilyIsWholeAndUnlikeTheOthers(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range families.All() {
		if seen[f.ID] || seen[f.Name] || !f.Known() || f.Name == "" {
			t.Errorf("%q, %q: no name of its own", f.ID, f.Name)
		}
		seen[f.ID], seen[f.Name] = true, true
		if f.Kind != "open" && f.Kind != "quiet" && f.Kind != "hiding" || len(f.SaysNo) < 2 || f.Login == "" || f.Life == "" || len(f.Traps) == 0 || len(f.Sources) == 0 || f.KnownBy() == "" {
			t.Errorf("%s is not whole: %+v", f.ID, f)
		}
		texts := append([]string{f.Login, f.Life}, f.Limits...)
		for _, text := range append(append(texts, f.Needs...), f.Traps...) {
			if text == "" || strings.HasSuffix(text, ".") {
				t.Errorf("%s: %q is no sentence without a full stop", f.ID, text)
			}
		}
		for _, link := range f.Sources {
			if u, err := url.Parse(link); err != nil || u.Scheme != "https" {
				t.Errorf("%s: source %q", f.ID, link)
			}
		}
		hosts := f.Egress(f.Example())
		purposes := fmt.Sprint(hosts)
		if !strings.Contains(purposes, "api") || !strings.Contains(purposes, "layers") {
			t.Errorf("%s: egress %+v", f.ID, hosts)
		}
		for _, h := range hosts {
			if strings.ContainsAny(h.Name, "{}") || h.Port == 0 {
				t.Errorf("%s: %+v is not filled in", f.ID, h)
			}
		}
	}
	if len(seen) != 2*11 {
		t.Errorf("%d families", len(seen)/2)
	}
}
