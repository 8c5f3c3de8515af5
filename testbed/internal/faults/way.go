// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/pullmedic/pullmedic/testbed/internal/layout"
	"github.com/pullmedic/pullmedic/testbed/internal/pki"
	"github.com/pullmedic/pullmedic/testbed/internal/registries"
)

// wayFaults lie on the way to a registry, or in the registry.
func wayFaults() []Fault {
	return []Fault{
		{
			Name: "unknown-host", What: "the registry's name does not resolve",
			Cause: "DNSFailure", Expect: confirmed("DNSFailure"), Reach: OfPod, Mendable: true,
			scene: func(Spot) Scene { return Scene{Image: registries.Nowhere + "/acme/app:1.27.4"} },
		},
		{
			Name: "refused-on-one-node", What: "one node's connections to the registry are refused, the client's and the other node's are not",
			Cause: "ConnectionRefused", Expect: confirmed("ConnectionRefused"), Reach: OfNode, Uses: registries.Edge,
			scene: func(s Spot) Scene {
				return Scene{Image: registries.Edge + "/acme/app:1.27.4", Companion: true, Break: refuse(s.Node, addressOf(registries.Edge), "-I"), Mend: refuse(s.Node, addressOf(registries.Edge), "-D")}
			},
		},
		{
			Name: "unknown-ca-on-one-node", What: "one node lacks the authority of the registry's certificate, the client and the other node have it",
			Cause: "TLSUntrusted", Expect: confirmed("TLSUntrusted"), Reach: OfNode, Uses: registries.Vault,
			scene: func(s Spot) Scene {
				return Scene{
					Image: registries.Vault + "/acme/app:1.27.4", Companion: true,
					Break: func(_ context.Context, bed Bed) error {
						for _, other := range s.Others {
							if err := trust(bed, other, registries.Vault); err != nil {
								return err
							}
						}
						return distrust(bed, s.Node, registries.Vault)
					},
					Mend: func(_ context.Context, bed Bed) error { return trust(bed, s.Node, registries.Vault) },
				}
			},
		},
		{
			Name: "reset-on-one-node", What: "one node's connections to the registry are reset during the handshake",
			Cause: "ConnectionReset", Expect: confirmed("ConnectionReset"), Reach: OfNode, Uses: registries.Edge,
			scene: connecting(registries.ConnectReset),
		},
		{
			Name: "plain-http-for-one-node", What: "what answers one node at the registry's port speaks plain HTTP",
			Cause: "HTTPInsteadOfHTTPS", Expect: confirmed("HTTPInsteadOfHTTPS"), Reach: OfNode, Uses: registries.Edge,
			scene: connecting(registries.ConnectPlain),
		},
		{
			Name: "no-route-on-one-node", What: "one node has no route to the registry",
			Cause: "NoRoute", Expect: confirmed("NoRoute"), Reach: OfNode, Uses: registries.Edge,
			scene: func(s Spot) Scene {
				return Scene{
					Image: registries.Edge + "/acme/app:1.27.4", Companion: true,
					Break: func(ctx context.Context, bed Bed) error { return route(ctx, bed, s.Node, registries.Edge, "replace") },
					Mend:  func(ctx context.Context, bed Bed) error { return route(ctx, bed, s.Node, registries.Edge, "del") },
				}
			},
		},
		{
			Name: "timeout-on-one-node", What: "one node's connections to the registry get no answer at all",
			Cause: "ConnectionTimeout", Expect: confirmed("ConnectionTimeout"), Reach: OfNode, Uses: registries.Edge,
			scene: func(s Spot) Scene {
				drop := func(how string) func(context.Context, Bed) error {
					return func(ctx context.Context, bed Bed) error {
						return firewall(ctx, bed, s.Node, how, addressOf(registries.Edge), "-p", "tcp", "--dport", "443", "-j", "DROP")
					}
				}
				return Scene{Image: registries.Edge + "/acme/app:1.27.4", Companion: true, Break: drop("-I"), Mend: drop("-D")}
			},
		},
		{
			Name: "no-dns-on-one-node", What: "one node cannot reach its resolver",
			Cause: "DNSFailure", Expect: confirmed("DNSFailure"), Reach: OfNode,
			scene: func(s Spot) Scene {
				reject := func(how string) func(context.Context, Bed) error {
					return func(ctx context.Context, bed Bed) error {
						return firewall(ctx, bed, s.Node, how, layout.Services, "-p", "udp", "--dport", "53", "-j", "REJECT", "--reject-with", "icmp-port-unreachable")
					}
				}
				return Scene{Image: registries.Edge + "/acme/app:1.27.4", Break: reject("-I"), Mend: reject("-D")}
			},
		},
		{
			Name: "mirror-lacks-it", What: "one node asks a mirror alone, which does not have the image",
			Cause: "MirrorFailure", Reach: OfNode, Uses: registries.Edge,
			Nodes:  []string{layout.Nodes[0].Name}, // containerd 1.7 goes on to the registry itself
			Expect: Expect{Cause: "MirrorFailure", Verdict: "likely", Why: "containerd does not name the mirror that answered 404, and its hosts.toml is not seen from the client's place"},
			scene: func(s Spot) Scene {
				return Scene{
					Image: registries.Edge + "/acme/edge:1.0", Companion: true,
					Break: func(_ context.Context, bed Bed) error {
						return hostsFile(bed, s.Node, registries.Edge, "server = \"https://"+registries.Quiet+"\"\n")
					},
					Mend: func(_ context.Context, bed Bed) error { return distrust(bed, s.Node, registries.Edge) },
				}
			},
		},
		{
			Name: "rate-limit", What: "Docker Hub counts no more pulls of the node's address",
			Cause: "RateLimited", Expect: confirmed("RateLimited"), Reach: OfRegistry,
			scene: func(s Spot) Scene {
				return Scene{
					Image: "acme/limited:2.1",
					Rules: []registries.Rule{{
						Registry: registries.Hub, Repository: "acme/limited", Path: "/v2/*/*/manifests/*",
						From: []string{s.Node.Addr}, Effect: registries.DockerHubLimit(),
					}},
				}
			},
		},
	}
}

