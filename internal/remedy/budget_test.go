// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"fmt"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestAJobIsNotEndedByEvictions(t *testing.T) {
	rule := func(action batchv1.PodFailurePolicyAction) *batchv1.PodFailurePolicy {
		return &batchv1.PodFailurePolicy{Rules: []batchv1.PodFailurePolicyRule{
			{Action: batchv1.PodFailurePolicyActionFailJob, OnExitCodes: &batchv1.PodFailurePolicyOnExitCodesRequirement{}},
			{Action: action, OnPodConditions: []batchv1.PodFailurePolicyOnPodConditionsPattern{{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue}}},
		}}
	}
	for name, c := range map[string]struct {
		spec   batchv1.JobSpec
		failed int32
		pods   int
		want   string // in why, "" if it bears them
		limit  int
	}{
		"six are borne by itself":                  {pods: 6},
		"a seventh is not":                         {pods: 7, want: "evicting 7 failing pods would end job/load, as each counts as a failure, and its backoffLimit of 6 bears 6 more", limit: 13},
		"what failed before counts":                {spec: batchv1.JobSpec{BackoffLimit: new(int32(3))}, failed: 2, pods: 2, want: "bears 1 more", limit: 5},
		"as many as are left":                      {spec: batchv1.JobSpec{BackoffLimit: new(int32(3))}, failed: 2, pods: 1},
		"none is left":                             {spec: batchv1.JobSpec{BackoffLimit: new(int32(0))}, pods: 1, want: "bears no further one", limit: 1},
		"each index bears its own":                 {spec: batchv1.JobSpec{BackoffLimit: new(int32(99)), BackoffLimitPerIndex: new(int32(1))}, pods: 3},
		"an index that failed before":              {spec: batchv1.JobSpec{BackoffLimit: new(int32(99)), BackoffLimitPerIndex: new(int32(0))}, pods: 1, want: "would end index 0 of job/load"},
		"disruptions are ignored":                  {spec: batchv1.JobSpec{BackoffLimit: new(int32(0)), PodFailurePolicy: rule(batchv1.PodFailurePolicyActionIgnore)}, pods: 3},
		"disruptions count":                        {spec: batchv1.JobSpec{BackoffLimit: new(int32(0)), PodFailurePolicy: rule(batchv1.PodFailurePolicyActionCount)}, pods: 1, want: "backoffLimit of 0", limit: 1},
		"a disruption fails the Job by its policy": {spec: batchv1.JobSpec{PodFailurePolicy: rule(batchv1.PodFailurePolicyActionFailJob)}, pods: 1, want: "podFailurePolicy"},
		"no pod of it is evicted":                  {spec: batchv1.JobSpec{BackoffLimit: new(int32(0))}},
	} {
		var k Case
		if b, counts := BudgetOf(&batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: "load"}, Spec: c.spec, Status: batchv1.JobStatus{Failed: c.failed}}); counts {
			k.Budgets = []Budget{b}
		}
		others := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "x", Labels: map[string]string{batchv1.JobNameLabel: "another"}}}
		pods := []*corev1.Pod{others}
		for i := range c.pods {
			pods = append(pods, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
				Name: fmt.Sprintf("load-%d", i), Labels: map[string]string{batchv1.JobNameLabel: "load"},
				Annotations: map[string]string{batchv1.JobCompletionIndexAnnotation: fmt.Sprint(i), batchv1.JobIndexFailureCountAnnotation: "0"},
			}})
		}
		spent, ends := k.Spends(pods)
		if ends != (c.want != "") || !strings.Contains(spent.Why, c.want) || spent.Limit != c.limit {
			t.Errorf("%s: %v, %+v; want %q, a limit of %d", name, ends, spent, c.want, c.limit)
		}
	}
}
