// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"github.com/pullmedic/pullmedic/testbed/internal/cluster"
)

// kept are the kinds of objects that a fix could touch.
var kept = []schema.GroupVersionResource{
	{Version: "v1", Resource: "pods"},
	{Version: "v1", Resource: "secrets"},
	{Version: "v1", Resource: "configmaps"},
	{Version: "v1", Resource: "serviceaccounts"},
	{Version: "v1", Resource: "replicationcontrollers"},
	{Group: "apps", Version: "v1", Resource: "deployments"},
	{Group: "apps", Version: "v1", Resource: "replicasets"},
	{Group: "apps", Version: "v1", Resource: "statefulsets"},
	{Group: "apps", Version: "v1", Resource: "daemonsets"},
	{Group: "batch", Version: "v1", Resource: "jobs"},
	{Group: "batch", Version: "v1", Resource: "cronjobs"},
}

// Objects are those of some namespaces as a person wrote them: without what the
// API server and controllers add, and by RESOURCE NAMESPACE/NAME. What a
// controller makes is there by its UID besides, as that is made anew at will.
type Objects map[string]map[string]any

// written by controllers into what people write.
var written = []string{"deployment.kubernetes.io/revision", "deprecated.daemonset.template.generation"}

// ReadObjects reads them.
func ReadObjects(ctx context.Context, testbed *cluster.Testbed, namespaces ...string) (Objects, error) {
	config, err := testbed.RESTConfig(cluster.Admin)
	if err != nil {
		return nil, err
	}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making a client of the testbed's API server: %w", err)
	}
	all := Objects{}
	for _, namespace := range namespaces {
		for _, resource := range kept {
			list, err := client.Resource(resource).Namespace(namespace).List(ctx, metav1.ListOptions{})
			if err != nil {
				return nil, fmt.Errorf("reading the %s of %s: %w", resource.Resource, namespace, err)
			}
			for _, o := range list.Items {
				if o.GetName() == "kube-root-ca.crt" || o.GetDeletionTimestamp() != nil {
					continue
				}
				name := resource.Resource + " " + namespace + "/" + o.GetName()
				if metav1.GetControllerOf(&o) != nil {
					name += " " + string(o.GetUID())
				}
				all[name] = asWritten(o)
			}
		}
	}
	return all, nil
}

func asWritten(o unstructured.Unstructured) map[string]any {
	plain := map[string]any{}
	for key, value := range o.Object {
		if key != "metadata" && key != "status" {
			plain[key] = value
		}
	}
	annotations := maps.Clone(o.GetAnnotations())
	for _, name := range written {
		delete(annotations, name)
	}
	plain["labels"], plain["uid"] = o.GetLabels(), string(o.GetUID())
	if len(annotations) > 0 {
		plain["annotations"] = annotations
	}
	return plain
}

// Differences tells what differs from before, without any value: the objects
// can be secrets. Unless strict, what a controller made may have gone or come
// meanwhile, and all but pods, whose images can be changed in place, is its own
// affair.
func (before Objects) Differences(after Objects, strict bool) []string {
	var all []string
	made := func(name string) bool { return strings.Count(name, " ") == 2 }
	for _, name := range slices.Sorted(maps.Keys(before)) {
		now, there := after[name]
		switch {
		case !strict && made(name) && !strings.HasPrefix(name, "pods "):
		case !there && (strict || !made(name)):
			all = append(all, name+" is gone")
		case there:
			for _, field := range slices.Sorted(maps.Keys(before[name])) {
				if !reflect.DeepEqual(before[name][field], now[field]) {
					all = append(all, name+": another "+field)
				}
			}
			for field := range now {
				if _, was := before[name][field]; !was {
					all = append(all, name+": now has "+field)
				}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if _, was := before[name]; !was && (strict || !made(name)) {
			all = append(all, name+" was made")
		}
	}
	return all
}
