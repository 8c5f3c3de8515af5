// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"slices"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/symptom"
)

// judged is a cause with all that Judge knows about it. An empty verdict means
// that nothing speaks for it or against it.
type judged struct {
	cause   catalog.Cause
	verdict Verdict
	// proven: outcomes speak for it, not only the text's wording.
	proven bool
	// fromHere: only what was asked from the client speaks for a local cause.
	fromHere bool
	// said: the node's own words proved it at the time of the last failure,
	// whatever was found since.
	said bool
	// place among the text's suggestions, 0 the first; -1 if not suggested.
	place int
	// findings for it (or against it, if ruled out), the decisive one first.
	findings []int
}

// weigh gives one cause its verdict, by its own lists and the text alone.
func (b *bench) weigh(cause catalog.Cause) judged {
	j := judged{cause: cause, place: b.place(cause.ID)}
	if !b.applies(cause.ID) {
		return j
	}
	b.confirm(&j)
	if out, by := b.ruledOut(cause); out != nil && !b.outweighs(j, by) {
		j.verdict, j.findings, j.fromHere = RuledOut, out, false
		return j
	}
	b.fromAfar(&j)
	if j.verdict == "" {
		switch {
		case j.place == 0:
			j.verdict = Likely
		case j.place > 0:
			j.verdict = Possible
		}
	}
	return j
}

// applies tells whether the pull can have the cause at all: what is asked for
// by digest can lack no tag, and a name that is in no table was not given up.
func (b *bench) applies(id string) bool {
	r := b.e.Pull.Reference
	if b.e.Symptom.Role == symptom.RoleBlobStore && beforeBlobs[id] {
		return false
	}
	switch id {
	case catalog.TagNotFound:
		return r.Digest == ""
	case catalog.DigestNotFound:
		return r.Digest != "" || r.Repository == ""
	case catalog.RegistryRetired:
		return b.move.Host != "" || b.has(evidence.ReferenceRetired)
	}
	return true
}

// beforeBlobs are causes that keep a pull from getting as far as a blob store:
// the registry sends only those there to whom it gave the manifest.
var beforeBlobs = map[string]bool{
	catalog.AccessDeniedAmbiguous: true, catalog.RepositoryNotFound: true, catalog.CredentialsMissing: true, catalog.CredentialsInvalid: true,
	catalog.CredentialsExpired: true, catalog.SecretMissing: true, catalog.SecretNotUsed: true, catalog.ServiceAccountRace: true,
}

func (b *bench) place(id string) int {
	if id == b.first {
		return 0
	}
	if i := slices.Index(b.also, id); i >= 0 {
		return i + 1
	}
	return -1
}

// confirm sets the verdict by the sets of outcomes that speak for the cause.
func (b *bench) confirm(j *judged) {
	var proof, hint []int
	for _, set := range j.cause.ConfirmedBy {
		found, ok := b.match(set, anywhere)
		switch {
		case !ok:
		case j.cause.Local && !b.anyFrom(found, evidence.Node):
			hint = append(hint, found...)
			j.fromHere = true
		case b.toldOtherwise(j.cause, set, found):
			hint = append(hint, found...)
			j.fromHere = true
		default:
			proof = append(proof, found...)
		}
		if words, ok := b.match(set, inWords); ok && len(words) > 0 {
			j.said = true
		}
	}
	fromNode := false
	for _, set := range j.cause.LikelyBy {
		if found, ok := b.match(set, anywhere); ok {
			if j.cause.Local && !b.anyFrom(found, evidence.Node) {
				j.fromHere = true
			} else {
				fromNode = true
			}
			hint = append(hint, found...)
		}
	}
	j.fromHere = j.fromHere && !fromNode
	switch {
	case len(proof) > 0:
		j.verdict, j.proven, j.fromHere = Confirmed, true, false
	case len(hint) > 0:
		j.verdict, j.proven = Likely, true
	}
	j.findings = distinct(append(proof, hint...))
}

// toldOtherwise tells proofs of the client's that the node may see otherwise. A
// registry may hide from whoever does not log in that a repository is there; and
// that it fails for the client, while it answered the node, says something about
// the client's way. And where the node asks only others in its place, what it
// lacks is no proof.
func (b *bench) toldOtherwise(cause catalog.Cause, set []evidence.Outcome, found []int) bool {
	if b.anyFrom(found, evidence.Node) {
		return false
	}
	if b.has(evidence.RegistryNotAsked) && b.anyFrom(found, evidence.Client) && cause.ID != catalog.RegistryRetired {
		return true // the node goes to another host
	}
	switch cause.ID {
	case catalog.RepositoryNotFound:
		return slices.Contains(set, evidence.RepositoryAbsent) && !b.has(evidence.RegistryOpenToAll) &&
			slices.ContainsFunc(found, func(i int) bool { return !b.asTheKubelet(b.findings[i]) })
	case catalog.RegistryUnavailable:
		return b.answeredNode()
	}
	return false
}

// ruledOut returns the findings of the first set that rules the cause out, and
// that set.
func (b *bench) ruledOut(cause catalog.Cause) ([]int, []evidence.Outcome) {
	from := anywhere
	switch {
	case cause.Local:
		from = atNode
	case cause.Category == catalog.Auth || cause.Category == catalog.Undecided:
		from = b.asTheKubelet
	}
	for _, set := range cause.RuledOutBy {
		if found, ok := b.match(set, from); ok {
			return found, set
		}
	}
	if needsCredential(cause.ID) {
		return b.noneSent()
	}
	return nil, nil
}

