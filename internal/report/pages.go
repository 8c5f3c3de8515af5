// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/internal/shell"
)

// ReadingText writes what an error text alone says.
func ReadingText(w io.Writer, r v1alpha1.Reading, style Style) error {
	s := newSheet(style)
	s.hang("", plain, 2, painted(r.Cause+",", red), painted("by the text alone:", dim), normal(r.Meaning))
	s.paragraph("Do first: ", bold, normal(r.FirstAction))
	s.blank()
	if len(r.Alternatives) > 0 {
		s.field("Or", strings.Join(r.Alternatives, ", "))
	}
	s.field("Says", r.Symptom.Detail)
	s.field("Read as", strings.Join(symptomWords(r.Symptom), ", "))
	if r.Cause == catalog.Other {
		s.b.WriteString(pad("Try", column))
		s.verbatim(0, cyan, "kubectl describe pod NAME | "+strings.Join(append(s.program(), "read", "-"), " "))
	} else {
		s.b.WriteString(pad("Prove it", column))
		s.verbatim(0, cyan, strings.Join(append(s.program(), "diagnose", "pod/NAME"), " "))
	}
	if command, ok := shell.Command(append(s.program(), "explain", r.Cause)...); ok {
		s.b.WriteString(pad("More", column))
		s.verbatim(0, cyan, command)
	}
	return s.writeTo(w)
}

// CauseListText writes the catalogue, a line a cause, by category.
func CauseListText(w io.Writer, l v1alpha1.CauseList, style Style) error {
	s := newSheet(style)
	width := 0
	for _, c := range l.Causes {
		width = max(width, cells(c.ID))
	}
	category := ""
	for _, c := range l.Causes {
		if c.Category != category {
			if category != "" {
				s.blank()
			}
			category = c.Category
			s.paragraph("", plain, painted(category, bold))
		}
		s.paragraph("  "+pad(c.ID, width)+"  ", plain, normal(c.Meaning))
	}
	return s.writeTo(w)
}

// CauseText writes all about one cause: what it is, how it is proven, and its
// runbook.
func CauseText(w io.Writer, c v1alpha1.CauseDescription, style Style) error {
	s := newSheet(style)
	s.hang("", plain, 2, painted(c.ID+":", bold), normal(sentence(c.Meaning)))
	s.paragraph("Do first: ", bold, normal(c.FirstAction))
	if c.NextQuestion != "" {
		s.paragraph("To decide: ", bold, normal(c.NextQuestion))
	}
	s.blank()
	s.field("About", fmt.Sprintf("category %s, %s, severity %s", c.Category, c.Frequency, c.Severity))
	s.field("Shows as", strings.Join(c.WaitingReasons, ", "))
	s.field("Refines", strings.Join(c.Refines, ", "))
	s.field("Needs", needWords(c.Needs))
	s.field("Remedies", strings.Join(c.Remedies, ", "))
	s.blank()
	s.markdown(c.Runbook)
	if len(c.ConfirmedBy)+len(c.LikelyBy)+len(c.RuledOutBy) > 0 {
		s.blank()
		s.paragraph("", plain, painted("Outcomes, as -o json names them", bold))
		s.blank()
		s.sets("confirmed", c.ConfirmedBy)
		s.sets("likely", c.LikelyBy)
		s.sets("ruled out", c.RuledOutBy)
	}
	return s.writeTo(w)
}

// RemedyText writes what a remedy is: who carries it out, what it changes, for
// which causes, and how it is chosen.
func RemedyText(w io.Writer, r v1alpha1.RemedyDescription, style Style) error {
	s := newSheet(style)
	kind := map[v1alpha1.RemedyKind]string{
		v1alpha1.RemedyApplied:    "fix applies it: it changes objects of the cluster",
		v1alpha1.RemedyHandedOver: "handed over: a person runs the commands and writes the files that the plan shows",
		v1alpha1.RemedyWait:       "nothing is to be done: the plan says until when to wait",
	}[r.Remedy]
	s.hang("", plain, 2, painted(r.ID+":", bold), normal(sentence(kind)))
	s.blank()
	s.field("Changes", r.Changes)
	s.field("Rights", r.Rights)
	s.field("Undone", r.Undone)
	causes := strings.Join(r.Causes, ", ")
	if causes == "" {
		causes = "any cause, or where another remedy cannot be applied"
	}
	s.field("Mends", causes)
	s.field("Options", strings.Join(r.Options, ", "))
	words := append(s.program(), "fix", "TYPE/NAME")
	if len(r.Options) > 0 {
		words = append(words, strings.Fields(r.Options[0])[:min(2, len(strings.Fields(r.Options[0])))]...)
	}
	if command, ok := shell.Command(append(words, "--dry-run=client")...); ok {
		s.command("See it", command)
	}
	return s.writeTo(w)
}

// needWords tells what must be readable for a proof.
func needWords(needs []string) string {
	var words []string
	for _, n := range needs {
		switch catalog.Need(n) {
		case catalog.NeedRegistry:
			words = append(words, "a way to the registry")
		case catalog.NeedEvents:
			words = append(words, "the right to list events")
		default:
			words = append(words, "the right to get "+n)
		}
	}
	return strings.Join(words, ", ")
}

// sets lists sets of outcomes, each joined by "and".
func (s *sheet) sets(name string, of [][]string) {
	var all []string
	for _, set := range of {
		all = append(all, strings.Join(set, " and "))
	}
	if len(all) > 0 {
		s.paragraph("- "+name+": ", plain, normal(strings.Join(all, "; or ")))
	}
}

// MatrixText writes the classes of error texts with what they may stand for.
func MatrixText(w io.Writer, m v1alpha1.Matrix, style Style) error {
	s := newSheet(style)
	s.paragraph("", plain, painted("What an error text alone may stand for. Only asking the cluster and the registry tells which; no shares are given, as none has a source that was counted.", dim))
	for _, r := range m.Rows {
		s.blank()
		s.hang("", plain, 2, painted(r.Shows, bold))
		s.paragraph("  first     ", dim, normal(r.First))
		if len(r.Also) > 0 {
			s.paragraph("  or        ", dim, normal(strings.Join(r.Also, ", ")))
		}
		s.paragraph("  do first  ", dim, normal(r.FirstAction))
	}
	return s.writeTo(w)
}

// VersionText writes which program this is.
func VersionText(w io.Writer, v v1alpha1.Version) error {
	text := "pullmedic " + clean(v.Version)
	if v.Commit != "" {
		text += " (" + clean(v.Commit) + ")"
	}
	return write(w, fmt.Appendf(nil, "%s, %s, %s, %s known\n", text, clean(v.Go), clean(v.Platform), count(v.Causes, "cause")))
}
