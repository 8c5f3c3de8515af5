// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package hostsdir

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

// words writes a host as scheme://name/path and what it is for.
func words(h Host) string {
	text := h.Scheme + "://" + h.Name + h.Path
	for _, flag := range []struct {
		is   bool
		name string
	}{{h.Resolve, "resolve"}, {h.Pull, "pull"}, {h.Registry, "registry"}, {h.SkipVerify, "skip-verify"}, {len(h.CAs) > 0, "ca"}, {h.CAsElsewhere, "ca-elsewhere"}, {h.ClientCertificate, "client"}, {h.Headers, "headers"}} {
		if flag.is {
			text += " " + flag.name
		}
	}
	return text
}

func TestReadDoesAsContainerdDoes(t *testing.T) {
	const itself = "https://registry-1.docker.io/v2 resolve pull registry"
	for name, c := range map[string]struct {
		registry string
		files    map[string]string
		dir      string
		want     []string
		problem  string
		never    bool
	}{
		"no directory for it": {files: map[string]string{"ghcr.io/hosts.toml": "server = 'https://x'"}, want: []string{itself}},
		"mirrors in the order of the file, then the registry": {
			files: map[string]string{"docker.io/hosts.toml": "[host.\"https://z.acme.example\"]\n[host.\"https://a.acme.example:5000\"]\n  capabilities = [\"pull\"]\n"},
			dir:   "docker.io", want: []string{"https://z.acme.example/v2 resolve pull", "https://a.acme.example:5000/v2 pull", itself},
		},
		"a server in the registry's place": {
			files: map[string]string{"docker.io/hosts.toml": "server = \"https://mirror.acme.example\"\ncapabilities = [\"pull\", \"resolve\"]\n"},
			dir:   "docker.io", want: []string{"https://mirror.acme.example/v2 resolve pull"}, never: true,
		},
		"a server that is the registry, spelled out": {
			files: map[string]string{"docker.io/hosts.toml": "server = \"https://registry-1.docker.io:443\"\n"},
			dir:   "docker.io", want: []string{"https://registry-1.docker.io:443/v2 resolve pull registry"},
		},
		"paths, with and without override": {
			files: map[string]string{"docker.io/hosts.toml": "[host.\"https://harbor.acme.example/v2/hub\"]\n override_path = true\n[host.\"https://cache.acme.example/hub/\"]\n[host.\"plain.acme.example\"]\n"},
			dir:   "docker.io", want: []string{"https://harbor.acme.example/v2/hub resolve pull", "https://cache.acme.example/hub/v2 resolve pull", "https://plain.acme.example/v2 resolve pull", itself},
		},
		"certificates, headers and plain HTTP": {
			files: map[string]string{"docker.io/hosts.toml": "[host.\"http://m.acme.example\"]\n skip_verify = true\n ca = [\"ca.pem\", \"/etc/ssl/other.pem\"]\n client = \"c.pem\"\n[host.\"http://m.acme.example\".header]\n x = [\"y\"]\n", "docker.io/ca.pem": "PEM"},
			dir:   "docker.io", want: []string{"http://m.acme.example/v2 resolve pull skip-verify ca ca-elsewhere client headers", itself},
		},
		"a port in the directory's name":       {registry: "r.acme.example:5000", files: map[string]string{"r.acme.example_5000_/hosts.toml": "[host.'https://m']"}, dir: "r.acme.example_5000_", want: []string{"https://m/v2 resolve pull", itself}},
		"a port, spelled as it is":             {registry: "r.acme.example:5000", files: map[string]string{"r.acme.example:5000/hosts.toml": "[host.'https://m']"}, dir: "r.acme.example:5000", want: []string{"https://m/v2 resolve pull", itself}},
		"the default for all":                  {files: map[string]string{"_default/hosts.toml": "[host.'https://m']"}, dir: "_default", want: []string{"https://m/v2 resolve pull", itself}},
		"its own before the default":           {files: map[string]string{"docker.io/hosts.toml": "", "_default/hosts.toml": "[host.'https://m']"}, dir: "docker.io", want: []string{itself}},
		"certificates alone":                   {files: map[string]string{"docker.io/ca.crt": "PEM", "docker.io/client.cert": "x"}, dir: "docker.io", want: []string{itself + " ca client"}},
		"a file that cannot be parsed":         {files: map[string]string{"docker.io/hosts.toml": "[host.\"https://m\"]\n  capabilities = [\"pull\"\n  x = 1\n", "docker.io/ca.crt": "PEM"}, dir: "docker.io", want: []string{itself + " ca"}, problem: "line 3: "},
		"a capability that nobody knows":       {files: map[string]string{"docker.io/hosts.toml": "[host.\"https://m\"]\n capabilities = [\"fly\"]\n"}, dir: "docker.io", want: []string{itself}, problem: `the host m has the capability "fly", which containerd does not know`},
		"a host that is none":                  {files: map[string]string{"docker.io/hosts.toml": "[host.\"https://\"]\n"}, dir: "docker.io", want: []string{itself}, problem: `"https://" is no address of a host`},
		"a value of another kind":              {files: map[string]string{"docker.io/hosts.toml": "server = 5\n"}, dir: "docker.io", want: []string{itself}, problem: "line 1: "},
		"a certificate outside of the copy":    {files: map[string]string{"docker.io/hosts.toml": "[host.'https://m']\n ca = '../../etc/passwd'\n"}, dir: "docker.io", want: []string{"https://m/v2 resolve pull ca-elsewhere", itself}},
		"a name that climbs is not looked for": {registry: "..", files: map[string]string{"x": ""}, want: []string{itself}},
	} {
		t.Run(name, func(t *testing.T) {
			files := fstest.MapFS{}
			for name, text := range c.files {
				files[name] = &fstest.MapFile{Data: []byte(text)}
			}
			registry := c.registry
			if registry == "" {
				registry = "docker.io"
			}
			got, err := read(files, registry, "registry-1.docker.io")
			if err != nil {
				t.Fatal(err)
			}
			var hosts []string
			for _, h := range got.Hosts {
				hosts = append(hosts, words(h))
			}
			if strings.Join(hosts, "\n") != strings.Join(c.want, "\n") {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(hosts, "\n"), strings.Join(c.want, "\n"))
			}
			if got.Dir != c.dir || got.NeverAsked != c.never || !strings.HasPrefix(got.Problem, c.problem) || (got.Problem == "") != (c.problem == "") {
				t.Errorf("directory %q, problem %q, never asked %t", got.Dir, got.Problem, got.NeverAsked)
			}
		})
	}
}

