// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/testbed/internal/cluster"
	"github.com/pullmedic/pullmedic/testbed/internal/images"
	"github.com/pullmedic/pullmedic/testbed/internal/layout"
	"github.com/pullmedic/pullmedic/testbed/internal/registries"
	"github.com/pullmedic/pullmedic/testbed/internal/up"
)

// nodeFaults lie in a node: its disk, its store, its kubelet and its runtime.
func nodeFaults() []Fault {
	return []Fault{
		{
			Name: "disk-full", What: "the file system into which the runtime writes what it fetches is full",
			Cause: "DiskFull", Expect: confirmed("DiskFull"), Reach: OfNode,
			scene: func(s Spot) Scene {
				image := registries.Plain + "/acme/large:1.0"
				return Scene{
					Image: image, Unseen: true,
					Break: func(ctx context.Context, bed Bed) error {
						return onNode(ctx, bed, s.Node, "sh", "-ec", `free=$(df --output=avail -k "$1" | tail -n 1); fallocate -l $((free - 256))K "$1/filler"`, "sh", bed.ContentStore(s.Node.Name))
					},
					Mend: func(ctx context.Context, bed Bed) error {
						return onNode(ctx, bed, s.Node, "rm", "-f", filepath.Join(bed.ContentStore(s.Node.Name), "filler"))
					},
				}
			},
		},
		{
			Name: "store-damaged", What: "a layer was deleted from the node's content store, which still lists it",
			Cause: "CorruptedCache", Expect: confirmed("CorruptedCache"), Reach: OfPod,
			scene: func(s Spot) Scene {
				image := registries.Plain + "/acme/cached:1.0"
				return Scene{
					Image: image, Unseen: true,
					Break: func(ctx context.Context, bed Bed) error { return damage(ctx, bed, s.Node, image) },
					Mend:  func(ctx context.Context, bed Bed) error { return forget(ctx, bed, s.Node, image) },
				}
			},
		},
		{
			Name: "not-an-archive", What: "a layer's digest is right, and it is no archive",
			Cause: "UnpackFailed", Expect: confirmed("UnpackFailed"), Reach: OfPod,
			scene: func(Spot) Scene { return Scene{Image: registries.Plain + "/acme/broken:1.0"} },
		},
		{
			Name: "sandbox-image", What: "the image of pods' sandboxes is gone from the node, and its registry has no address",
			Cause: "DNSFailure", Expect: confirmed("DNSFailure"), Reach: OfNode, Event: "FailedCreatePodSandBox",
			scene: func(s Spot) Scene {
				return Scene{
					Image: present,
					Break: func(ctx context.Context, bed Bed) error { return forget(ctx, bed, s.Node, cluster.PauseImage) },
					Mend: func(ctx context.Context, bed Bed) error {
						_, err := ctr(ctx, bed, s.Node, "import", bed.PauseArchive())
						return err
					},
				}
			},
		},
		{
			Name: "pull-qps", What: "the kubelet may begin one pull a second, and a pod has many containers",
			Cause: "PullThrottledByKubelet", Expect: confirmed("PullThrottledByKubelet"), Reach: OfNode,
			scene: func(s Spot) Scene {
				return Scene{
					Image: present,
					Edit: func(p *corev1.Pod) {
						for i := range 12 {
							next := p.Spec.Containers[0]
							next.Name = fmt.Sprintf("app-%d", i)
							p.Spec.Containers = append(p.Spec.Containers, next)
						}
					},
					Break: func(ctx context.Context, bed Bed) error {
						return up.Set(ctx, bed.Testbed, s.Node, up.Setting{PullQPS: 1})
					},
					Mend: usual(s.Node),
				}
			},
		},
		{
			Name: "proxy-login", What: "the runtime's proxy wants a login",
			Cause: "ProxyFailure", Expect: confirmed("ProxyFailure"), Reach: OfNode,
			scene: func(s Spot) Scene {
				return Scene{
					Image: present,
					Break: func(ctx context.Context, bed Bed) error {
						return up.Set(ctx, bed.Testbed, s.Node, up.Setting{Env: []string{"HTTPS_PROXY=http://" + layout.Proxy, "NO_PROXY=pause.local"}})
					},
					Mend: usual(s.Node),
				}
			},
		},
		{
			Name: "runtime-killed", What: "the runtime is killed while it pulls, and does not come back",
			Cause: "RuntimeUnavailable", Expect: confirmed("RuntimeUnavailable"), Reach: OfNode, Event: "Failed",
			scene: func(s Spot) Scene {
				return Scene{
					Image: registries.Plain + "/acme/late:1.0", Unseen: true,
					Rules: []registries.Rule{{Registry: registries.Plain, Repository: "acme/late", From: []string{s.Node.Addr}, Effect: registries.Effect{Hang: true}}},
					Then: func(ctx context.Context, bed Bed) error {
						if _, err := AwaitEvent(ctx, bed, s.Namespace, "Pulling"); err != nil {
							return err
						}
						return up.Stop(bed.Testbed, s.Node, "containerd")
					},
					Mend: func(ctx context.Context, bed Bed) error {
						return up.Restart(ctx, bed.Testbed, s.Node, "containerd")
					},
				}
			},
		},
		{
			Name: "kubelet-restarted", What: "the tag is missing, and the kubelet was restarted in its back-off",
			Cause: "TagNotFound", Expect: confirmed("TagNotFound"), Reach: OfNode, Mendable: true,
			scene: func(s Spot) Scene {
				return Scene{Image: missing, Then: func(ctx context.Context, bed Bed) error {
					if err := untilFailing(ctx, bed, s.Namespace); err != nil {
						return err
					}
					return up.Restart(ctx, bed.Testbed, s.Node, "kubelet")
				}}
			},
		},
		{
			Name: "hosts-unparsable", What: "the hosts.toml that names the registry's authority cannot be parsed",
			Cause: "RuntimeConfigInvalid", Reach: OfNode, Uses: registries.Vault,
			Expect: Expect{Cause: "TLSUntrusted", Verdict: "confirmed", Why: "containerd says in its own log that it passes over the file; what fails is that the authority is unknown"},
			scene: func(s Spot) Scene {
				return Scene{
					Image: registries.Vault + "/acme/app:1.27.4",
					Break: func(_ context.Context, bed Bed) error {
						return hostsFile(bed, s.Node, registries.Vault, "server = \"https://"+registries.Vault+"\n[host\n")
					},
					Mend: func(_ context.Context, bed Bed) error { return distrust(bed, s.Node, registries.Vault) },
				}
			},
		},
		{
			Name: "hosts-authority-absent", What: "the hosts.toml names a file of authorities that is not there",
			Cause: "RuntimeConfigInvalid", Expect: confirmed("RuntimeConfigInvalid"), Reach: OfNode, Uses: registries.Vault,
			scene: func(s Spot) Scene {
				return Scene{
					Image: registries.Vault + "/acme/app:1.27.4",
					Break: func(_ context.Context, bed Bed) error {
						return hostsFile(bed, s.Node, registries.Vault, "[host.\"https://"+registries.Vault+"\"]\n  ca = \"/etc/ssl/acme-root.crt\"\n")
					},
					Mend: func(_ context.Context, bed Bed) error { return distrust(bed, s.Node, registries.Vault) },
				}
			},
		},
		{
			Name: "not-signed", What: "the runtime's image verifier refuses an image that is not signed",
			Cause: "SignatureRejected", Expect: confirmed("SignatureRejected"), Reach: OfPod,
			Nodes: []string{layout.Nodes[0].Name}, // containerd 1.7 has no verifiers
			scene: func(Spot) Scene { return Scene{Image: registries.Plain + "/acme/unsigned:1.0"} },
		},
		{
			Name: "provider-fails", What: "the kubelet's credential provider for this repository fails",
			Cause: "CredentialProviderFailure", Reach: OfPod,
			Expect: Expect{Cause: "CredentialsMissing", Verdict: "confirmed", Why: "a provider that fails is told in the kubelet's log alone; the pull goes out without a login"},
			scene:  func(Spot) Scene { return Scene{Image: registries.Harbor + "/acme/unprovided:1.0"} },
		},
		{
			Name: "pull-timeout", What: "the registry stops in the middle of a layer",
			Cause: "PullTimeout", Expect: confirmed("PullTimeout"), Reach: OfRegistry,
			scene: func(Spot) Scene {
				return Scene{
					Image: registries.Quiet + "/acme/large:2.0", Unseen: true,
					Rules: []registries.Rule{{
						Registry: registries.Quiet, Repository: "acme/large", Methods: []string{"GET"}, Path: "/v2/*/*/blobs/*",
						Effect: registries.Effect{After: 1 << 20, Hang: true},
					}},
				}
			},
		},
	}
}

