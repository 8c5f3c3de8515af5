// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package edit writes to the API server: it patches, makes, deletes and evicts
// single objects that it is given, and asks beforehand whether it may.
//
// It decides nothing. Every write is one request under the field manager
// "pullmedic", with a deadline of its own, and a refused one ends in an *Error
// whose one sentence says what was refused, by whom, and what to do.
package edit

import (
	"context"
	"fmt"
	"time"

	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/internal/remedy"
)

// Manager is the field manager of every write.
const Manager = "pullmedic"

// defaultTimeout bounds one request.
const defaultTimeout = 10 * time.Second

// A Client writes to one API server. It is safe for concurrent use.
type Client struct {
	dynamic dynamic.Interface
	kube    kubernetes.Interface
	timeout time.Duration
}

// Options of a Client. The zero value is good.
type Options struct {
	// Timeout of one request, 10 s if 0.
	Timeout time.Duration
}

// New returns a client for the API server of config. It asks nothing yet. The
// config is copied.
func New(config *rest.Config, o Options) (*Client, error) {
	config, connection, err := cluster.Connect(config)
	if err != nil {
		return nil, err
	}
	c := &Client{timeout: o.Timeout}
	if c.timeout <= 0 {
		c.timeout = defaultTimeout
	}
	if c.dynamic, err = dynamic.NewForConfigAndClient(config, connection); err != nil {
		return nil, fmt.Errorf("making a client for the API server: %w", err)
	}
	if c.kube, err = kubernetes.NewForConfigAndClient(config, connection); err != nil {
		return nil, fmt.Errorf("making a client for the API server: %w", err)
	}
	return c, nil
}

// Get reads an object as it is.
func (c *Client) Get(ctx context.Context, o remedy.Object) (*unstructured.Unstructured, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	got, err := c.of(o).Get(ctx, o.Name, metav1.GetOptions{})
	if err != nil {
		return nil, newError("get", o, err)
	}
	return got, nil
}

// Apply makes a change, or with dry only has the server try it with all that
// admits and validates it. It returns the object as it is then.
func (c *Client) Apply(ctx context.Context, change remedy.Change, dry bool) (*unstructured.Unstructured, error) {
	var mode []string
	if dry {
		mode = []string{metav1.DryRunAll}
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	if change.Creates() {
		made, err := c.of(change.Object).Create(ctx, &unstructured.Unstructured{Object: change.New}, metav1.CreateOptions{DryRun: mode, FieldManager: Manager})
		if err != nil {
			return nil, newError("create", change.Object, err)
		}
		return made, nil
	}
	patch, err := change.Patch()
	if err != nil {
		return nil, err
	}
	changed, err := c.of(change.Object).Patch(ctx, change.Object.Name, types.JSONPatchType, patch, metav1.PatchOptions{DryRun: mode, FieldManager: Manager})
	if err != nil {
		return nil, newError("patch", change.Object, err)
	}
	return changed, nil
}

// Delete removes an object, if it is still the one with that UID.
func (c *Client) Delete(ctx context.Context, o remedy.Object) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	uid := types.UID(o.UID)
	if err := c.of(o).Delete(ctx, o.Name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid}}); err != nil {
		return newError("delete", o, err)
	}
	return nil
}

// Evict asks that a pod goes, as a drain does: a disruption budget can refuse.
func (c *Client) Evict(ctx context.Context, namespace, name, uid string, dry bool) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	id := types.UID(uid)
	eviction := &policyv1.Eviction{
		ObjectMeta:    metav1.ObjectMeta{Namespace: namespace, Name: name},
		DeleteOptions: &metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &id}},
	}
	if dry {
		eviction.DeleteOptions.DryRun = []string{metav1.DryRunAll}
	}
	if err := c.kube.PolicyV1().Evictions(namespace).Evict(ctx, eviction); err != nil {
		return newError("evict", remedy.Object{APIVersion: "v1", Kind: "Pod", Resource: "pods", Namespace: namespace, Name: name}, err)
	}
	return nil
}

func (c *Client) of(o remedy.Object) dynamic.ResourceInterface {
	version := o.APIVersion
	if g := o.Group(); g != "" {
		version = version[len(g)+1:]
	}
	return c.dynamic.Resource(schema.GroupVersionResource{Group: o.Group(), Version: version, Resource: o.Resource}).Namespace(o.Namespace)
}
