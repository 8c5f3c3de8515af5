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
		workload := object(i.Workload)
		out.Workload = &workload
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
	return v1alpha1.Object{Group: clean(o.Group), Kind: clean(o.Kind), Namespace: clean(o.Namespace), Name: clean(o.Name)}
}

// What a group's impact names before it counts.
const (
	workloadsNamed = 3
	servicesNamed  = 3
)

// groupImpact sums up what a group's pulls do.
func groupImpact(members []v1alpha1.Diagnosis) v1alpha1.GroupImpact {
	g := v1alpha1.GroupImpact{Severity: string(diagnosis.Low)}
	for _, d := range members {
		if severityOf(d.Severity) < severityOf(g.Severity) {
			g.Severity = d.Severity
		}
	}
	workloads, services := struck(members)
	g.ServicesDown = len(services)
	waiting, whole := 0, 0
	for _, i := range workloads {
		switch {
		case runs(*i):
			waiting++
		case i.Ready >= i.Wanted:
			whole++
		case i.Ready == 0:
			g.NoneReady++
		default:
			g.TooFewReady++
		}
	}
	if len(workloads) == 1 {
		g.Summary = workloads[0].Summary // which names the Services
		return g
	}
	var parts []string
	if len(workloads) <= workloadsNamed {
		parts = briefs(workloads)
	} else {
		for _, fare := range []struct {
			n    int
			what string
		}{
			{g.NoneReady, "without a ready pod"}, {g.TooFewReady, "with fewer than wanted"},
			{waiting, "waiting to run"}, {whole, "with all that is wanted"},
		} {
			if fare.n > 0 {
				parts = append(parts, count(fare.n, "workload")+" "+fare.what)
			}
		}
	}
	if n := len(services); n > 0 {
		text := "service " + strings.Join(services[:min(n, servicesNamed)], ", ")
		if n > servicesNamed {
			text += " and " + number(n-servicesNamed) + " more"
		}
		parts = append(parts, text+" without a ready endpoint")
	}
	g.Summary = clean(strings.Join(parts, ", "))
	return g
}

// struck are the workloads of pulls, each with its impact once, and by name the
// Services that have no ready endpoint.
func struck(members []v1alpha1.Diagnosis) (workloads []*v1alpha1.Impact, services []string) {
	known, down := map[v1alpha1.Object]bool{}, map[string]bool{}
	for _, d := range members {
		i := d.Impact
		if i == nil {
			continue
		}
		for _, s := range i.Services {
			if key := d.Pull.Namespace + "/" + s.Name; s.Ready == 0 && !down[key] {
				down[key] = true
				services = append(services, s.Name)
			}
		}
		if i.Workload != nil && !known[*i.Workload] {
			known[*i.Workload] = true
			workloads = append(workloads, i)
		}
	}
	slices.Sort(services)
	return workloads, services
}

// briefs tells of each of a few workloads, with their namespaces if they are not
// all of one.
func briefs(workloads []*v1alpha1.Impact) []string {
	several := slices.ContainsFunc(workloads, func(i *v1alpha1.Impact) bool { return i.Workload.Namespace != workloads[0].Workload.Namespace })
	var parts []string
	for _, i := range workloads {
		parts = append(parts, brief(*i, several))
	}
	slices.Sort(parts)
	return parts
}

// runs tells a workload that does something and ends.
func runs(i v1alpha1.Impact) bool {
	return i.Workload != nil && (i.Workload.Kind == "Job" || i.Workload.Kind == "CronJob")
}

// brief tells in a few words how one of several workloads fares, with its
// namespace if they are not all of one.
func brief(i v1alpha1.Impact, where bool) string {
	name := named(*i.Workload)
	if where {
		name += " in " + i.Workload.Namespace
	}
	switch {
	case i.Workload.Kind == "CronJob" && i.Missed > 0:
		return name + " " + count(i.Missed, "run") + " without success"
	case i.Workload.Kind == "CronJob":
		return name + " waits"
	case i.Workload.Kind == "Job":
		return name + " " + number(i.Ready) + " of " + number(i.Wanted) + " done"
	}
	return name + " " + number(i.Ready) + " of " + number(i.Wanted) + " ready"
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
		text += ", through " + named(w[len(w)-1])
	}
	if m := p.Manager; m != nil {
		text += ", kept by " + m.Tool
		if m.Name != "" {
			text += " (" + m.Name + ")"
		}
	}
	return text
}

func named(o v1alpha1.Object) string {
	return evidence.Object{Group: o.Group, Kind: o.Kind, Name: o.Name}.String()
}

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
