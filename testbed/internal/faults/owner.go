// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// own makes an object of a kind that makes such a pod.
func own(ctx context.Context, bed Bed, kind, namespace string, pod *corev1.Pod) error {
	meta := metav1.ObjectMeta{Name: pod.Name}
	selector := &metav1.LabelSelector{MatchLabels: pod.Labels}
	template := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: pod.Labels}, Spec: pod.Spec}
	var err error
	switch kind {
	case "deployment":
		_, err = bed.Kube.AppsV1().Deployments(namespace).Create(ctx, &appsv1.Deployment{
			ObjectMeta: meta, Spec: appsv1.DeploymentSpec{Selector: selector, Template: template},
		}, metav1.CreateOptions{})
	case "statefulset":
		_, err = bed.Kube.AppsV1().StatefulSets(namespace).Create(ctx, &appsv1.StatefulSet{
			ObjectMeta: meta, Spec: appsv1.StatefulSetSpec{Selector: selector, Template: template},
		}, metav1.CreateOptions{})
	case "daemonset":
		_, err = bed.Kube.AppsV1().DaemonSets(namespace).Create(ctx, &appsv1.DaemonSet{
			ObjectMeta: meta, Spec: appsv1.DaemonSetSpec{Selector: selector, Template: template},
		}, metav1.CreateOptions{})
	case "replicaset":
		_, err = bed.Kube.AppsV1().ReplicaSets(namespace).Create(ctx, &appsv1.ReplicaSet{
			ObjectMeta: meta, Spec: appsv1.ReplicaSetSpec{Selector: selector, Template: template},
		}, metav1.CreateOptions{})
	case "replicationcontroller":
		_, err = bed.Kube.CoreV1().ReplicationControllers(namespace).Create(ctx, &corev1.ReplicationController{
			ObjectMeta: meta, Spec: corev1.ReplicationControllerSpec{Selector: pod.Labels, Template: &template},
		}, metav1.CreateOptions{})
	case "job":
		_, err = bed.Kube.BatchV1().Jobs(namespace).Create(ctx, &batchv1.Job{ObjectMeta: meta, Spec: jobOf(template)}, metav1.CreateOptions{})
	case "cronjob":
		err = ownByCron(ctx, bed, namespace, meta, template)
	default:
		err = fmt.Errorf("the testbed makes no pods by a %s", kind)
	}
	if err != nil {
		return fmt.Errorf("making %s %s/%s: %w", kind, namespace, pod.Name, err)
	}
	return nil
}

func jobOf(template corev1.PodTemplateSpec) batchv1.JobSpec {
	template.Spec.RestartPolicy = corev1.RestartPolicyNever
	return batchv1.JobSpec{Template: template}
}

// ownByCron makes a CronJob and starts it once by hand, as kubectl create job
// --from does, instead of waiting for the full minute.
func ownByCron(ctx context.Context, bed Bed, namespace string, meta metav1.ObjectMeta, template corev1.PodTemplateSpec) error {
	job := jobOf(template)
	cron, err := bed.Kube.BatchV1().CronJobs(namespace).Create(ctx, &batchv1.CronJob{
		ObjectMeta: meta, Spec: batchv1.CronJobSpec{Schedule: "0 3 1 1 *", JobTemplate: batchv1.JobTemplateSpec{Spec: job}},
	}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	_, err = bed.Kube.BatchV1().Jobs(namespace).Create(ctx, &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{
			Name: meta.Name + "-by-hand", Annotations: map[string]string{"cronjob.kubernetes.io/instantiate": "manual"},
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(cron, batchv1.SchemeGroupVersion.WithKind("CronJob"))},
		},
		Spec: job,
	}, metav1.CreateOptions{})
	return err
}

// ownerFaults are ordinary, in pods that something else made.
func ownerFaults() []Fault {
	made := func(kind string) Fault {
		return Fault{
			Name: "by-" + kind, What: "the tag is missing, and the pod is made by a " + kind,
			Cause: "TagNotFound", Expect: confirmed("TagNotFound"), Reach: OfPod, Mendable: true, Kind: kind,
			scene: func(Spot) Scene { return Scene{Image: missing} },
		}
	}
	return []Fault{
		made("statefulset"), made("daemonset"), made("job"), made("cronjob"),
		{
			Name: "rollout", What: "a Deployment's new revision has a missing tag, the old one serves",
			Cause: "TagNotFound", Expect: confirmed("TagNotFound"), Reach: OfPod, Mendable: true, Kind: "deployment",
			scene: func(s Spot) Scene {
				return Scene{
					Image: missing, Edit: func(p *corev1.Pod) { p.Spec.Containers[0].Image = present },
					Then: func(ctx context.Context, bed Bed) error {
						if _, err := untilRunning(ctx, bed, s.Namespace); err != nil {
							return err
						}
						if err := setImage(ctx, bed, s.Namespace, missing); err != nil {
							return err
						}
						return untilFailing(ctx, bed, s.Namespace)
					},
				}
			},
		},
		{
			Name: "rollout-private", What: "a Deployment's new revision asks for a private image without a secret, the old one serves a public one",
			Cause: "CredentialsMissing", Expect: confirmed("CredentialsMissing"), Reach: OfPod, Mendable: true, Kind: "deployment",
			scene: func(s Spot) Scene {
				return Scene{
					Image: harborImage, Edit: func(p *corev1.Pod) { p.Spec.Containers[0].Image = present },
					Then: func(ctx context.Context, bed Bed) error {
						if _, err := untilRunning(ctx, bed, s.Namespace); err != nil {
							return err
						}
						if err := setImage(ctx, bed, s.Namespace, harborImage); err != nil {
							return err
						}
						return untilFailing(ctx, bed, s.Namespace)
					},
				}
			},
		},
	}
}

// setImage gives the fault's Deployment another image.
func setImage(ctx context.Context, bed Bed, namespace, image string) error {
	patch := fmt.Appendf(nil, `[{"op":"replace","path":"/spec/template/spec/containers/0/image","value":%q}]`, image)
	if _, err := bed.Kube.AppsV1().Deployments(namespace).Patch(ctx, PodName, types.JSONPatchType, patch, metav1.PatchOptions{}); err != nil {
		return fmt.Errorf("changing the image of deployment %s/%s: %w", namespace, PodName, err)
	}
	return nil
}
