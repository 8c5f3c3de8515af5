// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/managedfields"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// maxElsewhere bounds the namespaces that are told to have a secret, too.
const maxElsewhere = 3

// A SecretAnswer is what the API server says about one pull secret that a pod
// names.
type SecretAnswer struct {
	Name string
	// Secret, if there is one.
	Secret keyring.Secret
	// Reduced is what may be told of it to others.
	Reduced evidence.PullSecret
	// Written is when its data was last written, zero if it is not known, and
	// By the field manager that did.
	Written time.Time
	By      string
	// Created is when the secret was made.
	Created time.Time
	// Err is nil, or an *Error: NotFound, Forbidden ...
	Err error
}

// PullSecret reads one secret. A name that no secret can have is not asked for:
// the API server takes any text for it in a pod.
func (c *Client) PullSecret(ctx context.Context, namespace, name string) SecretAnswer {
	a := SecretAnswer{Name: name}
	q := question{c.core, "get", "secrets", namespace, name}
	if len(validation.IsDNS1123Subdomain(name)) > 0 {
		a.Err = &Error{Reason: NotFound, Verb: q.verb, Resource: q.resource, Namespace: namespace, Name: name, Err: errors.New("no secret can have this name")}
		return a
	}
	var s corev1.Secret
	if a.Err = c.do(ctx, q, nil, "", &s); a.Err == nil {
		a.Secret = keyring.Secret{Namespace: namespace, Name: name, Type: string(s.Type), Data: s.Data}
		w := written(s.ObjectMeta, "f:data")
		a.Written, a.By, a.Created = w.Time, w.By, s.CreationTimestamp.Time
	}
	return a
}

// written is when a field of the object was last written and by whom, as far as
// managedFields tell: else when the object was made, if nobody wrote it since.
func written(meta metav1.ObjectMeta, field string) managedfields.Write {
	w := managedfields.Last(meta, field)
	if w.Time.IsZero() && len(meta.ManagedFields) > 0 {
		w.Time = meta.CreationTimestamp.Time
	}
	return w
}

// SecretElsewhere returns namespaces other than this one that have a secret of
// that name, as far as the user may know: first those whose pods name such a
// secret are asked one by one, then all by one list. Neither answer carries the
// secret's data, and a refusal is no error: it only leaves the answer empty.
func (r *Run) SecretElsewhere(ctx context.Context, seen *Seen, namespace, name string) []string {
	if len(validation.IsDNS1123Subdomain(name)) > 0 {
		return nil
	}
	all := r.spaces.get(name, func() []string {
		var found []string
		for _, ns := range seen.NamespacesNaming(name) {
			if len(found) < maxElsewhere && r.secretExists(ctx, ns, name) {
				found = append(found, ns)
			}
		}
		if len(found) > 0 {
			return found
		}
		return r.secretsNamed(ctx, name)
	})
	return slices.DeleteFunc(slices.Clone(all), func(ns string) bool { return ns == namespace })
}

func (c *Client) secretExists(ctx context.Context, namespace, name string) bool {
	call, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	return c.core.Get().MaxRetries(0).Resource("secrets").Namespace(namespace).Name(name).
		SetHeader("Accept", metadataOnly).Do(call).Error() == nil
}

func (c *Client) secretsNamed(ctx context.Context, name string) []string {
	found, err := c.listMetadata(ctx, question{c.core, "list", "secrets", "", ""},
		metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector("metadata.name", name).String(), Limit: 4})
	if err != nil {
		return nil
	}
	var namespaces []string
	for _, s := range found.Items {
		namespaces = append(namespaces, s.Namespace)
	}
	return namespaces
}

// maxListed bounds the names of secrets that one list returns.
const maxListed = 100

// SecretsOfType returns the names of a namespace's secrets of one type, sorted.
// The answer carries none of their data.
func (c *Client) SecretsOfType(ctx context.Context, namespace, kind string) ([]string, error) {
	found, err := c.listMetadata(ctx, question{c.core, "list", "secrets", namespace, ""},
		metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector("type", kind).String(), Limit: maxListed})
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(found.Items))
	for _, s := range found.Items {
		names = append(names, s.Name)
	}
	slices.Sort(names)
	return names, nil
}
