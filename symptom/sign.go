// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package symptom

// A Sign is what an error text says in the end, from a closed list. Several
// causes can show one sign: the catalogue orders them.
type Sign string

// The signs. A comment says what the text shows, not what is behind it.
const (
	Other Sign = "other" // the text names no cause

	// About the name and the content.
	InvalidReference     Sign = "invalid-reference"      // the kubelet or runtime cannot parse the image's name
	ShortNameRefused     Sign = "short-name-refused"     // the runtime may not complete a name without a host
	TagNotFound          Sign = "tag-not-found"          // "not found" for a reference by tag
	DigestNotFound       Sign = "digest-not-found"       // "not found" for a reference by digest
	RepositoryNotFound   Sign = "repository-not-found"   // NAME_UNKNOWN and its spellings
	PlatformNotFound     Sign = "platform-not-found"     // no match for platform
	ManifestNotSupported Sign = "manifest-not-supported" // media type or schema that the runtime refuses
	BlobNotFound         Sign = "blob-not-found"         // the registry lacks a layer or config
	ContentDiffers       Sign = "content-differs"        // digest or size of what was received differs

	// About who may pull.
	AccessDenied           Sign = "access-denied"            // private or absent: the text cannot tell
	LoginRequired          Sign = "login-required"           // no credential was sent where one is demanded
	CredentialRejected     Sign = "credential-rejected"      // wrong user or password, rejected token
	CredentialExpired      Sign = "credential-expired"       // the registry says that it is over
	PermissionDenied       Sign = "permission-denied"        // the registry knows the client and says no
	SecretNotFound         Sign = "secret-not-found"         // the kubelet misses a pull secret
	SecretUnreadable       Sign = "secret-unreadable"        // the kubelet cannot parse a pull secret
	ProviderFailed         Sign = "provider-failed"          // an exec credential provider failed
	ClientCertificateAsked Sign = "client-certificate-asked" // mutual TLS

	// About the way to a host.
	HostNotResolved       Sign = "host-not-resolved"
	ConnectionTimeout     Sign = "connection-timeout"
	ConnectionRefused     Sign = "connection-refused"
	ConnectionReset       Sign = "connection-reset"
	NoRoute               Sign = "no-route"
	TLSVersionUnsupported Sign = "tls-version-unsupported" // no version in common
	TLSUntrusted          Sign = "tls-untrusted"           // unknown authority
	TLSInvalid            Sign = "tls-invalid"             // expired, wrong name, a handshake that fails
	ClockSkew             Sign = "clock-skew"              // the certificate is not valid yet
	HTTPInsteadOfHTTPS    Sign = "http-instead-of-https"
	ProxyFailed           Sign = "proxy-failed"

	// About the registry.
	RateLimited         Sign = "rate-limited"
	RegistryUnavailable Sign = "registry-unavailable" // 5xx, or no registry at that address
	RegistryPolicy      Sign = "registry-policy"      // vulnerability, export, firewall, geography
	UpstreamCacheFailed Sign = "upstream-cache-failed"
	MirrorFailed        Sign = "mirror-failed" // the host that spoke is a mirror

	// About the node and the cluster's rules.
	DiskFull                 Sign = "disk-full"
	CacheCorrupted           Sign = "cache-corrupted" // content missing or damaged in the node's store
	UnpackFailed             Sign = "unpack-failed"
	RuntimeUnavailable       Sign = "runtime-unavailable"
	RuntimeConfigInvalid     Sign = "runtime-config-invalid" // hosts.toml, registries.conf, policy.json
	PullTimeout              Sign = "pull-timeout"           // a limit on the pull, not on the network
	ThrottledByKubelet       Sign = "throttled-by-kubelet"
	NeverPull                Sign = "never-pull"
	SignatureRejected        Sign = "signature-rejected"
	AdmissionDenied          Sign = "admission-denied"
	CredentialReverification Sign = "credential-reverification"
)
