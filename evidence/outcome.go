// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package evidence

// An Outcome is a check's answer, from a closed list. The catalogue says which
// outcomes confirm or rule out which causes.
type Outcome string

// The outcomes, by the check that declares them. Transport outcomes come from
// the registry ladder and, at vantage Node, from the runtime's own text.
const (
	// reference
	ReferenceInvalid Outcome = "reference-invalid"
	ReferenceValid   Outcome = "reference-valid"
	ReferenceRetired Outcome = "reference-retired" // the table of retired registries and repositories says that it is gone
	ReferenceFrozen  Outcome = "reference-frozen"  // the table says that it is still there, and gets no new images

	// policy
	PolicyNeverAndAbsent Outcome = "policy-never-and-absent"
	AdmissionRefused     Outcome = "admission-refused"

	// pull-secrets, keyring, service-account
	SecretAbsent              Outcome = "secret-absent"                // a named secret does not exist in the pod's namespace
	SecretElsewhere           Outcome = "secret-elsewhere"             // it exists by that name in another namespace
	SecretWrongType           Outcome = "secret-wrong-type"            // the kubelet ignores its type, or its data key is missing
	SecretMalformed           Outcome = "secret-malformed"             // the kubelet cannot parse it
	SecretPresent             Outcome = "secret-present"               // exists and parses
	SecretsNotNamed           Outcome = "secrets-not-named"            // the pod names none
	KeyringMatches            Outcome = "keyring-matches"              // at least one non-empty credential will be tried
	PodBringsNone             Outcome = "pod-brings-none"              // no entry matches, and the node may have a credential of its own (a cloud's registry)
	KeyringMatchesNone        Outcome = "keyring-matches-none"         // no entry matches: the pull goes out anonymous
	KeyringEntryIgnored       Outcome = "keyring-entry-ignored"        // an entry looks meant for this registry, but its key does not match
	KeyringEntryEmpty         Outcome = "keyring-entry-empty"          // an entry matches and is empty: anonymous
	CredentialExpiredByItself Outcome = "credential-expired-by-itself" // its own expiry lies in the past
	ServiceAccountGotLate     Outcome = "service-account-got-late"     // it carries a secret that the pod, older, has not
	ServiceAccountAgrees      Outcome = "service-account-agrees"       // it carries no secret that the pod should have got from it

	// node, same-image, same-registry, history
	NodePlatformKnown     Outcome = "node-platform-known"
	NodeDiskPressure      Outcome = "node-disk-pressure"
	ImageOnNode           Outcome = "image-on-node"               // the node's status lists it
	ImageNotOnNode        Outcome = "image-not-on-node"           // the node's whole list lacks it
	NodeDiskKnown         Outcome = "node-disk-known"             // how much disk the node has for images and pods
	ImageExceedsDisk      Outcome = "image-exceeds-disk"          // the image, still compressed, is larger than that
	PullLimitsKnown       Outcome = "pull-limits-known"           // when the node's runtime gives a pull up
	ImagePulledElsewhere  Outcome = "same-image-pulled-elsewhere" // on another node, at about the same time
	ImageFailsElsewhere   Outcome = "same-image-fails-elsewhere"  // on every other node that tried
	RegistryWorksForOther Outcome = "registry-works-for-others"   // other images of it were pulled meanwhile
	RegistryFailsForAll   Outcome = "registry-fails-for-all"      // nobody pulls from it
	RanBefore             Outcome = "ran-before"                  // this very reference ran in this cluster before
	PreviousImageKnown    Outcome = "previous-image-known"        // the workload's revision before ran another image
	RepositoryKnown       Outcome = "repository-known"            // another reference of the repository runs in this cluster
	GoneSince             Outcome = "gone-since"                  // this cluster had what the registry lacks now
	NeverSeen             Outcome = "never-seen"                  // no pod that was looked at runs or ran what the registry lacks

	// scope: what the failing pulls from a registry have in common, and those that run have not
	OneImageAlone      Outcome = "one-image-alone"
	OneNodeAlone       Outcome = "one-node-alone"
	OneCredentialAlone Outcome = "one-credential-alone"
	OneNamespaceAlone  Outcome = "one-namespace-alone"
	ManyNamespacesFail Outcome = "many-namespaces-fail" // no single tenant's

	// resolve, connect, tls: the way to a host
	HostResolved           Outcome = "host-resolved"
	HostNotResolved        Outcome = "host-not-resolved"
	Connected              Outcome = "connected"
	ConnectionTimeout      Outcome = "connection-timeout"
	ConnectionRefused      Outcome = "connection-refused"
	ConnectionReset        Outcome = "connection-reset"
	NoRoute                Outcome = "no-route"
	TLSTrusted             Outcome = "tls-trusted"
	TLSVersionUnsupported  Outcome = "tls-version-unsupported" // the two sides have no version in common
	TLSUntrusted           Outcome = "tls-untrusted"
	TLSInvalid             Outcome = "tls-invalid"
	HandshakeRefused       Outcome = "tls-handshake-refused" // the other side broke it off, and its alert names no certificate
	ClientCertificateAsked Outcome = "client-certificate-asked"
	PlainHTTPAnswered      Outcome = "plain-http-answered" // http where https was asked
	ProxyFailed            Outcome = "proxy-failed"
	AddressForbidden       Outcome = "address-forbidden" // ours: never connected (loopback, link-local, metadata ...)

	// ping
	RegistryAnswers     Outcome = "registry-answers"     // 200 or a 401 with a challenge
	RegistryNotV2       Outcome = "registry-not-v2"      // something else speaks there (404, HTML), or not as a registry does (405)
	RegistryUnavailable Outcome = "registry-unavailable" // 5xx
	RegistryOpenToAll   Outcome = "registry-open-to-all" // no challenge at all

	// token
	TokenGranted       Outcome = "token-granted"        // with pull for the repository
	TokenGrantsNothing Outcome = "token-grants-nothing" // 200, but no pull in it
	TokenRefused       Outcome = "token-refused"        // 401 or 403 to an anonymous request
	CredentialRejected Outcome = "credential-rejected"  // the registry or its token service rejected a credential itself
	CredentialAccepted Outcome = "credential-accepted"
	CredentialExpired  Outcome = "credential-expired" // the registry says so
	RealmForeign       Outcome = "realm-foreign"      // the token service lies under another domain: nothing sent

	// manifest, platform, config, blobs, tags, anonymous
	ManifestPresent      Outcome = "manifest-present"
	TagAbsent            Outcome = "tag-absent"           // the repository is there, the tag is not
	DigestAbsent         Outcome = "digest-absent"        // the repository is there, the digest is not
	TagListedNotGiven    Outcome = "tag-listed-not-given" // the list has the tag, and 404 for its manifest
	ManifestAbsent       Outcome = "manifest-absent"      // 404, and the repository may be missing too
	RepositoryAbsent     Outcome = "repository-absent"    // the registry says that there is no such repository
	RepositoryAnswers    Outcome = "repository-answers"   // another reference or its tag list answers
	LoginRequired        Outcome = "login-required"       // it refuses whoever does not log in, whatever is asked for
	AccessDenied         Outcome = "access-denied"        // 401 or 403 that hides whether the thing is there
	PermissionDenied     Outcome = "permission-denied"    // an accepted credential, the thing is there, and no right to it
	AnonymousMayPull     Outcome = "anonymous-may-pull"
	AnonymousMayNotPull  Outcome = "anonymous-may-not-pull"
	ManifestNotSupported Outcome = "manifest-not-supported"
	ManifestIsHTML       Outcome = "manifest-is-html"
	PlatformPresent      Outcome = "platform-present"
	PlatformAbsent       Outcome = "platform-absent"
	PlatformDiffers      Outcome = "platform-differs" // the one manifest is for another platform: the runtimes pull it all the same
	ChildManifestAbsent  Outcome = "child-manifest-absent"
	BlobsPresent         Outcome = "blobs-present"
	BlobAbsent           Outcome = "blob-absent"
	SpeedMeasured        Outcome = "speed-measured" // how fast a part of a layer came
	ContentDiffers       Outcome = "content-differs"
	RegistryPolicy       Outcome = "registry-policy"
	UpstreamCacheFailed  Outcome = "upstream-cache-failed"
	TagsListed           Outcome = "tags-listed"
	TagsNotListable      Outcome = "tags-not-listable"
	NameSpelledElsewise  Outcome = "name-spelled-elsewise" // a near name is known; a hint, never proof

	// mirrors: what a copy of a node's hosts directory shows, and what the hosts
	// in it answer the client
	MirrorsConfigured   Outcome = "mirrors-configured" // which hosts containerd asks, in which order
	RegistryNotAsked    Outcome = "registry-not-asked" // only others are asked in its place
	HostsFileUnreadable Outcome = "hosts-file-unreadable"
	MirrorAnswers       Outcome = "mirror-answers"
	MirrorLacks         Outcome = "mirror-lacks"    // 404
	MirrorUnusable      Outcome = "mirror-unusable" // no answer, or none that can be used

	// rate-limit
	RateLimited     Outcome = "rate-limited"
	RateLimitOpen   Outcome = "rate-limit-open"   // requests left
	RateLimitUnseen Outcome = "rate-limit-unseen" // no header

	// Only the node can say these, in its runtime's or kubelet's own words.
	ReferenceNotFound        Outcome = "reference-not-found" // "not found", without saying what
	PlatformNotFound         Outcome = "platform-not-found"
	DiskFull                 Outcome = "disk-full"
	CacheCorrupted           Outcome = "cache-corrupted"
	UnpackFailed             Outcome = "unpack-failed"
	RuntimeUnavailable       Outcome = "runtime-unavailable"
	RuntimeConfigInvalid     Outcome = "runtime-config-invalid"
	PullTimedOut             Outcome = "pull-timed-out"
	TransferCutShort         Outcome = "transfer-cut-short" // fewer bytes came than promised: a cut, or other content
	ThrottledByKubelet       Outcome = "throttled-by-kubelet"
	SignatureRejected        Outcome = "signature-rejected"
	CredentialReverification Outcome = "credential-reverification"
	ProviderFailed           Outcome = "provider-failed"
	MirrorFailed             Outcome = "mirror-failed"
	ClockSkewed              Outcome = "clock-skewed"
	NodeClockWrong           Outcome = "node-clock-wrong"        // it differs from another clock, by which the certificate is good
	CertificateOutOfDate     Outcome = "certificate-out-of-date" // whichever clock one takes
	ShortNameRefused         Outcome = "short-name-refused"      // the runtime may not complete a name without a host
	TextNamesNoCause         Outcome = "text-names-no-cause"
	NextAttemptSucceeded     Outcome = "next-attempt-succeeded" // pulled since
	CredentialSent           Outcome = "credential-sent"        // the words show that a credential went along
	CredentialNotSent        Outcome = "credential-not-sent"    // the words show that none did
	PullUnfinished           Outcome = "pull-unfinished"        // it began long ago, and nothing was heard since
)
