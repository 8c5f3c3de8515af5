// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/pullmedic/pullmedic/internal/cluster/clustertest"
	"github.com/pullmedic/pullmedic/internal/mend"
	"github.com/pullmedic/pullmedic/internal/remedy"
)

func TestWhatSomebodyChangedSinceIsToldWithItsThreeValues(t *testing.T) {
	b := newBench(t, seer{map[string]bool{good: true}}, deployment()...)
	p := b.plan(t, remedy.Options{})
	rollsTo(b, good, runs)
	r := b.Carry(t.Context(), p, true, time.Minute, quiet)
	if r.Outcome != mend.Mended {
		t.Fatalf("got %+v", r)
	}
	const theirs = "registry.acme.example/acme/api:1.28.0"
	d := b.server.Object("deployments", "shop", "api").(*appsv1.Deployment)
	d.Spec.Template.Spec.Containers[0].Image = theirs
	b.server.Put(d)
	record, err := b.Record(t.Context(), "shop", r.Record)
	if err != nil {
		t.Fatal(err)
	}
	u, err := b.PlanUndo(t.Context(), record)
	if err != nil || len(u.Backs) != 1 || u.Backs[0].Standing != mend.Altered || len(u.Backs[0].Conflicts) != 1 {
		t.Fatalf("got %+v, %v", u, err)
	}
	c := u.Backs[0].Conflicts[0]
	if c.Path != "/spec/template/spec/containers/0/image" || c.Before != bad || c.Set != good || c.Now != theirs {
		t.Errorf("%s was %v, set to %v, is %v", c.Path, c.Before, c.Set, c.Now)
	}
	if text := fmt.Sprintf("%v %+v", c, u); strings.Contains(text, theirs) {
		t.Errorf("printing it shows a value: %s", text)
	}
	if err := u.Blocked(); err == nil || !strings.Contains(err.Error(), "somebody changed /spec/template/spec/containers/0/image of deployment/api since, so nothing was undone") {
		t.Errorf("got %v", err)
	}
}

// withEnv is the deployment with a variable that has one value now, and another in the
// revision that ran.
func withEnv(now, before string) []runtime.Object {
	all := deployment()
	env := func(template *corev1.PodTemplateSpec, value string) {
		template.Spec.Containers[0].Env = []corev1.EnvVar{{Name: "CACHE", Value: value}}
	}
	env(&all[0].(*appsv1.Deployment).Spec.Template, now)
	env(&all[1].(*appsv1.ReplicaSet).Spec.Template, before)
	env(&all[2].(*appsv1.ReplicaSet).Spec.Template, now)
	return all
}

// goneBack is the record of a fix that went back to the whole earlier template.
func goneBack(t *testing.T, b bench) mend.Result {
	t.Helper()
	p := b.plan(t, remedy.Options{With: "rollout-undo"})
	rollsTo(b, good, runs)
	r := b.Carry(t.Context(), p, true, time.Minute, quiet)
	if r.Outcome != mend.Mended {
		t.Fatalf("got %+v", r)
	}
	b.server.React(func(clustertest.Write) {})
	return r
}

