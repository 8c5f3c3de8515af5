// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/symptom"
)

// reasonNoReplicaSet is the reason of a Deployment that cannot even make its
// ReplicaSet (FailedRSCreateReason of pkg/controller/deployment/util).
const reasonNoReplicaSet = "ReplicaSetCreateError"

// refusedEvents are the newest events about controllers that could not make a
// pod, by UID: those in which a rule says no, which may be about an image, and
// all others.
type refusedEvents struct {
	byRule, other map[string]corev1.Event
	// order in which the controllers were first seen.
	order []string
}

func (r *refusedEvents) add(e corev1.Event) {
	uid := string(e.InvolvedObject.UID)
	if !slices.Contains(r.order, uid) {
		if len(r.order) >= maxRefused {
			return
		}
		r.order = append(r.order, uid)
	}
	of := &r.other
	if refuses(symptom.Parse(e.Message).Sign) {
		of = &r.byRule
	}
	if *of == nil {
		*of = map[string]corev1.Event{}
	}
	if known, ok := (*of)[uid]; !ok || !last(&e).Before(last(&known)) {
		(*of)[uid] = e
	}
}

// newest is what was told last about a controller.
func (r *refusedEvents) newest(uid string) corev1.Event {
	rule, isRule := r.byRule[uid]
	other, isOther := r.other[uid]
	if isRule && (!isOther || last(&other).Before(last(&rule))) {
		return rule
	}
	return other
}

// A maker is a controller that lacks pods.
type maker struct {
	object evidence.Object
	// above it is what made it, the same if nobody did.
	above        evidence.Object
	wanted, made int
	// pod as it would make it, nil if it makes none itself (a CronJob).
	pod *corev1.Pod
}

// unmade tells of the pods that a controller cannot make, by its newest event.
func (m maker) unmade(e corev1.Event) evidence.Unmade {
	return evidence.Unmade{
		Controller: m.object, Owner: m.above, Wanted: m.wanted, Made: m.made,
		Reason: foreign.Text(e.Reason, maxReason), Message: refusalText(e.Message),
		First: first(&e), Last: last(&e), Attempts: count(&e),
	}
}

// refusalText is the API server's own part of what a controller tells: without
// what all of its events begin with.
func refusalText(message string) string {
	message = strings.TrimPrefix(message, combinedPrefix)
	for _, prefix := range []string{"Error creating: ", "Error creating job: "} {
		message = strings.TrimPrefix(message, prefix)
	}
	return foreign.Text(symptom.Redact(message), maxRefusal)
}

// lacking returns a controller that wants more pods than it has; nil if it has
// all, wants none any more, or makes none.
func (r *Run) lacking(ctx context.Context, e corev1.Event) (*maker, error) {
	ref := e.InvolvedObject
	switch ref.Kind {
	case "ReplicaSet":
		rs, err := r.ReplicaSet(ctx, ref.Namespace, ref.Name)
		if err != nil || rs.UID != ref.UID {
			return nil, err
		}
		return lacks(rs, appsv1.SchemeGroupVersion.String(), ref.Kind, rs.Spec.Template, replicas(rs.Spec.Replicas), int(rs.Status.Replicas)), nil
	case "ReplicationController":
		rc, err := r.ReplicationController(ctx, ref.Namespace, ref.Name)
		if err != nil || rc.UID != ref.UID || rc.Spec.Template == nil {
			return nil, err
		}
		return lacks(rc, "v1", ref.Kind, *rc.Spec.Template, replicas(rc.Spec.Replicas), int(rc.Status.Replicas)), nil
	case "StatefulSet":
		sts, err := r.StatefulSet(ctx, ref.Namespace, ref.Name)
		if err != nil || sts.UID != ref.UID {
			return nil, err
		}
		return lacks(sts, appsv1.SchemeGroupVersion.String(), ref.Kind, sts.Spec.Template, replicas(sts.Spec.Replicas), int(sts.Status.Replicas)), nil
	case "DaemonSet":
		ds, err := r.DaemonSet(ctx, ref.Namespace, ref.Name)
		if err != nil || ds.UID != ref.UID {
			return nil, err
		}
		return lacks(ds, appsv1.SchemeGroupVersion.String(), ref.Kind, ds.Spec.Template, int(ds.Status.DesiredNumberScheduled), int(ds.Status.CurrentNumberScheduled)), nil
	case "Job":
		job, err := r.Job(ctx, ref.Namespace, ref.Name)
		if err != nil || job.UID != ref.UID || over(job) || job.Status.Active > 0 {
			return nil, err
		}
		return lacks(job, batchv1.SchemeGroupVersion.String(), ref.Kind, job.Spec.Template, replicas(job.Spec.Parallelism), 0), nil
	case "CronJob":
		cron, err := r.CronJob(ctx, ref.Namespace, ref.Name)
		if err != nil || cron.UID != ref.UID || cron.Spec.Suspend != nil && *cron.Spec.Suspend ||
			cron.Status.LastScheduleTime != nil && !cron.Status.LastScheduleTime.Time.Before(last(&e)) {
			return nil, err
		}
		object := named(ref.Kind, ref.Namespace, ref.Name)
		return &maker{object: object, above: object}, nil
	}
	return nil, nil
}

