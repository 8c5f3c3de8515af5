// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// viewers is the group of the viewer's token.
const viewers = "testbed:viewers"

// A role is a published file: a role of either kind, which have the same fields,
// and its binding.
type role struct {
	rbacv1.ClusterRole
	binding rbacv1.ClusterRoleBinding
}

// published reads a file of deploy/rbac and changes in it what its comments say
// is to be changed: who, the namespace, the secrets' names.
func published(t *testing.T, file, namespace string, secrets ...string) role {
	t.Helper()
	data, err := os.ReadFile("../../deploy/rbac/" + file)
	if err != nil {
		t.Fatal(err)
	}
	first, second, _ := strings.Cut(string(data), "\n---\n")
	var r role
	if err := errors.Join(yaml.UnmarshalStrict([]byte(first), &r.ClusterRole), yaml.UnmarshalStrict([]byte(second), &r.binding)); err != nil {
		t.Fatalf("reading %s: %v", file, err)
	}
	if namespaced := r.Namespace != ""; namespaced != (namespace != "") {
		t.Fatalf("%s is of namespace %q, and is to be granted in %q", file, r.Namespace, namespace)
	}
	r.Namespace, r.binding.Namespace = namespace, namespace
	r.binding.Subjects[0].Name = viewers
	for i := range r.Rules {
		if r.Rules[i].ResourceNames != nil {
			r.Rules[i].ResourceNames = secrets
		}
	}
	return r
}

// grant gives the viewer the rights of a published file until the test ends, in
// a namespace if the file is for one.
func (b bed) grant(t *testing.T, file, namespace string, secrets ...string) role {
	t.Helper()
	r := published(t, file, namespace, secrets...)
	ctx, rbac := t.Context(), b.Kube.RbacV1()
	var err error
	var undo func(context.Context) error
	gone := metav1.DeleteOptions{}
	if namespace == "" {
		_, err = rbac.ClusterRoles().Create(ctx, &r.ClusterRole, metav1.CreateOptions{})
		if err == nil {
			_, err = rbac.ClusterRoleBindings().Create(ctx, &r.binding, metav1.CreateOptions{})
		}
		undo = func(ctx context.Context) error {
			return errors.Join(rbac.ClusterRoleBindings().Delete(ctx, r.Name, gone), rbac.ClusterRoles().Delete(ctx, r.Name, gone))
		}
	} else {
		one := rbacv1.Role{ObjectMeta: r.ObjectMeta, Rules: r.Rules}
		binding := rbacv1.RoleBinding{ObjectMeta: r.binding.ObjectMeta, Subjects: r.binding.Subjects, RoleRef: r.binding.RoleRef}
		_, err = rbac.Roles(namespace).Create(ctx, &one, metav1.CreateOptions{})
		if err == nil {
			_, err = rbac.RoleBindings(namespace).Create(ctx, &binding, metav1.CreateOptions{})
		}
		undo = func(ctx context.Context) error {
			return errors.Join(rbac.RoleBindings(namespace).Delete(ctx, r.Name, gone), rbac.Roles(namespace).Delete(ctx, r.Name, gone))
		}
	}
	if err != nil {
		t.Fatalf("granting %s: %v", file, err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), longest)
		defer cancel()
		if err := undo(ctx); err != nil {
			t.Error(err)
		}
	})
	return r
}
