// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// maxNearest is how many near tags are named.
const maxNearest = 3

// nearest returns the tags most like the wanted one, nearest first, and whether
// the first differs in its spelling only (case, a leading "v", separators).
// What is near to a version is its neighbours of the same flavour; what is near
// to a word is what a slip of the keyboard away is.
func nearest(want string, have []string) (near []string, spelling bool) {
	type candidate struct {
		tag   string
		score int // 0 is nearest
	}
	var found []candidate
	seen := map[string]bool{want: true}
	for _, tag := range have {
		if seen[tag] {
			continue
		}
		seen[tag] = true
		if score, ok := distance(want, tag); ok {
			found = append(found, candidate{tag, score})
		}
	}
	slices.SortFunc(found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.score, b.score), compareVersions(b.tag, a.tag), cmp.Compare(a.tag, b.tag))
	})
	for _, c := range found[:min(len(found), maxNearest)] {
		near = append(near, c.tag)
	}
	return near, len(found) > 0 && found[0].score == 0
}

// latest is the tag that is asked for where none is written.
const latest = "latest"

// highest returns the tags of the highest plain versions (no flavour, no
// pre-release), highest first: what is worth knowing beside a latest that is
// not there.
func highest(have []string) []string {
	var versions []string
	for _, tag := range have {
		if v := readVersion(tag); len(v.numbers) > 0 && v.numbers[0] < 1000 && v.flavour == "" && !slices.Contains(versions, tag) {
			versions = append(versions, tag)
		}
	}
	slices.SortFunc(versions, func(a, b string) int { return cmp.Or(compareVersions(b, a), cmp.Compare(b, a)) })
	return versions[:min(len(versions), maxNearest)]
}

// maxGuesses is how many tags are asked for that nobody named.
const maxGuesses = 6

// guessTags returns tags that may well be there beside one that is not, the
// likeliest first: another spelling, a digit less, the version before, the
// versions that it belongs to, latest. A digest ("") has latest alone.
func guessTags(want string) []string {
	var guesses []string
	add := func(tag string) {
		if isTag(tag) && tag != want && !slices.Contains(guesses, tag) && len(guesses) < maxGuesses {
			guesses = append(guesses, tag)
		}
	}
	if v := readVersion(want); len(v.numbers) > 0 {
		if rest, ok := strings.CutPrefix(want, "v"); ok {
			add(rest)
		} else {
			add("v" + want)
		}
		if end := len(want) - 1; end > 0 && isDigit(want[end]) {
			if isDigit(want[end-1]) {
				add(want[:end])
			}
			if last := strings.LastIndexFunc(want, func(r rune) bool { return r < '0' || r > '9' }) + 1; last > 0 {
				if n, err := strconv.Atoi(want[last:]); err == nil && n > 0 {
					add(want[:last] + strconv.Itoa(n-1))
				}
			}
		}
		for short := want; strings.Contains(short, "."); {
			short = short[:strings.LastIndexByte(short, '.')]
			add(short)
		}
	} else if lower := strings.ToLower(want); want != "" {
		add(lower)
	}
	add(latest)
	return guesses
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// distance scores how far two tags are apart: 0 for another spelling, then
// slips (10 each), then neighbouring versions (from 100). ok is false for tags
// that have nothing to do with each other.
func distance(want, tag string) (score int, ok bool) {
	if spelled(want) == spelled(tag) {
		return 0, true
	}
	a, b := readVersion(want), readVersion(tag)
	versions := len(a.numbers) > 0 && len(b.numbers) > 0
	if versions && a.flavour == b.flavour && a.numbers[0] == b.numbers[0] {
		same := 0
		for same < min(len(a.numbers), len(b.numbers)) && a.numbers[same] == b.numbers[same] {
			same++
		}
		gap := 0 // an absent part, as in 1.27, counts as one step
		if same < len(a.numbers) && same < len(b.numbers) {
			gap = min(abs(a.numbers[same]-b.numbers[same]), 50)
		}
		score, ok = 100+60*max(3-same, 0)+gap, true
		if strings.HasPrefix(want, tag) || strings.HasPrefix(tag, want) {
			score -= 60 // 1.27.44 and 1.27.4: a digit too many, or an end cut off
		}
	}
	if len(want) <= 64 && abs(len(want)-len(tag)) <= max(len(want)/4, 1) {
		if slips := edits(strings.ToLower(want), strings.ToLower(tag)); slips <= 1 || slips <= len(want)/4 && !versions {
			if s := 10 * slips; !ok || s < score {
				score, ok = s, true
			}
		}
	}
	return score, ok
}

// spelled reduces a tag to what does not depend on its spelling.
func spelled(tag string) string {
	tag = strings.NewReplacer("_", "-").Replace(strings.ToLower(tag))
	if rest, ok := strings.CutPrefix(tag, "v"); ok && rest != "" && rest[0] >= '0' && rest[0] <= '9' {
		return rest
	}
	return tag
}

// version is a tag's leading numbers and what follows them.
type version struct {
	numbers []int
	flavour string // "-alpine"
}

func readVersion(tag string) version {
	var v version
	rest := spelled(tag)
	for len(v.numbers) < 4 {
		end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
		if end < 0 {
			end = len(rest)
		}
		n, err := strconv.Atoi(rest[:end])
		if err != nil || end > 8 {
			break
		}
		v.numbers, rest = append(v.numbers, n), rest[end:]
		after, dotted := strings.CutPrefix(rest, ".")
		if !dotted || after == "" || after[0] < '0' || after[0] > '9' {
			break
		}
		rest = after
	}
	v.flavour = rest
	return v
}

func compareVersions(a, b string) int {
	return slices.Compare(readVersion(a).numbers, readVersion(b).numbers)
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}

// edits counts the insertions, deletions, replacements and swaps of neighbours
// that turn a into b.
func edits(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			replace := last[j-1]
			if a[i-1] != b[j-1] {
				replace++
			}
			row[j] = min(last[j]+1, row[j-1]+1, replace)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
