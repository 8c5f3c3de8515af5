// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package examine

import (
	"context"
	"maps"
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster"
)

// askRefused asks, beside what else there is to do, for the pods of a namespace
// ("" for all) that controllers cannot make, all or those with labels that a
// selector names; the returned function waits for the answer.
func (l *look) askRefused(ctx context.Context, namespace, selector string) func() cluster.Refusals {
	ask := sync.OnceValue(func() cluster.Refusals {
		of, err := labels.Parse(selector)
		if err != nil {
			return cluster.Refusals{} // the API server says what is wrong with it
		}
		return l.run.Refusals(ctx, namespace, of)
	})
	go ask()
	return ask
}

// refused adds the pulls of pods that nobody may make, and the pods that cannot
// be made for other reasons: those whose controller, or what made that,
// belongs.
func (l *look) refused(namespace string, r cluster.Refusals, belongs func(controller, owner evidence.Object) bool) {
	for _, one := range r.Pods {
		if belongs(controllerOf(one.Pod), one.Owner) {
			l.add(one.Pod, []evidence.Pull{one.Pull})
		}
	}
	for _, one := range r.Unmade {
		if belongs(one.Controller, one.Owner) {
			l.survey.Unmade = append(l.survey.Unmade, one)
		}
	}
	if len(r.Errs) > 0 { // one is enough: what is missing is the same
		l.survey.NotLookedAt = append(l.survey.NotLookedAt,
			cluster.GapOf(evidence.CheckMessage, evidence.Subject{Kind: evidence.SubjectNamespace, Name: orAll(namespace)}, r.Errs[0]))
	}
}

// refusedOf adds what was refused to objects that were asked for by name: by
// their events, else by their own status.
func (l *look) refusedOf(ctx context.Context, kinds []string, refs []ObjectRef, answers map[string]func() cluster.Refusals) {
	told := map[int]bool{} // of refs
	for _, namespace := range slices.Sorted(maps.Keys(answers)) {
		l.refused(namespace, answers[namespace](), func(controller, owner evidence.Object) bool {
			for i, ref := range refs {
				if ref.Is(kinds[i], controller) || ref.Is(kinds[i], owner) {
					told[i] = true
					return true
				}
			}
			return false
		})
	}
	for i, ref := range refs {
		if told[i] {
			continue
		}
		if u, ok := l.run.UnmadeByStatus(ctx, kinds[i], ref.Namespace, ref.Name); ok {
			l.survey.Unmade = append(l.survey.Unmade, u)
		}
	}
}

// controllerOf is what makes a pod.
func controllerOf(pod *corev1.Pod) evidence.Object {
	c := metav1.GetControllerOf(pod)
	if c == nil {
		return evidence.Object{}
	}
	return cluster.Owner(pod.Namespace, *c)
}

// unmade tells that the pull's pod does not exist.
func (p *patient) unmade() bool { return p.e.Pull.Reason == cluster.ReasonRefused && p.pod.UID == "" }
