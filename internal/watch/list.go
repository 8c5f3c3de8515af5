// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/internal/report"
)

// Widths of the list's columns, with the blanks behind them.
const (
	signs      = 4 // the cursor and the newest change
	podsWidth  = 6
	levelWidth = 10
	sinceWidth = 8
	clockWidth = 16
	maxName    = 56
	narrow     = 60 // below, impact and since are left out
	tiny       = 50 // below, the pods as well
	legible    = 20 // cells that a subject should have at least

	leastNamespace = 6 // cells, below which a namespace is left out
	leastRule      = 3 // dashes between what the chosen row is about and its number
)

// A line of the list: the headings, a group's title or one of its rows.
type line struct {
	group *group
	row   *row
}

// list are the lines of all groups, and which of them the cursor is on.
func (m *Model) list() (lines []line, cursor int) {
	lines = append(make([]line, 0, 1+len(m.shown)+len(m.visible)), line{})
	for i := range m.shown {
		g := &m.shown[i]
		lines = append(lines, line{group: g})
		for j := range g.rows {
			if g.rows[j].key == m.selected.key {
				cursor = len(lines)
			}
			lines = append(lines, line{row: &g.rows[j]})
		}
	}
	if cursor == 2 {
		cursor = 1 // show the headings, too
	}
	return lines, cursor
}

// body are the list's lines that there is room for.
func (m *Model) body(height int) []string {
	if len(m.visible) == 0 {
		return m.nothing()
	}
	all, cursor := m.list()
	m.top = scroll(m.top, cursor, height, len(all))
	newest := m.newest()
	var lines []string
	shown := all[m.top:min(len(all), m.top+height)]
	if last := len(shown) - 1; last > 0 && shown[last].group != nil {
		shown = shown[:last] // a heading stands above its first row or not at all
	}
	for _, l := range shown {
		switch {
		case l.row != nil:
			lines = append(lines, m.row(*l.row, newest))
		case l.group != nil:
			lines = append(lines, m.title(*l.group))
		default:
			lines = append(lines, m.paint(dim, m.columns("    ", m.heading(), "PODS", "IMPACT", "SINCE", "NEXT ATTEMPT", plain)))
		}
	}
	return lines
}

func (m *Model) heading() string {
	if m.scope == "" {
		return "NAMESPACE, WORKLOAD"
	}
	return "WORKLOAD"
}

// nothing says why the list is empty.
func (m *Model) nothing() []string {
	switch {
	case m.look.ended.IsZero():
		return []string{""}
	case m.filter != "":
		return []string{"Nothing that fails has " + quoted(m.filter) + " in it; esc shows all."}
	case m.report.Pods == 0:
		return []string{"No pods here, so no pull fails."}
	case len(m.report.NotLookedAt) > 0:
		return []string{"No failing pull found, but not everything could be looked at."}
	}
	return []string{"No failing pull."}
}

// newest is when the newest change was, zero if that is no news any more.
func (m *Model) newest() time.Time {
	var newest time.Time
	for _, r := range m.visible {
		newest = later(newest, r.changed)
	}
	if m.now.Sub(newest) > markedFor {
		return time.Time{}
	}
	return newest
}

// title is the heading of a group: what is wrong, how sure that is, and with
// what.
func (m *Model) title(g group) string {
	c := red
	verdict := g.verdict
	if g.state == v1alpha1.Cleared {
		c, verdict = green, verdict+", cleared"
	}
	if told := verdict + ", " + g.severity; m.width < narrow && g.severity != "" && width(g.cause)+width(told)+legible <= m.width {
		verdict = told
	}
	used := width(g.cause) + width(verdict) + 4
	subject := g.subject
	if used+width(subject) > m.width { // the name itself is told, and of that the end: a tag
		name := subject
		if verdict != "" {
			_, name, _ = strings.Cut(subject, " ")
		}
		subject = squeeze(name, m.width-used)
	}
	sure := plain
	switch g.verdict {
	case string(v1alpha1.Confirmed):
		sure = bold
	case string(v1alpha1.Likely):
		sure = yellow
	}
	if verdict != "" {
		verdict = m.paint(sure, verdict) + "  "
	}
	return m.paint(c, g.cause) + "  " + verdict + subject
}

func (m *Model) row(r row, newest time.Time) string {
	sign := "    "
	chosen := r.key == m.selected.key
	if chosen {
		sign = ">   "
	}
	if !newest.IsZero() && r.changed.Equal(newest) {
		sign = sign[:2] + "* "
	}
	next := r.next.clock(m.now)
	if r.state == v1alpha1.Cleared {
		next = "works, " + next
	}
	since := "-"
	if !r.since.IsZero() {
		since = m.clock(r.since, "15:04")
	}
	line := func(level color) string {
		return m.columns(sign, m.name(r), r.count(), r.severity, since, next, level)
	}
	switch {
	case chosen:
		return m.paint(reverse, line(plain))
	case r.state == v1alpha1.Cleared:
		return m.paint(green, line(plain))
	case strings.HasPrefix(sign[2:], "*"):
		return m.paint(bold, line(plain))
	case r.severity == "critical", r.severity == "high":
		return line(red)
	case r.severity == "medium":
		return line(yellow)
	}
	return line(plain)
}

