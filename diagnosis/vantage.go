// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"slices"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/symptom"
)

// A rung is how far a pull got on its way to the registry.
type rung int

// The rungs, in the order in which a pull climbs them.
const (
	started rung = iota
	resolving
	connecting
	shaking // hands, or sending the request
	answered
)

// rungOf is the rung at which a cause of the way, or what a text says, stops a
// pull; started for what is nowhere on it.
func rungOf(o evidence.Outcome) rung {
	switch o {
	case evidence.HostNotResolved:
		return resolving
	case evidence.ConnectionTimeout, evidence.ConnectionRefused, evidence.NoRoute:
		return connecting
	case evidence.ConnectionReset, evidence.TLSVersionUnsupported, evidence.TLSUntrusted, evidence.TLSInvalid,
		evidence.HandshakeRefused, evidence.ClientCertificateAsked, evidence.PlainHTTPAnswered, evidence.ClockSkewed:
		return shaking
	}
	return started
}

// fromAfar judges a cause that lies on the way of a node and that only the
// client met. Where the node's own words show that it got as far itself, they
// rule the cause out: the client's way is not the node's. Where they say nothing,
// the cause is possible, unless they suggest it.
func (b *bench) fromAfar(j *judged) {
	if !j.fromHere || !ofTheWay(j.cause) || j.verdict != Likely || len(j.findings) == 0 {
		return
	}
	met := b.findings[j.findings[0]]
	if words := b.spoken(); len(words) > 0 && b.gotAsFar(met) {
		j.verdict, j.proven, j.fromHere, j.findings = RuledOut, false, false, words
		return
	}
	if j.place < 0 {
		j.verdict = Possible
	}
}

// ofTheWay tells the causes that stop a pull on its way to a registry, which each
// place has of its own.
func ofTheWay(c catalog.Cause) bool {
	return c.Local && (c.Category == catalog.Network || c.ID == catalog.ClientCertificateRequired)
}

// gotAsFar tells whether the node's words show that it passed the rung at which
// the client stopped, or that something else stopped it there.
func (b *bench) gotAsFar(met evidence.Finding) bool {
	at := rungOf(met.Outcome)
	if met.Outcome == evidence.ProxyFailed {
		at = connecting
	}
	if at == started {
		return false
	}
	s := b.e.Symptom
	switch s.Role {
	case symptom.RoleMirror, symptom.RoleProxy: // another way
		return false
	case symptom.RoleTokenService, symptom.RoleBlobStore:
		if met.Subject.Kind == evidence.SubjectRegistry {
			return true // the registry sent the node there
		}
	}
	said := evidence.SignOutcome(s.Sign)
	stopped := rungOf(said)
	switch {
	case s.Status != 0 || b.answeredNode():
		stopped = answered
	case readManifest(said):
		stopped = answered
	case stopped == started && slices.Contains([]symptom.Stage{symptom.StageAuthorize, symptom.StageFetch, symptom.StageUnpack}, s.Stage):
		stopped = answered
	case stopped == connecting && s.Address == "" && said == evidence.ConnectionTimeout:
		return false // time was over, and the text does not say where
	}
	return stopped > at || stopped == at && said != met.Outcome
}

// readManifest tells what a runtime says only of a manifest that it got.
func readManifest(o evidence.Outcome) bool {
	switch o {
	case evidence.ManifestNotSupported, evidence.PlatformNotFound, evidence.SignatureRejected, evidence.BlobAbsent,
		evidence.ContentDiffers, evidence.UnpackFailed:
		return true
	}
	return false
}

// answeredNode tells whether the registry answered the node.
func (b *bench) answeredNode() bool {
	_, ok := b.match([]evidence.Outcome{evidence.RegistryAnswers}, atNode)
	return ok
}
