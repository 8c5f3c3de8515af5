// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package examine_test

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/internal/examine"
)

func TestWhatBecameOfAPull(t *testing.T) {
	crashed := func(p *corev1.Pod) {
		p.Status.ContainerStatuses[0].LastTerminationState.Terminated = &corev1.ContainerStateTerminated{StartedAt: ago(3 * time.Minute)}
	}
	for name, c := range map[string]struct {
		pod    *corev1.Pod
		events func(*corev1.Pod) []*corev1.Event
		want   examine.Fate
	}{
		"its pod is gone": {podWith("shop", "other", "acme/api:1", "", ""), nil, examine.Fate{Gone: true}},
		"it was pulled, as an event says": {podWith("shop", "api", "acme/api:1", "", ""), func(p *corev1.Pod) []*corev1.Event {
			return []*corev1.Event{
				eventFor(p, "Warning", "Failed", `Failed to pull image "acme/api:1": `+tagMissing, 4, 9*time.Minute, 7*time.Minute),
				eventFor(p, "Normal", "Pulled", `Successfully pulled image "acme/api:1" in 1.2s.`, 1, 6*time.Minute, 6*time.Minute),
			}
		}, examine.Fate{Ran: true, Pulled: now().Add(-6 * time.Minute)}},
		"it runs, and the events are over":             {podWith("shop", "api", "acme/api:1", "", ""), nil, examine.Fate{Ran: true, Pulled: now().Add(-5 * time.Minute)}},
		"it was pulled and crashes now":                {podWith("shop", "api", "acme/api:1", "CrashLoopBackOff", "", crashed), nil, examine.Fate{Ran: true, Pulled: now().Add(-3 * time.Minute)}},
		"nobody can tell: it waits for something else": {podWith("shop", "api", "acme/api:1", "ContainerCreating", ""), nil, examine.Fate{}},
	} {
		t.Run(name, func(t *testing.T) {
			objects := []runtime.Object{c.pod}
			if c.events != nil {
				for _, e := range c.events(c.pod) {
					objects = append(objects, e)
				}
			}
			h := newHouse(t, objects...)
			got, err := h.x.Fate(t.Context(), "shop", "api", "app")
			if err != nil || got.Gone != c.want.Gone || got.Ran != c.want.Ran || !got.Pulled.Equal(c.want.Pulled) {
				t.Errorf("got %+v, %v; want %+v", got, err, c.want)
			}
		})
	}
}

func TestAFateThatMayNotBeReadIsAnError(t *testing.T) {
	h := newHouse(t, podWith("shop", "api", "acme/api:1", "", ""))
	h.server.Deny("get pods")
	if _, err := h.x.Fate(t.Context(), "shop", "api", "app"); cluster.ReasonOf(err) != cluster.Forbidden {
		t.Errorf("error %v", err)
	}
	h = newHouse(t, podWith("shop", "api", "acme/api:1", "", ""))
	h.server.Deny("list events")
	if got, err := h.x.Fate(t.Context(), "shop", "api", "app"); err != nil || !got.Ran {
		t.Errorf("without events: %+v, %v", got, err)
	}
}
