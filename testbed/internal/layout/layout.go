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

// Nodes by name.
var Nodes = []Node{
	{Name: "node-a", Addr: "10.209.0.11", Runtime: "containerd 2.4"},
	{Name: "node-b", Addr: "10.209.0.12", Runtime: "containerd 1.7"},
}

// A Node is one kubelet with its runtime in namespaces of its own.
type Node struct {
	Name, Addr, Runtime string
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
}

// Registries of the testbed.
var Registries = []Registry{
	{Name: "docker.io", Addr: "10.209.1.1", Port: 443, Names: []string{"docker.io", "index.docker.io", "registry-1.docker.io", "auth.docker.io"}, Behaviour: Hiding, Auth: Token, Realm: "https://auth.docker.io/token"},
	{Name: "ghcr.io", Addr: "10.209.1.2", Port: 443, Names: []string{"ghcr.io"}, Behaviour: Hiding, Auth: Token, Realm: "https://ghcr.io/token"},
	{Name: "123456789012.dkr.ecr.eu-west-1.amazonaws.com", Addr: "10.209.1.3", Port: 443, Names: []string{"123456789012.dkr.ecr.eu-west-1.amazonaws.com"}, Behaviour: Open, Auth: Basic},
	{Name: "acme.azurecr.io", Addr: "10.209.1.4", Port: 443, Names: []string{"acme.azurecr.io"}, Behaviour: Hiding, Auth: Token, Realm: "https://acme.azurecr.io/oauth2/token"},
	{Name: "harbor.acme.example:8443", Addr: "10.209.1.5", Port: 8443, Names: []string{"harbor.acme.example"}, Behaviour: Open, Auth: Basic},
	{Name: "registry.acme.example", Addr: "10.209.1.6", Port: 443, Names: []string{"registry.acme.example"}, Behaviour: Open, Auth: None},
	{Name: "quiet.acme.example", Addr: "10.209.1.7", Port: 443, Names: []string{"quiet.acme.example"}, Behaviour: Quiet, Auth: None},
}
