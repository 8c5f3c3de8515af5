// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pullmedic/pullmedic/internal/cluster/clustertest"
	"github.com/pullmedic/pullmedic/internal/mend"
	"github.com/pullmedic/pullmedic/internal/remedy"
)

// The kubelet may have pulled while a person thought it over.
func TestAPodThatCannotBeReadIsNotEvicted(t *testing.T) {
	for name, c := range map[string]struct {
		fails   int // how many reads of the pod have no answer
		evicted bool
	}{"no read is lost": {0, true}, "the first reads are lost": {2, true}, "every read is lost": {1 << 30, false}} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, seer{map[string]bool{bad: true}}, deployment()...)
			b.server.Remove("pods", "shop", "api-1-x")
			p := b.plan(t, remedy.Options{Recreate: true})
			if len(p.Evict) != 1 {
				t.Fatalf("evicts %v", p.Evict)
			}
			b.server.React(func(w clustertest.Write) {
				if w.Verb == "evict" {
					b.server.Remove("pods", "shop", w.Name)
					b.server.Put(pod("api-2-z", "api-2", bad, runs))
				}
			})
			lost := 0
			m := b.over(t, lossy{
				loses: func(r *http.Request) bool {
					return lost < c.fails && r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/pods/api-2-x")
				},
				then: func(func()) error {
					lost++
					return io.ErrUnexpectedEOF
				},
			})
			var said []string
			limit := time.Minute
			if !c.evicted {
				limit = 200 * time.Millisecond
			}
			r := m.Carry(t.Context(), p, true, limit, func(what string) { said = append(said, what) })
			evicted := slices.ContainsFunc(b.server.Writes(), func(w clustertest.Write) bool { return w.Verb == "evict" })
			if evicted != c.evicted || (r.Outcome == mend.Mended) != c.evicted {
				t.Errorf("evicted: %t, got %+v", evicted, r)
			}
			const left = "pod/api-2-x was not evicted, as it is not known whether it still fails: "
			if told := slices.ContainsFunc(slices.Concat(said, r.Notes), func(s string) bool { return strings.HasPrefix(s, left) }); told == c.evicted {
				t.Errorf("told: %t, of %q", told, said)
			}
		})
	}
}
