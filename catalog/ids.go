// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package catalog

// The causes' ids. Load fails if a folder lacks its id here or an id its
// folder, so that Go code can name causes without misspelling one.
const (
	InvalidImageName    = "InvalidImageName"
	RepositoryNotFound  = "RepositoryNotFound"
	TagNotFound         = "TagNotFound"
	DigestNotFound      = "DigestNotFound"
	PlatformMismatch    = "PlatformMismatch"
	UnsupportedManifest = "UnsupportedManifest"
	LayerMissing        = "LayerMissing"
	ContentMismatch     = "ContentMismatch"

	CredentialsMissing          = "CredentialsMissing"
	SecretMissing               = "SecretMissing"
	SecretNotUsed               = "SecretNotUsed"
	ServiceAccountRace          = "ServiceAccountRace"
	CredentialsInvalid          = "CredentialsInvalid"
	CredentialsExpired          = "CredentialsExpired"
	CredentialsBreakPublicImage = "CredentialsBreakPublicImage"
	SecretMalformed             = "SecretMalformed"
	PermissionDenied            = "PermissionDenied"
	CredentialProviderFailure   = "CredentialProviderFailure"
	ClientCertificateRequired   = "ClientCertificateRequired"

	DNSFailure            = "DNSFailure"
	ConnectionTimeout     = "ConnectionTimeout"
	ConnectionRefused     = "ConnectionRefused"
	ConnectionReset       = "ConnectionReset"
	NoRoute               = "NoRoute"
	TLSVersionUnsupported = "TLSVersionUnsupported"
	TLSUntrusted          = "TLSUntrusted"
	TLSInvalid            = "TLSInvalid"
	ClockSkew             = "ClockSkew"
	HTTPInsteadOfHTTPS    = "HTTPInsteadOfHTTPS"
	ProxyFailure          = "ProxyFailure"

	RateLimited           = "RateLimited"
	RegistryUnavailable   = "RegistryUnavailable"
	RegistryRetired       = "RegistryRetired"
	RegistryPolicyBlocked = "RegistryPolicyBlocked"
	UpstreamCacheFailure  = "UpstreamCacheFailure"

	DiskFull               = "DiskFull"
	CorruptedCache         = "CorruptedCache"
	UnpackFailed           = "UnpackFailed"
	RuntimeUnavailable     = "RuntimeUnavailable"
	RuntimeConfigInvalid   = "RuntimeConfigInvalid"
	PullTimeout            = "PullTimeout"
	PullStuck              = "PullStuck"
	PullThrottledByKubelet = "PullThrottledByKubelet"

	NeverPull                = "NeverPull"
	SignatureRejected        = "SignatureRejected"
	AdmissionDenied          = "AdmissionDenied"
	CredentialReverification = "CredentialReverification"

	MirrorFailure = "MirrorFailure"

	AccessDeniedAmbiguous = "AccessDeniedAmbiguous"
	Other                 = "Other"
)

// ids returns every id in the order in which reports show the causes: by
// category, and within one the way a pull meets them.
func ids() []string {
	return []string{
		InvalidImageName, RepositoryNotFound, TagNotFound, DigestNotFound,
		PlatformMismatch, UnsupportedManifest, LayerMissing, ContentMismatch,

		CredentialsMissing, SecretMissing, SecretNotUsed, ServiceAccountRace,
		CredentialsInvalid, CredentialsExpired, CredentialsBreakPublicImage,
		SecretMalformed, PermissionDenied, CredentialProviderFailure, ClientCertificateRequired,

		DNSFailure, ConnectionTimeout, ConnectionRefused, ConnectionReset, NoRoute,
		TLSVersionUnsupported, TLSUntrusted, TLSInvalid, ClockSkew, HTTPInsteadOfHTTPS, ProxyFailure,

		RateLimited, RegistryUnavailable, RegistryRetired, RegistryPolicyBlocked, UpstreamCacheFailure,

		DiskFull, CorruptedCache, UnpackFailed, RuntimeUnavailable, RuntimeConfigInvalid,
		PullTimeout, PullStuck, PullThrottledByKubelet,

		NeverPull, SignatureRejected, AdmissionDenied, CredentialReverification,

		MirrorFailure,

		AccessDeniedAmbiguous, Other,
	}
}
