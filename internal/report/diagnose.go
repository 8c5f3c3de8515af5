// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/shell"
)

// What a diagnosis shows without -v.
const (
	column        = 10 // where the second column begins
	evidenceShown = 5
	podsShown     = 6
	othersShown   = 4
)

// Diagnosis writes the whole answer: for each cause the pull that shows it
// best, with its evidence, the seven steps, what was ruled out and what was not
// looked at. With Verbose, every pull gets its own.
func Diagnosis(w io.Writer, r v1alpha1.Report, style Style) error {
	s := newSheet(style)
	if len(r.Groups) != 1 || r.Groups[0].Pods > 1 {
		s.headline(r)
	}
	rest := r.Diagnoses // in the order of the groups and their pulls
	for _, g := range r.Groups {
		for n := range min(len(g.Pulls), len(rest)) {
			if n > 0 && s.Verbose == 0 {
				break
			}
			if s.b.Len() > 0 {
				s.blank()
			}
			if n == 0 {
				s.one(rest[n], g, r.Time)
			} else {
				s.one(rest[n], v1alpha1.Group{}, r.Time)
			}
		}
		rest = rest[min(len(g.Pulls), len(rest)):]
	}
	s.recovered(r)
	s.unmade(r.Unmade, r.Time)
	s.notRunning(r)
	var common []gapLine
	for _, g := range r.NotLookedAt {
		common = append(common, gapLine{why: g.Why, needs: g.Needs})
	}
	s.ending(r, common)
	return s.writeTo(w)
}

// one writes the diagnosis of one pull; the group tells which others it stands
// for.
func (s *sheet) one(d v1alpha1.Diagnosis, g v1alpha1.Group, now time.Time) {
	first := d.Causes[0]
	s.hang("", plain, 2, painted(first.Cause+",", causeColor(first.State)), painted(verdictWords(first.Verdict, first.State)+":", verdictColor(first.Verdict)),
		normal(strings.TrimRight(first.Summary, ".")))
	if first.FirstAction != "" && first.State != v1alpha1.Cleared {
		s.first(first)
	}
	if command, ok := s.fix(Example(d.Pull)); ok && first.State != v1alpha1.Cleared {
		s.b.WriteString(s.paint(bold, "Fix: "))
		s.verbatim(0, cyan, command)
	}
	if first.NextQuestion != "" && first.State != v1alpha1.Cleared {
		s.paragraph("To decide: ", bold, normal(first.NextQuestion))
	}
	if next := s.next(d, now); next != "" {
		s.hang("If nothing is done: ", bold, 2, normal(next))
	}
	if d.Impact != nil && d.Impact.Summary != "" {
		s.hang("Impact: ", bold, 2, severe(d.Severity, d.Impact.Summary)...)
	}
	s.blank()
	s.field("Pod", podWords(d.Pull))
	s.field("Image", imageWords(d.Pull))
	if d.Pull.Owner.Name != "" && d.Pull.Owner.Kind != "Pod" {
		s.field("Owner", ownerWords(d.Pull))
	}
	s.field("Since", s.since(d.Pull, now))
	s.others(g)
	s.scope(d)
	s.changed(d, now)
	shown := s.evidence(first, now)
	s.steps(d, shown, now)
	s.further(d.Causes[1:])
	s.ruledOut(d.RuledOut)
	s.list("Not seen", gapWords(d.NotLookedAt))
	if s.Verbose > 0 {
		s.everything(d, now)
	}
	if command, ok := shell.Command(append(s.program(), "explain", first.Cause)...); ok {
		s.command("More", command)
	}
}

// first writes what a person does first, with its command on a line of its own,
// so that it can be copied.
func (s *sheet) first(c v1alpha1.Cause) {
	s.hang("Do first: ", bold, 2, normal(c.FirstAction))
	if c.FirstCommand != "" {
		s.verbatim(column, cyan, c.FirstCommand)
	}
}

// field writes one line of the two columns.
func (s *sheet) field(name, text string) {
	if text != "" {
		s.paragraph(pad(name, column), bold, normal(text))
	}
}

func podWords(p v1alpha1.Pull) string {
	text := p.Namespace + "/" + p.Pod
	if p.Pod == "" {
		text = "none could be made in " + p.Namespace
	}
	switch p.ContainerKind {
	case string(evidence.Sandbox):
		text += ", its sandbox"
	case string(evidence.ImageVolume):
		text += ", image volume " + p.Container
	case string(evidence.InitContainer):
		text += ", init container " + p.Container
	case string(evidence.EphemeralContainer):
		text += ", ephemeral container " + p.Container
	default:
		if p.Container != "" {
			text += ", container " + p.Container
		}
	}
	if p.Node == "" {
		return text
	}
	text += ", on " + p.Node
	var about []string
	if p.Platform != "" {
		about = append(about, p.Platform)
	}
	if p.Runtime != "" {
		about = append(about, strings.Replace(p.Runtime, "://", " ", 1))
	}
	if len(about) > 0 {
		text += " (" + strings.Join(about, ", ") + ")"
	}
	return text
}

// imageWords is the image as written and, if that differs, as it is asked for.
func imageWords(p v1alpha1.Pull) string {
	text := p.Image
	if p.Reference != "" && p.Reference != p.Image {
		text += ", that is " + p.Reference
	}
	if p.PullPolicy != "" {
		text += " (policy " + p.PullPolicy + ")"
	}
	return text
}

func (s *sheet) since(p v1alpha1.Pull, now time.Time) string {
	if p.FirstFailed == nil && p.Attempts == 0 {
		return ""
	}
	var parts []string
	if p.FirstFailed != nil {
		parts = append(parts, s.clock(*p.FirstFailed, now, toSecond)+" ("+length(now.Sub(*p.FirstFailed))+")")
	}
	if p.Attempts > 0 {
		parts = append(parts, count(p.Attempts, "failed attempt"))
	}
	if p.LastFailed != nil && (p.FirstFailed == nil || !p.LastFailed.Equal(*p.FirstFailed)) {
		parts = append(parts, "last at "+s.clock(*p.LastFailed, now, toSecond))
	}
	return strings.Join(parts, ", ")
}

// others names the further pods that fail for the same cause.
func (s *sheet) others(g v1alpha1.Group) {
	if len(g.Pulls) < 2 {
		return
	}
	var names []string
	known := map[string]bool{g.Pulls[0].Namespace + "/" + g.Pulls[0].Pod: true}
	for _, p := range g.Pulls[1:] {
		name := p.Namespace + "/" + p.Pod
		if known[name] {
			continue
		}
		known[name] = true
		names = append(names, name)
	}
	more := len(names) - podsShown
	if more > 0 && s.Verbose == 0 {
		names = append(names[:podsShown], fmt.Sprintf("%s more", number(more)))
	}
	if len(names) > 0 {
		s.field("Also", strings.Join(names, ", "))
	}
}
