// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"context"
	"maps"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/internal/examine"
)

// A Model is the state of the screen.
type Model struct {
	o   Options
	ctx context.Context //nolint:containedctx // of the whole run; bubbletea's commands get none

	width, height int
	now           time.Time
	// scope is the namespace that is looked at, "" for all; home is the one to
	// come back to, and broken are those that had failing pulls in the last look
	// at all.
	scope, home string
	broken      []string
	// hunting: the next namespace after this one is to be shown as soon as all
	// were looked at.
	hunting *string

	look   look
	report v1alpha1.Report
	groups []group
	rows   map[string]row     // of all scopes, as of their last look
	pulls  map[string]pulling // the same
	seen   map[string]bool    // scopes that were looked at
	ended  []ended
	sent   v1alpha1.Sent

	// selected is the row that the cursor is on, place where that was last.
	selected row
	place    int
	top      int // the first line of the list that is shown

	filter    string
	filtering bool
	// shown and visible are the groups and the rows that the list has, as
	// arranged; the widest of its names make its columns.
	shown   []group
	visible []row
	widest  widths

	note    string
	notedAt time.Time

	page *page
}

type widths struct{ namespace, object int }

// A look is where the looking is.
type look struct {
	number int // of the look whose answer is awaited, or was taken last
	cancel context.CancelFunc
	began  time.Time // zero: none is under way
	ended  time.Time // of the last one that was answered; zero: none
	next   time.Time
	failed string // why the last one was not answered, "" if it was
	fault  time.Time
	faults int
}

// New returns the model of a watch; ctx ends its questions.
func New(ctx context.Context, o Options) *Model {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Every <= 0 {
		o.Every = 5 * time.Second
	}
	o.Cluster, o.Namespace = clean(o.Cluster), clean(o.Namespace)
	m := &Model{o: o, ctx: ctx, now: o.Now(), home: o.Namespace, scope: o.Namespace, rows: map[string]row{}, pulls: map[string]pulling{}, seen: map[string]bool{}}
	if o.All {
		m.scope = ""
	}
	return m
}

// What the commands answer with.
type (
	tick   time.Time
	looked struct {
		number int
		scope  string
		report v1alpha1.Report
		err    error
		at     time.Time
		took   time.Duration
	}
	fated struct {
		pulls []pulling
		fates []examine.Fate
		at    time.Time
	}
	diagnosed struct {
		number int
		report v1alpha1.Report
		err    error
		at     time.Time
	}
	fixed struct{ err error }
)

// Init starts the clock and the first look.
func (m *Model) Init() tea.Cmd { return tea.Batch(second(), m.lookNow()) }

func second() tea.Cmd { return tea.Every(time.Second, func(t time.Time) tea.Msg { return tick(t) }) }

// Update takes a message.
func (m *Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
	case tick:
		return m, tea.Batch(second(), m.ticked(time.Time(msg)))
	case looked:
		return m, m.looked(msg)
	case fated:
		for i, p := range msg.pulls {
			m.over(p, msg.fates[i], msg.at) // the zero Fate where nobody answered
		}
	case diagnosed:
		m.diagnosed(msg)
	case fixed:
		if msg.err != nil {
			m.say("fix: " + clean(msg.err.Error()))
		}
		m.page = nil
		return m, m.lookNow()
	case tea.ResumeMsg:
		return m, m.lookNow()
	case tea.PasteMsg:
		if m.filtering {
			m.typed(msg.Content)
			m.arrange()
		}
	case tea.KeyPressMsg:
		return m, m.key(msg)
	}
	return m, nil
}

// ticked moves the clock on, and looks if it is time to.
func (m *Model) ticked(t time.Time) tea.Cmd {
	m.now = t
	m.forget()
	if m.note != "" && t.Sub(m.notedAt) >= notedFor {
		m.note = ""
	}
	if m.look.began.IsZero() && !t.Before(m.look.next) {
		return m.lookNow()
	}
	return nil
}

