// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"encoding/json"
	"errors"

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
	q := question{client, "list", resource, namespace, ""}
	call, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	r := client.Get().MaxRetries(0).Resource(plain(resource)).Param("limit", "500").SetHeader("Accept", metadataListOnly)
	if namespace != "" {
		r = r.Namespace(namespace)
	}
	body, err := r.Do(call).Raw()
	if err != nil {
		return nil, newError(ctx, q, err)
	}
	var list metav1.PartialObjectMetadataList
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, newError(ctx, q, errors.New("the answer is no list"))
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
