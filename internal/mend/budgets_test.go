// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/internal/cluster/clustertest"
	"github.com/pullmedic/pullmedic/internal/mend"
)

// load is a Job whose pods lack a login, and the diagnosis of the first.
func load(limit int32, pods int) ([]runtime.Object, diagnosis.Diagnosis) {
	job := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "load", UID: "j1"}}
	job.Spec.BackoffLimit, job.Spec.Selector = &limit, &metav1.LabelSelector{MatchLabels: map[string]string{"app": "api"}}
	job.Spec.Template.Spec.Containers = []corev1.Container{{Name: "api", Image: private}}
	objects := []runtime.Object{job, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "default", UID: "sa"}}}
	for n := range pods {
		objects = append(objects, loads(fmt.Sprintf("load-%d", n), waitsFor("ImagePullBackOff", noLogin)))
	}
	d := fails("api", private, catalog.CredentialsMissing)
	d.Pull.Pod, d.Pull.Via, d.Pull.Owner.Kind, d.Pull.Owner.Name = "load-0", nil, "Job", "load"
	return objects, d
}

const noLogin = "failed to resolve image: pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials"

// loads is a pod of the Job.
func loads(name string, state corev1.ContainerState) *corev1.Pod {
	p := pod(name, "", private, state)
	p.Labels[batchv1.JobNameLabel] = "load"
	p.OwnerReferences = []metav1.OwnerReference{{APIVersion: "batch/v1", Kind: "Job", Name: "load", UID: "j1", Controller: new(true)}}
	return p
}

// planLoad is the plan for such a Job.
func planLoad(t *testing.T, limit int32, pods int) (bench, mend.Plan) {
	t.Helper()
	objects, d := load(limit, pods)
	b := newBench(t, seer{map[string]bool{private: true}}, objects...)
	plans, err := b.Plan(t.Context(), []diagnosis.Diagnosis{d}, robot())
	if err != nil || len(plans) != 1 || len(plans[0].Evict) != pods {
		t.Fatalf("%+v, %v", plans, err)
	}
	return b, plans[0]
}

// An eviction is a failure of the Job; one too many ends it, and the pod that has
// pulled with it.
func TestEvictionsThatWouldEndAJobAreRefused(t *testing.T) {
	for limit, refused := range map[int32]bool{0: true, 1: false} {
		b, p := planLoad(t, limit, 1)
		err := b.Check(t.Context(), p, true)
		const want = `kubectl patch job load -n shop --type merge -p '{"spec":{"backoffLimit":1}}'`
		if said := err != nil && strings.HasSuffix(err.Error(), want); said != refused || err != nil && !said {
			t.Errorf("backoffLimit %d: got %v", limit, err)
		}
		if writes := b.server.Writes(); refused && len(writes) > 0 {
			t.Errorf("written %v", writes)
		}
	}
}

// Between the plan and an eviction others fail, or somebody lowers the limit.
func TestTheBudgetOfAJobIsReadAgainBeforeEachEviction(t *testing.T) {
	lower := func(job *batchv1.Job) { job.Spec.BackoffLimit = new(int32(1)) }
	spend := func(job *batchv1.Job) { job.Status.Failed = 2 }
	for name, c := range map[string]struct {
		worse   func(*batchv1.Job)
		when    string // "planned", "changed" (the first write was made), "evicted" (the first pod was) or "removed"
		outcome mend.Outcome
		evicted int
		why     string
	}{
		"nothing happens":                   {func(*batchv1.Job) {}, "planned", mend.Mended, 2, ""},
		"it bears more":                     {func(job *batchv1.Job) { job.Spec.BackoffLimit = new(int32(9)) }, "planned", mend.Mended, 2, ""},
		"lowered before the first write":    {lower, "planned", mend.Refused, 0, "its backoffLimit of 1 bears 1 more"},
		"lowered after it":                  {lower, "changed", mend.Refused, 0, "its backoffLimit of 1 bears 1 more"},
		"others fail before the first":      {spend, "changed", mend.Refused, 0, "its backoffLimit of 2 bears no further one"},
		"lowered after the first eviction":  {lower, "evicted", mend.StillPulling, 1, "its backoffLimit of 1 bears no further one"},
		"others fail after the first":       {spend, "evicted", mend.StillPulling, 1, "its backoffLimit of 2 bears no further one"},
		"what was evicted is counted there": {func(job *batchv1.Job) { job.Status.Failed = 1 }, "evicted", mend.Mended, 2, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b, p := planLoad(t, 2, 2)
			turn := func(when string) {
				if c.when == when {
					job := b.server.Object("jobs", "shop", "load").(*batchv1.Job)
					c.worse(job)
					b.server.Put(job)
				}
			}
			evicted := 0
			b.server.React(func(w clustertest.Write) {
				switch {
				case w.Dry:
				case w.Verb == "evict":
					evicted++
					b.server.Remove("pods", "shop", w.Name)
					b.server.Put(loads(w.Name+"-again", runs))
					if evicted == 1 {
						turn("evicted")
					}
				case w.Resource == "serviceaccounts":
					turn("changed")
				}
			})
			turn("planned")
			r := b.Carry(t.Context(), p, true, 10*time.Second, quiet)
			if r.Outcome != c.outcome || evicted != c.evicted || !strings.Contains(r.Why, c.why) {
				t.Errorf("evicted %d, got %+v", evicted, r)
			}
			left := b.server.Object("secrets", "shop", "one-example-pullmedic") != nil
			if left != (c.outcome != mend.Refused) {
				t.Errorf("the secret is there: %v", left)
			}
		})
	}
}

// So is the second try of a pod that pulled before its kubelet had its secrets.
func TestASecondTryThatWouldEndAJobIsNotMade(t *testing.T) {
	for limit, want := range map[int32][]string{1: {"load-0"}, 2: {"load-0", "load-1"}} {
		b, p := planLoad(t, limit, 1)
		if again := len(want) - 1; p.Again != again {
			t.Errorf("backoffLimit %d: up to %d second tries are foreseen, want %d", limit, p.Again, again)
		}
		var evicted []string
		b.server.React(func(w clustertest.Write) {
			if w.Verb == "evict" && !w.Dry {
				evicted = append(evicted, w.Name)
				b.server.Remove("pods", "shop", w.Name)
				b.server.Put(loads(fmt.Sprintf("load-%d", len(evicted)), waitsFor("ImagePullBackOff", noLogin)))
			}
		})
		if r := b.Carry(t.Context(), p, true, 10*time.Second, quiet); r.Outcome != mend.Undone || !slices.Equal(evicted, want) {
			t.Errorf("backoffLimit %d: evicted %q, %+v", limit, evicted, r)
		}
	}
}
