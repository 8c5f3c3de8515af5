// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package spelling_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/pullmedic/pullmedic/internal/spelling"
)

func TestDistanceCountsLetters(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"regcred", "regcerd", 2}, {"TagNotFund", "TagNotFound", 1}, {"kitten", "sitting", 3}} {
		if got, back := spelling.Distance(c.a, c.b), spelling.Distance(c.b, c.a); got != c.want || back != c.want {
			t.Errorf("%q and %q: %d and %d, want %d", c.a, c.b, got, back, c.want)
		}
	}
}

func TestTheNearestComesFirst(t *testing.T) {
	for asked, want := range map[string]string{
		"apl":                     "api front ledger api-gateway",
		"gateway":                 "api-gateway api front ledger",
		"API":                     "api api-gateway front ledger",
		"legder":                  "ledger front api api-gateway",
		strings.Repeat("x", 5000): "api-gateway front api ledger",
	} {
		got := spelling.Nearest(asked, []string{"front", "api", "ledger", "api-gateway"}, func(s string) string { return s })
		if asked[0] != 'x' && strings.Join(got, " ") != want {
			t.Errorf("%.20s: %v, want %s", asked, got, want)
		}
		if slices.Sort(got); len(got) != 4 {
			t.Errorf("%.20s: %v", asked, got)
		}
	}
}
