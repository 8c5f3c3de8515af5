// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"context"
	"crypto/rand"
	"strings"
	"time"

	"github.com/pullmedic/pullmedic/internal/edit"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/internal/remedy"
)

// Reasons of the events that are written on the object that was changed.
const (
	EventFixed   = "PullmedicFixed"
	EventChanged = "PullmedicChanged"
	EventUndone  = "PullmedicUndone"
)

// maxEvent bounds an event's message, in bytes: the API server takes 1024.
const maxEvent = 1000

// Event writes an event on an object, so that whoever looks at it later sees
// what was done. It tells names and titles, and never a value that was changed.
// That it could not be written takes nothing back: the error is one to note.
func (m *Mender) Event(ctx context.Context, on remedy.Object, reason, message string) error {
	at := m.now().UTC().Format(time.RFC3339)
	name := foreign.Cut(on.Name, 200) + ".pullmedic-" + strings.ToLower(rand.Text()[:10])
	_, err := m.edit.Apply(ctx, remedy.Change{
		Object: remedy.Object{APIVersion: "v1", Kind: "Event", Resource: "events", Namespace: on.Namespace, Name: name},
		New: map[string]any{
			"apiVersion": "v1", "kind": "Event",
			"metadata":       map[string]any{"name": name, "namespace": on.Namespace},
			"involvedObject": map[string]any{"apiVersion": on.APIVersion, "kind": on.Kind, "namespace": on.Namespace, "name": on.Name, "uid": on.UID},
			"reason":         reason, "message": foreign.Text(message, maxEvent), "type": "Normal", "count": int64(1),
			"firstTimestamp": at, "lastTimestamp": at,
			"source":             map[string]any{"component": edit.Manager},
			"reportingComponent": edit.Manager, "reportingInstance": edit.Manager,
		},
	}, false)
	return err
}

// announce writes the event about what became of a plan; that it could not is a
// note.
func (m *Mender) announce(ctx context.Context, p Plan, r *Result) {
	if len(p.Chosen) == 0 {
		return
	}
	done := p.titles() + " (" + p.Chosen[0].Remedy.Cause + ")"
	var reason, message string
	switch r.Outcome {
	case Mended:
		reason, message = EventFixed, done
		if len(r.Pulled) > 0 {
			message += "; " + strings.Join(r.Pulled, ", ") + " pulled the image"
		}
		if r.Record != "" {
			message += "; kubectl pullmedic undo " + r.Record + " takes it back"
		}
	case Changed:
		reason, message = EventChanged, done+"; "+r.Why
		if r.Record != "" {
			message += "; kubectl pullmedic undo " + r.Record + " takes it back"
		}
	case Undone:
		reason, message = EventUndone, "took back: "+done+"; the new pod failed to pull, too"
		if p.Case.Target.Kind == "Pod" {
			message = "took back: " + done + "; the pod failed to pull again"
		}
		if !strings.HasPrefix(r.Why, "pod/") {
			message = "took back: " + done + "; " + r.Why
		}
	default:
		return
	}
	// What was done is done, even if the person has left by now.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), aroundLimit)
	defer cancel()
	if err := m.Event(ctx, p.Case.Target.Object, reason, message); err != nil {
		r.Notes = append(r.Notes, "no event was written: "+err.Error())
	}
}

// Undone writes the event that a fix was taken back on what it mended, if anything
// was taken back and that is still there. A fix of a secret alone changed another
// object; whoever looks at the workload is to know all the same.
func (m *Mender) Undone(ctx context.Context, u Undo) error {
	if !u.Due() {
		return nil
	}
	on, err := m.mended(ctx, u)
	if err != nil || on.Name == "" {
		return err
	}
	return m.Event(ctx, on, EventUndone, "took back on demand: "+u.Record.Title+" ("+u.Record.Cause+")")
}

// mended is the object that a record's fix mended, without a name if it is gone.
func (m *Mender) mended(ctx context.Context, u Undo) (remedy.Object, error) {
	for _, b := range u.Backs {
		if b.Standing == Stands && b.Object.String() == u.Record.Target {
			return b.Object, nil
		}
	}
	for kind, known := range kinds {
		name, ok := strings.CutPrefix(u.Record.Target, strings.ToLower(kind)+"/")
		if !ok || !isName(name) {
			continue
		}
		o := remedy.Object{APIVersion: known.apiVersion, Kind: kind, Resource: known.resource, Namespace: u.Record.Namespace, Name: name}
		live, err := m.edit.Get(ctx, o)
		if edit.ReasonOf(err) == edit.NotFound {
			return remedy.Object{}, nil
		}
		if err != nil {
			return remedy.Object{}, err
		}
		o.UID = string(live.GetUID())
		return o, nil
	}
	return remedy.Object{}, nil
}
