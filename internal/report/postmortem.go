// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/internal/remedy"
)

// The times by which an incident's phases should be over: stop the bleeding,
// find the cause, fix it, confirm it over all.
const (
	byDetected  = time.Minute
	byDiagnosed = 5 * time.Minute
	byFixed     = 15 * time.Minute
	byConfirmed = 30 * time.Minute
)

// PostMortem writes what happened, why, and what was done, in Markdown: for a
// ticket, and for a person to go on with. Whatever others wrote is escaped.
func PostMortem(f v1alpha1.Fix, style Style) []byte {
	p := postMortem{zone: style.Location}
	if p.zone == nil {
		p.zone = time.UTC
	}
	title := "Image pulls"
	if len(f.Targets) > 0 && len(f.Targets[0].Causes) > 0 {
		title = prose(f.Targets[0].Causes[0].Cause)
	}
	p.line("# %s: %s\n", title, p.objects(f.Targets))
	p.line("Made by kubectl pullmedic on %s; times are in %s. What is in *italics* is for a person to fill in.\n", p.day(f.Time), p.zoneName(f.Time))
	p.summary(f)
	p.timeline(f)
	p.impact(f)
	p.cause(f)
	p.changes(f)
	p.verification(f)
	p.after(f)
	return p.b.Bytes()
}

type postMortem struct {
	b    bytes.Buffer
	zone *time.Location
}

func (p *postMortem) line(format string, args ...any) { fmt.Fprintf(&p.b, format+"\n", args...) }

// objects names the first workload and counts the others.
func (p *postMortem) objects(all []v1alpha1.TargetFix) string {
	if len(all) == 0 {
		return "nothing"
	}
	text := code(named(all[0].Target)) + " in namespace " + code(all[0].Target.Namespace)
	if n := len(all) - 1; n > 0 {
		text += " and " + count(n, "further workload")
	}
	return text
}

func (p *postMortem) summary(f v1alpha1.Fix) {
	mended, parts := became(f.Targets)
	if mended > 0 {
		parts = slices.Insert(parts, 0, number(mended)+" mended")
	}
	p.line("Of %s: %s.\n", count(len(f.Targets), "workload"), strings.Join(parts, ", "))
}

// A moment of the time line.
type moment struct {
	at   time.Time
	what string
}

// moments are what is known to have happened, in its order, each thing once.
func moments(f v1alpha1.Fix) []moment {
	var all []moment
	add := func(at *time.Time, format string, args ...any) {
		if at != nil {
			all = append(all, moment{*at, fmt.Sprintf(format, args...)})
		}
	}
	for _, t := range f.Targets {
		name := place(t.Target)
		for _, c := range t.Causes {
			for _, ch := range c.Changed {
				add(&ch.Time, "changed before: %s: %s%s", code(named(ch.Object)), prose(ch.What), by(ch.By))
			}
			add(c.FirstFailed, "the pull of %s fails first, in %s", code(c.Image), code("pod/"+c.Pod))
		}
		for _, l := range t.Log {
			add(&l.Time, "%s: %s", name, prose(l.What))
		}
		add(t.Ended, "%s: %s", name, string(t.Outcome))
	}
	add(&f.Time, "diagnosed, with this tool")
	slices.SortStableFunc(all, func(a, b moment) int { return a.at.Compare(b.at) })
	return slices.CompactFunc(all, func(a, b moment) bool { return a.at.Equal(b.at) && a.what == b.what })
}

// Phases of an incident, as far as they are known.
type phases struct {
	began  *time.Time // the first failure
	fixed  *time.Time // the first write
	mended *time.Time // the first pod of the last target had pulled
	ended  *time.Time // all is confirmed
}

func phasesOf(f v1alpha1.Fix) phases {
	var p phases
	confirmed := true
	for _, t := range f.Targets {
		for _, c := range t.Causes {
			p.began = earlier(p.began, c.FirstFailed)
		}
		p.fixed, p.ended = earlier(p.fixed, t.Began), later(p.ended, t.Ended)
		if len(t.Pulled) > 0 { // else the image was there, and nothing was pulled
			p.mended = later(p.mended, t.Mended)
		}
		confirmed = confirmed && t.Outcome == v1alpha1.FixMended && t.Left == 0
	}
	if !confirmed {
		p.ended = nil
	}
	return p
}

// later of two times, of which either may not be known.
func later(a, b *time.Time) *time.Time {
	if a == nil || b != nil && b.After(*a) {
		return b
	}
	return a
}

