// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestWhatTakesLeastAlongComesFirst(t *testing.T) {
	all := []Remedy{
		{ID: "by-hand-later", Kind: HandedOver, Needs: "--ca FILE"}, {ID: "wait", Kind: Wait}, {ID: "by-hand", Kind: HandedOver},
		{ID: "asks", Kind: Applied, Needs: "--to IMAGE"}, {ID: "restarts", Kind: Applied, Restarts: 1}, {ID: "ends", Kind: Applied, Wake: WakeEvict, Ends: 1},
		{ID: "evicts", Kind: Applied, Wake: WakeEvict}, {ID: nextAttempt, Kind: Wait},
	}
	slices.SortStableFunc(all, func(a, b Remedy) int { return rank(a) - rank(b) })
	var ids []string
	for _, r := range all {
		ids = append(ids, r.ID)
	}
	if got, want := strings.Join(ids, " "), nextAttempt+" evicts ends restarts asks by-hand by-hand-later wait"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestAPodThatTakesAChangeUpByItselfIsNotEvictedForIt(t *testing.T) {
	running := corev1.ContainerStatus{Name: "postgres", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}
	waiting := corev1.ContainerStatus{Name: "exporter", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff"}}}
	pod := func(phase corev1.PodPhase, statuses ...corev1.ContainerStatus) *corev1.Pod {
		return &corev1.Pod{
			Spec:   corev1.PodSpec{ImagePullSecrets: []corev1.LocalObjectReference{{Name: "harbor"}}},
			Status: corev1.PodStatus{Phase: phase, ContainerStatuses: statuses},
		}
	}
	of := func(kind, name string) Change { return Change{Object: Object{Kind: kind, Name: name}} }
	for name, c := range map[string]struct {
		pod     *corev1.Pod
		changes []Change
		want    bool
	}{
		"a secret that it names is rewritten":          {pod(corev1.PodRunning, running, waiting), []Change{of("Secret", "harbor")}, true},
		"nothing of it runs":                           {pod(corev1.PodRunning, waiting), []Change{of("Secret", "harbor")}, false},
		"it never worked":                              {pod(corev1.PodPending, running, waiting), []Change{of("Secret", "harbor")}, false},
		"a secret that it does not name":               {pod(corev1.PodRunning, running, waiting), []Change{of("Secret", "other")}, false},
		"the service account, too":                     {pod(corev1.PodRunning, running, waiting), []Change{of("Secret", "harbor"), of("ServiceAccount", "default")}, false},
		"the template":                                 {pod(corev1.PodRunning, running, waiting), []Change{of("StatefulSet", "db")}, false},
		"nothing is changed, as with a fresh back-off": {pod(corev1.PodRunning, running, waiting), nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := (Remedy{Changes: c.changes}).TakenUp(c.pod); got != c.want {
				t.Errorf("got %t", got)
			}
		})
	}
}
