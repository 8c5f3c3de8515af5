// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package catalog holds the root causes of failed image pulls, one folder a
// cause, embedded.
//
// cause.yaml says which signs of an error text suggest a cause and which
// outcomes of checks confirm it or rule it out, as plain lists; runbook.md is
// for the person (and for an alert's runbook_url); messages.jsonl are error
// texts that were recorded from real runtimes. A new cause that combines known
// outcomes is a folder and no Go.
package catalog

import (
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/symptom"
)

// A Cause is one root cause, named like a Kubernetes reason.
type Cause struct {
	ID       string   `json:"id"`
	Category Category `json:"category"`
	// Meaning in one line, without a full stop.
	Meaning string `json:"meaning"`
	// Frequency is common, occasional or rare; no share is claimed.
	Frequency string `json:"frequency"`
	// Severity is critical, warning or info.
	Severity string `json:"severity"`
	// WaitingReasons under which the kubelet shows it.
	WaitingReasons []string `json:"waitingReasons,omitempty"`
	// SuggestedBy are the signs whose first suggestion this cause is. Each
	// sign has exactly one such cause.
	SuggestedBy []symptom.Sign `json:"suggestedBy,omitempty"`
	// AlsoSuggestedBy are signs that leave this cause possible.
	AlsoSuggestedBy []symptom.Sign `json:"alsoSuggestedBy,omitempty"`
	// ConfirmedBy: any of these sets of outcomes, all of a set together.
	ConfirmedBy [][]evidence.Outcome `json:"confirmedBy,omitempty"`
	// LikelyBy: any of these sets makes it likely, without proving it.
	LikelyBy [][]evidence.Outcome `json:"likelyBy,omitempty"`
	// RuledOutBy: any of these sets of outcomes, all of a set together.
	RuledOutBy [][]evidence.Outcome `json:"ruledOutBy,omitempty"`
	// Refines names more general causes; where both hold, this one is told.
	Refines []string `json:"refines,omitempty"`
	// Local: only a node finding can prove it or rule it out.
	Local bool `json:"local,omitempty"`
	// Subject is the kind of thing that pulls with this cause have in common:
	// incidents group by cause and subject.
	Subject evidence.SubjectKind `json:"subject"`
	// Summary is a clause with the pull's values for {image}, {repository},
	// {tag}, {digest}, {registry}, {host}, {node}, {platform}, {secret},
	// {namespace}, {workload} and {move}, without a full stop.
	Summary string `json:"summary"`
	// Tells are the outcomes whose sentences complete the summary.
	Tells []evidence.Outcome `json:"tells,omitempty"`
	// Needs must be readable for a proof, beside the pod.
	Needs []Need `json:"needs,omitempty"`
	// Windows say what to look back at, and how far.
	Windows []Window `json:"windows,omitempty"`
	// FirstAction is what a person does first, one imperative sentence.
	FirstAction string `json:"firstAction"`
	// NextQuestion is what would decide an undecided state.
	NextQuestion string `json:"nextQuestion,omitempty"`
	// Remedies by their ids, the best first: what mends this cause as such.
	// internal/remedy has them, and its tests write this list.
	Remedies []string `json:"remedies,omitempty"`
	// Prevention, in sentences; the runbook's section is made from it.
	Prevention []string `json:"prevention,omitempty"`
	// References to official documentation; the runbook's section is made from
	// them.
	References []string `json:"references,omitempty"`
	// NoFault says why no fault of the testbed produces this cause (yet).
	NoFault string `json:"noFault,omitempty"`

	// Runbook is runbook.md.
	Runbook string `json:"-"`
}

// A Category groups causes by where they lie.
type Category string

// The categories, in the order in which reports show them.
const (
	Image     Category = "image"
	Auth      Category = "auth"
	Network   Category = "network"
	Registry  Category = "registry"
	Node      Category = "node"
	Policy    Category = "policy"
	Mirror    Category = "mirror"
	Undecided Category = "undecided"
)

// A Need is something that must be readable for a proof.
type Need string

// What a proof may need.
const (
	NeedEvents          Need = "events"  // the kubelet's and the controllers' events, where the status has no text
	NeedSecrets         Need = "secrets" // the pull secrets that the pod names
	NeedServiceAccounts Need = "serviceaccounts"
	NeedNodes           Need = "nodes"    // the Node object: platform, pressure
	NeedRegistry        Need = "registry" // a way from here to the registry
)

func needs() []Need {
	return []Need{NeedEvents, NeedSecrets, NeedServiceAccounts, NeedNodes, NeedRegistry}
}
