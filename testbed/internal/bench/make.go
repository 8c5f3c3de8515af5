// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"golang.org/x/sync/errgroup"

	"github.com/pullmedic/pullmedic/testbed/internal/cluster"
)

// writers is how many write to the API server at once.
const writers = 32

// made counts what was made.
type made struct {
	pods, deployments, sets, events atomic.Int64
}

// A maker writes the crowd's objects. Its first error ends all.
type maker struct {
	crowd
	kube kubernetes.Interface
	made *made
}

// make makes all objects through the API, as the parts of a cluster would:
// what a status says is written to /status, by the kubelet's name.
func (c crowd) make(ctx context.Context, bed *cluster.Testbed) (*made, error) {
	config, err := bed.RESTConfig(cluster.Admin)
	if err != nil {
		return nil, err
	}
	config.QPS, config.RateLimiter = -1, nil
	config.ContentType = runtime.ContentTypeProtobuf
	kube, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making a client of the testbed's API server: %w", err)
	}
	m := maker{c, kube, &made{}}
	err = m.each(ctx, namespaces, func(ctx context.Context, n int) error { return m.space(ctx, namespace(n)) })
	if err == nil {
		err = m.each(ctx, nodes, m.node)
	}
	if err == nil {
		err = m.each(ctx, len(c.workloads), func(ctx context.Context, n int) error { return m.workload(ctx, c.workloads[n]) })
	}
	return m.made, err
}

// each does n things by all writers.
func (m maker) each(ctx context.Context, n int, do func(context.Context, int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(writers)
	for i := range n {
		group.Go(func() error { return do(ctx, i) })
	}
	return group.Wait()
}

// space makes a namespace with its service account, which no controller makes
// here, and its pull secret.
func (m maker) space(ctx context.Context, name string) error {
	core := m.kube.CoreV1()
	if _, err := core.Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("making namespace %s: %w", name, err)
	}
	if _, err := core.ServiceAccounts(name).Create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "default"}}, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("making the service account of namespace %s: %w", name, err)
	}
	if _, err := core.Secrets(name).Create(ctx, m.secret(name), metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("making the pull secret of namespace %s: %w", name, err)
	}
	return nil
}

// node makes a Node, as a kubelet does that registers itself.
func (m maker) node(ctx context.Context, n int) error {
	if _, err := m.kube.CoreV1().Nodes().Create(ctx, nodeObject(n), metav1.CreateOptions{FieldManager: "kubelet"}); err != nil {
		return fmt.Errorf("making node %s: %w", node(n), err)
	}
	return nil
}

// workload makes a deployment, its replica sets, pods and events.
func (m maker) workload(ctx context.Context, w workload) error {
	apps := m.kube.AppsV1()
	deployment, err := apps.Deployments(w.namespace).Create(ctx, w.deployment(), metav1.CreateOptions{FieldManager: "helm"})
	if err != nil {
		return fmt.Errorf("making deployment %s/%s: %w", w.namespace, w.name, err)
	}
	m.made.deployments.Add(1)
	if _, err := apps.Deployments(w.namespace).Patch(ctx, w.name, types.MergePatchType, w.deploymentStatus(), byController, "status"); err != nil {
		return fmt.Errorf("writing the status of deployment %s/%s: %w", w.namespace, w.name, err)
	}
	if w.before != "" {
		if _, err := m.replicaSet(ctx, w, deployment.UID, 1, w.before); err != nil {
			return err
		}
	}
	set, err := m.replicaSet(ctx, w, deployment.UID, w.revision(), w.image)
	if err != nil {
		return err
	}
	for replica := range replicas {
		if err := m.pod(ctx, w, set, replica); err != nil {
			return err
		}
	}
	return nil
}

var byController = metav1.PatchOptions{FieldManager: "kube-controller-manager"}

// replicaSet makes the replica set of a revision and returns its UID.
func (m maker) replicaSet(ctx context.Context, w workload, owner types.UID, revision int, image string) (types.UID, error) {
	sets := m.kube.AppsV1().ReplicaSets(w.namespace)
	set, err := sets.Create(ctx, w.replicaSet(owner, revision, image), metav1.CreateOptions{FieldManager: "kube-controller-manager"})
	if err == nil {
		m.made.sets.Add(1)
		_, err = sets.Patch(ctx, set.Name, types.MergePatchType, w.setStatus(revision), byController, "status")
	}
	if err != nil {
		return "", fmt.Errorf("making replica set %s/%s: %w", w.namespace, w.setName(revision), err)
	}
	return set.UID, nil
}

func (m maker) pod(ctx context.Context, w workload, set types.UID, replica int) error {
	pods := m.kube.CoreV1().Pods(w.namespace)
	pod, err := pods.Create(ctx, w.pod(set, replica), metav1.CreateOptions{FieldManager: "kube-controller-manager"})
	if err != nil {
		return fmt.Errorf("making pod %s/%s: %w", w.namespace, w.podName(replica), err)
	}
	status, err := json.Marshal(map[string]any{"status": w.status(m.now, replica)})
	if err != nil {
		return fmt.Errorf("writing the status of pod %s/%s: %w", w.namespace, pod.Name, err)
	}
	if _, err := pods.Patch(ctx, pod.Name, types.MergePatchType, status, metav1.PatchOptions{FieldManager: "kubelet"}, "status"); err != nil {
		return fmt.Errorf("writing the status of pod %s/%s: %w", w.namespace, pod.Name, err)
	}
	m.made.pods.Add(1)
	for _, event := range w.events(m.now, pod) {
		if _, err := m.kube.CoreV1().Events(w.namespace).Create(ctx, event, metav1.CreateOptions{FieldManager: "kubelet"}); err != nil {
			return fmt.Errorf("making event %s/%s: %w", w.namespace, event.Name, err)
		}
		m.made.events.Add(1)
	}
	return nil
}
