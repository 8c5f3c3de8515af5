// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package examine_test

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/examine"
)

func TestWhatWasPulledSince(t *testing.T) {
	const image = "acme/api:1.27.44"
	failed := func(pod *corev1.Pod, last time.Duration) *corev1.Event {
		return eventFor(pod, "Warning", "Failed", `Failed to pull image "acme/api:1.27.44": `+tagMissing, 4, 9*time.Minute, last)
	}
	pulled := func(pod *corev1.Pod, last time.Duration) *corev1.Event {
		return eventFor(pod, "Normal", "Pulled", `Successfully pulled image "acme/api:1.27.44" in 1.2s (1.2s including waiting). Image size: 320000 bytes.`, 1, last, last)
	}
	for name, c := range map[string]struct {
		reason string
		events func(*corev1.Pod) []*corev1.Event
		pulls  int
		since  bool
	}{
		"a pod that runs after failures": {"", func(p *corev1.Pod) []*corev1.Event {
			return []*corev1.Event{failed(p, 6*time.Minute), pulled(p, 5*time.Minute)}
		}, 1, true},
		"a pod that never failed": {"", func(p *corev1.Pod) []*corev1.Event {
			return []*corev1.Event{pulled(p, 5*time.Minute)}
		}, 0, false},
		"a pod that runs and of which no event is left": {"", func(*corev1.Pod) []*corev1.Event { return nil }, 0, false},
		"a status that is behind its events": {"ErrImagePull", func(p *corev1.Pod) []*corev1.Event {
			return []*corev1.Event{failed(p, 20*time.Second), pulled(p, 2*time.Second)}
		}, 1, true},
		"an image that was lost again, its failures unseen": {"ErrImagePull", func(p *corev1.Pod) []*corev1.Event {
			return []*corev1.Event{failed(p, 8*time.Minute), pulled(p, 5*time.Minute)}
		}, 1, false},
		"a failure after the success": {"ImagePullBackOff", func(p *corev1.Pod) []*corev1.Event {
			return []*corev1.Event{pulled(p, 5*time.Second), failed(p, 3*time.Second)}
		}, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			pod := podWith("shop", "api", image, c.reason, "")
			if c.reason != "" {
				pod.Status.ContainerStatuses[0].State.Waiting.Message = tagMissing
			}
			objects := []runtime.Object{pod, account("shop"), nodeNamed("worker-1", "amd64")}
			for _, e := range c.events(pod) {
				objects = append(objects, e)
			}
			h := newHouse(t, objects...)
			s := h.objects(t, examine.ObjectRef{Kind: "pod", Namespace: "shop", Name: "api"})
			if len(s.Pulls) != c.pulls {
				t.Fatalf("%d pulls, want %d", len(s.Pulls), c.pulls)
			}
			if c.pulls == 0 {
				return
			}
			e := s.Pulls[0]
			if !c.since {
				wantNoOutcome(t, e, evidence.NextAttemptSucceeded)
				return
			}
			wantOutcomes(t, e, evidence.NextAttemptSucceeded)
			if !e.Pull.NextEarliest.IsZero() || len(h.prober.targets) > 0 {
				t.Errorf("next attempt %s, registry asked %d times, want neither", e.Pull.NextEarliest, len(h.prober.targets))
			}
			known, err := catalog.Load()
			if err != nil {
				t.Fatal(err)
			}
			d := diagnosis.Judge(known, e)
			if first := d.Causes[0]; first.Cause != catalog.TagNotFound || first.State != diagnosis.Cleared {
				t.Errorf("judged %+v", first)
			}
			if d.Steps[0].Result != diagnosis.Good {
				t.Errorf("first step %+v", d.Steps[0])
			}
		})
	}
}

func TestAPodThatDoesNotRunThoughNoPullOfItFailsIsTold(t *testing.T) {
	for name, c := range map[string]struct {
		reason string
		want   evidence.Standing
	}{
		"still being made":        {"ContainerCreating", evidence.BeingMade},
		"its command is missing":  {"RunContainerError", evidence.FailsOtherwise},
		"a pull of it that fails": {"ErrImagePull", ""},
		"it runs":                 {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			pod := podWith("shop", "api", "acme/api:1", c.reason, "")
			h := newHouse(t, pod, account("shop"), nodeNamed("worker-1", "amd64"))
			for how, s := range map[string]evidence.Survey{
				"by name": h.objects(t, examine.ObjectRef{Kind: "pod", Namespace: "shop", Name: "api"}), "in the namespace": h.survey(t, examine.Scope{Namespace: "shop"}),
			} {
				if c.want == "" {
					if len(s.NotRunning) > 0 {
						t.Errorf("%s: told %+v", how, s.NotRunning)
					}
					continue
				}
				if len(s.NotRunning) != 1 || s.NotRunning[0].State != c.want || s.NotRunning[0].Pod != "api" {
					t.Errorf("%s: told %+v, want %s", how, s.NotRunning, c.want)
				}
			}
		})
	}
}
