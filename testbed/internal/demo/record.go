// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullmedic/pullmedic/testbed/internal/cluster"
	"github.com/pullmedic/pullmedic/testbed/internal/faults"
	"github.com/pullmedic/pullmedic/testbed/internal/images"
	"github.com/pullmedic/pullmedic/testbed/internal/registries"
)

// Options say what records, and where to.
type Options struct {
	Testbed *cluster.Testbed
	// Plugin is the built program; File, an absolute path, is what it writes.
	Plugin, File string
	Out          io.Writer
}

// settle is how long the kubelets go on trying before the recording.
const settle = 100 * time.Second

// stageLimit bounds what is done while the scenario stands, and making it.
const stageLimit = 4 * time.Minute

// Record makes the scenario on the running testbed, has the plugin write what
// the cluster knows of it, and takes the scenario away again.
func Record(ctx context.Context, o Options) error {
	return Stage(ctx, o.Testbed, settle, o.Out, func(ctx context.Context) error {
		collect := o.Testbed.Exec(ctx, cluster.Client, o.Plugin, "collect", "-A", "--probe=none", "-o", o.File)
		said, err := collect.CombinedOutput()
		if err != nil {
			return fmt.Errorf("collecting: %w: %s", err, bytes.TrimSpace(said))
		}
		fmt.Fprintf(o.Out, "%s\n", bytes.TrimSpace(said))
		return nil
	})
}

// Stage makes the scenario on the running testbed, lets the kubelets try for a
// while, does what is to be done while it stands, and takes it away again.
func Stage(ctx context.Context, testbed *cluster.Testbed, wait time.Duration, out io.Writer, do func(context.Context) error) (err error) {
	ctx, cancel := context.WithTimeout(ctx, stageLimit+wait)
	defer cancel()
	bed, err := faults.Open(testbed)
	if err != nil {
		return err
	}
	defer func() {
		clean, done := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer done()
		err = errors.Join(err, takeAway(clean, bed))
	}()
	if err := makeAll(ctx, bed); err != nil {
		return err
	}
	fmt.Fprintf(out, "made %d workloads; waiting for %s\n", len(workloads("")), wait)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(wait):
	}
	return do(ctx)
}

func namespaces() []string {
	var names []string
	for _, w := range workloads("") {
		if !slices.Contains(names, w.namespace) {
			names = append(names, w.namespace)
		}
	}
	return names
}

func makeAll(ctx context.Context, bed faults.Bed) error {
	for _, name := range namespaces() {
		if _, err := bed.Kube.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{}); err != nil {
			return fmt.Errorf("making namespace %s: %w", name, err)
		}
	}
	for _, s := range secrets() {
		data, err := s.data()
		if err != nil {
			return err
		}
		object := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: s.name}, Type: corev1.SecretTypeDockerConfigJson, Data: map[string][]byte{corev1.DockerConfigJsonKey: data}}
		if _, err := bed.Kube.CoreV1().Secrets(s.namespace).Create(ctx, object, metav1.CreateOptions{}); err != nil {
			return fmt.Errorf("making secret %s/%s: %w", s.namespace, s.name, err)
		}
	}
	layer, err := images.Layer(ctx, registries.StorageSocket(bed.Testbed), registries.Plain, "acme/render", "3.1")
	if err != nil {
		return err
	}
	for _, rule := range rules(layer) {
		if err := bed.Registries.SetRule(ctx, rule); err != nil {
			return err
		}
	}
	all := workloads(digestOf("an image that was deleted"))
	for _, w := range all {
		if w.before == "" {
			continue
		}
		good := w
		good.image = w.before
		if err := good.make(ctx, bed); err != nil {
			return err
		}
	}
	for _, w := range all {
		if w.before == "" {
			if err := w.make(ctx, bed); err != nil {
				return err
			}
			continue
		}
		if err := w.change(ctx, bed); err != nil {
			return err
		}
	}
	return nil
}