func (p *postMortem) timeline(f v1alpha1.Fix) {
	p.line("## Time line\n")
	p.line("| time | what |\n| --- | --- |")
	for _, m := range moments(f) {
		// A pipe ends a cell, even within a code span.
		cell := strings.ReplaceAll(strings.ReplaceAll(m.what, `\|`, "|"), "|", `\|`)
		p.line("| %s | %s |", m.at.In(p.zone).Format("2006-01-02 15:04:05"), cell)
	}
	p.line("")
	at := phasesOf(f)
	p.line("| phase | after the first failure | should be within | |\n| --- | --- | --- | --- |")
	p.line("| detected | *when did somebody know?* | %s | |", length(byDetected))
	p.phase("diagnosed", at.began, &f.Time, byDiagnosed, "")
	p.phase("fix begun", at.began, at.fixed, byFixed, "nothing was changed")
	if at.mended != nil {
		p.phase("first pod had pulled", at.began, at.mended, byFixed, "")
	}
	p.phase("confirmed over all", at.began, at.ended, byConfirmed, "not yet")
	p.line("")
	if at.began != nil {
		p.line("The first failure is the first that the cluster still shows; events live an hour.\n")
	}
}

// phase writes how long after the first failure a phase was over; missing stands
// for one that is not.
func (p *postMortem) phase(name string, began, over *time.Time, within time.Duration, missing string) {
	switch {
	case began == nil:
		p.line("| %s | not known | %s | |", name, length(within))
	case over == nil:
		p.line("| %s | %s | %s | |", name, missing, length(within))
	default:
		took, verdict := over.Sub(*began), "in time"
		if took > within {
			verdict = "late"
		}
		p.line("| %s | %s | %s | %s |", name, length(took), length(within), verdict)
	}
}

func by(manager string) string {
	if manager == "" {
		return ""
	}
	return ", by " + code(manager)
}

func (p *postMortem) impact(f v1alpha1.Fix) {
	p.line("## Impact\n")
	for _, t := range f.Targets {
		for _, c := range t.Causes {
			words := "nothing is known of the workload"
			if c.Impact != nil && c.Impact.Summary != "" {
				words = prose(c.Impact.Summary)
			}
			p.line("- %s: %s, %s", place(t.Target), prose(c.Severity), words)
		}
	}
	p.line("\n*What did users see?*\n")
}

func (p *postMortem) cause(f v1alpha1.Fix) {
	p.line("## Cause\n")
	for _, t := range f.Targets {
		for _, c := range t.Causes {
			p.line("%s, container %s, image %s: **%s**, %s. %s\n", place(t.Target), code(c.Container), code(c.Image), prose(c.Cause), prose(c.Verdict), prose(sentence(c.Summary)))
			for _, x := range c.Findings {
				seen := vantageWords(x.Vantage)
				if x.Time != nil {
					seen += " " + x.Time.In(p.zone).Format(time.TimeOnly)
				}
				p.line("- %s (%s)", prose(x.Sentence), seen)
			}
			p.line("")
		}
	}
	p.line("*Why was it possible?*\n")
}

func (p *postMortem) changes(f v1alpha1.Fix) {
	p.line("## What was changed\n")
	for _, t := range f.Targets {
		name := place(t.Target)
		for _, r := range t.Remedies {
			p.line("%s: %s (%s)\n", name, prose(because(r)), code(r.ID))
		}
		switch {
		case t.Began == nil:
			p.line("%s: nothing was changed%s.\n", name, afterColon(strings.TrimRight(t.Why, ".")))
			continue
		case t.Outcome == v1alpha1.FixUndone:
			p.line("What follows was changed, and taken back: %s.\n", prose(t.Why))
		}
		var diff strings.Builder
		for _, c := range t.Changes {
			diff.WriteString(difference(c))
		}
		if diff.Len() > 0 {
			p.b.WriteString(fenced("diff", diff.String()) + "\n")
		}
		if len(t.Evictions) > 0 {
			p.line("Failing pods that were evicted: %s.\n", codes(t.Evictions))
		}
		for _, x := range t.Irrevocable {
			p.line("Cannot be taken back: %s.\n", prose(x))
		}
		if t.Undo != "" {
			p.line("It is taken back with %s.\n", code("kubectl pullmedic undo "+t.Undo+" -n "+t.Target.Namespace))
		}
	}
}

// difference is a change as lines of a difference.
func difference(c v1alpha1.ObjectChange) string {
	var b strings.Builder
	verb := "change"
	if c.Creates {
		verb = "make"
	}
	fmt.Fprintf(&b, "# %s %s in namespace %s\n", verb, clean(c.Object), clean(c.Namespace))
	for _, f := range c.Fields {
		name := clean(f.Path)
		if f.Secret && slices.Contains([]string{"", remedy.Mask}, f.Old) && slices.Contains([]string{"", remedy.Mask}, f.New) {
			fmt.Fprintf(&b, "! %s (secret, not shown)\n", name)
			continue
		}
		if f.Old != "" {
			fmt.Fprintf(&b, "- %s: %s\n", name, clean(f.Old))
		}
		if f.New != "" {
			fmt.Fprintf(&b, "+ %s: %s\n", name, clean(f.New))
		}
	}
	return b.String()
}

