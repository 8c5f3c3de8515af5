// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"

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
	if c.Path != "/spec/template/spec/containers/0/image" || c.Before != bad || c.Set != good || c.Now != theirs || c.Hidden {
		t.Errorf("%s was %v, set to %v, is %v", c.Path, c.Before, c.Set, c.Now)
	}
	if text := fmt.Sprintf("%v %+v", c, u); strings.Contains(text, theirs) {
		t.Errorf("printing it shows a value: %s", text)
	}
	if err := u.Blocked(); err == nil || !strings.Contains(err.Error(), "somebody changed /spec/template/spec/containers/0/image of deployment/api since, so nothing was undone") {
		t.Errorf("got %v", err)
	}
}
