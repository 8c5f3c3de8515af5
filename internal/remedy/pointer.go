// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// Edits name places in objects by JSON pointers (RFC 6901), and have values as
// JSON has them.

// pointer joins words to a JSON pointer.
func pointer(words ...string) string {
	var b strings.Builder
	for _, w := range words {
		b.WriteString("/")
		b.WriteString(strings.NewReplacer("~", "~0", "/", "~1").Replace(w))
	}
	return b.String()
}

// words takes a JSON pointer apart.
func words(pointer string) []string {
	list := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	for i := range list {
		list[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(list[i])
	}
	return list
}

// ValueAt is the value in an object that a JSON pointer leads to, nil if there is
// none.
func ValueAt(object any, pointer string) any {
	for _, word := range words(pointer) {
		switch o := object.(type) {
		case map[string]any:
			object = o[word]
		case []any:
			i, err := strconv.Atoi(word)
			if err != nil || i < 0 || i >= len(o) {
				return nil
			}
			object = o[i]
		default:
			return nil
		}
	}
	return object
}

// set gives the place in a value of JSON that the words lead to another value;
// nil removes a field.
func set(in any, words []string, value any) (any, bool) {
	if len(words) == 0 {
		return value, true
	}
	switch at := in.(type) {
	case map[string]any:
		inner, ok := set(at[words[0]], words[1:], value)
		if inner == nil {
			delete(at, words[0])
		} else {
			at[words[0]] = inner
		}
		return at, ok
	case []any:
		i, err := strconv.Atoi(words[0])
		if err != nil || i < 0 || i >= len(at) {
			return in, false
		}
		inner, ok := set(at[i], words[1:], value)
		at[i] = inner
		return at, ok
	case nil:
		inner, ok := set(nil, words[1:], value)
		return map[string]any{words[0]: inner}, ok
	}
	return in, false
}

// SameValue compares values as JSON has them: 1 and 1.0 are one number.
func SameValue(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}
