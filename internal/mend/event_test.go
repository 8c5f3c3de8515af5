// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend_test

import (
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/internal/mend"
	"github.com/pullmedic/pullmedic/internal/remedy"
)

// event is the one that was written about the Deployment, nil for none.
func event(b bench) *corev1.Event {
	for _, w := range b.server.Writes() {
		if w.Resource == "events" && !w.Dry {
			e, _ := b.server.Object("events", "shop", w.Name).(*corev1.Event)
			return e
		}
	}
	return nil
}

func TestWhatWasDoneStandsInAnEventOnTheOwner(t *testing.T) {
	for name, c := range map[string]struct {
		state  corev1.ContainerState
		reason string
		says   []string
	}{
		"mended": {corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}, mend.EventFixed,
			[]string{"Set container api back to " + good, "(TagNotFound); api-3-x pulled the image; kubectl pullmedic undo ", " takes it back"}},
		"undone": {corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ErrImagePull", Message: "pulling " + good + ": not found"}}, mend.EventUndone,
			[]string{"took back: Set container api back to " + good, "the new pod failed to pull, too"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, seer{map[string]bool{good: true}}, deployment()...)
			rollsTo(b, good, c.state)
			r := b.Carry(t.Context(), b.plan(t, remedy.Options{}), true, time.Minute, quiet)
			e := event(b)
			if e == nil {
				t.Fatalf("no event; %+v", r)
			}
			if e.Reason != c.reason || e.Type != "Normal" || e.InvolvedObject.Kind != "Deployment" || e.InvolvedObject.Name != "api" || e.InvolvedObject.UID != "d1" || e.Source.Component != "pullmedic" {
				t.Errorf("got %+v", e)
			}
			for _, want := range c.says {
				if !strings.Contains(e.Message, want) {
					t.Errorf("%q is not in %q", want, e.Message)
				}
			}
		})
	}
}

func TestWithoutTheRightToEventsItIsMendedAllTheSame(t *testing.T) {
	b := newBench(t, seer{map[string]bool{good: true}}, deployment()...)
	b.server.Deny("create events")
	rollsTo(b, good, corev1.ContainerState{Running: &corev1.ContainerStateRunning{}})
	r := b.Carry(t.Context(), b.plan(t, remedy.Options{}), true, time.Minute, quiet)
	if r.Outcome != mend.Mended || len(r.Notes) != 1 || !strings.HasPrefix(r.Notes[0], "no event was written: you may not create events in namespace shop") {
		t.Errorf("got %+v", r)
	}
}

func TestARemedyIsChosenByItsID(t *testing.T) {
	b := newBench(t, seer{map[string]bool{good: true}}, deployment()...)
	p := b.plan(t, remedy.Options{With: "set-image"})
	if p.Ready() || p.Others[0].ID != "set-image" {
		t.Errorf("one that needs a flag: chose %+v, others %+v", p.Chosen, p.Others)
	}
	if p = b.plan(t, remedy.Options{With: "previous-image"}); !p.Ready() || p.Chosen[0].Remedy.ID != "previous-image" {
		t.Errorf("chose %+v", p.Chosen)
	}
}

func TestAnUndoOnDemandStandsInAnEvent(t *testing.T) {
	b := newBench(t, seer{map[string]bool{good: true}}, deployment()...)
	rollsTo(b, good, corev1.ContainerState{Running: &corev1.ContainerStateRunning{}})
	b.server.Deny("create events")
	r := b.Carry(t.Context(), b.plan(t, remedy.Options{}), true, time.Minute, quiet)
	record, err := b.Record(t.Context(), "shop", r.Record)
	if err != nil {
		t.Fatal(err)
	}
	u, err := b.PlanUndo(t.Context(), record)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Undone(t.Context(), u); err == nil || !strings.Contains(err.Error(), "you may not create events") {
		t.Errorf("got %v", err)
	}
	b = newBench(t, seer{}, deployment()...)
	if err := b.Undone(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	if e := event(b); e == nil || e.Reason != mend.EventUndone || e.InvolvedObject.Name != "api" || !strings.HasPrefix(e.Message, "took back on demand: Set container api back to ") {
		t.Errorf("got %+v", e)
	}
}

// A fix of a secret and a service account leaves the workload as it is.
func TestAnUndoOfASecretStandsInAnEventOnTheWorkload(t *testing.T) {
	for name, c := range map[string]struct {
		gone bool
		want string
	}{
		"as it is": {false, "api"},
		"gone":     {true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b, id := madeSecret(t)
			d := b.server.Object("deployments", "shop", "api").(*appsv1.Deployment)
			d.Spec.Template.Spec.ImagePullSecrets = nil // as before the fix: nothing is taken back there
			b.server.Put(d)
			u := planUndo(t, b, id)
			if err := b.CarryUndo(t.Context(), u, quiet); err != nil {
				t.Fatal(err)
			}
			if c.gone {
				b.server.Remove("deployments", "shop", "api")
			}
			if err := b.Undone(t.Context(), u); err != nil {
				t.Fatal(err)
			}
			switch e := event(b); {
			case c.want == "":
				if e != nil {
					t.Errorf("an event about what is gone: %+v", e)
				}
			case e == nil || e.Reason != mend.EventUndone || e.InvolvedObject.Kind != "Deployment" || e.InvolvedObject.Name != c.want || e.InvolvedObject.UID != "d1" || !strings.Contains(e.Message, "took back on demand: Make secret hub-2 (CredentialsMissing)"):
				t.Errorf("got %+v", e)
			}
		})
	}
	b, id := madeSecret(t)
	u := planUndo(t, b, id)
	for i := range u.Backs {
		u.Backs[i].Standing = mend.AsBefore
	}
	if err := b.Undone(t.Context(), u); err != nil || event(b) != nil {
		t.Errorf("nothing was taken back: %v, %+v", err, event(b))
	}
}
