// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"cmp"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pullmedic/pullmedic/internal/edit"
	"github.com/pullmedic/pullmedic/internal/managedfields"
	"github.com/pullmedic/pullmedic/internal/remedy"
)

// setBack tells who wrote the target since, if nothing is left of what the plan
// changed in it: what keeps it from elsewhere, mostly.
func (w *watcher) setBack(live *unstructured.Unstructured) string {
	changed := false
	for _, c := range w.plan.Changes {
		if !w.plan.isTarget(c.Object) {
			continue
		}
		for _, e := range c.Edits {
			if remedy.SameValue(e.Old, e.New) {
				continue
			}
			if changed = true; !remedy.SameValue(remedy.ValueAt(live.Object, e.Path), e.Old) {
				return ""
			}
		}
	}
	if !changed {
		return ""
	}
	by := managedfields.Last(metav1.ObjectMeta{ManagedFields: live.GetManagedFields()}, "f:spec").By
	if by == edit.Manager {
		by = ""
	}
	return cmp.Or(by, "something else")
}
