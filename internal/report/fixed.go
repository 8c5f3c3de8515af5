// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"io"
	"slices"
	"strings"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/shell"
)

// OutcomeText writes what became of one target.
func OutcomeText(w io.Writer, t v1alpha1.TargetFix, dryRun string, style Style) error {
	s := newSheet(style)
	s.blank()
	say := func(head string, c color, text string) {
		s.hang("", plain, 2, painted(head, c), normal(text))
	}
	object := named(t.Target)
	switch t.Outcome {
	case v1alpha1.FixMended:
		s.mended(t)
	case v1alpha1.FixUndone:
		text := t.Why
		if strings.HasPrefix(text, "pod/") { // else its owner could make none
			if t.Target.Kind == "Pod" { // the same as before
				text = "the pod failed to pull again: " + text
			} else {
				text = "the new pod failed to pull, too: " + text
			}
		}
		say("Undone:", yellow, text+". "+object+" is as it was.")
	case v1alpha1.FixStillPulling:
		text := t.Why
		if len(t.Pulled) > 0 {
			text = podsWords(t.Pulled) + " pulled it, " + number(t.Left) + " to go: " + text
		}
		say("Still pulling:", yellow, text+". Nothing was taken back.")
		if command, ok := s.diagnose(v1alpha1.Object{Kind: strings.ToLower(t.Target.Kind), Namespace: t.Target.Namespace, Name: t.Target.Name}); ok {
			s.command("Look", command)
		}
	case v1alpha1.FixChanged:
		text := "no pod runs now that would show it: " + t.Why + ". That it will be pulled was "
		if t.Proof == v1alpha1.Proven {
			say("Changed:", yellow, text+"proven from here.")
		} else {
			say("Changed:", yellow, text+"not proven.")
		}
	case v1alpha1.FixGone:
		say("Gone:", yellow, t.Why+".")
	case v1alpha1.FixRefused:
		// A command that is broken over lines cannot be copied. Only what is known to be
		// one is shown as one: who refuses may say anything.
		why, apart := strings.CutSuffix(t.Why, ": "+t.Command)
		say("Refused:", red, why)
		if apart && t.Command != "" {
			s.verbatim(column, cyan, t.Command)
		}
	case v1alpha1.FixBroken:
		say("Broke off:", red, t.Why)
	case v1alpha1.FixNothing:
		say("Nothing to change here:", yellow, s.nothing(t))
	case v1alpha1.FixPlanned:
		s.planned(dryRun)
	}
	s.list("Note", t.Notes)
	switch t.Outcome {
	case v1alpha1.FixMended, v1alpha1.FixStillPulling, v1alpha1.FixChanged:
		s.handed("Then", t.Afterwards)
	}
	if t.Undo != "" {
		if command, ok := s.undo(t.Undo, t.Target.Namespace); ok {
			s.command("Undo", command)
		}
	}
	return s.writeTo(w)
}

// planned says that nothing was changed, and whether that was a dry run.
func (s *sheet) planned(dryRun string) {
	text := "Nothing was changed."
	switch dryRun {
	case "client":
		text = "Dry run: nothing was tried and nothing was changed."
	case "server":
		text = "Dry run: the API server would take every change; nothing was changed."
	}
	s.hang("", plain, 2, normal(text))
}

// nothing says what is left to do where no change can be made as it is: give the
// flags that the remedies need, one for each container that fails, and follow the
// steps of the one that byHand has written whole, if it has some.
func (s *sheet) nothing(t v1alpha1.TargetFix) string {
	_, rest := leading(t.Others)
	var containers []string // in the order of their remedies
	needs := map[string][]string{}
	for _, r := range t.Others {
		whole := r.Kind == v1alpha1.RemedyHandedOver && len(rest) > 0 && r.ID == rest[0].ID
		if (r.Kind != v1alpha1.RemedyApplied && !whole) || r.Needs == "" || slices.Contains(needs[r.Container], r.Needs) {
			continue
		}
		if needs[r.Container] == nil {
			containers = append(containers, r.Container)
		}
		needs[r.Container] = append(needs[r.Container], r.Needs)
	}
	var each []string
	for _, c := range containers {
		each = append(each, "for "+c+" give "+strings.Join(needs[c], ", or "))
	}
	text, joint := "", ""
	switch len(containers) {
	case 0:
	case 1:
		text, joint = "give "+strings.Join(needs[containers[0]], "; or "), "; or "
	default:
		text, joint = "each container needs its own: "+strings.Join(each, "; "), "; or "
	}
	if len(rest) > 0 && len(containers) > 0 && !slices.Contains(containers, rest[0].Container) {
		joint = "; and " // they mend another container
	}
	switch {
	case len(rest) == 0: // all of them need a flag
	case len(rest[0].Steps) > 0:
		text += joint + "follow the steps above"
	case rest[0].Kind == v1alpha1.RemedyWait:
		text += joint + "wait, as said above"
	}
	if text == "" {
		text = "what stands above cannot be carried out as it is"
	}
	return text + "."
}

