// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package examine_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/pullmedic/pullmedic/internal/examine"
)

// Every question must be one that the published roles allow, and each right in
// them must be used, so that the files neither lack nor grant too much.
func TestTheRolesGrantWhatIsAskedAndNoMore(t *testing.T) {
	granted := map[string]bool{}
	for _, right := range append(rightsOf(t, "none.yaml"), rightsOf(t, "all-secrets.yaml")...) {
		granted[right] = false
	}
	labels := map[string]string{"app": "x"}
	selector := &metav1.LabelSelector{MatchLabels: labels}
	meta := func(name string, owner ...metav1.OwnerReference) metav1.ObjectMeta {
		return metav1.ObjectMeta{Namespace: "shop", Name: name, UID: "uid-" + "x", Labels: labels, OwnerReferences: owner}
	}
	bad := func(kind, version string) *corev1.Pod {
		return podWith("shop", strings.ToLower(kind), "registry.example/x:1", "ErrImagePull", tagMissing, pullSecrets("hub"), ownedBy(kind, version, "x"),
			func(p *corev1.Pod) { p.Labels = labels })
	}
	h := newHouse(t, nodeNamed("worker-1", "amd64"), account("shop"), bad("ReplicaSet", "apps/v1"), bad("StatefulSet", "apps/v1"), bad("DaemonSet", "apps/v1"), bad("Job", "batch/v1"),
		&appsv1.Deployment{ObjectMeta: meta("x"), Spec: appsv1.DeploymentSpec{Selector: selector}},
		&appsv1.ReplicaSet{ObjectMeta: meta("x", owner("Deployment", "apps/v1", "x")...), Spec: appsv1.ReplicaSetSpec{Selector: selector}},
		&appsv1.StatefulSet{ObjectMeta: meta("x"), Spec: appsv1.StatefulSetSpec{Selector: selector}},
		&appsv1.DaemonSet{ObjectMeta: meta("x"), Spec: appsv1.DaemonSetSpec{Selector: selector}},
		&batchv1.Job{ObjectMeta: meta("x", owner("CronJob", "batch/v1", "x")...), Spec: batchv1.JobSpec{Selector: selector}},
		&batchv1.CronJob{ObjectMeta: meta("x")}, &corev1.ReplicationController{ObjectMeta: meta("x"), Spec: corev1.ReplicationControllerSpec{Selector: labels}})
	h.survey(t, examine.Scope{})
	for _, kind := range []string{"deployment", "replicaset", "replicationcontroller", "statefulset", "daemonset", "job", "cronjob"} {
		h.objects(t, examine.ObjectRef{Kind: kind, Namespace: "shop", Name: "x"})
	}
	h.objects(t, examine.ObjectRef{Kind: "pod", Namespace: "shop", Name: "job"})
	wants, err := h.x.Wants(t.Context(), []examine.ObjectRef{{Kind: "deployment", Namespace: "shop", Name: "x"}})
	if err != nil {
		t.Fatal(err)
	}
	h.x.Foresee(t.Context(), examine.Prospect{Wants: wants})
	for _, q := range h.server.Asked() {
		words := strings.Fields(q)
		right := words[0] + " " + words[1]
		if _, ok := granted[right]; !ok && right != "list secrets" { // a refusal of that one is expected
			t.Errorf("%q was asked, which no role grants", q)
		}
		granted[right] = true
	}
	var unused []string
	for right, used := range granted {
		if !used {
			unused = append(unused, right)
		}
	}
	slices.Sort(unused)
	if len(unused) > 0 {
		t.Errorf("the roles grant %q, which was not asked", unused)
	}
}

// A namespace's Role grants what the ClusterRole does, but for what lies in no
// namespace.
func TestTheNamespacesRolesGrantTheSame(t *testing.T) {
	whole := slices.DeleteFunc(rightsOf(t, "none.yaml"), func(right string) bool { return right == "get nodes" || right == "list nodes" })
	if one := rightsOf(t, "namespace.yaml"); !slices.Equal(one, whole) {
		t.Errorf("namespace.yaml grants %q, none.yaml %q", one, whole)
	}
	secrets := rightsOf(t, "all-secrets.yaml")
	for _, file := range []string{"namespace-secrets.yaml", "named-secrets.yaml"} {
		if one := rightsOf(t, file); !slices.Equal(one, secrets) {
			t.Errorf("%s grants %q, all-secrets.yaml %q", file, one, secrets)
		}
	}
}

// rightsOf lists the rights of the role in a published file, each as a verb and
// a resource, and looks whether its binding is to that role.
func rightsOf(t *testing.T, file string) []string {
	t.Helper()
	data, err := os.ReadFile("../../deploy/rbac/" + file)
	if err != nil {
		t.Fatal(err)
	}
	first, second, ok := strings.Cut(string(data), "\n---\n")
	var role rbacv1.ClusterRole // a Role has the same fields
	var binding rbacv1.ClusterRoleBinding
	if err := yaml.UnmarshalStrict([]byte(first), &role); err != nil || !ok {
		t.Fatalf("reading the role of %s: %v", file, err)
	}
	if err := yaml.UnmarshalStrict([]byte(second), &binding); err != nil {
		t.Fatalf("reading the binding of %s: %v", file, err)
	}
	if ref := binding.RoleRef; ref.Kind != role.Kind || ref.Name != role.Name || binding.Kind != role.Kind+"Binding" || binding.Namespace != role.Namespace || len(binding.Subjects) != 1 {
		t.Errorf("the binding of %s is %+v, its role %s %s/%s", file, binding, role.Kind, role.Namespace, role.Name)
	}
	var rights []string
	for _, rule := range role.Rules {
		for _, resource := range rule.Resources {
			for _, verb := range rule.Verbs {
				rights = append(rights, verb+" "+resource)
			}
		}
	}
	return rights
}
