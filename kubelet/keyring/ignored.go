// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package keyring

// A Reason says why the kubelet does not use an entry or a secret, or what an
// empty entry lacks; from a closed list.
type Reason string

// The reasons that are about a whole secret.
const (
	SecretMalformed Reason = "secret-malformed" // the kubelet cannot read it, and pulls nothing
	SecretBlocked   Reason = "secret-blocked"   // would match, but another secret cannot be read
	TypeIgnored     Reason = "type-ignored"     // its type is not one that the kubelet reads
	DataKeyMissing  Reason = "data-key-missing" // the data key of its type is absent or empty
	NoEntries       Reason = "no-entries"       // reads well and holds no entry
	NotWrapped      Reason = "not-wrapped"      // entries stand beside auths or without it
	WronglyWrapped  Reason = "wrongly-wrapped"  // a .dockercfg with auths around its entries
	HelperIgnored   Reason = "helper-ignored"   // credHelpers or credsStore
)

// The reasons that are about an entry's key.
const (
	HostDiffers       Reason = "host-differs"
	PortDiffers       Reason = "port-differs"        // compared as text: :443 is not none
	PathDiffers       Reason = "path-differs"        // not a prefix of the image's
	CaseDiffers       Reason = "case-differs"        // same but for upper and lower case
	VersionPath       Reason = "version-path"        // ends in /v1 or /v2 without a slash behind
	TagInKey          Reason = "tag-in-key"          // a tag or digest stands in the key
	HubAlias          Reason = "hub-alias"           // a name of Docker Hub that the kubelet does not know
	HubFallbackUnused Reason = "hub-fallback-unused" // index.docker.io counts only if nothing else matches
	WildcardDepth     Reason = "wildcard-depth"      // a * does not span dots
	WildcardInPath    Reason = "wildcard-in-path"    // a * counts in the host only
	IPv6WithoutPort   Reason = "ipv6-without-port"   // brackets without a port are read as a character class
	SchemeUnknown     Reason = "scheme-unknown"      // only http:// and https:// are cut off
	KeyUnparsable     Reason = "key-unparsable"      // no URL for the kubelet
	Overwritten       Reason = "overwritten"         // the same key stands again later in the secret
)

// The reasons of an entry that matches and is Empty.
const (
	EntryEmpty        Reason = "entry-empty"
	IdentityTokenOnly Reason = "identity-token-only" // which the kubelet does not read
	RegistryTokenOnly Reason = "registry-token-only" // nor that
	UserNameMissing   Reason = "user-name-missing"
	PasswordMissing   Reason = "password-missing"
)

// Ignored is an entry or a secret that the kubelet does not use for this
// image.
type Ignored struct {
	// Secret is its namespace/name.
	Secret string `json:"secret"`
	// Key as written, shown as Credential.Key is; "" if the whole secret is
	// meant.
	Key    string `json:"key,omitempty"`
	Reason Reason `json:"reason"`
	// Sentence that a person can verify, without a full stop, at most 200
	// bytes.
	Sentence string `json:"sentence"`
	// Near: it looks meant for this image's registry.
	Near bool `json:"near,omitempty"`
}
