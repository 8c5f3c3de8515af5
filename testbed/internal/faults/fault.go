// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package faults is what the testbed can break, as values: what is broken, what
// the truth is, what the best answer is that can be had, and how it is done and
// undone. Healthy things that must raise nothing are values of the same kind.
package faults

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/testbed/internal/layout"
	"github.com/pullmedic/pullmedic/testbed/internal/registries"
)

// A Reach is what a fault disturbs.
type Reach string

// The reaches. Faults of a pod or of some repositories of a registry can be
// there at the same time; a fault of a node stands on one node at a time.
const (
	OfPod      Reach = "pod"
	OfRegistry Reach = "registry"
	OfNode     Reach = "node"
	OfCluster  Reach = "cluster"
)

// A Fault is one way in which a pull fails, or with an empty Cause one in which
// it does not.
type Fault struct {
	// Name in lower case with hyphens, short enough for a namespace.
	Name string
	// What is broken, in one line.
	What string
	// Cause is the truth: an id of the catalogue. "" is a control: nothing
	// is wrong, and nothing must be said.
	Cause string
	// Expect is the best answer that can be had.
	Expect Expect
	// Nodes on which it can be made, by name; none is all.
	Nodes []string
	Reach Reach
	// Uses is the registry that a fault of a node takes for itself: another of
	// the same cannot stand meanwhile, on whatever node. Without one it takes the
	// node for itself.
	Uses string
	// Mendable: a change to the pod's objects or the registry mends it.
	Mendable bool
	// Kind of the object of the pod's name that makes the pod, or cannot, in
	// lower case: deployment, replicaset, replicationcontroller, statefulset,
	// daemonset, job or cronjob. "" is a bare pod.
	Kind string
	// Event is the reason of the event that shows that the fault or control
	// stands, where no container's status does; see AwaitEvent.
	Event string
	// scene is what it takes.
	scene func(Spot) Scene
}

// Expect is the best answer that can be had from the client's place with all
// rights in the cluster.
type Expect struct {
	Cause   string
	Verdict string
	// Also are causes that the answers about this pod name besides, be it
	// behind the first or for another container.
	Also []string
	// NotLookedAt are checks that the answer has to say it did not make.
	NotLookedAt []string
	// Why it differs from the truth, if it does.
	Why string
}

// Target is the object to diagnose, as TYPE/NAME.
func (f Fault) Target() string {
	if f.Kind != "" {
		return f.Kind + "/" + PodName
	}
	return "pod/" + PodName
}

// TakesNode tells that the fault disturbs all that happens on its node.
func (f Fault) TakesNode() bool { return f.Reach == OfNode && f.Uses == "" }

// Control tells whether nothing is wrong.
func (f Fault) Control() bool { return f.Cause == "" }

// On tells whether the fault can be made on the node.
func (f Fault) On(node string) bool {
	if len(f.Nodes) == 0 {
		return true
	}
	for _, name := range f.Nodes {
		if name == node {
			return true
		}
	}
	return false
}

// Namespace in which the fault stands on a node.
func (f Fault) Namespace(node string) string { return "pm-" + f.Name + "-" + node }

// PodName is the name of the pod that fails, and that of the one on another
// node that does not.
const (
	PodName   = "app"
	Companion = "elsewhere"
)

// A Spot is where a fault is made.
type Spot struct {
	Fault     Fault
	Node      layout.Node
	Others    []layout.Node
	Namespace string
	// Digest of an image that a registry holds.
	Digest func(registry, repository, tag string) string
}

// A Scene is all that a fault takes on one node.
type Scene struct {
	Image   string
	Policy  string // of pulling, "" is Always
	Secrets []Secret
	// PullSecrets named by the pod, if they are others than Secrets.
	PullSecrets []string
	Rules       []registries.Rule
	// Unseen: the node must not have the image, nor parts that are only in it.
	Unseen bool
	// Account are pull secrets of the pod's service account, which it has
	// before the pod is made or, with AccountLate, only afterwards.
	Account     []string
	AccountLate bool
	// Edit changes the pod before it is made; nil changes nothing.
	Edit func(*corev1.Pod)
	// Companion: the same image is pulled on every other node, and that works.
	Companion bool
	// Break changes what the pod will meet, before it is made; Mend changes it
	// back. Both may be repeated.
	Break, Mend func(context.Context, Bed) error
	// Then goes on once the pod was made.
	Then func(context.Context, Bed) error
}

// A Secret is a pull secret of the scene.
type Secret struct {
	Name string
	// Elsewhere puts it into a namespace of its own beside the pod's.
	Elsewhere bool
	// Entries of its auths, by key.
	Entries map[string]Entry
	// Raw is the whole data instead.
	Raw string
	// Opaque gives the secret the type Opaque.
	Opaque bool
}

// An Entry is one user and password; the zero Entry is written as {}.
type Entry struct {
	User, Password string
}

// Find gives the fault or control of that name.
func Find(name string) (Fault, error) {
	for _, fault := range All() {
		if fault.Name == name {
			return fault, nil
		}
	}
	return Fault{}, fmt.Errorf("there is no fault %q; testbed fault list shows all", name)
}

// Select gives the faults of those names, all for no name.
func Select(names []string) ([]Fault, error) {
	if len(names) == 0 {
		return All(), nil
	}
	var found []Fault
	for _, name := range names {
		fault, err := Find(name)
		if err != nil {
			return nil, err
		}
		found = append(found, fault)
	}
	return found, nil
}

// Core are the names of the 25 faults and 5 controls that are run with every
// change: at least one of each category, none of which disturbs another.
func Core() []string {
	return []string{
		"missing-tag", "missing-tag-quiet", "missing-repository-open", "missing-repository-hiding", "missing-digest", "missing-platform", "invalid-name", "never",
		"no-secret", "wrong-password", "wrong-password-public", "secret-elsewhere", "key-not-matched", "malformed-secret", "no-right", "expired-ecr-token", "account-late",
		"blobs-gone", "unavailable", "rate-limit", "policy-blocked", "web-page", "unknown-host", "rollout", "policy-refuses",
		"healthy-open", "healthy-second-credential", "healthy-empty-entry", "healthy-no-such-volume", "healthy-rollout",
	}
}

// All faults, and after them all controls.
func All() []Fault {
	var all []Fault
	all = append(all, imageFaults()...)
	all = append(all, credentialFaults()...)
	all = append(all, registryFaults()...)
	all = append(all, shapeFaults()...)
	all = append(all, wayFaults()...)
	all = append(all, secureFaults()...)
	all = append(all, ownerFaults()...)
	all = append(all, laterFaults()...)
	all = append(all, nodeFaults()...)
	all = append(all, oldFaults()...)
	all = append(all, controls()...)
	all = append(all, quietControls()...)
	return append(all, shapeControls()...)
}
