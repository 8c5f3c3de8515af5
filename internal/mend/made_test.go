// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend_test

import (
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/pullmedic/pullmedic/internal/cluster/clustertest"
	"github.com/pullmedic/pullmedic/internal/mend"
	"github.com/pullmedic/pullmedic/internal/remedy"
)

// strangers are pods that the Deployment's selector finds and that it did not
// make: one of another Deployment, whose set's name begins alike, and one that
// somebody made by hand. The same pull of them fails.
func strangers() []runtime.Object {
	failing := waitsFor("ImagePullBackOff", backOff)
	of := pod("api-canary-x", "api-canary", bad, failing)
	alone := pod("by-hand", "", bad, failing)
	alone.OwnerReferences = nil
	return []runtime.Object{
		&appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: "api-canary", UID: "api-canary", Labels: map[string]string{"app": "api"},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "Deployment", Name: "api-c", UID: "d2", Controller: new(true)}},
		}}, of, alone,
	}
}

func TestPodsThatTheTargetDidNotMakeAreLeftAlone(t *testing.T) {
	for name, deny := range map[string]string{"sets can be read": "", "sets may not be read": "get replicasets"} {
		t.Run(name, func(t *testing.T) {
			objects := append(deployment(), strangers()...)
			if deny != "" { // then names tell, and this one would say nothing
				objects = append(deployment(), strangers()[2])
			}
			b := newBench(t, seer{map[string]bool{bad: true}}, objects...)
			b.server.Deny(deny)
			p := b.plan(t, remedy.Options{Recreate: true})
			if len(p.Evict) != 1 || p.Evict[0].Name != "api-2-x" {
				t.Errorf("evicts %v, want api-2-x alone", p.Evict)
			}
		})
	}
}

func TestANewPodOfAnotherWorkloadDoesNotTakeAChangeBack(t *testing.T) {
	b := newBench(t, seer{map[string]bool{good: true}}, append(deployment(), strangers()[0])...)
	p := b.plan(t, remedy.Options{})
	b.server.React(func(w clustertest.Write) {
		if w.Verb == "patch" && w.Resource == "deployments" {
			b.server.Remove("pods", "shop", "api-2-x")
			b.server.Put(pod("api-canary-y", "api-canary", good, waitsFor("ErrImagePull", good+": refused")))
			b.server.Put(pod("api-3-x", "api-3", good, waitsFor("ContainerCreating", "")))
		}
	})
	b.server.Remove("pods", "shop", "api-1-x")
	if r := b.Carry(t.Context(), p, true, 50*time.Millisecond, quiet); r.Outcome != mend.StillPulling {
		t.Errorf("got %+v", r)
	}
}

func TestAPodThatSomebodyMadeAnewUnderTheNameIsNotTheOneThatWasMended(t *testing.T) {
	b := newBench(t, seer{map[string]bool{good: true}}, bare(bad, waitsFor("ImagePullBackOff", backOff)))
	p := b.planBare(t, remedy.Options{To: good})
	b.server.React(func(w clustertest.Write) {
		if w.Verb == "patch" && w.Resource == "pods" {
			other := bare(good, corev1.ContainerState{Running: &corev1.ContainerStateRunning{}})
			other.UID = "another"
			b.server.Put(other)
		}
	})
	r := b.Carry(t.Context(), p, true, time.Minute, quiet)
	if r.Outcome != mend.TargetGone || !strings.Contains(r.Why, "another of that name") {
		t.Errorf("got %+v", r)
	}
}

func TestAPodThatPulledByItselfMeanwhileIsNotEvicted(t *testing.T) {
	b := newBench(t, seer{map[string]bool{bad: true}}, deployment()...)
	p := b.plan(t, remedy.Options{Recreate: true})
	if len(p.Evict) != 1 || p.Irrevocable[0] != "1 failing pod is evicted; its owner makes a new one" {
		t.Fatalf("evicts %v: %q", p.Evict, p.Irrevocable)
	}
	b.server.Put(pod("api-2-x", "api-2", bad, runs))
	r := b.Carry(t.Context(), p, true, time.Second, quiet)
	if r.Outcome != mend.Mended || len(r.Pulled) != 1 || r.Pulled[0] != "api-2-x" {
		t.Errorf("got %+v", r)
	}
	for _, w := range b.server.Writes() {
		if w.Verb == "evict" {
			t.Errorf("evicted %s, which runs", w.Name)
		}
	}
}
