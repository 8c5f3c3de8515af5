// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"slices"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/symptom"
)

// settle brings the open causes into relation: the finer instead of the more
// general, proofs instead of guesses, one order.
func (b *bench) settle(open []judged) []judged {
	open = b.refine(open)
	open = b.dropUnsent(open)
	open = b.disambiguate(open)
	open = b.dropGuesses(open)
	b.order(open)
	return open
}

// refine drops a general cause where one that refines it holds as firmly, by
// outcomes and not by wording alone.
func (b *bench) refine(open []judged) []judged {
	folded := map[string]bool{}
	for _, fine := range open {
		if !fine.proven {
			continue
		}
		for _, general := range open {
			if slices.Contains(fine.cause.Refines, general.cause.ID) && strength(fine.verdict) >= strength(general.verdict) {
				folded[general.cause.ID] = true
			}
		}
	}
	return slices.DeleteFunc(open, func(j judged) bool { return folded[j.cause.ID] })
}

// disambiguate settles the undecided "private or absent": it gives way to any
// cause that outcomes speak for and that explains a refusal, and to the one
// that is left when the others are ruled out. Else it stays, with those
// between which it cannot decide.
func (b *bench) disambiguate(open []judged) []judged {
	at := slices.IndexFunc(open, func(j judged) bool { return j.cause.ID == catalog.AccessDeniedAmbiguous })
	if at < 0 || open[at].verdict == Possible {
		return open
	}
	refusal := b.refusalCauses()
	for _, j := range open {
		if j.proven && j.cause.ID != catalog.AccessDeniedAmbiguous && (j.verdict == Confirmed || j.verdict == Likely) &&
			explainsAny(j.cause, refusal) {
			return slices.Delete(open, at, at+1)
		}
	}
	between := []string{catalog.CredentialsMissing, catalog.RepositoryNotFound, catalog.PermissionDenied}
	var left []string
	for _, id := range between {
		cause, _ := b.catalog.Cause(id)
		if found, _ := b.ruledOut(cause); found == nil {
			left = append(left, id)
		}
	}
	if len(left) == 1 && (left[0] != catalog.CredentialsMissing || b.has(evidence.LoginRequired)) { // a refusal that offers no login may want none
		open = slices.Delete(open, at, at+1)
		return b.raise(open, left[0], Likely)
	}
	for _, id := range left {
		open = b.raise(open, id, Possible)
	}
	for i, j := range open {
		// What only the wording says is no more than one of those.
		if !j.proven && slices.Contains(left, j.cause.ID) {
			open[i].verdict = Possible
		}
	}
	return open
}

// dropUnsent drops guesses about a credential that nobody sends: where none of
// the pod's matches, none of them can be wrong or over, whatever the node's own
// may be, and where all secrets that the pod names were found, none is missing.
func (b *bench) dropUnsent(open []judged) []judged {
	if !b.has(evidence.KeyringMatchesNone) || b.has(evidence.CredentialSent) {
		return open
	}
	return slices.DeleteFunc(open, func(j judged) bool {
		return !j.proven && slices.Contains([]string{catalog.CredentialsInvalid, catalog.CredentialsExpired, catalog.SecretMissing}, j.cause.ID)
	})
}

// needsCredential tells the causes that only a pull with a credential can have.
func needsCredential(id string) bool {
	switch id {
	case catalog.CredentialsInvalid, catalog.CredentialsExpired, catalog.CredentialsBreakPublicImage, catalog.PermissionDenied:
		return true
	}
	return false
}

// noneSent returns the finding by which the pull goes out without a credential,
// if that is known and nothing else shows one.
func (b *bench) noneSent() ([]int, []evidence.Outcome) {
	if b.keyringUnseen || slices.ContainsFunc([]evidence.Outcome{
		evidence.KeyringMatches, evidence.PodBringsNone, evidence.CredentialSent, evidence.CredentialAccepted,
		evidence.CredentialRejected, evidence.CredentialExpired, evidence.PermissionDenied,
	}, b.has) {
		return nil, nil
	}
	for _, o := range []evidence.Outcome{evidence.CredentialNotSent, evidence.KeyringMatchesNone, evidence.KeyringEntryEmpty} {
		set := []evidence.Outcome{o}
		if found, ok := b.match(set, anywhere); ok {
			return found, set
		}
	}
	return nil, nil
}

