// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"io"
	"slices"
	"strings"
	"time"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/internal/remedy"
)

// What a plan shows without -v.
const (
	remediesShown  = 4
	evictionsShown = 3
)

// PlanText writes what would be done for one target: the cause, the change, what
// it reaches, who owns it elsewhere, the proof, what undo does not bring back,
// and what else there is to choose.
func PlanText(w io.Writer, t v1alpha1.TargetFix, now time.Time, style Style) error {
	s := newSheet(style)
	for _, c := range t.Causes {
		text := strings.TrimRight(c.Summary, ".")
		if c.Untried {
			text += " (container " + c.Container + ", which its kubelet has not tried yet, as init containers come first)"
		}
		s.hang("", plain, 2, painted(c.Cause+",", red), painted(c.Verdict+":", bold), normal(text))
	}
	s.blank()
	s.field("For", targetWords(t))
	for i, r := range t.Remedies {
		name := "Fix"
		if i > 0 {
			name = "and"
		}
		s.field(name, because(r))
	}
	if len(t.Remedies) > 0 {
		s.list("Not yet", unmended(t))
	}
	for _, c := range t.Changes {
		s.change(c)
	}
	s.meets(t)
	if len(t.Remedies) > 0 {
		s.owned(t)
		s.proven(t)
		s.list("No undo", t.Irrevocable)
	} else {
		s.byHand(t, now)
	}
	s.alternatives(t, now)
	s.notSeen(t.NotLookedAt)
	return s.writeTo(w)
}

func targetWords(t v1alpha1.TargetFix) string {
	text := named(t.Target) + " in namespace " + t.Target.Namespace
	var containers []string
	for _, c := range t.Causes {
		if c.Container != "" {
			containers = append(containers, c.Container)
		}
	}
	switch len(containers) {
	case 0:
	case 1:
		text += ", container " + containers[0]
	default:
		text += ", containers " + strings.Join(containers, ", ")
	}
	switch t.Target.Kind {
	case "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "ReplicationController":
		text += "; " + number(t.Ready) + " of " + count(t.Wanted, "pod") + " ready"
	}
	return text
}

// unmended are the pulls of a target that go on failing whatever becomes of the
// plan.
func unmended(t v1alpha1.TargetFix) []string {
	var left []string
	for _, c := range t.Causes {
		if c.Remedy == "" {
			left = append(left, c.Cause+" of container "+c.Container+" is not mended by this; see "+elseName)
		}
	}
	if len(t.HeldBack) > 0 {
		left = append(left, podsWords(t.HeldBack)+": held back by spec.updateStrategy.rollingUpdate.partition; lower it, and run this again")
	}
	return left
}

// because is a remedy in one sentence.
func because(r v1alpha1.Remedy) string {
	if r.Because == "" {
		return r.Title
	}
	return r.Title + ": " + r.Because
}

// change writes one write to one object as a difference.
func (s *sheet) change(c v1alpha1.ObjectChange) {
	verb := ""
	if c.Creates {
		verb = "makes "
	}
	s.field("Change", verb+c.Object+" in namespace "+c.Namespace)
	s.fields(c.Fields, c.Creates)
}

// fields of a difference; creates: there was nothing before.
func (s *sheet) fields(fields []v1alpha1.FieldChange, creates bool) {
	last := ""
	for _, f := range fields {
		name := f.Label
		if name == "" {
			name = pathWords(f.Path)
		}
		if creates {
			s.line("+", green, name+": "+shownValue(f.New))
			continue
		}
		if name != last {
			s.line("@@", cyan, name)
			last = name
		}
		if f.Old != "" {
			s.line("-", red, shownValue(f.Old))
		}
		if f.New != "" {
			s.line("+", green, shownValue(f.New))
		}
	}
}

// pathWords is a JSON pointer as a person writes it.
func pathWords(path string) string {
	return strings.ReplaceAll(strings.ReplaceAll(strings.TrimPrefix(path, "/"), "/", "."), "~1", "/")
}

// shownValue is a value in a difference.
func shownValue(v string) string {
	if v == remedy.Mask {
		return "(secret, not shown)"
	}
	return v
}

// line of a difference, in its colour.
func (s *sheet) line(sign string, c color, text string) {
	head := strings.Repeat(" ", column) + sign + " "
	s.flow(s.paint(c, head), cells(head), column+2, painted(text, c))
}

