// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import "time"

// An Impact is what a failing pull does to the workload behind its pod. What is
// not known, or does not apply to the kind, is left out.
type Impact struct {
	// Summary in one line, without a full stop.
	Summary string `json:"summary"`
	// Workload that makes the pods, below the owner if that is another one.
	Workload *Object `json:"workload,omitempty"`
	// Wanted pods (of a DaemonSet: nodes; of a Job: completions), and those of
	// them that are ready (of a Job: done).
	Wanted int `json:"wanted"`
	Ready  int `json:"ready"`
	// Revision whose pull fails.
	Revision int `json:"revision,omitempty"`
	// Serving is the newest earlier revision that has ready pods.
	Serving *Serving `json:"serving,omitempty"`
	// Stalled: the rollout's progress deadline, or the Job's own, is over.
	Stalled      bool       `json:"stalled,omitempty"`
	StalledSince *time.Time `json:"stalledSince,omitempty"`
	// Deadline at which the Job will be given up.
	Deadline *time.Time `json:"deadline,omitempty"`
	// Autoscaler that wants more pods than are ready.
	Autoscaler *Autoscaler `json:"autoscaler,omitempty"`
	// Missed are the times of a CronJob's schedule since it last succeeded, at
	// most 100.
	Missed      int        `json:"missed,omitempty"`
	LastSuccess *time.Time `json:"lastSuccess,omitempty"`
	// Services that select the pod, at most 5, those with the fewest ready
	// endpoints first.
	Services []Service `json:"services,omitempty"`
}

// Serving is a revision that still serves.
type Serving struct {
	Revision int `json:"revision,omitempty"`
	// Ready pods of it; left out where only the revision is known.
	Ready int `json:"ready,omitempty"`
	// Image of the same container in it, if that is another one.
	Image string `json:"image,omitempty"`
}

// An Autoscaler scales a workload.
type Autoscaler struct {
	Name string `json:"name"`
	// Desired pods, and the most that it may ask for.
	Desired int `json:"desired"`
	Most    int `json:"most"`
}

// A Service sends traffic to pods.
type Service struct {
	Name string `json:"name"`
	// Ready endpoints of it.
	Ready int `json:"ready"`
}

// A Manager is what keeps an object as it is, by its labels and annotations.
type Manager struct {
	// Tool is Helm, Argo CD, Flux, or what app.kubernetes.io/managed-by names.
	Tool string `json:"tool"`
	// Name of the release, application or kustomization.
	Name string `json:"name,omitempty"`
}

// A Change is something that was changed before a pull failed.
type Change struct {
	Time   time.Time `json:"time"`
	Object Object    `json:"object"`
	// What was changed, without a full stop.
	What string `json:"what"`
	// By is the field manager that wrote it, if it is known.
	By string `json:"by,omitempty"`
}

// A GroupImpact is what a group's failing pulls do to its workloads.
type GroupImpact struct {
	// Severity is critical, high, medium or low: the gravest of the pulls'.
	Severity string `json:"severity"`
	// Summary in one line, without a full stop; left out if nothing is known.
	Summary string `json:"summary,omitempty"`
	// NoneReady and TooFewReady count the workloads that have no ready pod, and
	// those that have fewer than are wanted.
	NoneReady   int `json:"noneReady"`
	TooFewReady int `json:"tooFewReady"`
	// ServicesDown counts the Services without a ready endpoint.
	ServicesDown int `json:"servicesDown"`
}
