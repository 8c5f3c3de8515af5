// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"slices"
	"strings"
	"testing"
)

func TestWhatTakesLeastAlongComesFirst(t *testing.T) {
	all := []Remedy{
		{ID: "by-hand-later", Kind: HandedOver, Needs: "--ca FILE"}, {ID: "wait", Kind: Wait}, {ID: "by-hand", Kind: HandedOver},
		{ID: "asks", Kind: Applied, Needs: "--to IMAGE"}, {ID: "restarts", Kind: Applied, Restarts: 1}, {ID: "ends", Kind: Applied, Wake: WakeEvict, Ends: 1},
		{ID: "evicts", Kind: Applied, Wake: WakeEvict}, {ID: nextAttempt, Kind: Wait},
	}
	slices.SortStableFunc(all, func(a, b Remedy) int { return rank(a) - rank(b) })
	var ids []string
	for _, r := range all {
		ids = append(ids, r.ID)
	}
	if got, want := strings.Join(ids, " "), nextAttempt+" evicts ends restarts asks by-hand by-hand-later wait"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
