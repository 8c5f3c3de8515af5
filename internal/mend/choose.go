// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"slices"
	"strings"

	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/remedy"
	"github.com/pullmedic/pullmedic/internal/verify"
)

// inOrder is in which order remedies are chosen for the diagnoses of a case:
// those that another image mends come first, because going back to an earlier
// template may mend the others with it, while no login gives back an image.
func inOrder(all []diagnosis.Diagnosis) []diagnosis.Diagnosis {
	last := func(d diagnosis.Diagnosis) int {
		if remedy.TakesLogin(d) {
			return 1
		}
		return 0
	}
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b diagnosis.Diagnosis) int { return last(a) - last(b) })
	return all
}

// choose chooses a remedy for one more diagnosis: the first that can be applied
// and that goes together with what was chosen before. Those that are left are
// told.
//
// without are remedies that would not help, by key, and why not.
func (m *Mender) choose(p *Plan, d diagnosis.Diagnosis, o remedy.Options, without map[string]string) {
	planned := func(k remedy.Case) []remedy.Remedy {
		all := remedy.Plan(m.catalog, k, d, o)
		for i, r := range all {
			if why := without[keyOf(d, r)]; why != "" {
				all[i].Because = "it would not help: " + why
			}
		}
		return all
	}
	wanted := func(all []remedy.Remedy) int {
		if named := slices.IndexFunc(all, func(r remedy.Remedy) bool { return r.ID == o.With }); named >= 0 {
			return named
		}
		return slices.IndexFunc(all, func(r remedy.Remedy) bool { return r.Ready() && without[keyOf(d, r)] == "" })
	}
	remedies, upon := planned(p.Case), false
	at := wanted(remedies)
	if named := at >= 0 && remedies[at].ID == o.With; !named && p.cover(d) {
		return
	}
	if at >= 0 && !remedy.Apart(p.Changes, remedies[at].Changes) {
		// What it writes is written already: it is planned for what that leaves.
		then := planned(p.Case.After(p.Changes))
		if i := wanted(then); i >= 0 && then[i].Ready() {
			remedies, at, upon = then, i, true
		}
	}
	if at >= 0 && remedies[at].Ready() {
		if changes, ok := remedy.Together(p.Changes, remedies[at].Changes, upon); ok {
			p.Chosen = append(p.Chosen, Choice{Diagnosis: d, Remedy: remedies[at], upon: upon})
			p.Changes = changes
			p.Others = append(p.Others, slices.Delete(slices.Clone(remedies), at, at+1)...)
			return
		}
		remedies[at].Because = "what is chosen for another container changes the same field; run fix again after that"
	}
	if at >= 0 && remedies[at].ID == o.With {
		// What cannot be applied is still the one that was asked for: it is told first.
		remedies = slices.Concat(remedies[at:at+1], remedies[:at], remedies[at+1:])
	}
	p.Others = append(p.Others, remedies...)
}

// cover counts a diagnosis as mended by a remedy that was chosen for another
// one, if that gives its container another image, too.
func (p *Plan) cover(d diagnosis.Diagnosis) bool {
	for _, c := range p.Chosen {
		if image, ok := p.Case.ImageAfter(c.Remedy.Changes, d.Pull); ok && !c.Covered {
			c.Diagnosis, c.Covered, c.Remedy.Image = d, true, image
			p.Chosen = append(p.Chosen, c)
			return true
		}
	}
	return false
}

// keyOf tells the remedies of a plan apart: those of one id by the image, of which
// another may do where one does not.
func keyOf(d diagnosis.Diagnosis, r remedy.Remedy) string {
	return string(d.Pull.ContainerKind) + " " + d.Pull.Container + " " + r.ID + " " + r.Image
}

// refuted are the choices that a disproved plan is not to have again, and why:
// those for containers whose pull would fail, or all if it is of none of them.
func (p *Plan) refuted() map[string]string {
	found, all := map[string]string{}, map[string]string{}
	for _, c := range p.Chosen {
		all[keyOf(c.Diagnosis, c.Remedy)] = p.why()
		at := slices.IndexFunc(p.Result.Answers, func(a verify.Answer) bool {
			return a.Proof == verify.Disproved && samePlace(a.Evidence.Pull, c.Diagnosis.Pull)
		})
		if at >= 0 {
			found[keyOf(c.Diagnosis, c.Remedy)] = p.Result.Answers[at].Why
		}
	}
	if len(found) > 0 {
		return found
	}
	return all
}

// absent are the images that a disproved plan went back to in vain.
func (p *Plan) absent(without map[string]string) []string {
	var images []string
	for _, c := range p.Chosen {
		if c.Remedy.Image != "" && without[keyOf(c.Diagnosis, c.Remedy)] != "" {
			images = append(images, c.Remedy.Image)
		}
	}
	return images
}

// samePlace tells two pulls of one container, or one image volume.
func samePlace(a, b evidence.Pull) bool {
	return a.Container == b.Container && a.ContainerKind == b.ContainerKind
}

// Remedies of the plan, each once.
func (p Plan) Remedies() []remedy.Remedy {
	var all []remedy.Remedy
	for _, c := range p.Chosen {
		told := func(r remedy.Remedy) bool { return r.ID == c.Remedy.ID && r.Title == c.Remedy.Title }
		if !c.Covered && !slices.ContainsFunc(all, told) {
			all = append(all, c.Remedy)
		}
	}
	return all
}

// titles of the plan's remedies.
func (p Plan) titles() string {
	var titles []string
	for _, r := range p.Remedies() {
		titles = append(titles, r.Title)
	}
	return strings.Join(titles, "; ")
}
