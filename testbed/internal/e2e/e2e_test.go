// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pullmedic/pullmedic/testbed/internal/faults"
	"github.com/pullmedic/pullmedic/testbed/internal/layout"
	"github.com/pullmedic/pullmedic/testbed/internal/registries"
)

func TestACanaryIsFoundInEverySpelling(t *testing.T) {
	base := base64.StdEncoding.EncodeToString
	account := registries.AccountOf(registries.Harbor)
	config := `{"auths":{"harbor.acme.example:8443":{"auth":"` + base([]byte(account.User+":"+account.Password)) + `"}}}`
	ecr := registries.ECRPassword(time.Unix(1, 0), "x")
	for name, text := range map[string]string{
		"as it is":                    "password " + account.Password,
		"in upper case":               strings.ToUpper(account.Password),
		"in hex":                      hex.EncodeToString([]byte("x" + registries.Canary)),
		"user and password encoded":   base([]byte(account.User + ":" + account.Password)),
		"one character before":        base([]byte("a" + account.Password)),
		"two characters before":       base([]byte("ab" + account.Password)),
		"three characters before":     base([]byte("abc" + account.Password)),
		"a whole secret":              config,
		"a whole secret encoded":      base([]byte(config)),
		"an ECR password":             ecr,
		"an ECR password encoded":     base([]byte("AWS:" + ecr)),
		"a token's claims in a trace": base64.RawURLEncoding.EncodeToString([]byte(`{"jti":"` + registries.Canary + `-token-"}`)),
	} {
		if !leaked(leaks(), []byte("before"), []byte("x "+text+" y")) {
			t.Errorf("%s: not found", name)
		}
	}
	if leaked(leaks(), []byte("pod/app: TagNotFound, confirmed; harbor.acme.example:8443 rejects robot$acme")) {
		t.Error("found in a text without one")
	}
}

