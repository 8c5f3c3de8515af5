// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package diagnosis turns Evidence into verdicts. It is pure: the same
// Evidence gives the same diagnosis, and nothing is asked here.
package diagnosis

import (
	"github.com/pullmedic/pullmedic/evidence"
)

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

// A Diagnosis is what is known about why one pull fails.
type Diagnosis struct {
	Pull evidence.Pull `json:"pull"`
	// Causes in order, the first is the answer. Never empty: Other if nothing
	// can be said.
	Causes []Cause `json:"causes"`
	// RuledOut causes, each with the findings that rule it out.
	RuledOut []Cause `json:"ruledOut,omitempty"`
	// Severity says how much the pull's failing harms, by Impact.
	Severity Severity        `json:"severity"`
	Impact   evidence.Impact `json:"impact,omitzero"`
	// Changed is what was changed in the first cause's window, oldest first.
	Changed []evidence.Change `json:"changed,omitempty"`
	// Steps are the seven steps of the runbook.
	Steps []Step `json:"steps"`
	// Findings that the causes and steps point to, by index.
	Findings    []evidence.Finding `json:"findings"`
	NotLookedAt []evidence.Gap     `json:"notLookedAt,omitempty"`
}

// A Cause with its verdict.
type Cause struct {
	Cause   string  `json:"cause"`
	Verdict Verdict `json:"verdict"`
	State   State   `json:"state"`
	// Behind: this one lies behind the causes before it and shows once they
	// are mended (an expired credential, and behind it a missing tag).
	Behind bool `json:"behind,omitempty"`
	// Subject that the cause is about; incidents group by cause and subject.
	Subject evidence.Subject `json:"subject"`
	// Summary is one sentence with the values filled in.
	Summary string `json:"summary"`
	// FirstAction is what a person does first, in this case, one sentence; and
	// FirstCommand the command that it speaks of, one line for a POSIX shell with
	// every value quoted, "" for none. A cause that is ruled out has neither.
	FirstAction  string `json:"firstAction,omitempty"`
	FirstCommand string `json:"firstCommand,omitempty"`
	// Findings that speak for it (or, where ruled out, against it), as
	// indices into Diagnosis.Findings, the decisive one first.
	Findings []int `json:"findings"`
}

// A Step is one of the runbook's seven steps.
type Step struct {
	Number int        `json:"number"`
	Title  string     `json:"title"`
	Result StepResult `json:"result"`
	// Sentence tells the finding.
	Sentence string `json:"sentence"`
	// Findings as indices into Diagnosis.Findings.
	Findings []int `json:"findings,omitempty"`
}

// A StepResult is the tick of a step.
type StepResult string

// The results.
const (
	Good    StepResult = "good"
	Bad     StepResult = "bad"
	NotSeen StepResult = "not-seen" // could not be looked at, or was not needed
)
