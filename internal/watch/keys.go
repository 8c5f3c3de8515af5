// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
)

// key takes a key.
func (m *Model) key(k tea.KeyPressMsg) tea.Cmd {
	pressed := k.String()
	switch {
	case pressed == "ctrl+c":
		return tea.Quit
	case pressed == "ctrl+z":
		return tea.Suspend
	case m.filtering:
		m.typing(k)
		return nil
	case m.page != nil:
		return m.page.key(m, pressed)
	}
	rows := m.visible
	at := m.index(rows)
	switch pressed {
	case "q":
		return tea.Quit
	case "up", "k":
		m.choose(rows, at-1)
	case "down", "j":
		m.choose(rows, at+1)
	case "pgup":
		m.choose(rows, at-m.bodyHeight())
	case "pgdown":
		m.choose(rows, at+m.bodyHeight())
	case "home", "g":
		m.choose(rows, 0)
	case "end", "G":
		m.choose(rows, len(rows)-1)
	case "enter":
		if at < len(rows) {
			return m.diagnose(rows[at].object)
		}
	case "f":
		if at < len(rows) {
			return m.fix(rows[at].object)
		}
	case "/":
		m.filtering = true
	case "esc":
		m.filter = ""
		m.arrange()
	case "n":
		return m.next()
	case "A":
		if m.scope != "" {
			return m.turn("")
		}
		return m.turn(m.home)
	case "r":
		return m.lookNow()
	case "?", "h":
		m.page = helpPage(m)
	}
	return nil
}

// typing takes a key while a filter is typed.
func (m *Model) typing(k tea.KeyPressMsg) {
	switch k.String() {
	case "enter":
		m.filtering = false
	case "esc":
		m.filtering, m.filter = false, ""
	case "backspace":
		if r := []rune(m.filter); len(r) > 0 {
			m.filter = string(r[:len(r)-1])
		}
	case "ctrl+u":
		m.filter = ""
	default:
		m.typed(k.Key().Text)
	}
	m.arrange()
}

// typed adds text to the filter; a blank at its end stays, for the next word.
func (m *Model) typed(text string) {
	blank := strings.HasSuffix(text, " ") && m.filter != ""
	text = clean(m.filter + text)
	if blank && !strings.HasSuffix(text, " ") {
		text += " "
	}
	if len(text) <= maxFilter {
		m.filter = text
	}
}

// arrange works out what the list has: the groups with the rows of the scope
// that the filter lets through, the gravest first. The cursor stays on its row, if that is there.
func (m *Model) arrange() {
	words := strings.Fields(strings.ToLower(m.filter))
	m.shown, m.visible, m.widest = nil, nil, widths{}
	for _, g := range m.groups {
		rows := g.rows
		g.rows = nil
		for _, r := range rows {
			if (m.scope == "" || r.object.Namespace == m.scope) && hasAll(r.words, words) {
				g.rows = append(g.rows, r)
				m.widest.namespace = max(m.widest.namespace, width(r.object.Namespace))
				m.widest.object = max(m.widest.object, width(r.object.Kind+"/"+r.object.Name+r.which()))
			}
		}
		if len(g.rows) > 0 {
			slices.SortStableFunc(g.rows, graverFirst)
			m.shown = append(m.shown, g)
		}
	}
	slices.SortStableFunc(m.shown, func(a, b group) int { return graverFirst(a.rows[0], b.rows[0]) })
	for _, g := range m.shown {
		m.visible = append(m.visible, g.rows...)
	}
	m.choose(m.visible, m.index(m.visible))
}

func hasAll(text string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

// index is where the cursor is among the rows: on the same row, else on the
// same object, else where it was.
func (m *Model) index(rows []row) int {
	if i := slices.IndexFunc(rows, func(r row) bool { return r.key == m.selected.key }); i >= 0 {
		return i
	}
	if i := slices.IndexFunc(rows, func(r row) bool { return r.object == m.selected.object }); i >= 0 {
		return i
	}
	return max(0, min(m.place, len(rows)-1))
}

func (m *Model) choose(rows []row, i int) {
	if len(rows) > 0 {
		m.place = max(0, min(i, len(rows)-1))
		m.selected = rows[m.place]
	}
}

// fix leaves the terminal to the fix of an object.
func (m *Model) fix(o v1alpha1.Object) tea.Cmd {
	if m.o.Fix == nil {
		m.say("fixing is not possible here")
		return nil
	}
	return tea.Exec(&fixing{ctx: m.ctx, fix: m.o.Fix, object: o}, func(err error) tea.Msg { return fixed{err} })
}

// fixing runs a fix while bubbletea has let go of the terminal.
type fixing struct {
	ctx         context.Context //nolint:containedctx // tea.ExecCommand's Run has none
	fix         Fix
	object      v1alpha1.Object
	in          io.Reader
	out, errOut io.Writer
}

func (f *fixing) SetStdin(r io.Reader)  { f.in = r }
func (f *fixing) SetStdout(w io.Writer) { f.out = w }
func (f *fixing) SetStderr(w io.Writer) { f.errOut = w }

// Run fixes, and waits until the person has read how it went.
func (f *fixing) Run() error {
	err := f.fix(f.ctx, f.object, f.in, f.out, f.errOut)
	if err != nil {
		fmt.Fprintln(f.errOut, "error: "+clean(err.Error()))
	}
	if f.ctx.Err() != nil {
		return err
	}
	fmt.Fprint(f.out, "\nEnter goes back to the watch.")
	read := make(chan struct{})
	go func() {
		defer close(read)
		_, _ = bufio.NewReader(f.in).ReadString('\n') // whatever is typed, it was read
	}()
	select {
	case <-read:
	case <-f.ctx.Done(): // interrupted; the reading ends with the process
	}
	return err
}
