// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"slices"
	"strings"
	"time"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/evidence"
)

// A mark ticks a finding or step.
type mark struct {
	sign string
	color
}

func goodMark() mark    { return mark{"+", green} }
func badMark() mark     { return mark{"x", red} }
func neutralMark() mark { return mark{"-", dim} }

func markOf(f v1alpha1.Finding) mark {
	switch evidence.Outcome(f.Outcome).Sense() {
	case evidence.Good:
		return goodMark()
	case evidence.Bad:
		return badMark()
	}
	return neutralMark()
}

// item writes one ticked line under a name in the first column, which only the
// first of several items has.
func (s *sheet) item(name string, m mark, label string, runs ...run) {
	head := s.paint(bold, pad(name, column)) + s.paint(m.color, m.sign) + " " + label
	indent := column + 2 + cells(label)
	s.flow(head, indent, indent, runs...)
}

// evidence lists what speaks for the first cause, and returns what it listed.
func (s *sheet) evidence(c v1alpha1.Cause, now time.Time) []v1alpha1.Finding {
	shown := c.Findings
	if s.Verbose == 0 {
		shown = slices.DeleteFunc(slices.Clone(shown), func(f v1alpha1.Finding) bool { return implied(f, c.Findings) })
	}
	if s.Verbose == 0 && len(shown) > evidenceShown {
		shown = shown[:evidenceShown]
	}
	for i, f := range shown {
		name := ""
		if i == 0 {
			name = "Evidence"
		}
		s.item(name, markOf(f), "", normal(f.Sentence), solid(s.origin(f, now), dim))
	}
	return shown
}

// implied tells a finding that another one says, too: who gives nothing to
// whoever does not log in, does not give this image either.
func implied(f v1alpha1.Finding, all []v1alpha1.Finding) bool {
	return f.Outcome == string(evidence.AnonymousMayNotPull) && slices.ContainsFunc(all, func(other v1alpha1.Finding) bool {
		return other.Outcome == string(evidence.LoginRequired) && other.Vantage == f.Vantage
	})
}

// origin says where and when a finding was made, and what it cost.
func (s *sheet) origin(f v1alpha1.Finding, now time.Time) string {
	words := string(f.Vantage)
	if f.Vantage == v1alpha1.Client {
		words = "here"
	}
	if f.Time != nil {
		words += " " + s.clock(*f.Time, now, toSecond)
	}
	if t := took(f.Took); t != "" {
		words += ", " + t
	}
	if words == "" {
		return ""
	}
	return "[" + words + "]"
}

// labels are the seven steps' titles in short, for the narrow column.
func labels() []string {
	return []string{"1 pod and status", "2 events", "3 image", "4 pull secrets", "5 credentials", "6 way to registry", "7 service account"}
}

const labelWidth = 18

// steps ticks the seven steps of the runbook.
func (s *sheet) steps(d v1alpha1.Diagnosis, shown []v1alpha1.Finding, now time.Time) {
	short := labels()
	for i, step := range d.Steps {
		name, label := "", step.Title
		if i == 0 {
			name = "Steps"
		}
		if step.Number >= 1 && step.Number <= len(short) {
			label = short[step.Number-1]
		}
		m, origin := neutralMark(), ""
		switch step.Result {
		case v1alpha1.Good:
			m = goodMark()
		case v1alpha1.Bad:
			m = badMark()
		}
		if step.Finding != nil {
			origin = s.origin(*step.Finding, now)
		}
		words := s.stepWords(step, d.Pull)
		if step.Finding != nil && s.Verbose == 0 && said(*step.Finding, shown) {
			origin = ""
			if step.Finding.Time != nil {
				origin = "[" + s.clock(*step.Finding.Time, now, toSecond) + "]"
			}
			if step.Number == 2 && d.Pull.Attempts > 0 {
				words = count(d.Pull.Attempts, "failed attempt") // what the last one said stands above
			}
			words = s.opening(words, column+2+labelWidth+1, origin)
		}
		s.item(name, m, pad(clean(label), labelWidth), normal(words), solid(origin, dim))
	}
}

// said tells whether the page has shown a finding already.
func said(f v1alpha1.Finding, shown []v1alpha1.Finding) bool {
	return slices.ContainsFunc(shown, func(s v1alpha1.Finding) bool { return s.Check == f.Check && s.Sentence == f.Sentence })
}

