// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import "context"

// Write writes the record of a plan and nothing else, as a program that is killed
// before its first change, or as somebody who forges one.
func (m *Mender) Write(ctx context.Context, p Plan) (id string, err error) {
	r, err := m.write(ctx, p)
	return r.ID, err
}
