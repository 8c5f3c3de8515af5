// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"slices"
	"strings"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/remedy"
	"github.com/pullmedic/pullmedic/internal/spelling"
)

// CauseList is the catalogue in brief.
func CauseList(c *catalog.Catalog) v1alpha1.CauseList {
	list := v1alpha1.CauseList{Document: v1alpha1.Head(v1alpha1.KindCauseList)}
	for _, cause := range c.Causes() {
		list.Causes = append(list.Causes, entry(cause))
	}
	return list
}

func entry(c catalog.Cause) v1alpha1.CauseEntry {
	return v1alpha1.CauseEntry{ID: c.ID, Category: string(c.Category), Meaning: c.Meaning, Frequency: c.Frequency, Severity: c.Severity}
}

// Describe is all that the catalogue says about a cause.
func Describe(c catalog.Cause) v1alpha1.CauseDescription {
	return v1alpha1.CauseDescription{
		Document: v1alpha1.Head(v1alpha1.KindCause), CauseEntry: entry(c),
		WaitingReasons: some(c.WaitingReasons), ConfirmedBy: sets(c.ConfirmedBy), LikelyBy: sets(c.LikelyBy), RuledOutBy: sets(c.RuledOutBy),
		Refines: some(c.Refines), Local: c.Local, FirstAction: c.FirstAction, NextQuestion: c.NextQuestion,
		Needs: needs(c.Needs), Windows: windows(c.Windows),
		Remedies: some(c.Remedies), Prevention: some(c.Prevention), References: some(c.References), Runbook: c.Runbook,
	}
}

func needs(from []catalog.Need) []string {
	out := []string{}
	for _, n := range from {
		out = append(out, string(n))
	}
	return out
}

func windows(from []catalog.Window) []v1alpha1.Window {
	out := []v1alpha1.Window{}
	for _, w := range from {
		out = append(out, v1alpha1.Window{Of: string(w.Of), Back: w.Back})
	}
	return out
}

// DescribeRemedy is what is told of the remedy of that id, with the causes that it
// mends; false if there is none.
func DescribeRemedy(c *catalog.Catalog, id string) (v1alpha1.RemedyDescription, bool) {
	a, ok := remedy.Describe(id)
	if !ok {
		return v1alpha1.RemedyDescription{}, false
	}
	words := strings.NewReplacer("`", "")
	d := v1alpha1.RemedyDescription{
		Document: v1alpha1.Head(v1alpha1.KindRemedy), ID: a.ID, Remedy: v1alpha1.RemedyKind(a.Kind), Changes: words.Replace(a.Changes), Rights: words.Replace(a.Rights), Undone: words.Replace(a.Undone),
		Causes: []string{}, Options: some(a.Options),
	}
	for _, cause := range c.Causes() {
		if slices.Contains(cause.Remedies, id) {
			d.Causes = append(d.Causes, cause.ID)
		}
	}
	return d, true
}

// Matrix tells for each class of error texts what it may stand for.
func Matrix(c *catalog.Catalog) v1alpha1.Matrix {
	m := v1alpha1.Matrix{Document: v1alpha1.Head(v1alpha1.KindMatrix)}
	for _, r := range c.Matrix() {
		m.Rows = append(m.Rows, v1alpha1.MatrixRow{Sign: string(r.Sign), Shows: r.Shows, First: r.First, Also: some(r.Also), FirstAction: r.FirstAction})
	}
	return m
}

func sets(from [][]evidence.Outcome) [][]string {
	out := [][]string{}
	for _, set := range from {
		var one []string
		for _, o := range set {
			one = append(one, string(o))
		}
		out = append(out, some(one))
	}
	return out
}

// some makes an empty list of none, for JSON.
func some(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// Shown tells whether a word is a waiting reason under which pulls fail, such as
// ImagePullBackOff: many take it for a cause.
func Shown(c *catalog.Catalog, word string) bool {
	for _, cause := range c.Causes() {
		if slices.Contains(cause.WaitingReasons, word) {
			return true
		}
	}
	return false
}

// Nearest returns the cause that an id or a misspelt one means: exact is true
// where only upper and lower case differ. With nothing near it returns "".
func Nearest(c *catalog.Catalog, id string) (nearest string, exact bool) {
	asked := strings.ToLower(clean(id))
	best := len(asked)/3 + 2 // more differences than this are another word
	for _, cause := range c.Causes() {
		known := strings.ToLower(cause.ID)
		if known == asked {
			return cause.ID, true
		}
		d := spelling.Distance(asked, known)
		if strings.HasPrefix(known, asked) && len(asked) > 2 {
			d = min(d, 1)
		}
		if d < best {
			best, nearest = d, cause.ID
		}
	}
	return nearest, false
}
