// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// Names are those of the first objects of a kind (in lower case: pod,
// deployment ... namespace) in a namespace, read for a person who is typing one:
// metadata alone, in one question.
func (c *Client) Names(ctx context.Context, kind, namespace string) ([]string, error) {
	client, resource := c.resourceOf(kind)
	if kind == "namespace" {
		namespace = ""
	}
	list, err := c.listMetadata(ctx, question{client, "list", resource, namespace, ""}, metav1.ListOptions{Limit: pageLimit})
	if err != nil {
		return nil, err
	}
	var names []string
	for _, item := range list.Items {
		if isName(item.Name) {
			names = append(names, item.Name)
		}
	}
	return names, nil
}

// resourceOf is the resource of a kind as in an RBAC rule, and the client for
// its group.
func (c *Client) resourceOf(kind string) (rest.Interface, string) {
	switch kind {
	case "deployment", "replicaset", "statefulset", "daemonset":
		return c.apps, kind + "s.apps"
	case "job", "cronjob":
		return c.batch, kind + "s.batch"
	}
	return c.core, kind + "s"
}
