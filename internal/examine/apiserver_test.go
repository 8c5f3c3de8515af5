// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package examine_test

import (
	"context"
	"os"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/yaml"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/internal/examine"
)

// kubeconfigVariable names the kubeconfig of a cluster that the test below may
// make namespaces and a node object in.
const kubeconfigVariable = "PULLMEDIC_TEST_KUBECONFIG"

// TestAgainstARealAPIServer makes sure that a real API server understands the
// questions (selectors of fields, metadata alone, protobuf) and refuses as
// expected. It needs no kubelet: the pods' states are written.
func TestAgainstARealAPIServer(t *testing.T) {
	file := os.Getenv(kubeconfigVariable)
	if file == "" {
		t.Skip("needs an API server: set " + kubeconfigVariable + " to a kubeconfig")
	}
	config, err := clientcmd.BuildConfigFromFlags("", file)
	if err != nil {
		t.Fatal(err)
	}
	a := &apiserver{t: t, config: config, client: kubernetes.NewForConfigOrDie(config)}
	shop, pay := a.namespace("pullmedic-shop-"), a.namespace("pullmedic-pay-")
	node := a.node("pullmedic-" + shop)
	a.secret(dockerSecret(shop, "hub", "docker.io"))
	a.secret(dockerSecret(pay, "far", "docker.io"))
	pod := a.pod(podWith(shop, "api", "acme/api:1.27.44", "ImagePullBackOff", `Back-off pulling image "acme/api:1.27.44": ErrImagePull: `+tagMissing, on(node), pullSecrets("hub", "far")))
	a.event(eventFor(pod, "Warning", "Failed", `Failed to pull image "acme/api:1.27.44": `+tagMissing, 3, 5*time.Minute, time.Minute))
	a.event(eventFor(pod, "Normal", "Pulling", `Pulling image "acme/api:1.27.44"`, 3, 5*time.Minute, time.Minute))
	starting := a.pod(podWith(shop, "pause", "acme/api:1", "ContainerCreating", "", on(node)))
	a.event(eventFor(starting, "Warning", "FailedCreatePodSandBox", `Failed to create pod sandbox: rpc error: code = Unknown desc = failed to get sandbox image "registry.k8s.io/pause:3.10": failed to pull image "registry.k8s.io/pause:3.10": x509: certificate signed by unknown authority`, 3, 5*time.Minute, time.Minute))

	later := func() time.Time { return time.Now().Add(time.Minute) } // pods are older than the grace
	look := func(config *rest.Config) *examine.Examiner { return newExaminer(t, config, later) }
	t.Run("with all rights", func(t *testing.T) {
		x := look(config)
		began := time.Now()
		s, err := x.Objects(t.Context(), []examine.ObjectRef{{Kind: "pod", Namespace: shop, Name: "api"}})
		t.Logf("one pod took %s", time.Since(began))
		if err != nil {
			t.Fatal(err)
		}
		e := one(t, s)
		wantOutcomes(t, e, evidence.KeyringMatches, evidence.SecretAbsent, evidence.SecretElsewhere, evidence.NodePlatformKnown, evidence.ServiceAccountAgrees, evidence.TagAbsent)
		if e.Pull.Attempts != 3 || len(e.NotLookedAt)+len(s.NotLookedAt) > 0 {
			t.Errorf("%d attempts, not looked at: %+v %+v", e.Pull.Attempts, e.NotLookedAt, s.NotLookedAt)
		}
		s, err = x.Survey(t.Context(), examine.Scope{Namespace: shop})
		if err != nil || len(s.Pulls) != 2 || s.Pulls[1].Pull.ContainerKind != evidence.Sandbox {
			t.Errorf("survey: %v, %+v", err, s.Pulls)
		}
	})
	t.Run("with the right to one namespace's pods alone", func(t *testing.T) {
		a.role(shop, "pods-only", []string{"pods"}, []string{"get", "list"})
		restricted := rest.CopyConfig(config)
		restricted.Impersonate.UserName = "pods-only"
		x := look(restricted)
		if _, err := x.Survey(t.Context(), examine.Scope{}); cluster.ReasonOf(err) != cluster.Forbidden {
			t.Errorf("error is %v, want forbidden", err)
		}
		s, err := x.Survey(t.Context(), examine.Scope{Fallback: shop})
		if err != nil {
			t.Fatal(err)
		}
		e := one(t, s) // the sandbox shows in events only
		var needs []string
		for _, g := range slices.Concat(e.NotLookedAt, s.NotLookedAt) {
			needs = append(needs, g.Needs)
		}
		slices.Sort(needs)
		want := []string{"get nodes", "get secrets in namespace " + shop, "get secrets in namespace " + shop, "get serviceaccounts in namespace " + shop,
			"list endpointslices.discovery.k8s.io in namespace " + shop,
			"list events in namespace " + shop, "list events in namespace " + shop, "list events in namespace " + shop, // of pods, sandboxes, refusals
			"list horizontalpodautoscalers.autoscaling in namespace " + shop, "list pods in all namespaces", "list services in namespace " + shop}
		if !slices.Equal(needs, want) {
			t.Errorf("needs are %q, want %q", needs, want)
		}
	})
	t.Run("with the roles of deploy/rbac", func(t *testing.T) {
		a.clusterRole("../../deploy/rbac/none.yaml", shop)
		restricted := rest.CopyConfig(config)
		restricted.Impersonate.UserName = shop
		for _, wantGaps := range []int{2, 0} { // the two secrets that the pod names
			x := look(restricted)
			s, err := x.Objects(t.Context(), []examine.ObjectRef{{Kind: "pod", Namespace: shop, Name: "api"}})
			if err != nil {
				t.Fatal(err)
			}
			e := one(t, s)
			if gaps := slices.Concat(e.NotLookedAt, s.NotLookedAt); len(gaps) != wantGaps {
				t.Errorf("%d gaps, want %d: %+v", len(gaps), wantGaps, gaps)
			}
			a.clusterRole("../../deploy/rbac/all-secrets.yaml", shop)
		}
	})
	t.Run("of an object that is not there", func(t *testing.T) {
		if _, err := look(config).Objects(t.Context(), []examine.ObjectRef{{Kind: "deploy", Namespace: shop, Name: "gone"}}); cluster.ReasonOf(err) != cluster.NotFound {
			t.Errorf("error is %v, want not found", err)
		}
	})
}

