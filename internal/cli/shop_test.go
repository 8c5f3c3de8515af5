// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pullmedic/pullmedic/internal/cluster/clustertest"
)

// A shop is a cluster with Deployments whose new revision wants a tag that the
// registry does not have, while the one before still serves.
type shop struct {
	*clustertest.Server
	host string
	args []string
}

func newShop(t *testing.T, names ...string) shop {
	t.Helper()
	host, ca := shelf(t)
	objects := []runtime.Object{
		&corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "worker-1", Labels: map[string]string{"kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}}, Status: corev1.NodeStatus{NodeInfo: corev1.NodeSystemInfo{
			OperatingSystem: "linux", Architecture: "amd64", ContainerRuntimeVersion: "containerd://2.4.2", KubeletVersion: "v1.36.3",
		}}},
		replica("well", "1", host+"/acme/api:1.0", corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}),
		&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "default"}},
	}
	for _, name := range names {
		objects = append(objects, workload(name, host)...)
	}
	server := clustertest.New(t, objects...)
	s := shop{Server: server, host: host, args: []string{"--kubeconfig", kubeconfigFor(t, server), "--registry-ca", ca, "--allow-loopback"}}
	return s
}

// workload is a Deployment with its two revisions and a pod of each.
func workload(name, host string) []runtime.Object {
	labels := map[string]string{"app": name}
	image := func(tag string) string { return host + "/acme/api:" + tag }
	template := func(tag string) corev1.PodTemplateSpec {
		return corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: image(tag), Env: []corev1.EnvVar{{Name: "PASSWORD", Value: canary}}}}}}
	}
	set := func(n, tag string, ready int32) *appsv1.ReplicaSet {
		return &appsv1.ReplicaSet{
			ObjectMeta: metav1.ObjectMeta{
				Namespace: "shop", Name: name + "-" + n, UID: types.UID(name + "-" + n), Labels: labels, Annotations: map[string]string{"deployment.kubernetes.io/revision": n},
				OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "Deployment", Name: name, UID: types.UID(name), Controller: new(true)}}, CreationTimestamp: metav1.NewTime(time.Now().Add(-time.Hour)),
			},
			Spec:   appsv1.ReplicaSetSpec{Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: template(tag)},
			Status: appsv1.ReplicaSetStatus{ReadyReplicas: ready},
		}
	}
	return []runtime.Object{
		&appsv1.Deployment{
			ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, UID: types.UID(name), Generation: 2, Annotations: map[string]string{"deployment.kubernetes.io/revision": "2"}},
			Spec:       appsv1.DeploymentSpec{Replicas: new(int32(2)), Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: template("2.0")},
			Status:     appsv1.DeploymentStatus{ReadyReplicas: 1},
		},
		set("1", "1.0", 1), set("2", "2.0", 0),
		replica(name, "2", image("2.0"), waitsFor(image("2.0"), "not found")),
	}
}

func waitsFor(image, why string) corev1.ContainerState {
	return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ErrImagePull", Message: fmt.Sprintf("failed to pull and unpack image %q: failed to resolve image: %s: %s", image, image, why)}}
}

func replica(name, set, image string, state corev1.ContainerState) *corev1.Pod {
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: name + "-" + set + "-x", UID: types.UID(name + set), Labels: map[string]string{"app": name}, CreationTimestamp: metav1.NewTime(time.Now().Add(-time.Minute)),
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: name + "-" + set, UID: types.UID(name + "-" + set), Controller: new(true)}},
		},
		Spec:   corev1.PodSpec{NodeName: "worker-1", ServiceAccountName: "default", Containers: []corev1.Container{{Name: "app", Image: image, Env: []corev1.EnvVar{{Name: "PASSWORD", Value: canary}}}}},
		Status: corev1.PodStatus{Phase: corev1.PodPending, ContainerStatuses: []corev1.ContainerStatus{{Name: "app", Image: image, State: state}}},
	}
	if state.Running != nil {
		p.Status.Phase = corev1.PodRunning
		p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	}
	return p
}

// rollsTo has each patched Deployment make a new pod in a state, as its
// controller would.
func (s shop) rollsTo(state func(name, image string) corev1.ContainerState) {
	s.React(func(w clustertest.Write) {
		if w.Verb != "patch" || w.Resource != "deployments" {
			return
		}
		d, _ := s.Object("deployments", "shop", w.Name).(*appsv1.Deployment)
		image := d.Spec.Template.Spec.Containers[0].Image
		s.Remove("pods", "shop", w.Name+"-2-x")
		s.Put(replica(w.Name, "3", image, state(w.Name, image)))
	})
}

func running(string, string) corev1.ContainerState {
	return corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}
}

// image of a Deployment now.
func (s shop) image(name string) string {
	d, ok := s.Object("deployments", "shop", name).(*appsv1.Deployment)
	if !ok {
		return ""
	}
	return strings.TrimPrefix(d.Spec.Template.Spec.Containers[0].Image, s.host+"/acme/api:")
}

// written are the writes that were no dry run.
func (s shop) written() (n int) {
	for _, w := range s.Writes() {
		if !w.Dry {
			n++
		}
	}
	return n
}

func (s shop) run(t *testing.T, args ...string) ran {
	t.Helper()
	got := bench{}.run(t, append(append([]string{"fix"}, args...), s.args...)...)
	checkNoLeak(t, strings.Join(args, " "), got.out, got.err)
	for line := range strings.Lines(got.out) {
		if strings.HasPrefix(got.out, "{") {
			break
		}
		if n := len([]rune(strings.TrimRight(line, "\n"))); n > textWidth && !strings.Contains(line, "kubectl") {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	return got
}
