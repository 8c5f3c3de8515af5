// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pullmedic/pullmedic/symptom"
)

func TestTheCrowdIsAsLargeAsItSays(t *testing.T) {
	c := newCrowd(time.Unix(1764000000, 0))
	sick, badImages, hosts, spaces, names := 0, map[string][]string{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, w := range c.workloads {
		spaces[w.namespace], names[w.namespace+"/"+w.name] = true, true
		if w.text == "" {
			continue
		}
		sick += replicas
		host, _, _ := strings.Cut(w.image, "/")
		hosts[host] = true
		badImages[w.image] = append(badImages[w.image], w.namespace)
		if w.before == w.image || w.before == "" {
			t.Errorf("%s fails with what it ran before, %q", w.name, w.before)
		}
	}
	if len(names)*replicas != pods || sick != failing || len(badImages) != images || len(hosts) != len(kinds) || len(spaces) != namespaces {
		t.Errorf("%d pods, %d failing, %d images, %d registries, %d namespaces", len(names)*replicas, sick, len(badImages), len(hosts), len(spaces))
	}
	for image, in := range badImages {
		if len(slices.Compact(slices.Sorted(slices.Values(in)))) < 2 {
			t.Errorf("%s fails in one namespace only, %v", image, in)
		}
	}
	if got := c.ladders(); got != 30*2+20*2*2 { // 30 images without a secret, 20 with one in two namespaces each; two platforms
		t.Errorf("%d ladders", got)
	}
}

func TestTheFailingTextsAreOnesThatTheRuntimesWrite(t *testing.T) {
	for _, w := range newCrowd(time.Unix(1764000000, 0)).workloads {
		if w.text == "" {
			continue
		}
		for _, left := range []string{"IMAGE", "HOST", "SCOPE", "REPOSITORY", "TAG"} {
			if strings.Contains(w.text, left) {
				t.Fatalf("%s is left in %q", left, w.text)
			}
		}
		if s := symptom.Parse(w.text); s.Sign == symptom.Other || s.Sign == "" {
			t.Errorf("%q names no cause", w.text)
		}
	}
}

func TestWhatIsOverItsTargetIsSaid(t *testing.T) {
	good := found{
		lists: []usage{{Took: time.Second}}, reports: []usage{{Took: 1900 * time.Millisecond, Peak: 140 << 20}},
		ladders: counted{climbed: 140, wanted: 140},
	}
	slow, large, many := good, good, good
	slow.reports = []usage{{Took: 2100 * time.Millisecond, Peak: 1 << 20}}
	large.reports = []usage{{Took: time.Second, Peak: 1 << 20}, {Took: time.Second, Peak: 150 << 20}, {Took: time.Second}}
	many.ladders.climbed = 141
	for want, f := range map[string]found{"; on target\n": good, "OVER THE TARGET in time\n": slow, "OVER THE TARGET in memory\n": large, "OVER THE TARGET in ladders\n": many} {
		var b bytes.Buffer
		f.print(&b)
		lines := strings.Split(strings.TrimSpace(b.String()), "\n")
		if !strings.HasSuffix(b.String(), want) || !strings.HasPrefix(lines[len(lines)-1], "bench: ") {
			t.Errorf("want %q at the end of\n%s", want, b.String())
		}
	}
}

func TestTheMedianIsTheMiddleOne(t *testing.T) {
	middle, first, last := median([]usage{{Took: 5}, {Took: 1}, {Took: 9}, {Took: 2}, {Took: 8}})
	if middle.Took != 5 || first.Took != 1 || last.Took != 9 {
		t.Errorf("got %v, %v, %v", middle.Took, first.Took, last.Took)
	}
}

func TestLaddersAreCountedInATrace(t *testing.T) {
	file := filepath.Join(t.TempDir(), "trace")
	text := `{"kind":"process","name":"run"}
{"kind":"check","name":"registry docker.io"}
{"kind":"request","name":"GET registry-1.docker.io/v2/"}
{"kind":"check","name":"registry ghcr.io"}
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if n, err := ladders(file); n != 2 || err != nil {
		t.Errorf("%d ladders, %v", n, err)
	}
	if err := os.WriteFile(file, []byte("no JSON\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ladders(file); err == nil {
		t.Error("no error about what is no trace")
	}
}

func TestAProcessIsMeasured(t *testing.T) {
	file := filepath.Join(t.TempDir(), "usage")
	var out bytes.Buffer
	if err := Timed(t.Context(), file, &out, &out, []string{"sh", "-c", "echo said; exit 7"}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var u usage
	if err := json.Unmarshal(text, &u); err != nil || u.Code != 7 || u.Took <= 0 || u.Peak < 1<<19 || out.String() != "said\n" {
		t.Errorf("got %+v, %v, said %q", u, err, out.String())
	}
	if err := Timed(t.Context(), file, &out, &out, []string{"/nowhere/at/all"}); err == nil {
		t.Error("no error about a program that is not there")
	}
}
