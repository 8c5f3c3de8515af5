// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package handover

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pullmedic/pullmedic/testbed/internal/cluster"
	"github.com/pullmedic/pullmedic/testbed/internal/faults"
	"github.com/pullmedic/pullmedic/testbed/internal/layout"
	"github.com/pullmedic/pullmedic/testbed/internal/pki"
	"github.com/pullmedic/pullmedic/testbed/internal/registries"
)

// A Scene is a remedy with the fault that it mends.
type Scene struct {
	// Remedy by its id, and the fault by its name.
	Remedy, Fault string
	// Flags of fix, with what a person brings.
	Flags func(*cluster.Testbed) []string
	// Before makes the node such that the remedy can help.
	Before func(ctx context.Context, bed faults.Bed, h *hand) error
	// Lift: the fault's rules are taken from the registry once it shows, as they
	// only held the pull until the node was broken.
	Lift bool
	// Looks are commands that only look and may fail here, by their first word.
	Looks []string
	// Types is what a person types.
	Types func(*cluster.Testbed) Typing
	// Once: no node makes a difference, so one is enough.
	Once bool
}

// Scenes are all remedies that the testbed carries out.
func Scenes() []Scene {
	flags := func(words ...string) func(*cluster.Testbed) []string {
		return func(*cluster.Testbed) []string { return words }
	}
	return []Scene{
		{Remedy: "hosts-toml-mirror", Fault: "refused-on-one-node", Flags: flags("--mirror", registries.Quiet)},
		{Remedy: "hosts-toml-direct", Fault: "mirror-lacks-it"},
		{Remedy: "hosts-toml-ca", Fault: "unknown-ca-on-one-node", Flags: func(t *cluster.Testbed) []string {
			return []string{"--ca", filepath.Join(t.PKI(), pki.Second+".crt")}
		}},
		{Remedy: "hosts-toml-http", Fault: "plain-http-for-one-node"},
		{Remedy: "proxy-drop-in", Fault: "proxy-login"},
		{Remedy: "remove-image", Fault: "store-damaged"},
		{Remedy: "free-disk", Fault: "disk-full", Before: unused},
		{Remedy: "pull-qps", Fault: "pull-qps"},
		{Remedy: "restart-runtime", Fault: "runtime-killed", Lift: true, Looks: []string{"systemctl status"}},
		{Remedy: "load-image", Fault: "never", Once: true}, // either containerd's ctr imports it alike
		{Remedy: "write-secret", Fault: "wrong-password", Once: true, Types: func(*cluster.Testbed) Typing {
			account := registries.AccountOf(registries.Harbor)
			return Typing{Command: "skopeo login", Lines: []string{account.User, account.Password}}
		}},
		{Remedy: "replace-job", Fault: "by-job", Flags: flags("--to", registries.Plain+"/acme/app:1.27.4")},
	}
}

// Select gives the scenes of those names, all for no name.
func Select(names []string) ([]Scene, error) {
	all := Scenes()
	if len(names) == 0 {
		return all, nil
	}
	var some []Scene
	for _, name := range names {
		at := slices.IndexFunc(all, func(s Scene) bool { return s.Remedy == name })
		if at < 0 {
			return nil, fmt.Errorf("the testbed carries out no remedy %q", name)
		}
		some = append(some, all[at])
	}
	return some, nil
}

// unused fills the disk with an image that nothing uses: what a disk is mostly
// full of.
func unused(ctx context.Context, _ faults.Bed, h *hand) error {
	return h.run(ctx, h.node.Name, "crictl pull "+registries.Quiet+"/acme/large:2.0")
}

// on gives the nodes on which a scene can be played.
func (s Scene) on(node string) ([]layout.Node, faults.Fault, error) {
	fault, err := faults.Find(s.Fault)
	if err != nil {
		return nil, fault, err
	}
	nodes := slices.DeleteFunc(slices.Clone(layout.Nodes), func(n layout.Node) bool {
		return !fault.On(n.Name) || node != "" && n.Name != node
	})
	if s.Once {
		nodes = nodes[:min(len(nodes), 1)]
	}
	return nodes, fault, nil
}

// looks tells whether a command only looks, so that it may fail here.
func (s Scene) looks(command string) bool {
	return slices.ContainsFunc(s.Looks, func(l string) bool { return strings.HasPrefix(command, l) })
}