// opening is as much of a text as goes on the rest of a line, with the origin
// behind it.
func (s *sheet) opening(text string, taken int, origin string) string {
	room := s.Width - taken - cells(origin) - 1
	if cells(text) <= room || room < 10 {
		return text
	}
	kept := cut(text, room-3)
	if i := strings.LastIndexByte(kept, ' '); i > 0 && text[len(kept)] != ' ' {
		kept = kept[:i] // half a tag or a host is another one
	}
	if !strings.Contains(kept, " ") {
		return "as said above" // one word tells nothing
	}
	return strings.TrimRight(kept, " ,;:.") + "..."
}

// stepWords is the step's sentence; where the page has said it already (the
// pod, the times of the attempts), only what is new.
func (s *sheet) stepWords(step v1alpha1.Step, p v1alpha1.Pull) string {
	switch {
	case step.Number == 1 && p.Reason != "" && step.Result == v1alpha1.Bad:
		return p.Reason
	case step.Number == 2 && step.Finding != nil:
		words := step.Finding.Sentence
		if p.Attempts > 0 {
			words = count(p.Attempts, "failed attempt") + "; " + words
		}
		return words
	}
	return step.Sentence
}

// further lists the causes after the first: what lies behind it, and what else
// may be.
func (s *sheet) further(causes []v1alpha1.Cause) {
	shown := causes
	if s.Verbose == 0 && len(shown) > othersShown {
		shown = shown[:othersShown]
	}
	last := ""
	for _, c := range shown {
		name := "Or"
		if c.Behind {
			name = "Behind it"
		}
		head := name
		if name == last {
			head = ""
		}
		last = name
		s.paragraph(pad(head, column), bold, normal(c.Cause), painted(string(c.Verdict)+":", verdictColor(c.Verdict)), normal(strings.TrimRight(c.Summary, ".")))
	}
	if more := len(causes) - len(shown); more > 0 {
		s.field("", "and "+number(more)+" more; -v lists them")
	}
}

func (s *sheet) ruledOut(causes []v1alpha1.Cause) {
	if len(causes) == 0 {
		return
	}
	if s.Verbose == 0 {
		s.field("Ruled out", strings.Join(summarised(causes), ", ")+"; -v tells why")
		return
	}
	for i := 0; i < len(causes); {
		head := ""
		if i == 0 {
			head = "Ruled out"
		}
		why := causes[i].Summary
		var names []string
		for ; i < len(causes) && causes[i].Summary == why; i++ { // what one finding rules out is told once
			names = append(names, causes[i].Cause)
		}
		s.field(head, strings.Join(names, ", ")+": "+why)
	}
}

// summarised names causes; where many of a category are ruled out, only their
// number, because the category then is what a person needs to know.
func summarised(causes []v1alpha1.Cause) []string {
	const many = 4
	of := map[string]int{}
	for _, c := range causes {
		of[c.Category]++
	}
	var names []string
	for _, c := range causes {
		switch n := of[c.Category]; {
		case n >= many:
			names = append(names, count(n, c.Category+" cause"))
			of[c.Category] = -1
		case n > 0:
			names = append(names, c.Cause)
		}
	}
	return names
}

// everything lists all findings, and the runtime's words in fields.
func (s *sheet) everything(d v1alpha1.Diagnosis, now time.Time) {
	s.findings(d.Findings, now)
	s.egress(d.Egress)
	y := d.Symptom
	if y.Detail != "" {
		s.field("Said", y.Detail)
	}
	s.field("Read as", strings.Join(symptomWords(y), ", "))
}

// findings lists all of them with their checks and outcomes.
func (s *sheet) findings(all []v1alpha1.Finding, now time.Time) {
	for i, f := range all {
		name := ""
		if i == 0 {
			name = "Findings"
		}
		s.item(name, markOf(f), "", painted(f.Check+" "+f.Outcome+":", dim), normal(f.Sentence), solid(s.origin(f, now), dim))
	}
}

// symptomWords lists what a text shows, as name and value.
func symptomWords(y v1alpha1.Symptom) []string {
	status := ""
	if y.Status != 0 {
		status = number(y.Status)
	}
	var words []string
	for _, pair := range [][2]string{
		{"sign", y.Sign}, {"also", strings.Join(y.Also, " ")}, {"runtime", y.Runtime}, {"stage", y.Stage}, {"reference", y.Reference},
		{"code", y.Code}, {"request", strings.TrimSpace(y.Method + " " + y.URL)}, {"host", y.Host}, {"role", y.Role}, {"mirror of", y.MirrorOf},
		{"address", y.Address}, {"status", status}, {"registry code", y.RegistryCode}, {"credential sent", y.CredentialSent},
	} {
		if pair[1] != "" {
			words = append(words, pair[0]+" "+pair[1])
		}
	}
	return words
}
