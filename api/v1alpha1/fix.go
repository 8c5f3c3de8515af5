// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import "time"

// A Fix tells what is, would be or was done to mend failing pulls: one entry for
// each object that a person would edit.
type Fix struct {
	Document
	// Time of the look.
	Time time.Time `json:"time"`
	// DryRun is client (nothing was tried), server (the API server tried every
	// change and kept none) or empty.
	DryRun  string      `json:"dryRun,omitempty"`
	Targets []TargetFix `json:"targets"`
	// NotLookedAt holds for all targets.
	NotLookedAt []Gap `json:"notLookedAt"`
	// Sent counts what was sent to registries.
	Sent Sent `json:"sent"`
}

// A FixOutcome says how far a fix came.
type FixOutcome string

// The outcomes.
const (
	FixPlanned      FixOutcome = "planned"       // nothing was changed: a dry run, or nobody agreed
	FixNothing      FixOutcome = "nothing"       // nothing can be changed here: see the other remedies
	FixRefused      FixOutcome = "refused"       // nothing was changed, and why says why not
	FixMended       FixOutcome = "mended"        // the kubelet pulled the image
	FixUndone       FixOutcome = "undone"        // a new pod failed to pull, and the change was taken back
	FixStillPulling FixOutcome = "still-pulling" // time ran out before the pull ended; nothing was taken back
	FixBroken       FixOutcome = "broken"        // a write failed on the way, and what was done could not be taken back: undo does
)

// A TargetFix is about one object that a person would edit.
type TargetFix struct {
	Target Object `json:"target"`
	// ManagedBy is what made the object and will make it again as it was.
	ManagedBy *Manager `json:"managedBy,omitempty"`
	// Source is what the cluster shows of where the object comes from: release
	// and chart, application path.
	Source []string `json:"source"`
	// Causes that were found, one for each failing container and image.
	Causes []FixCause `json:"causes"`
	// Remedies to carry out, one for each cause that can be mended by changing
	// objects.
	Remedies []Remedy `json:"remedies"`
	// Others that were not chosen, the best first.
	Others []Remedy `json:"others"`
	// Changes of objects, in the order in which they are made.
	Changes []ObjectChange `json:"changes"`
	// Evictions are failing pods that are evicted so that their owner makes new
	// ones.
	Evictions []string `json:"evictions"`
	// Restarts counts healthy pods that are replaced.
	Restarts int `json:"restarts"`
	// Irrevocable is what undo does not bring back.
	Irrevocable []string `json:"irrevocable"`
	// Proof that the pull would succeed then, and why.
	Proof    Proof  `json:"proof"`
	ProofWhy string `json:"proofWhy,omitempty"`

	Outcome FixOutcome `json:"outcome"`
	// Why it is so, one sentence; empty where it is mended.
	Why string `json:"why,omitempty"`
	// Undo is the id that undo takes; empty if there is nothing to undo.
	Undo string `json:"undo,omitempty"`
	// Took is the time from the first write until the first pod had pulled, as
	// 2.31s.
	Took string `json:"took,omitempty"`
	// Pulled are the pods that pulled, and Left how many that failed before are
	// still to.
	Pulled []string `json:"pulled"`
	Left   int      `json:"left,omitempty"`
	// Next is what a pod that pulled waits for now: CrashLoopBackOff.
	Next string `json:"next,omitempty"`
	// Log of what was done, in order.
	Log []string `json:"log"`
	// Afterwards is what is to be done then, each a sentence.
	Afterwards []string `json:"afterwards"`
}

// A FixCause is the first cause of one failing pull.
type FixCause struct {
	Cause     string `json:"cause"`
	Verdict   string `json:"verdict"`
	Container string `json:"container,omitempty"`
	Image     string `json:"image"`
	Summary   string `json:"summary"`
}

// A RemedyKind says who carries a remedy out.
type RemedyKind string

// The kinds.
const (
	RemedyApplied    RemedyKind = "applied"
	RemedyHandedOver RemedyKind = "handed-over"
	RemedyWait       RemedyKind = "wait"
)

// A Remedy is a plan that mends a cause.
type Remedy struct {
	ID    string     `json:"id"`
	Cause string     `json:"cause"`
	Kind  RemedyKind `json:"kind"`
	Title string     `json:"title"`
	// Because says what it rests on.
	Because string `json:"because,omitempty"`
	// Needs is the flag without which it cannot be carried out.
	Needs string `json:"needs,omitempty"`
	// Steps of a remedy that is handed over.
	Steps []RemedyStep `json:"steps"`
	// Until and Latest bound the time to wait for.
	Until  *time.Time `json:"until,omitempty"`
	Latest *time.Time `json:"latest,omitempty"`
	Risks  []string   `json:"risks"`
	// Lasting is what keeps it from happening again.
	Lasting []RemedyStep `json:"lasting"`
}

// A RemedyStep is something that a person does.
type RemedyStep struct {
	What  string `json:"what"`
	Where string `json:"where,omitempty"`
	// Commands for a POSIX shell, every value quoted.
	Commands []string `json:"commands"`
	// File to write.
	File *RemedyFile `json:"file,omitempty"`
}

// A RemedyFile is one that a person writes.
type RemedyFile struct {
	Path    string `json:"path"`
	Content string `json:"content"`
	// Mode in octal digits: 0644.
	Mode string `json:"mode"`
}

// An ObjectChange is one write to one object.
type ObjectChange struct {
	// Object as a person types it, deployment/api, and its namespace.
	Object    string `json:"object"`
	Namespace string `json:"namespace"`
	// Creates tells that the object is made.
	Creates bool          `json:"creates"`
	Fields  []FieldChange `json:"fields"`
}

// A FieldChange sets, replaces or removes one field. Secret values are not shown.
type FieldChange struct {
	// Path is a JSON pointer, and Label the same in words.
	Path  string `json:"path"`
	Label string `json:"label,omitempty"`
	// Old and New value, as JSON unless it is a string; empty for none.
	Old    string `json:"old,omitempty"`
	New    string `json:"new,omitempty"`
	Secret bool   `json:"secret,omitempty"`
}
