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
	"github.com/pullmedic/pullmedic/internal/edit"
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

// bears reads again how many failed pods the Jobs bear, right before a pod of them is
// evicted: others may have failed since the plan was made, or somebody may have
// lowered a backoffLimit. It is an error if evicting this one, and those that the plan
// is still to evict, would end a Job, or if that cannot be read.
func (w *watcher) bears(ctx context.Context, pod *corev1.Pod) error {
	p := w.plan
	now := p.Case
	now.Budgets = nil
	for _, before := range p.Case.Budgets {
		object, err := w.m.edit.Get(ctx, jobNamed(p.Case.Target.Namespace, before.Job))
		if edit.ReasonOf(err) == edit.NotFound {
			continue // then there is nothing to end
		}
		var job batchv1.Job
		if err == nil {
			err = runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &job)
		}
		if err != nil {
			return fmt.Errorf("reading how many failed pods job/%s bears, before one is evicted: %w", before.Job, err)
		}
		b, counts := remedy.BudgetOf(&job)
		if !counts {
			continue
		}
		// What was evicted just now is not counted yet.
		gone := 0
		for _, pod := range w.evicted {
			if pod.Labels[batchv1.JobNameLabel] == b.Job {
				gone++
			}
		}
		b.Failed = max(b.Failed, before.Failed+gone)
		now.Budgets = append(now.Budgets, b)
	}
	p.Case = now
	return p.spends(append(slices.Clone(w.rest), pod))
}

// goes are the pods that the plan evicts, in its order.
func (p Plan) goes() []*corev1.Pod {
	var all []*corev1.Pod
	for _, goes := range p.Evict {
		for _, pod := range p.Case.Pods {
			if string(pod.UID) == goes.UID {
				all = append(all, pod)
			}
		}
	}
	return all
}

func jobNamed(namespace, name string) remedy.Object {
	return remedy.Object{APIVersion: "batch/v1", Kind: "Job", Resource: "jobs", Namespace: namespace, Name: name}
}

// spends says why evicting pods would do a Job more harm than good.
func (p Plan) spends(pods []*corev1.Pod) error {
	spent, ends := p.Case.Spends(pods)
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
