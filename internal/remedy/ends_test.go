// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy_test

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/internal/remedy"
)

// A database whose exporter cannot be pulled.

func TestWhatAnEvictionTakesAlongIsSaidWithEveryRemedyThatEvicts(t *testing.T) {
	const exporter, exporterWrong = "registry.example/acme/exporter:1", "registry.example/acme/exporter:2"
	half := func(name string) *corev1.Pod {
		return pod(name, hash2, template(good, side(exporterWrong)), false, "side")
	}
	whole := func(name string) *corev1.Pod {
		return pod(name, hash2, template(good, side(exporterWrong)), false, "app", "side")
	}
	for name, c := range map[string]struct {
		kind string
		pods []*corev1.Pod
		o    remedy.Options
		held int
		ends int
		risk string // "" for none
	}{
		"the other container runs":             {kind: "StatefulSet", pods: []*corev1.Pod{half("db-0")}, ends: 1, risk: "other containers of db-0 run, and go with it"},
		"in several pods":                      {kind: "StatefulSet", pods: []*corev1.Pod{half("db-0"), half("db-1")}, ends: 2, risk: "other containers of 2 failing pods run, and go with them: db-0, db-1"},
		"nothing runs":                         {kind: "StatefulSet", pods: []*corev1.Pod{whole("db-0")}},
		"a partition spares the one that runs": {kind: "StatefulSet", pods: []*corev1.Pod{half("db-0"), whole("db-1")}, held: 1},
		"an image that the person names":       {kind: "StatefulSet", pods: []*corev1.Pod{half("db-0")}, o: remedy.Options{To: exporter, Container: "side"}, ends: 1, risk: "other containers of db-0 run, and go with it"},
		"an emergency measure":                 {kind: "StatefulSet", pods: []*corev1.Pod{half("db-0")}, o: remedy.Options{Recreate: true}, ends: 1, risk: "other containers of db-0 run, and go with it"},
		"a rollout evicts none":                {kind: "Deployment", pods: []*corev1.Pod{half("db-0")}},
	} {
		t.Run(name, func(t *testing.T) {
			k := remedy.Case{Target: target(c.kind, template(good, side(exporterWrong)), revision(template(good, side(exporter)), 0)), Pods: c.pods, Diagnoses: []diagnosis.Diagnosis{diagnose(t, catalog.TagNotFound, "", "side", exporterWrong)}}
			k.Target.Partition = c.held
			first := plan(t, k, c.o)[0]
			if !first.Ready() || first.Ends != c.ends {
				t.Errorf("%s ends %d, want %d", told(first), first.Ends, c.ends)
			}
			at := slices.IndexFunc(first.Risks, func(r string) bool { return strings.HasPrefix(r, "other containers") })
			if said := at >= 0; said != (c.risk != "") || said && first.Risks[at] != c.risk {
				t.Errorf("the risks are %q", first.Risks)
			}
		})
	}
}

// A pod that worked begins anew by itself, with what it has.
func TestAPodThatWorkedIsNotEvictedForAPullThatWorksAgain(t *testing.T) {
	cleared := diagnose(t, catalog.RegistryUnavailable, "", "side", sidecar)
	cleared.Causes[0].State = diagnosis.Cleared
	for phase, evicts := range map[corev1.PodPhase]bool{corev1.PodPending: true, corev1.PodRunning: false} {
		failing := pod("db-0", hash2, template(good, side(sidecar)), false, "side")
		failing.Status.Phase = phase
		k := remedy.Case{Target: target("StatefulSet", template(good, side(sidecar))), Pods: []*corev1.Pod{failing}, Diagnoses: []diagnosis.Diagnosis{cleared}}
		all := plan(t, k, remedy.Options{})
		if got := slices.ContainsFunc(all, func(r remedy.Remedy) bool { return r.ID == "fresh-back-off" }); got != evicts {
			t.Errorf("%s: evicts %t, want %t", phase, got, evicts)
		}
		if !slices.ContainsFunc(all, func(r remedy.Remedy) bool { return r.ID == "next-attempt" }) {
			t.Errorf("%s: that it begins by itself is not said", phase)
		}
	}
}
