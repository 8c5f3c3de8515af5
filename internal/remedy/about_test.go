// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"slices"
	"testing"
)

func TestEveryRemedyIsTold(t *testing.T) {
	if len(Known()) < 60 {
		t.Fatalf("only %d remedies are known", len(Known()))
	}
	for _, id := range Known() {
		a, ok := Describe(id)
		if !ok || a.ID != id || a.Changes == "" || a.Rights == "" || a.Undone == "" || (a.Kind == Wait) != (len(a.Options) == 0) {
			t.Errorf("%s: %+v", id, a)
		}
	}
	for id, want := range map[string][]string{
		"held-image": {"--with held-image"}, "set-image": {"--with set-image", "--to IMAGE", "--container NAME"}, "rollback": {"--rollback", "--force"}, "hosts-toml-ca": {"--with hosts-toml-ca", "--ca FILE"},
	} {
		if a, _ := Describe(id); !slices.Equal(a.Options, want) {
			t.Errorf("%s has %q, want %q", id, a.Options, want)
		}
	}
	if _, ok := Describe("pray"); ok {
		t.Error("pray is told")
	}
}
