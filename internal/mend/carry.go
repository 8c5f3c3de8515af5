// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/pullmedic/pullmedic/internal/edit"
	"github.com/pullmedic/pullmedic/internal/remedy"
)

// An Outcome says how a plan ended.
type Outcome string

// The outcomes.
const (
	Mended       Outcome = "mended"        // the kubelet pulled the image
	Undone       Outcome = "undone"        // a new pod failed to pull, and the change was taken back
	StillPulling Outcome = "still-pulling" // time ran out; nothing was taken back
	Changed      Outcome = "changed"       // the change was made, and no pod runs now that would show it
	TargetGone   Outcome = "gone"          // what was changed was removed, or ended, while it was watched
	Refused      Outcome = "refused"       // nothing was changed
	Broken       Outcome = "broken"        // a write failed on the way, or whether it was made is not known; Err says which, undo takes the rest back
)

// A Result is what came of a plan.
type Result struct {
	Outcome Outcome
	// Seconds from the first write until the first pod had pulled.
	Took time.Duration
	// Pods that pulled, by name, and how many are still to.
	Pulled []string
	Left   int
	// Served are the pods that had what is wanted all the time, where none had to
	// pull: what failed was taken away.
	Served int
	// Next is what fails now, after the pull: "CrashLoopBackOff".
	Next string
	// CountsFrom is when a change counts that no pod shows yet, zero if that is not
	// known.
	CountsFrom time.Time
	// Then is what a person has to do besides.
	Then []remedy.Step
	// Why it failed, was undone or is not done yet.
	Why string
	Err error
	// Notes are what went by the way and matters to few.
	Notes []string
	// Record is the id by which undo takes the changes back, "" if there is
	// nothing to take back or nothing was written down.
	Record string
	// removed: the target is no longer there.
	removed bool
}

// A Tell hears what happens while it happens.
type Tell func(what string)

// Carry carries a plan out that was checked. recorded is false where the person
// wants no undo.
func (m *Mender) Carry(ctx context.Context, p Plan, recorded bool, timeout time.Duration, tell Tell) Result {
	if !p.Ready() {
		return Result{Outcome: Refused, Err: errNothing, Why: errNothing.Error()}
	}
	began := m.now()
	var record Record
	if recorded && len(p.Changes) > 0 {
		var err error
		if record, err = m.write(ctx, p); err != nil {
			return Result{Outcome: Refused, Err: err, Why: err.Error()}
		}
		p.ID = record.ID // objects that are made carry it
		tell("wrote down how to undo it: " + p.ID)
	}
	r := m.carry(ctx, p, began, timeout, tell)
	if record.ID != "" {
		m.close(ctx, p, record, &r, tell)
	}
	m.announce(ctx, p, &r)
	return r
}

func (m *Mender) carry(ctx context.Context, p Plan, began time.Time, timeout time.Duration, tell Tell) Result {
	w := newWatcher(m, p, tell)
	w.begin(ctx)
	for i, c := range p.Changes {
		if err := ctx.Err(); err != nil { // what is not sent is not made
			return m.broken(ctx, p, i, -1, errors.New("interrupted before "+c.Object.String()+" was written"), tell)
		}
		if err := m.apply(ctx, labelled(c, p.ID), tell); err != nil {
			return m.broken(ctx, p, i+1, i, err, tell)
		}
		if c.Creates() {
			tell("made " + c.Object.String())
		} else {
			tell("changed " + c.Object.String())
		}
		m.taken(ctx, p, c)
	}
	if _, err := w.next(ctx); err != nil { // one first
		return m.broken(ctx, p, len(p.Changes), -1, err, tell)
	}
	var refused []string
	r := w.wait(ctx, timeout, func() {
		for more := true; more; {
			var err error
			if more, err = w.next(ctx); err != nil {
				tell(err.Error())
				refused = append(refused, err.Error())
			}
		}
	})
	refused = append(w.spared, refused...)
	if len(refused) > 0 && r.Outcome == Mended && r.Left > 0 { // they fail on, as they are
		r.Outcome, r.Why, refused = StillPulling, refused[0], refused[1:]
	}
	r.Notes = append(r.Notes, refused...)
	if !w.first.IsZero() {
		r.Took = w.first.Sub(began)
	}
	if r.Outcome == Undone {
		if err := m.back(ctx, p, len(p.Changes), -1, tell); err != nil {
			r.Outcome, r.Err, r.Why = Broken, err, r.Why+"; and taking it back: "+err.Error()
		}
	}
	return r
}

