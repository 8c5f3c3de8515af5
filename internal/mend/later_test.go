// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster/clustertest"
	"github.com/pullmedic/pullmedic/internal/mend"
	"github.com/pullmedic/pullmedic/internal/remedy"
)

// nightly is a CronJob with a run that hangs, as image volumes cannot be changed
// in a pod.
func nightly(suspended bool, policy batchv1.ConcurrencyPolicy) []runtime.Object {
	spec := corev1.PodSpec{
		RestartPolicy: corev1.RestartPolicyNever, Containers: []corev1.Container{{Name: "api", Image: good}},
		Volumes: []corev1.Volume{{Name: "model", VolumeSource: corev1.VolumeSource{Image: &corev1.ImageVolumeSource{Reference: bad}}}},
	}
	owned := func(kind, name, uid string) []metav1.OwnerReference {
		return []metav1.OwnerReference{{APIVersion: "batch/v1", Kind: kind, Name: name, UID: types.UID(uid), Controller: new(true)}}
	}
	cron := &batchv1.CronJob{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "nightly", UID: "c1", Generation: 1},
		Spec:       batchv1.CronJobSpec{Schedule: "0 2 * * *", Suspend: &suspended, ConcurrencyPolicy: policy},
		Status:     batchv1.CronJobStatus{LastScheduleTime: new(metav1.NewTime(now().Truncate(24 * time.Hour).Add(2 * time.Hour)))},
	}
	cron.Spec.JobTemplate.Spec.Template = corev1.PodTemplateSpec{Spec: spec}
	job := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "nightly-1", UID: "j1", OwnerReferences: owned("CronJob", "nightly", "c1")}}
	hangs := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "nightly-1-x", UID: "p1", Labels: map[string]string{"job-name": "nightly-1"}, OwnerReferences: owned("Job", "nightly-1", "j1")},
		Spec:       spec,
		Status:     corev1.PodStatus{Phase: corev1.PodPending, ContainerStatuses: []corev1.ContainerStatus{{Name: "api", Image: good, State: waitsFor("ImagePullBackOff", backOff)}}},
	}
	hangs.Spec.NodeName = "worker-1"
	return []runtime.Object{cron, job, hangs}
}

func (b bench) planNightly(t *testing.T) mend.Plan {
	t.Helper()
	d := diagnosis.Diagnosis{
		Pull: evidence.Pull{
			Namespace: "shop", Pod: "nightly-1-x", PodUID: "p1", Container: "model", ContainerKind: evidence.ImageVolume, Image: bad,
			Owner: evidence.Object{Kind: "CronJob", Namespace: "shop", Name: "nightly"}, Via: []evidence.Object{{Kind: "Job", Namespace: "shop", Name: "nightly-1"}}, Reason: "ImagePullBackOff",
		},
		Causes: []diagnosis.Cause{{Cause: catalog.TagNotFound, Verdict: diagnosis.Confirmed, State: diagnosis.Failing}},
	}
	plans, err := b.Plan(t.Context(), []diagnosis.Diagnosis{d}, remedy.Options{To: good})
	if err != nil || len(plans) != 1 || !plans[0].Ready() {
		t.Fatalf("%d plans, %v", len(plans), err)
	}
	return plans[0]
}

func TestAChangeThatNoPodShowsNowEndsAtOnceAndSaysWhenItCounts(t *testing.T) {
	for name, c := range map[string]struct {
		suspended bool
		policy    batchv1.ConcurrencyPolicy
		why, then string
		counts    time.Time
	}{
		"from the next run": {policy: batchv1.AllowConcurrent, why: "it counts from the next run of cronjob/nightly, at 02:00 UTC", counts: time.Date(2026, 1, 3, 2, 0, 0, 0, time.UTC)},
		"the run that hangs keeps the next from beginning": {policy: batchv1.ForbidConcurrent, why: "it counts from the next run of cronjob/nightly, at 02:00 UTC", counts: time.Date(2026, 1, 3, 2, 0, 0, 0, time.UTC),
			then: "kubectl delete job nightly-1 -n shop"},
		"it is suspended": {suspended: true, why: "cronjob/nightly is suspended, so it counts from the first run after it is resumed"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, seer{map[string]bool{good: true}}, nightly(c.suspended, c.policy)...)
			p := b.planNightly(t)
			if risks := strings.Join(p.Risks, "; "); !c.suspended && !strings.Contains(risks, "it counts from the next run on, at 02:00 UTC") {
				t.Errorf("the plan does not say when it counts: %q", risks)
			}
			began := time.Now()
			r := b.Carry(t.Context(), p, true, time.Minute, quiet)
			if r.Outcome != mend.Changed || r.Why != c.why || !r.CountsFrom.Equal(c.counts) || r.Record == "" {
				t.Fatalf("got %+v", r)
			}
			if spent := time.Since(began); spent > 10*time.Second {
				t.Errorf("it took %s", spent)
			}
			then := ""
			for _, s := range r.Then {
				then += strings.Join(s.Commands, "\n")
			}
			if then != c.then {
				t.Errorf("then %q, want %q", then, c.then)
			}
			if records, _, _, err := b.Records(t.Context(), "shop"); err != nil || len(records) != 1 || records[0].State != mend.State(mend.Changed) {
				t.Errorf("records %v, %v", records, err)
			}
			if e := event(b); e == nil || e.Reason != mend.EventChanged || !strings.Contains(e.Message, "it counts") {
				t.Errorf("the event is %+v", e)
			}
			u, err := b.Record(t.Context(), "shop", r.Record)
			if err != nil {
				t.Fatal(err)
			}
			if undo, err := b.PlanUndo(t.Context(), u); err != nil || !undo.Due() || undo.Blocked() != nil {
				t.Errorf("it cannot be undone: %+v, %v", undo, err)
			}
		})
	}
}

