// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
)

// workloadsShown bounds what the overview names of a group; -v names all.
const workloadsShown = 6

// hit names the workloads of a group, by namespace: whoever is called wants to
// know whose they are. One alone is named in the line above. Each is what a
// command would name, so that several jobs of one CronJob are one.
func (s *sheet) hit(of []v1alpha1.Diagnosis) {
	var all []v1alpha1.Object
	for _, d := range of {
		o := Example(d.Pull)
		if d.Pull.Owner.Name != "" && o.Kind == "pod" {
			o = d.Pull.Owner
			o.Namespace = d.Pull.Namespace
		}
		if !slices.Contains(all, o) {
			all = append(all, o)
		}
	}
	if len(all) < 2 {
		return
	}
	slices.SortStableFunc(all, func(a, b v1alpha1.Object) int {
		return cmp.Or(strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Kind, b.Kind), strings.Compare(a.Name, b.Name))
	})
	shown := all
	if s.Verbose == 0 && len(all) > workloadsShown {
		shown = all[:workloadsShown]
	}
	var words []run
	end := func(by string) {
		if len(words) > 0 {
			words[len(words)-1].text += by
		}
	}
	for i, o := range shown {
		if i == 0 || o.Namespace != shown[i-1].Namespace {
			end(";")
			words = append(words, solid(o.Namespace+":", dim))
		} else {
			end(",")
		}
		words = append(words, solid(named(o), dim))
	}
	if more := len(all) - len(shown); more > 0 {
		end(";")
		words = append(words, painted("and "+number(more)+" more; -v names them", dim))
	}
	s.hang("  ", plain, 4, words...)
}
