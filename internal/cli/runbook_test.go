// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"regexp"
	"strings"
	"testing"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/pullmedic/pullmedic/catalog"
)

// What a runbook tells a person to type must be a verb and flags that exist.
func TestRunbooksCallVerbsAndFlagsThatExist(t *testing.T) {
	c, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	call := regexp.MustCompile("kubectl pullmedic ([^`\n|]+)")
	n := 0
	for _, cause := range c.Causes() {
		for _, m := range call.FindAllStringSubmatch(cause.Runbook, -1) {
			n++
			args := strings.Fields(m[1])
			cmd, rest, err := New(genericiooptions.NewTestIOStreamsDiscard()).Find(args)
			if err == nil {
				err = cmd.ParseFlags(rest)
			}
			if err != nil {
				t.Errorf("%s/runbook.md: %q: %v", cause.ID, m[0], err)
			}
			if cmd != nil && !cmd.HasParent() && !strings.HasPrefix(args[0], "-") {
				t.Errorf("%s/runbook.md: %q calls no verb", cause.ID, m[0])
			}
		}
	}
	if n < 20 {
		t.Errorf("only %d calls found", n)
	}
}