// A workload that is scaled down, or a node that goes, while the change is made.
func TestAnOwnerThatIsToRunNoPodEndsTheWatch(t *testing.T) {
	b := newBench(t, seer{map[string]bool{good: true}}, deployment()...)
	p := b.plan(t, remedy.Options{})
	b.server.React(func(w clustertest.Write) {
		if w.Verb == "patch" && w.Resource == "deployments" {
			d := b.server.Object("deployments", "shop", "api").(*appsv1.Deployment)
			d.Spec.Replicas = new(int32(0))
			b.server.Put(d)
			b.server.Remove("pods", "shop", "api-1-x")
			b.server.Remove("pods", "shop", "api-2-x")
		}
	})
	r := b.Carry(t.Context(), p, true, time.Minute, quiet)
	if r.Outcome != mend.Changed || r.Why != "deployment/api is scaled to 0, so it counts once it is scaled up" {
		t.Errorf("got %+v", r)
	}
}

func TestABarePodThatGoesAwayEndsTheWatch(t *testing.T) {
	for name, c := range map[string]struct {
		goes  func(b bench)
		why   string
		keeps bool // the record
	}{
		"somebody deletes it": {func(b bench) { b.server.Remove("pods", "shop", "api") }, "pod/api was removed meanwhile, and nobody makes it anew", false},
		"it is on its way out": {func(b bench) {
			next := b.server.Object("pods", "shop", "api").(*corev1.Pod)
			next.DeletionTimestamp = new(metav1.NewTime(now()))
			b.server.Put(next)
		}, "pod/api is being deleted, and nobody makes it anew", false},
		"its kubelet evicts it": {func(b bench) {
			next := b.server.Object("pods", "shop", "api").(*corev1.Pod)
			next.Status.Phase, next.Status.Reason, next.Status.Message = corev1.PodFailed, "Evicted", "The node was low on resource: ephemeral-storage"
			next.Status.ContainerStatuses[0].State = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Reason: "ContainerStatusUnknown", ExitCode: 137}}
			b.server.Put(next)
		}, "pod/api ended before its image was pulled: Evicted: The node was low on resource: ephemeral-storage", true},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, seer{map[string]bool{good: true}}, bare(bad, waitsFor("ImagePullBackOff", backOff)))
			p := b.planBare(t, remedy.Options{To: good})
			b.server.React(func(w clustertest.Write) {
				if w.Verb == "patch" && w.Resource == "pods" {
					c.goes(b)
				}
			})
			r := b.Carry(t.Context(), p, true, time.Minute, quiet)
			if r.Outcome != mend.TargetGone || r.Why != c.why || (r.Record != "") != c.keeps {
				t.Fatalf("got %+v", r)
			}
			records, _, _, err := b.Records(t.Context(), "shop")
			if err != nil || (len(records) == 1) != c.keeps || c.keeps && records[0].State != mend.State(mend.TargetGone) {
				t.Errorf("records %v, %v", records, err)
			}
		})
	}
}

