// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import "time"

// A Verification tells whether the next pulls of some pods would succeed.
type Verification struct {
	Document
	// Time of the look.
	Time time.Time `json:"time"`
	// Proof over all: disproved if one pull is, else not-proven if one is, else
	// proven.
	Proof Proof `json:"proof"`
	// Pulls to come, one for each image and kind of node: the disproved first,
	// then those that are not proven.
	Pulls []NextPull `json:"pulls"`
	// Passed are kinds of objects of the file in which no pod template was found.
	Passed []string `json:"passed,omitempty"`
	// NotLookedAt holds for all pulls.
	NotLookedAt []Gap `json:"notLookedAt"`
	// Read counts what was read in the cluster.
	Read Read `json:"read"`
	// Sent counts what was sent to registries.
	Sent Sent `json:"sent"`
}

// A Proof says what is known about a pull to come. It speaks of what can be seen
// from where the program runs; the vantages tell more.
type Proof string

// The proofs.
const (
	Proven    Proof = "proven"
	Disproved Proof = "disproved"
	NotProven Proof = "not-proven"
)

// A Need says whether the kubelet would pull at all.
type Need string

// The needs.
const (
	Needed    Need = "needed"
	NotNeeded Need = "not-needed" // the nodes have the image, and the policy lets it be
	OnSome    Need = "on-some"    // some of the nodes have it, or may have it
)

// A NextPull is one image that a pod would want on one kind of node.
type NextPull struct {
	// Owner is the object that was named, or that the file has.
	Owner Object `json:"owner"`
	// Container that wants it, or the image volume.
	Container string `json:"container,omitempty"`
	// ContainerKind is container, init, ephemeral or image-volume.
	ContainerKind string `json:"containerKind,omitempty"`
	// Image as written.
	Image string `json:"image"`
	// Reference is the image's full name, as the kubelet completes it.
	Reference string `json:"reference,omitempty"`
	// PullPolicy is Always, IfNotPresent or Never.
	PullPolicy     string   `json:"pullPolicy,omitempty"`
	PullSecrets    []string `json:"pullSecrets"`
	ServiceAccount string   `json:"serviceAccount,omitempty"`
	// Platform of the nodes: linux/arm64.
	Platform string `json:"platform,omitempty"`
	// Nodes that the pod may land on and that have this platform: how many, and
	// the first of them by name.
	NodeCount int      `json:"nodeCount"`
	Nodes     []string `json:"nodes"`
	// HaveIt are nodes that list the image: how many, and the first of them.
	HaveItCount int      `json:"haveItCount"`
	HaveIt      []string `json:"haveIt"`
	Need        Need     `json:"need"`

	Proof Proof `json:"proof"`
	// Why is one sentence.
	Why string `json:"why"`
	// Cause that disproves the pull, or what speaks against it, an id of the
	// catalogue. The first of causes.
	Cause string `json:"cause,omitempty"`
	// Causes that the pull would fail for, as far as something speaks for them.
	Causes []Cause `json:"causes"`
	// Vantages tell what was seen from where.
	Vantages []VantageProof `json:"vantages"`
	// Size of the image for this platform, if it was seen.
	Size *ImageSize `json:"size,omitempty"`
	// Notes are further things that one should know, each a sentence.
	Notes []string `json:"notes"`
	// AsMe compares with the person's own pull, with --as-me.
	AsMe *AsMe `json:"asMe,omitempty"`
	// Findings of all checks, in the order in which they were asked.
	Findings []Finding `json:"findings"`
	// NotLookedAt is what could not be checked for this pull.
	NotLookedAt []Gap `json:"notLookedAt"`
}

// A VantageProof is what one vantage shows of a pull to come.
type VantageProof struct {
	Vantage Vantage `json:"vantage"`
	Proof   Proof   `json:"proof"`
	// Sentence tells what was seen, or why nothing was.
	Sentence string `json:"sentence"`
}

// An ImageSize is an image's as the registry keeps it: compressed, in bytes.
type ImageSize struct {
	Layers int `json:"layers"`
	Bytes  int `json:"bytes"`
	// LargestLayer in bytes.
	LargestLayer int `json:"largestLayer"`
}

// AsMe is how the person's own pull would fare.
type AsMe struct {
	Proof Proof `json:"proof"`
	// Platform that the person's machine takes.
	Platform string `json:"platform"`
	// Login tells that a login of the person's own docker config goes along.
	Login bool `json:"login"`
	// SameLogin tells that the pod sends it, too.
	SameLogin bool `json:"sameLogin"`
	// Sentences tell how the pull fares, and what is different.
	Sentences []string `json:"sentences"`
}