// lookNow gives up what look there is and starts one.
func (m *Model) lookNow() tea.Cmd {
	if m.look.cancel != nil {
		m.look.cancel()
	}
	ctx, cancel := context.WithCancel(m.ctx)
	m.look.cancel = cancel
	m.look.number++
	m.look.began = m.o.Now()
	number, scope, began := m.look.number, m.scope, m.look.began
	return func() tea.Msg {
		defer cancel()
		r, err := m.o.Source.Look(ctx, scope)
		at := m.o.Now()
		return looked{number: number, scope: scope, report: r, err: err, at: at, took: at.Sub(began)}
	}
}

// looked takes the answer to a look, unless another one was begun since.
func (m *Model) looked(l looked) tea.Cmd {
	m.now = later(m.now, l.at)
	m.sent.Requests += l.report.Sent.Requests
	m.sent.Logins += l.report.Sent.Logins
	if l.number != m.look.number {
		return nil
	}
	m.look.began = time.Time{}
	if l.err != nil {
		m.look.failed, m.look.fault = clean(l.err.Error()), l.at
		m.look.faults++
		m.look.next = l.at.Add(min(m.o.Every<<min(m.look.faults-1, 10), max(slowest, m.o.Every)))
		if m.hunting != nil { // where one comes from is better than nothing
			m.scope, m.hunting = *m.hunting, nil
			m.arrange()
		}
		return nil
	}
	m.look.failed, m.look.faults, m.look.ended = "", 0, l.at
	m.look.next = l.at.Add(max(m.o.Every, min(rest*l.took, slowest)))
	return m.take(l)
}

// take makes the screen's rows of a report.
func (m *Model) take(l looked) tea.Cmd {
	groups, pulls := groupsOf(l.report)
	known := maps.Clone(m.rows)
	maps.DeleteFunc(m.rows, func(_ string, r row) bool { return l.scope == "" || r.object.Namespace == l.scope })
	for _, g := range groups {
		for i := range g.rows {
			r := &g.rows[i]
			before, was := known[r.key]
			switch {
			case was && before.print == r.print:
				r.changed = before.changed
			case was, m.seen[""], m.seen[r.object.Namespace]:
				r.changed = l.at
			}
			m.rows[r.key] = *r
		}
	}
	m.seen[l.scope] = true
	m.report, m.groups = l.report, groups
	ask := m.recovered(l.report, pulls, l.scope, l.at)
	maps.Copy(m.pulls, pulls)
	if l.scope == "" {
		m.broken = namespaces(groups)
	}
	m.arrange()
	return tea.Batch(m.askFates(ask), m.hunt())
}

// askFates asks what became of pulls, one by one: there are few.
func (m *Model) askFates(pulls []pulling) tea.Cmd {
	if len(pulls) == 0 {
		return nil
	}
	return func() tea.Msg {
		f := fated{pulls: pulls, fates: make([]examine.Fate, len(pulls))}
		for i, p := range pulls {
			if fate, err := m.o.Source.Fate(m.ctx, p.ref); err == nil {
				f.fates[i] = fate
			}
		}
		f.at = m.o.Now()
		return f
	}
}

func namespaces(groups []group) []string {
	var all []string
	for _, g := range groups {
		for _, r := range g.rows {
			all = append(all, r.object.Namespace)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// turn looks at another namespace, "" for all; what is known of it is shown at
// once.
func (m *Model) turn(scope string) tea.Cmd {
	m.scope, m.top = scope, 0
	m.arrange()
	return m.lookNow()
}

// next goes to the next namespace that has failing pulls.
func (m *Model) next() tea.Cmd {
	if !m.seen[""] {
		from := m.scope
		m.hunting = &from
		m.say("looking at all namespaces for the next one")
		return m.turn("")
	}
	if len(m.broken) == 0 {
		m.say("no namespace has a failing pull")
		return nil
	}
	to := m.broken[0]
	for _, ns := range m.broken {
		if ns > m.scope {
			to = ns
			break
		}
	}
	if to == m.scope {
		m.say("no other namespace has a failing pull")
		return nil
	}
	return m.turn(to)
}

// hunt goes on to the next namespace once all were looked at.
func (m *Model) hunt() tea.Cmd {
	if m.hunting == nil || m.scope != "" {
		return nil
	}
	m.scope, m.hunting = *m.hunting, nil
	return m.next()
}

func (m *Model) say(note string) { m.note, m.notedAt = clean(note), m.now }

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
