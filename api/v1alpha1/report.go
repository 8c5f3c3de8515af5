// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import "time"

// A Report is what a look at a cluster, or at some objects of it, found.
type Report struct {
	Document
	// Time of the look.
	Time time.Time `json:"time"`
	// Pods that were looked at.
	Pods int `json:"pods"`
	// Namespaces that were looked at.
	Namespaces int `json:"namespaces"`
	// Groups of failing pulls that have their cause and its subject in common,
	// those with the gravest impact first.
	Groups []Group `json:"groups"`
	// Diagnoses, one for each failing pull, in the order of the groups.
	Diagnoses []Diagnosis `json:"diagnoses"`
	// Recovered pulls failed before and were pulled since: nothing is wrong with
	// them any more. They are looked for where objects were asked for by name.
	Recovered []Recovery `json:"recovered"`
	// Unmade pods are wanted and cannot be made, for a reason that has nothing to
	// do with their images: no pull of theirs fails, for there is none.
	Unmade []Unmade `json:"unmade"`
	// NotRunning are pods that do not run although no pull of theirs is known to
	// fail, at most 20.
	NotRunning []NotRunning `json:"notRunning,omitempty"`
	// NotLookedAt holds for all pulls.
	NotLookedAt []Gap `json:"notLookedAt"`
	// Read counts what was read in the cluster.
	Read Read `json:"read"`
	// Sent counts what was sent to registries.
	Sent Sent `json:"sent"`
}

// A Group is the failing pulls that have their cause and its subject in common.
type Group struct {
	// Cause is an id of the catalogue.
	Cause string `json:"cause"`
	// Category of the cause.
	Category string `json:"category"`
	// Severity of the cause as such: critical, warning or info.
	Severity string `json:"severity"`
	// Impact of the group on its workloads.
	Impact GroupImpact `json:"impact"`
	// Verdict is the strongest of the pulls' verdicts.
	Verdict Verdict `json:"verdict"`
	// State is failing as long as one of the pulls is.
	State State `json:"state"`
	// Subject that the cause is about.
	Subject Subject `json:"subject"`
	// Summary of one pull that stands for all, one sentence.
	Summary string `json:"summary"`
	// FirstAction is what a person does first, one sentence.
	FirstAction string `json:"firstAction"`
	// Pods, Workloads, Namespaces and Nodes that the pulls belong to.
	Pods       int `json:"pods"`
	Workloads  int `json:"workloads"`
	Namespaces int `json:"namespaces"`
	Nodes      int `json:"nodes"`
	// Running counts the pods that run images of the registry that the group is
	// about, if it is about one.
	Running int `json:"running,omitempty"`
	// Since is when the first of them failed first.
	Since *time.Time `json:"since,omitempty"`
	// Example is an object to diagnose for the whole answer.
	Example Object `json:"example"`
	// Pulls of the group; the first stands for all.
	Pulls []PullRef `json:"pulls"`
}

// A PullRef names one pull; its diagnosis has the same pull.
type PullRef struct {
	Namespace string `json:"namespace"`
	Pod       string `json:"pod"`
	Container string `json:"container,omitempty"`
	Image     string `json:"image"`
	Node      string `json:"node,omitempty"`
}

// A Recovery is a pull that failed before and was pulled since.
type Recovery struct {
	Pull PullRef `json:"pull"`
	// Cause that it failed for, as far as that is known: an id of the catalogue.
	Cause   string  `json:"cause"`
	Verdict Verdict `json:"verdict"`
	// Attempts that were seen to fail, and when the first and the last did.
	Attempts    int        `json:"attempts,omitempty"`
	FirstFailed *time.Time `json:"firstFailed,omitempty"`
	LastFailed  *time.Time `json:"lastFailed,omitempty"`
	// Pulled is when the node had the image.
	Pulled *time.Time `json:"pulled,omitempty"`
}

// NotRunning tells of a pod that does not run as it should, and of which no pull is
// known to fail.
type NotRunning struct {
	Namespace string `json:"namespace"`
	Pod       string `json:"pod"`
	Node      string `json:"node,omitempty"`
	// Container that State is about, absent if it is about the whole pod.
	Container string `json:"container,omitempty"`
	// State is being-made (not all of its images are known to be there),
	// fails-otherwise (the container's image was there) or without-node.
	State string `json:"state"`
	// Reason and message as the kubelet or the scheduler tells them.
	Reason string `json:"reason,omitempty"`
	// Since its node took it up if it is being made, else since it was created.
	Since *time.Time `json:"since,omitempty"`
}

// Unmade tells of pods that a controller wants and cannot make: for a quota, a
// webhook, a service account that is not there.
type Unmade struct {
	// Owner of the pods as a person knows it, and the Controller below it that
	// makes them; often they are one.
	Owner      Object `json:"owner"`
	Controller Object `json:"controller"`
	// Wanted pods and Made ones; both are 0 if that does not show.
	Wanted int `json:"wanted"`
	Made   int `json:"made"`
	// Reason and Message as the controller tells them (FailedCreate).
	Reason  string `json:"reason"`
	Message string `json:"message"`
	// Attempts that were told, and when the first and the last failed.
	Attempts    int        `json:"attempts,omitempty"`
	FirstFailed *time.Time `json:"firstFailed,omitempty"`
	LastFailed  *time.Time `json:"lastFailed,omitempty"`
	// FirstAction is what a person does first, one sentence, if the message tells
	// enough for that.
	FirstAction string `json:"firstAction,omitempty"`
}

// An Object names a Kubernetes object.
type Object struct {
	// Group of the kind's API; absent for Kubernetes' own kinds.
	Group     string `json:"group,omitempty"`
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
}

// A Subject is what a cause, a finding or a gap is about.
type Subject struct {
	// Kind is image, repository, registry, token-service, mirror, blob-store,
	// proxy, credential, secret, service-account, node, pod, workload or
	// namespace.
	Kind string `json:"kind"`
	Name string `json:"name"`
}

// A Gap is something that was not looked at. It is said, and never counted as
// good or bad.
type Gap struct {
	// Check that was not made.
	Check   string  `json:"check"`
	Subject Subject `json:"subject"`
	// Why, a sentence without a full stop.
	Why string `json:"why"`
	// Needs is what would make it possible: a right, a flag.
	Needs string `json:"needs,omitempty"`
}

// Read counts what was read in the cluster.
type Read struct {
	Pods int `json:"pods"`
	// Secrets whose content was read: those that failing pods name.
	Secrets int `json:"secrets"`
}

// Sent counts what was sent to registries.
type Sent struct {
	// Registries that were asked, by the names that images have.
	Registries int `json:"registries"`
	// Requests to registries and their token services.
	Requests int `json:"requests"`
	// Logins among them: each distinct credential counts once.
	Logins int `json:"logins"`
}
