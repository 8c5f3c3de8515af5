// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/pullmedic/pullmedic/evidence"
)

// assertNoCanary: nothing of a secret is in what was found.
func assertNoCanary(t *testing.T, findings []evidence.Finding, gaps []evidence.Gap) {
	t.Helper()
	text, err := json.Marshal(map[string]any{"findings": findings, "gaps": gaps})
	if err != nil {
		t.Fatal(err)
	}
	for _, canary := range []string{"canary", "Y2FuYXJ5", "NhbmFye", "jYW5hcn"} { // plain, and base64 at its three offsets
		if strings.Contains(string(text), canary) {
			t.Errorf("%q shows in %s", canary, text)
		}
	}
}
