// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package symptom reads an error text of a failed image pull into fields.
//
// Such a text is a chain of wrapped errors: the kubelet wraps the runtime's
// words, the runtime wraps what a registry, the network or the node's disk
// answered. Parse takes the chain apart by structure and decides on the
// fields, status before registry code before words, so that a "403" in a
// digest or a "not found" about a local blob decides nothing. It never says
// which cause is behind a text: the catalogue does that from the Sign.
package symptom

import "time"

// A Symptom is what an error text says. Fields that the text does not show
// are empty. All strings are cleaned (no control, escape or bidirectional
// characters) and capped.
type Symptom struct {
	// Sign is the one thing that the text says in the end; Other if it says
	// nothing that could be told apart.
	Sign Sign `json:"sign"`
	// Also are further signs of the same text, weaker or about another
	// attempt (an aggregate's second element, a mirror), strongest first.
	Also []Sign `json:"also,omitempty"`
	// Runtime that wrote the text: containerd, crio, docker, kubelet, or "".
	Runtime string `json:"runtime,omitempty"`
	// Stage of the pull at which it failed.
	Stage Stage `json:"stage,omitempty"`
	// Reference is the image as the text names it.
	Reference string `json:"reference,omitempty"`
	// Code is the gRPC code's name (NotFound, Unknown, DeadlineExceeded ...).
	Code string `json:"code,omitempty"`
	// Method and URL of the failed request; of the URL only scheme, host and
	// path are kept, of the path what is no credential.
	Method string `json:"method,omitempty"`
	URL    string `json:"url,omitempty"`
	// Host that answered or could not be reached, with its port if the text
	// names one. Empty for a proxy that the text does not name.
	Host string `json:"host,omitempty"`
	// Role of that host.
	Role Role `json:"role,omitempty"`
	// MirrorOf is the upstream that a mirror was asked for (?ns=).
	MirrorOf string `json:"mirrorOf,omitempty"`
	// Address is the IP address and port that was dialled, as ip:port; for a
	// name that did not resolve, the resolver's.
	Address string `json:"address,omitempty"`
	// Status is the registry's HTTP status, 0 if none was shown.
	Status int `json:"status,omitempty"`
	// RegistryCode is the registry's own error code in upper case with
	// underscores (MANIFEST_UNKNOWN, DENIED, TOOMANYREQUESTS ...).
	RegistryCode string `json:"registryCode,omitempty"`
	// NodeTime is the node's own clock when it refused a certificate for its
	// dates; of NotBefore and NotAfter the one that it missed is set.
	NodeTime  time.Time `json:"nodeTime,omitzero"`
	NotBefore time.Time `json:"notBefore,omitzero"`
	NotAfter  time.Time `json:"notAfter,omitzero"`
	// Detail is the innermost error's text, at most 400 bytes.
	Detail string `json:"detail,omitempty"`
	// CredentialSent tells whether the request carried a credential: "yes",
	// "no", or "" if the text does not show it.
	CredentialSent string `json:"credentialSent,omitempty"`
}

// A Stage is the step of a pull at which it failed.
type Stage string

// The stages, in the order in which a pull passes them.
const (
	StageName      Stage = "name"      // parsing the image's name
	StageAdmission Stage = "admission" // a policy refused the object
	StageSecret    Stage = "secret"    // reading pull secrets or asking credential providers
	StageResolve   Stage = "resolve"   // from the reference to a digest
	StageAuthorize Stage = "authorize" // the token service
	StageFetch     Stage = "fetch"     // manifests, config and layers
	StageUnpack    Stage = "unpack"    // onto the node's disk
	StageRuntime   Stage = "runtime"   // the runtime itself
)

// A Role says what part the host played.
type Role string

// The roles.
const (
	RoleRegistry     Role = "registry"
	RoleTokenService Role = "token-service"
	RoleMirror       Role = "mirror"
	RoleBlobStore    Role = "blob-store"
	RoleProxy        Role = "proxy"
	RoleResolver     Role = "resolver"
)
