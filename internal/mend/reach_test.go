// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend_test

import (
	"slices"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster/clustertest"
	"github.com/pullmedic/pullmedic/internal/mend"
	"github.com/pullmedic/pullmedic/internal/remedy"
)

// undone is what undo would do after a fix that mended the deployment.
func undone(t *testing.T, b bench, deny ...string) mend.Undo {
	t.Helper()
	p := b.plan(t, remedy.Options{})
	rollsTo(b, good, runs)
	r := b.Carry(t.Context(), p, true, time.Minute, quiet)
	if r.Outcome != mend.Mended {
		t.Fatalf("got %+v", r)
	}
	d := b.server.Object("deployments", "shop", "api").(*appsv1.Deployment)
	d.Status.ReadyReplicas = 2
	b.server.Put(d)
	b.server.Deny(deny...)
	record, err := b.Record(t.Context(), "shop", r.Record)
	if err != nil {
		t.Fatal(err)
	}
	u, err := b.PlanUndo(t.Context(), record)
	if err != nil || len(u.Backs) != 1 || u.Backs[0].Standing != mend.Stands {
		t.Fatalf("got %+v, %v", u, err)
	}
	return u
}

func TestUndoCountsTheReadyPodsThatItsRolloutReplaces(t *testing.T) {
	u := undone(t, newBench(t, seer{map[string]bool{good: true}}, deployment()...))
	if got := u.Backs[0].Reach; got.Restarts != 2 || got.Wanted != 1 || len(got.Containers) > 0 || len(u.NotLookedAt) > 0 {
		t.Errorf("got %+v, not looked at %+v", got, u.NotLookedAt)
	}
	if at := slices.IndexFunc(u.Backs[0].Edits, func(e remedy.Edit) bool { return e.Label == "container api: image" }); at < 0 || u.Backs[0].Edits[at].New != bad {
		t.Errorf("no edit is labelled as what it is: %v", u.Backs[0].Edits)
	}
}

// What the Deployment says of itself is counted then.
func TestUndoCountsOnWhereItsPodsMayNotBeListed(t *testing.T) {
	u := undone(t, newBench(t, seer{map[string]bool{good: true}}, deployment()...), "list pods")
	if got := u.Backs[0].Reach; got.Restarts != 2 || len(u.NotLookedAt) != 1 || u.NotLookedAt[0].Why == "" {
		t.Errorf("got %+v, not looked at %+v", got, u.NotLookedAt)
	}
}

func TestUndoOfAFixOfABarePodTellsOfItsRestart(t *testing.T) {
	p := pod("bare", "", bad, corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff", Message: `Back-off pulling image "` + bad + `": not found`}})
	p.OwnerReferences = nil
	b := newBench(t, seer{map[string]bool{good: true}}, p)
	d := sick()
	d.Pull.Pod, d.Pull.Owner, d.Pull.Via = "bare", evidence.Object{}, nil
	plans, err := b.Plan(t.Context(), []diagnosis.Diagnosis{d}, remedy.Options{To: good})
	if err != nil || len(plans) != 1 || !plans[0].Ready() {
		t.Fatalf("got %+v, %v", plans, err)
	}
	b.server.React(func(w clustertest.Write) {
		if w.Verb == "patch" && w.Resource == "pods" {
			healed := pod("bare", "", good, runs)
			healed.OwnerReferences = nil
			b.server.Put(healed)
		}
	})
	r := b.Carry(t.Context(), plans[0], true, time.Minute, quiet)
	record, err := b.Record(t.Context(), "shop", r.Record)
	if err != nil {
		t.Fatalf("%+v, %v", r, err)
	}
	u, err := b.PlanUndo(t.Context(), record)
	if err != nil || len(u.Backs) != 1 {
		t.Fatalf("got %+v, %v", u, err)
	}
	if got := u.Backs[0].Reach; got.Restarts != 1 || !slices.Equal(got.Containers, []string{"api"}) {
		t.Errorf("got %+v of %+v", got, u.Backs[0])
	}
}