// outweighs tells whether the node's own words stand against what rules the
// cause out. They do in one case: the registry told the node that its
// credential is over or wrong, and some other credential is accepted. Unless
// the text goes on to speak about what came after (the kubelet tries one
// credential after the other), the node never got to that one.
func (b *bench) outweighs(j judged, by []evidence.Outcome) bool {
	if !j.said || j.verdict != Confirmed || !slices.Equal(by, []evidence.Outcome{evidence.CredentialAccepted}) {
		return false
	}
	if b.worksNow() || !b.refusedToo() {
		return false
	}
	for _, sign := range b.e.Symptom.Also {
		switch evidence.SignOutcome(sign) {
		case evidence.ReferenceNotFound, evidence.RepositoryAbsent, evidence.PlatformNotFound, evidence.AccessDenied:
			return false
		}
	}
	return true
}

// refusedToo tells whether, beside a credential that is accepted, another one is
// rejected or over. Where there is none, the accepted one is the one that the
// node's text was about, and it works by now.
func (b *bench) refusedToo() bool {
	for _, o := range []evidence.Outcome{evidence.CredentialRejected, evidence.CredentialExpired, evidence.CredentialExpiredByItself} {
		if _, ok := b.match([]evidence.Outcome{o}, notAtNode); ok {
			return true
		}
	}
	return false
}

// cleared returns what the pull failed for, if that works now: the node pulled
// since, or the registry gives the image to the very credentials that the
// kubelet would send, and nothing else is proven to fail. It is nil otherwise.
func (b *bench) cleared(open, out []judged) []judged {
	since := b.has(evidence.NextAttemptSucceeded)
	if !since {
		if !b.worksNow() {
			return nil
		}
		for _, j := range open {
			// What lies on the node is not seen to work from elsewhere.
			if j.verdict == Confirmed || j.cause.Local && (j.place == 0 || j.proven && !j.fromHere) {
				return nil
			}
		}
	}
	var past []judged
	for _, j := range slices.Concat(open, out) {
		switch {
		case j.said:
			j.verdict = Confirmed
		case j.place == 0:
			j.verdict = Likely
		case since && j.verdict == Confirmed:
		default:
			continue
		}
		past = append(past, j)
	}
	if past = b.refine(past); len(past) > 1 {
		b.order(past)
	}
	return past
}

// worksNow tells whether the image can be had now by the kubelet's own means,
// as far as the client can see.
func (b *bench) worksNow() bool {
	works := false
	for _, f := range b.findings {
		if f.Vantage == evidence.Node {
			continue
		}
		switch f.Outcome {
		case evidence.ManifestPresent:
			if b.refusal() && !b.asTheKubelet(f) {
				continue
			}
			works = works || f.Time.IsZero() || !f.Time.Before(b.e.Pull.LastFailed)
		case evidence.PlatformAbsent, evidence.ChildManifestAbsent, evidence.BlobAbsent, evidence.ContentDiffers,
			evidence.ManifestNotSupported, evidence.ManifestIsHTML, evidence.SecretMalformed, evidence.PolicyNeverAndAbsent,
			evidence.RegistryNotAsked: // the node does not go where the client was
			return false
		}
	}
	return works
}

// refusal tells whether the text speaks about who may pull.
func (b *bench) refusal() bool {
	first, _ := b.catalog.Cause(b.first)
	return first.Category == catalog.Auth || first.Category == catalog.Undecided
}

// asTheKubelet tells whether a finding was made with what the kubelet would
// send. An anonymous client's is not where the secrets could not be read, or
// where a credential goes along that the client did not see accepted: on some
// registries (GHCR) a bad credential breaks even what anybody may pull.
func (b *bench) asTheKubelet(f evidence.Finding) bool {
	if f.Vantage != evidence.Client || f.Outcome == evidence.RegistryOpenToAll {
		return true
	}
	if b.keyringUnseen {
		return false
	}
	switch f.Outcome {
	case evidence.ManifestPresent, evidence.TokenGranted, evidence.TagAbsent, evidence.DigestAbsent, evidence.RepositoryAbsent:
		sent := b.has(evidence.KeyringMatches) && !b.has(evidence.CredentialAccepted) && !b.has(evidence.RegistryOpenToAll)
		return !sent || !b.has(evidence.AnonymousMayPull) && f.Details["as"] != "anonymous"
	}
	return true
}

// A from says which findings count.
type from func(evidence.Finding) bool

func anywhere(evidence.Finding) bool { return true }
func atNode(f evidence.Finding) bool { return f.Vantage == evidence.Node }
func inWords(f evidence.Finding) bool {
	return f.Vantage == evidence.Node && f.Check == evidence.CheckMessage
}

// match finds a finding for every outcome of the set: one of the node before
// one from elsewhere for what both say, and the newest among equals.
func (b *bench) match(set []evidence.Outcome, counts from) ([]int, bool) {
	var found []int
	for _, o := range set {
		best := -1
		for i, f := range b.findings {
			if f.Outcome == o && counts(f) && (best < 0 || better(f, b.findings[best])) {
				best = i
			}
		}
		if best < 0 {
			return nil, false
		}
		found = append(found, best)
	}
	return found, true
}

func better(f, than evidence.Finding) bool {
	if (f.Vantage == evidence.Node) != (than.Vantage == evidence.Node) {
		return f.Vantage == evidence.Node
	}
	return f.Time.After(than.Time)
}

func (b *bench) anyFrom(found []int, v evidence.Vantage) bool {
	return slices.ContainsFunc(found, func(i int) bool { return b.findings[i].Vantage == v })
}

// distinct keeps the first of equal numbers.
func distinct(all []int) []int {
	var kept []int
	for _, i := range all {
		if !slices.Contains(kept, i) {
			kept = append(kept, i)
		}
	}
	return kept
}
