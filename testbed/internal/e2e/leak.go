// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"github.com/pullmedic/pullmedic/testbed/internal/registries"
)

// leaks are all spellings under which a canary could show: as it is, in hex,
// and in base64 once or twice over, wherever in the encoded text it begins.
func leaks() [][]byte {
	spellings := []string{registries.Canary, hex.EncodeToString([]byte(registries.Canary))}
	once := insideBase64(registries.Canary)
	spellings = append(spellings, once...)
	for _, inner := range once {
		spellings = append(spellings, insideBase64(inner)...)
	}
	found := make([][]byte, 0, len(spellings))
	for _, spelling := range spellings {
		found = append(found, []byte(spelling))
	}
	return found
}

// insideBase64 gives what a text turns into inside a longer one that is encoded:
// one spelling for each place in a group of three bytes where it may begin,
// without the characters that its neighbours have a part in.
func insideBase64(text string) []string {
	var spellings []string
	for before := range 3 {
		encoded := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", before) + text))
		spellings = append(spellings, encoded[(before*8+5)/6:(before+len(text))*8/6])
	}
	return spellings
}

// Leaked tells whether a canary shows in any of the texts, in whatever spelling.
func Leaked(texts ...[]byte) bool { return leaked(leaks(), texts...) }

// leaked tells whether a canary shows in any of the texts.
func leaked(spellings [][]byte, texts ...[]byte) bool {
	for _, text := range texts {
		lower := bytes.ToLower(text)
		for i, spelling := range spellings {
			if bytes.Contains(text, spelling) || i < 2 && bytes.Contains(lower, spelling) {
				return true
			}
		}
	}
	return false
}
