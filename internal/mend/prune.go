// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"context"
	"time"

	"github.com/pullmedic/pullmedic/internal/edit"
)

// How long records are kept.
const (
	keepRunning    = time.Hour           // whatever it says: its fix may still run
	keepFinished   = 7 * 24 * time.Hour  // of fixes that came to their end
	keepUnfinished = 30 * 24 * time.Hour // of fixes that broke off, which somebody may still want undone
	keepNewest     = 20                  // finished ones at most
	maxPruned      = 50                  // in one run
)

// Prune removes records of a namespace that nobody is likely to need any more,
// and returns how many. Only what parses as a record is one. Without the right to
// list or delete ConfigMaps it does nothing, and the error says so.
func (m *Mender) Prune(ctx context.Context, namespace string) (int, error) {
	records, _, _, err := m.Records(ctx, namespace)
	if err != nil {
		return 0, err
	}
	removed := 0
	for _, r := range outdated(records, m.now()) {
		o := recordObject("ConfigMap", r.Namespace, r.ID)
		o.UID = r.uid
		// Its Secret belongs to it and goes with it.
		if err := m.edit.Delete(ctx, o); err != nil && edit.ReasonOf(err) != edit.NotFound {
			return removed, err
		}
		removed++
	}
	return removed, nil
}

// outdated are the records to remove, of a list with the newest first.
func outdated(records []Record, now time.Time) []Record {
	var old []Record
	finished := 0
	for _, r := range records {
		age, limit := now.Sub(r.Time), keepUnfinished
		if r.State.Finished() {
			limit = keepFinished
			if finished++; finished > keepNewest {
				limit = keepRunning
			}
		}
		if r.State == Preparing {
			limit = keepRunning
		}
		if age > limit && len(old) < maxPruned {
			old = append(old, r)
		}
	}
	return old
}