func TestUnionCountsTimeOnce(t *testing.T) {
	at := func(ms int) time.Time { return time.Unix(0, 0).Add(time.Duration(ms) * time.Millisecond) }
	for name, c := range map[string]struct {
		spans []span
		want  time.Duration
	}{
		"none":             {nil, 0},
		"apart":            {[]span{{Start: at(10), End: at(20)}, {Start: at(30), End: at(35)}}, 15 * time.Millisecond},
		"overlapping":      {[]span{{Start: at(15), End: at(30)}, {Start: at(10), End: at(20)}}, 20 * time.Millisecond},
		"one in the other": {[]span{{Start: at(0), End: at(50)}, {Start: at(10), End: at(20)}, {Start: at(40), End: at(60)}}, 60 * time.Millisecond},
	} {
		if got := union(c.spans); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestTimingReadsATrace(t *testing.T) {
	began := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	r := run{began: began, took: 100 * time.Millisecond, trace: []byte(`{"kind":"process","name":"run","start":"2026-01-01T00:00:00.010Z","end":"2026-01-01T00:00:00.090Z"}
{"kind":"request","name":"GET x","start":"2026-01-01T00:00:00.020Z","end":"2026-01-01T00:00:00.050Z"}
{"kind":"request","name":"GET y","start":"2026-01-01T00:00:00.040Z","end":"2026-01-01T00:00:00.060Z"}
{"kind":"judge","name":"z","start":"2026-01-01T00:00:00.060Z","end":"2026-01-01T00:00:00.080Z"}
`)}
	got, err := r.timing()
	want := Timing{Total: 100 * time.Millisecond, Start: 10 * time.Millisecond, Waited: 40 * time.Millisecond, Ours: 40 * time.Millisecond}
	if err != nil || got != want {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	if _, err := (run{}).timing(); err == nil {
		t.Error("no error without a trace")
	}
}

func TestFaultsOfNodesThatUseOneRegistryStandOneAfterTheOther(t *testing.T) {
	seen := map[string]int{}
	for i, wave := range wavesOf(faults.All()) {
		users := map[string]string{}
		for _, p := range wave {
			seen[p.fault.Name]++
			if p.fault.Reach != faults.OfNode {
				continue
			}
			uses := p.fault.Uses
			if uses == "" {
				uses = p.node.Name
				if len(wave) > len(layout.Nodes) {
					t.Errorf("wave %d has %s on %s among others on that node", i, p.fault.Name, p.node.Name)
				}
			}
			if other, taken := users[uses]; taken {
				t.Errorf("wave %d has %s on %s beside %s, and both use %s", i, p.fault.Name, p.node.Name, other, uses)
			}
			users[uses] = p.fault.Name
		}
	}
	for _, fault := range faults.All() {
		want := len(layout.Nodes)
		if len(fault.Nodes) > 0 {
			want = len(fault.Nodes)
		}
		if seen[fault.Name] != want {
			t.Errorf("%s is made %d times, want once on each of %d nodes", fault.Name, seen[fault.Name], want)
		}
	}
}

func TestRejectionsAreTheClientsOwn(t *testing.T) {
	got := rejections([]registries.Request{
		{From: layout.Client, Mark: "a", Rejected: true}, {From: layout.Client, Mark: "a", Rejected: true},
		{From: layout.Client, Mark: "b"}, {From: layout.Nodes[0].Addr, Mark: "a", Rejected: true},
	})
	if len(got) != 1 || got["a"] != 2 {
		t.Errorf("%v, want a twice", got)
	}
}

func TestSummaryCountsAndJudges(t *testing.T) {
	fault, err := faults.Find("missing-repository-hiding")
	if err != nil {
		t.Fatal(err)
	}
	control, err := faults.Find("healthy-open")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	r := &runner{Options: Options{Out: &out}, table: newTable(&out)}
	r.table.add(row{place: place{fault, layout.Nodes[0]}, cause: fault.Expect.Cause, verdict: fault.Expect.Verdict, ok: true})
	r.table.add(row{place: place{control, layout.Nodes[0]}, ok: true})
	if err := r.summary(time.Second); err != nil {
		t.Errorf("all is as expected, and yet %v", err)
	}
	if want := "e2e: 2 of 2 as expected, 0 wrong confirmed\n"; !strings.HasSuffix(out.String(), want) {
		t.Errorf("printed\n%s\nwant it to end with %s", out.String(), want)
	}
	r.complain("something")
	if err := r.summary(time.Second); err == nil {
		t.Error("a complaint is no error")
	}
	says := func(text string) answer {
		var a answer
		if err := json.Unmarshal([]byte(text), &a); err != nil {
			t.Fatal(err)
		}
		return a
	}
	tag := says(`{"causes":[{"cause":"TagNotFound","verdict":"confirmed"}]}`)
	repository := says(`{"causes":[{"cause":"RepositoryNotFound","verdict":"confirmed"}]}`)
	guess := says(`{"causes":[{"cause":"TagNotFound","verdict":"likely"}]}`)
	behind := says(`{"causes":[{"cause":"RepositoryNotFound","verdict":"confirmed"},{"cause":"TagNotFound","verdict":"confirmed"}]}`)
	if wrong(fault, tag) == "" || wrong(fault, repository) != "" || wrong(fault, guess) != "" || wrong(fault, behind) != "TagNotFound" || wrong(control, tag) == "" {
		t.Error("wrong tells the truth apart wrongly")
	}
}

func TestNormaliseTakesOutWhatChangesAlone(t *testing.T) {
	for in, want := range map[string]string{
		`read tcp 10.209.0.11:41234->10.209.1.8:443: read: connection reset by peer`:           `read tcp 10.209.0.11:40000->10.209.1.8:443: read: connection reset by peer`,
		`x509: current time 2026-11-21T03:00:00Z is after 2026-11-20T03:00:00Z`:                `x509: current time 2026-01-01T00:00:00Z is after 2025-01-01T00:00:00Z`,
		`failed to resolve image: registry.acme.example/acme/app:1.27.44: not found`:           `failed to resolve image: registry.acme.example/acme/app:1.27.44: not found`,
		`dial tcp: lookup registry.nowhere.example on 10.209.0.53:53: no such host, port 5000`: `dial tcp: lookup registry.nowhere.example on 10.209.0.53:53: no such host, port 5000`,
	} {
		if got := Normalise(in); got != want {
			t.Errorf("Normalise(%q)\n= %q", in, got)
		}
	}
}

func TestRecordedMessagesOfOtherFaultsAreKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "messages.jsonl")
	one := Message{Message: "a <b>", Runtime: "containerd", Version: "2.4.2", Fault: "one", Cause: "T"}
	two := Message{Message: "c", Runtime: "containerd", Version: "2.4.2", Fault: "two", Cause: "T"}
	for _, c := range []struct {
		write []Message
		want  int
	}{{[]Message{one, one}, 1}, {[]Message{two}, 2}, {[]Message{{Message: "d", Fault: "one", Cause: "T"}}, 2}} {
		if got, err := writeMessages(path, c.write); err != nil || got != c.want {
			t.Errorf("%d messages, %v; want %d", got, err, c.want)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil || strings.Contains(string(text), "a <b>") || !strings.Contains(string(text), `"fault":"two"`) {
		t.Errorf("%s, %v", text, err)
	}
}
