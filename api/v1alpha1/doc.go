// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package v1alpha1 is the published shape of what Pullmedic prints with
// -o json or -o yaml: pullmedic.dev/v1alpha1.
//
// These types are apart from those that the program works with, so that the
// inside can change and what scripts read does not. Fields are added; none is
// renamed, removed or given another meaning without a new version. schema.json
// is the JSON Schema of the documents, made from these types and their
// comments. Nothing here ever holds a secret.
package v1alpha1

import _ "embed" // for schema.json

// APIVersion of every document.
const APIVersion = "pullmedic.dev/v1alpha1"

// The kinds of documents.
const (
	KindReport       = "Report"
	KindReading      = "Reading"
	KindCause        = "Cause"
	KindCauseList    = "CauseList"
	KindMatrix       = "Matrix"
	KindRemedy       = "Remedy"
	KindVersion      = "Version"
	KindVerification = "Verification"
	KindFix          = "Fix"
	KindUndo         = "Undo"
	KindUndoList     = "UndoList"
)

//go:embed schema.json
var schema string

// Schema returns the JSON Schema (2020-12) of all documents.
func Schema() string { return schema }

// A Document is the head that all documents share.
type Document struct {
	// APIVersion is pullmedic.dev/v1alpha1.
	APIVersion string `json:"apiVersion"`
	// Kind of document.
	Kind string `json:"kind"`
}

// Head returns the head of a document of this kind.
func Head(kind string) Document { return Document{APIVersion: APIVersion, Kind: kind} }
