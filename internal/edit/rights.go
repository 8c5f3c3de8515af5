// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package edit

import (
	"context"

	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullmedic/pullmedic/internal/remedy"
)

// A Right is one that a write needs, as in an RBAC rule.
type Right struct {
	Verb string
	// Group, Resource and Subresource: apps, deployments; "", pods, eviction.
	Group, Resource, Subresource string
	// Namespace, and the one name that is meant, "" for any.
	Namespace, Name string
}

// String words it: "patch deployments.apps in namespace shop".
func (r Right) String() string {
	resource := r.Resource
	if r.Subresource != "" {
		resource += "/" + r.Subresource
	}
	if r.Group != "" {
		resource += "." + r.Group
	}
	right := r.Verb + " " + resource
	switch {
	case r.Namespace != "":
		right += " in namespace " + r.Namespace
	case r.Verb == "list": // whatever else lies in no namespace is of the cluster
		right += " in all namespaces"
	}
	return right
}

// RightOf is the right that a change needs.
func RightOf(c remedy.Change) Right {
	if c.Creates() {
		return Right{Verb: "create", Group: c.Object.Group(), Resource: c.Object.Resource, Namespace: c.Object.Namespace}
	}
	return Right{Verb: "patch", Group: c.Object.Group(), Resource: c.Object.Resource, Namespace: c.Object.Namespace, Name: c.Object.Name}
}

// Lacking are those of the rights that the user does not have, by the API
// server's own answer (SelfSubjectAccessReview, which every user may ask). An
// answer that cannot be had is an error.
func (c *Client) Lacking(ctx context.Context, rights []Right) ([]Right, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	var lacking []Right
	for _, r := range rights {
		review, err := c.kube.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, &authorizationv1.SelfSubjectAccessReview{
			Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{
				Verb: r.Verb, Group: r.Group, Resource: r.Resource, Subresource: r.Subresource, Namespace: r.Namespace, Name: r.Name,
			}},
		}, metav1.CreateOptions{})
		if err != nil {
			return nil, newError("create", remedy.Object{APIVersion: "authorization.k8s.io/v1", Kind: "SelfSubjectAccessReview", Resource: "selfsubjectaccessreviews"}, err)
		}
		if !review.Status.Allowed {
			lacking = append(lacking, r)
		}
	}
	return lacking, nil
}
