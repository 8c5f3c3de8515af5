// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package workload finds the object that a person would edit to change a pod,
// what its earlier revisions ran, and how it fares while a pull fails.
//
// A pod is seldom what somebody wrote: a ReplicaSet made it, for a Deployment,
// perhaps for an operator's own object. Fixes and reports speak of the last of
// these. Of kinds that are not known here only the metadata is read.
package workload

import (
	"context"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/internal/managedfields"
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
	ReplicationController(ctx context.Context, namespace, name string) (*corev1.ReplicationController, error)
	// Metadata reads the metadata alone of an object of any kind, by a reference
	// from an object of that namespace.
	Metadata(ctx context.Context, namespace string, ref metav1.OwnerReference) (*metav1.PartialObjectMetadata, error)
}

// A Workload is what stands behind a pod.
type Workload struct {
	// Owner is the object that a person would edit; the pod itself if bare.
	Owner evidence.Object
	// Via are the objects between the pod and its owner, the pod's first.
	Via []evidence.Object
	// Manager keeps the owner as it is, if that shows.
	Manager evidence.Manager
	// Impact on the workload that makes the pods.
	Impact evidence.Impact
	// Rolled is when the current template came, and by whom; zero if that is
	// not known.
	Rolled managedfields.Write
	// Changes of objects that keep no revisions.
	Changes []evidence.Change
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
	Name    string
	Created time.Time
	// Images as written, by the container's name.
	Images map[string]string
	// Wanted and Ready pods of it; known for Deployments only.
	Wanted, Ready int32
}

// Of finds the workload behind a pod and how it fares. It never fails: what
// could not be read is in Errs, and the owner is then the last that is known.
func Of(ctx context.Context, ask Asker, pod *corev1.Pod, now time.Time) Workload {
	w := Workload{Owner: evidence.Object{Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name}}
	owner := controllerOf(pod)
	if owner == nil {
		w.manage(pod)
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
		w.job(ctx, ask, owner.Name, now)
	case "ReplicationController":
		w.replicationController(ctx, ask, owner.Name)
	default:
		w.Owner = evidence.Object{Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name}
		w.climb(ctx, ask, pod)
		w.Via = w.Via[min(1, len(w.Via)):] // the pod itself is not on the way
	}
	return w
}

// controllerOf is the pod's controller; none for a static pod, which its node's
// kubelet mirrors from a file that no object stands for.
func controllerOf(pod *corev1.Pod) *metav1.OwnerReference {
	owner := metav1.GetControllerOf(pod)
	if owner != nil && kindOf(*owner) == "Node" {
		return nil
	}
	return owner
}

// Guess names the owner by what the pod itself shows, without asking: the
// Deployment's name is its ReplicaSet's without the hash that both carry.
func Guess(pod *corev1.Pod) evidence.Object {
	owner := controllerOf(pod)
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

func (w *Workload) job(ctx context.Context, ask Asker, name string, now time.Time) {
	job, err := ask.Job(ctx, w.Owner.Namespace, name)
	if err != nil {
		w.Errs = append(w.Errs, err)
		return
	}
	w.Template = &job.Spec.Template.Spec
	w.begin(w.Owner)
	w.ofJob(job)
	owner := metav1.GetControllerOf(job)
	if owner == nil || kindOf(*owner) != "CronJob.batch" {
		w.climb(ctx, ask, job)
		return
	}
	w.under(object(job.Namespace, *owner))
	w.begin(w.Owner)
	cron, err := ask.CronJob(ctx, job.Namespace, owner.Name)
	if err != nil {
		w.Errs = append(w.Errs, err)
		return
	}
	w.ofCronJob(cron, now)
	if by := managedfields.Last(cron.ObjectMeta, "f:spec", "f:jobTemplate"); !by.Time.IsZero() {
		w.Changes = append(w.Changes, evidence.Change{Time: by.Time, Object: w.Owner, What: "its job template", By: by.By})
	}
	w.climb(ctx, ask, cron)
}

func (w *Workload) replicationController(ctx context.Context, ask Asker, name string) {
	rc, err := ask.ReplicationController(ctx, w.Owner.Namespace, name)
	if err != nil {
		w.Errs = append(w.Errs, err)
		return
	}
	if rc.Spec.Template != nil {
		w.Template = &rc.Spec.Template.Spec
	}
	w.begin(w.Owner)
	w.Impact.Wanted, w.Impact.Ready = replicas(rc.Spec.Replicas), int(rc.Status.ReadyReplicas)
	w.Rolled = managedfields.Last(rc.ObjectMeta, "f:spec", "f:template")
	w.climb(ctx, ask, rc)
}

// Previous returns the newest earlier revision that ran another image in this
// container, and that image: one that still serves before any other, because it
// is known to work.
func (w Workload) Previous(container, image string) (Revision, string, bool) {
	serves := func(r Revision) bool {
		return r.Ready > 0 || r.Number > 0 && r.Number == w.Impact.Serving.Revision
	}
	other := func(r Revision) bool { return r.Images[container] != "" && r.Images[container] != image }
	i := slices.IndexFunc(w.Earlier, func(r Revision) bool { return serves(r) && other(r) })
	if i < 0 {
		i = slices.IndexFunc(w.Earlier, other)
	}
	if i < 0 {
		return Revision{}, "", false
	}
	return w.Earlier[i], w.Earlier[i].Images[container], true
}

func object(namespace string, owner metav1.OwnerReference) evidence.Object {
	return evidence.Object{Group: foreign.Text(evidence.GroupOf(owner.APIVersion), 253), Kind: foreign.Text(owner.Kind, 100), Namespace: namespace, Name: foreign.Text(owner.Name, 253)}
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
