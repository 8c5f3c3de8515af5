// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"fmt"
	"strings"

	"github.com/pullmedic/pullmedic/evidence"
	kinds "github.com/pullmedic/pullmedic/internal/registry/families"
)

// certsDir is where containerd looks for a registry's folder, as its
// documentation has it (docs/hosts.md); it reads it anew at each pull.
const certsDir = "/etc/containerd/certs.d"

// dropIns of CRI-O's registries.conf, read when it is reloaded
// (containers-registries.conf.d(5)).
const dropIns = "/etc/containers/registries.conf.d"

// hostsMirror has the node ask a mirror first, and the registry itself after it.
// The mirror is what the person names, or where this cluster already has the
// same content from.
func (p byHand) hostsMirror() []Remedy {
	host := p.host()
	mirror, path, because := p.mirror()
	r := Remedy{ID: "hosts-toml-mirror", Title: "Have " + orWords(p.node(), "the node") + " ask a mirror of " + orWords(host, "the registry") + " first"}
	if host == "" || mirror == "" {
		r.Needs = "--mirror HOST[/PATH]"
		r.Steps = []Step{{
			What: "Name a mirror or a pull-through cache that has the image under the same name, or below a path of its own", Where: withKubectl,
			Afterwards: "the same digest under both names: pullmedic verifies it before it is used",
		}}
		return []Remedy{r}
	}
	r.Title = fmt.Sprintf("Have %s ask %s for images of %s first", orWords(p.node(), "the node"), mirror+path, host)
	r.Because = because
	r.Risks = []string{
		"The runtime shows the mirror the login that it has for " + host,
		"A tag is what the mirror says it is; a digest is checked",
	}
	if all, ok := p.unlikeHosts(r, registrySetting{first: "https://" + mirror, path: path}, "the next attempt goes to "+mirror+" first"); ok {
		return all
	}
	if p.runtime() == crio {
		text := fmt.Sprintf("[[registry]]\nprefix = %q\nlocation = %q\n\n[[registry.mirror]]\nlocation = %q\n", host, host, mirror+path)
		return p.crioFile(r, text, "it asks "+mirror+" first")
	}
	text := fmt.Sprintf("server = %q\n\n[host.%q]\n  capabilities = [\"pull\", \"resolve\"]\n", "https://"+kinds.Endpoint(host), "https://"+mirror+v2(path))
	if path != "" {
		text += "  override_path = true\n"
	}
	return p.hostsFile(r, text, nil, "the next attempt goes to "+mirror+", and to "+kinds.Endpoint(host)+" if that does not have it")
}

// v2 is the path of the API below a mirror's own, which containerd leaves alone
// if override_path says so.
func v2(path string) string {
	if path == "" {
		return ""
	}
	return "/v2" + path
}

// mirror is a host, a path below it or "", and why this one.
func (p byHand) mirror() (mirror, path, because string) {
	if p.o.Mirror != "" {
		host, path, _ := strings.Cut(strings.TrimSuffix(p.o.Mirror, "/"), "/")
		if matching(hostGrammar, host) == "" || path != "" && pathWord(path) == "" {
			return "", "", ""
		}
		if path != "" {
			path = "/" + path
		}
		return host, path, "you named it"
	}
	for _, c := range p.Elsewhere {
		name, _, _ := strings.Cut(c.Image, "@")
		host, rest, ok := strings.Cut(name, "/")
		if i := strings.LastIndex(rest, ":"); i > 0 {
			rest = rest[:i]
		}
		if !ok || !strings.ContainsAny(host, ".:") || host == p.host() || matching(hostGrammar, host) == "" || p.repository() == "" {
			continue
		}
		if rest == p.repository() {
			return host, "", "the same digest is there: " + c.Where
		}
		if above, ok := strings.CutSuffix(rest, "/"+p.repository()); ok && pathWord(above) != "" {
			return host, "/" + above, "the same digest is there: " + c.Where
		}
	}
	return "", "", ""
}

// hostsDirect takes mirrors away: the registry itself is asked.
func (p byHand) hostsDirect() []Remedy {
	host := p.host()
	r := Remedy{
		ID: "hosts-toml-direct", Title: fmt.Sprintf("Have %s ask %s itself, without a mirror", orWords(p.node(), "the node"), orWords(host, "the registry")),
		Risks: []string{"What the mirror was there for is gone: a way without the Internet, a limit that it kept away, or a certificate that its file named"},
	}
	if host == "" {
		r.Steps = []Step{{What: "Take the mirror out of the registry's hosts.toml", Where: p.onNode(), Afterwards: "the next attempt goes to the registry"}}
		return []Remedy{r}
	}
	if all, ok := p.unlikeHosts(r, registrySetting{}, "the next attempt goes to "+kinds.Endpoint(host)); ok {
		return all
	}
	if p.runtime() == crio {
		return p.crioFile(r, fmt.Sprintf("[[registry]]\nprefix = %q\nlocation = %q\n", host, host), "it asks "+host+" itself")
	}
	text := fmt.Sprintf("server = %q\n", "https://"+kinds.Endpoint(host))
	return p.hostsFile(r, text, nil, "the next attempt goes to "+kinds.Endpoint(host))
}