// name is what a row is called, in columns where there is room.
func (m *Model) name(r row) string {
	object := r.object.Kind + "/" + r.object.Name + r.which()
	if m.scope != "" {
		if object = shorter(object, r, m.nameWidth()); r.shared {
			return squeeze(object, m.nameWidth()-1) // the container stands at its end
		}
		return object
	}
	w := m.nameWidth() - 1 // the blank behind it
	ns := min(m.widest.namespace, max(w-1-m.widest.object, w/3))
	if object = shorter(object, r, w-ns); width(object) < w-ns {
		return pad(squeeze(r.object.Namespace, ns), ns) + " " + object
	}
	return placed(r.object.Namespace, object, w)
}

// placed is an object with its namespace in so many cells: of the namespace what
// there is room for beside the object's whole name, which tells more.
func placed(namespace, object string, w int) string {
	if room := w - 1 - width(object); room >= min(width(namespace), leastNamespace) {
		return squeeze(namespace, room) + " " + object
	}
	return squeeze(object, w)
}

// shorter spells the kind as kubectl's short name where the whole does not fit.
func shorter(name string, r row, w int) string {
	if width(name) < w {
		return name
	}
	return shortKind(r.object.Kind) + "/" + r.object.Name + r.which()
}

func (m *Model) nameWidth() int {
	taken := signs + clockWidth
	if m.width >= tiny {
		taken += podsWidth
	}
	if m.width >= narrow {
		taken += levelWidth + sinceWidth
	}
	return max(8, min(m.width-taken, maxName))
}

// columns puts a row's cells under each other.
func (m *Model) columns(sign, name, pods, level, since, next string, levelColor color) string {
	w := m.nameWidth()
	line := sign + pad(fit(name, w-1), w)
	if m.width >= tiny {
		line += pad(pods, podsWidth)
	}
	if m.width >= narrow {
		line += m.paint(levelColor, level) + pad("", levelWidth-width(level)) + pad(since, sinceWidth)
	}
	return pad(line+next, m.width)
}

// endedLines tell what is over, newest first, in at most a quarter of the
// screen.
func (m *Model) endedLines() []string {
	if len(m.ended) == 0 {
		return nil
	}
	var lines []string
	most := max(1, m.height/4-1)
	for i, e := range m.ended {
		if i == most && len(m.ended) > most {
			lines[i-1] = m.paint(dim, "+ and "+strconv.Itoa(len(m.ended)-i+1)+" more")
			break
		}
		// It may be of another namespace than the one that is looked at now.
		name := e.object.Namespace + " " + e.object.Kind + "/" + e.object.Name
		words := ": " + e.words(m.now)
		if 4+width(name)+width(words) > m.width {
			short := shortKind(e.object.Kind) + "/" + e.object.Name
			name = placed(e.object.Namespace, short, max(m.width-4-width(words), min(m.width-4, width(short)+1+leastNamespace)))
		}
		text := "+   " + name + words
		if full := text + " (" + e.cause + ")"; width(full) <= m.width {
			text = full
		}
		lines = append(lines, m.paint(green, text))
	}
	return lines
}

// detail names what the chosen row is about, in full, and tells about it, where
// there is room for that.
func (m *Model) detail() []string {
	if m.height < roomy {
		return nil
	}
	lines := []string{"", "", ""}
	for _, g := range m.shown {
		for _, r := range g.rows {
			if r.key != m.selected.key {
				continue
			}
			summary, action := g.told(r)
			where := " " + strconv.Itoa(m.index(m.visible)+1) + " of " + strconv.Itoa(len(m.visible))
			name := r.full() + " "
			rule := m.width - len(where) - width(name)
			if rule < leastRule { // the name has lines of its own
				name, rule = "", m.width-len(where)
			}
			lines[0] = name + m.paint(dim, strings.Repeat("-", max(0, rule))+where)
			lines = lines[:1]
			if name == "" {
				lines = append(lines, m.lines(r.full(), 2)...)
			}
			lines = append(lines, m.lines(report.Sentence(summary), 2)...)
			if action != "" && r.state == v1alpha1.Failing {
				first := m.lines("Do first: "+action, 3)
				first[0] = strings.Replace(first[0], "Do first:", m.paint(bold, "Do first:"), 1)
				lines = append(lines, first...)
			}
			for len(lines) < 3 {
				lines = append(lines, "")
			}
			return lines
		}
	}
	return lines
}

// lines are a text's first lines.
func (m *Model) lines(text string, most int) []string {
	all := strings.SplitN(ansi.Wordwrap(text, m.width, ""), "\n", most)
	last := len(all) - 1
	all[last] = fit(strings.ReplaceAll(all[last], "\n", " "), m.width)
	return all
}

// footer has the keys, or what is typed.
func (m *Model) footer() string {
	if m.filtering {
		return m.sides("/"+m.filter+"_", m.paint(dim, "enter keeps, esc drops"))
	}
	fix := "  f fix"
	if m.o.Fix == nil {
		fix = ""
	}
	keys := longest([]string{
		"enter diagnose" + fix + "  / filter  n next namespace  A all  ? help  q quit",
		"enter diagnose" + fix + "  / filter  n  A  ? help  q quit",
		"enter diagnose" + fix + "  ? help  q quit",
		"? help  q quit",
	}, m.width)
	if m.filter != "" {
		return m.sides(m.paint(cyan, "/"+m.filter), m.paint(dim, "esc shows all"))
	}
	return m.paint(dim, keys)
}