func addressOf(registry string) string {
	for _, r := range layout.Registries {
		if r.Name == registry {
			return r.Addr
		}
	}
	return ""
}

// firewall puts a rule about what a node sends to an address into its own
// namespace (-I), or takes it away (-D). One that is there already or gone
// already is no error.
func firewall(ctx context.Context, bed Bed, node layout.Node, how, address string, match ...string) error {
	rule := append([]string{"OUTPUT", "-d", address}, match...)
	there := iptables(ctx, bed, node, append([]string{"-C"}, rule...)) == nil
	if there == (how == "-I") {
		return nil
	}
	return iptables(ctx, bed, node, append([]string{how}, rule...))
}

// refuse answers a node's connections to an address with a reset, as a closed
// port does (-I), or no more (-D).
func refuse(node layout.Node, address, how string) func(context.Context, Bed) error {
	return func(ctx context.Context, bed Bed) error {
		return firewall(ctx, bed, node, how, address, "-p", "tcp", "--dport", "443", "-j", "REJECT", "--reject-with", "tcp-reset")
	}
}

// connecting is a scene in which one node's connections to a registry end so.
func connecting(how string) func(Spot) Scene {
	return func(s Spot) Scene {
		return Scene{
			Image: registries.Edge + "/acme/app:1.27.4", Companion: true,
			Rules: []registries.Rule{{Registry: registries.Edge, From: []string{s.Node.Addr}, Effect: registries.Effect{Connect: how}}},
		}
	}
}

// route makes a registry unreachable for a node (replace), or takes that back
// (del).
func route(ctx context.Context, bed Bed, node layout.Node, registry, how string) error {
	for _, r := range layout.Registries {
		if r.Name != registry {
			continue
		}
		said, err := bed.Exec(ctx, node.Name, "ip", "route", how, "unreachable", r.Addr).CombinedOutput()
		if err != nil && !(how == "del" && strings.Contains(string(said), "No such process")) {
			return fmt.Errorf("changing the route of %s to %s: %w: %s", node.Name, registry, err, strings.TrimSpace(string(said)))
		}
		return nil
	}
	return fmt.Errorf("there is no registry %s in the testbed", registry)
}

func iptables(ctx context.Context, bed Bed, node layout.Node, args []string) error {
	said, err := bed.Exec(ctx, node.Name, "iptables", append([]string{"-w", "60"}, args...)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("running iptables %s on %s: %w: %s", strings.Join(args, " "), node.Name, err, strings.TrimSpace(string(said)))
	}
	return nil
}

// hostsFile writes a node's hosts.toml for a registry.
func hostsFile(bed Bed, node layout.Node, registry, text string) error {
	dir := bed.NodeHostsDir(node.Name, registry)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("making the directory of a hosts.toml: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "hosts.toml"), []byte(text), 0o644); err != nil {
		return fmt.Errorf("writing a hosts.toml: %w", err)
	}
	return nil
}

// trust makes a node's containerd trust the second authority for a registry.
// containerd reads the file at each pull.
func trust(bed Bed, node layout.Node, registry string) error {
	authority := filepath.Join(bed.PKI(), pki.Second+".crt")
	text := fmt.Sprintf("server = %q\n\n[host.%q]\n  capabilities = [\"pull\", \"resolve\"]\n  ca = %q\n", "https://"+registry, "https://"+registry, authority)
	return hostsFile(bed, node, registry, text)
}

func distrust(bed Bed, node layout.Node, registry string) error {
	if err := os.RemoveAll(bed.NodeHostsDir(node.Name, registry)); err != nil {
		return fmt.Errorf("removing a hosts.toml: %w", err)
	}
	return nil
}
