// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package examine

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullmedic/pullmedic/evidence"
)

// A Want is a pod that somebody wants: one that exists, or one that a workload
// or a file would make.
type Want struct {
	// Object that was named or written.
	Object evidence.Object
	// Pod as it is, or as the template has it, with its namespace.
	Pod *corev1.Pod
	// Exists: the pod is there, and what was fixed when it was made (its pull
	// secrets) is fixed.
	Exists bool
}

// Wants returns the pods that objects want: of a workload the one that its
// template would make next. The error is an UnknownKindError, or a
// *cluster.Error: of an object that is not there, or may not be read.
func (x *Examiner) Wants(ctx context.Context, refs []ObjectRef) ([]Want, error) {
	ctx, cancel := context.WithTimeout(ctx, x.deadline)
	defer cancel()
	wants := make([]Want, len(refs))
	errs := make([]error, len(refs))
	group := limited(sideBySide)
	for i, r := range refs {
		kind, ok := KindNamed(r.Kind)
		if !ok {
			return nil, UnknownKindError{r.Kind}
		}
		group.Go(func() error {
			wants[i], errs[i] = x.want(ctx, kind, r.Namespace, r.Name)
			return nil
		})
	}
	_ = group.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return wants, nil
}

func (x *Examiner) want(ctx context.Context, kind, namespace, name string) (Want, error) {
	c := x.cluster
	switch kind {
	case "deployment":
		d, err := c.Deployment(ctx, namespace, name)
		return Templated("Deployment", namespace, name, d.Spec.Template), err
	case "replicaset":
		rs, err := c.ReplicaSet(ctx, namespace, name)
		return Templated("ReplicaSet", namespace, name, rs.Spec.Template), err
	case "replicationcontroller":
		rc, err := c.ReplicationController(ctx, namespace, name)
		template := corev1.PodTemplateSpec{} // only the API server's own checks keep it from being left out
		if rc.Spec.Template != nil {
			template = *rc.Spec.Template
		}
		return Templated("ReplicationController", namespace, name, template), err
	case "statefulset":
		sts, err := c.StatefulSet(ctx, namespace, name)
		return Templated("StatefulSet", namespace, name, sts.Spec.Template), err
	case "daemonset":
		ds, err := c.DaemonSet(ctx, namespace, name)
		return Templated("DaemonSet", namespace, name, ds.Spec.Template), err
	case "job":
		job, err := c.Job(ctx, namespace, name)
		return Templated("Job", namespace, name, job.Spec.Template), err
	case "cronjob":
		cron, err := c.CronJob(ctx, namespace, name)
		return Templated("CronJob", namespace, name, cron.Spec.JobTemplate.Spec.Template), err
	}
	pod, err := c.Pod(ctx, namespace, name)
	return Want{Object: evidence.Object{Kind: "Pod", Namespace: namespace, Name: name}, Pod: pod, Exists: true}, err
}

// Templated is the pod that an object's template would make, under the object's
// name, as its own is not known.
func Templated(kind, namespace, name string, template corev1.PodTemplateSpec) Want {
	return Want{
		Object: evidence.Object{Kind: kind, Namespace: namespace, Name: name},
		Pod: &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: template.Labels, Annotations: template.Annotations},
			Spec:       template.Spec,
		},
	}
}
