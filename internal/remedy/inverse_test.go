// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import "slices"

// Inverse is the change that takes this one back, as undo makes it from the record:
// it applies only if each touched field is as this one left it. Generation and
// resource version have moved on and are not tested.
func (c Change) Inverse() Change {
	back := Change{Object: c.Object}
	back.Object.Generation, back.Object.ResourceVersion = 0, ""
	for _, e := range slices.Backward(c.Edits) {
		e.Old, e.New = e.New, e.Old
		back.Edits = append(back.Edits, e)
	}
	return back
}