// refusalCauses are the ids that a bare refusal may stand for.
func (b *bench) refusalCauses() []string {
	var ids []string
	first, also := b.catalog.Suggest(symptom.Symptom{Sign: symptom.AccessDenied})
	for _, c := range append(also, first) {
		ids = append(ids, c.ID)
	}
	return ids
}

// raise gives a cause at least this verdict, adding it if it is not there.
func (b *bench) raise(open []judged, id string, to Verdict) []judged {
	for i := range open {
		if open[i].cause.ID == id {
			if strength(open[i].verdict) < strength(to) {
				open[i].verdict = to
			}
			return open
		}
	}
	cause, _ := b.catalog.Cause(id)
	return append(open, judged{cause: cause, verdict: to, place: b.place(id)})
}

// dropGuesses drops what only wording suggests, once something is proven: all
// of it if the proof explains the text, else all but its first suggestion.
func (b *bench) dropGuesses(open []judged) []judged {
	confirmed, explained := false, false
	for _, j := range open {
		if j.verdict == Confirmed {
			confirmed = true
			explained = explained || b.explains(j)
		}
	}
	if !confirmed {
		return open
	}
	return slices.DeleteFunc(open, func(j judged) bool {
		return !j.proven && (explained || j.place != 0) ||
			explained && j.cause.ID == catalog.AccessDeniedAmbiguous
	})
}

// explains tells whether the cause could have made the runtime say what it
// said.
func (b *bench) explains(j judged) bool {
	if b.first == "" || j.place >= 0 {
		return true
	}
	return explainsAny(j.cause, append([]string{b.first}, b.also...))
}

func explainsAny(c catalog.Cause, ids []string) bool {
	if slices.Contains(ids, c.ID) {
		return true
	}
	return slices.ContainsFunc(c.Refines, func(id string) bool { return slices.Contains(ids, id) })
}

// order sorts: by verdict, then what explains the text, then what outcomes
// speak for; proven causes then as a pull meets them, guesses as the text
// suggests them. The catalogue's order decides the rest, so that the same
// Evidence always gives the same order.
func (b *bench) order(open []judged) {
	slices.SortStableFunc(open, func(x, y judged) int {
		if d := strength(y.verdict) - strength(x.verdict); d != 0 {
			return d
		}
		if d := truth(b.explains(y)) - truth(b.explains(x)); d != 0 {
			return d
		}
		if d := truth(y.proven) - truth(x.proven); d != 0 {
			return d
		}
		if x.proven {
			return rank(x.cause) - rank(y.cause)
		}
		return place(x) - place(y)
	})
}

// behind tells whether a cause shows only once the first is mended: outcomes
// speak for it, and a pull meets it later.
func (b *bench) behind(first, j judged) bool {
	return first.verdict == Confirmed && rank(j.cause) > rank(first.cause) && (j.proven || !b.explains(first))
}

// rank orders causes as a pull meets them on its way.
func rank(c catalog.Cause) int {
	switch c.ID {
	case catalog.InvalidImageName:
		return 1
	case catalog.SecretMalformed:
		return 2
	case catalog.RuntimeUnavailable, catalog.RuntimeConfigInvalid, catalog.PullThrottledByKubelet:
		return 3
	case catalog.SignatureRejected:
		return 9
	case catalog.ClientCertificateRequired:
		return 4
	}
	switch c.Category {
	case catalog.Policy:
		return 0
	case catalog.Network, catalog.Mirror:
		return 4
	case catalog.Registry:
		return 5
	case catalog.Auth:
		return 6
	case catalog.Image:
		return 7
	case catalog.Node:
		return 8
	}
	return 6
}

func strength(v Verdict) int {
	switch v {
	case Confirmed:
		return 3
	case Likely:
		return 2
	case Possible:
		return 1
	}
	return 0
}

// place of a guess; one that the text does not suggest comes last.
func place(j judged) int {
	if j.place < 0 {
		return 1000
	}
	return j.place
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}