func takeAway(ctx context.Context, bed faults.Bed) error {
	var failed error
	for _, rule := range rules("") {
		failed = errors.Join(failed, bed.Registries.RemoveRule(ctx, rule.ID))
	}
	for _, name := range namespaces() {
		if err := bed.Kube.CoreV1().Namespaces().Delete(ctx, name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
			failed = errors.Join(failed, fmt.Errorf("deleting namespace %s: %w", name, err))
		}
	}
	return failed
}

// template is the pods' part of the workload.
func (w workload) template() corev1.PodTemplateSpec {
	policy := corev1.PullPolicy(w.policy)
	if policy == "" {
		policy = corev1.PullAlways
	}
	spec := corev1.PodSpec{
		HostNetwork:                   true, // saves setting up a network that no pull uses
		AutomountServiceAccountToken:  new(false),
		EnableServiceLinks:            new(false),
		TerminationGracePeriodSeconds: new(int64(1)),
		Containers:                    []corev1.Container{{Name: "app", Image: w.image, ImagePullPolicy: policy}},
	}
	if w.kind == "Job" {
		spec.RestartPolicy = corev1.RestartPolicyNever
	}
	for _, name := range w.secrets {
		spec.ImagePullSecrets = append(spec.ImagePullSecrets, corev1.LocalObjectReference{Name: name})
	}
	return corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: w.labels()}, Spec: spec}
}

func (w workload) labels() map[string]string { return map[string]string{"app": w.name} }

func (w workload) make(ctx context.Context, bed faults.Bed) error {
	meta := metav1.ObjectMeta{Name: w.name, Namespace: w.namespace, Labels: w.labels()}
	selector := &metav1.LabelSelector{MatchLabels: w.labels()}
	apps := bed.Kube.AppsV1()
	var err error
	switch w.kind {
	case "Deployment":
		_, err = apps.Deployments(w.namespace).Create(ctx, &appsv1.Deployment{ObjectMeta: meta, Spec: appsv1.DeploymentSpec{Replicas: &w.replicas, Selector: selector, Template: w.template()}}, metav1.CreateOptions{})
	case "StatefulSet":
		_, err = apps.StatefulSets(w.namespace).Create(ctx, &appsv1.StatefulSet{ObjectMeta: meta, Spec: appsv1.StatefulSetSpec{Replicas: &w.replicas, Selector: selector, Template: w.template(), ServiceName: w.name}}, metav1.CreateOptions{})
	case "DaemonSet":
		_, err = apps.DaemonSets(w.namespace).Create(ctx, &appsv1.DaemonSet{ObjectMeta: meta, Spec: appsv1.DaemonSetSpec{Selector: selector, Template: w.template()}}, metav1.CreateOptions{})
	case "Job":
		_, err = bed.Kube.BatchV1().Jobs(w.namespace).Create(ctx, &batchv1.Job{ObjectMeta: meta, Spec: batchv1.JobSpec{Template: w.template()}}, metav1.CreateOptions{})
	default:
		err = fmt.Errorf("there is no kind %s in the scenario", w.kind)
	}
	if err != nil {
		return fmt.Errorf("making %s %s/%s: %w", strings.ToLower(w.kind), w.namespace, w.name, err)
	}
	return nil
}

// change waits until the Deployment serves with its old image, and gives it the
// new one.
func (w workload) change(ctx context.Context, bed faults.Bed) error {
	deployments := bed.Kube.AppsV1().Deployments(w.namespace)
	for {
		d, err := deployments.Get(ctx, w.name, metav1.GetOptions{})
		if err != nil {
			return fmt.Errorf("waiting for deployment %s/%s: %w", w.namespace, w.name, err)
		}
		if d.Status.ReadyReplicas == w.replicas {
			d.Spec.Template = w.template()
			if _, err = deployments.Update(ctx, d, metav1.UpdateOptions{}); err == nil {
				return nil
			}
			if !apierrors.IsConflict(err) {
				return fmt.Errorf("changing deployment %s/%s: %w", w.namespace, w.name, err)
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for deployment %s/%s to serve: %w", w.namespace, w.name, ctx.Err())
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func digestOf(text string) string { return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(text))) }
