// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/pullmedic/pullmedic/evidence"
	kinds "github.com/pullmedic/pullmedic/internal/registry/families"
)

// A grammar is what a value that may stand in a command or a file looks like. The
// length is bounded beside the pattern, as counting is what makes patterns slow.
type grammar struct {
	pattern *regexp.Regexp
	longest int
}

// The grammars of what may stand in a command or a file. What begins with a
// hyphen is none of them: it would be read as a flag.
var (
	dnsGrammar        = grammar{regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$`), 253}
	hostGrammar       = grammar{regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:.]{2,45}\])(:[0-9]{1,5})?$`), 253 + len(":65535")}
	repositoryGrammar = grammar{regexp.MustCompile(`^[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*$`), 255}
	tagGrammar        = grammar{regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]*$`), 128}
	digestGrammar     = grammar{regexp.MustCompile(`^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$`), len("sha512:") + 128}
	wordGrammar       = grammar{regexp.MustCompile(`^[a-z0-9]+$`), 20}
	imageGrammar      = grammar{regexp.MustCompile(`^[A-Za-z0-9\[][A-Za-z0-9\[\]._:/-]*(@sha(256|512):[0-9a-f]{64,128})?$`), 536}
	proxyGrammar      = grammar{regexp.MustCompile(`^https?://[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?/?$`), 268}
)

// Registries whose names tell of their place in a cloud.
var (
	ecrGrammar    = regexp.MustCompile(`^([0-9]{12})\.dkr\.ecr(?:-fips)?\.([a-z0-9][a-z0-9-]{0,39})\.amazonaws\.com(?:\.cn)?$`)
	googleGrammar = regexp.MustCompile(`^([a-z0-9-]{1,40})-docker\.pkg\.dev$`)
	azureGrammar  = regexp.MustCompile(`^([a-z0-9][a-z0-9-]{0,59})\.azurecr\.(io|cn|us)$`)
)

// matching is the value if it has the grammar, else "".
func matching(g grammar, value string) string {
	if len(value) > 0 && len(value) <= g.longest && g.pattern.MatchString(value) {
		return value
	}
	return ""
}

func (p byHand) node() string       { return matching(dnsGrammar, p.d.Pull.Node) }
func (p byHand) namespace() string  { return matching(dnsGrammar, p.d.Pull.Namespace) }
func (p byHand) host() string       { return matching(hostGrammar, p.d.Pull.Reference.Host) }
func (p byHand) repository() string { return pathWord(p.d.Pull.Reference.Repository) }

// pathWord is a repository's path, which the specification bounds together with
// its host to 255 characters.
func pathWord(path string) string { return matching(repositoryGrammar, path) }

// tag that is asked for, "" if only a digest is.
func (p byHand) tag() string {
	r := p.d.Pull.Reference
	if r.Tag == "" && r.Digest == "" {
		return "latest"
	}
	return matching(tagGrammar, r.Tag)
}

// named is the image by host and repository, "" if one may not be printed.
func (p byHand) named() string {
	if p.host() == "" || p.repository() == "" {
		return ""
	}
	return p.host() + "/" + p.repository()
}

// image is the whole reference as the kubelet asks for it.
func (p byHand) image() string {
	r := p.d.Pull.Reference
	name, digest, tag := p.named(), matching(digestGrammar, r.Digest), p.tag()
	switch {
	case name == "" || r.Digest != "" && digest == "" || r.Tag != "" && tag == "":
		return ""
	case digest != "" && tag != "":
		return name + ":" + tag + "@" + digest
	case digest != "":
		return name + "@" + digest
	}
	return name + ":" + tag
}

// stored is the image as the runtime's store knows it: with a digest the tag is
// left out.
func (p byHand) stored() string {
	if digest := matching(digestGrammar, p.d.Pull.Reference.Digest); digest != "" && p.named() != "" {
		return p.named() + "@" + digest
	}
	return p.image()
}

// pushable is the image under its tag: nobody pushes to a digest.
func (p byHand) pushable() string {
	if p.named() == "" || p.tag() == "" {
		return ""
	}
	return p.named() + ":" + p.tag()
}

