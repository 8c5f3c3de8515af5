// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"testing"
	"time"

	"github.com/pullmedic/pullmedic/catalog"
)

// The windows that the runbooks print are those that are looked at.
func TestTheCataloguesWindowsAreThoseThatAreLookedAt(t *testing.T) {
	c, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[catalog.Look]bool{}
	for _, cause := range c.Causes() {
		for _, w := range cause.Windows {
			want, ok := map[catalog.Look]time.Duration{catalog.LookSameImage: atAboutTheSameTime, catalog.LookPull: stuckAfter}[w.Of]
			back, err := time.ParseDuration(w.Back)
			if !ok || err != nil {
				continue
			}
			seen[w.Of] = true
			if back != want {
				t.Errorf("%s: %s is looked back at for %s, its cause.yaml says %s", cause.ID, w.Of, want, w.Back)
			}
		}
	}
	if len(seen) != 2 {
		t.Errorf("only the windows of %v were compared", seen)
	}
}
