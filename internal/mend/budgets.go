// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"context"
	"fmt"
	"slices"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/internal/remedy"
	"github.com/pullmedic/pullmedic/internal/shell"
)

// budgets reads how many more failed pods the Jobs bear whose pods fail: the
// target itself, or those of a CronJob.
func (m *Mender) budgets(ctx context.Context, live *unstructured.Unstructured, diagnoses []diagnosis.Diagnosis, k *remedy.Case) {
	var jobs []*unstructured.Unstructured
	switch k.Target.Kind {
	case "Job":
		jobs = append(jobs, live)
	case "CronJob":
		for _, name := range jobsOf(diagnoses) {
			job, err := m.edit.Get(ctx, jobNamed(k.Target.Namespace, name))
			if err != nil {
				k.NotLookedAt = append(k.NotLookedAt, cluster.GapOf(evidence.CheckPods, evidence.Subject{Kind: evidence.SubjectWorkload, Name: "job/" + name}, err))
				continue
			}
			jobs = append(jobs, job)
		}
	}
	for _, object := range jobs {
		var job batchv1.Job
		if runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &job) != nil {
			continue
		}
		if b, counts := remedy.BudgetOf(&job); counts {
			k.Budgets = append(k.Budgets, b)
		}
	}
}

// goes are the pods that the plan evicts.
func (p Plan) goes() []*corev1.Pod {
	return slices.DeleteFunc(slices.Clone(p.Case.Pods), func(pod *corev1.Pod) bool {
		return !slices.Contains(p.Evict, Pod{pod.Namespace, pod.Name, string(pod.UID)})
	})
}

func jobNamed(namespace, name string) remedy.Object {
	return remedy.Object{APIVersion: "batch/v1", Kind: "Job", Resource: "jobs", Namespace: namespace, Name: name}
}

// spends says why the plan's evictions would do a Job more harm than good.
func (p Plan) spends() error {
	spent, ends := p.Case.Spends(p.goes())
	if !ends {
		return nil
	}
	said := spent.Why + "; replace the Job instead, with what --with replace-job hands over"
	if p.Case.Target.Kind == "CronJob" {
		said = spent.Why
	}
	command := ""
	if spent.Limit > 0 {
		patch := fmt.Sprintf(`{"spec":{"backoffLimit":%d}}`, spent.Limit)
		if raise, ok := shell.Command("kubectl", "patch", "job", spent.Job, "-n", p.Case.Target.Namespace, "--type", "merge", "-p", patch); ok {
			said, command = said+"; or have it bear more, and run this again", raise
		}
	}
	return &HinderedError{Why: said, Command: command}
}
