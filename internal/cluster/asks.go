// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Bounds of lists, in pages: of what a workload owns (revisions, jobs), and of
// nodes.
const (
	maxOwnerPages = 4
	maxNodePages  = 4
)

// Pod by its name.
func (c *Client) Pod(ctx context.Context, namespace, name string) (*corev1.Pod, error) {
	out := &corev1.Pod{}
	return out, c.do(ctx, question{c.core, "get", "pods", namespace, name}, nil, "", out)
}

// Node by its name.
func (c *Client) Node(ctx context.Context, name string) (*corev1.Node, error) {
	out := &corev1.Node{}
	return out, c.do(ctx, question{c.core, "get", "nodes", "", name}, nil, "", out)
}

// Namespace asks whether there is a namespace of that name: the error is an
// *Error with the reason NotFound if there is none.
func (c *Client) Namespace(ctx context.Context, name string) error {
	return c.do(ctx, question{c.core, "get", "namespaces", "", name}, nil, "", &corev1.Namespace{})
}

// Nodes of the cluster; complete tells whether these are all, as only the first
// pages are read.
func (c *Client) Nodes(ctx context.Context) (nodes []*corev1.Node, complete bool, err error) {
	return c.nodePages(ctx, maxNodePages)
}

func (c *Client) nodePages(ctx context.Context, maxPages int) (nodes []*corev1.Node, complete bool, err error) {
	complete, err = c.pages(ctx, question{c.core, "list", "nodes", "", ""}, metav1.ListOptions{}, maxPages,
		func() list { return &corev1.NodeList{} },
		func(l list) bool {
			items := l.(*corev1.NodeList).Items
			for i := range items {
				nodes = append(nodes, &items[i])
			}
			return true
		})
	return nodes, complete, err
}

// ServiceAccount by its name.
func (c *Client) ServiceAccount(ctx context.Context, namespace, name string) (*corev1.ServiceAccount, error) {
	out := &corev1.ServiceAccount{}
	return out, c.do(ctx, question{c.core, "get", "serviceaccounts", namespace, name}, nil, "", out)
}

// Deployment by its name.
func (c *Client) Deployment(ctx context.Context, namespace, name string) (*appsv1.Deployment, error) {
	out := &appsv1.Deployment{}
	return out, c.do(ctx, question{c.apps, "get", "deployments.apps", namespace, name}, nil, "", out)
}

// ReplicaSet by its name.
func (c *Client) ReplicaSet(ctx context.Context, namespace, name string) (*appsv1.ReplicaSet, error) {
	out := &appsv1.ReplicaSet{}
	return out, c.do(ctx, question{c.apps, "get", "replicasets.apps", namespace, name}, nil, "", out)
}

// StatefulSet by its name.
func (c *Client) StatefulSet(ctx context.Context, namespace, name string) (*appsv1.StatefulSet, error) {
	out := &appsv1.StatefulSet{}
	return out, c.do(ctx, question{c.apps, "get", "statefulsets.apps", namespace, name}, nil, "", out)
}

// DaemonSet by its name.
func (c *Client) DaemonSet(ctx context.Context, namespace, name string) (*appsv1.DaemonSet, error) {
	out := &appsv1.DaemonSet{}
	return out, c.do(ctx, question{c.apps, "get", "daemonsets.apps", namespace, name}, nil, "", out)
}

// Job by its name.
func (c *Client) Job(ctx context.Context, namespace, name string) (*batchv1.Job, error) {
	out := &batchv1.Job{}
	return out, c.do(ctx, question{c.batch, "get", "jobs.batch", namespace, name}, nil, "", out)
}

// CronJob by its name.
func (c *Client) CronJob(ctx context.Context, namespace, name string) (*batchv1.CronJob, error) {
	out := &batchv1.CronJob{}
	return out, c.do(ctx, question{c.batch, "get", "cronjobs.batch", namespace, name}, nil, "", out)
}

