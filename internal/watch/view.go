// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"fmt"
	"maps"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
)

// The least that the screen can be drawn on.
const (
	leastWidth  = 20
	leastHeight = 6
	roomy       = 16 // rows from which on the chosen row is told about
)

// View is the screen.
func (m *Model) View() tea.View {
	v := tea.NewView(strings.Join(m.screen(), "\n"))
	v.AltScreen = true
	return v
}

// screen is as many lines as the terminal has, none wider than it.
func (m *Model) screen() []string {
	if m.width <= 0 || m.height <= 0 {
		return nil
	}
	var lines []string
	switch {
	case m.width < leastWidth || m.height < leastHeight:
		lines = []string{"too small"}
	case m.page != nil:
		lines = m.pageScreen()
	default:
		lines = m.listScreen()
	}
	lines = lines[:min(len(lines), m.height)]
	for i, line := range lines {
		lines[i] = fit(line, m.width)
	}
	return lines
}

func (m *Model) listScreen() []string {
	height := m.bodyHeight()
	body := m.body(height)
	lines := append(m.header(), body...)
	for range height - len(body) {
		lines = append(lines, "")
	}
	lines = append(lines, m.endedLines()...)
	lines = append(lines, m.detail()...)
	return append(lines, m.footer())
}

// scroll returns the first line to show of so many, for the cursor's line to be
// seen with the one above it.
func scroll(top, cursor, height, lines int) int {
	if cursor-1 < top {
		top = cursor - 1
	}
	if cursor >= top+height {
		top = cursor - height + 1
	}
	return max(0, min(top, lines-height))
}

// bodyHeight is how many lines the list has.
func (m *Model) bodyHeight() int {
	return max(1, m.height-len(m.header())-len(m.endedLines())-len(m.detail())-1)
}

func (m *Model) pageHeight() int { return max(1, m.height-3) }

func (m *Model) pageScreen() []string {
	p := m.page
	all := p.lines(m)
	height := m.pageHeight()
	p.top = max(0, min(p.top, len(all)-height))
	shown := all[p.top:min(len(all), p.top+height)]
	where := ""
	if len(all) > height {
		where = fmt.Sprintf("%d%%", 100*(p.top+len(shown))/len(all))
	}
	if asOf := "as of " + m.clock(p.at, "15:04:05"); !p.at.IsZero() && width(p.title)+width(asOf)+width(where)+4 <= m.width {
		where = strings.TrimSpace(asOf + "  " + where)
	}
	lines := append([]string{m.sides(m.paint(bold, p.title), m.paint(dim, where)), ""}, shown...)
	for range height - len(shown) {
		lines = append(lines, "")
	}
	keys := []string{"up/down scroll  esc back  r ask again  f fix", "esc back  r again  f fix", "esc back"}
	if p.object.Kind == "" {
		keys = []string{"up/down scroll  esc back", "esc back"}
	} else if m.o.Fix == nil {
		keys = []string{"up/down scroll  esc back  r ask again", "esc back"}
	}
	return append(lines, m.paint(dim, longest(keys, m.width)))
}

// header says where one looks, what is broken, when that was seen, what it
// cost, and what went wrong.
func (m *Model) header() []string {
	where := m.o.Cluster
	scope := m.scope
	if scope == "" {
		scope = "all namespaces"
	} else {
		scope = "namespace " + scope
	}
	if where != "" {
		where += ", "
	}
	failing, bold1 := m.failing(), m.paint(bold, where+scope)
	first := m.sides(bold1, failing)
	if width(bold1)+width(failing)+2 > m.width {
		first = m.sides(m.paint(bold, scope), failing)
	}
	lines := []string{first, m.paint(dim, m.account())}
	switch {
	case m.look.failed != "":
		again := "now"
		if wait := m.look.next.Sub(m.now); wait > 0 && m.look.began.IsZero() {
			again = "in " + length(wait+time.Second-1)
		}
		for _, line := range m.lines(m.clock(m.look.fault, "15:04:05")+" (trying again "+again+") "+m.look.failed, 2) {
			lines = append(lines, m.paint(yellow, line))
		}
	case m.note != "":
		lines = append(lines, m.paint(cyan, m.note))
	case len(m.report.NotLookedAt) > 0:
		lines = append(lines, m.paint(yellow, "Not looked at: "+clean(m.report.NotLookedAt[0].Why)))
	default:
		lines = append(lines, "")
	}
	return lines
}

// failing tells the whole in some words.
func (m *Model) failing() string {
	if m.look.ended.IsZero() {
		return ""
	}
	causes, failing, lacks := map[int]bool{}, map[string]bool{}, 0
	for i, g := range m.groups {
		for _, r := range g.rows {
			if r.unmade != "" && (m.scope == "" || r.object.Namespace == m.scope) {
				lacks++
			} else if r.state == v1alpha1.Failing && (m.scope == "" || r.object.Namespace == m.scope) {
				maps.Copy(failing, r.pods)
				causes[i] = true
			}
		}
	}
	verb := "s"
	if len(causes) != 1 {
		verb = ""
	}
	unmade := ""
	if lacks > 0 {
		unmade = count(lacks, "workload") + " lack"
		if lacks == 1 {
			unmade += "s"
		}
		unmade += " pods"
	}
	switch {
	case len(failing) == 0 && lacks > 0:
		return m.paint(red, unmade)
	case len(failing) == 0:
		return m.paint(green, "no pull fails")
	case m.width < narrow:
		return m.paint(red, count(len(failing), "failing pod"))
	case lacks > 0:
		return m.paint(red, count(len(failing), "pod")+" cannot start, "+unmade)
	}
	return m.paint(red, count(len(causes), "cause")+" keep"+verb+" "+count(len(failing), "pod")+" from starting")
}

// account says when it was looked, at what, and what was sent for it.
func (m *Model) account() string {
	looking := ""
	if began := m.look.began; !began.IsZero() {
		if took := m.now.Sub(began); took >= 2*time.Second {
			looking = ", looking for " + length(took)
		}
	}
	switch {
	case m.look.ended.IsZero() && m.look.failed != "":
		return "nothing was seen yet"
	case m.look.ended.IsZero():
		return "looking at the cluster" + strings.Replace(looking, ", looking", "", 1)
	}
	at, since := m.clock(m.look.ended, "15:04:05"), ago(m.now.Sub(m.look.ended))
	sent := count(m.sent.Requests, "request")
	asked := sent + " to registries"
	if m.sent.Logins > 0 {
		asked += ", " + count(m.sent.Logins, "login")
	}
	seen, in := count(m.report.Pods, "pod"), " in "+count(m.report.Namespaces, "namespace")
	return longest([]string{
		"looked at " + at + ", " + since + looking + ": " + seen + in + "; sent " + asked,
		at + ", " + since + looking + ": " + seen + in + "; " + asked,
		since + looking + ": " + seen + "; " + asked,
		at + ", " + seen + ", " + sent,
		since + ", " + seen,
	}, m.width)
}

// clock shows a time in the reader's zone, with the day only if it is another.
func (m *Model) clock(t time.Time, layout string) string {
	zone := m.o.Style.Location
	if zone == nil {
		zone = time.UTC
	}
	t, now := t.In(zone), m.now.In(zone)
	if t.YearDay() != now.YearDay() || t.Year() != now.Year() {
		layout = "Jan 2"
	}
	return t.Format(layout)
}