// mended says how long it took, who pulled, and what comes next.
func (s *sheet) mended(t v1alpha1.TargetFix) {
	text := "pulled"
	if spent := took(t.Took); spent != "" {
		text += " in " + spent
	}
	text += " by " + podsWords(t.Pulled)
	if len(t.Pulled) == 0 {
		text = "what failed is gone; " + count(t.Served, "pod") + " had the image all the time, so that none had to pull it"
	}
	if t.Left > 0 {
		text += "; " + count(t.Left, "pod") + " to go"
	}
	head := painted("Mended:", green)
	if len(unmended(t)) > 0 {
		head = painted("Mended in part:", yellow)
	}
	s.hang("", plain, 2, head, normal(text))
	s.list("Not yet", unmended(t))
	if t.Next == "" || len(t.Pulled) == 0 {
		return
	}
	s.field("Next", t.Next+" is the next problem, and not one of the pull")
	words := []string{"kubectl", "describe", "pod", t.Pulled[0], "-n", t.Target.Namespace}
	if strings.HasPrefix(t.Next, "CrashLoopBackOff") || strings.Contains(t.Next, "exit code") {
		words = []string{"kubectl", "logs", t.Pulled[0], "-n", t.Target.Namespace, "--all-containers", "--previous"}
	}
	if command, ok := shell.Command(words...); ok && isName(t.Pulled[0]) {
		s.command("", command)
	}
}

// command writes one to copy, under a name.
func (s *sheet) command(name, command string) {
	s.b.WriteString(s.paint(bold, pad(name, column)))
	s.verbatim(0, cyan, command)
}

// podsWords names one pod and counts the others.
func podsWords(names []string) string {
	switch len(names) {
	case 0:
		return "no pod"
	case 1:
		return "pod/" + names[0]
	}
	return "pod/" + names[0] + " and " + number(len(names)-1) + " more"
}

// StillBeingMade tells why nothing can be said of so many pods yet.
func StillBeingMade(pods int) v1alpha1.Gap {
	verb := " are"
	if pods == 1 {
		verb = " is"
	}
	return v1alpha1.Gap{Check: string(evidence.CheckPods), Subject: v1alpha1.Subject{Kind: string(evidence.SubjectWorkload), Name: "what was named"}, Why: count(pods, "pod") + verb + " still being made; nothing fails to pull so far", Needs: "look again in a moment"}
}

// NothingText says that nothing is to be mended, or of so many pods that it is
// too early to say.
func NothingText(w io.Writer, f v1alpha1.Fix, cause string, waiting int, style Style) error {
	s := newSheet(style)
	text := "Nothing to mend: no pull of what you named fails now."
	if cause != "" {
		text = "Nothing to mend: no pull that was looked at fails of " + cause + "."
	}
	switch {
	case waiting > 0:
		g := StillBeingMade(waiting)
		text = g.Why + "; " + g.Needs + "."
	case len(f.Unmade) > 0:
		text = "Nothing to mend here: the pods could not be made, and that has nothing to do with their images."
	}
	if len(f.NotLookedAt) > 0 {
		text += " Not all could be looked at."
	}
	s.hang("", plain, 2, normal(text))
	s.list("Not seen", gapWords(f.NotLookedAt))
	return s.writeTo(w)
}

// UnmadeText tells of the pods that could not be made: whatever is mended, they
// are not there.
func UnmadeText(w io.Writer, f v1alpha1.Fix, style Style) error {
	s := newSheet(style)
	s.unmade(f.Unmade, f.Time)
	return s.writeTo(w)
}

// CertificatesText tells which certificates a person gave for nodes to trust.
func CertificatesText(w io.Writer, f v1alpha1.Fix, style Style) error {
	s := newSheet(style)
	for i, c := range f.Certificates {
		name, what, until := "", "a leaf, which vouches for itself alone", normal("until "+s.clock(c.NotAfter, f.Time, toMinute))
		if i == 0 {
			name = "To trust"
		}
		if c.Authority {
			what = "an authority, which vouches for others"
		}
		switch {
		case f.Time.After(c.NotAfter):
			until = painted("ended "+s.clock(c.NotAfter, f.Time, toMinute), red)
		case f.Time.Before(c.NotBefore):
			until = painted("begins "+s.clock(c.NotBefore, f.Time, toMinute), red)
		}
		until.text += ";"
		s.paragraph(pad(name, column), bold, normal(c.Subject+": "+what+","), until, normal("its SHA-256:"))
		s.verbatim(column, dim, clean(c.Fingerprint))
	}
	if len(f.Certificates) > 0 {
		s.blank()
	}
	return s.writeTo(w)
}

