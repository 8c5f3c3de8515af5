// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"encoding/json"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pullmedic/pullmedic/testbed/internal/registries"
)

// pullSecret is the name of every namespace's pull secret.
const pullSecret = "registries"

// The times at which things happened, before the cluster was made.
const (
	longAgo  = 50 * time.Hour
	justNow  = 3 * time.Minute
	failedAt = 2 * time.Minute
)

// secret has a password for both registries that want one. That of ECR is over.
func (c crowd) secret(namespace string) *corev1.Secret {
	account := registries.AccountOf(registries.Harbor)
	auths := map[string]any{"auths": map[string]any{
		registries.Harbor: map[string]string{"username": account.User, "password": account.Password},
		registries.ECR:    map[string]string{"username": "AWS", "password": registries.ECRPassword(c.now.Add(-time.Hour), namespace)},
	}}
	data, _ := json.Marshal(auths) // strings always marshal
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: pullSecret}, Type: corev1.SecretTypeDockerConfigJson, Data: map[string][]byte{corev1.DockerConfigJsonKey: data}}
}

func nodeObject(n int) *corev1.Node {
	labels := map[string]string{"kubernetes.io/os": "linux", "kubernetes.io/arch": architecture(n), "kubernetes.io/hostname": node(n)}
	room := corev1.ResourceList{"cpu": resource.MustParse("16"), "memory": resource.MustParse("64Gi"), "pods": resource.MustParse("110"), "ephemeral-storage": resource.MustParse("200Gi")}
	status := corev1.NodeStatus{Capacity: room, Allocatable: room, NodeInfo: corev1.NodeSystemInfo{
		OperatingSystem: "linux", Architecture: architecture(n), ContainerRuntimeVersion: "containerd://1.7.29", KubeletVersion: "v1.36.3",
		KernelVersion: "6.12.0", OSImage: "Debian GNU/Linux 13 (trixie)", MachineID: fmt.Sprintf("%032x", n), SystemUUID: fmt.Sprintf("%032x", n), BootID: fmt.Sprintf("%032x", n),
	}}
	for _, c := range []corev1.NodeConditionType{corev1.NodeMemoryPressure, corev1.NodeDiskPressure, corev1.NodePIDPressure, corev1.NodeReady} {
		one := corev1.NodeCondition{Type: c, Status: corev1.ConditionFalse, Reason: "Kubelet" + string(c), Message: "kubelet told " + string(c)}
		if c == corev1.NodeReady {
			one.Status = corev1.ConditionTrue
		}
		status.Conditions = append(status.Conditions, one)
	}
	for i := range 50 { // as many as a kubelet tells
		status.Images = append(status.Images, corev1.ContainerImage{Names: []string{fmt.Sprintf("%s/acme/image-%d@%s", registries.Plain, i, digest(i)), fmt.Sprintf("%s/acme/image-%d:1", registries.Plain, i)}, SizeBytes: 50 << 20})
	}
	return &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: node(n), Labels: labels}, Status: status}
}

func digest(n int) string { return fmt.Sprintf("sha256:%064x", n) }

// revision of the deployment that is rolled out.
func (w workload) revision() int {
	if w.before != "" {
		return 2
	}
	return 1
}

func (w workload) hash(revision int) string { return fmt.Sprintf("%05x%05x", w.number, revision) }

func (w workload) setName(revision int) string { return w.name + "-" + w.hash(revision) }

func (w workload) podName(replica int) string {
	return fmt.Sprintf("%s-%05x", w.setName(w.revision()), replica)
}

func (w workload) labels() map[string]string {
	return map[string]string{"app.kubernetes.io/name": w.name, "app.kubernetes.io/instance": w.namespace, "app.kubernetes.io/managed-by": "Helm"}
}

func (w workload) labelsOf(revision int) map[string]string {
	labels := w.labels()
	labels[appsv1.DefaultDeploymentUniqueLabelKey] = w.hash(revision)
	return labels
}

func (w workload) deployment() *appsv1.Deployment {
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: w.name, Labels: w.labels()},
		Spec: appsv1.DeploymentSpec{
			Replicas: new(int32(replicas)), Selector: &metav1.LabelSelector{MatchLabels: w.labels()},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: w.labels(), Annotations: annotations()}, Spec: w.spec(w.image)},
		},
	}
}

func (w workload) replicaSet(owner types.UID, revision int, image string) *appsv1.ReplicaSet {
	labels := w.labelsOf(revision)
	wanted := int32(0)
	if revision == w.revision() {
		wanted = replicas
	}
	return &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{
			Name: w.setName(revision), Labels: labels, OwnerReferences: ownedBy("Deployment", w.name, owner),
			Annotations: map[string]string{"deployment.kubernetes.io/revision": fmt.Sprint(revision)},
		},
		Spec: appsv1.ReplicaSetSpec{
			Replicas: &wanted, Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels, Annotations: annotations()}, Spec: w.spec(image)},
		},
	}
}

func ownedBy(kind, name string, uid types.UID) []metav1.OwnerReference {
	return []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: kind, Name: name, UID: uid, Controller: new(true), BlockOwnerDeletion: new(true)}}
}

// ready pods of a deployment.
func (w workload) ready() int {
	if w.text != "" {
		return 0
	}
	return replicas
}

func (w workload) deploymentStatus() []byte {
	return fmt.Appendf(nil, `{"status":{"observedGeneration":1,"replicas":%[1]d,"updatedReplicas":%[1]d,"readyReplicas":%[2]d,"availableReplicas":%[2]d,"unavailableReplicas":%[3]d}}`,
		replicas, w.ready(), replicas-w.ready())
}

func (w workload) setStatus(revision int) []byte {
	if revision != w.revision() {
		return []byte(`{"status":{"observedGeneration":2,"replicas":0}}`)
	}
	return fmt.Appendf(nil, `{"status":{"observedGeneration":1,"replicas":%[1]d,"fullyLabeledReplicas":%[1]d,"readyReplicas":%[2]d,"availableReplicas":%[2]d}}`, replicas, w.ready())
}
