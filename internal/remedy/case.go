// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// ReadyWith counts the pods of the case that are ready and run the template's
// images.
func (c Case) ReadyWith(t corev1.PodTemplateSpec) int {
	n := 0
	for _, pod := range c.Pods {
		if isReady(pod) && slices.EqualFunc(pod.Spec.Containers, t.Spec.Containers, func(a, b corev1.Container) bool { return a.Name == b.Name && a.Image == b.Image }) {
			n++
		}
	}
	return n
}