// hostsHTTP declares a registry as plain HTTP. It comes after a certificate for
// the registry, and says what it gives up.
func (p byHand) hostsHTTP() []Remedy {
	host := p.host()
	r := Remedy{
		ID: "hosts-toml-http", Title: fmt.Sprintf("Have %s ask %s over plain HTTP", orWords(p.node(), "the node"), orWords(host, "the registry")),
		Because: "only where the registry cannot get a certificate and everybody on the way is trusted",
		Risks: []string{
			"Logins travel readable, and whoever stands on the way can hand out other images under these tags",
			"It holds for every image of " + orWords(host, "the registry") + " on this node",
		},
	}
	if p.cause.Subject.Kind == evidence.SubjectTokenService || p.cause.Subject.Kind == evidence.SubjectBlobStore {
		return nil // hosts.toml says nothing of these, and they get a certificate (tls-at-registry)
	}
	if p.mirrored() {
		r.Title = fmt.Sprintf("Have %s ask the mirror %s over plain HTTP", orWords(p.node(), "the node"), orWords(p.asked(), "in its hosts.toml"))
		r.Steps = []Step{p.inTable("http:// instead of https:// in the table's name", "its endpoint with http:// instead of https://")}
		return []Remedy{r}
	}
	if host == "" {
		r.Steps = []Step{{What: "Declare the registry as plain HTTP in its hosts.toml", Where: p.onNode(), Afterwards: "the next attempt goes to it over HTTP"}}
		return []Remedy{r}
	}
	// Without a port HTTPS means 443, which is where plain HTTP answered.
	at := "http://" + withPort(kinds.Endpoint(host))
	if all, ok := p.unlikeHosts(r, registrySetting{first: at}, "the next attempt asks "+at); ok {
		return all
	}
	if p.runtime() == crio {
		return p.crioFile(r, fmt.Sprintf("[[registry]]\nprefix = %q\nlocation = %q\ninsecure = true\n", host, withPort(host)), "it takes plain HTTP of "+host)
	}
	text := fmt.Sprintf("server = %q\n\n[host.%q]\n  capabilities = [\"pull\", \"resolve\"]\n", at, at)
	return p.hostsFile(r, text, nil, "the next attempt asks "+at)
}

// hostsClient gives the node the certificate that the registry asks it for.
func (p byHand) hostsClient() []Remedy {
	host := p.endpoint()
	r := Remedy{
		ID: "hosts-toml-client", Title: fmt.Sprintf("Give %s the client certificate that %s asks for", orWords(p.node(), "the node"), orWords(host, "the registry")),
		Risks: []string{"Whoever is root on the node can read the key: take a certificate for nodes alone, with a short life"},
	}
	if p.mirrored() {
		r.Steps = []Step{p.inTable("client = [[the path of the certificate, the path of its key]]", "cert_file and key_file under tls, to the paths of the certificate and its key")}
		return []Remedy{r}
	}
	if host != "" {
		if all, ok := p.unlikeHosts(r, registrySetting{first: "https://" + host, client: true}, "the next attempt gets past the TLS handshake"); ok {
			return all
		}
	}
	if host == "" || p.runtime() == crio {
		r.Steps = []Step{{
			What:  "Put the certificate and its key into the registry's folder below " + p.orPath() + " as client.cert and client.key",
			Where: p.onNode(), Afterwards: "the next attempt gets past the TLS handshake",
		}}
		return []Remedy{r}
	}
	dir := p.system().certs + "/" + p.host()
	text := fmt.Sprintf("server = %q\n\n[host.%q]\n  capabilities = [\"pull\", \"resolve\"]\n  client = [[%q, %q]]\n",
		"https://"+host, "https://"+host, dir+"/client.crt", dir+"/client.key")
	before := []Step{p.clientFiles(dir+"/client.crt", dir+"/client.key")}
	return p.hostsFile(r, text, before, "the next attempt gets past the TLS handshake")
}

