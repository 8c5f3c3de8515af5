// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
	"sigs.k8s.io/yaml"

	"github.com/pullmedic/pullmedic/internal/registry/hostsdir"
)

// filesAreWhatTheirReadersTake checks that every file of every remedy, with
// hostile values as well, is what its reader takes and has no more in it.
func filesAreWhatTheirReadersTake(t *testing.T, files map[string]File) {
	t.Helper()
	kinds := map[string]int{}
	for _, f := range files {
		if !strings.HasSuffix(f.Content, "\n") {
			t.Errorf("%s does not end in a newline", f.Path)
		}
		if filepath.Clean(f.Path) != f.Path || strings.Contains(f.Path, "..") {
			t.Errorf("the path %q leads elsewhere", f.Path)
		}
		kind, err := checked(t, f)
		kinds[kind]++
		if err != nil {
			t.Errorf("%s: %v\n%s", f.Path, err, f.Content)
		}
	}
	for _, kind := range []string{"hosts.toml", "registries.conf", "crio.conf", "certificate", "unit", "kubelet", "providers", "external secret", "policy", "registries.yaml", "daemon.json", "talos", "k3s"} {
		if kinds[kind] == 0 {
			t.Errorf("no file of the kind %s was checked: %v", kind, kinds)
		}
	}
}

// checked reads a file as its reader does.
func checked(t *testing.T, f File) (kind string, err error) {
	t.Helper()
	switch {
	case strings.HasSuffix(f.Path, "/hosts.toml"):
		return "hosts.toml", hostsToml(t, f)
	case strings.HasPrefix(f.Path, dropIns):
		var read struct {
			Registry []struct {
				Prefix, Location string
				Insecure         bool
				Mirror           []struct{ Location string }
			}
		}
		return "registries.conf", strictTOML(f.Content, &read)
	case strings.HasPrefix(f.Path, "/etc/crio/crio.conf.d/"):
		var read struct {
			Crio struct {
				Image struct {
					Timeout string `toml:"pull_progress_timeout"`
				}
			}
		}
		return "crio.conf", strictTOML(f.Content, &read)
	case strings.HasSuffix(f.Path, ".crt"):
		rest := []byte(f.Content)
		for len(rest) > 0 {
			block, more := pem.Decode(rest)
			if block == nil || block.Type != "CERTIFICATE" {
				t.Errorf("%s holds something else than certificates", f.Path)
				break
			}
			rest = more
		}
		return "certificate", nil
	case strings.HasSuffix(f.Path, "90-proxy.conf"):
		// systemd.syntax(7) and systemd.exec(5): one assignment a line, quoted; a
		// % would be a specifier.
		if !regexp.MustCompile(`^\[Service\]\n(Environment="(CONTAINERD_)?(HTTPS?_PROXY|NO_PROXY|no_proxy)=[A-Za-z0-9.:/,_-]+"\n)+$`).MatchString(f.Content) {
			t.Errorf("%s is no unit:\n%s", f.Path, f.Content)
		}
		return "unit", nil
	case strings.HasSuffix(f.Path, "90-image-verification.conf"):
		var read struct {
			APIVersion, Kind                       string
			ImagePullCredentialsVerificationPolicy string
			PreloadedImagesVerificationAllowlist   []string
		}
		return "kubelet", yaml.UnmarshalStrict([]byte(f.Content), &read)
	case strings.HasSuffix(f.Path, "/registries.yaml"):
		return "registries.yaml", registriesFile(t, f)
	case f.Path == daemonFile:
		var read struct {
			Mirrors  []string `json:"registry-mirrors"`
			Insecure []string `json:"insecure-registries"`
		}
		d := json.NewDecoder(strings.NewReader(f.Content))
		d.DisallowUnknownFields()
		err := d.Decode(&read)
		if len(read.Mirrors)+len(read.Insecure) != 1 {
			t.Errorf("Docker is told %+v", read)
		}
		return "daemon.json", err
	case f.Path == talosPatch:
		return "talos", talosFile(t, f)
	case strings.HasSuffix(f.Path, "/90-pulls.yaml"):
		var read struct {
			Args []string `json:"kubelet-arg+"`
		}
		err := yaml.UnmarshalStrict([]byte(f.Content), &read)
		for _, a := range read.Args {
			if !regexp.MustCompile(`^[a-z-]+=[a-z0-9]+$`).MatchString(a) {
				t.Errorf("the kubelet gets %q", a)
			}
		}
		return "k3s", err
	case strings.HasSuffix(f.Path, "credential-provider.yaml"), strings.HasSuffix(f.Path, "credentialprovider/config.yaml"):
		var read struct {
			APIVersion, Kind string
			Providers        []struct {
				Name, APIVersion, DefaultCacheDuration string
				MatchImages, Args                      []string
			}
		}
		return "providers", yaml.UnmarshalStrict([]byte(f.Content), &read)
	case f.Path == "external-secret.yaml":
		return "external secret", externalSecretFile(t, f)
	case f.Path == "pull-policy.json":
		return "policy", json.Unmarshal([]byte(f.Content), &map[string]any{})
	}
	t.Errorf("nothing here checks the file %s", f.Path)
	return "", nil
}