func newExaminer(t *testing.T, config *rest.Config, now func() time.Time) *examine.Examiner {
	t.Helper()
	client, err := cluster.New(config, cluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	causes, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	return examine.New(examine.Options{Cluster: client, Catalog: causes, Prober: &prober{}, Now: now})
}

// apiserver makes objects and takes them away after the test.
type apiserver struct {
	t      *testing.T
	config *rest.Config
	client kubernetes.Interface
}

func (a *apiserver) check(err error) {
	a.t.Helper()
	if err != nil {
		a.t.Fatal(err)
	}
}

func (a *apiserver) namespace(prefix string) string {
	ns, err := a.client.CoreV1().Namespaces().Create(a.t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: prefix}}, metav1.CreateOptions{})
	a.check(err)
	a.t.Cleanup(func() {
		_ = a.client.CoreV1().Namespaces().Delete(context.WithoutCancel(a.t.Context()), ns.Name, metav1.DeleteOptions{})
	})
	_, err = a.client.CoreV1().ServiceAccounts(ns.Name).Create(a.t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "default"}}, metav1.CreateOptions{})
	if !apierrors.IsAlreadyExists(err) { // a controller may be quicker
		a.check(err)
	}
	return ns.Name
}

func (a *apiserver) node(name string) string {
	n := nodeNamed(name, "arm64")
	_, err := a.client.CoreV1().Nodes().Create(a.t.Context(), n, metav1.CreateOptions{})
	a.check(err)
	a.t.Cleanup(func() {
		_ = a.client.CoreV1().Nodes().Delete(context.WithoutCancel(a.t.Context()), name, metav1.DeleteOptions{})
	})
	return name
}

func (a *apiserver) secret(s *corev1.Secret) {
	_, err := a.client.CoreV1().Secrets(s.Namespace).Create(a.t.Context(), s, metav1.CreateOptions{})
	a.check(err)
}

func (a *apiserver) pod(p *corev1.Pod) *corev1.Pod {
	status := p.Status
	made, err := a.client.CoreV1().Pods(p.Namespace).Create(a.t.Context(), p, metav1.CreateOptions{})
	a.check(err)
	made.Status = status
	made, err = a.client.CoreV1().Pods(p.Namespace).UpdateStatus(a.t.Context(), made, metav1.UpdateOptions{})
	a.check(err)
	return made
}

func (a *apiserver) event(e *corev1.Event) {
	_, err := a.client.CoreV1().Events(e.Namespace).Create(a.t.Context(), e, metav1.CreateOptions{})
	a.check(err)
}

func (a *apiserver) role(namespace, user string, resources, verbs []string) {
	meta := metav1.ObjectMeta{Namespace: namespace, Name: user}
	_, err := a.client.RbacV1().Roles(namespace).Create(a.t.Context(), &rbacv1.Role{ObjectMeta: meta,
		Rules: []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: resources, Verbs: verbs}}}, metav1.CreateOptions{})
	a.check(err)
	_, err = a.client.RbacV1().RoleBindings(namespace).Create(a.t.Context(), &rbacv1.RoleBinding{ObjectMeta: meta,
		RoleRef:  rbacv1.RoleRef{APIGroup: "rbac.authorization.k8s.io", Kind: "Role", Name: user},
		Subjects: []rbacv1.Subject{{Kind: "User", APIGroup: "rbac.authorization.k8s.io", Name: user}}}, metav1.CreateOptions{})
	a.check(err)
}

// clusterRole makes a role from a file under another name, once, and binds it.
func (a *apiserver) clusterRole(file, user string) {
	data, err := os.ReadFile(file)
	a.check(err)
	var role rbacv1.ClusterRole
	a.check(yaml.UnmarshalStrict(data, &role))
	role.Name += "-" + user
	_, err = a.client.RbacV1().ClusterRoles().Create(a.t.Context(), &role, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return
	}
	a.check(err)
	_, err = a.client.RbacV1().ClusterRoleBindings().Create(a.t.Context(), &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: role.Name},
		RoleRef:  rbacv1.RoleRef{APIGroup: "rbac.authorization.k8s.io", Kind: "ClusterRole", Name: role.Name},
		Subjects: []rbacv1.Subject{{Kind: "User", APIGroup: "rbac.authorization.k8s.io", Name: user}}}, metav1.CreateOptions{})
	a.check(err)
	a.t.Cleanup(func() {
		ctx := context.WithoutCancel(a.t.Context())
		_ = a.client.RbacV1().ClusterRoles().Delete(ctx, role.Name, metav1.DeleteOptions{})
		_ = a.client.RbacV1().ClusterRoleBindings().Delete(ctx, role.Name, metav1.DeleteOptions{})
	})
}
