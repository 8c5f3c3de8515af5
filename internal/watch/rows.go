// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/internal/report"
)

// A group is the heading over rows that have their cause in common.
type group struct {
	cause, verdict, severity string
	subject                  string
	summary, action          string
	state                    v1alpha1.State
	rows                     []row
}

// A row is the failing pulls that one workload has of one group.
type row struct {
	key    string
	object v1alpha1.Object
	pods   map[string]bool // by namespace and name
	// containers whose pulls the row is about; shared: the workload has further
	// rows, which they tell apart.
	containers []string
	shared     bool
	severity   string
	state      v1alpha1.State
	since      time.Time
	next       span
	// unmade says why pods of the workload could not be made, and action what to
	// do about it; lacks is how many, 0 if that does not show. Such a row has no
	// failing pull, for there is no pod.
	unmade, action string
	lacks          int
	// changed is when it was new, or told something new; zero from the start.
	changed time.Time
	// state of what a change is seen by.
	print string
	words string // what the filter looks at, in lower case
}

// A pulling is one failing pull that was seen.
type pulling struct {
	ref    v1alpha1.PullRef
	row    string
	object v1alpha1.Object
	cause  string
}

func pullKey(p v1alpha1.PullRef) string {
	return strings.Join([]string{p.Namespace, p.Pod, p.Container, p.Image}, "\x00")
}

// groupsOf folds a report into groups of rows, in the report's order, and
// returns the pulls in them by their keys.
func groupsOf(r v1alpha1.Report) ([]group, map[string]pulling) {
	var groups []group
	pulls := map[string]pulling{}
	at := 0
	for _, g := range r.Groups {
		out := group{
			cause: g.Cause, verdict: string(g.Verdict), severity: g.Impact.Severity, state: g.State,
			subject: strings.ReplaceAll(g.Subject.Kind, "-", " ") + " " + g.Subject.Name, summary: g.Summary, action: g.FirstAction,
		}
		place := map[string]int{}
		for range g.Pulls {
			if at >= len(r.Diagnoses) {
				break
			}
			d := r.Diagnoses[at]
			at++
			object := report.Example(d.Pull)
			key := strings.Join([]string{g.Cause, g.Subject.Kind, g.Subject.Name, object.Namespace, object.Kind, object.Name}, "\x00")
			i, ok := place[key]
			if !ok {
				i = len(out.rows)
				place[key] = i
				out.rows = append(out.rows, row{key: key, object: object, severity: d.Severity, state: v1alpha1.Cleared, pods: map[string]bool{},
					words: strings.ToLower(strings.Join([]string{g.Cause, out.verdict, out.subject, object.Namespace, object.Kind + "/" + object.Name}, " "))})
			}
			one := &out.rows[i]
			one.add(d)
			one.pods[d.Pull.Namespace+"/"+d.Pull.Pod] = true
			ref := v1alpha1.PullRef{Namespace: d.Pull.Namespace, Pod: d.Pull.Pod, Container: d.Pull.Container, Image: d.Pull.Image, Node: d.Pull.Node}
			pulls[pullKey(ref)] = pulling{ref: ref, row: key, object: object, cause: g.Cause}
		}
		for i := range out.rows {
			one := &out.rows[i]
			one.print = fmt.Sprint(g.Verdict, one.state, one.severity, len(one.pods))
		}
		groups = append(groups, out)
	}
	tellApart(groups)
	if len(r.Unmade) > 0 {
		groups = append(groups, unmadeGroup(r.Unmade))
	}
	return groups, pulls
}

// tellApart marks the rows whose workload has several.
func tellApart(groups []group) {
	rows := map[v1alpha1.Object]int{}
	for _, g := range groups {
		for _, r := range g.rows {
			rows[r.object]++
		}
	}
	for _, g := range groups {
		for i := range g.rows {
			g.rows[i].shared = rows[g.rows[i].object] > 1
		}
	}
}

