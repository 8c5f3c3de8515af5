// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/evidence"
)

// gapsShown bounds what an overview lists as not looked at; -v lists all.
const gapsShown = 4

// Overview writes what fails, grouped by cause and subject: for each what it
// is, what to do first, whom it hits, and the command that tells all about it.
func Overview(w io.Writer, r v1alpha1.Report, style Style) error {
	s := newSheet(style)
	s.headline(r)
	width := 0
	for _, g := range r.Groups {
		width = max(width, cells(g.Cause))
	}
	rest := r.Diagnoses // in the order of the groups and their pulls
	for _, g := range r.Groups {
		of := rest[:min(len(g.Pulls), len(rest))]
		rest = rest[len(of):]
		s.blank()
		s.group(g, of, r.Time, width)
	}
	s.recovered(r)
	s.unmade(r.Unmade, r.Time)
	if len(r.Groups) == 0 { // beside what fails they are no news
		s.notRunning(r)
	}
	s.ending(r, everyGap(r))
	return s.writeTo(w)
}

// headline tells the whole in one line.
func (s *sheet) headline(r v1alpha1.Report) {
	looked := fmt.Sprintf("(%s in %s looked at)", count(r.Pods, "pod"), count(r.Namespaces, "namespace"))
	failing, cleared := map[string]bool{}, map[string]bool{}
	groups := 0
	for _, d := range r.Diagnoses {
		pod := podKey(d.Pull)
		if d.Causes[0].State == v1alpha1.Failing {
			failing[pod] = true
		} else {
			cleared[pod] = true
		}
	}
	for _, g := range r.Groups {
		if g.State == v1alpha1.Failing {
			groups++
		}
	}
	switch {
	case len(failing) > 0:
		verb := "keep"
		if groups == 1 {
			verb = "keeps"
		}
		s.paragraph("", plain, painted(fmt.Sprintf("%s %s %s from starting", count(groups, "cause"), verb, count(len(failing), "pod")), bold), normal(looked))
	case len(cleared) > 0:
		should := "should start at its next attempt"
		if len(cleared) > 1 {
			should = "should start at their next attempts"
		}
		s.paragraph("", plain, painted("What failed works now: "+count(len(cleared), "pod")+" "+should, bold), normal(looked))
	case len(r.Unmade) > 0 && r.Pods == 0:
		s.paragraph("", plain, painted("No pods here: they could not be made, so there is no pull yet", bold), normal(looked))
	case len(r.Unmade) > 0:
		s.paragraph("", plain, painted("No failing pull, but pods that could not be made", bold), normal(looked))
	case r.Pods == 0 && len(r.NotLookedAt) == 0:
		s.paragraph("", plain, painted("No pods here, so no pull fails", bold), normal(looked))
	case len(r.NotLookedAt) > 0:
		s.paragraph("", plain, painted("No failing pull found, but not everything could be looked at", bold), normal(looked))
	case slices.ContainsFunc(r.NotRunning, func(p v1alpha1.NotRunning) bool { return p.State == string(evidence.BeingMade) }):
		s.paragraph("", plain, painted("No failing pull so far", bold), normal(looked))
	default:
		s.paragraph("", plain, painted("No failing pull", bold), normal(looked))
	}
}

func (s *sheet) group(g v1alpha1.Group, of []v1alpha1.Diagnosis, now time.Time, width int) {
	s.title(g, width)
	s.paragraph("  ", plain, normal(sentence(g.Summary)))
	if g.FirstAction != "" && g.State != v1alpha1.Cleared {
		s.hang("  Do first: ", bold, 4, normal(g.FirstAction))
	}
	if g.Impact.Summary != "" {
		s.hang("  Impact: ", bold, 4, severe(g.Impact.Severity, g.Impact.Summary)...)
	}
	s.paragraph("  ", plain, painted(s.reach(g, now), dim))
	s.hit(of)
	if command, ok := s.diagnose(g.Example); ok {
		s.verbatim(2, cyan, "-> "+command)
	} else {
		s.paragraph("  ", plain, painted("Its name is none that Kubernetes allows, so no command is printed for it.", dim))
	}
}

// title names the cause and how sure it is, in columns, and the subject: on the
// same line if it fits there.
func (s *sheet) title(g v1alpha1.Group, width int) {
	verdict := verdictWords(g.Verdict, g.State)
	taken := max(width, cells(g.Cause)) + 2 + max(len(v1alpha1.Confirmed), len(verdict)) + 2
	head := s.paint(causeColor(g.State), g.Cause) + strings.Repeat(" ", max(width-cells(g.Cause), 0)+2) +
		s.paint(verdictColor(g.Verdict), verdict) + strings.Repeat(" ", max(len(v1alpha1.Confirmed)-len(verdict), 0)+2)
	subject := clean(strings.ReplaceAll(g.Subject.Kind, "-", " ") + " " + g.Subject.Name)
	if taken+cells(subject) <= s.Width {
		s.flow(head, taken, taken, solid(subject, plain))
		return
	}
	s.verbatim(0, plain, strings.TrimRight(head, " "))
	s.paragraph("  ", plain, normal(subject))
}

