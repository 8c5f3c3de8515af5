// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package workload finds the object that a person would edit to change a pod,
// and what its earlier revisions ran.
//
// A pod is seldom what somebody wrote: a ReplicaSet made it, for a Deployment,
// perhaps for an operator's own object. Fixes and reports speak of the last of
// these. Kinds that are not known here end the chain and keep their name.
package workload

import (
	"context"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/foreign"
)

// An Asker reads objects of one namespace from the API server. internal/cluster
// has one.
type Asker interface {
	Deployment(ctx context.Context, namespace, name string) (*appsv1.Deployment, error)
	ReplicaSet(ctx context.Context, namespace, name string) (*appsv1.ReplicaSet, error)
	StatefulSet(ctx context.Context, namespace, name string) (*appsv1.StatefulSet, error)
	DaemonSet(ctx context.Context, namespace, name string) (*appsv1.DaemonSet, error)
	Job(ctx context.Context, namespace, name string) (*batchv1.Job, error)
	CronJob(ctx context.Context, namespace, name string) (*batchv1.CronJob, error)
	ReplicaSets(ctx context.Context, namespace, selector string) ([]appsv1.ReplicaSet, error)
	ControllerRevisions(ctx context.Context, namespace, selector string) ([]appsv1.ControllerRevision, error)
}

// A Workload is what stands behind a pod.
type Workload struct {
	// Owner is the object that a person would edit; the pod itself if bare.
	Owner evidence.Object
	// Template that the pod was made from, nil if it is not known.
	Template *corev1.PodSpec
	// Current revision's number, 0 if it is not known.
	Current int64
	// Earlier revisions, newest first.
	Earlier []Revision
	// Errs are the questions that were not answered; the rest still holds.
	Errs []error
}

// A Revision is an earlier template of a workload.
type Revision struct {
	Number  int64
	Created time.Time
	// Images as written, by the container's name.
	Images map[string]string
	// Wanted and Ready pods of it; known for Deployments only.
	Wanted, Ready int32
}

// Of finds the workload behind a pod. It never fails: what could not be read
// is in Errs, and the owner is then the last that is known.
func Of(ctx context.Context, ask Asker, pod *corev1.Pod) Workload {
	w := Workload{Owner: evidence.Object{Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name}}
	owner := metav1.GetControllerOf(pod)
	if owner == nil {
		return w
	}
	w.Owner = object(pod.Namespace, *owner)
	switch kindOf(*owner) {
	case "ReplicaSet.apps":
		w.replicaSet(ctx, ask, owner.Name, pod)
	case "StatefulSet.apps":
		w.statefulSet(ctx, ask, owner.Name, pod)
	case "DaemonSet.apps":
		w.daemonSet(ctx, ask, owner.Name, pod)
	case "Job.batch":
		w.job(ctx, ask, owner.Name)
	}
	return w
}

// Guess names the owner by what the pod itself shows, without asking: the
// Deployment's name is its ReplicaSet's without the hash that both carry.
func Guess(pod *corev1.Pod) evidence.Object {
	owner := metav1.GetControllerOf(pod)
	if owner == nil {
		return evidence.Object{Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name}
	}
	o := object(pod.Namespace, *owner)
	if hash := pod.Labels[appsv1.DefaultDeploymentUniqueLabelKey]; hash != "" && kindOf(*owner) == "ReplicaSet.apps" {
		if name, ok := strings.CutSuffix(o.Name, "-"+hash); ok {
			o.Kind, o.Name = "Deployment", name
		}
	}
	return o
}

func (w *Workload) job(ctx context.Context, ask Asker, name string) {
	job, err := ask.Job(ctx, w.Owner.Namespace, name)
	if err != nil {
		w.Errs = append(w.Errs, err)
		return
	}
	w.Template = &job.Spec.Template.Spec
	owner := metav1.GetControllerOf(job)
	if owner == nil {
		return
	}
	w.Owner = object(job.Namespace, *owner)
	if kindOf(*owner) != "CronJob.batch" {
		return
	}
	cron, err := ask.CronJob(ctx, job.Namespace, owner.Name)
	if err != nil {
		w.Errs = append(w.Errs, err)
		return
	}
	w.above(cron)
}

// above goes on to the controller of an owner, whatever its kind: an operator's
// object is what a person edits. The API server lets an object be its own
// owner's owner, so the way goes one step and not round.
func (w *Workload) above(o metav1.Object) {
	if owner := metav1.GetControllerOf(o); owner != nil {
		w.Owner = object(o.GetNamespace(), *owner)
	}
}

// Previous returns the newest earlier revision that ran another image in this
// container, and that image.
func (w Workload) Previous(container, image string) (Revision, string, bool) {
	for _, r := range w.Earlier {
		if before := r.Images[container]; before != "" && before != image {
			return r, before, true
		}
	}
	return Revision{}, "", false
}

func object(namespace string, owner metav1.OwnerReference) evidence.Object {
	return evidence.Object{Kind: foreign.Text(owner.Kind, 100), Namespace: namespace, Name: foreign.Text(owner.Name, 253)}
}

// kindOf is the owner's kind with its API group, whatever the version.
func kindOf(owner metav1.OwnerReference) string {
	group, _, ok := strings.Cut(owner.APIVersion, "/")
	if !ok {
		return owner.Kind
	}
	return owner.Kind + "." + group
}

// images of a template by container: of all kinds that a template can have.
func images(spec corev1.PodSpec) map[string]string {
	all := map[string]string{}
	for _, c := range spec.InitContainers {
		all[c.Name] = c.Image
	}
	for _, c := range spec.Containers {
		all[c.Name] = c.Image
	}
	return all
}
