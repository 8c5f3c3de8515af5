// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package backoff

import (
	"testing"
	"time"
)

func TestWhatANewPodSaves(t *testing.T) {
	for name, c := range map[string]struct {
		earliest, latest int
		least, most      time.Duration
	}{
		"a long back-off":       {earliest: 300, latest: 315, least: 295 * time.Second, most: 310 * time.Second},
		"one that is soon over": {earliest: 4, latest: 15, most: 10 * time.Second},
		"one that is over":      {earliest: -20, latest: -5},
	} {
		least, most := Span{Earliest: at(c.earliest), Latest: at(c.latest)}.Saved(at(0))
		if least != c.least || most != c.most {
			t.Errorf("%s: %v to %v, want %v to %v", name, least, most, c.least, c.most)
		}
	}
}
