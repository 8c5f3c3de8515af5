// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy_test

import (
	"testing"

	"github.com/pullmedic/pullmedic/internal/remedy"
)

func TestAPointerIsFollowed(t *testing.T) {
	object := map[string]any{"a/b": []any{map[string]any{"c~d": "x"}}, "n": nil}
	for pointer, want := range map[string]any{"/a~1b/0/c~0d": "x", "/a~1b/1": nil, "/a~1b/-1": nil, "/a~1b/x": nil, "/a~1b/0/c~0d/e": nil, "/n": nil, "/none": nil} {
		if got := remedy.ValueAt(object, pointer); got != want {
			t.Errorf("%s is %v, want %v", pointer, got, want)
		}
	}
}
