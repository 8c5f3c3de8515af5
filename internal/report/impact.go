// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
)

// impact makes the published shape; nil if nothing is known.
func impact(i evidence.Impact) *v1alpha1.Impact {
	if i.Workload.Name == "" && len(i.Services) == 0 {
		return nil
	}
	out := &v1alpha1.Impact{
		Summary: clean(diagnosis.ImpactWords(i)), Wanted: i.Wanted, Ready: i.Ready, Revision: int(i.Revision),
		Stalled: i.Stalled, StalledSince: at(i.StalledSince), Deadline: at(i.Deadline), Missed: i.Missed, LastSuccess: at(i.LastSuccess),
	}
	if i.Workload.Name != "" {
		out.Workload = &v1alpha1.Object{Kind: clean(i.Workload.Kind), Namespace: clean(i.Workload.Namespace), Name: clean(i.Workload.Name)}
	}
	if i.Serving != (evidence.Serving{}) {
		out.Serving = &v1alpha1.Serving{Revision: int(i.Serving.Revision), Ready: i.Serving.Ready, Image: clean(i.Serving.Image)}
	}
	if a := i.Autoscaler; a.Name != "" {
		out.Autoscaler = &v1alpha1.Autoscaler{Name: clean(a.Name), Desired: a.Desired, Most: a.Most}
	}
	for _, s := range i.Services {
		out.Services = append(out.Services, v1alpha1.Service{Name: clean(s.Name), Ready: s.Ready})
	}
	return out
}

func changes(from []evidence.Change) []v1alpha1.Change {
	out := []v1alpha1.Change{}
	for _, c := range from {
		out = append(out, v1alpha1.Change{Time: c.Time.UTC(), Object: object(c.Object), What: clean(c.What), By: clean(c.By)})
	}
	return out
}

func object(o evidence.Object) v1alpha1.Object {
	return v1alpha1.Object{Kind: clean(o.Kind), Namespace: clean(o.Namespace), Name: clean(o.Name)}
}

// groupImpact sums up what a group's pulls do: the words of the one workload, or
// how many of several fare how.
func groupImpact(members []v1alpha1.Diagnosis) v1alpha1.GroupImpact {
	g := v1alpha1.GroupImpact{Severity: string(diagnosis.Low)}
	workloads, down := map[v1alpha1.Object]bool{}, map[string]bool{}
	var names []string
	words := ""
	for _, d := range members {
		if severityOf(d.Severity) < severityOf(g.Severity) {
			g.Severity = d.Severity
		}
		i := d.Impact
		if i == nil {
			continue
		}
		for _, s := range i.Services {
			if key := d.Pull.Namespace + "/" + s.Name; s.Ready == 0 && !down[key] {
				down[key] = true
				names = append(names, s.Name)
			}
		}
		if i.Workload == nil || workloads[*i.Workload] {
			continue
		}
		workloads[*i.Workload] = true
		words = i.Summary
		switch runs := i.Workload.Kind == "Job" || i.Workload.Kind == "CronJob"; {
		case runs || i.Wanted == 0:
		case i.Ready == 0:
			g.NoneReady++
		case i.Ready < i.Wanted:
			g.TooFewReady++
		}
	}
	g.ServicesDown = len(names)
	if len(workloads) == 1 {
		g.Summary = words
		return g
	}
	var parts []string
	if g.NoneReady > 0 {
		parts = append(parts, count(g.NoneReady, "workload")+" without a ready pod")
	}
	if g.TooFewReady > 0 {
		parts = append(parts, count(g.TooFewReady, "workload")+" with fewer than wanted")
	}
	if rest := len(workloads) - g.NoneReady - g.TooFewReady; rest > 0 && len(parts) > 0 {
		parts = append(parts, number(rest)+" with all that is wanted")
	} else if rest > 0 {
		parts = append(parts, "all "+number(rest)+" workloads have what they want")
	}
	if n := len(names); n > 0 {
		slices.Sort(names)
		text := "service " + strings.Join(names[:min(n, 3)], ", ")
		if n > 3 {
			text += " and " + number(n-3) + " more"
		}
		parts = append(parts, text+" without a ready endpoint")
	}
	g.Summary = clean(strings.Join(parts, ", "))
	return g
}

// severityOf is the place of an impact's severity, the gravest first.
func severityOf(s string) int {
	all := diagnosis.Severities()
	if i := slices.Index(all, diagnosis.Severity(s)); i >= 0 {
		return i
	}
	return len(all)
}

func severityColor(s string) color {
	switch diagnosis.Severity(s) {
	case diagnosis.Critical:
		return red
	case diagnosis.High:
		return yellow
	}
	return plain
}

// severe are the words of an impact behind its severity.
func severe(severity, words string) []run {
	return []run{painted(severity+",", severityColor(severity)), normal(words)}
}

// ownerWords names the owner, what lies between it and the pod where that is not
// plain, and who keeps it as it is.
func ownerWords(p v1alpha1.Pull) string {
	text := named(p.Owner)
	if w := p.Via; len(w) > 1 {
		text += ", by " + named(w[len(w)-1])
	}
	if m := p.Manager; m != nil {
		text += ", kept by " + m.Tool
		if m.Name != "" {
			text += " (" + m.Name + ")"
		}
	}
	return text
}

func named(o v1alpha1.Object) string { return strings.ToLower(o.Kind) + "/" + o.Name }

// scope tells what the failing pulls of the registry have in common.
func (s *sheet) scope(d v1alpha1.Diagnosis) {
	for _, f := range d.Findings {
		if f.Check == string(evidence.CheckScope) {
			s.field("Scope", f.Sentence)
			return
		}
	}
}

// running is how many pods run images of the registry that a group's pulls fail
// to pull from, as the findings count them.
func running(d v1alpha1.Diagnosis) int {
	for _, f := range d.Findings {
		if f.Check == string(evidence.CheckScope) {
			n, _ := strconv.Atoi(f.Details["runningPods"])
			return n
		}
	}
	return 0
}

// changed lists what was changed before the pull failed.
func (s *sheet) changed(d v1alpha1.Diagnosis, now time.Time) {
	for i, c := range d.Changed {
		head := ""
		if i == 0 {
			head = "Changed"
		}
		when := s.clock(c.Time, now, toSecond) + "  "
		text := named(c.Object) + ": " + c.What
		if c.By != "" {
			text += ", by " + c.By
		}
		s.b.WriteString(s.paint(bold, pad(head, column)))
		s.flow(when, column+cells(when), column+cells(when), normal(text))
	}
}