func (p *postMortem) verification(f v1alpha1.Fix) {
	p.line("## Verification\n")
	for _, t := range f.Targets {
		name := place(t.Target)
		if len(t.Remedies) > 0 {
			p.line("- before: %s: that it helps was %s%s", name, strings.ReplaceAll(string(t.Proof), "-", " "), afterColon(t.ProofWhy))
		}
		switch {
		case t.Outcome == v1alpha1.FixMended:
			text := fmt.Sprintf("- after: %s: the kubelet pulled the image in %s, for %s", name, took(t.Took), codes(t.Pulled))
			if len(t.Pulled) == 0 {
				text = fmt.Sprintf("- after: %s: what failed is gone; %s had the image all the time", name, count(t.Served, "pod"))
			}
			if t.Left > 0 {
				text += "; " + count(t.Left, "pod") + " to go"
			}
			p.line("%s", text)
		case t.Why != "":
			p.line("- after: %s: %s: %s", name, strings.ReplaceAll(string(t.Outcome), "-", " "), prose(t.Why))
		default:
			p.line("- after: %s: %s", name, map[bool]string{true: "it has to be mended by hand", false: "not carried out"}[t.Outcome == v1alpha1.FixNothing])
		}
		if t.Next != "" {
			p.line("- the next problem of %s, which is not one of the pull: %s", name, prose(t.Next))
		}
	}
	p.line("")
}

func afterColon(why string) string {
	if why == "" {
		return ""
	}
	return ": " + prose(why)
}

func (p *postMortem) after(f v1alpha1.Fix) {
	p.line("## Afterwards\n")
	var known []string
	once := func(format string, args ...any) {
		if text := fmt.Sprintf(format, args...); !slices.Contains(known, text) {
			known = append(known, text)
			p.line("%s", text)
		}
	}
	step := func(s v1alpha1.RemedyStep) {
		text := "- [ ] " + prose(s.What)
		if s.Where != "" {
			text += " (" + prose(s.Where) + ")"
		}
		for _, c := range s.Commands {
			text += ": " + code(c)
		}
		if s.File != nil {
			text += ": " + code(s.File.Path) + "\n\n" + fenced("", s.File.Content)
		}
		once("%s", text)
	}
	for _, t := range f.Targets {
		if t.Back != "" && t.Began != nil {
			once("- [ ] %s: %s (%s)", place(t.Target), prose(t.Back), prose(strings.Join(t.Source, ", ")))
		}
		for _, s := range slices.Concat(t.Lasting, t.Afterwards) {
			step(s)
		}
		for _, r := range t.Remedies {
			for _, s := range r.Lasting {
				step(s)
			}
		}
		if t.Outcome == v1alpha1.FixNothing && len(t.Others) > 0 {
			for _, s := range t.Others[0].Steps {
				step(s)
			}
		}
	}
	once("- [ ] %s", endSilences)
	p.line("\n## Prevention\n")
	for _, t := range f.Targets {
		for _, c := range t.Causes {
			for _, x := range c.Prevention {
				once("- [ ] %s", prose(x))
			}
		}
	}
	p.line("\n*Who does which of these, until when?*")
}

func (p *postMortem) day(t time.Time) string { return t.In(p.zone).Format("2006-01-02 15:04") }

func (p *postMortem) zoneName(t time.Time) string {
	name, _ := t.In(p.zone).Zone()
	return code(name)
}

// prose escapes foreign text for a line of Markdown: no markup, HTML, link or
// mention of it comes to life.
func prose(text string) string {
	var b strings.Builder
	text = clean(text)
	digits := true // so far: a number, a dot and a blank begin a list
	for i, r := range text {
		switch {
		case strings.ContainsRune("\\`*_[]<>#|~&!$@{}", r), r == ':' && strings.HasPrefix(text[i:], "://"),
			i == 0 && strings.ContainsRune("-+=", r), i > 0 && digits && strings.ContainsRune(".)", r):
			b.WriteByte('\\')
		}
		digits = digits && r >= '0' && r <= '9'
		b.WriteRune(r)
	}
	return strings.ReplaceAll(b.String(), "www.", `www\.`)
}

// code makes foreign text a code span, in which nothing is markup: its fence is
// longer than any run of backquotes within.
func code(text string) string {
	text = foreign.Text(text, maxCommand)
	if text == "" {
		return "-"
	}
	fence := strings.Repeat("`", longest(text)+1)
	space := ""
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") {
		space = " "
	}
	return fence + space + text + space + fence
}

func codes(all []string) string {
	const shown = 5
	var out []string
	for _, s := range all[:min(len(all), shown)] {
		out = append(out, code(s))
	}
	text := strings.Join(out, ", ")
	if n := len(all) - shown; n > 0 {
		text += " and " + number(n) + " more"
	}
	return text
}

// fenced makes a block of foreign text.
func fenced(language, text string) string {
	fence := strings.Repeat("`", max(3, longest(text)+1))
	return fence + language + "\n" + strings.TrimRight(foreign.Lines(text, maxFile), "\n") + "\n" + fence + "\n"
}

// longest run of backquotes.
func longest(text string) int {
	most, n := 0, 0
	for _, r := range text {
		if r != '`' {
			n = 0
			continue
		}
		n++
		most = max(most, n)
	}
	return most
}

// place names an object with its namespace: two can have one name.
func place(o v1alpha1.Object) string {
	if o.Namespace == "" {
		return code(named(o))
	}
	return code(named(o)) + " in " + code(o.Namespace)
}