// platform of the node, linux/arm64.
func (p byHand) platform() string {
	at := p.d.Pull.Platform
	if matching(wordGrammar, at.OS) == "" || matching(wordGrammar, at.Arch) == "" {
		return ""
	}
	if matching(wordGrammar, at.Variant) != "" {
		return at.OS + "/" + at.Arch + "/" + at.Variant
	}
	return at.OS + "/" + at.Arch
}

// asked is the host that the failure is about: the registry, or what stands in
// its place on the way.
func (p byHand) asked() string {
	switch s := p.cause.Subject; s.Kind {
	case evidence.SubjectRegistry, evidence.SubjectTokenService, evidence.SubjectMirror, evidence.SubjectBlobStore:
		if name := matching(hostGrammar, s.Name); name != "" {
			return kinds.Endpoint(name)
		}
	}
	if p.host() == "" {
		return ""
	}
	return kinds.Endpoint(p.host())
}

// mirrored tells that the failure is about a mirror, whose table of hosts.toml
// nobody here has seen: a new file would take the others out.
func (p byHand) mirrored() bool { return p.cause.Subject.Kind == evidence.SubjectMirror }

// endpoint is the host that is asked for the registry's images.
func (p byHand) endpoint() string {
	if p.host() == "" {
		return ""
	}
	return kinds.Endpoint(p.host())
}

// withPort is a host with its port, 443 unless it has another.
func withPort(host string) string {
	if _, _, ok := splitPort(host); ok {
		return host
	}
	return host + ":443"
}

// bareHost is a host without its port and without the brackets of an address.
func bareHost(host string) string {
	name, _, _ := splitPort(host)
	return strings.Trim(name, "[]")
}

// splitPort takes a host and its port apart.
func splitPort(host string) (name, port string, ok bool) {
	i := strings.LastIndex(host, ":")
	if i < 0 || strings.HasSuffix(host, "]") {
		return host, "", false
	}
	return host[:i], host[i+1:], true
}

// isAddress tells whether the host is an address rather than a name.
func isAddress(host string) bool {
	_, err := netip.ParseAddr(bareHost(host))
	return err == nil
}

// secret is the pull secret that the cause is about, or the first that the pod
// names, without its namespace.
func (p byHand) secret() string {
	if p.cause.Subject.Kind == evidence.SubjectSecret {
		_, name, ok := strings.Cut(p.cause.Subject.Name, "/")
		if !ok {
			name = p.cause.Subject.Name
		}
		if name = matching(dnsGrammar, name); name != "" {
			return name
		}
	}
	if len(p.d.Pull.PullSecrets) > 0 {
		return matching(dnsGrammar, p.d.Pull.PullSecrets[0])
	}
	return ""
}

// family of the registry.
func (p byHand) family() kinds.Family { return kinds.Of(p.host(), "", nil) }

// proven is the first secret of the namespace that the registry took for the image.
func (p byHand) proven() string {
	i := slices.IndexFunc(p.Secrets, func(s Secret) bool { return s.provenFor(p.d.Pull.Image) && matching(dnsGrammar, s.Name) != "" })
	if i < 0 {
		return ""
	}
	return p.Secrets[i].Name
}

// A runtimeFamily is a family of container runtimes by how it is configured.
type runtimeFamily string

const (
	containerd1 runtimeFamily = "containerd 1"
	containerd2 runtimeFamily = "containerd 2"
	crio        runtimeFamily = "CRI-O"
)

// runtime of the node; containerd 2 if nothing tells.
func (p byHand) runtime() runtimeFamily {
	switch r := p.d.Pull.Runtime; {
	case strings.HasPrefix(r, "cri-o:"):
		return crio
	case strings.HasPrefix(r, "containerd://1."):
		return containerd1
	}
	return containerd2
}

// unit is the systemd unit of the runtime.
func (r runtimeFamily) unit() string {
	if r == crio {
		return "crio"
	}
	return "containerd"
}
