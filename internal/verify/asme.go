// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"slices"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/examine"
)

// AsMe compares the kubelet's pull with the person's own: why "it works on my
// machine".
type AsMe struct {
	// Proof of the person's own pull.
	Proof    Proof
	Platform evidence.Platform
	// Login: a login of the person's own goes along; SameLogin, that the pod
	// sends it, too.
	Login, SameLogin bool
	// Sentences without full stops: first how the person's pull fares, then what
	// is different.
	Sentences []string
}

// Words of the comparison.
const (
	cached = "where it runs on your machine, it was pulled before: docker run takes what is there and asks no registry, docker pull does"
	noSame = "no difference from here explains it; what is left is the node's own way to the registry"
)

func (b bench) asMe(asked verdict) *AsMe {
	m := b.f.Mine
	if m == nil {
		return nil
	}
	own, why := mine(m)
	out := &AsMe{Proof: own, Platform: m.Platform, Login: m.Login, SameLogin: m.Same}
	say := func(s string) { out.Sentences = append(out.Sentences, s) }
	host := b.f.Evidence.Pull.Reference.Host
	login := "without a login, as your docker config has none for " + host
	if m.Login {
		login = "with your own login for " + host
	}
	switch out.Proof {
	case Proven:
		say("your own pull would work, " + login + ", for " + platformName(m.Platform))
	case Disproved:
		say("your own pull, " + login + ", would fail: " + why)
	default:
		say("whether your own pull would work is not known: " + why)
	}
	differs := b.differences(m, out.Proof)
	out.Sentences = append(out.Sentences, differs...)
	switch {
	case out.Proof == Disproved && asked.proof != Proven:
		say(cached)
	case out.Proof == Proven && len(differs) == 0 && b.fails():
		say(noSame)
	}
	return out
}

// mine is what the person's own pull comes to.
func mine(m *examine.Mine) (Proof, string) {
	var bad, present *evidence.Finding
	whole := false
	for i, f := range m.Findings {
		switch {
		case f.Check == evidence.CheckMirrors: // the node's, not the person's
		case f.Outcome == evidence.CredentialRejected || f.Outcome == evidence.CredentialExpired:
			return Disproved, "the registry rejects your login; docker logout, or log in again"
		case f.Outcome == evidence.ManifestPresent:
			present = &m.Findings[i]
		case f.Outcome == evidence.BlobsPresent:
			whole = true
		case f.Outcome.Sense() == evidence.Bad:
			bad = &m.Findings[i]
		}
	}
	switch {
	case whole && present != nil && (!m.Login || present.Details["as"] != "anonymous" || slices.ContainsFunc(m.Findings, openToAll)):
		return Proven, ""
	case len(m.NotLookedAt) > 0:
		return NotProven, m.NotLookedAt[0].Why
	case m.Login && present != nil && present.Details["as"] == "anonymous":
		return Disproved, "the registry gives it to everybody, but not to your login"
	case bad != nil && bad.Check != evidence.CheckConnect && bad.Check != evidence.CheckResolve && bad.Check != evidence.CheckTLS:
		return Disproved, bad.Sentence
	case bad != nil:
		return NotProven, bad.Sentence
	}
	return NotProven, "the registry was not asked about all parts of the image"
}

func openToAll(f evidence.Finding) bool { return f.Outcome == evidence.RegistryOpenToAll }

// differences between the person's pull and the kubelet's that can explain
// another outcome.
func (b bench) differences(m *examine.Mine, own Proof) []string {
	var list []string
	p := b.f.Evidence.Pull
	host := p.Reference.Host
	open := b.has(evidence.RegistryOpenToAll)
	public := open || b.has(evidence.AnonymousMayPull) || slices.ContainsFunc(m.Findings, func(f evidence.Finding) bool { return f.Outcome == evidence.AnonymousMayPull })
	sends := b.has(evidence.KeyringMatches)
	_, unseen := b.lacks(evidence.CheckPullSecrets)
	switch {
	case open || unseen:
	case m.Login && !sends && !public && own == Proven:
		list = append(list, "it is not public, though it looks so to you: you are logged in to "+host+", and the pod brings no credential for it")
	case m.Login && !m.Same && sends:
		list = append(list, "you log in with another credential than the pod, which sends that of "+b.sent())
	case m.Login && m.Same:
		list = append(list, "the pod sends the same login")
	case !m.Login && sends && public:
		list = append(list, "you ask without a login, which is enough, and the pod sends the credential of "+b.sent())
	case !m.Login && sends:
		list = append(list, "the pod sends the credential of "+b.sent()+", and you have none")
	}
	if m.Platform.Arch != "" && p.Platform.Arch != "" && (m.Platform.OS != p.Platform.OS || m.Platform.Arch != p.Platform.Arch) {
		list = append(list, "your machine takes "+platformName(m.Platform)+", the node "+platformName(p.Platform))
	}
	return list
}

// sent names the secret whose credential the kubelet sends first.
func (b bench) sent() string {
	f, _ := b.find(evidence.KeyringMatches)
	return "secret " + f.Subject.Name
}

func platformName(p evidence.Platform) string {
	if p.OS == "" && p.Arch == "" {
		return "an unknown platform"
	}
	return p.OS + "/" + p.Arch
}
