// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend_test

import (
	"fmt"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/internal/edit"
	"github.com/pullmedic/pullmedic/internal/remedy"
)

func TestEveryEvictionIsTriedBeforeAnythingIsTouched(t *testing.T) {
	many := func(n int) []string {
		var names []string
		for i := range n {
			names = append(names, fmt.Sprintf("api-2-x%d", i))
		}
		return names
	}
	for name, c := range map[string]struct {
		holds map[string][]string // by budget
		want  string              // "" if all may go
	}{
		"none is held": {},
		"the last one is held": {map[string][]string{"web": many(6)[5:]},
			"a PodDisruptionBudget does not let pod/api-2-x5 in namespace shop go now: The disruption budget web needs 1 healthy pods and has 0 currently; try again once more of its pods are ready; nothing was changed"},
		"all are held": {map[string][]string{"web": many(6)},
			"try again once more of its pods are ready; the same holds for pod/api-2-x1, pod/api-2-x2, pod/api-2-x3 and 2 more; nothing was changed"},
		"two are held by two": {map[string][]string{"web": many(1), "api": many(2)[1:]},
			"pod/api-2-x0 in namespace shop go now: The disruption budget web needs 1 healthy pods and has 0 currently; try again once more of its pods are ready; and a PodDisruptionBudget does not let pod/api-2-x1 in namespace shop go now: The disruption budget api needs"},
	} {
		t.Run(name, func(t *testing.T) {
			objects := deployment()
			for _, pod_ := range many(6) {
				objects = append(objects, pod(pod_, "api-2", bad, waitsFor("ImagePullBackOff", backOff)))
			}
			b := newBench(t, seer{map[string]bool{bad: true}}, objects...)
			b.server.Remove("pods", "shop", "api-2-x")
			p := b.plan(t, remedy.Options{Recreate: true})
			if len(p.Evict) != 6 {
				t.Fatalf("evicts %v", p.Evict)
			}
			for budget, pods := range c.holds {
				b.server.Guard(budget, pods...)
			}
			err := b.Check(t.Context(), p, true)
			switch {
			case c.want == "" && err != nil:
				t.Fatal(err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || edit.ReasonOf(err) != edit.Budget):
				t.Errorf("got %v, want %q", err, c.want)
			}
			for _, w := range b.server.Writes() {
				if !w.Dry {
					t.Errorf("written %v", w)
				}
			}
		})
	}
}

// The right is only needed if a kubelet pulls before it has the pod's secrets.
func TestAPlanThatMayNotTryASecondTimeSaysSo(t *testing.T) {
	for name, c := range map[string]struct {
		secrets, denied, said bool
	}{
		"pods that bring secrets, and no right":  {true, true, true},
		"pods that bring secrets, and the right": {true, false, false},
		"pods that bring none":                   {false, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			objects := deployment()
			for _, o := range objects {
				if d, ok := o.(*appsv1.Deployment); ok && c.secrets {
					d.Spec.Template.Spec.ImagePullSecrets = []corev1.LocalObjectReference{{Name: "hub"}}
				}
			}
			b := newBench(t, seer{map[string]bool{good: true}}, objects...)
			if c.denied {
				b.server.Deny("evict pods shop")
			}
			p := b.plan(t, remedy.Options{To: good})
			if again := map[bool]int{true: 2}[c.secrets && !c.denied]; p.Again != again {
				t.Errorf("up to %d second tries, want %d", p.Again, again)
			}
			if said := strings.Contains(strings.Join(p.Risks, "\n"), "you may not create pods/eviction in namespace shop, so there is no second try"); said != c.said {
				t.Errorf("said %v: %q", said, p.Risks)
			}
			if err := b.Check(t.Context(), p, true); err != nil {
				t.Errorf("it is refused: %v", err)
			}
		})
	}
}
