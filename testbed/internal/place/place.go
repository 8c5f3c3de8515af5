// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package place makes the places where things stand in the testbed: the client,
// the services and each node, all in a network and a mount namespace of their
// own on one bridge, with the testbed's resolver and trust store. What one place
// sees, another need not.
//
// Nothing is routed out of the bridge: no place has a default route, so an
// address outside of the testbed fails at once with ENETUNREACH, "network is
// unreachable"; an address of the bridge's subnet that nobody has fails after
// about three seconds with EHOSTUNREACH, "no route to host".
package place

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/pullmedic/pullmedic/testbed/internal/cluster"
	"github.com/pullmedic/pullmedic/testbed/internal/layout"
)

// A Place is a network and a mount namespace.
type Place struct {
	Name  string
	Addrs []string // on the bridge, the first its own
	Node  *layout.Node
}

// Places are all places of the testbed.
func Places() []Place {
	services := Place{Name: cluster.Services, Addrs: []string{layout.Services}}
	for _, registry := range layout.Registries {
		services.Addrs = append(services.Addrs, registry.Addrs()...)
	}
	places := []Place{services, {Name: cluster.Client, Addrs: []string{layout.Client}}}
	for _, node := range layout.Nodes {
		places = append(places, Place{Name: node.Name, Addrs: []string{node.Addr}, Node: &node})
	}
	return places
}

// A Files is what a place reads as its own configuration.
type Files struct {
	ResolvConf string
	Hosts      string
	Bundle     []byte // the trusted certificates, PEM
}

// bundlePath is where Debian's programs, and Go, look for trusted certificates.
const bundlePath = "/etc/ssl/certs/ca-certificates.crt"

// Exists tells whether both namespaces of a place are there.
func Exists(testbed *cluster.Testbed, name string) bool {
	return isNamespace(testbed.NetNS(name)) && isNamespace(testbed.MountNS(name))
}

// isNamespace tells whether a namespace is mounted on a file.
func isNamespace(path string) bool {
	const nsfs = 0x6e736673 // NSFS_MAGIC of linux/magic.h
	var fs syscall.Statfs_t
	return syscall.Statfs(path, &fs) == nil && fs.Type == nsfs
}

// Make makes a place that does not exist, or sets up again what may have been
// changed in the network of one that does. Prepare must have been called.
func Make(ctx context.Context, testbed *cluster.Testbed, p Place, files Files) error {
	if !Exists(testbed, p.Name) {
		if err := p.makeNamespaces(ctx, testbed, files); err != nil {
			return fmt.Errorf("making the namespaces of %s: %w", p.Name, err)
		}
	}
	if err := p.connect(ctx, testbed); err != nil {
		return fmt.Errorf("connecting %s to the bridge: %w", p.Name, err)
	}
	return nil
}

// makeNamespaces makes both namespaces and mounts the place's files in the new
// one. Each namespace is kept by a mount on a file: no process has to hold it.
func (p Place) makeNamespaces(ctx context.Context, testbed *cluster.Testbed, files Files) error {
	for _, path := range []string{testbed.NetNS(p.Name), testbed.MountNS(p.Name)} {
		// Of a place that is half there, the rest goes.
		_ = syscall.Unmount(path, syscall.MNT_DETACH)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			return err
		}
	}
	if err := run(ctx, "", "unshare", "--net="+testbed.NetNS(p.Name), "--mount="+testbed.MountNS(p.Name),
		"--propagation=private", "true"); err != nil {
		return err
	}
	mounts, err := p.mounts(testbed, files)
	if err != nil {
		return err
	}
	// One shell makes all mounts: entering the namespace once instead of ten
	// times is felt in the time that up takes.
	var script strings.Builder
	script.WriteString("set -e\n")
	for _, m := range mounts {
		script.WriteString(m + "\n")
	}
	return runIn(ctx, testbed, p.Name, script.String(), "sh", "-s")
}

// mounts are the shell commands that mount what is the place's own over what is
// the machine's.
func (p Place) mounts(testbed *cluster.Testbed, files Files) ([]string, error) {
	own := filepath.Join(testbed.Run(), p.Name)
	var commands []string
	if p.Node != nil {
		// Sockets, locks and pods' namespaces of one node are not the other's.
		commands = append(commands, "mount -t tmpfs -o mode=0755 tmpfs /run", "mkdir -p /run/lock")
		for _, dir := range nodeDirs {
			from := filepath.Join(own, kept(dir))
			if err := os.MkdirAll(from, 0o755); err != nil {
				return nil, err
			}
			commands = append(commands, fmt.Sprintf("mount --bind %s %s", quote(from), quote(dir)))
		}
		store := quote(testbed.ContentStore(p.Name))
		commands = append(commands, fmt.Sprintf("mkdir -p %[1]s && mount -t tmpfs -o size=128m tmpfs %[1]s", store))
	}
	for target, content := range map[string][]byte{
		"/etc/resolv.conf": []byte(files.ResolvConf),
		"/etc/hosts":       []byte(files.Hosts),
		bundlePath:         files.Bundle,
	} {
		from := filepath.Join(own, filepath.Base(target))
		if err := os.MkdirAll(own, 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(from, content, 0o644); err != nil {
			return nil, err
		}
		// The target may be a link into /run, which is empty by now.
		commands = append(commands, fmt.Sprintf(
			`to=$(readlink -m %[1]s); mkdir -p "$(dirname "$to")"; [ -e "$to" ] || touch "$to"; mount --bind %[2]s "$to"`,
			quote(target), quote(from)))
	}
	return commands, nil
}

// nodeDirs are directories of a node that its programs find without being told,
// and in which people look for a node's settings.
var nodeDirs = []string{"/var/log", "/var/lib/kubelet", "/var/lib/cni", "/etc/containerd", "/etc/systemd/system"}

// NodeFile is where a file of one of a node's own directories lies for whoever
// does not stand on the node.
func NodeFile(testbed *cluster.Testbed, node, path string) string {
	for _, dir := range nodeDirs {
		if rest, ok := strings.CutPrefix(path, dir); ok {
			return filepath.Join(testbed.Run(), node, kept(dir), rest)
		}
	}
	return path
}

// kept is the name of a node's own directory below the node's.
func kept(dir string) string { return strings.ReplaceAll(dir[1:], "/", "-") }

// runIn runs a command in both namespaces of a place.
func runIn(ctx context.Context, testbed *cluster.Testbed, name, stdin string, command ...string) error {
	return run(ctx, stdin, append([]string{"nsenter", "--net=" + testbed.NetNS(name), "--mount=" + testbed.MountNS(name), "--"}, command...)...)
}

// run runs a command and puts what it said into the error.
func run(ctx context.Context, stdin string, command ...string) error {
	c := exec.CommandContext(ctx, command[0], command[1:]...)
	c.Stdin = strings.NewReader(stdin)
	if said, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("running %s: %w: %s", strings.Join(command, " "), err, strings.TrimSpace(string(said)))
	}
	return nil
}

// quote quotes a word for the shell.
func quote(word string) string {
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
