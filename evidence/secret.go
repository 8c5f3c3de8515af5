// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package evidence

import "time"

// A PullSecret is what may be told of a pull secret to somebody who may not read
// it: enough to see what is odd about it, and nothing that logs in.
type PullSecret struct {
	// Name is its namespace/name.
	Name string `json:"name"`
	Type string `json:"type"`
	// Keys of its data, the first few.
	Keys []string `json:"keys,omitempty"`
	// Unreadable: the kubelet cannot parse it, so no entry is told.
	Unreadable bool `json:"unreadable,omitempty"`
	// Entries in the order of their keys, the first few, and how many more.
	Entries     []SecretEntry `json:"entries,omitempty"`
	MoreEntries int           `json:"moreEntries,omitempty"`
}

// A SecretEntry is one login of a pull secret, without the login.
type SecretEntry struct {
	// Key as written, without user information, query and fragment.
	Key string `json:"key"`
	// Host and port that the key is for; empty if it cannot be parsed.
	Host  string          `json:"host,omitempty"`
	Class CredentialClass `json:"class"`
	// User is a mark that is the same for the same user name within one look,
	// and says nothing else: a hash under a random key that is kept nowhere.
	User string `json:"user,omitempty"`
	// Expires is when the credential ends by itself, if it says so.
	Expires time.Time `json:"expires,omitzero"`
}

// A CredentialClass is the kind of a credential.
type CredentialClass string

// The classes.
const (
	UserAndPassword   CredentialClass = "user-and-password"
	ECRToken          CredentialClass = "ecr-token"
	ACRToken          CredentialClass = "acr-refresh-token"
	GoogleToken       CredentialClass = "google-access-token"
	WebToken          CredentialClass = "jwt"
	IdentityTokenOnly CredentialClass = "identity-token" // which the kubelet does not read
	RegistryTokenOnly CredentialClass = "registry-token" // which the kubelet does not read
	UserOnly          CredentialClass = "user-without-password"
	PasswordOnly      CredentialClass = "password-without-user"
	EmptyCredential   CredentialClass = "empty"
)