// replicas is what a controller wants; one if it does not say.
func replicas(n *int32) int {
	if n == nil {
		return 1
	}
	return int(*n)
}

// over tells a job that wants no more pods.
func over(job *batchv1.Job) bool {
	return job.Status.CompletionTime != nil || slices.ContainsFunc(job.Status.Conditions, func(c batchv1.JobCondition) bool {
		return c.Status == corev1.ConditionTrue && (c.Type == batchv1.JobFailed || c.Type == batchv1.JobComplete || c.Type == batchv1.JobSuspended)
	})
}

func lacks(owner metav1.Object, version, kind string, template corev1.PodTemplateSpec, wanted, made int) *maker {
	if made >= wanted {
		return nil
	}
	m := &maker{object: named(kind, owner.GetNamespace(), owner.GetName()), wanted: wanted, made: made, pod: podOf(owner, version, kind, template)}
	m.above = m.object
	if above := metav1.GetControllerOf(owner); above != nil {
		m.above = Owner(owner.GetNamespace(), *above)
	}
	return m
}

// Owner is the object of a namespace that an owner's reference names.
func Owner(namespace string, ref metav1.OwnerReference) evidence.Object {
	o := named(ref.Kind, namespace, ref.Name)
	o.Group = foreign.Text(evidence.GroupOf(ref.APIVersion), 253)
	return o
}

func named(kind, namespace, name string) evidence.Object {
	return evidence.Object{Kind: foreign.Text(kind, 100), Namespace: namespace, Name: foreign.Text(name, 253)}
}

// podOf is the pod that a controller would make.
func podOf(owner metav1.Object, version, kind string, template corev1.PodTemplateSpec) *corev1.Pod {
	yes := true
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: owner.GetNamespace(), Labels: template.Labels,
			OwnerReferences: []metav1.OwnerReference{{APIVersion: version, Kind: kind, Name: owner.GetName(), UID: owner.GetUID(), Controller: &yes}},
		},
		Spec: template.Spec,
	}
}

// UnmadeByStatus tells, by the status of a Deployment, ReplicaSet or
// ReplicationController (in lower case), that it cannot make its pods: its
// events are kept for an hour only, and may not be readable.
func (r *Run) UnmadeByStatus(ctx context.Context, kind, namespace, name string) (evidence.Unmade, bool) {
	var u evidence.Unmade
	refused := func(condition, reason string, status corev1.ConditionStatus, since metav1.Time, message string) {
		if cannotMake(condition, reason, status) {
			u.Reason, u.Message, u.First = foreign.Text(reason, maxReason), refusalText(message), since.Time
		}
	}
	switch kind {
	case "deployment":
		d, err := r.Deployment(ctx, namespace, name)
		if err != nil {
			return u, false
		}
		u.Controller, u.Wanted, u.Made = named("Deployment", namespace, name), replicas(d.Spec.Replicas), int(d.Status.Replicas)
		for _, c := range d.Status.Conditions {
			refused(string(c.Type), c.Reason, c.Status, c.LastTransitionTime, c.Message)
		}
	case "replicaset":
		rs, err := r.ReplicaSet(ctx, namespace, name)
		if err != nil {
			return u, false
		}
		u.Controller, u.Wanted, u.Made = named("ReplicaSet", namespace, name), replicas(rs.Spec.Replicas), int(rs.Status.Replicas)
		for _, c := range rs.Status.Conditions {
			refused(string(c.Type), c.Reason, c.Status, c.LastTransitionTime, c.Message)
		}
	case "replicationcontroller":
		rc, err := r.ReplicationController(ctx, namespace, name)
		if err != nil {
			return u, false
		}
		u.Controller, u.Wanted, u.Made = named("ReplicationController", namespace, name), replicas(rc.Spec.Replicas), int(rc.Status.Replicas)
		for _, c := range rc.Status.Conditions {
			refused(string(c.Type), c.Reason, c.Status, c.LastTransitionTime, c.Message)
		}
	}
	u.Owner = u.Controller
	return u, u.Message != ""
}

// cannotMake tells of a condition that its controller cannot make pods. A
// ReplicaFailure, of the same name for all three kinds, is also that one cannot be
// deleted; a Deployment takes it over from its ReplicaSet, with its reason.
func cannotMake(condition, reason string, status corev1.ConditionStatus) bool {
	switch condition {
	case string(appsv1.ReplicaSetReplicaFailure):
		return status == corev1.ConditionTrue && reason == ReasonRefused
	case string(appsv1.DeploymentProgressing):
		return status == corev1.ConditionFalse && reason == reasonNoReplicaSet
	}
	return false
}
