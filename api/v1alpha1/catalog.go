// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// A CauseList is the catalogue in brief.
type CauseList struct {
	Document
	Causes []CauseEntry `json:"causes"`
}

// A CauseEntry is one cause in brief.
type CauseEntry struct {
	ID       string `json:"id"`
	Category string `json:"category"`
	// Meaning in one line.
	Meaning string `json:"meaning"`
	// Frequency is common, occasional or rare.
	Frequency string `json:"frequency"`
	// Severity is critical, warning or info.
	Severity string `json:"severity"`
}

// A CauseDescription is all that the catalogue says about a cause.
type CauseDescription struct {
	Document
	CauseEntry
	// WaitingReasons under which the kubelet shows it.
	WaitingReasons []string `json:"waitingReasons"`
	// ConfirmedBy: any of these sets of outcomes, all of a set together.
	ConfirmedBy [][]string `json:"confirmedBy"`
	// LikelyBy: any of these sets makes it likely without proving it.
	LikelyBy [][]string `json:"likelyBy"`
	// RuledOutBy: any of these sets of outcomes, all of a set together.
	RuledOutBy [][]string `json:"ruledOutBy"`
	// Refines names more general causes.
	Refines []string `json:"refines"`
	// Local: only the node can prove it or rule it out.
	Local bool `json:"local"`
	// FirstAction is what a person does first, one sentence.
	FirstAction string `json:"firstAction"`
	// NextQuestion is what would decide an undecided state.
	NextQuestion string `json:"nextQuestion,omitempty"`
	// Needs must be readable for a proof, beside the pod: events, secrets,
	// serviceaccounts, nodes (rights) and registry (a way to it).
	Needs []string `json:"needs"`
	// Windows say what to look back at, and how far.
	Windows []Window `json:"windows"`
	// Remedies that mend it, by the ids that fix --with takes, the best first.
	Remedies []string `json:"remedies"`
	// Prevention, one sentence each.
	Prevention []string `json:"prevention"`
	// References to official documentation.
	References []string `json:"references"`
	// Runbook in Markdown.
	Runbook string `json:"runbook"`
}

// A Window says what to look back at for a cause, and how far.
type Window struct {
	// Of is what to look at: changes (workload, secret, service-account, node,
	// network, registry, rules), other pulls (same-image, same-registry,
	// same-node, same-credential), or credential, limit, pull.
	Of string `json:"of"`
	// Back is a duration before the first failure, such as 15m, or one of
	// last-success, first-failure, own-life and own-window. Of a pull it is how
	// long it may be silent.
	Back string `json:"back"`
}

// A Matrix tells for each class of error texts what it may stand for.
type Matrix struct {
	Document
	Rows []MatrixRow `json:"rows"`
}

// A MatrixRow is one class of error texts. It gives no shares: those belong to
// a source that was counted.
type MatrixRow struct {
	// Sign of the class.
	Sign string `json:"sign"`
	// Shows says what such a text shows.
	Shows string `json:"shows"`
	// First is the cause that the text alone points to.
	First string `json:"first"`
	// Also are the others that it leaves possible, the commoner ones first.
	Also []string `json:"also"`
	// FirstAction is what a person does first, one sentence.
	FirstAction string `json:"firstAction"`
}

// A Version says which program this is.
type Version struct {
	Document
	// Version of the program.
	Version string `json:"version"`
	// Commit it was built from, if that is known.
	Commit string `json:"commit,omitempty"`
	// Go is the version of the compiler, Platform what it was built for.
	Go       string `json:"go"`
	Platform string `json:"platform"`
	// Causes in its catalogue.
	Causes int `json:"causes"`
}

// A RemedyDescription is what is told of a remedy without a plan.
type RemedyDescription struct {
	Document
	// ID as plans name it.
	ID string `json:"id"`
	// What carries it out: applied, handed-over or wait.
	Remedy RemedyKind `json:"remedy"`
	// Changes says what it changes, Rights what that takes, Undone how it is taken back.
	Changes string `json:"changes"`
	Rights  string `json:"rights"`
	Undone  string `json:"undone"`
	// Causes that it mends, by id. Empty: any, or where another remedy cannot be applied.
	Causes []string `json:"causes"`
	// Options of fix that choose it, or that it needs.
	Options []string `json:"options"`
}
