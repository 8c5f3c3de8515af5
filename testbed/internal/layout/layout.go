// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package layout says which names and addresses the testbed's parts have. It
// is data only: whatever starts or asks a part reads it here.
package layout

// The bridge and its subnet. Nothing is routed out of it.
const (
	Bridge       = "pmbr0"
	Subnet       = "10.209.0.0/16"
	ControlPlane = "10.209.0.1" // the bridge itself; the apiserver listens here on 6443
	Client       = "10.209.0.2"
	Services     = "10.209.0.53" // DNS, and the route to Metadata
	Metadata     = "169.254.169.254"
)

// Forbidden are addresses that nothing in the testbed may connect to: the
// metadata services of clouds. They are given to an interface of the services
// namespace, with routes to it from everywhere, so that a wrong connection is
// seen and goes nowhere.
var Forbidden = []string{Metadata, "168.63.129.16", "100.100.100.200", "192.0.0.192"}

// Hosts are names in the testbed's DNS besides those of the registries.
var Hosts = map[string]string{
	"kubernetes.acme.example": ControlPlane,
	"rebind.acme.example":     Metadata, // a name that leads where nobody should go
}

// The cluster's own network, behind the nodes' addresses.
const (
	APIServerPort     = 6443
	ServiceSubnet     = "10.211.0.0/24"
	KubernetesService = "10.211.0.1" // which the nodes translate to the API server
)

// Nodes by name.
var Nodes = []Node{
	{Name: "node-a", Addr: "10.209.0.11", Runtime: "containerd 2.4", Pods: "10.210.1.0/24"},
	{Name: "node-b", Addr: "10.209.0.12", Runtime: "containerd 1.7", Pods: "10.210.2.0/24"},
}

// A Node is one kubelet with its runtime in namespaces of its own.
type Node struct {
	Name, Addr, Runtime string
	Pods                string // the subnet of its pods
}

// A Behaviour is how much a registry tells to whom.
type Behaviour string

// The behaviours.
const (
	Open   Behaviour = "open"   // 404 says what is missing, tags can be listed
	Quiet  Behaviour = "quiet"  // as open, but no listing
	Hiding Behaviour = "hiding" // the same 401 or 403 for private and absent
)

// An Auth is how a registry asks for credentials.
type Auth string

// The ways to ask.
const (
	None  Auth = "none"
	Basic Auth = "basic"
	Token Auth = "token"
)

// A Registry is reached under its names at an address of its own.
type Registry struct {
	Name      string   // as images name it, with its port if it has one
	Addr      string   // on the bridge, in the services namespace
	Port      int      // TLS
	Names     []string // DNS names, Name's host among them
	Behaviour Behaviour
	Auth      Auth
	Realm     string // of the token service, "" without
	Style     Style  // whose words it uses, "" for distribution's own
	BlobHost  string // among Names: where its blobs are redirected to, "" without
	BlobAddr  string // of BlobHost, if it has an address of its own
	Authority Authority
}

// Addrs are the addresses on which a registry listens.
func (r Registry) Addrs() []string {
	if r.BlobAddr != "" {
		return []string{r.Addr, r.BlobAddr}
	}
	return []string{r.Addr}
}

// AddrOf is the address that one of the registry's names leads to.
func (r Registry) AddrOf(name string) string {
	if r.BlobAddr != "" && name == r.BlobHost {
		return r.BlobAddr
	}
	return r.Addr
}

// A Style is whose words and ways a registry has.
type Style string

// The styles. Without one it is distribution that answers.
const (
	DockerHub Style = "dockerhub"
	GHCR      Style = "ghcr"
	ECR       Style = "ecr"
	ACR       Style = "acr"
	Harbor    Style = "harbor"
	Spec      Style = "spec" // the codes of the distribution specification, to the letter
)

// An Authority is who signed a registry's certificate.
type Authority string

// The authorities. Everybody trusts the testbed's own; the second is trusted by
// the client, and by a node for each registry for which a hosts.toml says so.
const (
	TestbedCA Authority = ""
	SecondCA  Authority = "second"
)

// Registries of the testbed.
var Registries = []Registry{
	{Name: "docker.io", Addr: "10.209.1.1", Port: 443, Names: []string{"docker.io", "index.docker.io", "registry-1.docker.io", "auth.docker.io", "production.cloudflare.docker.com"}, Behaviour: Hiding, Auth: Token, Realm: "https://auth.docker.io/token", Style: DockerHub, BlobHost: "production.cloudflare.docker.com"},
	{Name: "ghcr.io", Addr: "10.209.1.2", Port: 443, Names: []string{"ghcr.io"}, Behaviour: Hiding, Auth: Token, Realm: "https://ghcr.io/token", Style: GHCR},
	{Name: "123456789012.dkr.ecr.eu-west-1.amazonaws.com", Addr: "10.209.1.3", Port: 443, Names: []string{"123456789012.dkr.ecr.eu-west-1.amazonaws.com"}, Behaviour: Open, Auth: Basic, Style: ECR},
	{Name: "acme.azurecr.io", Addr: "10.209.1.4", Port: 443, Names: []string{"acme.azurecr.io"}, Behaviour: Hiding, Auth: Token, Realm: "https://acme.azurecr.io/oauth2/token", Style: ACR},
	{Name: "harbor.acme.example:8443", Addr: "10.209.1.5", Port: 8443, Names: []string{"harbor.acme.example"}, Behaviour: Open, Auth: Basic, Style: Harbor},
	{Name: "registry.acme.example", Addr: "10.209.1.6", Port: 443, Names: []string{"registry.acme.example"}, Behaviour: Open, Auth: None},
	{Name: "quiet.acme.example", Addr: "10.209.1.7", Port: 443, Names: []string{"quiet.acme.example"}, Behaviour: Quiet, Auth: None},
	// These two are for the faults of one node, so that those disturb no other.
	{Name: "edge.acme.example", Addr: "10.209.1.8", Port: 443, Names: []string{"edge.acme.example"}, Behaviour: Open, Auth: None},
	{Name: "vault.acme.example", Addr: "10.209.1.9", Port: 443, Names: []string{"vault.acme.example"}, Behaviour: Open, Auth: None, Authority: SecondCA},
	// Its layers lie elsewhere, as in many a cloud.
	{Name: "cdn.acme.example", Addr: "10.209.1.10", Port: 443, Names: []string{"cdn.acme.example", "blobs.acme.example"}, Behaviour: Open, Auth: None, BlobHost: "blobs.acme.example", BlobAddr: "10.209.1.11"},
	{Name: "locked.acme.example", Addr: "10.209.1.12", Port: 443, Names: []string{"locked.acme.example", "auth.acme.example"}, Behaviour: Quiet, Auth: Token, Realm: "https://auth.acme.example/token", Style: Spec},
	{Name: "strict.acme.example", Addr: "10.209.1.13", Port: 443, Names: []string{"strict.acme.example"}, Behaviour: Quiet, Auth: Basic, Style: Spec},
}

// What else listens in the services namespace.
const (
	Proxy   = "10.209.0.53:3128" // an HTTP proxy that wants a login and takes none
	Webhook = "10.209.0.53:8443" // an admission webhook that allows nothing
)