// Of a workload the pod that ended is only one: its owner makes another.
func TestAPodThatEndsBeforeItsPullIsNotWaitedFor(t *testing.T) {
	b := newBench(t, seer{map[string]bool{good: true}}, deployment()...)
	p := b.plan(t, remedy.Options{})
	b.server.Remove("pods", "shop", "api-1-x")
	b.server.React(func(w clustertest.Write) {
		if w.Verb == "patch" && w.Resource == "deployments" {
			b.server.Remove("pods", "shop", "api-2-x")
			evicted := pod("api-3-x", "api-3", good, waitsFor("ContainerCreating", ""))
			evicted.Status.Phase, evicted.Status.Reason = corev1.PodFailed, "Evicted"
			b.server.Put(evicted)
			b.server.Put(pod("api-3-y", "api-3", good, runs))
		}
	})
	r := b.Carry(t.Context(), p, true, time.Minute, quiet)
	if r.Outcome != mend.Mended || r.Left != 0 || len(r.Pulled) != 1 || r.Pulled[0] != "api-3-y" {
		t.Errorf("got %+v", r)
	}
}

func TestAJobThatEndsEndsTheWatch(t *testing.T) {
	job := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "api", UID: "j1"}}
	job.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{"app": "api"}}
	job.Spec.Template = corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "api"}}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "api", Image: bad}}}}
	for name, c := range map[string]struct {
		ends func(b bench)
		why  string
	}{
		"its pod is deleted": {func(b bench) { b.server.Remove("pods", "shop", "api-x") }, "the pods that were changed are gone, and what job/api makes anew has the former image"},
		"it is deleted": {func(b bench) {
			b.server.Remove("jobs", "shop", "api")
			b.server.Remove("pods", "shop", "api-x")
		}, "job/api was removed meanwhile"},
	} {
		t.Run(name, func(t *testing.T) {
			failing := pod("api-x", "", bad, waitsFor("ImagePullBackOff", backOff))
			failing.OwnerReferences = []metav1.OwnerReference{{APIVersion: "batch/v1", Kind: "Job", Name: "api", UID: "j1", Controller: new(true)}}
			b := newBench(t, seer{map[string]bool{good: true}}, job.DeepCopy(), failing)
			d := sick()
			d.Pull.Pod, d.Pull.Via, d.Pull.Owner.Kind = "api-x", nil, "Job"
			plans, err := b.Plan(t.Context(), []diagnosis.Diagnosis{d}, remedy.Options{To: good})
			if err != nil || len(plans) != 1 || !plans[0].Ready() {
				t.Fatalf("%d plans, %v", len(plans), err)
			}
			b.server.React(func(w clustertest.Write) {
				if w.Verb == "patch" && w.Resource == "pods" {
					c.ends(b)
				}
			})
			if r := b.Carry(t.Context(), plans[0], true, time.Minute, quiet); r.Outcome != mend.TargetGone || r.Why != c.why {
				t.Errorf("got %+v", r)
			}
		})
	}
}

// Whether a run is under way is not known to whoever may not read Jobs.
func TestARunThatCannotBeReadIsNotTakenForOver(t *testing.T) {
	for name, c := range map[string]struct {
		deny string
		want mend.Outcome
	}{"it may be read, and is over": {"", mend.Changed}, "it may not be read": {"get jobs", mend.StillPulling}} {
		t.Run(name, func(t *testing.T) {
			objects := nightly(false, batchv1.AllowConcurrent)
			objects[1].(*batchv1.Job).Status.Conditions = []batchv1.JobCondition{{Type: batchv1.JobFailed, Status: corev1.ConditionTrue}}
			b := newBench(t, seer{map[string]bool{bad: true}}, objects...)
			d := diagnosis.Diagnosis{
				Pull: evidence.Pull{
					Namespace: "shop", Pod: "nightly-1-x", PodUID: "p1", Container: "model", ContainerKind: evidence.ImageVolume, Image: bad,
					Owner: evidence.Object{Kind: "CronJob", Namespace: "shop", Name: "nightly"}, Via: []evidence.Object{{Kind: "Job", Namespace: "shop", Name: "nightly-1"}}, Reason: "ImagePullBackOff",
				},
				Causes: []diagnosis.Cause{{Cause: catalog.TagNotFound, Verdict: diagnosis.Confirmed, State: diagnosis.Failing}},
			}
			plans, err := b.Plan(t.Context(), []diagnosis.Diagnosis{d}, remedy.Options{Recreate: true})
			if err != nil || len(plans) != 1 || len(plans[0].Evict) != 1 {
				t.Fatalf("%+v, %v", plans, err)
			}
			b.server.React(func(w clustertest.Write) {
				if w.Verb == "evict" {
					b.server.Remove("pods", "shop", w.Name)
					if c.deny != "" {
						b.server.Deny(c.deny)
					}
				}
			})
			if r := b.Carry(t.Context(), plans[0], true, untilEnd(c.want, 300*time.Millisecond), quiet); r.Outcome != c.want {
				t.Errorf("got %+v, want %s", r, c.want)
			}
		})
	}
}

