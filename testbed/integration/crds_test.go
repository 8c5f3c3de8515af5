// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/yaml"

	"github.com/pullmedic/pullmedic/testbed/internal/cluster"
)

// Custom resources of the tools that keep workloads, as their projects define them.
var (
	definitionsOf    = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}
	applications     = schema.GroupVersionResource{Group: "argoproj.io", Version: "v1alpha1", Resource: "applications"}
	kustomizations   = schema.GroupVersionResource{Group: "kustomize.toolkit.fluxcd.io", Version: "v1", Resource: "kustomizations"}
	helmReleases     = schema.GroupVersionResource{Group: "helm.toolkit.fluxcd.io", Version: "v2", Resource: "helmreleases"}
	gitRepositories  = schema.GroupVersionResource{Group: "source.toolkit.fluxcd.io", Version: "v1", Resource: "gitrepositories"}
	helmRepositories = schema.GroupVersionResource{Group: "source.toolkit.fluxcd.io", Version: "v1", Resource: "helmrepositories"}
	ociRepositories  = schema.GroupVersionResource{Group: "source.toolkit.fluxcd.io", Version: "v1", Resource: "ocirepositories"}
	externalSecrets  = schema.GroupVersionResource{Group: "external-secrets.io", Version: "v1", Resource: "externalsecrets"}
	cakes            = schema.GroupVersionResource{Group: "acme.example", Version: "v1", Resource: "cakes"}
)

// cakeText defines what an operator of somebody's own reads.
const cakeText = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: cakes.acme.example}
spec:
  group: acme.example
  scope: Namespaced
  names: {kind: Cake, plural: cakes}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}]
`

func (b bed) dynamic(t *testing.T) dynamic.Interface {
	t.Helper()
	config, err := b.RESTConfig(cluster.Admin)
	if err != nil {
		t.Fatal(err)
	}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// documents are the objects of a YAML text.
func documents(t *testing.T, text string) []*unstructured.Unstructured {
	t.Helper()
	var all []*unstructured.Unstructured
	for _, one := range strings.Split(text, "\n---\n") {
		var o unstructured.Unstructured
		if err := yaml.Unmarshal([]byte(one), &o.Object); err != nil {
			t.Fatalf("%v in %s", err, one)
		}
		if len(o.Object) > 0 {
			all = append(all, &o)
		}
	}
	return all
}

// define has the API server serve the custom resources of files that testbed build
// copied, and of a text. They stay: the garbage collector stands still while a
// definition goes, and other tests wait for it.
func (b bed) define(t *testing.T, text string, files ...string) {
	t.Helper()
	all := documents(t, text)
	for _, name := range files {
		data, err := os.ReadFile(filepath.Join(b.CRDs(), name+".yaml"))
		if err != nil {
			t.Fatalf("%v (make testbed-up)", err)
		}
		all = append(all, documents(t, string(data))...)
	}
	all = slices.DeleteFunc(all, func(o *unstructured.Unstructured) bool { return o.GetKind() != "CustomResourceDefinition" })
	client := b.dynamic(t).Resource(definitionsOf)
	for _, o := range all {
		if _, err := client.Create(t.Context(), o, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
			t.Fatal(err)
		}
	}
	for _, o := range all {
		b.await(t, o.GetName()+" to be served", func(ctx context.Context) error {
			got, err := client.Get(ctx, o.GetName(), metav1.GetOptions{})
			if err != nil {
				return err
			}
			conditions, _, _ := unstructured.NestedSlice(got.Object, "status", "conditions")
			if !slices.ContainsFunc(conditions, func(c any) bool {
				is, _ := c.(map[string]any)
				return is["type"] == "Established" && is["status"] == "True"
			}) {
				return fmt.Errorf("its conditions are %v", conditions)
			}
			return b.discovered(got)
		})
	}
}

// discovered is an error while the API server does not tell of a custom resource
// that it serves: kubectl asks for the list of all.
func (b bed) discovered(definition *unstructured.Unstructured) error {
	group, _, _ := unstructured.NestedString(definition.Object, "spec", "group")
	kind, _, _ := unstructured.NestedString(definition.Object, "spec", "names", "kind")
	versions, _, _ := unstructured.NestedSlice(definition.Object, "spec", "versions")
	for _, v := range versions {
		version, _ := v.(map[string]any)
		if version["served"] != true {
			continue
		}
		list, err := b.Kube.Discovery().ServerResourcesForGroupVersion(fmt.Sprintf("%s/%s", group, version["name"]))
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(list.APIResources, func(r metav1.APIResource) bool { return r.Kind == kind }) {
			return fmt.Errorf("%s is not among what %s has", kind, list.GroupVersion)
		}
	}
	return nil
}

// put makes an object of a text in a namespace, waiting for its kind to be served.
func (b bed) put(t *testing.T, resource schema.GroupVersionResource, namespace, text string) *unstructured.Unstructured {
	t.Helper()
	o := documents(t, text)[0]
	var made *unstructured.Unstructured
	var err error
	client := b.dynamic(t).Resource(resource).Namespace(namespace)
	b.await(t, o.GetKind()+" "+o.GetName(), func(ctx context.Context) error {
		made, err = client.Create(ctx, o, metav1.CreateOptions{})
		if apierrors.IsInvalid(err) || apierrors.IsBadRequest(err) {
			t.Fatal(err)
		}
		return err
	})
	return made
}
