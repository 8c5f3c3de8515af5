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
	// Unmade pods are wanted and cannot be made, for a reason that has nothing to
	// do with their images: there is no pull of theirs to mend.
	Unmade []Unmade `json:"unmade"`
	// NotLookedAt holds for all targets.
	NotLookedAt []Gap `json:"notLookedAt"`
	// Certificates that were given for nodes to trust.
	Certificates []Certificate `json:"certificates"`
	// Sent counts what was sent to registries to find the causes.
	Sent Sent `json:"sent"`
}

// A Certificate is one that a person gave for nodes to trust.
type Certificate struct {
	Subject string `json:"subject"`
	// Authority: it may sign others. A leaf is trusted for itself alone.
	Authority bool      `json:"authority"`
	NotBefore time.Time `json:"notBefore"`
	NotAfter  time.Time `json:"notAfter"`
	// Fingerprint is its SHA-256 in hexadecimal digits.
	Fingerprint string `json:"fingerprint"`
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
	FixChanged      FixOutcome = "changed"       // the change was made, and no pod runs now that would show it: see why and countsFrom
	FixGone         FixOutcome = "gone"          // what was changed was removed, or ended, while it was watched
	FixBroken       FixOutcome = "broken"        // a write failed on the way and could not be taken back, or may still be made: undo does
)

// A TargetFix is about one object that a person would edit.
type TargetFix struct {
	Target Object `json:"target"`
	// ManagedBy is what made the object and will make it again as it was, and
	// Above an object of an operator's that owns it.
	ManagedBy *Manager `json:"managedBy,omitempty"`
	Above     *Object  `json:"above,omitempty"`
	// Source is what the cluster shows of where the object comes from: release
	// and chart, application, repository and path. Back says when that sets back
	// what is changed here, and Lasting what is to be done there.
	Source  []string     `json:"source"`
	Back    string       `json:"back,omitempty"`
	Lasting []RemedyStep `json:"lasting"`
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
	// SecondTries is how many new pods may be evicted besides: those that pulled
	// before their kubelet had their pull secrets, so that a login failed which was
	// proven. Left out where none would be.
	SecondTries int `json:"secondTries,omitempty"`
	// Wanted pods and those that are ready, Restarts how many of these are
	// replaced, and Pace how many at a time: "25 % at a time".
	Wanted   int    `json:"wanted"`
	Ready    int    `json:"ready"`
	Restarts int    `json:"restarts"`
	Pace     string `json:"pace,omitempty"`
	// Risks, each a sentence, the gravest first; Brake is why it is not carried
	// out without --force.
	Risks []string `json:"risks"`
	Brake string   `json:"brake,omitempty"`
	// HeldBack are failing pods, by name, that the change does not get to: a
	// partition keeps their template as it is.
	HeldBack []string `json:"heldBack,omitempty"`
	// Irrevocable is what undo does not bring back.
	Irrevocable []string `json:"irrevocable"`
	// Proof that the pull would succeed then, why, and what each vantage shows.
	Proof    Proof          `json:"proof"`
	ProofWhy string         `json:"proofWhy,omitempty"`
	Vantages []VantageProof `json:"vantages"`

	Outcome FixOutcome `json:"outcome"`
	// Why it is so, one sentence; empty where it is mended.
	Why string `json:"why,omitempty"`
	// Command clears the way of what is refused, where one does: why ends with it.
	Command string `json:"command,omitempty"`
	// Undo is the id that undo takes; empty if there is nothing to undo.
	Undo string `json:"undo,omitempty"`
	// Began is when the first write was, Mended when the first pod had pulled, and
	// Ended when it was over; left out where nothing was carried out.
	Began  *time.Time `json:"began,omitempty"`
	Mended *time.Time `json:"mended,omitempty"`
	Ended  *time.Time `json:"ended,omitempty"`
	// Took is the time from the first write until the first pod had pulled, as
	// 2.31s.
	Took string `json:"took,omitempty"`
	// Pulled are the pods that pulled, and Left how many that failed before are
	// still to.
	Pulled []string `json:"pulled"`
	Left   int      `json:"left,omitempty"`
	// Served are the pods that had the image all the time, where none had to pull
	// it any more.
	Served int `json:"served,omitempty"`
	// CountsFrom is when a change that no pod shows yet will count: the next run of
	// a CronJob; left out where that is not known.
	CountsFrom *time.Time `json:"countsFrom,omitempty"`
	// Next is what a pod that pulled waits for now: CrashLoopBackOff.
	Next string `json:"next,omitempty"`
	// Notes are further things that one should know, each a sentence.
	Notes []string `json:"notes"`
	// Log of what was done, in order.
	Log []FixLog `json:"log"`
	// Afterwards is what is to be done then.
	Afterwards []RemedyStep `json:"afterwards"`
	// NotLookedAt is what could not be read to plan this.
	NotLookedAt []Gap `json:"notLookedAt"`
}

