// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package spelling tells which of the words that there are may be meant by one that
// there is not. It is pure, and knows nothing of what the words stand for.
package spelling

import (
	"slices"
	"strings"
)

// longest is where words are cut: each letter of a longer one would be compared for
// nothing.
const longest = 253

// Distance is how many letters have to be put in, taken out or changed to make b of
// a (Levenshtein). It counts bytes.
func Distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		above := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := above
			if a[i] != b[j] {
				change++
			}
			above = row[j+1]
			row[j+1] = min(change, above+1, row[j]+1)
		}
	}
	return row[len(b)]
}

// Nearest sorts things by how near the word that each goes by is to the one that was
// asked for, the nearest first; those that are as near stay in their order.
func Nearest[T any](asked string, all []T, word func(T) string) []T {
	type near struct {
		distance int
		thing    T
	}
	asked = strings.ToLower(asked[:min(len(asked), longest)])
	ranked := make([]near, 0, len(all))
	for _, thing := range all {
		w := strings.ToLower(word(thing))
		w = w[:min(len(w), longest)]
		d := Distance(asked, w)
		if asked != "" && strings.Contains(w, asked) || w != "" && strings.Contains(asked, w) { // one is a part of the other
			d = min(d, 1)
		}
		// Of two that are as far, the one that begins alike is meant: letters that were
		// mixed up count twice.
		d = d*2*longest - alike(asked, w)
		ranked = append(ranked, near{d, thing})
	}
	slices.SortStableFunc(ranked, func(a, b near) int { return a.distance - b.distance })
	out := make([]T, len(ranked))
	for i, r := range ranked {
		out[i] = r.thing
	}
	return out
}

// alike is how many letters two words begin with alike.
func alike(a, b string) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}