// meets says which pods the change meets.
func (s *sheet) meets(t v1alpha1.TargetFix) {
	if n := len(t.Evictions); n > 0 {
		names := t.Evictions
		if s.Verbose == 0 && n > evictionsShown {
			names = append(names[:evictionsShown:evictionsShown], number(n-evictionsShown)+" more")
		}
		text := count(n, "failing pod")
		if n > 1 {
			text += ", one first"
		}
		s.field("Evicts", text+": "+strings.Join(names, ", "))
	}
	if n := t.SecondTries; n > 0 {
		name, again := "Evicts", "up to "+count(n, "new pod")+" whose kubelet pulls before it has the pull secrets"
		if len(t.Evictions) > 0 {
			name, again = "", "and "+again
		}
		s.field(name, again)
	}
	switch {
	case t.Restarts > 0:
		s.paragraph(pad("Reach", column), bold, painted(restartsWords(t.Restarts, t.Wanted, t.Pace), yellow))
	case len(t.Remedies) > 0:
		s.field("Reach", "restarts no healthy pod")
	}
	s.list("Risk", t.Risks)
	if t.Brake != "" {
		s.paragraph(pad("Brake", column), bold, painted(t.Brake, red))
	}
}

// restartsWords says how many pods that are well a rollout replaces, "" for none.
func restartsWords(restarts, wanted int, pace string) string {
	if restarts == 0 {
		return ""
	}
	text := "restarts " + count(restarts, "healthy pod")
	if wanted >= restarts {
		text += " of " + number(wanted)
	}
	if pace != "" {
		text += ", by its rollout " + pace
	}
	return text
}

// owned says who keeps the object, and where the lasting fix belongs.
func (s *sheet) owned(t v1alpha1.TargetFix) {
	if len(t.Source) > 0 {
		text := strings.Join(t.Source, ", ")
		if t.Back != "" {
			text += "; " + t.Back
		}
		s.field("Kept by", text)
	}
	s.handed("Lasting", t.Lasting)
	for _, r := range t.Remedies {
		s.handed("Lasting", r.Lasting)
	}
}

// proven says whether it was proven that it helps, and from where.
func (s *sheet) proven(t v1alpha1.TargetFix) {
	if t.Proof == "" {
		return
	}
	words, c := "proven from here", green
	switch t.Proof {
	case v1alpha1.Disproved:
		words, c = "disproved", red
	case v1alpha1.NotProven:
		words, c = "not proven", yellow
	}
	runs := []run{painted(words, c)}
	if t.ProofWhy != "" {
		runs[0].text += ":"
		runs = append(runs, normal(t.ProofWhy))
	}
	s.paragraph(pad("Proof", column), bold, runs...)
	for _, v := range t.Vantages {
		if v.Sentence == t.ProofWhy || s.Verbose == 0 && v.Vantage != v1alpha1.Node {
			continue
		}
		s.item("", proofMark(v.Proof), pad(vantageWords(v.Vantage), len("cluster "))+" ", normal(v.Sentence))
	}
}

// elseName heads what else there is to choose, beside what is planned.
const elseName = "Else"

// byHand writes of a target of which nothing can be changed as it is what a flag
// would let be changed, and the first other remedy whole. Of one container one of
// them will do; each container that fails needs its own.
func (s *sheet) byHand(t v1alpha1.TargetFix, now time.Time) {
	flagged, rest := leading(t.Others)
	for i, r := range flagged {
		name := "Fix"
		switch {
		case i > 0 && flagged[i-1].Container == r.Container:
			name = "or"
		case i > 0:
			name = "and"
		}
		text := because(r)
		if len(t.Causes) > 1 && r.Container != "" && !strings.Contains(r.Title+" ", " "+r.Container+" ") {
			text = "container " + r.Container + ": " + text
		}
		s.field(name, text+flagOf(r))
		s.near(t, r)
	}
	if len(rest) > 0 {
		s.whole(rest[0], now)
	}
}

// near writes the command that sets the first of the images which exist and are
// named almost as the one that fails.
func (s *sheet) near(t v1alpha1.TargetFix, r v1alpha1.Remedy) {
	flag, value, ok := strings.Cut(r.Needs, " ")
	if !ok || len(r.Near) == 0 {
		return
	}
	object := v1alpha1.Object{Kind: strings.ToLower(t.Target.Kind), Namespace: t.Target.Namespace, Name: t.Target.Name}
	if command, ok := s.fix(object, flag, strings.Replace(value, "IMAGE", r.Near[0], 1)); ok {
		s.verbatim(column+2, cyan, command)
	}
}

// leading are the remedies that a flag lets be applied, as far as they come first
// for their cause and container, and the rest.
func leading(all []v1alpha1.Remedy) (flagged, rest []v1alpha1.Remedy) {
	type pull struct{ cause, container string }
	byHand := map[pull]bool{} // those for which something else came already
	for _, r := range all {
		of := pull{r.Cause, r.Container}
		if r.Kind == v1alpha1.RemedyApplied && !byHand[of] {
			flagged = append(flagged, r)
			continue
		}
		byHand[of] = true
		rest = append(rest, r)
	}
	return flagged, rest
}

