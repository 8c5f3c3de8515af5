// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/pullmedic/pullmedic/testbed/internal/faults"
	"github.com/pullmedic/pullmedic/testbed/internal/registries"
)

// Images of the workloads: two that anybody may pull, and two that want a login
// each.
const (
	older  = registries.Plain + "/acme/app:1.27.3"
	harbor = registries.Harbor + "/acme/app:1.27.4"
	azure  = registries.ACR + "/acme/app:1.27.4"
)

// resources are those of the workloads, by kind.
var resources = map[string]schema.GroupVersionResource{
	"Deployment":  appsv1.SchemeGroupVersion.WithResource("deployments"),
	"StatefulSet": appsv1.SchemeGroupVersion.WithResource("statefulsets"),
	"DaemonSet":   appsv1.SchemeGroupVersion.WithResource("daemonsets"),
	"ReplicaSet":  appsv1.SchemeGroupVersion.WithResource("replicasets"),
	"Job":         batchv1.SchemeGroupVersion.WithResource("jobs"),
	"CronJob":     batchv1.SchemeGroupVersion.WithResource("cronjobs"),
	"Pod":         corev1.SchemeGroupVersion.WithResource("pods"),
	"Secret":      corev1.SchemeGroupVersion.WithResource("secrets"),
}

// A yard is a namespace in which a workload is made and broken.
type yard struct {
	bed
	t         *testing.T
	client    dynamic.Interface
	namespace string
}

func (b bed) yard(t *testing.T) yard {
	t.Helper()
	return yard{b, t, b.dynamic(t), b.namespace(t)}
}

// make makes objects, of which those without a name are called app.
func (y yard) make(objects ...runtime.Object) {
	y.t.Helper()
	for _, o := range objects {
		kinds, _, err := scheme.Scheme.ObjectKinds(o)
		if err != nil {
			y.t.Fatal(err)
		}
		fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
		if err != nil {
			y.t.Fatal(err)
		}
		u := &unstructured.Unstructured{Object: fields}
		u.SetGroupVersionKind(kinds[0])
		if u.GetName() == "" {
			u.SetName(faults.PodName)
		}
		if _, err := y.client.Resource(resources[kinds[0].Kind]).Namespace(y.namespace).Create(y.t.Context(), u, metav1.CreateOptions{}); err != nil {
			y.t.Fatal(err)
		}
	}
}

// give changes the template of the workload, and waits until its controller knows.
func (y yard) give(kind string, spec map[string]any) {
	y.t.Helper()
	patch, err := json.Marshal(map[string]any{"spec": map[string]any{"template": map[string]any{"spec": spec}}})
	if err != nil {
		y.t.Fatal(err)
	}
	client := y.client.Resource(resources[kind]).Namespace(y.namespace)
	if _, err := client.Patch(y.t.Context(), faults.PodName, types.StrategicMergePatchType, patch, metav1.PatchOptions{}); err != nil {
		y.t.Fatal(err)
	}
	y.awaitThat(y.t, "the controller to know of the new template", func(ctx context.Context) bool {
		o, err := client.Get(ctx, faults.PodName, metav1.GetOptions{})
		if err != nil {
			return false
		}
		seen, _, _ := unstructured.NestedInt64(o.Object, "status", "observedGeneration")
		return seen >= o.GetGeneration()
	})
}

// images of containers in the form of a patch.
func images(list string, named ...string) map[string]any {
	var all []any
	for i := 0; i < len(named); i += 2 {
		all = append(all, map[string]any{"name": named[i], "image": named[i+1]})
	}
	return map[string]any{list: all}
}

// drop removes pods that are meant.
func (y yard) drop(meant func(corev1.Pod) bool) {
	y.t.Helper()
	for _, p := range y.pods(y.t.Context()) {
		if meant(p) {
			if err := y.Kube.CoreV1().Pods(y.namespace).Delete(y.t.Context(), p.Name, metav1.DeleteOptions{}); err != nil {
				y.t.Fatal(err)
			}
		}
	}
}

