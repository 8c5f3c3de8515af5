// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"slices"
	"testing"
)

func TestGuessTags(t *testing.T) {
	for want, guesses := range map[string][]string{
		"1.27.44":  {"v1.27.44", "1.27.4", "1.27.43", "1.27", "1", "latest"},
		"v1.2.3":   {"1.2.3", "v1.2.2", "v1.2", "v1", "latest"},
		"7":        {"v7", "latest"},
		"Stable":   {"stable", "latest"},
		"latest":   nil,
		"":         {"latest"},
		"1.0.0-rc": {"v1.0.0-rc", "1.0", "1", "latest"},
	} {
		if got := guessTags(want); !slices.Equal(got, guesses) {
			t.Errorf("beside %q: %q, want %q", want, got, guesses)
		}
	}
}