// whole writes a remedy with all its steps.
func (s *sheet) whole(r v1alpha1.Remedy, now time.Time) {
	switch {
	case r.Kind == v1alpha1.RemedyWait:
		s.field("Wait", strings.TrimPrefix(because(r), "Wait ")+until(s, r, now))
	case r.Kind == v1alpha1.RemedyHandedOver:
		text := because(r)
		if r.Needs != "" {
			text += flagOf(r)
		}
		s.field("By hand", text)
	default:
		s.field(elseName, because(r)+flagOf(r))
	}
	s.numbered(r.Steps)
	s.list("Risk", r.Risks)
	s.handed("Lasting", r.Lasting)
	s.handed("Undo", r.Undo)
}

// until words the time to wait for.
func until(s *sheet, r v1alpha1.Remedy, now time.Time) string {
	if r.Until == nil {
		return ""
	}
	from := s.clock(*r.Until, now, toSecond)
	switch {
	case r.Latest == nil:
		return "; until " + from
	case r.Latest.Equal(*r.Until):
		return "; the kubelet tries next at " + from
	}
	return "; the kubelet tries next between " + from + " and " + s.clock(*r.Latest, now, toSecond)
}

// flagOf says how a remedy is chosen.
func flagOf(r v1alpha1.Remedy) string {
	switch {
	case r.Needs != "":
		return " (give " + r.Needs + ")"
	case r.Kind == v1alpha1.RemedyApplied:
		return " (--with " + r.ID + ")"
	case r.Kind == v1alpha1.RemedyWait:
		return ""
	}
	return " (by hand: --with " + r.ID + ")"
}

// alternatives lists what was not chosen: a line each, or with -v whole.
func (s *sheet) alternatives(t v1alpha1.TargetFix, now time.Time) {
	rest := t.Others
	if len(t.Remedies) == 0 { // byHand has written those that come first
		_, rest = leading(rest)
		rest = rest[min(1, len(rest)):]
	} else {
		rest = unmendedFirst(t, rest)
	}
	shown := rest
	if s.Verbose == 0 && len(shown) > remediesShown {
		shown = shown[:remediesShown]
	}
	for i, r := range shown {
		if s.Verbose > 0 {
			s.whole(r, now)
			continue
		}
		name, title := "", r.Title
		if i == 0 {
			name = elseName
		}
		if r.Kind == v1alpha1.RemedyWait {
			title += until(s, r, now)
		}
		s.field(name, title+flagOf(r))
	}
	if more := len(rest) - len(shown); more > 0 {
		s.field("", "and "+number(more)+" more; -v shows all, whole")
	}
}

// unmendedFirst sorts what else there is: first for containers that go on failing.
func unmendedFirst(t v1alpha1.TargetFix, all []v1alpha1.Remedy) []v1alpha1.Remedy {
	mended := map[string]bool{}
	for _, c := range t.Causes {
		mended[c.Container] = c.Remedy != ""
	}
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b v1alpha1.Remedy) int {
		switch {
		case mended[a.Container] == mended[b.Container]:
			return 0
		case mended[b.Container]:
			return -1
		}
		return 1
	})
	return all
}

// numbered writes steps in their order.
func (s *sheet) numbered(steps []v1alpha1.RemedyStep) {
	for i, step := range steps {
		s.step(pad("", column)+number(i+1)+" ", step)
	}
}

// handed writes steps under a name.
func (s *sheet) handed(name string, steps []v1alpha1.RemedyStep) {
	for i, step := range steps {
		if i > 0 {
			name = ""
		}
		s.step(pad(name, column), step)
	}
}

// step writes what a person does: where, the file, then the commands.
func (s *sheet) step(head string, step v1alpha1.RemedyStep) {
	text := step.What
	if step.Where != "" {
		text += " (" + step.Where + ")"
	}
	if step.File != nil || len(step.Commands) > 0 {
		text += ":"
	}
	s.paragraph(head, bold, normal(text))
	if f := step.File; f != nil {
		s.hang(pad("", column+2), plain, column+2, painted(f.Path, bold), normal("(mode "+f.Mode+")"))
		for line := range strings.Lines(foreign.Lines(f.Content, maxFile)) {
			s.verbatim(column+4, plain, strings.TrimRight(line, "\n"))
		}
	}
	for _, c := range step.Commands {
		s.verbatim(column+2, cyan, commandLine(c))
	}
	if step.Afterwards != "" {
		s.hang(pad("", column+2), plain, column+2, normal("then: "+step.Afterwards))
	}
}
