// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster/clustertest"
	"github.com/pullmedic/pullmedic/internal/mend"
	"github.com/pullmedic/pullmedic/internal/remedy"
)

const backOff = `Back-off pulling image "` + bad + `": ErrImagePull: ` + bad + `: not found`

func waitsFor(reason, message string) corev1.ContainerState {
	return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}
}

var runs = corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}

// bare is a pod that nobody makes anew.
func bare(image string, state corev1.ContainerState) *corev1.Pod {
	p := pod("api", "", image, state)
	p.OwnerReferences, p.Generation = nil, 1
	return p
}

func (b bench) planBare(t *testing.T, o remedy.Options) mend.Plan {
	t.Helper()
	d := diagnosis.Diagnosis{
		Pull: evidence.Pull{
			Namespace: "shop", Pod: "api", PodUID: "api", Container: "api", ContainerKind: evidence.Container, Image: bad,
			Owner: evidence.Object{Kind: "Pod", Namespace: "shop", Name: "api"}, Reason: "ImagePullBackOff",
		},
		Causes: []diagnosis.Cause{{Cause: catalog.TagNotFound, Verdict: diagnosis.Confirmed, State: diagnosis.Failing}},
	}
	plans, err := b.Plan(t.Context(), []diagnosis.Diagnosis{d}, o)
	if err != nil || len(plans) != 1 || !plans[0].Ready() {
		t.Fatalf("%d plans, %v", len(plans), err)
	}
	return plans[0]
}

// The name of the good image is the beginning of the bad one's.
func TestOfAPodThatIsChangedInPlaceOnlyTheNewImageCounts(t *testing.T) {
	notYet := waitsFor("ImagePullBackOff", backOff)
	for name, c := range map[string]struct {
		shows corev1.ContainerState
		want  mend.Outcome
	}{
		"the old failure, until the kubelet tries": {notYet, mend.StillPulling},
		"a failure of the new image":               {waitsFor("ErrImagePull", `failed to pull "`+good+`": refused`), mend.Undone},
		"another failure that names no image":      {waitsFor("ErrImagePull", "no space left on device"), mend.Undone},
		"the kubelet puts the new image off":       {waitsFor("ErrImagePull", "pull QPS exceeded"), mend.StillPulling},
		"it runs":                                  {runs, mend.Mended},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, seer{map[string]bool{good: true}}, bare(bad, notYet))
			p := b.planBare(t, remedy.Options{To: good})
			b.server.React(func(w clustertest.Write) {
				if w.Verb == "patch" && w.Resource == "pods" {
					next := b.server.Object("pods", "shop", "api").(*corev1.Pod)
					next.Status.ContainerStatuses[0].State = c.shows
					b.server.Put(next)
				}
			})
			r := b.Carry(t.Context(), p, true, untilEnd(c.want, 50*time.Millisecond), quiet)
			if r.Outcome != c.want {
				t.Errorf("got %+v, want %s", r, c.want)
			}
		})
	}
}

// A kubelet goes on trying while a person reads the plan, and not all that it says
// names an image.
func TestWhatAPodSaidJustBeforeItWasChangedIsNotOfTheNewImage(t *testing.T) {
	b := newBench(t, seer{map[string]bool{good: true}}, bare(bad, waitsFor("ImagePullBackOff", backOff)))
	p := b.planBare(t, remedy.Options{To: good})
	b.server.Put(bare(bad, waitsFor("ErrImagePull", "pull QPS exceeded")))
	if r := b.Carry(t.Context(), p, true, 100*time.Millisecond, quiet); r.Outcome != mend.StillPulling {
		t.Errorf("got %+v", r)
	}
}