// close tells the record how the plan ended, or removes it where nothing is left
// to undo, and removes old ones of the namespace. That the user interrupted does
// not keep it from being done.
func (m *Mender) close(ctx context.Context, p Plan, record Record, r *Result, tell Tell) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closing)
	defer cancel()
	left := r.Outcome != Undone && r.Outcome != Refused
	if r.removed { // then undo finds nothing, unless more was changed
		left = slices.ContainsFunc(p.Changes, func(c remedy.Change) bool { return !p.isTarget(c.Object) })
	}
	switch {
	case left:
		r.Record = record.ID
		m.mark(ctx, record, State(r.Outcome), tell)
	case !m.forget(ctx, record, tell):
		m.mark(ctx, record, State(Undone), tell)
	}
	if _, err := m.Prune(ctx, record.Namespace); err != nil {
		r.Notes = append(r.Notes, "old records of former fixes stay: "+err.Error())
	}
}

// labelled is a change whose object, if it is made, carries the record's id.
func labelled(c remedy.Change, id string) remedy.Change {
	if !c.Creates() {
		return c
	}
	o := unstructured.Unstructured{Object: runtime.DeepCopyJSON(c.New)}
	labels := o.GetLabels()
	if labels == nil {
		labels = map[string]string{}
	}
	labels[labelManaged], labels[labelRecord] = edit.Manager, id
	o.SetLabels(labels)
	c.New = o.Object
	return c
}

// broken takes back what was done when a write fails on the way: the first done
// changes; of the unsure one it is not known whether it is among them. Where no
// answer to that came, and it does not show either, it may still be made: such a plan
// is none that changed nothing, and its record stays.
func (m *Mender) broken(ctx context.Context, p Plan, done, unsure int, err error, tell Tell) Result {
	r := Result{Outcome: Refused}
	late := AsBefore
	if unsure >= 0 && edit.Unsure(err) {
		c := p.Changes[unsure]
		tell("whether " + c.Object.String() + " was written is not known; looking at it")
		if late = m.settled(ctx, p.ID, c); late == "" {
			r.Outcome, err = Broken, fmt.Errorf("%w; %s does not show it so far, and may yet: look again in a minute", err, c.Object)
		}
	}
	back := m.back(ctx, p, done, unsure, tell)
	switch {
	case back != nil:
		r.Outcome, err = Broken, fmt.Errorf("%w; and taking the rest back: %w", err, back)
	case late == Stands:
		err = fmt.Errorf("%w; it was, and was taken back", err)
	}
	r.Err, r.Why = err, err.Error()
	return r
}

// settled is how a change stands that was sent and not answered, once that is sure:
// it is there, or it cannot come any more, since the object is not what it expects.
// "" if neither shows in so many looks.
func (m *Mender) settled(ctx context.Context, id string, c remedy.Change) Standing {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closing)
	defer cancel()
	for range settleLooks {
		b, err := m.weighOwn(ctx, id, c)
		if waits := b.Standing == AsBefore || b.Standing == Gone && c.Creates(); err == nil && !waits {
			return b.Standing
		}
		pause(ctx, m.poll)
	}
	return ""
}

// back takes the first changes of a plan back, the last first: as far as they
// were made, and nobody has touched them since. Of the unsure one it is not known
// whether it was made; if somebody else changed the object, it was not.
func (m *Mender) back(ctx context.Context, p Plan, done, unsure int, tell Tell) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closing)
	defer cancel()
	for i, c := range slices.Backward(p.Changes[:done]) {
		b, err := m.weighOwn(ctx, p.ID, c)
		if err == nil && i == unsure && b.Standing == Altered {
			continue
		}
		if err == nil {
			err = Undo{Backs: []Back{b}}.stuck()
		}
		if err == nil {
			err = m.takeBack(ctx, b, tell)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// weighOwn compares a change of a plan that is carried out with what is there.
func (m *Mender) weighOwn(ctx context.Context, id string, c remedy.Change) (Back, error) {
	k := keep(c)
	return m.weigh(ctx, id, k, func(edit int) (hiddenValue, bool) { return hiddenValue{k.Edits[edit].Old, k.Edits[edit].New}, true })
}

// closing bounds what is done after a plan, even if the user interrupted it.
const closing = 30 * time.Second
