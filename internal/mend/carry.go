// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"context"
	"fmt"
	"slices"
	"time"

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
	Refused      Outcome = "refused"       // nothing was changed
	Broken       Outcome = "broken"        // a write failed on the way; Err says which, undo takes the rest back
)

// A Result is what came of a plan.
type Result struct {
	Outcome Outcome
	// Seconds from the first write until the first pod had pulled.
	Took time.Duration
	// Pods that pulled, by name, and how many are still to.
	Pulled []string
	Left   int
	// Next is what fails now, after the pull: "CrashLoopBackOff".
	Next string
	// Why it failed, was undone or is not done yet.
	Why string
	// Notes are what went by the way and matters to few.
	Notes []string
	Err   error
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
	if recorded && len(p.Changes) > 0 {
		if err := m.write(ctx, p); err != nil {
			return Result{Outcome: Refused, Err: err, Why: err.Error()}
		}
		tell("wrote down how to undo it: " + p.ID)
	}
	w := newWatcher(m, p)
	for i, c := range p.Changes {
		if _, err := m.edit.Apply(ctx, c, false); err != nil {
			return m.broken(ctx, p, i, err, tell)
		}
		if c.Creates() {
			tell("made " + c.Object.String())
		} else {
			tell("changed " + c.Object.String())
		}
	}
	rest := p.Evict
	if len(rest) > 0 {
		if err := m.evict(ctx, rest[0], tell); err != nil {
			return m.broken(ctx, p, len(p.Changes), err, tell)
		}
		rest = rest[1:]
	}
	r := w.wait(ctx, timeout, tell, func() {
		for _, pod := range rest {
			if err := m.evict(ctx, pod, tell); err != nil {
				tell(err.Error())
			}
		}
	})
	if !w.first.IsZero() {
		r.Took = w.first.Sub(began)
	}
	if r.Outcome == Undone {
		if err := m.back(ctx, p, len(p.Changes), tell); err != nil {
			r.Outcome, r.Err = Broken, err
		}
	}
	m.announce(ctx, p, &r, recorded)
	return r
}

func (m *Mender) evict(ctx context.Context, pod Pod, tell Tell) error {
	err := m.edit.Evict(ctx, pod.Namespace, pod.Name, pod.UID, false)
	if err == nil {
		tell("evicted pod/" + pod.Name)
	}
	if r := edit.ReasonOf(err); r == edit.NotFound || r == edit.Changed {
		return nil // gone already, or another of that name
	}
	return err
}

// broken takes back what was done when a write fails on the way.
func (m *Mender) broken(ctx context.Context, p Plan, done int, err error, tell Tell) Result {
	r := Result{Outcome: Refused, Err: err, Why: err.Error()}
	if back := m.back(ctx, p, done, tell); back != nil {
		r.Outcome, r.Err = Broken, fmt.Errorf("%w; and taking the rest back: %w", err, back)
	}
	return r
}

// back takes the first changes of a plan back, the last first.
func (m *Mender) back(ctx context.Context, p Plan, done int, tell Tell) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	for _, c := range slices.Backward(p.Changes[:done]) {
		if err := m.takeBack(ctx, p.ID, c); err != nil {
			return err
		}
		tell("took back " + c.Object.String())
	}
	return nil
}

// takeBack undoes one change: what was made is removed, if it is still ours.
func (m *Mender) takeBack(ctx context.Context, id string, c remedy.Change) error {
	if !c.Creates() {
		_, err := m.edit.Apply(ctx, c.Inverse(), false)
		return err
	}
	live, err := m.edit.Get(ctx, c.Object)
	if edit.ReasonOf(err) == edit.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	if live.GetLabels()[labelRecord] != id {
		return fmt.Errorf("%s was made by somebody else; it stays", c.Object)
	}
	o := c.Object
	o.UID = string(live.GetUID())
	return m.edit.Delete(ctx, o)
}
