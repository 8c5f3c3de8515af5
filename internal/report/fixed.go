// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/internal/shell"
)

// FixText writes plans, and what became of them.
func FixText(w io.Writer, f v1alpha1.Fix, style Style) error {
	s := newSheet(style)
	for i, t := range f.Targets {
		if i > 0 {
			s.blank()
		}
		s.target(t)
	}
	return s.writeTo(w)
}

func (s *sheet) target(t v1alpha1.TargetFix) {
	for _, c := range t.Causes {
		s.hang("", plain, 2, painted(c.Cause+", "+c.Verdict+":", bold), normal(c.Summary))
	}
	s.blank()
	for _, r := range t.Remedies {
		s.paragraph("Fix       ", bold, normal(because(r)))
	}
	for _, c := range t.Changes {
		s.change(c)
	}
	if t.Proof != "" && len(t.Remedies) > 0 {
		s.field("Proof", strings.TrimSpace(string(t.Proof)+": "+t.ProofWhy))
	}
	for _, x := range t.Irrevocable {
		s.field("No undo", x)
	}
	for _, r := range t.Others {
		s.field("Or", because(r))
		for _, step := range r.Steps {
			s.step(step)
		}
	}
}

// OutcomeText writes what became of one target.
func OutcomeText(w io.Writer, t v1alpha1.TargetFix, style Style) error {
	s := newSheet(style)
	switch t.Outcome {
	case v1alpha1.FixMended:
		s.paragraph("", plain, painted("Mended", green), normal(fmt.Sprintf("in %s: pulled by %s", t.Took, strings.Join(t.Pulled, ", "))))
	case v1alpha1.FixPlanned, v1alpha1.FixNothing:
	default:
		s.paragraph("", plain, painted(string(t.Outcome)+":", red), normal(t.Why))
	}
	if t.Undo != "" {
		if command, ok := shell.Command(append(s.program(), "undo", t.Undo, "-n", t.Target.Namespace)...); ok {
			s.verbatim(0, cyan, "-> "+command)
		}
	}
	return s.writeTo(w)
}

func because(r v1alpha1.Remedy) string {
	text := r.Title
	if r.Because != "" {
		text += ": " + r.Because
	}
	if r.Needs != "" {
		text += " (needs " + r.Needs + ")"
	}
	return text
}

func (s *sheet) step(step v1alpha1.RemedyStep) {
	text := step.What
	if step.Where != "" {
		text += " (" + step.Where + ")"
	}
	s.hang("            ", plain, 12, normal(text))
	for _, c := range step.Commands {
		s.verbatim(12, cyan, clean(c))
	}
	if step.File != nil {
		s.hang("            ", plain, 12, normal(step.File.Path+":"))
		for line := range strings.Lines(step.File.Content) {
			s.verbatim(14, plain, clean(line))
		}
	}
}

func (s *sheet) change(c v1alpha1.ObjectChange) {
	verb := "patch"
	if c.Creates {
		verb = "create"
	}
	s.field("Change", verb+" "+c.Object+" in namespace "+c.Namespace)
	s.fields(c.Fields)
}

func (s *sheet) fields(fields []v1alpha1.FieldChange) {
	for _, f := range fields {
		name := f.Label
		if name == "" {
			name = f.Path
		}
		if f.Secret {
			s.hang("          ", plain, 12, painted("~ "+name+" (secret)", yellow))
			continue
		}
		if f.Old != "" {
			s.hang("          ", plain, 12, painted("- "+name+": "+f.Old, red))
		}
		if f.New != "" {
			s.hang("          ", plain, 12, painted("+ "+name+": "+f.New, green))
		}
	}
}
