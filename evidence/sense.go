// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package evidence

// A Sense says whether an outcome is good or bad news for a pull, before
// anybody judges what it means.
type Sense string

// The senses.
const (
	Good    Sense = "good"
	Bad     Sense = "bad"
	Neutral Sense = "neutral"
)

// Sense of the outcome; "" for one that is not on the list, so that a text
// (a bundle, a catalogue's file) can be checked.
func (o Outcome) Sense() Sense {
	switch o {
	case ReferenceValid, ImageOnNode, SecretPresent, KeyringMatches, ServiceAccountAgrees, ImagePulledElsewhere,
		RegistryWorksForOther, RanBefore, HostResolved, Connected, TLSTrusted,
		RegistryAnswers, RegistryOpenToAll, TokenGranted, CredentialAccepted,
		ManifestPresent, RepositoryAnswers, AnonymousMayPull, PlatformPresent,
		BlobsPresent, RateLimitOpen, NextAttemptSucceeded, MirrorAnswers:
		return Good
	case SecretsNotNamed, KeyringMatchesNone, PodBringsNone, KeyringEntryEmpty, NodePlatformKnown, ImageNotOnNode,
		PreviousImageKnown, RepositoryKnown, SecretElsewhere, AddressForbidden,
		RealmForeign, AnonymousMayNotPull, TagsListed, TagsNotListable,
		NameSpelledElsewise, GoneSince, NeverSeen, NodeDiskKnown, PullLimitsKnown, SpeedMeasured,
		MirrorsConfigured, RegistryNotAsked, MirrorLacks, RateLimitUnseen, ReferenceFrozen, CredentialSent,
		CredentialNotSent, CredentialReverification, PlatformDiffers, OneImageAlone, OneNodeAlone,
		OneCredentialAlone, OneNamespaceAlone, ManyNamespacesFail:
		return Neutral
	case ReferenceInvalid, ReferenceRetired, PolicyNeverAndAbsent, AdmissionRefused,
		SecretAbsent, SecretWrongType, SecretMalformed, KeyringEntryIgnored,
		CredentialExpiredByItself, ServiceAccountGotLate, NodeDiskPressure,
		ImageFailsElsewhere, RegistryFailsForAll, HostNotResolved, ConnectionTimeout,
		ConnectionRefused, ConnectionReset, TransferCutShort, NoRoute, TLSVersionUnsupported, TLSUntrusted, TLSInvalid, HandshakeRefused,
		ClientCertificateAsked, PlainHTTPAnswered, ProxyFailed, RegistryNotV2,
		RegistryUnavailable, TokenGrantsNothing, TokenRefused, CredentialRejected,
		CredentialExpired, TagAbsent, DigestAbsent, ManifestAbsent, TagListedNotGiven, RepositoryAbsent,
		LoginRequired, AccessDenied, PermissionDenied, ManifestNotSupported,
		ManifestIsHTML, PlatformAbsent, ChildManifestAbsent, BlobAbsent,
		ContentDiffers, RegistryPolicy, UpstreamCacheFailed, RateLimited,
		ReferenceNotFound, PlatformNotFound, DiskFull, CacheCorrupted, UnpackFailed,
		RuntimeUnavailable, RuntimeConfigInvalid, PullTimedOut, ThrottledByKubelet,
		SignatureRejected, ProviderFailed, MirrorFailed, ClockSkewed,
		TextNamesNoCause, PullUnfinished, NodeClockWrong, CertificateOutOfDate, ShortNameRefused,
		HostsFileUnreadable, MirrorUnusable, ImageExceedsDisk:
		return Bad
	}
	return ""
}
