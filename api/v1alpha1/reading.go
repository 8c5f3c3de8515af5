// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import "time"

// A Reading is what an error text alone says.
type Reading struct {
	Document
	// Cause that the text points to, an id of the catalogue.
	Cause string `json:"cause"`
	// Alternatives that it leaves possible, the commoner ones first.
	Alternatives []string `json:"alternatives"`
	// Meaning of the cause.
	Meaning string `json:"meaning"`
	// FirstAction is what a person does first, one sentence.
	FirstAction string  `json:"firstAction"`
	Symptom     Symptom `json:"symptom"`
}

// A Symptom is what an error text says, in fields. What the text does not show
// is left out.
type Symptom struct {
	// Sign is the one thing that the text says in the end.
	Sign string `json:"sign"`
	// Also are further signs of the same text.
	Also []string `json:"also,omitempty"`
	// Runtime that wrote the text.
	Runtime string `json:"runtime,omitempty"`
	// Stage of the pull at which it failed.
	Stage string `json:"stage,omitempty"`
	// Reference is the image as the text names it.
	Reference string `json:"reference,omitempty"`
	// Code is the gRPC code's name.
	Code string `json:"code,omitempty"`
	// Method and URL of the failed request; the URL has no user and no query.
	Method string `json:"method,omitempty"`
	URL    string `json:"url,omitempty"`
	// Host that answered or could not be reached, and its role.
	Host string `json:"host,omitempty"`
	Role string `json:"role,omitempty"`
	// MirrorOf is the registry that a mirror was asked for.
	MirrorOf string `json:"mirrorOf,omitempty"`
	// Address that was dialled, as ip:port.
	Address string `json:"address,omitempty"`
	// Status is the registry's HTTP status.
	Status int `json:"status,omitempty"`
	// RegistryCode is the registry's own error code.
	RegistryCode string `json:"registryCode,omitempty"`
	// NodeTime is the node's clock when it refused a certificate for its dates;
	// NotBefore or NotAfter is the date that it missed.
	NodeTime  *time.Time `json:"nodeTime,omitempty"`
	NotBefore *time.Time `json:"notBefore,omitempty"`
	NotAfter  *time.Time `json:"notAfter,omitempty"`
	// Detail is the innermost error's text, without what looks like a secret.
	Detail string `json:"detail,omitempty"`
	// CredentialSent is yes or no, if the text shows it.
	CredentialSent string `json:"credentialSent,omitempty"`
}