// inTable is a step that changes a mirror's table in the file that is there: its
// words for hosts.toml, and for the file of k3s and RKE2.
func (p byHand) inTable(what, inConfigs string) Step {
	at := p.system()
	switch {
	case at.registries != "":
		return Step{
			What:  "In " + at.registries + ", in what it has of the mirror under mirrors and configs, set " + inConfigs + "; then restart " + at.unit + ", which makes it count",
			Where: p.onNode(), Commands: printable(sh("cat", at.registries), sh("systemctl", "restart", at.unit)), Afterwards: "the next attempt gets past the mirror",
		}
	case at.kind == dockerd:
		return Step{
			What:  "Give Docker what the mirror needs: its authority as ca.crt, or a certificate as client.cert and client.key, in the mirror's folder below " + dockerCerts + "; plain HTTP is insecure-registries in " + daemonFile,
			Where: p.onNode(), Commands: printable(sh("find", dockerCerts, "-type", "f"), sh("systemctl", "reload", at.unit)), Afterwards: "the next attempt gets past the mirror",
		}
	}
	s := Step{
		What:  "In the registry's hosts.toml, in the table of the mirror, set " + what + "; containerd reads it at the next pull",
		Where: p.onNode(), Afterwards: "the next attempt gets past the mirror",
	}
	if p.host() != "" && p.runtime() != crio {
		s.Commands = printable(sh("cat", orWords(at.certs, certsDir)+"/"+p.host()+"/hosts.toml"))
	}
	return s
}

// orPath is where the runtime looks for certificates.
func (p byHand) orPath() string {
	if p.runtime() == crio {
		return "/etc/containers/certs.d"
	}
	return orWords(p.system().certs, certsDir)
}

// hostsFile completes a remedy that writes the registry's hosts.toml.
func (p byHand) hostsFile(r Remedy, text string, before []Step, afterwards string) []Remedy {
	dir := orWords(p.system().certs, certsDir) + "/" + p.host()
	file := dir + "/hosts.toml"
	r.Steps = append([]Step{{
		What: "Make the registry's folder, and keep the file that is there", Where: p.onNode(),
		Commands: printable(sh("mkdir", "-p", dir), p.keepCopy(file)), Afterwards: "a file that was there is kept as " + p.copyOf(file),
	}}, before...)
	r.Steps = append(r.Steps,
		Step{
			What: "Write the file; containerd reads it at the next pull, without a restart", Where: p.onNode(),
			File: &File{Path: file, Content: text}, Afterwards: afterwards,
		},
		p.configPath(),
	)
	r.Undo = []Step{{What: "Put the file back", Where: p.onNode(), Commands: printable(p.putBack(file)), Afterwards: "the folder is as it was"}}
	r.Risks = append(r.Risks, "Other nodes are not changed: put the file where new nodes get their configuration from, too")
	return []Remedy{r}
}

// configPath makes sure that containerd reads the folder at all. Its setting
// has another section in containerd 1 (config version 2) and 2 (version 3).
func (p byHand) configPath() Step {
	if p.system().kind == microK8s {
		const file = microSnap + "/containerd-template.toml"
		return Step{
			What: "See that its containerd reads this folder", Where: p.onNode(), Commands: printable(sh("grep", "-w", "config_path", file)),
			Afterwards: "a line config_path with certs.d; without it, update MicroK8s",
		}
	}
	section := `[plugins.'io.containerd.cri.v1.images'.registry]`
	if p.runtime() == containerd1 {
		section = `[plugins."io.containerd.grpc.v1.cri".registry]`
	}
	return Step{
		What:  "See that containerd reads this folder: config_path, in /etc/containerd/config.toml below " + section + ", has to name " + certsDir + ", and registry.mirrors and registry.configs must not be set beside it; a change there needs systemctl restart containerd",
		Where: p.onNode(), Commands: printable(pipe(sh("containerd", "config", "dump"), sh("grep", "-w", "config_path"))),
		Afterwards: "a line config_path with " + certsDir,
	}
}

// crioFile completes a remedy that writes a drop-in of registries.conf.
func (p byHand) crioFile(r Remedy, text, afterwards string) []Remedy {
	file := dropIns + "/90-" + fileName(p.host()) + ".conf"
	r.Steps = []Step{
		{What: "Keep the file that is there", Where: p.onNode(), Commands: printable(sh("mkdir", "-p", dropIns), p.keepCopy(file)), Afterwards: "a file that was there is kept as " + p.copyOf(file)},
		{
			What: "Write the file, and have CRI-O read it", Where: p.onNode(), File: &File{Path: file, Content: text},
			Commands: printable(sh("systemctl", "reload", "crio")), Afterwards: afterwards,
		},
	}
	r.Undo = []Step{{What: "Put the file back", Where: p.onNode(), Commands: printable(p.putBack(file), sh("systemctl", "reload", "crio")), Afterwards: "the folder is as it was"}}
	return []Remedy{r}
}