// notCarriedOut words a plan that nobody agreed to.
const notCarriedOut = "not carried out"

// became counts what became of targets: how many were mended, and of the others,
// in the order in which a sum tells them, "1 undone", "2 refused".
func became(targets []v1alpha1.TargetFix) (mended int, others []string) {
	n := map[v1alpha1.FixOutcome]int{}
	for _, t := range targets {
		n[t.Outcome]++
	}
	for _, other := range []struct {
		outcome v1alpha1.FixOutcome
		words   string
	}{
		{v1alpha1.FixUndone, "undone"}, {v1alpha1.FixBroken, "broke off"}, {v1alpha1.FixStillPulling, "still pulling"},
		{v1alpha1.FixChanged, "changed, which no pod shows yet"}, {v1alpha1.FixGone, "gone meanwhile"}, {v1alpha1.FixRefused, "refused"},
		{v1alpha1.FixNothing, "with nothing to change here"}, {v1alpha1.FixPlanned, notCarriedOut},
	} {
		if n[other.outcome] > 0 {
			others = append(others, number(n[other.outcome])+" "+other.words)
		}
	}
	return n[v1alpha1.FixMended], others
}

// SumText says over several targets how many were mended, and of the others what
// became of them, and ends with a line for each: the workload, its outcome, and the
// remedy.
func SumText(w io.Writer, f v1alpha1.Fix, style Style) error {
	s := newSheet(style)
	mended, others := became(f.Targets)
	text := number(mended) + " of " + count(len(f.Targets), "workload") + " mended"
	if f.DryRun != "" {
		planned := len(slices.DeleteFunc(slices.Clone(f.Targets), func(t v1alpha1.TargetFix) bool { return t.Outcome != v1alpha1.FixPlanned }))
		text = "nothing was changed; of " + count(len(f.Targets), "workload") + ", " + number(planned) + " could be mended as planned"
		others = slices.DeleteFunc(others, func(o string) bool { return strings.HasSuffix(o, notCarriedOut) })
	}
	text = strings.Join(append([]string{text}, others...), ", ")
	c := green
	if mended < len(f.Targets) {
		c = yellow
	}
	s.blank()
	s.hang("", plain, 2, painted("In all:", bold), painted(text, c))
	s.sums(f)
	return s.writeTo(w)
}

// sums is a line for each target, in columns as wide as what stands in them.
func (s *sheet) sums(f v1alpha1.Fix) {
	rows := [][]string{}
	widths := [2]int{}
	for _, t := range f.Targets {
		row := []string{clean(named(t.Target) + " -n " + t.Target.Namespace), outcomeWords(t.Outcome, f.DryRun), sumRemedy(t)}
		rows = append(rows, row)
		for i := range widths {
			widths[i] = max(widths[i], cells(row[i]))
		}
	}
	for _, row := range rows {
		head := "  " + pad(row[0], widths[0]) + "  " + pad(row[1], widths[1]) + "  "
		if cells(head)+12 > s.Width { // no room for a column more
			s.hang("  ", plain, 4, normal(row[0]+": "+row[1]+", "+row[2]))
			continue
		}
		s.paragraph(head, plain, normal(row[2]))
	}
}

// outcomeWords is an outcome in a column.
func outcomeWords(o v1alpha1.FixOutcome, dryRun string) string {
	switch {
	case o == v1alpha1.FixPlanned && dryRun != "":
		return "planned"
	case o == v1alpha1.FixPlanned:
		return notCarriedOut
	case o == v1alpha1.FixNothing:
		return "nothing to change"
	case o == v1alpha1.FixStillPulling:
		return "still pulling"
	case o == v1alpha1.FixBroken:
		return "half done"
	}
	return strings.ToLower(string(o))
}

// sumRemedy is what a plan does, or what there is to be done instead.
func sumRemedy(t v1alpha1.TargetFix) string {
	if len(t.Remedies) > 0 {
		var ids []string
		for _, r := range t.Remedies {
			ids = append(ids, r.ID)
		}
		return strings.Join(ids, ", ")
	}
	flagged, rest := leading(t.Others)
	var ways []string
	for _, r := range flagged {
		ways = append(ways, r.ID+flagOf(r))
	}
	if len(rest) > 0 && rest[0].Kind == v1alpha1.RemedyHandedOver {
		ways = append(ways, rest[0].ID+" by hand")
	} else if len(rest) > 0 {
		ways = append(ways, rest[0].ID)
	}
	if len(ways) == 0 {
		return "no remedy"
	}
	return strings.Join(ways, ", or ")
}