// reach tells whom a group hits and since when.
func (s *sheet) reach(g v1alpha1.Group, now time.Time) string {
	var of string
	switch e := g.Example; {
	case g.Workloads == 1 && e.Kind == "pod":
		of = ", " + e.Namespace + "/" + e.Name
	case g.Workloads == 1:
		of = " of " + e.Kind + "/" + e.Name + " in " + e.Namespace
	case g.Namespaces == 1:
		of = " of " + count(g.Workloads, "workload") + " in " + e.Namespace
	default:
		of = " of " + count(g.Workloads, "workload") + " in " + count(g.Namespaces, "namespace")
	}
	text := count(g.Pods, "pod") + of
	switch {
	case g.Nodes == 1 && len(g.Pulls) > 0 && g.Pulls[0].Node != "":
		text += ", on " + g.Pulls[0].Node
	case g.Nodes > 1:
		text += ", on " + count(g.Nodes, "node")
	}
	if g.Since != nil {
		text += ", since " + s.clock(*g.Since, now, toMinute) + " (" + length(now.Sub(*g.Since)) + ")"
	}
	if g.Running > 0 {
		text += "; " + count(g.Running, "pod") + " of this registry still " + map[bool]string{true: "runs", false: "run"}[g.Running == 1]
	}
	return text
}

// ending tells what was not looked at, what was read and what was sent.
func (s *sheet) ending(r v1alpha1.Report, missed []gapLine) { s.close(account(r), missed) }

// close ends a page with what was not looked at and the line that accounts for
// the run.
func (s *sheet) close(account string, missed []gapLine) {
	s.blank()
	shown := missed
	if s.Verbose == 0 && len(shown) > gapsShown {
		shown = shown[:gapsShown]
	}
	for i, g := range shown {
		head := "Not looked at: "
		if i > 0 {
			head = strings.Repeat(" ", len(head))
		}
		s.paragraph(head, yellow, normal(g.words()))
	}
	if more := len(missed) - len(shown); more > 0 {
		s.paragraph(strings.Repeat(" ", len("Not looked at: ")), plain, normal("and "+number(more)+" more; -v lists them"))
	}
	s.paragraph("", plain, painted(account, dim))
}

// account is the one line that says what was read and sent.
func account(r v1alpha1.Report) string {
	text := "Read " + count(r.Read.Pods, "pod")
	if r.Read.Secrets > 0 {
		text += " and " + count(r.Read.Secrets, "pull secret")
	}
	return text + "; " + sentWords(r.Sent) + "."
}

// sentWords says what was sent to registries.
func sentWords(sent v1alpha1.Sent) string {
	if sent.Requests == 0 {
		return "asked no registry"
	}
	text := "asked " + count(sent.Registries, "registry") + " with " + count(sent.Requests, "request")
	if sent.Logins == 0 {
		return text + ", no login"
	}
	return text + ", " + count(sent.Logins, "login")
}

// A gapLine is one reason for not looking, and how many pulls it holds for.
type gapLine struct {
	why, needs string
	pulls      int // 0: for all
}

func (g gapLine) words() string {
	text := g.why
	if g.pulls > 1 {
		text += " (" + count(g.pulls, "pull") + ")"
	}
	if g.needs != "" && !strings.Contains(g.why, g.needs) {
		text += "; needs " + g.needs
	}
	return text
}

// everyGap joins the gaps of all pulls: the same reason is told once.
func everyGap(r v1alpha1.Report) []gapLine {
	var lines []gapLine
	place := map[string]int{}
	add := func(g v1alpha1.Gap, pulls int) {
		if i, ok := place[g.Why]; ok {
			lines[i].pulls += pulls
			return
		}
		place[g.Why] = len(lines)
		lines = append(lines, gapLine{why: g.Why, needs: g.Needs, pulls: pulls})
	}
	for _, g := range r.NotLookedAt {
		add(g, 0)
	}
	for _, d := range r.Diagnoses {
		told := map[string]bool{}
		for _, g := range d.NotLookedAt {
			if !told[g.Why] {
				told[g.Why] = true
				add(g, 1)
			}
		}
	}
	return lines
}

// verdictWords says how sure a cause is, with its state where that is not
// failing.
func verdictWords(v v1alpha1.Verdict, state v1alpha1.State) string {
	if state == v1alpha1.Cleared {
		return string(v) + ", cleared"
	}
	return string(v)
}

func verdictColor(v v1alpha1.Verdict) color {
	switch v {
	case v1alpha1.Confirmed:
		return bold
	case v1alpha1.Likely:
		return yellow
	}
	return dim
}

func causeColor(state v1alpha1.State) color {
	if state == v1alpha1.Cleared {
		return green
	}
	return red
}

// Sentence makes a summary, which is a clause, a sentence.
func Sentence(clause string) string { return sentence(clause) }

// sentence makes a clause one: a capital where it begins with a plain word (not
// a name, whose spelling matters), and a full stop.
func sentence(clause string) string {
	cut := strings.HasSuffix(clause, "...")
	clause = strings.TrimRight(clean(clause), ". ")
	if clause == "" {
		return ""
	}
	first, _, _ := strings.Cut(clause, " ")
	if strings.IndexFunc(first, func(r rune) bool { return r < 'a' || r > 'z' }) < 0 && first != "containerd" {
		clause = strings.ToUpper(clause[:1]) + clause[1:]
	}
	switch {
	case cut:
		return clause + "..."
	case strings.HasSuffix(clause, "?"):
		return clause
	}
	return clause + "."
}

func gapWords(gaps []v1alpha1.Gap) []string {
	var lines []string
	for _, g := range gaps {
		lines = append(lines, gapLine{why: g.Why, needs: g.Needs}.words())
	}
	return lines
}

// notSeen lists what could not be looked at: the first few, and with -v all.
func (s *sheet) notSeen(gaps []v1alpha1.Gap) {
	lines := gapWords(gaps)
	if more := len(lines) - gapsShown; s.Verbose == 0 && more > 0 {
		lines = append(lines[:gapsShown], "and "+number(more)+" more; -v lists them")
	}
	s.list("Not seen", lines)
}