func planUndo(t *testing.T, b bench, id string) mend.Undo {
	t.Helper()
	record, err := b.Record(t.Context(), "shop", id)
	if err != nil {
		t.Fatal(err)
	}
	u, err := b.PlanUndo(t.Context(), record)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// A place in a list is whose it was when fix wrote there, or nobody's.
func TestUndoWritesToNoPlaceThatIsSomebodyElsesNow(t *testing.T) {
	b := newBench(t, seer{map[string]bool{good: true}}, withEnv("false", "true")...)
	r := goneBack(t, b)
	stale := planUndo(t, b, r.Record) // looked at before somebody else writes
	d := b.server.Object("deployments", "shop", "api").(*appsv1.Deployment)
	if got := d.Spec.Template.Spec.Containers[0].Env[0].Value; got != "true" {
		t.Fatalf("fix left CACHE=%s", got)
	}
	d.Spec.Template.Spec.Containers[0].Env = append([]corev1.EnvVar{{Name: "AUTH_REQUIRED", Value: "true"}}, d.Spec.Template.Spec.Containers[0].Env...)
	b.server.Put(d)
	u := planUndo(t, b, r.Record)
	if c := u.Backs[0].Conflicts; u.Backs[0].Standing != mend.Altered || len(c) != 1 || c[0].Path != "/spec/template/spec/containers/0/env/0/name" || c[0].Now != "AUTH_REQUIRED" {
		t.Errorf("got %s, %+v", u.Backs[0].Standing, c)
	}
	for name, u := range map[string]mend.Undo{"looked at afterwards": u, "looked at before": stale} {
		if err := b.CarryUndo(t.Context(), u, quiet); err == nil {
			t.Errorf("%s: it is undone", name)
		}
	}
	env := b.server.Object("deployments", "shop", "api").(*appsv1.Deployment).Spec.Template.Spec.Containers[0].Env
	if len(env) != 2 || env[0].Value != "true" || env[1].Value != "true" {
		t.Errorf("the variables are %+v", env)
	}
}

// The values of a variable are not shown, so that whoever undoes has to know that the
// record is the one that fix wrote.
func TestUndoWithoutAnIDSetsNothingThatIsNotShown(t *testing.T) {
	b := newBench(t, seer{map[string]bool{good: true}}, withEnv("false", "true")...)
	r := goneBack(t, b)
	u := planUndo(t, b, "")
	if err := u.Blocked(); u.Record.ID != r.Record || err == nil || !strings.Contains(err.Error(), "sets /spec/template/spec/containers/0/env/0/value of deployment/api to what is not shown") || !strings.Contains(err.Error(), "undo "+r.Record+" takes it back") {
		t.Errorf("record %s: %v", u.Record.ID, err)
	}
	if u.Backs[0].Standing != mend.Stands || u.Backs[0].Reach.Restarts == 0 {
		t.Errorf("what it would do is not told: %+v", u.Backs[0])
	}
	if err := b.CarryUndo(t.Context(), u, quiet); err == nil {
		t.Error("it is undone")
	}
	u = planUndo(t, b, r.Record)
	if err := errors.Join(b.CheckUndo(t.Context(), u), b.CarryUndo(t.Context(), u, quiet)); err != nil {
		t.Fatal(err)
	}
	d := b.server.Object("deployments", "shop", "api").(*appsv1.Deployment)
	if c := d.Spec.Template.Spec.Containers[0]; c.Image != bad || c.Env[0].Value != "false" {
		t.Errorf("it left %+v", c)
	}
}

// Where nothing is hidden no ID is needed. A record whose time has not come yet is
// not the newest.
func TestUndoWithoutAnIDTakesTheNewest(t *testing.T) {
	b := newBench(t, seer{map[string]bool{good: true}}, deployment()...)
	p := b.plan(t, remedy.Options{})
	rollsTo(b, good, runs)
	r := b.Carry(t.Context(), p, true, time.Minute, quiet)
	p.Case.Now = now().AddDate(1, 0, 0)
	b.server.React(func(clustertest.Write) {})
	if _, err := b.Write(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if all, _, _, err := b.Records(t.Context(), "shop"); err != nil || len(all) != 2 || all[1].ID != r.Record {
		t.Fatalf("the records are %v, %v", all, err)
	}
	if u := planUndo(t, b, ""); u.Record.ID != r.Record || u.Blocked() != nil {
		t.Errorf("got %s, %v; want %s", u.Record.ID, u.Blocked(), r.Record)
	}
}

// What a fix writes before its first change, and what is left of one that was killed
// on the way.
func TestARecordIsWholeBeforeTheFirstChange(t *testing.T) {
	b := newBench(t, seer{map[string]bool{good: true}}, withEnv("false", "true")...)
	r := goneBack(t, b)
	var got []string
	for _, w := range b.server.Writes() {
		if !w.Dry && len(got) < 4 {
			got = append(got, w.Verb+" "+w.Resource)
		}
	}
	if want := []string{"create configmaps", "create secrets", "patch configmaps", "patch deployments"}; !slices.Equal(got, want) {
		t.Errorf("it wrote %v, want %v", got, want)
	}

	// Killed between the ConfigMap and its Secret; then somebody edits what it was about.
	left := b.server.Object("configmaps", "shop", "pullmedic-undo-"+r.Record).(*corev1.ConfigMap)
	left.Labels["pullmedic.dev/state"] = string(mend.Preparing)
	killed := newBench(t, seer{}, append(withEnv("edited", "true"), left)...)
	d := killed.server.Object("deployments", "shop", "api").(*appsv1.Deployment)
	d.Generation, d.ResourceVersion = d.Generation+7, "9"
	killed.server.Put(d)
	u := planUndo(t, killed, "")
	if u.Blocked() != nil || u.Due() || u.Backs[0].Standing != mend.AsBefore {
		t.Errorf("%v, %+v", u.Blocked(), u.Backs)
	}
	if err := errors.Join(killed.CheckUndo(t.Context(), u), killed.CarryUndo(t.Context(), u, quiet)); err != nil {
		t.Fatal(err)
	}
	if killed.server.Object("configmaps", "shop", left.Name) != nil {
		t.Error("the record is still there")
	}
	if got := killed.server.Object("deployments", "shop", "api").(*appsv1.Deployment).Spec.Template.Spec.Containers[0].Env[0].Value; got != "edited" {
		t.Errorf("CACHE is %s", got)
	}

	// The same with a Secret that was there once is lost.
	left.Labels["pullmedic.dev/state"] = string(mend.Written)
	killed.server.Put(left)
	if u := planUndo(t, killed, left.Labels["pullmedic.dev/record"]); u.Backs[0].Standing != mend.Lost {
		t.Errorf("it is %s", u.Backs[0].Standing)
	}
}

func TestNothingIsChangedWhereTheRecordCannotSayThatItIsWhole(t *testing.T) {
	b := newBench(t, seer{map[string]bool{good: true}}, withEnv("false", "true")...)
	b.server.Deny("patch configmaps")
	p := b.plan(t, remedy.Options{With: "rollout-undo"})
	if err := b.Check(t.Context(), p, true); err == nil || !strings.Contains(err.Error(), "you may not patch configmaps in namespace shop") {
		t.Errorf("the check says %v", err)
	}
	r := b.Carry(t.Context(), p, true, time.Minute, quiet)
	if r.Outcome != mend.Refused || image(t, b.server) != bad {
		t.Errorf("%s, %s; the image is %s", r.Outcome, r.Why, image(t, b.server))
	}
	for _, kind := range []string{"configmaps", "secrets"} {
		if o := b.server.Object(kind, "shop", "pullmedic-undo-"+p.ID); o != nil {
			t.Errorf("%s are left", kind)
		}
	}
}

func TestUndoAsksForTheRightToRemoveTheRecord(t *testing.T) {
	b := newBench(t, seer{map[string]bool{good: true}}, withEnv("false", "true")...)
	r := goneBack(t, b)
	u := planUndo(t, b, r.Record)
	if err := b.CheckUndo(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	b.server.Deny("delete configmaps")
	if err := b.CheckUndo(t.Context(), u); err == nil || err.Error() != "you may not delete configmaps in namespace shop; nothing was changed; ask for that right" {
		t.Errorf("got %v", err)
	}
}