// ReplicationController by its name.
func (c *Client) ReplicationController(ctx context.Context, namespace, name string) (*corev1.ReplicationController, error) {
	out := &corev1.ReplicationController{}
	return out, c.do(ctx, question{c.core, "get", "replicationcontrollers", namespace, name}, nil, "", out)
}

// ReplicaSets that a label selector finds.
func (c *Client) ReplicaSets(ctx context.Context, namespace, selector string) ([]appsv1.ReplicaSet, error) {
	var all []appsv1.ReplicaSet
	_, err := c.pages(ctx, question{c.apps, "list", "replicasets.apps", namespace, ""}, metav1.ListOptions{LabelSelector: selector}, maxOwnerPages,
		func() list { return &appsv1.ReplicaSetList{} },
		func(l list) bool {
			for _, s := range l.(*appsv1.ReplicaSetList).Items {
				s.ManagedFields = nil // as large as the rest, and nobody asks
				all = append(all, s)
			}
			return true
		})
	return all, err
}

// ControllerRevisions that a label selector finds.
func (c *Client) ControllerRevisions(ctx context.Context, namespace, selector string) ([]appsv1.ControllerRevision, error) {
	var all []appsv1.ControllerRevision
	_, err := c.pages(ctx, question{c.apps, "list", "controllerrevisions.apps", namespace, ""}, metav1.ListOptions{LabelSelector: selector}, maxOwnerPages,
		func() list { return &appsv1.ControllerRevisionList{} },
		func(l list) bool { all = append(all, l.(*appsv1.ControllerRevisionList).Items...); return true })
	return all, err
}

// Jobs of a namespace.
func (c *Client) Jobs(ctx context.Context, namespace string) ([]batchv1.Job, error) {
	var all []batchv1.Job
	_, err := c.pages(ctx, question{c.batch, "list", "jobs.batch", namespace, ""}, metav1.ListOptions{}, maxOwnerPages,
		func() list { return &batchv1.JobList{} },
		func(l list) bool { all = append(all, l.(*batchv1.JobList).Items...); return true })
	return all, err
}

// Pods lists the pods of a namespace ("" for all) that a label selector finds
// and calls each for every one, while they arrive. The pod is each's to keep; it
// comes without managedFields. With maxPages (0: no bound) the list can end
// early; complete tells.
func (c *Client) Pods(ctx context.Context, namespace, selector string, maxPages int, each func(*corev1.Pod)) (complete bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	q := question{c.core, "list", "pods", namespace, ""}
	o := metav1.ListOptions{LabelSelector: selector, Limit: pageLimit}
	page, err := c.openPods(ctx, q, o)
	for n := 1; ; n++ {
		for err != nil {
			next, ok := continueAfter(err)
			if !ok || next == o.Continue {
				return false, err
			}
			o.Continue = next
			page, err = c.openPods(ctx, q, o)
		}
		o.Continue = page.Continue
		last := o.Continue == "" || maxPages > 0 && n >= maxPages
		next := func() (*podPage, error) { return nil, nil }
		if !last {
			next = c.openSoon(ctx, q, o)
		}
		if err := page.each(each); err != nil {
			cancel()
			if page, err := next(); err == nil && page != nil {
				page.close()
			}
			return false, newAnswerError(ctx, q, fmt.Errorf("reading the list: %w", err))
		}
		if last {
			return o.Continue == "", nil
		}
		page, err = next()
	}
}

// openSoon asks for a page beside what else there is to do; the returned
// function waits for its head.
func (c *Client) openSoon(ctx context.Context, q question, o metav1.ListOptions) func() (*podPage, error) {
	type opened struct {
		page *podPage
		err  error
	}
	done := make(chan opened, 1)
	go func() {
		page, err := c.openPods(ctx, q, o)
		done <- opened{page, err}
	}()
	return func() (*podPage, error) {
		o := <-done
		return o.page, o.err
	}
}
