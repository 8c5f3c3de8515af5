// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
)

// daemonFile is where Docker reads its settings, all in one file
// (https://docs.docker.com/reference/cli/dockerd/), and dockerCerts where it looks for a
// registry's certificates.
const (
	daemonFile  = "/etc/docker/daemon.json"
	dockerCerts = "/etc/docker/certs.d/"
	talosPatch  = "talos-patch.yaml"
	withTalos   = "where talosctl is"
)

// A registrySetting is what a node is to know of a registry, where that does not
// stand in the registry's own hosts.toml.
type registrySetting struct {
	first string // URL of the host that is asked first; "" to take the mirrors away
	path  string // below it, with its slash
	// authority is what the host's certificate is signed by; client tells that the
	// host asks for a certificate.
	authority, told string
	client          bool
}

// unlikeHosts is a remedy for a system whose registries stand elsewhere than in
// hosts.toml; false if they stand there.
func (p byHand) unlikeHosts(r Remedy, set registrySetting, afterwards string) ([]Remedy, bool) {
	s := p.system()
	switch s.kind {
	case k3s, rke2:
		return []Remedy{p.registriesYAML(r, s, set, afterwards)}, true
	case dockerd:
		return []Remedy{p.daemonJSON(r, s, set, afterwards)}, true
	case talos:
		if set.first == "" || set.client {
			return nil, false // told in words
		}
		return []Remedy{p.talosRegistries(r, set, afterwards)}, true
	}
	return nil, false
}

// fileName is a host as the name of a file.
func fileName(host string) string {
	return strings.NewReplacer(":", "_", "[", "", "]", "").Replace(host)
}

// oneFile says what holds where all registries stand in one file.
const oneFile = "The file is about all registries: where one was there, these lines belong into that, beside what it says of others"

// registriesYAML sets what k3s and RKE2 make hosts.toml of when they start.
func (p byHand) registriesYAML(r Remedy, s system, set registrySetting, afterwards string) Remedy {
	at, copied := p.onNode(), p.copyOf(s.registries)
	keep := Step{What: "Keep the file that is there", Where: at, Commands: printable(sh("mkdir", "-p", s.dir), p.keepCopy(s.registries)), Afterwards: "a file that was there is kept as " + copied}
	anew := Step{What: "Have " + s.name + " read it", Where: at, Commands: printable(sh("systemctl", "restart", s.unit)), Afterwards: "systemctl is-active " + s.unit + " says active; " + afterwards}
	r.Risks = append(r.Risks, s.restartRisks()...)
	r.Undo = []Step{{What: "Put the file back", Where: at, Commands: printable(p.putBack(s.registries), sh("systemctl", "restart", s.unit)), Afterwards: "the file is as it was"}}
	if set.first == "" {
		r.Steps = []Step{keep, {
			What:  "Take what it has for " + p.host() + " (and for *, if that is about it) out from under mirrors",
			Where: at, Commands: printable(sh("cat", s.registries)), Afterwards: "no endpoint is left for it",
		}, anew}
		return r
	}
	host := strings.TrimPrefix(strings.TrimPrefix(set.first, "https://"), "http://")
	var text strings.Builder
	fmt.Fprintf(&text, "mirrors:\n  %q:\n    endpoint:\n    - %q\n", p.host(), set.first)
	if set.path != "" {
		fmt.Fprintf(&text, "    rewrite:\n      %q: %q\n", "^(.*)$", strings.TrimPrefix(set.path, "/")+"/$1")
	}
	r.Steps = []Step{keep}
	base := s.dir + "/" + fileName(host)
	if set.authority != "" {
		fmt.Fprintf(&text, "configs:\n  %q:\n    tls:\n      ca_file: %q\n", host, base+".crt")
		r.Steps = append(r.Steps, Step{
			What: "Write the authority's certificate: " + set.told, Where: at,
			File: &File{Path: base + ".crt", Content: set.authority}, Afterwards: "sha256sum of your file's certificates and of this one agree",
		})
		r.Undo = append(r.Undo, Step{What: "Take the certificate away", Where: at, Commands: printable(sh("rm", "-f", base+".crt")), Afterwards: "the node trusts what it trusted before"})
	}
	if set.client {
		fmt.Fprintf(&text, "configs:\n  %q:\n    tls:\n      cert_file: %q\n      key_file: %q\n", host, base+".client.crt", base+".client.key")
		r.Steps = append(r.Steps, p.clientFiles(base+".client.crt", base+".client.key"))
	}
	r.Steps = append(r.Steps, Step{What: "Write the file, or add these lines to the one that was there", Where: at, File: &File{Path: s.registries, Content: text.String()}, Afterwards: "each registry stands once under mirrors and once under configs"}, anew)
	r.Risks = append(r.Risks, oneFile, "Other nodes are not changed: put it where new nodes get their configuration from, too")
	return r
}

// clientFiles is the step in which a certificate gets to the node.
func (p byHand) clientFiles(certificate, key string) Step {
	return Step{
		What:  "Put the certificate and its key, from whoever runs the registry, to " + certificate + " and " + key,
		Where: p.onNode(), Commands: printable(sh("openssl", "x509", "-in", certificate, "-noout", "-subject", "-enddate"), sh("chmod", "600", key)),
		Afterwards: "openssl prints a subject and an end that lies ahead",
	}
}