func TestAPodMadeFromTheOldTemplateIsNoFailureOfTheChange(t *testing.T) {
	objects := deployment()
	for _, o := range objects {
		if p, ok := o.(*corev1.Pod); ok {
			p.Labels["pod-template-hash"] = strings.TrimSuffix(strings.TrimPrefix(p.Name, "api-"), "-x")
		}
	}
	b := newBench(t, seer{map[string]bool{good: true}}, objects...)
	b.server.Remove("pods", "shop", "api-1-x")
	p := b.plan(t, remedy.Options{})
	late := pod("api-2-y", "api-2", bad, waitsFor("ErrImagePull", bad+": not found"))
	late.Labels["pod-template-hash"] = "2"
	b.server.React(func(w clustertest.Write) {
		if w.Verb == "patch" && w.Resource == "deployments" {
			b.server.Put(late)
		}
	})
	if r := b.Carry(t.Context(), p, true, 50*time.Millisecond, quiet); r.Outcome != mend.StillPulling {
		t.Errorf("got %+v", r)
	}
}

func TestAnOwnerThatMayNotMakePodsEndsTheWatch(t *testing.T) {
	b := newBench(t, seer{map[string]bool{good: true}}, deployment()...)
	b.server.Remove("pods", "shop", "api-1-x")
	p := b.plan(t, remedy.Options{})
	b.server.React(func(w clustertest.Write) {
		if w.Verb == "patch" && w.Resource == "deployments" {
			b.server.Put(&corev1.Event{
				ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "e1"}, Type: corev1.EventTypeWarning, Reason: "FailedCreate", LastTimestamp: metav1.NewTime(now()),
				InvolvedObject: corev1.ObjectReference{Kind: "ReplicaSet", Namespace: "shop", Name: "api-3"}, Message: `pods "api-3-x" is forbidden: exceeded quota: few`,
			})
		}
	})
	r := b.Carry(t.Context(), p, true, time.Minute, quiet)
	if r.Outcome != mend.Undone || !strings.Contains(r.Why, "deployment/api cannot make a pod: ") || !strings.Contains(r.Why, "exceeded quota") {
		t.Fatalf("got %+v", r)
	}
	if got := image(t, b.server); got != bad {
		t.Errorf("the image is %s: it was not taken back", got)
	}
	if e := event(b); e == nil || strings.Contains(e.Message, "failed to pull") || !strings.Contains(e.Message, "exceeded quota") {
		t.Errorf("the event is %+v", e)
	}
}

func TestAnInterruptedWatchSaysSoAndKeepsTheRecord(t *testing.T) {
	b := newBench(t, seer{map[string]bool{good: true}}, deployment()...)
	b.server.Remove("pods", "shop", "api-1-x")
	p := b.plan(t, remedy.Options{})
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	tell := func(what string) {
		if strings.Contains(what, "it is being pulled") {
			interrupt()
		}
	}
	rollsTo(b, good, waitsFor("ContainerCreating", ""))
	r := b.Carry(ctx, p, true, time.Minute, tell)
	if r.Outcome != mend.StillPulling || !strings.HasPrefix(r.Why, "the watch was interrupted; ") || r.Record == "" {
		t.Fatalf("got %+v", r)
	}
	if records, _, _, err := b.Records(t.Context(), "shop"); err != nil || len(records) != 1 || records[0].ID != r.Record || records[0].State != mend.State(mend.StillPulling) {
		t.Errorf("records %v, %v", records, err)
	}
}

