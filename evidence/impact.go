// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package evidence

import "time"

// Impact is what a failing pull does to the workload that it belongs to, beyond
// its pod: what is wanted and what is there. A field that is zero is not known,
// or does not apply to the kind.
type Impact struct {
	// Workload that makes the pods: a Deployment, StatefulSet, DaemonSet, Job,
	// CronJob, ReplicaSet or ReplicationController. An operator's object that
	// owns it is the pull's Owner. Without a name nothing is known.
	Workload Object `json:"workload,omitzero"`
	// Wanted pods (of a DaemonSet: nodes; of a Job: completions), and those of
	// them that are ready (of a Job: that have completed).
	Wanted int `json:"wanted"`
	Ready  int `json:"ready"`
	// Revision whose pull fails, and the newest earlier one that has ready pods.
	Revision int64   `json:"revision,omitempty"`
	Serving  Serving `json:"serving,omitzero"`
	// Stalled: the rollout's progress deadline, or the Job's own deadline, is
	// over, since StalledSince. Deadline is when that will be, for one that is
	// not over yet.
	Stalled      bool      `json:"stalled,omitempty"`
	StalledSince time.Time `json:"stalledSince,omitzero"`
	Deadline     time.Time `json:"deadline,omitzero"`
	// Autoscaler that wants more pods than are ready.
	Autoscaler Autoscaler `json:"autoscaler,omitzero"`
	// Missed runs of a CronJob: times of its schedule since it last succeeded
	// (or was made), at most 100. LastSuccess is zero if it never did.
	Missed      int       `json:"missed,omitempty"`
	LastSuccess time.Time `json:"lastSuccess,omitzero"`
	// Services that select the pod, at most 5: those with the fewest ready
	// endpoints first.
	Services []Service `json:"services,omitempty"`
}

// Serving is the revision that still serves.
type Serving struct {
	// Revision's number, 0 if it is not known.
	Revision int64 `json:"revision,omitempty"`
	// Ready pods of it; 0 where only the revision is known.
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

// A Manager is what made an object and will make it again as it was, so that a
// lasting fix belongs there. Names only.
type Manager struct {
	// Tool is Helm, Argo CD, Flux or what a label names.
	Tool string `json:"tool"`
	// Name of the release, application or kustomization; with its namespace
	// where that is said: flux-system/apps.
	Name string `json:"name,omitempty"`
}

// A Change is something that was changed before a pull failed. It is a fact;
// whether it is near enough to be told is the diagnosis's to say.
type Change struct {
	Time   time.Time `json:"time"`
	Object Object    `json:"object"`
	// What was changed, as words without a full stop: "image 1.27.4 -> 1.27.44".
	What string `json:"what"`
	// By is the field manager that wrote it, if the object shows one.
	By string `json:"by,omitempty"`
}