func TestAHostileHostsFileIsBounded(t *testing.T) {
	var many strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&many, "[host.\"https://m%d.acme.example\"]\n", i)
	}
	got, err := read(fstest.MapFS{"docker.io/hosts.toml": {Data: []byte(many.String())}}, "docker.io", "registry-1.docker.io")
	if err != nil || len(got.Hosts) != maxHosts+1 {
		t.Errorf("%d hosts, %v", len(got.Hosts), err)
	}
	large := strings.Repeat("# x\n", maxFile)
	if _, err := read(fstest.MapFS{"docker.io/hosts.toml": {Data: []byte(large)}}, "docker.io", "registry-1.docker.io"); err == nil || !strings.Contains(err.Error(), "larger than 256 KiB") {
		t.Errorf("a file of %d MiB: %v", len(large)>>20, err)
	}
	got, _ = read(fstest.MapFS{"docker.io/hosts.toml": {Data: []byte("[host.\"https://\x1b[31m\u202e/\"]\ncapabilities=['\x7f']\n")}}, "docker.io", "registry-1.docker.io")
	if got.Problem == "" || strings.ContainsAny(got.Problem, "\x1b\u202e\x7f") {
		t.Errorf("problem %q", got.Problem)
	}
}

func TestALinkOutOfTheCopyIsNotFollowed(t *testing.T) {
	outside, root := t.TempDir(), t.TempDir()
	secret := filepath.Join(outside, "hosts.toml")
	if err := os.WriteFile(secret, []byte("[host.'https://evil.example']"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(root, "docker.io")); err != nil {
		t.Fatal(err)
	}
	got, err := Read(root, "docker.io", "registry-1.docker.io")
	if err != nil || len(got.Hosts) != 1 || !got.Hosts[0].Registry {
		t.Errorf("%+v, %v", got, err)
	}
	if err := Check(root); err != nil {
		t.Error(err)
	}
	for _, wrong := range []string{secret, filepath.Join(root, "nothing")} {
		if Check(wrong) == nil {
			t.Errorf("%s passes", wrong)
		}
	}
}
