// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"slices"

	"github.com/distribution/reference"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/symptom"
)

// Suggest says which cause a text alone points to, and which others it leaves
// possible, the commoner ones first. It never fails: a text that names no cause
// gives Other. Causes that no text can show (a secret whose key does not match)
// never come out of it.
func (c *Catalog) Suggest(s symptom.Symptom) (first Cause, alternatives []Cause) {
	first = c.firstFor(s.Sign)
	alternatives = c.alsoFor(s.Sign)
	for _, sign := range s.Also {
		alternatives = append(alternatives, c.firstFor(sign))
	}
	retired := c.causes[c.byID[RegistryRetired]]
	if c.retiredExplains(s) {
		alternatives = slices.Insert(alternatives, 0, first)
		first = retired
	} else {
		// A name that is not in the table was not given up, as far as is known.
		alternatives = slices.DeleteFunc(alternatives, func(a Cause) bool { return a.ID == RegistryRetired })
	}
	return first, distinct(first, alternatives)
}

func (c *Catalog) firstFor(sign symptom.Sign) Cause {
	for _, cause := range c.causes {
		if slices.Contains(cause.SuggestedBy, sign) {
			return cause
		}
	}
	return c.causes[c.byID[Other]]
}

// alsoFor returns the further causes of a sign: common ones first, and among
// equals in the order of the catalogue.
func (c *Catalog) alsoFor(sign symptom.Sign) []Cause {
	var also []Cause
	for _, cause := range c.causes {
		if slices.Contains(cause.AlsoSuggestedBy, sign) {
			also = append(also, cause)
		}
	}
	slices.SortStableFunc(also, func(a, b Cause) int { return commonness(b) - commonness(a) })
	return also
}

func commonness(c Cause) int {
	switch c.Frequency {
	case "common":
		return 2
	case "occasional":
		return 1
	}
	return 0
}

// retiredExplains tells whether the image's name is in the table and the sign
// is one that such a name shows: a host that is gone is not reached (one that
// answers is not gone); where the host still answers, the image is not found
// or, on a registry that hides, denied; a frozen name lacks what is newer.
func (c *Catalog) retiredExplains(s symptom.Symptom) bool {
	move, ok := c.Retired(parseReference(s.Reference))
	if !ok {
		return false
	}
	var signs []symptom.Sign
	switch move.State {
	case Gone:
		signs = []symptom.Sign{
			symptom.HostNotResolved, symptom.ConnectionRefused, symptom.ConnectionTimeout, symptom.NoRoute, symptom.RegistryUnavailable,
		}
	case Removed:
		signs = []symptom.Sign{
			symptom.TagNotFound, symptom.DigestNotFound, symptom.RepositoryNotFound, symptom.AccessDenied, symptom.PermissionDenied,
		}
	case Frozen:
		signs = []symptom.Sign{symptom.TagNotFound, symptom.DigestNotFound, symptom.RepositoryNotFound}
	}
	return slices.Contains(signs, s.Sign)
}

// parseReference takes an image's name apart; a name that cannot be parsed
// gives the zero Reference, which is in no table.
func parseReference(name string) evidence.Reference {
	named, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return evidence.Reference{}
	}
	r := evidence.Reference{Host: reference.Domain(named), Repository: reference.Path(named)}
	if tagged, ok := named.(reference.Tagged); ok {
		r.Tag = tagged.Tag()
	}
	if digested, ok := named.(reference.Digested); ok {
		r.Digest = digested.Digest().String()
	}
	return r
}

// distinct drops what is named twice, and the undecided Other: beside a cause
// it says nothing.
func distinct(first Cause, causes []Cause) []Cause {
	seen := map[string]bool{first.ID: true, Other: true}
	return slices.DeleteFunc(causes, func(c Cause) bool {
		drop := seen[c.ID]
		seen[c.ID] = true
		return drop
	})
}