// which are the containers by which the row differs from others of its workload.
func (r row) which() string {
	if !r.shared || len(r.containers) == 0 {
		return ""
	}
	return " (" + strings.Join(r.containers, ", ") + ")"
}

// full is what the row is about, nothing left out.
func (r row) full() string {
	text := r.object.Kind + "/" + r.object.Name + " in " + r.object.Namespace
	switch len(r.containers) {
	case 0:
		return text
	case 1:
		return text + ", container " + r.containers[0]
	}
	return text + ", containers " + strings.Join(r.containers, ", ")
}

// unmadeGroup has the workloads whose pods could not be made.
func unmadeGroup(all []v1alpha1.Unmade) group {
	g := group{cause: "Not made", subject: "pods that the cluster refuses", state: v1alpha1.Failing}
	for _, u := range all {
		o := report.Example(v1alpha1.Pull{Namespace: u.Owner.Namespace, Owner: u.Owner, Via: []v1alpha1.Object{u.Controller}})
		r := row{
			key: strings.Join([]string{"unmade", o.Namespace, o.Kind, o.Name, u.Controller.Name}, "\x00"), object: o, state: v1alpha1.Failing,
			unmade: "its pods cannot be made: " + u.Message, action: u.FirstAction, lacks: max(0, u.Wanted-u.Made),
			words: strings.ToLower(strings.Join([]string{"not made unmade", o.Namespace, o.Kind + "/" + o.Name, u.Controller.Name, u.Reason, u.Message}, " ")),
		}
		switch {
		case u.FirstFailed != nil:
			r.since = *u.FirstFailed
		case u.LastFailed != nil:
			r.since = *u.LastFailed
		}
		r.print = fmt.Sprint(u.Reason, r.lacks)
		g.rows = append(g.rows, r)
	}
	return g
}

// count of the pods that the row is about, "-" if it is not known.
func (r row) count() string {
	switch {
	case r.unmade == "":
		return strconv.Itoa(len(r.pods))
	case r.lacks == 0:
		return "-"
	}
	return strconv.Itoa(r.lacks)
}

// told is what is said about the row, and what to do first.
func (g group) told(r row) (summary, action string) {
	if r.unmade != "" {
		return r.unmade, r.action
	}
	return g.summary, g.action
}

// add takes one more pull into the row.
func (r *row) add(d v1alpha1.Diagnosis) {
	if d.Causes[0].State == v1alpha1.Failing {
		r.state = v1alpha1.Failing
	}
	if graver(d.Severity, r.severity) {
		r.severity = d.Severity
	}
	if first := d.Pull.FirstFailed; first != nil && (r.since.IsZero() || first.Before(r.since)) {
		r.since = *first
	}
	if next := spanOf(d.Pull.NextEarliest, d.Pull.NextLatest); next.sooner(r.next) {
		r.next = next
	}
	if name := d.Pull.Container; name != "" && !slices.Contains(r.containers, name) {
		r.containers = append(r.containers, name)
	}
	r.words += " " + strings.ToLower(d.Pull.Pod+" "+d.Pull.Image+" "+d.Pull.Node)
}

func graver(a, b string) bool { return gravity(a) < gravity(b) }

// graverFirst orders rows: what fails before what works again, then by gravity.
func graverFirst(a, b row) int {
	cleared := func(r row) int {
		if r.state == v1alpha1.Cleared {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(cleared(a), cleared(b)), cmp.Compare(gravity(a.severity), gravity(b.severity)))
}

func gravity(severity string) int {
	for i, s := range []string{"critical", "high", "medium"} {
		if s == severity {
			return i
		}
	}
	return 3
}

func shortKind(kind string) string {
	switch kind {
	case "deployment":
		return "deploy"
	case "replicaset":
		return "rs"
	case "replicationcontroller":
		return "rc"
	case "statefulset":
		return "sts"
	case "daemonset":
		return "ds"
	case "cronjob":
		return "cj"
	case "pod":
		return "po"
	}
	return kind
}
