// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/internal/edit"
	"github.com/pullmedic/pullmedic/internal/remedy"
	"github.com/pullmedic/pullmedic/internal/shell"
)

// A goneError says that the object which is watched is no longer there.
type goneError string

func (e goneError) Error() string { return string(e) }

// gone words the end of a target that was removed while it was watched.
func (w *watcher) gone(format string) error {
	return goneError(fmt.Sprintf(format, w.plan.Case.Target))
}

// unshown judges a look that shows no pod with the change: either nothing pulls it
// any more, or it counts later, or its owner says why it can make no pod. r has
// what the look gave.
func (w *watcher) unshown(ctx context.Context, l look, n int, r Result) (Result, bool) {
	if r.Why = w.over(l); r.Why != "" {
		r.Outcome = TargetGone
		return r, true
	}
	if r.Why = w.later(ctx, l, n); r.Why != "" {
		r.Outcome = Changed
		if w.plan.Case.Target.Kind == "CronJob" {
			w.nextRun(ctx, &r)
		}
		return r, true
	}
	if n < unmadeLooks || n%2 > 0 {
		return r, false
	}
	// Pods on their way out count against a quota: what is refused once they are gone tells.
	said, heard := w.lastRefusal(ctx)
	why := w.plan.Case.Target.String() + " cannot make a pod: " + said
	switch {
	case l.going > 0 && said != "":
		w.going, w.heardOfPods, w.refused, w.hindrance = true, heard, 0, why+"; pods that are on their way out may make room"
		return r, false
	case l.going == 0 && w.going:
		w.going, w.heardOfPods, w.refused = false, heard, 0
		return r, false
	case said == "":
		w.refused = 0
		return r, false
	}
	if w.refused += 2; w.refused < unmadeLooks {
		return r, false
	}
	r.Outcome, r.Why = Undone, why
	return r, true
}

// ended is why a pod will never pull, "" if it may: it was evicted by its kubelet,
// say, or ran out of its time.
func ended(pod *corev1.Pod) string {
	if pod.Status.Phase != corev1.PodFailed && pod.Status.Phase != corev1.PodSucceeded {
		return ""
	}
	words := slices.DeleteFunc([]string{pod.Status.Reason, pod.Status.Message}, func(s string) bool { return s == "" })
	return strings.Join(append([]string{"pod/" + pod.Name + " ended before its image was pulled"}, words...), ": ")
}

// over is why nothing that has the change will pull any more: pods that were
// changed in place are no longer there, or the Job that would make others ended.
func (w *watcher) over(l look) string {
	t := w.plan.Case.Target
	switch {
	case t.Kind == "Pod":
		return l.ended
	case t.Kind != "Job":
		return ""
	case len(w.inPlace) > 0 && l.inPlace == 0:
		return "the pods that were changed are gone, and what " + t.String() + " makes anew has the former image"
	}
	if why, over := finished(w.live); over {
		return t.String() + " ended before its image was pulled" + why
	}
	return ""
}

// finished tells whether a Job has ended, and why, to go on with.
func finished(job *unstructured.Unstructured) (why string, is bool) {
	conditions, _, _ := unstructured.NestedSlice(job.Object, "status", "conditions")
	for _, c := range conditions {
		if kind := text(c, "type"); (kind == "Failed" || kind == "Complete") && text(c, "status") == "True" {
			if reason := text(c, "reason"); reason != "" {
				why = ": " + reason
			}
			return why, true
		}
	}
	return "", false
}

// later is why no pod shows the change now, and when it will count; "" if one may
// show it.
func (w *watcher) later(ctx context.Context, l look, n int) string {
	if w.live == nil {
		return ""
	}
	t := w.plan.Case.Target
	replicas, scaled, _ := unstructured.NestedInt64(w.live.Object, "spec", "replicas")
	switch {
	case t.Kind == "CronJob" && (w.template && len(w.evicted) == 0 || n >= unmadeLooks && n%unmadeLooks == 0 && w.allOver(ctx)):
		if isSuspended(w.live) {
			return t.String() + " is suspended, so it counts from the first run after it is resumed"
		}
		return "it counts from the next run of " + t.String()
	case t.Kind == "DaemonSet" && l.old == 0 && wantedPods(w.live) == 0 && int64(numberIn(w.live, "status", "observedGeneration")) >= w.live.GetGeneration():
		return "no node is to run a pod of " + t.String() + " now, so it counts once one is"
	case t.OnDelete && w.template && len(w.evicted) == 0:
		return t.String() + " makes pods anew only when they are deleted (OnDelete), so it counts for those that are made from now on"
	case scaled && replicas == 0 && l.old == 0:
		return t.String() + " is scaled to 0, so it counts once it is scaled up"
	}
	return ""
}

// underWay are the Jobs of the CronJob, of those that are looked at, which have not
// ended; all tells that each of them could be asked about.
func (w *watcher) underWay(ctx context.Context) (names []string, all bool) {
	all = true
	for _, name := range w.lineage.jobs {
		job, err := w.m.edit.Get(ctx, jobNamed(w.plan.Case.Target.Namespace, name))
		if err != nil {
			all = all && edit.ReasonOf(err) == edit.NotFound
			continue
		}
		if _, over := finished(job); !over {
			names = append(names, name)
		}
	}
	return names, all
}

// allOver tells that no Job of the CronJob will make another pod.
func (w *watcher) allOver(ctx context.Context) bool {
	names, all := w.underWay(ctx)
	return all && len(names) == 0
}

// nextRun adds when the next run is, and what has to be done for it to begin.
func (w *watcher) nextRun(ctx context.Context, r *Result) {
	if isSuspended(w.live) {
		return
	}
	if r.CountsFrom = nextRun(w.live, w.m.now()); !r.CountsFrom.IsZero() {
		r.Why += ", at " + remedy.RunClock(r.CountsFrom, w.m.now())
	}
	if textIn(w.live, "spec", "concurrencyPolicy") != "Forbid" {
		return
	}
	jobs, _ := w.underWay(ctx)
	for _, job := range jobs {
		step := remedy.Step{What: "End job/" + job + ", which hangs: the next run does not begin before (concurrencyPolicy Forbid)", Where: "where kubectl is"}
		if command, ok := shell.Command("kubectl", "delete", "job", job, "-n", w.plan.Case.Target.Namespace); ok && isName(job) {
			step.Commands = []string{command}
		}
		r.Then = append(r.Then, step)
	}
}

// lastRefusal is why the target's pods could not be made since the change, in the
// words of who refused: a quota, a rule of admission. "" if nothing says so. heard
// is what was refused by now.
func (w *watcher) lastRefusal(ctx context.Context) (said string, heard cluster.Heard) {
	t := w.plan.Case.Target
	said, heard, err := w.m.cluster.LastRefusal(ctx, evidence.Object{Kind: t.Kind, Namespace: t.Namespace, Name: t.Name}, w.heardOfPods)
	if err != nil {
		return "", w.heardOfPods
	}
	if w.heardOfPods == nil { // what was refused before is not known
		w.heardOfPods, said = heard, ""
	}
	return said, heard
}