// What the partition leaves out would come back from an eviction as it was.
func TestAPodThatAPartitionLeavesOutIsNotEvicted(t *testing.T) {
	for name, c := range map[string]struct {
		partition int32
		evicts    int
		names     string
		refused   bool
	}{"none is partitioned": {0, 1, "", false}, "another is partitioned": {2, 1, "", false}, "the one that fails is partitioned": {3, 0, "api-2", true}} {
		t.Run(name, func(t *testing.T) {
			labels := map[string]string{"app": "api"}
			set := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "api", UID: "s1", Generation: 1}}
			set.Spec.Selector, set.Spec.Replicas = &metav1.LabelSelector{MatchLabels: labels}, new(int32(3))
			set.Spec.UpdateStrategy = appsv1.StatefulSetUpdateStrategy{Type: "RollingUpdate", RollingUpdate: &appsv1.RollingUpdateStatefulSetStrategy{Partition: &c.partition}}
			set.Spec.Template = corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "api", Image: bad}}}}
			failing := pod("api-2", "", bad, waitsFor("ImagePullBackOff", backOff))
			failing.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "StatefulSet", Name: "api", UID: "s1", Controller: new(true)}}
			b := newBench(t, seer{map[string]bool{good: true}}, set, failing)
			d := sick()
			d.Pull.Pod, d.Pull.Via, d.Pull.Owner.Kind = "api-2", nil, "StatefulSet"
			plans, err := b.Plan(t.Context(), []diagnosis.Diagnosis{d}, remedy.Options{To: good})
			if err != nil || len(plans) != 1 || !plans[0].Ready() {
				t.Fatalf("%d plans, %v", len(plans), err)
			}
			if got := len(plans[0].Evict); got != c.evicts {
				t.Errorf("evicts %d, want %d", got, c.evicts)
			}
			if got := strings.Join(plans[0].Partitioned, " "); got != c.names {
				t.Errorf("partitioned are %q, want %q", got, c.names)
			}
			err = b.Check(t.Context(), plans[0], true)
			if left := err != nil && strings.Contains(err.Error(), "leaves out its pods below api-3"); left != c.refused || err != nil && !left {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAFailureAfterTheFirstPullTakesNothingBack(t *testing.T) {
	b := newBench(t, seer{map[string]bool{good: true}}, deployment()...)
	p := b.plan(t, remedy.Options{})
	b.server.React(func(w clustertest.Write) {
		if w.Verb == "patch" && w.Resource == "deployments" {
			b.server.Remove("pods", "shop", "api-2-x")
			b.server.Put(pod("api-3-x", "api-3", good, runs))
			b.server.Put(pod("api-3-y", "api-3", good, waitsFor("ErrImagePull", "no space left on device")))
		}
	})
	r := b.Carry(t.Context(), p, true, time.Minute, quiet)
	if r.Outcome != mend.StillPulling || !slices.Contains(r.Pulled, "api-3-x") || r.Left != 1 || !strings.Contains(r.Why, "no space left") {
		t.Fatalf("got %+v", r)
	}
	if got := image(t, b.server); got != good {
		t.Errorf("the image is %s: it was taken back", got)
	}
}

func TestAProvenLoginThatFailsIsTriedOnceMore(t *testing.T) {
	objects := deployment()
	for _, o := range objects {
		if d, ok := o.(*appsv1.Deployment); ok {
			d.Spec.Template.Spec.ImagePullSecrets = []corev1.LocalObjectReference{{Name: "hub"}}
		}
	}
	b := newBench(t, seer{map[string]bool{good: true}}, objects...)
	p := b.plan(t, remedy.Options{To: good})
	made := func(name string, state corev1.ContainerState) {
		next := pod(name, "api-3", good, state)
		next.Spec.ImagePullSecrets = []corev1.LocalObjectReference{{Name: "hub"}}
		b.server.Put(next)
	}
	var evicted []string
	b.server.React(func(w clustertest.Write) {
		switch {
		case w.Verb == "patch" && w.Resource == "deployments":
			b.server.Remove("pods", "shop", "api-2-x")
			made("api-3-x", waitsFor("ErrImagePull", "failed to resolve image: pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials"))
		case w.Verb == "evict":
			evicted = append(evicted, w.Name)
			b.server.Remove("pods", "shop", w.Name)
			made("api-3-y", runs)
		}
	})
	r := b.Carry(t.Context(), p, true, time.Minute, quiet)
	if r.Outcome != mend.Mended || !slices.Equal(evicted, []string{"api-3-x"}) {
		t.Fatalf("evicted %q, got %+v", evicted, r)
	}
}

func TestAPausedRolloutIsRefusedBeforeAnythingIsTouched(t *testing.T) {
	objects := deployment()
	for _, o := range objects {
		if d, ok := o.(*appsv1.Deployment); ok {
			d.Spec.Paused = true
		}
	}
	b := newBench(t, seer{map[string]bool{good: true}}, objects...)
	p := b.plan(t, remedy.Options{})
	err := b.Check(t.Context(), p, true)
	const resume = "kubectl rollout resume deployment/api -n shop"
	if hindered, ok := errors.AsType[*mend.HinderedError](err); !ok || hindered.Command != resume || !strings.HasSuffix(err.Error(), ": "+resume) {
		t.Errorf("got %v", err)
	}
	if writes := b.server.Writes(); len(writes) > 0 {
		t.Errorf("written %v", writes)
	}
}

// An autoscaler scales all revisions of a rollout that hangs, the former one too.
func TestAPodMadeFromAFormerRevisionIsNoSuccessOfTheChange(t *testing.T) {
	const other = "registry.acme.example/acme/api:1.27.5"
	objects := deployment()
	for _, o := range objects {
		if set, ok := o.(*appsv1.ReplicaSet); ok {
			set.Labels = map[string]string{"app": "api", "pod-template-hash": strings.TrimPrefix(set.Name, "api-")}
		}
		if p, ok := o.(*corev1.Pod); ok {
			p.Labels["pod-template-hash"] = strings.TrimSuffix(strings.TrimPrefix(p.Name, "api-"), "-x")
		}
	}
	b := newBench(t, seer{map[string]bool{other: true}}, objects...)
	p := b.plan(t, remedy.Options{To: other})
	made := func(name, hash, image string, state corev1.ContainerState) {
		next := pod(name, "api-"+hash, image, state)
		next.Labels["pod-template-hash"] = hash
		b.server.Put(next)
	}
	b.server.React(func(w clustertest.Write) {
		if w.Verb == "patch" && w.Resource == "deployments" {
			made("api-1-y", "1", good, runs)
			made("api-3-x", "3", other, waitsFor("ErrImagePull", other+": not found"))
		}
	})
	r := b.Carry(t.Context(), p, true, time.Minute, quiet)
	if r.Outcome != mend.Undone || len(r.Pulled) > 0 || !strings.Contains(r.Why, "pod/api-3-x") {
		t.Errorf("got %+v", r)
	}
}

func TestAWorkloadThatIsScaledDownMeanwhileIsServed(t *testing.T) {
	objects := deployment()
	for _, o := range objects {
		if d, ok := o.(*appsv1.Deployment); ok {
			d.Spec.Replicas = new(int32(3))
		}
	}
	b := newBench(t, seer{map[string]bool{good: true}}, append(objects, pod("api-1-y", "api-1", good, runs))...)
	p := b.plan(t, remedy.Options{})
	b.server.React(func(w clustertest.Write) {
		if w.Verb == "patch" && w.Resource == "deployments" {
			d := b.server.Object("deployments", "shop", "api").(*appsv1.Deployment)
			d.Spec.Replicas = new(int32(2))
			b.server.Put(d)
			b.server.Remove("pods", "shop", "api-2-x")
		}
	})
	if r := b.Carry(t.Context(), p, true, time.Minute, quiet); r.Outcome != mend.Mended || r.Served != 2 {
		t.Errorf("got %+v", r)
	}
}

// deployment/api is another one than deployment/api-web.
func TestWhatANeighbourMayNotMakeEndsNoWatch(t *testing.T) {
	for name, about := range map[string]corev1.ObjectReference{
		"a set of a deployment whose name begins alike": {Kind: "ReplicaSet", Namespace: "shop", Name: "api-web-5d4f9"},
		"a job of that name":                            {Kind: "Job", Namespace: "shop", Name: "api-29"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, seer{map[string]bool{good: true}}, deployment()...)
			b.server.Remove("pods", "shop", "api-1-x")
			p := b.plan(t, remedy.Options{})
			b.server.React(func(w clustertest.Write) {
				if w.Verb == "patch" && w.Resource == "deployments" {
					b.server.Put(&corev1.Event{
						ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "e1"}, Type: corev1.EventTypeWarning, Reason: "FailedCreate", LastTimestamp: metav1.NewTime(now()),
						InvolvedObject: about, Message: `pods "x" is forbidden: exceeded quota: few`,
					})
				}
			})
			if r := b.Carry(t.Context(), p, true, 300*time.Millisecond, quiet); r.Outcome != mend.StillPulling {
				t.Errorf("got %+v", r)
			}
		})
	}
}