// pods of the workload that are not on their way out.
func (y yard) pods(ctx context.Context) []corev1.Pod {
	list, err := y.Kube.CoreV1().Pods(y.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(list.Items, func(p corev1.Pod) bool { return p.DeletionTimestamp != nil })
}

func ready(p corev1.Pod) bool {
	return slices.ContainsFunc(p.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

// failing are the containers of pods that fail to pull.
func failing(pods []corev1.Pod) (names []string) {
	for _, p := range pods {
		for _, s := range slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses) {
			if pullFails(s) {
				names = append(names, p.Name+"/"+s.Name)
			}
		}
	}
	return names
}

func (y yard) awaitReady(n int) {
	y.t.Helper()
	y.awaitThat(y.t, "pods to be ready", func(ctx context.Context) bool {
		return len(slices.DeleteFunc(y.pods(ctx), func(p corev1.Pod) bool { return !ready(p) })) == n
	})
}

// shapeOf is a template with a container app, and others by name and image.
func shapeOf(image string, others ...string) corev1.PodTemplateSpec {
	t := templateOf(image)
	for i := 0; i < len(others); i += 2 {
		t.Spec.Containers = append(t.Spec.Containers, corev1.Container{Name: others[i], Image: others[i+1], ImagePullPolicy: corev1.PullAlways})
	}
	return t
}

// everywhere is a template whose pods run on any node.
func everywhere(image string) corev1.PodTemplateSpec {
	t := templateOf(image)
	t.Spec.NodeSelector = nil
	return t
}

func deployment(replicas int32, t corev1.PodTemplateSpec, surge, unavailable int) *appsv1.Deployment {
	return &appsv1.Deployment{Spec: appsv1.DeploymentSpec{
		Replicas: &replicas, Selector: matching(), Template: t,
		Strategy: appsv1.DeploymentStrategy{Type: appsv1.RollingUpdateDeploymentStrategyType, RollingUpdate: &appsv1.RollingUpdateDeployment{
			MaxSurge: new(intstr.FromInt(surge)), MaxUnavailable: new(intstr.FromInt(unavailable)),
		}},
	}}
}

func statefulSet(t corev1.PodTemplateSpec, edit func(*appsv1.StatefulSetSpec)) *appsv1.StatefulSet {
	s := &appsv1.StatefulSet{Spec: appsv1.StatefulSetSpec{Replicas: new(int32(3)), Selector: matching(), Template: t, ServiceName: faults.PodName}}
	if edit != nil {
		edit(&s.Spec)
	}
	return s
}

func daemonSet(strategy appsv1.DaemonSetUpdateStrategyType) *appsv1.DaemonSet {
	return &appsv1.DaemonSet{Spec: appsv1.DaemonSetSpec{Selector: matching(), Template: everywhere(present), UpdateStrategy: appsv1.DaemonSetUpdateStrategy{Type: strategy}}}
}

func jobSpec(t corev1.PodTemplateSpec, pods, limit int32) batchv1.JobSpec {
	t.Spec.RestartPolicy = corev1.RestartPolicyNever
	return batchv1.JobSpec{Template: t, Parallelism: &pods, Completions: &pods, BackoffLimit: &limit}
}

// logins is a secret with the logins of registries.
func logins(name string, hosts ...string) *corev1.Secret {
	entries := map[string]any{}
	for _, host := range hosts {
		account := registries.AccountOf(host)
		entries[host] = map[string]string{"auth": base64.StdEncoding.EncodeToString([]byte(account.User + ":" + account.Password))}
	}
	text, _ := json.Marshal(map[string]any{"auths": entries}) // strings always marshal
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name}, Type: corev1.SecretTypeDockerConfigJson, Data: map[string][]byte{corev1.DockerConfigJsonKey: text}}
}

// well are the pods that are ready, by UID.
func (y yard) well() map[types.UID]string {
	all := map[types.UID]string{}
	for _, p := range y.pods(y.t.Context()) {
		if ready(p) {
			all[p.UID] = p.Name
		}
	}
	return all
}
