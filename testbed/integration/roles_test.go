// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/pullmedic/pullmedic/testbed/internal/cluster"
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
	return b.give(t, published(t, file, namespace, secrets...))
}

// give gives the viewer a role until the test ends. The API server's authorizer
// knows of it when give returns, and no longer when the test has ended.
func (b bed) give(t *testing.T, r role) role {
	t.Helper()
	ctx, rbac, namespace := t.Context(), b.Kube.RbacV1(), r.Namespace
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
		t.Fatalf("granting %s: %v", r.Name, err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), longest)
		defer cancel()
		if err := undo(ctx); err != nil {
			t.Error(err)
		}
		if err := b.until(ctx, func(ctx context.Context) error { return b.decides(ctx, r, false) }); err != nil {
			t.Error(err)
		}
	})
	b.await(t, "the authorizer to know of "+r.Name, func(ctx context.Context) error { return b.decides(ctx, r, true) })
	return r
}

// decides is an error unless the API server allows the viewer something by the
// role, or with known false nothing.
func (b bed) decides(ctx context.Context, r role, known bool) error {
	for _, rule := range r.Rules {
		asks := &authorizationv1.ResourceAttributes{Namespace: r.Namespace, Verb: rule.Verbs[0], Group: rule.APIGroups[0]}
		asks.Resource, asks.Subresource, _ = strings.Cut(rule.Resources[0], "/")
		if len(rule.ResourceNames) > 0 {
			asks.Name = rule.ResourceNames[0]
		}
		answer, err := b.Kube.AuthorizationV1().SubjectAccessReviews().Create(ctx, &authorizationv1.SubjectAccessReview{
			Spec: authorizationv1.SubjectAccessReviewSpec{User: cluster.Viewer, Groups: []string{viewers}, ResourceAttributes: asks},
		}, metav1.CreateOptions{})
		if err != nil {
			return err
		}
		if answer.Status.Allowed && strings.Contains(answer.Status.Reason, r.words()) {
			if known {
				return nil
			}
			return fmt.Errorf("%s still allows %+v", r.Name, *asks)
		}
	}
	if known {
		return fmt.Errorf("nothing is allowed by %s yet", r.Name)
	}
	return nil
}

// words are how the API server names the role when it tells why it allows.
func (r role) words() string { return fmt.Sprintf(" of %s %q", r.Kind, r.Name) }
