// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import "time"

// A Diagnosis is what is known about why one pull fails.
type Diagnosis struct {
	Pull Pull `json:"pull"`
	// Symptom is what the runtime's own words say.
	Symptom Symptom `json:"symptom"`
	// Outlook is what happens if nobody does anything, if that is known.
	Outlook *Outlook `json:"outlook,omitempty"`
	// Causes in order, the first is the answer. Never empty.
	Causes []Cause `json:"causes"`
	// RuledOut causes, each with what rules it out.
	RuledOut []Cause `json:"ruledOut"`
	// Severity is critical, high, medium or low: how much the pull's failing
	// harms, by Impact and whatever the cause.
	Severity string `json:"severity"`
	// Impact on the workload behind the pull, if it is known.
	Impact *Impact `json:"impact,omitempty"`
	// Changed is what was changed before the pull failed, near enough to have to
	// do with the first cause, oldest first.
	Changed []Change `json:"changed"`
	// Steps are the seven steps of the runbook.
	Steps []Step `json:"steps"`
	// Findings of all checks, in the order in which they were asked.
	Findings []Finding `json:"findings"`
	// Egress is every host that the pull needs a way to, as far as it is known.
	Egress []EgressHost `json:"egress"`
	// NotLookedAt is what could not be checked for this pull.
	NotLookedAt []Gap `json:"notLookedAt"`
}

// A Pull is one image that one pod wants on one node.
type Pull struct {
	Namespace string `json:"namespace"`
	Pod       string `json:"pod"`
	// Container that wants it; empty for the sandbox.
	Container string `json:"container,omitempty"`
	// ContainerKind is container, init, ephemeral, image-volume or sandbox.
	ContainerKind string `json:"containerKind,omitempty"`
	// Owner is the object that a person would edit.
	Owner Object `json:"owner"`
	// Via are the objects between the pod and its owner, the pod's first.
	Via []Object `json:"via,omitempty"`
	// Manager of the owner, where a lasting fix belongs, if it shows one.
	Manager *Manager `json:"manager,omitempty"`
	// Image as the pod's spec has it.
	Image string `json:"image"`
	// Reference is the image's full name, as the kubelet completes it.
	Reference string `json:"reference,omitempty"`
	// PullPolicy is Always, IfNotPresent or Never.
	PullPolicy     string   `json:"pullPolicy,omitempty"`
	PullSecrets    []string `json:"pullSecrets"`
	ServiceAccount string   `json:"serviceAccount,omitempty"`
	Node           string   `json:"node,omitempty"`
	// Platform of the node: linux/arm64.
	Platform string `json:"platform,omitempty"`
	// Runtime of the node with its version: containerd://2.4.2.
	Runtime        string `json:"runtime,omitempty"`
	KubeletVersion string `json:"kubeletVersion,omitempty"`
	// Reason that the container waits for, as the kubelet shows it.
	Reason      string     `json:"reason,omitempty"`
	FirstFailed *time.Time `json:"firstFailed,omitempty"`
	LastFailed  *time.Time `json:"lastFailed,omitempty"`
	// Attempts that were seen to fail.
	Attempts int `json:"attempts,omitempty"`
	// NextEarliest and NextLatest bound the next attempt, if it is known.
	NextEarliest *time.Time `json:"nextEarliest,omitempty"`
	NextLatest   *time.Time `json:"nextLatest,omitempty"`
}

// An Outlook is what the kubelet does by itself. When it does so is in the
// pull: nextEarliest, nextLatest.
type Outlook struct {
	// Succeeds: what failed works now, so the next attempt should succeed.
	Succeeds bool `json:"succeeds"`
	// BackOff: attempts are held back, for up to five minutes. Without it the
	// kubelet tries anew whenever it looks at the pod, every 10 to 15 s.
	BackOff bool `json:"backOff"`
	// DeletingSaves is how much sooner the image would be pulled if the pod
	// were deleted now. It is told only where that pull should succeed too, a
	// controller makes a new pod at once, and it saves half a minute or more.
	DeletingSaves *Saving `json:"deletingSaves,omitempty"`
}

// A Saving is a time that would be saved, as durations such as 1m20s.
type Saving struct {
	AtLeast string `json:"atLeast"`
	AtMost  string `json:"atMost"`
}

// A Verdict says how sure a cause is.
type Verdict string

// The verdicts, strongest first.
const (
	Confirmed Verdict = "confirmed" // an outcome proves it
	Likely    Verdict = "likely"
	Possible  Verdict = "possible"
	RuledOut  Verdict = "ruled-out"
)

// A State says whether the pull still fails.
type State string

// The states.
const (
	Failing State = "failing"
	Cleared State = "cleared" // what failed works now; the next attempt should succeed
)

// A Cause of the catalogue with its verdict.
type Cause struct {
	// Cause is an id of the catalogue; explain CAUSE tells about it.
	Cause string `json:"cause"`
	// Category of the cause.
	Category string  `json:"category"`
	Verdict  Verdict `json:"verdict"`
	State    State   `json:"state"`
	// Behind: it lies behind the causes before it and shows once they are
	// mended.
	Behind bool `json:"behind"`
	// Subject that the cause is about.
	Subject Subject `json:"subject"`
	// Summary is one sentence.
	Summary string `json:"summary"`
	// FirstAction is what a person does first in this case, one sentence.
	FirstAction string `json:"firstAction,omitempty"`
	// FirstCommand is the command that FirstAction speaks of, one line for a POSIX
	// shell, if there is one; the action says where it is run.
	FirstCommand string `json:"firstCommand,omitempty"`
	// NextQuestion is what would decide a state of knowledge that is no cause
	// yet (category undecided).
	NextQuestion string `json:"nextQuestion,omitempty"`
	// Findings that speak for it (or, where ruled out, against it), the
	// decisive one first.
	Findings []Finding `json:"findings"`
}

// A Vantage is where a finding was made.
type Vantage string

// The vantages.
const (
	Client  Vantage = "client"  // from where the program runs
	Cluster Vantage = "cluster" // by what the API server shows
	Node    Vantage = "node"    // by the node, in its runtime's or kubelet's own words
)

// A Finding is a check's answer.
type Finding struct {
	// Check is the question, such as manifest or pull-secrets.
	Check string `json:"check"`
	// Outcome is the answer, such as tag-absent.
	Outcome string  `json:"outcome"`
	Subject Subject `json:"subject"`
	Vantage Vantage `json:"vantage"`
	// Time at which it was seen; for the runtime's words, when they were said.
	Time *time.Time `json:"time,omitempty"`
	// Took is how long asking took, as a duration such as 41.2ms.
	Took string `json:"took,omitempty"`
	// Sentence that a person can verify, without a full stop.
	Sentence string `json:"sentence"`
	// Details for machines: status, address, code, nearest ...
	Details map[string]string `json:"details,omitempty"`
}

// A Step is one of the seven steps of the runbook.
type Step struct {
	// Number from 1 to 7.
	Number int    `json:"number"`
	Title  string `json:"title"`
	// Result is the step's tick.
	Result StepResult `json:"result"`
	// Sentence tells the finding, or why there is none.
	Sentence string `json:"sentence"`
	// Finding that decides the step.
	Finding *Finding `json:"finding,omitempty"`
}

// A StepResult is the tick of a step.
type StepResult string

// The results.
const (
	Good    StepResult = "good"
	Bad     StepResult = "bad"
	NotSeen StepResult = "not-seen" // could not be looked at, or was not needed
)
