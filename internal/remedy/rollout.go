// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import "strconv"

// A Rollout is how an owner replaces the pods of a former template. The zero
// value is one that is not known.
type Rollout struct {
	Known bool
	// AtOnce: all pods go before another is made.
	AtOnce bool
	// Lacking is how many of the wanted pods may be missing meanwhile.
	Lacking int
	// Blind: pods that are missing already do not count.
	Blind bool
}

// goes is how many of so many ready pods that a new template replaces would go
// before another is ready in their place: what is lost for good if none of the new
// ones can be pulled, as the rollout goes no further then. The controllers count
// what is ready against what is wanted
// (kube-controller-manager v1.36: deployment/rolling.go, daemon/update.go); a
// StatefulSet's makes no step while a pod is not ready, unless its pods are managed
// in parallel (statefulset/stateful_set_control.go).
func (t Target) goes(replaced int) int {
	r := t.Rollout
	switch {
	case !r.Known || r.AtOnce:
		return replaced
	case r.Blind:
		return min(replaced, r.Lacking)
	}
	return max(0, min(replaced, min(t.Ready, t.Wanted)-(t.Wanted-r.Lacking)))
}

// going words it for pods that serve.
func (t Target) going(serving, of int) string {
	text := counted(serving, "pod") + " that still " + verb(serving, "serves", "serve") + " would go"
	switch r := t.Rollout; {
	case r.AtOnce:
		return text + ", all at once and before others are made"
	case r.Known && serving < of:
		return strconv.Itoa(serving) + " of " + counted(of, "pod") + " that still serve would go before " + verb(serving, "another is", "others are") + " ready"
	case r.Known:
		return text + " before " + verb(serving, "another is", "others are") + " ready"
	}
	return text
}