// daemonJSON sets what Docker knows of a registry: certificates in a folder of its
// own, the rest in one file.
func (p byHand) daemonJSON(r Remedy, s system, set registrySetting, afterwards string) Remedy {
	at, folder := p.onNode(), dockerCerts+p.endpoint()
	folderStep := Step{What: "Make the registry's folder", Where: at, Commands: printable(sh("mkdir", "-p", folder)), Afterwards: "it is there"}
	setting := map[string][]string{}
	switch {
	case set.authority != "":
		file := folder + "/ca.crt"
		r.Steps = []Step{folderStep, {
			What: "Write the authority's certificate; Docker reads it at the next pull: " + set.told, Where: at,
			File: &File{Path: file, Content: set.authority}, Afterwards: afterwards,
		}}
		r.Undo = []Step{{What: "Take the certificate away", Where: at, Commands: printable(sh("rm", "-f", file)), Afterwards: "the node trusts what it trusted before"}}
		return r
	case set.client:
		r.Steps = []Step{folderStep, p.clientFiles(folder+"/client.cert", folder+"/client.key")}
		r.Steps[1].Afterwards += "; " + afterwards
		return r
	case strings.HasPrefix(set.first, "http://"):
		setting["insecure-registries"] = []string{withPort(p.host())}
	case set.first != "" && (set.path != "" || p.host() != "docker.io"):
		r.Steps = []Step{{
			What:  "Docker asks a mirror for Docker Hub alone, and one without a path: have the image itself name the mirror",
			Where: withKubectl, Afterwards: "kubectl pullmedic fix with --to verifies that name before it sets it",
		}}
		return r
	case set.first != "":
		setting["registry-mirrors"] = []string{set.first}
	}
	reload := Step{What: "Have Docker read it, which ends no container", Where: at, Commands: printable(sh("dockerd", "--validate", "--config-file", daemonFile), sh("systemctl", "reload", s.unit)), Afterwards: "configuration OK; " + afterwards}
	r.Steps = []Step{{What: "Keep the file that is there", Where: at, Commands: printable(sh("mkdir", "-p", "/etc/docker"), p.keepCopy(daemonFile)), Afterwards: "a file that was there is kept as " + p.copyOf(daemonFile)}}
	if len(setting) == 0 {
		r.Steps = append(r.Steps, Step{What: "Take the mirror out of registry-mirrors", Where: at, Commands: printable(sh("cat", daemonFile)), Afterwards: "it is not named any more"}, reload)
	} else {
		text, _ := json.MarshalIndent(setting, "", "  ") // strings always marshal
		r.Steps = append(r.Steps, Step{What: "Write the file, or add this setting to the one that was there", Where: at, File: &File{Path: daemonFile, Content: string(text) + "\n"}, Afterwards: "it has what it had, and this"}, reload)
		r.Risks = append(r.Risks, "The file has all of Docker's settings: where one was there, this belongs into that, beside what it sets")
	}
	r.Undo = []Step{{What: "Put the file back", Where: at, Commands: printable(p.putBack(daemonFile), sh("systemctl", "reload", s.unit)), Afterwards: "the file is as it was"}}
	r.Risks = append(r.Risks, "Other nodes are not changed: put it where new nodes get their configuration from, too")
	return r
}

// talosRegistries patches the machine's configuration, whose machine.registries Talos
// takes at once (https://docs.siderolabs.com/talos, machine configuration).
func (p byHand) talosRegistries(r Remedy, set registrySetting, afterwards string) Remedy {
	var text strings.Builder
	text.WriteString("machine:\n  registries:\n")
	host := strings.TrimPrefix(strings.TrimPrefix(set.first, "https://"), "http://")
	if set.authority != "" {
		fmt.Fprintf(&text, "    config:\n      %q:\n        tls:\n          ca: %q\n", host, base64.StdEncoding.EncodeToString([]byte(set.authority)))
	} else {
		fmt.Fprintf(&text, "    mirrors:\n      %q:\n        endpoints:\n        - %q\n", p.host(), set.first+v2(set.path))
		if set.path != "" {
			text.WriteString("        overridePath: true\n")
		}
	}
	what := "Write the patch"
	if set.told != "" {
		what += " with the authority's certificate: " + set.told
	}
	return p.patched(r, text.String(), what, afterwards)
}

// patched hands over a patch of a Talos machine's configuration.
func (p byHand) patched(r Remedy, text, what, afterwards string) Remedy {
	patch := sh("talosctl", "patch", "machineconfig", "--patch", "@"+talosPatch)
	r.Steps = []Step{
		{What: what, Where: withTalos, File: &File{Path: talosPatch, Content: text}, Afterwards: "the file is there"},
		{
			What: "Try it, and apply it: set NODE to the node's address first; lists are added to", Where: withTalos,
			Commands: printable(asking(patch+" --dry-run", "--nodes", "", "NODE"), asking(patch, "--nodes", "", "NODE")), Afterwards: "the dry run shows these lines alone; " + afterwards,
		},
	}
	r.Undo = []Step{{What: "Take the same lines out again", Where: withTalos, Commands: printable(asking(sh("talosctl", "edit", "machineconfig"), "--nodes", "", "NODE")), Afterwards: "the machine's configuration is as it was"}}
	r.Risks = append(r.Risks, "Other nodes are not changed: put the patch where their configuration is kept, too")
	return r
}
