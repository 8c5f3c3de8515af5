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
	for _, file := range []string{"none.yaml", "all-secrets.yaml"} {
		data, err := os.ReadFile("../../deploy/rbac/" + file)
		if err != nil {
			t.Fatal(err)
		}
		var role rbacv1.ClusterRole
		if err := yaml.UnmarshalStrict(data, &role); err != nil {
			t.Fatalf("reading %s: %v", file, err)
		}
		for _, rule := range role.Rules {
			for _, resource := range rule.Resources {
				for _, verb := range rule.Verbs {
					granted[verb+" "+resource] = false
				}
			}
		}
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
		&batchv1.CronJob{ObjectMeta: meta("x")})
	h.survey(t, examine.Scope{})
	for _, kind := range []string{"deployment", "replicaset", "statefulset", "daemonset", "job", "cronjob"} {
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
