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

	"github.com/pullmedic/pullmedic/internal/cluster/clustertest"
	"github.com/pullmedic/pullmedic/internal/mend"
	"github.com/pullmedic/pullmedic/internal/remedy"
)

const (
	throttled = "pull QPS exceeded"
	reset     = "failed to pull and unpack image: read tcp 10.0.0.1:1->10.0.0.2:443: read: connection reset by peer"
	limited   = "pulling from host registry.acme.example failed with status code [manifests 1.27.4]: 429 Too Many Requests"
	noSpace   = "failed to extract layer: write /x: no space left on device"
)

// twelve is the deployment with twelve pods, of which the change makes these in
// place of the one that fails.
func twelve(t *testing.T, makes ...*corev1.Pod) (bench, mend.Plan) {
	t.Helper()
	all := deployment()
	all[0].(*appsv1.Deployment).Spec.Replicas = new(int32(12))
	b := newBench(t, seer{map[string]bool{good: true}}, all...)
	p := b.plan(t, remedy.Options{})
	b.server.React(func(w clustertest.Write) {
		if w.Verb == "patch" && w.Resource == "deployments" {
			b.server.Remove("pods", "shop", "api-2-x")
			for _, made := range makes {
				b.server.Put(made)
			}
		}
	})
	return b, p
}

func TestOneFailedAttemptTakesNothingBackWhereTheNextMayDoBetter(t *testing.T) {
	for name, c := range map[string]struct {
		says   string
		undone bool
	}{
		"a kubelet puts it off":        {throttled, false},
		"a connection is cut":          {reset, false},
		"a registry limits":            {limited, false},
		"one node's disk is full":      {noSpace, false},
		"the registry has no such tag": {good + ": not found", true},
	} {
		t.Run(name, func(t *testing.T) {
			made := []*corev1.Pod{pod("api-3-z", "api-3", good, waitsFor("ErrImagePull", c.says))}
			for i := range 11 {
				made = append(made, pod("api-3-"+string(rune('a'+i)), "api-3", good, waitsFor("ContainerCreating", "")))
			}
			b, p := twelve(t, made...)
			limit, want, kept := 100*time.Millisecond, mend.StillPulling, good
			if c.undone {
				limit, want, kept = time.Minute, mend.Undone, bad
			}
			r := b.Carry(t.Context(), p, true, limit, quiet)
			if got := image(t, b.server); r.Outcome != want || got != kept {
				t.Errorf("got %+v, and the image is %s", r, got)
			}
		})
	}
}

// What one pod could not pull, another is asked for; a node that none of them has
// keeps nobody waiting.
func TestTheOthersDecideWhatOneNodeAloneCannotPull(t *testing.T) {
	fails := func() *corev1.Pod { return pod("api-3-x", "api-3", good, waitsFor("ErrImagePull", noSpace)) }
	pulls := func() *corev1.Pod { return pod("api-3-y", "api-3", good, waitsFor("ContainerCreating", "")) }
	nowhere := pulls()
	nowhere.Spec.NodeName = ""
	nowhere.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Message: "too few nodes"}}
	for name, c := range map[string]struct {
		other *corev1.Pod
		then  corev1.ContainerState
		want  mend.Outcome
	}{
		"the other pulls":            {pulls(), runs, mend.StillPulling},
		"the other fails, too":       {pulls(), waitsFor("ErrImagePull", noSpace), mend.Undone},
		"no node takes the other":    {nowhere, corev1.ContainerState{}, mend.Undone},
		"there is none but that one": {nil, corev1.ContainerState{}, mend.Undone},
	} {
		t.Run(name, func(t *testing.T) {
			made := []*corev1.Pod{fails()}
			if c.other != nil {
				made = append(made, c.other)
			}
			b, p := twelve(t, made...)
			r := b.Carry(t.Context(), p, true, time.Minute, func(what string) {
				if strings.HasPrefix(what, "pod/api-3-y: it is being pulled") {
					b.server.Put(pod("api-3-y", "api-3", good, c.then))
				}
			})
			if r.Outcome != c.want || !strings.Contains(r.Why, "no space left on device") {
				t.Errorf("got %+v, want %s", r, c.want)
			}
		})
	}
}

func TestTheSecondAttemptDecides(t *testing.T) {
	made := func(state corev1.ContainerState) *corev1.Pod { return pod("api-3-x", "api-3", good, state) }
	backsOff := waitsFor("ImagePullBackOff", `Back-off pulling image "`+good+`": ErrImagePull: `+reset)
	said := func(count int32) *corev1.Event {
		return &corev1.Event{
			ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "e1"}, Type: corev1.EventTypeWarning, Reason: "Failed", Count: count, LastTimestamp: metav1.NewTime(now()),
			InvolvedObject: corev1.ObjectReference{Kind: "Pod", Namespace: "shop", Name: "api-3-x", UID: "api-3-x"}, Message: `Failed to pull image "` + good + `": ` + reset,
		}
	}
	for name, c := range map[string]struct {
		then func(b bench) // once it waits for the second attempt
		want mend.Outcome
	}{
		"it fails, by the status":     {func(b bench) { b.server.Put(made(waitsFor("ErrImagePull", reset))) }, mend.Undone},
		"it fails, by an event":       {func(b bench) { b.server.Put(said(2)) }, mend.Undone},
		"the first is told by events": {func(b bench) { b.server.Put(said(1)) }, mend.StillPulling},
		"the kubelet puts it off":     {func(b bench) { b.server.Put(made(waitsFor("ErrImagePull", throttled))) }, mend.StillPulling},
		"an old kubelet does not say what it waits for": {func(b bench) {
			b.server.Put(made(waitsFor("ImagePullBackOff", `Back-off pulling image "`+good+`"`)))
		}, mend.StillPulling},
		"it pulls": {func(b bench) { b.server.Put(made(runs)) }, mend.Mended},
	} {
		t.Run(name, func(t *testing.T) {
			b, p := twelve(t, made(waitsFor("ErrImagePull", reset)))
			limit := time.Minute
			if c.want == mend.StillPulling {
				limit = 200 * time.Millisecond
			}
			r := b.Carry(t.Context(), p, true, limit, func(what string) {
				switch {
				case strings.HasPrefix(what, "pod/api-3-x: ErrImagePull") && strings.Contains(what, reset):
					b.server.Put(made(backsOff))
				case strings.HasPrefix(what, "pod/api-3-x: ImagePullBackOff") && strings.Contains(what, reset):
					c.then(b)
				}
			})
			if r.Outcome != c.want {
				t.Errorf("got %+v, want %s", r, c.want)
			}
		})
	}
}