// registriesFile reads registries.yaml by the fields that k3s and RKE2 document.
func registriesFile(t *testing.T, f File) error {
	t.Helper()
	var read struct {
		Mirrors map[string]struct {
			Endpoint []string
			Rewrite  map[string]string
		}
		Configs map[string]struct {
			TLS struct {
				CAFile   string `json:"ca_file"`
				CertFile string `json:"cert_file"`
				KeyFile  string `json:"key_file"`
			}
		}
	}
	if err := yaml.UnmarshalStrict([]byte(f.Content), &read); err != nil {
		return err
	}
	if len(read.Mirrors) != 1 || len(read.Configs) > 1 {
		t.Errorf("%s is about %+v", f.Path, read)
	}
	for host, m := range read.Mirrors {
		if matching(hostGrammar, host) == "" || len(m.Endpoint) != 1 || !endpoint(m.Endpoint[0], "") {
			t.Errorf("%s: %s has %+v", f.Path, host, m)
		}
	}
	for host := range read.Configs {
		if matching(hostGrammar, host) == "" {
			t.Errorf("%s sets TLS of %q", f.Path, host)
		}
	}
	return nil
}

// endpoint tells whether a URL is one of a host, with a path only below a prefix.
func endpoint(url, prefix string) bool {
	_, rest, ok := strings.Cut(url, "://")
	host, path, below := strings.Cut(rest, "/")
	return ok && matching(hostGrammar, host) != "" && (!below || prefix != "" && strings.HasPrefix("/"+path, prefix))
}

// talosFile reads a patch by the fields of a machine's configuration.
func talosFile(t *testing.T, f File) error {
	t.Helper()
	var read struct {
		Machine struct {
			Env        map[string]string
			Kubelet    struct{ ExtraConfig map[string]any }
			Registries struct {
				Mirrors map[string]struct {
					Endpoints    []string
					OverridePath bool
				}
				Config map[string]struct{ TLS struct{ CA string } }
			}
		}
	}
	if err := yaml.UnmarshalStrict([]byte(f.Content), &read); err != nil {
		return err
	}
	m := read.Machine
	if len(m.Env)+len(m.Kubelet.ExtraConfig)+len(m.Registries.Mirrors)+len(m.Registries.Config) == 0 {
		t.Errorf("the patch sets nothing:\n%s", f.Content)
	}
	for host, mirror := range m.Registries.Mirrors {
		if matching(hostGrammar, host) == "" || len(mirror.Endpoints) != 1 || !endpoint(mirror.Endpoints[0], "/v2/") {
			t.Errorf("%s has %+v", host, mirror)
		}
	}
	for host, config := range m.Registries.Config {
		certificate, err := base64.StdEncoding.DecodeString(config.TLS.CA)
		if block, _ := pem.Decode(certificate); matching(hostGrammar, host) == "" || err != nil || block == nil || block.Type != "CERTIFICATE" {
			t.Errorf("%s is to be trusted by %q: %v", host, certificate, err)
		}
	}
	return nil
}

func strictTOML(text string, into any) error {
	d := toml.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// hostsToml reads the file as containerd does, by the room that knows.
func hostsToml(t *testing.T, f File) error {
	t.Helper()
	registry := filepath.Base(filepath.Dir(f.Path))
	root := t.TempDir()
	dir := filepath.Join(root, registry)
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "hosts.toml"), []byte(f.Content), 0o644); err != nil {
		return err
	}
	c, err := hostsdir.Read(root, registry, registry)
	if err != nil {
		return err
	}
	if c.Dir != registry || c.Problem != "" || len(c.Hosts) == 0 || len(c.Hosts) > 2 {
		t.Errorf("containerd makes %+v of it", c)
	}
	for _, h := range c.Hosts {
		if h.SkipVerify || h.Headers || matching(hostGrammar, h.Name) == "" || !strings.HasPrefix(h.Path, "/v2") {
			t.Errorf("a host is %+v", h)
		}
	}
	return nil
}

func externalSecretFile(t *testing.T, f File) error {
	t.Helper()
	for _, document := range strings.Split(f.Content, "---\n") {
		var read struct {
			APIVersion, Kind string
			Metadata         struct{ Name, Namespace string }
			Spec             struct {
				Region, RefreshInterval string
				Target                  struct {
					Name     string
					Template struct {
						Type string
						Data map[string]string
					}
				}
				DataFrom []struct {
					SourceRef struct {
						GeneratorRef struct{ APIVersion, Kind, Name string }
					}
				}
				SecretStoreRef struct{ Kind, Name string }
				Data           []struct {
					SecretKey string
					RemoteRef struct{ Key, Property string }
				}
			}
		}
		if err := yaml.UnmarshalStrict([]byte(document), &read); err != nil {
			return err
		}
		if read.Kind != "ExternalSecret" {
			continue
		}
		config := strings.NewReplacer("{{ .username }}", "u", "{{ .password }}", "p").Replace(read.Spec.Target.Template.Data[".dockerconfigjson"])
		var docker struct{ Auths map[string]map[string]string }
		if err := json.Unmarshal([]byte(config), &docker); err != nil || len(docker.Auths) != 1 || read.Spec.Target.Template.Type != "kubernetes.io/dockerconfigjson" {
			t.Errorf("the secret would be %q: %v", config, err)
		}
	}
	return nil
}
