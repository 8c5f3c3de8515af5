// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package place

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/pullmedic/pullmedic/testbed/internal/cluster"
	"github.com/pullmedic/pullmedic/testbed/internal/layout"
)

// linkPrefix begins the names of all interfaces that the testbed makes in the
// machine's own network namespace, beside the bridge.
const linkPrefix = "pm-"

// makeBridge makes the bridge in the machine's own network namespace.
func makeBridge(ctx context.Context) error {
	var script strings.Builder
	if !linkExists(layout.Bridge) {
		fmt.Fprintf(&script, "link add %s type bridge stp_state 0 forward_delay 0\n", layout.Bridge)
	}
	fmt.Fprintf(&script, "addr replace %s/%s dev %s\n", layout.ControlPlane, bits(layout.Subnet), layout.Bridge)
	// A node translates the service's address for the one port that is served;
	// any other ends here, not beyond this machine.
	fmt.Fprintf(&script, "addr replace %s/32 dev %s\n", layout.KubernetesService, layout.Bridge)
	fmt.Fprintf(&script, "link set %s up\n", layout.Bridge)
	for _, node := range layout.Nodes {
		fmt.Fprintf(&script, "route replace %s via %s\n", node.Pods, node.Addr)
	}
	return run(ctx, script.String(), "ip", "-batch", "-")
}

// connect gives a place its end of a pair of interfaces, its addresses and its
// routes. It may be repeated.
func (p Place) connect(ctx context.Context, testbed *cluster.Testbed) error {
	link := linkPrefix + p.Name
	if linkExists(link) && !p.hasLink(ctx, testbed) {
		// Its other end went with an earlier namespace.
		if err := run(ctx, "", "ip", "link", "del", link); err != nil && linkExists(link) {
			return err
		}
	}
	if !linkExists(link) {
		if err := run(ctx, "", "ip", "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", testbed.NetNS(p.Name)); err != nil {
			return err
		}
	}
	if err := run(ctx, "", "ip", "link", "set", link, "master", layout.Bridge, "up"); err != nil {
		return err
	}
	if err := runIn(ctx, testbed, p.Name, p.script(), "ip", "-batch", "-"); err != nil {
		return err
	}
	if p.Node == nil {
		return nil
	}
	return p.translate(ctx, testbed)
}

// script sets up the place's own side: commands of ip, each repeatable.
func (p Place) script() string {
	var script strings.Builder
	script.WriteString("link set lo up\nlink set eth0 up\n")
	for _, addr := range p.Addrs {
		fmt.Fprintf(&script, "addr replace %s/%s dev eth0\n", addr, bits(layout.Subnet))
	}
	for _, node := range layout.Nodes {
		if p.Node == nil || p.Node.Name != node.Name {
			fmt.Fprintf(&script, "route replace %s via %s\n", node.Pods, node.Addr)
		}
	}
	for _, addr := range layout.Forbidden {
		if p.Name == cluster.Services {
			fmt.Fprintf(&script, "addr replace %s/32 dev lo\n", addr)
		} else {
			fmt.Fprintf(&script, "route replace %s via %s\n", addr, layout.Services)
		}
	}
	return script.String()
}

// translate makes a node do what kube-proxy would do for the one service that
// pods need: the API server's.
func (p Place) translate(ctx context.Context, testbed *cluster.Testbed) error {
	const rule = `-d %s -p tcp --dport 443 -j DNAT --to-destination %s:%d`
	spec := fmt.Sprintf(rule, layout.KubernetesService, layout.ControlPlane, layout.APIServerPort)
	script := "set -e\n"
	for _, chain := range []string{"PREROUTING", "OUTPUT"} {
		script += fmt.Sprintf("iptables -w -t nat -C %[1]s %[2]s 2>/dev/null || iptables -w -t nat -A %[1]s %[2]s\n", chain, spec)
	}
	// OUTPUT is asked only after the address was routed somewhere.
	script += fmt.Sprintf("ip route replace %s via %s\n", layout.KubernetesService, layout.ControlPlane)
	return runIn(ctx, testbed, p.Name, script, "sh", "-s")
}

// hasLink tells whether the place has its end of the pair.
func (p Place) hasLink(ctx context.Context, testbed *cluster.Testbed) bool {
	return runIn(ctx, testbed, p.Name, "", "ip", "link", "show", "dev", "eth0") == nil
}

// linkExists tells whether this process's network namespace has that interface.
func linkExists(name string) bool {
	_, err := net.InterfaceByName(name)
	return err == nil
}

// Links are the testbed's interfaces in the machine's own network namespace.
func Links() ([]string, error) {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("listing the interfaces: %w", err)
	}
	var links []string
	for _, i := range interfaces {
		if i.Name == layout.Bridge || strings.HasPrefix(i.Name, linkPrefix) {
			links = append(links, i.Name)
		}
	}
	return links, nil
}

// Owner is the state directory of the testbed whose bridge this machine has, ""
// without a bridge: names and addresses allow one testbed at a time.
func Owner() string {
	data, err := os.ReadFile(filepath.Join("/sys/class/net", layout.Bridge, "ifalias"))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}

// bits is the length of a subnet's prefix.
func bits(subnet string) string {
	_, length, _ := strings.Cut(subnet, "/")
	return length
}
