// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"context"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/internal/report"
)

// A page is a text over the whole screen: a diagnosis, or the help.
type page struct {
	title string
	// object that is diagnosed; without a kind there is none.
	object v1alpha1.Object
	number int
	cancel context.CancelFunc
	began  time.Time // of the asking; zero: it is answered
	at     time.Time // when it was answered: it does not follow the cluster
	report *v1alpha1.Report
	failed string
	text   string // what is shown without a report
	top    int
	// laid is the text as it was laid out for a width.
	laid  []string
	width int
}

// diagnose opens the page of an object and asks for its diagnosis.
func (m *Model) diagnose(o v1alpha1.Object) tea.Cmd {
	number := 1
	if m.page != nil {
		m.page.leave()
		number = m.page.number + 1
	}
	ctx, cancel := context.WithCancel(m.ctx)
	m.page = &page{title: o.Kind + "/" + o.Name + " in " + o.Namespace, object: o, number: number, cancel: cancel, began: m.o.Now()}
	return func() tea.Msg {
		defer cancel()
		r, err := m.o.Source.Diagnose(ctx, o)
		return diagnosed{number: number, report: r, err: err, at: m.o.Now()}
	}
}

// diagnosed takes a diagnosis, if its page is still open.
func (m *Model) diagnosed(d diagnosed) {
	m.now = later(m.now, d.at)
	m.sent.Requests += d.report.Sent.Requests
	m.sent.Logins += d.report.Sent.Logins
	p := m.page
	if p == nil || p.object.Kind == "" || p.number != d.number || p.began.IsZero() {
		return
	}
	p.began, p.at, p.laid = time.Time{}, d.at, nil
	if d.err != nil {
		p.failed = clean(d.err.Error())
		return
	}
	p.report = &d.report
}

// leave ends what the page waits for.
func (p *page) leave() {
	if p.cancel != nil {
		p.cancel()
	}
}

// key takes a key while the page is open.
func (p *page) key(m *Model, pressed string) tea.Cmd {
	height := m.pageHeight()
	switch pressed {
	case "q", "esc", "left", "backspace":
		p.leave()
		m.page = nil
	case "up", "k":
		p.top--
	case "down", "j", "enter":
		p.top++
	case "pgup", "b":
		p.top -= height
	case "pgdown", "space":
		p.top += height
	case "home", "g":
		p.top = 0
	case "end", "G":
		p.top = len(p.lines(m))
	case "r":
		if p.object.Kind != "" {
			return m.diagnose(p.object)
		}
	case "f":
		if p.object.Kind != "" {
			return m.fix(p.object)
		}
	}
	p.top = max(0, min(p.top, len(p.lines(m))-height))
	return nil
}

// lines are the page's text for the screen's width.
func (p *page) lines(m *Model) []string {
	if p.laid != nil && p.width == m.width {
		return p.laid
	}
	text := p.text
	switch {
	case !p.began.IsZero():
		return []string{fmt.Sprintf("Asking the cluster, and the registry as the kubelet would ... %d s", int(m.now.Sub(p.began).Seconds()))}
	case p.failed != "":
		text = "Not answered: " + p.failed + "\n\nr asks again."
	case p.report != nil:
		var b strings.Builder
		style := m.o.Style
		style.Width = min(m.width, 100)
		if err := report.Diagnosis(&b, *p.report, style); err != nil {
			text = "Not shown: " + clean(err.Error())
			break
		}
		text = b.String()
	}
	// What is too long for a line, as commands are, goes on in the next.
	if p.report == nil {
		text = ansi.Wrap(text, max(m.width, 1), "")
	}
	text = ansi.Hardwrap(strings.TrimRight(text, "\n"), max(m.width, 1), true)
	p.laid, p.width = strings.Split(text, "\n"), m.width
	return p.laid
}

// helpPage tells about keys and signs.
func helpPage(m *Model) *page {
	var b strings.Builder
	for _, line := range [][2]string{
		{"up, down, k, j", "choose a workload; page up, page down, home, end"},
		{"enter", "diagnose it: the registry is asked as the kubelet would"},
		{"f", "plan a fix for it; you are asked before anything is changed"},
		{"/", "show only what has these words: cause, name, image, node"},
		{"n", "the next namespace that has failing pulls"},
		{"A", "all namespaces, or back to one"},
		{"r", "look now"},
		{"esc, q", "back; from the list, q leaves"},
	} {
		if line[0] == "f" && m.o.Fix == nil {
			continue
		}
		fmt.Fprintf(&b, "%-15s %s\n", line[0], line[1])
	}
	b.WriteString(`
NEXT ATTEMPT    when the kubelet tries again, by its own retry clock: in 0:34
                to 1:12; within 0:38; now. With "works", what failed works now.
IMPACT          what the failing does to the workload
*               the newest change
+               what is over, for three minutes

The cluster is looked at every ` + m.o.Every.String() + `, more rarely where that takes long or
fails. A registry is asked without logging in, and the same question at most
once a minute. Only a diagnosis and a fix log in; a diagnosis never again with
a login that was rejected.
`)
	return &page{title: "Help", text: b.String()}
}