// A pod that is on its way out counts against a quota until it is gone.
func TestAQuotaIsAskedAgainOnceThePodsThatGoAreGone(t *testing.T) {
	refusal := func(name string) *corev1.Event {
		return &corev1.Event{
			ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name}, Type: corev1.EventTypeWarning, Reason: "FailedCreate",
			InvolvedObject: corev1.ObjectReference{Kind: "ReplicaSet", Namespace: "shop", Name: "api-3"}, Message: `pods "api-3-x" is forbidden: exceeded quota: few`,
		}
	}
	ctx, end := context.WithCancel(t.Context())
	defer end()
	tries := func(ctx context.Context, b bench) { // as a controller does, again and again
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for n := 2; ctx.Err() == nil; n++ {
			b.server.Put(refusal(fmt.Sprintf("e%d", n)))
			<-tick.C
		}
	}
	goes := func(b bench) {
		going := pod("api-2-x", "api-2", bad, waitsFor("ImagePullBackOff", backOff))
		going.DeletionTimestamp = new(metav1.NewTime(now()))
		b.server.Put(going)
	}
	for name, c := range map[string]struct {
		gone  bool // the pod that goes is gone in the end
		after func(b bench)
		want  mend.Outcome
	}{
		"then there is room":           {true, func(b bench) { b.server.Put(pod("api-3-x", "api-3", good, runs)) }, mend.Mended},
		"then there is still none":     {true, func(b bench) { go tries(ctx, b) }, mend.Undone},
		"nobody has tried again since": {true, func(bench) {}, mend.StillPulling},
		"it does not go":               {false, func(b bench) { b.server.Put(refusal("e2")) }, mend.StillPulling},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, seer{map[string]bool{good: true}}, deployment()...)
			b.server.Remove("pods", "shop", "api-1-x")
			p := b.plan(t, remedy.Options{})
			b.server.React(func(w clustertest.Write) {
				if w.Verb == "patch" && w.Resource == "deployments" && image(t, b.server) == good {
					goes(b)
					b.server.Put(refusal("e1"))
				}
			})
			limit := time.Minute
			if c.want == mend.StillPulling {
				limit = 300 * time.Millisecond
			}
			r := b.Carry(t.Context(), p, true, limit, func(what string) {
				if strings.HasSuffix(what, "pods that are on their way out may make room") {
					if c.gone {
						b.server.Remove("pods", "shop", "api-2-x")
					}
					c.after(b)
				}
			})
			if r.Outcome != c.want || r.Outcome != mend.Mended && !strings.Contains(r.Why, "exceeded quota") {
				t.Errorf("got %+v, want %s", r, c.want)
			}
		})
	}
}

// Events carry the times of who wrote them, whose clocks may be an hour off.
func TestWhatWasRefusedBeforeTheChangeIsToldByNoClock(t *testing.T) {
	refusal := func(count int32, at time.Time) *corev1.Event {
		return &corev1.Event{
			ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "e1"}, Type: corev1.EventTypeWarning, Reason: "FailedCreate", Count: count, LastTimestamp: metav1.NewTime(at),
			InvolvedObject: corev1.ObjectReference{Kind: "ReplicaSet", Namespace: "shop", Name: "api-3"}, Message: `pods "api-3-x" is forbidden: exceeded quota: few`,
		}
	}
	for name, c := range map[string]struct {
		then *corev1.Event
		want mend.Outcome
	}{
		"it was refused before, by a clock that is ahead":    {nil, mend.StillPulling},
		"it is refused once more, by a clock that is behind": {refusal(4, now().Add(-time.Hour)), mend.Undone},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, seer{map[string]bool{good: true}}, append(deployment(), refusal(3, now().Add(time.Hour)))...)
			b.server.Remove("pods", "shop", "api-1-x")
			p := b.plan(t, remedy.Options{})
			b.server.React(func(w clustertest.Write) {
				if w.Verb == "patch" && w.Resource == "deployments" {
					b.server.Remove("pods", "shop", "api-2-x")
					if c.then != nil {
						b.server.Put(c.then)
					}
				}
			})
			limit := time.Minute
			if c.want == mend.StillPulling {
				limit = 200 * time.Millisecond
			}
			if r := b.Carry(t.Context(), p, true, limit, quiet); r.Outcome != c.want {
				t.Errorf("got %+v, want %s", r, c.want)
			}
		})
	}
}
