// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend_test

import (
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/internal/cluster/clustertest"
	"github.com/pullmedic/pullmedic/internal/mend"
	"github.com/pullmedic/pullmedic/internal/remedy"
	"github.com/pullmedic/pullmedic/internal/verify"
)

func quiet(string) {}

func image(t *testing.T, s *clustertest.Server) string {
	t.Helper()
	d, ok := s.Object("deployments", "shop", "api").(*appsv1.Deployment)
	if !ok {
		t.Fatal("the deployment is gone")
	}
	return d.Spec.Template.Spec.Containers[0].Image
}

// rollsTo has the newest pod removed and a new one made, as controllers do when the
// template changes; it is in the state given.
func rollsTo(b bench, image string, state corev1.ContainerState) {
	b.server.React(func(w clustertest.Write) {
		if w.Verb == "patch" && w.Resource == "deployments" {
			b.server.Remove("pods", "shop", "api-2-x")
			b.server.Put(pod("api-3-x", "api-3", image, state))
		}
	})
}

func TestGoesBackToTheRevisionThatServesAndIsMendedWhenPulled(t *testing.T) {
	b := newBench(t, seer{map[string]bool{good: true}}, deployment()...)
	p := b.plan(t, remedy.Options{})
	if !p.Ready() || p.Chosen[0].Remedy.ID != "previous-image" || p.Chosen[0].Remedy.Image != good {
		t.Fatalf("chose %+v", p.Chosen)
	}
	if p.Proof != verify.Proven {
		t.Fatalf("proof is %s: %+v", p.Proof, p.Result.Answers)
	}
	if err := b.Check(t.Context(), p, true); err != nil {
		t.Fatal(err)
	}
	if got := image(t, b.server); got != bad {
		t.Fatalf("the dry run changed the image to %s", got)
	}
	rollsTo(b, good, corev1.ContainerState{Running: &corev1.ContainerStateRunning{}})
	r := b.Carry(t.Context(), p, true, time.Minute, quiet)
	if r.Outcome != mend.Mended || len(r.Pulled) == 0 {
		t.Fatalf("got %+v", r)
	}
	if got := image(t, b.server); got != good {
		t.Errorf("the image is %s", got)
	}
}

func TestAPulledImageIsMendedEvenIfTheContainerThenEnds(t *testing.T) {
	b := newBench(t, seer{map[string]bool{good: true}}, deployment()...)
	p := b.plan(t, remedy.Options{})
	rollsTo(b, good, corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}})
	b.server.Remove("pods", "shop", "api-1-x")
	r := b.Carry(t.Context(), p, true, time.Minute, quiet)
	if r.Outcome != mend.Mended || r.Next != "CrashLoopBackOff" {
		t.Fatalf("got %+v", r)
	}
}

func TestAFailedPullOfTheNewPodTakesTheChangeBack(t *testing.T) {
	b := newBench(t, seer{map[string]bool{good: true}}, deployment()...)
	p := b.plan(t, remedy.Options{})
	rollsTo(b, good, corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ErrImagePull", Message: "manifest unknown: not found"}})
	r := b.Carry(t.Context(), p, true, time.Minute, quiet)
	if r.Outcome != mend.Undone || !strings.Contains(r.Why, "not found") {
		t.Fatalf("got %+v", r)
	}
	if got := image(t, b.server); got != bad {
		t.Errorf("the image is %s, want the former %s", got, bad)
	}
}

func TestTimeThatRunsOutTakesNothingBack(t *testing.T) {
	b := newBench(t, seer{map[string]bool{good: true}}, deployment()...)
	p := b.plan(t, remedy.Options{})
	b.server.Remove("pods", "shop", "api-1-x")
	rollsTo(b, good, corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ContainerCreating"}})
	r := b.Carry(t.Context(), p, true, 50*time.Millisecond, quiet)
	if r.Outcome != mend.StillPulling {
		t.Fatalf("got %+v", r)
	}
	if got := image(t, b.server); got != good {
		t.Errorf("the image is %s: it was taken back", got)
	}
}

func TestWhatWouldNotHelpIsDisproved(t *testing.T) {
	b := newBench(t, seer{}, deployment()...)
	if p := b.plan(t, remedy.Options{}); p.Proof != verify.Disproved {
		t.Errorf("proof is %s", p.Proof)
	}
}

func TestARightThatIsMissingIsSaidBeforeAnythingIsTouched(t *testing.T) {
	for deny, want := range map[string]string{
		"patch deployments shop": "patch deployments.apps in namespace shop",
		"create configmaps shop": "create configmaps in namespace shop; nothing was changed; ask for that right",
	} {
		b := newBench(t, seer{map[string]bool{good: true}}, deployment()...)
		b.server.Deny(deny)
		p := b.plan(t, remedy.Options{})
		err := b.Check(t.Context(), p, true)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q in it", deny, err, want)
		}
		if writes := b.server.Writes(); len(writes) > 0 {
			t.Errorf("%s: written %v", deny, writes)
		}
	}
}

func TestAnEditInBetweenIsNotOverwritten(t *testing.T) {
	b := newBench(t, seer{map[string]bool{good: true}}, deployment()...)
	p := b.plan(t, remedy.Options{})
	d := b.server.Object("deployments", "shop", "api").(*appsv1.Deployment)
	d.Generation++
	d.Spec.Replicas = new(int32(7))
	b.server.Put(d)
	r := b.Carry(t.Context(), p, true, time.Minute, quiet)
	if r.Outcome != mend.Refused || !strings.Contains(r.Why, "changed by somebody else") {
		t.Fatalf("got %+v", r)
	}
	if got := image(t, b.server); got != bad {
		t.Errorf("the image is %s", got)
	}
}

// A rollback to what serves needs no answer of a registry, nor of a node.
func TestWhatServesAlreadyIsProvenWithoutAsking(t *testing.T) {
	b := newBench(t, blind{}, deployment()...)
	p := b.plan(t, remedy.Options{})
	if p.Proof != verify.Proven || !strings.Contains(p.ProvenBy, "none has to pull it") {
		t.Errorf("proof is %s, %q", p.Proof, p.ProvenBy)
	}
	b.server.Remove("pods", "shop", "api-1-x")
	if p := b.plan(t, remedy.Options{}); p.Proof != verify.NotProven {
		t.Errorf("without the pod that serves, proof is %s, %q", p.Proof, p.ProvenBy)
	}
}
