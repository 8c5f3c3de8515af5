// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"slices"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/diagnosis"
)

// A planner makes the remedies for one diagnosis of a case.
type planner struct {
	Case
	catalog *catalog.Catalog
	d       diagnosis.Diagnosis
	cause   diagnosis.Cause
	o       Options
}

// A family makes remedies of one sort, none if they do not apply.
type family func(*planner) []Remedy

// families tells which remedies mend which cause, in the order of preference.
// Every cause has what is handed over besides; a test walks the catalogue.
func families() map[string][]family {
	image := []family{(*planner).previousImage, (*planner).otherImage}
	login := []family{(*planner).login}
	return map[string][]family{
		catalog.InvalidImageName:   image,
		catalog.RepositoryNotFound: image,
		catalog.TagNotFound:        image,
		catalog.DigestNotFound:     image,

		catalog.CredentialsMissing:          login,
		catalog.SecretMissing:               login,
		catalog.SecretNotUsed:               login,
		catalog.ServiceAccountRace:          login,
		catalog.CredentialsInvalid:          login,
		catalog.CredentialsExpired:          login,
		catalog.CredentialProviderFailure:   login,
		catalog.CredentialsBreakPublicImage: login,
		catalog.SecretMalformed:             login,
		catalog.PermissionDenied:            login,
		catalog.AccessDeniedAmbiguous:       login,
		catalog.RateLimited:                 login,
		catalog.CredentialReverification:    login,
	}
}

func (p *planner) plan() []Remedy {
	var all []Remedy
	if p.o.Rollback || p.o.Restart || p.o.Recreate {
		all = p.emergency()
	} else {
		for _, f := range families()[p.cause.Cause] {
			all = append(all, f(p)...)
		}
		all = append(all, p.handOver()...)
		all = append(all, p.wait()...)
	}
	for i := range all {
		if all[i].Cause == "" {
			all[i].Cause = p.cause.Cause
		}
	}
	slices.SortStableFunc(all, func(a, b Remedy) int { return rank(a) - rank(b) })
	return all
}

// rank puts first what can be done now.
func rank(r Remedy) int {
	switch {
	case r.Kind == Applied && r.Needs == "":
		return 0
	case r.Kind == Applied:
		return 1
	case r.Kind == HandedOver:
		return 2
	}
	return 3
}

// Ready tells whether the remedy can be applied as it is.
func (r Remedy) Ready() bool { return r.Kind == Applied && r.Needs == "" }
