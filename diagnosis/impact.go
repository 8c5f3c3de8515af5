// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"fmt"
	"strings"
	"time"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/foreign"
)

// A Severity says how much a failing pull harms, whatever its cause.
type Severity string

// The severities, gravest first.
const (
	Critical Severity = "critical"
	High     Severity = "high"
	Medium   Severity = "medium"
	Low      Severity = "low"
)

// Severities are all of them, gravest first.
func Severities() []Severity { return []Severity{Critical, High, Medium, Low} }

// missedRuns is how many runs of a CronJob without success are grave: one may
// be the run that hangs now.
const missedRuns = 2

// SeverityOf says how much a failing pull harms, by what is known of the
// workload behind it. The first rule that holds decides:
//
//   - low: the pull is cleared, nothing wants the pod any more (zero wanted), or
//     it is for an ephemeral container, by which somebody debugs;
//   - critical: none of the wanted pods is ready, or a Service that selects the
//     pod has no ready endpoint;
//   - high: fewer are ready than are wanted, or than an autoscaler wants; a
//     DaemonSet's node is not covered; a Job is over its deadline; a CronJob had
//     two runs or more without success;
//   - medium: everything else: the wanted pods are ready, because an earlier
//     revision still serves; a Job or a CronJob's first run waits; or no
//     workload is known.
func SeverityOf(p evidence.Pull, i evidence.Impact, state State) Severity {
	runs := i.Workload.Kind == "Job" || i.Workload.Kind == "CronJob"
	switch {
	case state == Cleared, p.ContainerKind == evidence.EphemeralContainer, i.Workload.Name != "" && !runs && i.Wanted == 0:
		return Low
	case !runs && i.Wanted > 0 && i.Ready == 0, len(unserved(i)) > 0:
		return Critical
	case !runs && i.Ready < i.Wanted, i.Autoscaler.Desired > i.Ready, runs && i.Stalled, i.Missed >= missedRuns:
		return High
	}
	return Medium
}

// unserved are the Services without a ready endpoint.
func unserved(i evidence.Impact) []string {
	var names []string
	for _, s := range i.Services {
		if s.Ready == 0 {
			names = append(names, s.Name)
		}
	}
	return names
}

// ImpactWords tells in one line what is wanted and what is there; "" if nothing
// is known.
func ImpactWords(i evidence.Impact) string {
	if i.Workload.Name == "" {
		return ""
	}
	var parts []string
	say := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	switch i.Workload.Kind {
	case "Job":
		jobWords(i, say)
	case "CronJob":
		cronWords(i, say)
	default:
		podWords(i, say)
	}
	if i.Autoscaler.Desired > 0 {
		say("autoscaler %s wants %d", i.Autoscaler.Name, i.Autoscaler.Desired)
	}
	if names := unserved(i); len(names) > 0 {
		say("%s %s no ready endpoint", "service "+strings.Join(names, ", "), has(len(names)))
	}
	return foreign.Text(strings.Join(parts, "; "), summaryLimit)
}

func podWords(i evidence.Impact, say func(string, ...any)) {
	what := plural(i.Wanted, "pod")
	if i.Workload.Kind == "DaemonSet" {
		what = plural(i.Wanted, "node")
	}
	s := i.Serving
	switch {
	case i.Wanted == 0:
		say("no pod is wanted any more")
	case i.Workload.Kind == "DaemonSet" && i.Ready < i.Wanted:
		say("%d of %d %s without a ready pod", i.Wanted-i.Ready, i.Wanted, what)
		if s.Revision > 0 {
			say("revision %d still serves the others", s.Revision)
		}
	case i.Ready == 0 && i.Wanted == 1:
		say("its only pod is not ready")
	case i.Ready == 0:
		say("none of %d %s is ready", i.Wanted, what)
	case s.Ready > 0 && s.Ready == i.Ready && s.Revision > 0:
		say("revision %d still serves with %d of %d %s", s.Revision, s.Ready, i.Wanted, what)
	default:
		say("%d of %d %s ready", i.Ready, i.Wanted, what)
		if s.Revision > 0 {
			say("revision %d still serves", s.Revision)
		}
	}
	if i.Stalled {
		say("the rollout is past its progress deadline")
	}
}

func jobWords(i evidence.Impact, say func(string, ...any)) {
	if i.Wanted > 0 {
		say("%d of %d %s done", i.Ready, i.Wanted, plural(i.Wanted, "completion"))
	}
	switch {
	case i.Stalled:
		say("the job was given up at its deadline")
	case !i.Deadline.IsZero():
		say("the job is given up at %s", moment(i.Deadline))
	}
}

func cronWords(i evidence.Impact, say func(string, ...any)) {
	switch {
	case i.Missed > 0 && i.LastSuccess.IsZero():
		say("%d %s and no success yet", i.Missed, plural(i.Missed, "run"))
	case i.Missed > 0:
		say("%d %s without success since %s", i.Missed, plural(i.Missed, "run"), moment(i.LastSuccess))
	case !i.LastSuccess.IsZero():
		say("it last succeeded at %s", moment(i.LastSuccess))
	default:
		say("no run of it has succeeded yet")
	}
	switch {
	case i.Stalled:
		say("this run was given up at its deadline")
	case !i.Deadline.IsZero():
		say("this run is given up at %s", moment(i.Deadline))
	}
}

func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

func has(n int) string {
	if n == 1 {
		return "has"
	}
	return "have"
}
