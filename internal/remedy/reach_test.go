// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/internal/remedy"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

func TestReadyPodsThatAChangeReplacesAreCounted(t *testing.T) {
	wrongTag := []diagnosis.Diagnosis{diagnose(t, catalog.TagNotFound, "", "app", wrong)}
	ready := func(hash string, x corev1.PodTemplateSpec, n int) []*corev1.Pod {
		pods := []*corev1.Pod{pod("api-new", hash2, template(wrong), false, "app")}
		for i := range n {
			pods = append(pods, pod(fmt.Sprint("api-", i), hash, x, true))
		}
		return pods
	}
	unlabelled := revision(template(good), 0)
	unlabelled.Hash = ""
	for _, c := range []struct {
		name string
		kind string
		back remedy.Revision
		pods []*corev1.Pod
		seen int // ready pods that the target says it has
		want int
	}{
		{"all that are ready are of the revision", "Deployment", revision(template(good), 12), ready(hash1, template(good), 12), 12, 0},
		{"all that are ready are of yet another", "Deployment", revision(template(good), 0), ready("0000", template(sidecar), 12), 12, 12},
		{"one is of another", "StatefulSet", revision(template(good), 0), append(ready(hash1, template(good), 3), pod("api-x", "0000", template(good), true)), 4, 1},
		{"by what their containers are, where no label is known", "DaemonSet", unlabelled, append(ready("x", template(good), 3), pod("api-x", "x", env(template(good), "a"), true)), 4, 1},
		{"not all pods were read, and the revision knows its own", "Deployment", revision(template(good), 10), ready(hash1, template(good), 2), 12, 2},
		{"not all pods were read, and all are its own", "Deployment", revision(template(good), 12), ready(hash1, template(good), 2), 12, 0},
		{"a set without a rollout", "ReplicaSet", revision(template(good), 0), ready("0000", template(sidecar), 12), 12, 0},
		{"a pod that is going is not healthy", "Deployment", revision(template(good), 0), func() []*corev1.Pod {
			pods := ready("0000", template(sidecar), 2)
			pods[1].DeletionTimestamp = new(metav1.NewTime(noon))
			return pods
		}(), 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := remedy.Case{Target: target(c.kind, template(wrong), c.back), Pods: c.pods, Diagnoses: wrongTag}
			k.Target.Ready = c.seen
			if r := plan(t, k, remedy.Options{})[0]; r.ID != "previous-image" || r.Restarts != c.want {
				t.Errorf("%s restarts %d, want %d", r.ID, r.Restarts, c.want)
			}
		})
	}
}

// That no healthy pod is restarted is half of it where a rollout hangs.
func TestARolloutThatGoesOnIsTold(t *testing.T) {
	const told = "the rollout that hangs then goes on: 2 ready pods of earlier revisions give way to new ones"
	for name, c := range map[string]struct {
		kind string
		edit func(*remedy.Target)
		want bool
	}{
		"of a Deployment":           {"Deployment", nil, true},
		"of a DaemonSet":            {"DaemonSet", nil, true},
		"one that is paused":        {"Deployment", func(t *remedy.Target) { t.Paused = true }, false},
		"of what replaces no pod":   {"StatefulSet", func(t *remedy.Target) { t.OnDelete = true }, false},
		"one that a partition ends": {"StatefulSet", func(t *remedy.Target) { t.Partition = 1 }, false},
		"no rollout":                {"ReplicaSet", nil, false},
	} {
		k := remedy.Case{Target: target(c.kind, template(wrong), revision(template(good), 2)), SecretsSeen: true, Account: &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "default"}}}
		k.Diagnoses = []diagnosis.Diagnosis{diagnose(t, catalog.CredentialsMissing, "", "app", wrong)}
		k.Pods = []*corev1.Pod{pod("api-new", hash2, template(wrong), false, "app"), pod("api-1", hash1, template(good), true), pod("api-2", hash1, template(good), true)}
		if c.edit != nil {
			c.edit(&k.Target)
		}
		r := plan(t, k, remedy.Options{Logins: []remedy.Login{{Credential: keyring.Credential{Username: "robot", Password: keyring.NewPassword("pmcanary")}}}})[0]
		if got := slices.Contains(r.Risks, told); got != c.want || !r.Ready() || r.Restarts > 0 {
			t.Errorf("%s: %s, restarts %d, risks %q", name, r.ID, r.Restarts, r.Risks)
		}
	}
}

// A Job of hundreds of pods is not changed in one go.
func TestPodsChangedInPlaceAreBounded(t *testing.T) {
	k := remedy.Case{Target: target("Job", template(wrong)), Diagnoses: []diagnosis.Diagnosis{diagnose(t, catalog.TagNotFound, "", "app", wrong)}}
	for i := range 300 {
		k.Pods = append(k.Pods, pod(fmt.Sprint("api-", i), hash2, template(wrong), false, "app"))
	}
	r := plan(t, k, remedy.Options{To: good})[0]
	if len(r.Changes) != 20 || len(r.Foresee.Pods) != 20 || !strings.Contains(strings.Join(r.Risks, "\n"), "only 20 of the 300 pods that fail") {
		t.Errorf("%d changes, %d foreseen, %q", len(r.Changes), len(r.Foresee.Pods), r.Risks)
	}
}