// A FixLog is one thing that was done, or seen.
type FixLog struct {
	Time time.Time `json:"time"`
	What string    `json:"what"`
}

// A FixCause is the first cause of one failing pull.
type FixCause struct {
	Cause   string `json:"cause"`
	Verdict string `json:"verdict"`
	// Remedy that is chosen for it, by its id; empty if none can be applied, so
	// that this pull goes on failing.
	Remedy string `json:"remedy,omitempty"`
	// Untried: no kubelet has tried this pull yet, as init containers of the pod come
	// first. It was found by asking for all that the changed pod wants.
	Untried bool `json:"untried,omitempty"`
	// Pod that shows it, its container and the image.
	Pod       string `json:"pod,omitempty"`
	Container string `json:"container,omitempty"`
	Image     string `json:"image"`
	Summary   string `json:"summary"`
	// FirstFailed is when it began, as far as that can be seen.
	FirstFailed *time.Time `json:"firstFailed,omitempty"`
	Attempts    int        `json:"attempts,omitempty"`
	// Findings that prove it.
	Findings []Finding `json:"findings"`
	// Severity and Impact, and what was Changed before.
	Severity string   `json:"severity"`
	Impact   *Impact  `json:"impact,omitempty"`
	Changed  []Change `json:"changed"`
	// Prevention is what the catalogue advises against it, each a sentence.
	Prevention []string `json:"prevention"`
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
	// Container whose pull it mends, or image volume.
	Container string `json:"container,omitempty"`
	// Near are images that exist and are named almost as the one that fails; none of
	// them is ever chosen.
	Near []string `json:"near,omitempty"`
	// Needs is the flag without which it cannot be carried out.
	Needs string `json:"needs,omitempty"`
	// Steps of a remedy that is handed over.
	Steps []RemedyStep `json:"steps"`
	// Until is the time to wait for. With Latest the two bound the kubelet's next
	// attempt, which need not succeed.
	Until  *time.Time `json:"until,omitempty"`
	Latest *time.Time `json:"latest,omitempty"`
	Risks  []string   `json:"risks"`
	// Restarts counts the healthy pods that it replaces.
	Restarts int `json:"restarts"`
	// Lasting is what keeps it from happening again.
	Lasting []RemedyStep `json:"lasting"`
	// Undo is how a person takes a handed-over remedy back.
	Undo []RemedyStep `json:"undo"`
}

// A RemedyStep is something that a person does.
type RemedyStep struct {
	What  string `json:"what"`
	Where string `json:"where,omitempty"`
	// Commands for a POSIX shell, every value quoted.
	Commands []string `json:"commands"`
	// File to write, before the commands are run.
	File *RemedyFile `json:"file,omitempty"`
	// Afterwards is what shows that it worked.
	Afterwards string `json:"afterwards,omitempty"`
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

// A FieldChange sets, replaces or removes one field. Secret values are not shown:
// "(secret)" stands for one.
type FieldChange struct {
	// Path is a JSON pointer, and Label the same in words.
	Path  string `json:"path"`
	Label string `json:"label,omitempty"`
	// Old and New value, as JSON unless it is a string; empty for none.
	Old    string `json:"old,omitempty"`
	New    string `json:"new,omitempty"`
	Secret bool   `json:"secret,omitempty"`
}
