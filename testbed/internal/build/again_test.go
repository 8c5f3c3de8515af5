// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestWhatCannotBeFetchedIsTriedAgainAndTold(t *testing.T) {
	for name, c := range map[string]struct {
		fails, tried int
		interrupted  bool
	}{
		"at once":              {0, 1, false},
		"at the second try":    {1, 2, false},
		"never":                {9, tries, false},
		"a person interrupted": {9, 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				var out bytes.Buffer
				began, tried := time.Now(), 0
				err := again(ctx, &out, "downloading x", func() error {
					if c.interrupted {
						cancel()
					}
					if tried++; tried <= c.fails {
						return errors.New("connection reset")
					}
					return nil
				})
				if tried != c.tried || (err != nil) != (c.fails >= c.tried) {
					t.Errorf("tried %d times, %v", tried, err)
				}
				if told := strings.Count(out.String(), "downloading x failed at try "); told != tried-1 || time.Since(began) != time.Duration(told)*pause {
					t.Errorf("after %s it has told %q", time.Since(began), out.String())
				}
			})
		})
	}
}
