// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/internal/mend"
	"github.com/pullmedic/pullmedic/internal/remedy"
)

// NewUndo makes the document of an undo. What became of it is added by the caller.
func NewUndo(now time.Time, u mend.Undo) v1alpha1.Undo {
	doc := v1alpha1.Undo{
		Document: v1alpha1.Head(v1alpha1.KindUndo), Time: now.UTC(), Record: record(u.Record), Changes: []v1alpha1.UndoChange{},
		Irrevocable: []string{}, NotLookedAt: gaps(u.NotLookedAt), Log: []string{}, Outcome: v1alpha1.UndoPlanned,
	}
	for _, b := range u.Backs {
		c := v1alpha1.UndoChange{
			Object: clean(b.Object.String()), Namespace: clean(b.Object.Namespace), Removes: b.Removes, Standing: v1alpha1.UndoStanding(b.Standing),
			Fields: []v1alpha1.FieldChange{}, Altered: []string{}, Conflicts: []v1alpha1.FieldConflict{},
			Restarts: b.Reach.Restarts, Reach: clean(reachWords(b.Reach)), Users: b.Users.Pods, UsedBy: cleaned(b.Users.Others),
		}
		if b.Removes && b.Users.Pods > 0 {
			c.Reach = losesWords(b.Users.Pods)
		}
		for _, x := range b.Conflicts {
			c.Altered = append(c.Altered, clean(x.Path))
			c.Conflicts = append(c.Conflicts, conflict(b.Object.Kind, x))
		}
		for _, e := range b.Edits {
			c.Fields = append(c.Fields, fields(b.Object.Kind, e)...)
		}
		doc.Changes = append(doc.Changes, c)
	}
	if n := u.Record.Evicts; n > 0 && u.Record.State != mend.Preparing {
		doc.Irrevocable = append(doc.Irrevocable, evictedBefore(n))
	}
	return doc
}

func conflict(kind string, x mend.Conflict) v1alpha1.FieldConflict {
	c := v1alpha1.FieldConflict{Path: clean(x.Path)}
	text := func(v any) string {
		shown, hidden := remedy.Shown(kind, x.Path, v)
		c.Secret = c.Secret || hidden
		return clean(value(shown))
	}
	c.Before, c.Set, c.Now = text(x.Before), text(x.Set), text(x.Now)
	return c
}

// reachWords says which pods that run an undo meets, "" if it meets none.
func reachWords(r mend.Reach) string {
	if len(r.Containers) == 0 {
		return restartsWords(r.Restarts, r.Wanted, r.Pace)
	}
	has, have := "has", "have"
	if !r.Pulls {
		has, have = "may have", "may have"
	}
	const again = " to pull again with what was there before"
	if len(r.Containers) == 1 {
		return "restarts its container " + r.Containers[0] + ", which runs now, and it " + has + again
	}
	return "restarts its containers " + strings.Join(r.Containers, ", ") + ", which run now, and they " + have + again
}

// losesWords says what becomes of pods whose secret is removed.
func losesWords(pods int) string {
	if pods == 1 {
		return "1 pod names it: it is not restarted, but pulls without it from now on"
	}
	return count(pods, "pod") + " name it: they are not restarted, but pull without it from now on"
}

func evictedBefore(pods int) string {
	if pods == 1 {
		return "1 pod that fix evicted: its owner has made a new one"
	}
	return count(pods, "pod") + " that fix evicted: their owner has made new ones"
}

// NewUndoList makes the document of records.
func NewUndoList(now time.Time, records []mend.Record, unreadable []error, more bool) v1alpha1.UndoList {
	doc := v1alpha1.UndoList{Document: v1alpha1.Head(v1alpha1.KindUndoList), Time: now.UTC(), Records: []v1alpha1.FixRecord{}, Unreadable: []string{}, More: more}
	for _, r := range records {
		doc.Records = append(doc.Records, record(r))
	}
	for _, err := range unreadable {
		doc.Unreadable = append(doc.Unreadable, clean(err.Error()))
	}
	return doc
}

