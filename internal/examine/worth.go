// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package examine

import (
	"slices"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
	"github.com/pullmedic/pullmedic/symptom"
)

// worth tells whether asking the registry can change the order of the causes
// that are left: whether an outcome that only a registry gives speaks for or
// against one that the text suggests. A text that names no cause leaves all.
func (x *Examiner) worth(e evidence.Evidence, sends keyring.Sends) bool {
	switch {
	case e.Pull.Reference.Host == "":
		return false // nothing to ask
	case sends == keyring.SendsNothing:
		return false // the kubelet does not get that far either
	}
	if e.Symptom.Sign == symptom.Other || e.Symptom.Sign == "" {
		return true
	}
	s := e.Symptom
	if s.Reference == "" {
		s.Reference = e.Pull.Image
	}
	first, others := x.catalog.Suggest(s)
	return slices.ContainsFunc(append(others, first), decidedByRegistry)
}

func decidedByRegistry(c catalog.Cause) bool {
	for _, sets := range [][][]evidence.Outcome{c.ConfirmedBy, c.LikelyBy, c.RuledOutBy} {
		for _, set := range sets {
			if slices.ContainsFunc(set, fromRegistry) {
				return true
			}
		}
	}
	return false
}

// fromRegistry tells the outcomes of the checks that ask a registry.
func fromRegistry(o evidence.Outcome) bool {
	switch o {
	case evidence.HostResolved, evidence.HostNotResolved,
		evidence.Connected, evidence.ConnectionTimeout, evidence.ConnectionRefused, evidence.ConnectionReset, evidence.NoRoute,
		evidence.TLSTrusted, evidence.TLSVersionUnsupported, evidence.TLSUntrusted, evidence.TLSInvalid, evidence.HandshakeRefused, evidence.ClientCertificateAsked, evidence.PlainHTTPAnswered,
		evidence.ProxyFailed, evidence.AddressForbidden,
		evidence.RegistryAnswers, evidence.RegistryNotV2, evidence.RegistryUnavailable, evidence.RegistryOpenToAll,
		evidence.TokenGranted, evidence.TokenGrantsNothing, evidence.TokenRefused, evidence.RealmForeign,
		evidence.CredentialRejected, evidence.CredentialAccepted, evidence.CredentialExpired,
		evidence.ManifestPresent, evidence.TagAbsent, evidence.DigestAbsent, evidence.ManifestAbsent,
		evidence.RepositoryAbsent, evidence.RepositoryAnswers, evidence.LoginRequired, evidence.AccessDenied, evidence.PermissionDenied,
		evidence.AnonymousMayPull, evidence.AnonymousMayNotPull, evidence.ManifestNotSupported, evidence.ManifestIsHTML,
		evidence.PlatformPresent, evidence.PlatformAbsent, evidence.PlatformDiffers, evidence.ChildManifestAbsent,
		evidence.BlobsPresent, evidence.BlobAbsent, evidence.ContentDiffers, evidence.RegistryPolicy, evidence.UpstreamCacheFailed,
		evidence.TagsListed, evidence.TagsNotListable, evidence.NameSpelledElsewise,
		evidence.MirrorsConfigured, evidence.RegistryNotAsked, evidence.HostsFileUnreadable, evidence.MirrorAnswers, evidence.MirrorLacks, evidence.MirrorUnusable,
		evidence.RateLimited, evidence.RateLimitOpen, evidence.RateLimitUnseen:
		return true
	}
	return false
}
