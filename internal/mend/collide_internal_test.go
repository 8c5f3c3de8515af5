// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"testing"

	"github.com/pullmedic/pullmedic/internal/remedy"
)

// A change that is lost would still be proven, and told as made.
func TestChangesThatWantAFieldToBeTwoThingsCollide(t *testing.T) {
	hub := remedy.Object{APIVersion: "v1", Kind: "Secret", Resource: "secrets", Namespace: "shop", Name: "hub"}
	sets := func(path string, value any) []remedy.Change {
		return []remedy.Change{{Object: hub, Edits: []remedy.Edit{{Path: path, Old: "a", New: value}}}}
	}
	makes := func(data string) []remedy.Change {
		return []remedy.Change{{Object: hub, New: map[string]any{"data": data}}}
	}
	for name, c := range map[string]struct {
		chosen, more []remedy.Change
		want         bool
	}{
		"nothing is chosen yet":            {nil, sets("/data/x", "b"), false},
		"the same value":                   {sets("/data/x", "b"), sets("/data/x", "b"), false},
		"another field":                    {sets("/data/x", "b"), sets("/data/y", "c"), false},
		"another value":                    {sets("/data/x", "b"), sets("/data/x", "c"), true},
		"the same object made":             {makes("b"), makes("b"), false},
		"another object made of that name": {makes("b"), makes("c"), true},
	} {
		if got := collides(c.chosen, c.more); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