func record(r mend.Record) v1alpha1.FixRecord {
	return v1alpha1.FixRecord{
		ID: clean(r.ID), Namespace: clean(r.Namespace), Time: r.Time.UTC(), Target: clean(r.Target), Cause: clean(r.Cause), Remedy: clean(r.Remedy),
		Title: clean(r.Title), State: v1alpha1.RecordState(r.State),
	}
}

// UndoText writes what undo would do.
func UndoText(w io.Writer, u v1alpha1.Undo, style Style) error {
	s := newSheet(style)
	r := u.Record
	s.hang("", plain, 2, painted("Undo "+r.ID+":", bold), normal(r.Target+" in namespace "+r.Namespace))
	s.blank()
	title := "fix of " + r.Cause
	if r.Title != "" {
		title += ": " + r.Title
	}
	s.field("Was", title)
	s.field("When", s.clock(r.Time, u.Time, "15:04:05")+", "+stateWords(r.State))
	if r.State != v1alpha1.RecordPreparing {
		for _, c := range u.Changes {
			s.back(c)
		}
	}
	if slices.ContainsFunc(u.Changes, func(c v1alpha1.UndoChange) bool { return c.Standing == v1alpha1.UndoStands }) {
		restarted := s.reaches(u.Changes)
		if r.Cause != "" && r.State != v1alpha1.RecordUndone {
			s.field("Risk", "what is set back failed as "+r.Cause+" before the fix: "+restarted+"pods that are made from now on may fail so again")
		}
	}
	s.list("No undo", u.Irrevocable)
	s.list("Not seen", gapWords(u.NotLookedAt))
	return s.writeTo(w)
}

// reaches says which pods that run are met, and begins the sentence of who may
// fail again with them.
func (s *sheet) reaches(changes []v1alpha1.UndoChange) string {
	// Where something stands in the way nothing is done.
	if slices.ContainsFunc(changes, func(c v1alpha1.UndoChange) bool {
		return c.Standing == v1alpha1.UndoAltered || c.Standing == v1alpha1.UndoLost || c.Standing == v1alpha1.UndoInUse
	}) {
		return ""
	}
	restarted := slices.ContainsFunc(changes, func(c v1alpha1.UndoChange) bool { return c.Restarts > 0 })
	if !restarted {
		s.field("Reach", "restarts no healthy pod")
	}
	met := slices.DeleteFunc(slices.Clone(changes), func(c v1alpha1.UndoChange) bool { return c.Reach == "" })
	for _, c := range met {
		text := c.Reach
		if len(met) > 1 || c.Removes {
			text = c.Object + ": " + text
		}
		s.paragraph(pad("Reach", column), bold, painted(text, yellow))
	}
	if !restarted {
		return ""
	}
	return "what restarts and "
}

// back writes one change of the fix.
func (s *sheet) back(c v1alpha1.UndoChange) {
	what := c.Object + " in namespace " + c.Namespace
	switch c.Standing {
	case v1alpha1.UndoStands:
	case v1alpha1.UndoAsBefore:
		s.field("Change", what+": already as it was")
		return
	case v1alpha1.UndoGone:
		s.field("Change", what+": is no longer there, or was made anew; nothing of the fix is left")
		return
	case v1alpha1.UndoNotOurs:
		s.field("Change", what+": no longer carries the label of this fix; it stays")
		return
	case v1alpha1.UndoInUse:
		s.field("Change", what+": others name it by now: "+strings.Join(c.UsedBy, ", "))
		return
	case v1alpha1.UndoAltered:
		s.field("Change", what+": somebody changed it since")
		s.conflicts(c.Conflicts)
		return
	default:
		s.field("Change", what+": what it held before is no longer kept")
		return
	}
	if c.Removes {
		s.field("Change", "removes "+what)
		return
	}
	s.field("Change", what)
	s.fields(c.Fields, false)
}

