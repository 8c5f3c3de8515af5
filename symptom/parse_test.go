// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package symptom_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/pullmedic/pullmedic/symptom"
)

// testMessage is a line of testdata/*.jsonl: a message in a runtime's or
// registry's wording with names of its own, and what it says. Those of
// pasted.jsonl are error texts from public bug reports, with names of people,
// companies, hosts and accounts taken out; those of composed.jsonl are put
// together from the sources of containerd, CRI-O, the kubelet, Docker and Go.
type testMessage struct {
	Sign    symptom.Sign `json:"sign"`
	Message string       `json:"message"`
}

// readMessages returns testdata's messages by file.
func readMessages(tb testing.TB) map[string][]testMessage {
	tb.Helper()
	paths, err := filepath.Glob("testdata/*.jsonl")
	if err != nil || len(paths) == 0 {
		tb.Fatalf("no messages in testdata: %v", err)
	}
	messages := map[string][]testMessage{}
	for _, path := range paths {
		file, err := os.Open(path)
		if err != nil {
			tb.Fatal(err)
		}
		lines := bufio.NewScanner(file)
		for lines.Scan() {
			var m testMessage
			if err := json.Unmarshal(lines.Bytes(), &m); err != nil {
				tb.Fatalf("%s: %v", path, err)
			}
			messages[filepath.Base(path)] = append(messages[filepath.Base(path)], m)
		}
		if err := lines.Err(); err != nil {
			tb.Fatalf("%s: %v", path, err)
		}
		file.Close()
	}
	return messages
}

func TestMessagesOfEveryFamily(t *testing.T) {
	count := 0
	for name, messages := range readMessages(t) {
		for _, m := range messages {
			count++
			if got := symptom.Parse(m.Message); got.Sign != m.Sign {
				t.Errorf("%s: %q\n\tsays %s, want %s (also %v)", name, m.Message, got.Sign, m.Sign, got.Also)
			}
		}
	}
	if count < 500 {
		t.Errorf("only %d messages", count)
	}
}
