// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/evidence"
)

// defaultCompletions and defaultReplicas are what the API server takes where
// nothing is written.
const (
	defaultReplicas    = 1
	defaultCompletions = 1
)

// begin names the workload whose pods are counted.
func (w *Workload) begin(o evidence.Object) {
	w.Impact.Workload, w.Impact.Revision = o, w.Current
}

func replicas(n *int32) int {
	if n == nil {
		return defaultReplicas
	}
	return int(*n)
}

// ofDeployment reads what is wanted and there. What still serves is told by the
// ReplicaSets.
func (w *Workload) ofDeployment(d *appsv1.Deployment) {
	w.Impact.Wanted, w.Impact.Ready = replicas(d.Spec.Replicas), int(d.Status.ReadyReplicas)
	for _, c := range d.Status.Conditions {
		// pkg/controller/deployment/util/deployment_util.go: TimedOutReason.
		if c.Type == appsv1.DeploymentProgressing && c.Status == corev1.ConditionFalse && c.Reason == "ProgressDeadlineExceeded" {
			w.Impact.Stalled, w.Impact.StalledSince = true, c.LastUpdateTime.Time
		}
	}
}

// ofReplicaSets counts the pods of a controller's ReplicaSets, for one that is
// no Deployment and keeps its own count elsewhere.
func (w *Workload) ofReplicaSets(sets []appsv1.ReplicaSet) {
	w.Impact.Wanted, w.Impact.Ready = 0, 0
	for _, s := range sets {
		w.Impact.Wanted += replicas(s.Spec.Replicas)
		w.Impact.Ready += int(s.Status.ReadyReplicas)
	}
}

// serve notes the newest earlier revision that has ready pods.
func (w *Workload) serve() {
	for _, r := range w.Earlier {
		if r.Ready > 0 {
			w.Impact.Serving = evidence.Serving{Revision: r.Number, Ready: int(r.Ready)}
			return
		}
	}
}

func (w *Workload) ofStatefulSet(s *appsv1.StatefulSet) {
	w.Impact.Wanted, w.Impact.Ready = replicas(s.Spec.Replicas), int(s.Status.ReadyReplicas)
	for _, r := range w.Earlier {
		if r.Name == s.Status.CurrentRevision && s.Status.CurrentRevision != s.Status.UpdateRevision && s.Status.ReadyReplicas > 0 {
			w.Impact.Serving = evidence.Serving{Revision: r.Number}
		}
	}
}

func (w *Workload) ofDaemonSet(s *appsv1.DaemonSet) {
	w.Impact.Wanted, w.Impact.Ready = int(s.Status.DesiredNumberScheduled), int(s.Status.NumberReady)
	if s.Status.UpdatedNumberScheduled < s.Status.DesiredNumberScheduled && s.Status.NumberReady > 0 && len(w.Earlier) > 0 {
		w.Impact.Serving = evidence.Serving{Revision: w.Earlier[0].Number}
	}
}

func (w *Workload) ofJob(j *batchv1.Job) {
	w.Impact.Wanted, w.Impact.Ready = defaultCompletions, int(j.Status.Succeeded)
	if j.Spec.Completions != nil {
		w.Impact.Wanted = int(*j.Spec.Completions)
	}
	if limit := j.Spec.ActiveDeadlineSeconds; limit != nil && j.Status.StartTime != nil {
		w.Impact.Deadline = j.Status.StartTime.Add(time.Duration(min(*limit, maxDeadline)) * time.Second)
	}
	for _, c := range j.Status.Conditions {
		if (c.Type == batchv1.JobFailed || c.Type == batchv1.JobFailureTarget) && c.Status == corev1.ConditionTrue && c.Reason == batchv1.JobReasonDeadlineExceeded {
			w.Impact.Stalled, w.Impact.StalledSince, w.Impact.Deadline = true, c.LastTransitionTime.Time, time.Time{}
		}
	}
}

// maxDeadline keeps a time that nobody means from overflowing: ten years in
// seconds.
const maxDeadline = 10 * 366 * 24 * 3600

// ofCronJob counts the runs since the last success. The Job's own deadline
// stays: it says when the run that hangs is given up.
func (w *Workload) ofCronJob(c *batchv1.CronJob, now time.Time) {
	w.Impact.Wanted, w.Impact.Ready = 0, 0
	from := c.CreationTimestamp.Time
	if last := c.Status.LastSuccessfulTime; last != nil {
		w.Impact.LastSuccess, from = last.Time, last.Time
	}
	if c.Spec.Suspend != nil && *c.Spec.Suspend || from.IsZero() {
		return
	}
	zone := ""
	if c.Spec.TimeZone != nil {
		zone = *c.Spec.TimeZone
	}
	w.Impact.Missed, _ = runsBetween(c.Spec.Schedule, zone, from, now)
}