// conflicts writes the values of fields that somebody changed since the fix.
func (s *sheet) conflicts(fields []v1alpha1.FieldConflict) {
	for _, f := range fields {
		s.line("@@", cyan, pathWords(f.Path))
		if masks := []string{"", remedy.Mask}; f.Secret && slices.Contains(masks, f.Before) && slices.Contains(masks, f.Set) && slices.Contains(masks, f.Now) {
			s.line(" ", plain, "(secret: none of its three values is shown)")
			continue
		}
		for _, v := range []struct {
			when, value string
			c           color
		}{{"before fix", f.Before, plain}, {"fix set", f.Set, plain}, {"now", f.Now, yellow}} {
			head := strings.Repeat(" ", column+2) + pad(v.when, len("before fix  "))
			s.flow(s.paint(v.c, head), cells(head), cells(head), painted(nonEmpty(v.value, "(none)"), v.c))
		}
	}
}

// UndoneText writes what became of an undo, in the words of a fix.
func UndoneText(w io.Writer, u v1alpha1.Undo, style Style) error {
	s := newSheet(style)
	s.blank()
	switch u.Outcome {
	case v1alpha1.UndoPlanned:
		s.planned(u.DryRun)
	case v1alpha1.UndoUndone:
		if u.Record.State == v1alpha1.RecordPreparing {
			s.paragraph("", plain, painted("Undone:", green), normal("nothing was changed by the fix, which ended before its first change; its record is closed"))
			break
		}
		s.paragraph("", plain, painted("Undone:", green), normal("what the fix changed is as it was before; how its pods do now was not looked at"))
		if kind, name, ok := strings.Cut(u.Record.Target, "/"); ok && u.Record.Cause != "" {
			if command, ok := s.diagnose(v1alpha1.Object{Kind: kind, Namespace: u.Record.Namespace, Name: name}); ok {
				s.verbatim(0, cyan, "-> "+command)
			}
		}
	default:
		s.paragraph("", plain, painted(strings.ToUpper(string(u.Outcome[:1]))+string(u.Outcome[1:])+":", red), normal(u.Why))
	}
	return s.writeTo(w)
}

// UndoListText writes records as a table, one below the other where a line cannot
// take them.
func UndoListText(w io.Writer, l v1alpha1.UndoList, style Style) error {
	s := newSheet(style)
	if len(l.Records) == 0 {
		s.paragraph("", plain, normal("No fix is written down here. Records are kept 7 days after a fix that mended, 30 days after one that broke off."))
	}
	for _, r := range l.Records {
		s.hang("", plain, 2, painted(r.ID, bold), normal(s.clock(r.Time, l.Time, "15:04:05")+", "+stateWords(r.State)))
		s.hang("  ", plain, 2, normal(r.Namespace+" "+r.Target+", "+r.Cause+": "+nonEmpty(r.Title, r.Remedy)))
		if command, ok := s.undo(r.ID, r.Namespace); ok && r.State != v1alpha1.RecordUndone {
			s.verbatim(2, cyan, "-> "+command)
		}
	}
	if l.More {
		s.paragraph("", plain, normal(fmt.Sprintf("There are more than these %d.", len(l.Records))))
	}
	for _, x := range l.Unreadable {
		s.field("Ignored", x)
	}
	return s.writeTo(w)
}

func stateWords(state v1alpha1.RecordState) string {
	switch state {
	case v1alpha1.RecordPreparing:
		return "nothing was changed: it ended before its first change"
	case v1alpha1.RecordWritten:
		return "not ended, or ended on the way"
	case v1alpha1.RecordChanged:
		return "changed, which no pod showed at its end"
	case v1alpha1.RecordGone:
		return "what it changed went away while it was watched"
	case v1alpha1.RecordBroken:
		return "broke off"
	case v1alpha1.RecordStillPulling:
		return "still pulling when its time ran out"
	}
	return string(state)
}
