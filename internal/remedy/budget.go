// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"fmt"
	"slices"
	"strconv"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
)

// A Budget is how many more failed pods a Job bears before it fails itself, and
// loses those that run. An evicted pod is one of them, unless the Job's
// podFailurePolicy ignores disruptions: then it has no Budget
// (https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-backoff-failure-policy).
type Budget struct {
	Job string
	// Limit is spec.backoffLimit, and Failed the pods that count against it by now.
	Limit, Failed int
	// PerIndex is spec.backoffLimitPerIndex, -1 for none.
	PerIndex int
	// Ends: its podFailurePolicy has it fail, or that index, with the first
	// eviction.
	Ends bool
}

// BudgetOf is that of a Job; false if it bears any number of evictions.
func BudgetOf(job *batchv1.Job) (Budget, bool) {
	b := Budget{Job: job.Name, Limit: 6, Failed: int(job.Status.Failed), PerIndex: -1}
	if job.Spec.BackoffLimit != nil {
		b.Limit = int(*job.Spec.BackoffLimit)
	}
	if job.Spec.BackoffLimitPerIndex != nil {
		b.PerIndex = int(*job.Spec.BackoffLimitPerIndex)
	}
	if policy := job.Spec.PodFailurePolicy; policy != nil {
		for _, rule := range policy.Rules { // the first that matches counts
			if slices.ContainsFunc(rule.OnPodConditions, func(c batchv1.PodFailurePolicyOnPodConditionsPattern) bool { return c.Type == corev1.DisruptionTarget }) {
				b.Ends = rule.Action == batchv1.PodFailurePolicyActionFailJob || rule.Action == batchv1.PodFailurePolicyActionFailIndex
				return b, rule.Action != batchv1.PodFailurePolicyActionIgnore
			}
		}
	}
	return b, true
}

// Left is how many more failed pods the Job bears.
func (b Budget) Left() int { return max(0, b.Limit-b.Failed) }

// A Spent budget is why evictions would end a Job.
type Spent struct {
	Job string
	// Why, a sentence without a full stop.
	Why string
	// Limit is a spec.backoffLimit that would bear them, 0 if none would.
	Limit int
}

// Spends tells whether evicting these pods of the case would end a Job, or an
// index of one.
func (c Case) Spends(evicted []*corev1.Pod) (Spent, bool) {
	for _, b := range c.Budgets {
		pods := slices.DeleteFunc(slices.Clone(evicted), func(p *corev1.Pod) bool { return p.Labels[batchv1.JobNameLabel] != b.Job })
		if b.Ends && len(pods) > 0 {
			return Spent{Job: b.Job, Why: "evicting a pod of job/" + b.Job + " would end it, as its podFailurePolicy fails what is disrupted"}, true
		}
		if b.PerIndex >= 0 {
			for _, p := range pods {
				if failed, _ := strconv.Atoi(p.Annotations[batchv1.JobIndexFailureCountAnnotation]); failed >= b.PerIndex {
					return Spent{Job: b.Job, Why: fmt.Sprintf("evicting pod %s would end index %s of job/%s, as its backoffLimitPerIndex of %d bears no further failure, and cannot be changed", p.Name, p.Annotations[batchv1.JobCompletionIndexAnnotation], b.Job, b.PerIndex)}, true
				}
			}
		}
		if len(pods) > b.Left() {
			return Spent{
				Job:   b.Job,
				Why:   fmt.Sprintf("evicting %s would end job/%s, as each counts as a failure, and its backoffLimit of %d bears %s", counted(len(pods), "failing pod"), b.Job, b.Limit, more(b.Left())),
				Limit: b.Limit + len(pods),
			}, true
		}
	}
	return Spent{}, false
}

func more(n int) string {
	if n == 0 {
		return "no further one"
	}
	return strconv.Itoa(n) + " more"
}