// usual sets a node up as it usually is.
func usual(node layout.Node) func(context.Context, Bed) error {
	return func(ctx context.Context, bed Bed) error { return up.Set(ctx, bed.Testbed, node, up.Setting{}) }
}

// onNode runs a command on a node.
func onNode(ctx context.Context, bed Bed, node layout.Node, command ...string) error {
	said, err := bed.Exec(ctx, node.Name, command[0], command[1:]...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("running %s on %s: %w: %s", strings.Join(command, " "), node.Name, err, strings.TrimSpace(string(said)))
	}
	return nil
}

// ctr runs ctr images on a node, in the kubelet's namespace.
func ctr(ctx context.Context, bed Bed, node layout.Node, args ...string) (string, error) {
	return ctrOf(ctx, bed, node, append([]string{"images"}, args...)...)
}

func ctrOf(ctx context.Context, bed Bed, node layout.Node, args ...string) (string, error) {
	containerd := "containerd2"
	if node.Name == layout.Nodes[1].Name {
		containerd = "containerd1"
	}
	said, err := bed.Exec(ctx, node.Name, filepath.Join(bed.Bin(containerd), "ctr"), append([]string{"-n", "k8s.io"}, args...)...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("running ctr %s on %s: %w: %s", strings.Join(args, " "), node.Name, err, strings.TrimSpace(string(said)))
	}
	return string(said), nil
}

