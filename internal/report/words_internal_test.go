// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
)

// A sum that leaves an outcome out does not come to the number of workloads.
func TestBecameHasWordsForEachOutcome(t *testing.T) {
	var schema struct {
		Defs map[string]struct {
			Enum []v1alpha1.FixOutcome `json:"enum"`
		} `json:"$defs"`
	}
	if err := json.Unmarshal([]byte(v1alpha1.Schema()), &schema); err != nil {
		t.Fatal(err)
	}
	all := schema.Defs["FixOutcome"].Enum
	if len(all) == 0 {
		t.Fatal("the schema has no outcomes of a fix")
	}
	for _, outcome := range all {
		mended, others := became([]v1alpha1.TargetFix{{Outcome: outcome}, {Outcome: outcome}})
		if told := mended + 2*len(others); told != 2 {
			t.Errorf("of two that are %s, %d are told: %d mended, %q", outcome, told, mended, others)
		}
	}
}

func TestWrap(t *testing.T) {
	const long = "registry.example.com/team/app@sha256:0123" // 41 cells
	for _, c := range []struct {
		name                 string
		text                 string
		width, taken, indent int
		want                 []string // each behind the cells before it, if they are not the indent
	}{
		{"nothing is one empty line", "", 10, 0, 0, []string{""}},
		{"words fill a line to its last cell", "aaaa bbbb cccc", 9, 0, 0, []string{"aaaa bbbb", "cccc"}},
		{"the first line has a room of its own", "aaaa bbbb cccc dddd", 14, 10, 5, []string{"aaaa", "bbbb cccc", "dddd"}},
		{"a first word that has no room begins the second line", "aaaaa bbbb", 14, 10, 4, []string{"", "aaaaa bbbb"}},
		{"a wide character takes two cells", "漢字 漢字 ab", 9, 0, 0, []string{"漢字 漢字", "ab"}},
		{"a combining mark takes none", "e\u0301e\u0301e\u0301e\u0301e\u0301 ab", 8, 0, 0, []string{"e\u0301e\u0301e\u0301e\u0301e\u0301 ab"}},
		{"a long name stands to the left as far as it needs", "of " + long + " is gone", 50, 12, 12, []string{"of", "9>" + long, "is gone"}},
		{"a long name at the beginning of a column stays there", long + " ab", 50, 12, 12, []string{long, "ab"}},
		{"a long name behind a head leaves it alone", long + " ab", 50, 12, 4, []string{"", long + " ab"}},
		{"a name that no line has room for goes over the edge", "of " + long + " ab", 40, 10, 10, []string{"of", long, "ab"}},
		{"and does so behind the head", long + " ab", 40, 10, 10, []string{long, "ab"}},
		{"two long names", long + " " + long, 44, 12, 12, []string{long, "3>" + long}},
		{"what is longer than any name breaks behind a separator", strings.Repeat("a", 520) + "/b", 521, 0, 0, []string{strings.Repeat("a", 520) + "/", "b"}},
		{"a long word in no reference's characters is broken at the end", strings.Repeat("é", 25), 10, 0, 0, []string{"éééééééééé", "éééééééééé", "ééééé"}},
		{"a wide character is not cut in half", "漢字漢字漢字漢字", 9, 0, 0, []string{"漢字漢字", "漢字漢字"}},
		{"a width that leaves no room still ends", "abc déf", 0, 0, 0, []string{"abc", "déf"}},
	} {
		var got []string
		for _, line := range wrap(strings.Fields(c.text), c.width, c.taken, c.indent) {
			if line.out >= 0 {
				line.text = fmt.Sprintf("%d>%s", line.out, line.text)
			}
			got = append(got, line.text)
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestTimesAreTheReadersAndNameTheDayOnlyWhereItIsAnother(t *testing.T) {
	now := time.Date(2026, 3, 2, 3, 4, 5, 0, time.UTC)
	west := Style{Location: time.FixedZone("", -4*3600)} // there it is still 1 March, 23:04:05
	for _, c := range []struct {
		at   time.Time
		want string
	}{
		{now, "23:04:05"},
		{now.Add(-23 * time.Hour), "00:04:05"},
		{now.Add(-24 * time.Hour), "Feb 28 23:04:05"},
		{now.Add(time.Hour), "Mar 2 00:04:05"},
		{now.AddDate(-1, 0, 0), "2025-03-01 23:04:05"},
	} {
		if got := west.clock(c.at, now, toSecond); got != c.want {
			t.Errorf("%s is shown as %q, want %q", c.at, got, c.want)
		}
	}
}

func TestWordsForNumbers(t *testing.T) {
	for got, want := range map[string]string{
		number(0): "0", number(999): "999", number(1000): "1,000", number(1234567): "1,234,567", number(-1234): "-1,234", number(-123): "-123",
		count(1, "pod"): "1 pod", count(2, "registry"): "2 registries", count(0, "login"): "0 logins",
		length(-time.Second): "0 s", length(59 * time.Second): "59 s", length(38 * time.Minute): "38 min", length(2 * time.Hour): "2 h",
		length(125 * time.Minute): "2 h 5 min", length(72 * time.Hour): "3 days",
		took("41.2ms"): "41 ms", took("200us"): "under 1 ms", took("1.25s"): "1.2 s", took(""): "", took("x"): "",
		sentence("the registry refuses"): "The registry refuses.", sentence("docker.io/a has no tag 1"): "docker.io/a has no tag 1.",
		sentence("containerd on a says: no..."): "containerd on a says: no...", sentence(""): "",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestAnOpeningEndsBetweenWords(t *testing.T) {
	s := newSheet(Style{Width: 40})
	for text, want := range map[string]string{
		"docker.io/a/b has no tag 1.27.44":        "docker.io/a/b has no tag...",
		"docker.io/a/b has no tag 1.2":            "docker.io/a/b has no tag 1.2",
		strings.Repeat("x", 40):                   "as said above",
		"docker.io/acme/b has tags 1, and 2 of 3": "docker.io/acme/b has tags...",
	} {
		if got := s.opening(text, 0, "[03:49:00]"); got != want {
			t.Errorf("%q opens with %q, want %q", text, got, want)
		}
	}
}