func TestAPodThatMayNotBeEvictedAfterTheFirstPullIsNotMended(t *testing.T) {
	objects := deployment()
	b := newBench(t, seer{map[string]bool{bad: true}}, append(objects, pod("api-2-y", "api-2", bad, waitsFor("ImagePullBackOff", backOff)))...)
	b.server.Remove("pods", "shop", "api-1-x")
	p := b.plan(t, remedy.Options{Recreate: true})
	if len(p.Evict) != 2 {
		t.Fatalf("evicts %v", p.Evict)
	}
	b.server.React(func(w clustertest.Write) {
		if w.Verb == "evict" {
			b.server.Remove("pods", "shop", w.Name)
			b.server.Put(pod("api-2-z", "api-2", bad, runs))
			b.server.Guard("web", "api-2-x", "api-2-y")
		}
	})
	r := b.Carry(t.Context(), p, true, time.Minute, quiet)
	if r.Outcome != mend.StillPulling || r.Left != 1 || !strings.Contains(r.Why, "a PodDisruptionBudget does not let ") || len(r.Notes) > 0 {
		t.Errorf("got %+v", r)
	}
}

// A pod that its kubelet has evicted stays beside the one that takes its place.
func TestAPodThatEndedStandsForNoSuccessor(t *testing.T) {
	objects := deployment()
	objects[0].(*appsv1.Deployment).Spec.Replicas = new(int32(2))
	b := newBench(t, seer{map[string]bool{good: true}}, append(objects, pod("api-2-y", "api-2", bad, waitsFor("ImagePullBackOff", backOff)))...)
	b.server.Remove("pods", "shop", "api-1-x")
	p := b.plan(t, remedy.Options{})
	b.server.React(func(w clustertest.Write) {
		if w.Verb == "patch" && w.Resource == "deployments" {
			b.server.Remove("pods", "shop", "api-2-x")
			over := pod("api-2-y", "api-2", bad, corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Reason: "ContainerStatusUnknown", ExitCode: 137}})
			over.Status.Phase, over.Status.Reason = corev1.PodFailed, "Evicted"
			b.server.Put(over)
			b.server.Put(pod("api-3-x", "api-3", good, runs))
		}
	})
	if r := b.Carry(t.Context(), p, true, time.Minute, quiet); r.Outcome != mend.Mended || r.Left != 1 {
		t.Errorf("got %+v, want 1 to go", r)
	}
}

// While a person reads the plan, an autoscaler makes one more pod.
func TestAPodThatFailedBeforeTheFirstWriteIsNoFailureOfTheChange(t *testing.T) {
	objects := deployment()
	objects[0].(*appsv1.Deployment).Spec.Replicas = new(int32(2))
	b := newBench(t, seer{map[string]bool{bad: true}}, objects...)
	b.server.Remove("pods", "shop", "api-1-x")
	p := b.plan(t, remedy.Options{Recreate: true})
	b.server.Put(pod("api-2-y", "api-2", bad, waitsFor("ImagePullBackOff", backOff)))
	b.server.React(func(w clustertest.Write) {
		if w.Verb == "evict" {
			b.server.Remove("pods", "shop", w.Name)
			b.server.Put(pod("api-2-z", "api-2", bad, runs))
		}
	})
	r := b.Carry(t.Context(), p, true, time.Minute, quiet)
	if r.Outcome != mend.Mended || !slices.Equal(r.Pulled, []string{"api-2-z"}) || r.Left != 1 {
		t.Errorf("got %+v", r)
	}
}