// forget removes an image from a node, where a pull that went on while an
// earlier run was repaired may have brought it.
func forget(ctx context.Context, bed Bed, node layout.Node, image string) error {
	list, err := ctr(ctx, bed, node, "ls")
	if err != nil {
		return err
	}
	// The same image has several names: as written, by digest, by its id.
	names := map[string][]string{} // by digest
	digest := ""
	for line := range strings.Lines(list) {
		if columns := strings.Fields(line); len(columns) > 2 {
			names[columns[2]] = append(names[columns[2]], columns[0])
			if columns[0] == image {
				digest = columns[2]
			}
		}
	}
	if len(names[digest]) == 0 {
		return nil
	}
	_, err = ctr(ctx, bed, node, append([]string{"rm", "--sync"}, names[digest]...)...)
	return err
}

// damage fetches an image into a node's content store and deletes the file of
// its first layer, of which the store's database knows nothing.
func damage(ctx context.Context, bed Bed, node layout.Node, image string) error {
	registry, rest, _ := strings.Cut(image, "/")
	repository, tag, _ := strings.Cut(rest, ":")
	layer, err := images.Layer(ctx, registries.StorageSocket(bed.Testbed), registry, repository, tag)
	if err != nil {
		return err
	}
	if _, err := ctrOf(ctx, bed, node, "content", "fetch", "--hosts-dir", bed.NodeHostsDir(node.Name, ""), image); err != nil {
		return err
	}
	algorithm, hex, _ := strings.Cut(layer, ":")
	return onNode(ctx, bed, node, "rm", filepath.Join(bed.ContentStore(node.Name), "blobs", algorithm, hex))
}
