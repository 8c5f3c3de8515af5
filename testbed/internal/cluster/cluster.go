// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package cluster is the running testbed as the rest of the testbed sees it:
// its directory, its Kubernetes API, its nodes, and how to run a command where
// the client or a node stands. It never starts nor stops the cluster: package up
// does.
package cluster

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/pullmedic/pullmedic/testbed/internal/layout"
)

// DefaultDir holds the testbed's whole state unless TESTBED_DIR or --dir says
// otherwise.
const DefaultDir = "/var/lib/pullmedic-testbed"

// The places that have namespaces of their own, besides the nodes.
const (
	Client   = "client"
	Services = "services"
)

// The contexts of the kubeconfig, each named like its user.
const (
	Admin  = "admin"  // system:masters
	Viewer = "viewer" // a user whose rights a test grants; none to secrets by itself
	Nobody = "nobody" // a user without any rights
)

// A Testbed is one testbed's state directory. The zero value is not usable; see
// Open. It is safe for concurrent use, having no state of its own.
type Testbed struct {
	dir string
}

// Open names the testbed whose state is in dir, which need not be running. An
// empty dir is TESTBED_DIR, or without it DefaultDir.
func Open(dir string) (*Testbed, error) {
	if dir == "" {
		dir = os.Getenv("TESTBED_DIR")
	}
	if dir == "" {
		dir = DefaultDir
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("finding the testbed's directory %s: %w", dir, err)
	}
	return &Testbed{dir: abs}, nil
}

// Dir is the state directory, an absolute path.
func (t *Testbed) Dir() string { return t.dir }

// path is a path inside the state directory.
func (t *Testbed) path(elements ...string) string {
	return filepath.Join(append([]string{t.dir}, elements...)...)
}

// Bin is where the built program of that name lies.
func (t *Testbed) Bin(name string) string { return t.path("bin", name) }

// Images is the directory for image archives that outlive the cluster.
func (t *Testbed) Images() string { return t.path("images") }

// PauseImage is the name of the image that holds a pod's sandbox.
const PauseImage = "pause.local/pause:1"

// PauseArchive is the archive of the pause image.
func (t *Testbed) PauseArchive() string { return t.path("images", "pause.tar") }

// CRDs is the directory of the definitions of custom resources that projects
// release, one file a kind or a program.
func (t *Testbed) CRDs() string { return t.path("crds") }

// PKI is the directory of the certificates; package pki reads and issues them.
func (t *Testbed) PKI() string { return t.path("pki") }

// Logs is the directory of the parts' logs, one file a part, NAME.log.
func (t *Testbed) Logs() string { return t.path("logs") }

// Run is the directory of what lives only as long as the cluster; down removes
// it and all that is in it.
func (t *Testbed) Run() string { return t.path("run") }

// AuditLog is where the API server writes down what the Viewer asked, one JSON
// document a line.
func (t *Testbed) AuditLog() string { return t.path("run", "audit.log") }

// AdminSocket is the unix socket on which the registries take fault rules.
func (t *Testbed) AdminSocket() string { return t.path("run", "registries.sock") }

// RegistryStorage is the root directory of the distribution registry's files.
func (t *Testbed) RegistryStorage() string { return t.path("run", "registry") }

// Kubeconfig is the path of the kubeconfig with the contexts Admin (current),
// Viewer and Nobody. Its address serves in the root namespace, on the nodes and
// for the client.
func (t *Testbed) Kubeconfig() string { return t.path("kubeconfig") }

// RESTConfig is the configuration for one of the kubeconfig's contexts.
func (t *Testbed) RESTConfig(context string) (*rest.Config, error) {
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(
		&clientcmd.ClientConfigLoadingRules{ExplicitPath: t.Kubeconfig()},
		&clientcmd.ConfigOverrides{CurrentContext: context},
	).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("reading context %s of %s (is the testbed up?): %w", context, t.Kubeconfig(), err)
	}
	config.QPS, config.Burst = 200, 400
	return config, nil
}

// Kube is a client of the API server with all rights.
func (t *Testbed) Kube() (kubernetes.Interface, error) {
	config, err := t.RESTConfig(Admin)
	if err != nil {
		return nil, err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making a client of the testbed's API server: %w", err)
	}
	return client, nil
}

// Nodes are the names of the nodes, in layout's order.
func (t *Testbed) Nodes() []string {
	var names []string
	for _, node := range layout.Nodes {
		names = append(names, node.Name)
	}
	return names
}

// Places are all names that Exec takes: Client, Services and the nodes.
func (t *Testbed) Places() []string {
	return append([]string{Client, Services}, t.Nodes()...)
}

// NodeHostsDir is the directory in which the node's containerd looks for the
// hosts.toml of a registry, such as docker.io or harbor.acme.example:8443. It
// need not exist; containerd reads it anew for each pull. A registry of "" gives
// the directory above all of them, where _default stands for every registry. On
// the node itself it is /etc/containerd/certs.d.
func (t *Testbed) NodeHostsDir(node, registry string) string {
	return t.path("run", node, "etc-containerd", "certs.d", registry)
}

// ContentStore is where the node's containerd keeps what it fetches: a small file
// system of its own, which the node alone sees.
func (t *Testbed) ContentStore(node string) string {
	return t.path("run", node, "containerd", "io.containerd.content.v1.content")
}

// Exec is a command that will run in the network and mount namespaces of a
// place, with KUBECONFIG set and the testbed's programs first in PATH. Its
// standard streams are the caller's to set, and its working directory is the
// caller's own. An unknown place makes Start fail.
func (t *Testbed) Exec(ctx context.Context, place, name string, args ...string) *exec.Cmd {
	if !slices.Contains(t.Places(), place) {
		command := exec.CommandContext(ctx, name, args...)
		command.Err = fmt.Errorf("running %s: there is no place %q in the testbed; there are %v", name, place, t.Places())
		return command
	}
	enter := append([]string{"--net=" + t.NetNS(place), "--mount=" + t.MountNS(place), "--", name}, args...)
	command := exec.CommandContext(ctx, "nsenter", enter...)
	command.Env = append(os.Environ(), "KUBECONFIG="+t.Kubeconfig(), "PATH="+t.path("bin")+":"+os.Getenv("PATH"))
	return command
}

// NetNS is the file that holds a place's network namespace.
func (t *Testbed) NetNS(place string) string { return t.path("run", "ns", place+".net") }

// MountNS is the file that holds a place's mount namespace.
func (t *Testbed) MountNS(place string) string { return t.path("run", "ns", place+".mnt") }
