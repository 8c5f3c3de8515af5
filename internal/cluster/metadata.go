// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/pullmedic/pullmedic/internal/foreign"
)

// Accept headers that leave all but the metadata at the server: what a secret
// holds, say.
const (
	metadataOnly     = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
	metadataListOnly = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
)

// listMetadata lists objects by their metadata alone, in one page.
func (c *Client) listMetadata(ctx context.Context, q question, o metav1.ListOptions) (metav1.PartialObjectMetadataList, error) {
	call, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	var list metav1.PartialObjectMetadataList
	body, err := q.request(&o, metadataListOnly).Do(call).Raw()
	if err == nil {
		err = json.Unmarshal(body, &list)
	}
	if err != nil {
		return list, newAnswerError(ctx, q, err)
	}
	return list, nil
}

// Metadata reads the metadata of an object of any kind, and nothing else of it:
// by a reference that an object of the namespace has to its owner. Which
// resource the kind is, the API server's discovery says, which anybody who is
// logged in may read.
func (c *Client) Metadata(ctx context.Context, namespace string, ref metav1.OwnerReference) (*metav1.PartialObjectMetadata, error) {
	return c.metadata(ctx, namespace, ref, c.resources)
}

func (c *Client) metadata(ctx context.Context, namespace string, ref metav1.OwnerReference, resources func(context.Context, schema.GroupVersion) ([]metav1.APIResource, error)) (*metav1.PartialObjectMetadata, error) {
	q := question{client: c.core, verb: "get", resource: strings.ToLower(foreign.Text(ref.Kind, 100)) + "s", namespace: namespace, name: ref.Name}
	// Whoever writes a reference chooses its words: nothing becomes part of a
	// path that is not a name.
	gv, err := schema.ParseGroupVersion(ref.APIVersion)
	if err != nil || !isName(gv.Version) || gv.Group != "" && !isName(gv.Group) || !isName(ref.Name) {
		return nil, newError(ctx, q, errors.New("the reference to it is not well-formed"))
	}
	known, err := resources(ctx, gv)
	if err != nil {
		return nil, newError(ctx, q, err)
	}
	i := slices.IndexFunc(known, func(r metav1.APIResource) bool { return r.Kind == ref.Kind && isName(r.Name) })
	if i < 0 {
		return nil, newError(ctx, q, errors.New("the API server has no such kind"))
	}
	resource := known[i]
	q.resource = resource.Name
	if gv.Group != "" {
		q.resource += "." + gv.Group
	}
	path := append(root(gv), resource.Name, ref.Name)
	if resource.Namespaced {
		path = append(root(gv), "namespaces", namespace, resource.Name, ref.Name)
	} else {
		q.namespace = ""
	}
	call, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	body, err := c.core.Get().MaxRetries(0).AbsPath(path...).SetHeader("Accept", metadataOnly).Do(call).Raw()
	if err != nil {
		return nil, newError(ctx, q, err)
	}
	out := &metav1.PartialObjectMetadata{}
	if err := json.Unmarshal(body, out); err != nil {
		return nil, newError(ctx, q, errors.New("the answer is no metadata"))
	}
	if ref.UID != "" && out.UID != ref.UID {
		return nil, &Error{Reason: NotFound, Verb: q.verb, Resource: q.resource, Namespace: q.namespace, Name: q.name, Err: errors.New("it was made anew")}
	}
	return out, nil
}

func root(gv schema.GroupVersion) []string {
	if gv.Group == "" {
		return []string{"/api", gv.Version}
	}
	return []string{"/apis", gv.Group, gv.Version}
}

// resources lists the resources of an API group's version.
func (c *Client) resources(ctx context.Context, gv schema.GroupVersion) ([]metav1.APIResource, error) {
	call, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	body, err := c.core.Get().MaxRetries(0).AbsPath(root(gv)...).SetHeader("Accept", "application/json").Do(call).Raw()
	if err != nil {
		return nil, err
	}
	var all metav1.APIResourceList
	if err := json.Unmarshal(body, &all); err != nil {
		return nil, errors.New("the list of its API group's resources cannot be read")
	}
	return all.APIResources, nil
}

func isName(s string) bool { return len(validation.IsDNS1123Subdomain(s)) == 0 }
