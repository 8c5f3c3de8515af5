// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/internal/examine"
)

// An ended is what a workload's pulls failed for and do not any more.
type ended struct {
	object v1alpha1.Object
	cause  string
	// seen is when the last of them was seen to be over.
	seen time.Time
	// pulled pods, and when the newest of them was; gone ones.
	pulled   int
	pulledAt time.Time
	gone     int
}

// over takes note of a pull that is over, with what became of it.
func (m *Model) over(p pulling, fate examine.Fate, at time.Time) {
	if !fate.Ran && m.fails(p.object) {
		return // another pod took its place and fails as well, or nobody can tell
	}
	i := slices.IndexFunc(m.ended, func(e ended) bool { return e.object == p.object && e.cause == p.cause })
	if i < 0 {
		i = len(m.ended)
		m.ended = append(m.ended, ended{object: p.object, cause: p.cause})
	}
	e := &m.ended[i]
	e.seen = at
	switch {
	case fate.Gone:
		e.gone++
	case fate.Ran:
		e.pulled++
		if fate.Pulled.After(e.pulledAt) {
			e.pulledAt = fate.Pulled
		}
	}
	slices.SortStableFunc(m.ended, func(a, b ended) int { return cmp.Compare(b.seen.UnixNano(), a.seen.UnixNano()) })
}

// fails tells whether a pull of the object is among those that fail now.
func (m *Model) fails(o v1alpha1.Object) bool {
	for _, r := range m.rows {
		if r.object == o {
			return true
		}
	}
	return false
}

// recovered takes note of the pulls that a report tells as pulled since, and of
// those that failed in an earlier look of the same scope and are not in this
// one; of the latter it returns whose fate is to be asked for.
func (m *Model) recovered(r v1alpha1.Report, now map[string]pulling, scope string, at time.Time) []pulling {
	for _, one := range r.Recovered {
		key := pullKey(one.Pull)
		before, known := m.pulls[key]
		if !known {
			continue // it was mended before we looked
		}
		delete(m.pulls, key)
		fate := examine.Fate{Ran: true}
		if one.Pulled != nil {
			fate.Pulled = *one.Pulled
		}
		m.over(before, fate, at)
	}
	var ask []pulling
	for _, key := range slices.Sorted(maps.Keys(m.pulls)) {
		p := m.pulls[key]
		if _, still := now[key]; still || scope != "" && p.ref.Namespace != scope {
			continue
		}
		delete(m.pulls, key)
		switch {
		case p.ref.Pod == "": // admission refused the pod, and does not any more
			m.over(p, examine.Fate{Gone: true}, at)
		case len(ask) < fatesAt:
			ask = append(ask, p)
		default:
			m.over(p, examine.Fate{}, at)
		}
	}
	return ask
}

// forget drops what is over long enough.
func (m *Model) forget() {
	m.ended = slices.DeleteFunc(m.ended, func(e ended) bool { return m.now.Sub(e.seen) > endedFor })
}

// words say what became of the pulls.
func (e ended) words(now time.Time) string {
	switch {
	case e.pulled > 0 && !e.pulledAt.IsZero():
		return pods(e.pulled) + "pulled " + ago(now.Sub(e.pulledAt))
	case e.pulled > 0:
		return pods(e.pulled) + "pulled"
	case e.gone > 0 && e.object.Kind == "pod":
		return "it is gone"
	case e.gone > 0:
		return "replaced, and nothing of it fails"
	}
	return "does not fail any more"
}

func pods(n int) string {
	if n == 1 {
		return ""
	}
	return fmt.Sprintf("%d pods ", n)
}
