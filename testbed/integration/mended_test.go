// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	asked "github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/internal/edit"
	"github.com/pullmedic/pullmedic/internal/mend"
	"github.com/pullmedic/pullmedic/internal/remedy"
	"github.com/pullmedic/pullmedic/testbed/internal/cluster"
	"github.com/pullmedic/pullmedic/testbed/internal/layout"
	"github.com/pullmedic/pullmedic/testbed/internal/registries"
)

// Images of the scene: one that is there, and two that are not.
const (
	there     = registries.Plain + "/acme/app:1.27.4"
	notThere  = registries.Plain + "/acme/app:1.27.45"
	neverWas  = registries.Plain + "/acme/app:1.27.46"
	hubSecret = registries.Canary + "-hub-before"
	hubMended = registries.Canary + "-hub-mended"
)

// A mending is a namespace with a Deployment whose pull fails, the secret and the
// service account that it uses, and the plan of a fix that changes all of them.
// A remedy changes fewer at once; what carries it out does not know that.
type mending struct {
	bed
	config    *rest.Config
	namespace string
}

// mending makes the objects.
func (b bed) mending(t *testing.T) mending {
	t.Helper()
	config, err := b.RESTConfig(cluster.Admin)
	if err != nil {
		t.Fatal(err)
	}
	m := mending{bed: b, config: config, namespace: b.namespace(t)}
	ctx, none := t.Context(), metav1.CreateOptions{}
	hub := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "hub", Labels: map[string]string{"team": "shop"}, Annotations: map[string]string{"note": "kept"}},
		Type:       corev1.SecretTypeDockerConfigJson, Data: map[string][]byte{corev1.DockerConfigJsonKey: dockerConfig(notThere, "acme", hubSecret)},
	}
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "app"}}
	labels := map[string]string{"app": "web"}
	web := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "web", Labels: labels}, Spec: appsv1.DeploymentSpec{
		Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: template(labels, notThere),
	}}
	web.Spec.Template.Spec.ServiceAccountName = account.Name
	if _, err := b.Kube.CoreV1().Secrets(m.namespace).Create(ctx, hub, none); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Kube.CoreV1().ServiceAccounts(m.namespace).Create(ctx, account, none); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Kube.AppsV1().Deployments(m.namespace).Create(ctx, web, none); err != nil {
		t.Fatal(err)
	}
	b.awaitFailing(t, m.namespace, "web") // what does not fail yet is in nobody's plan
	return m
}

// template is that of a pod on the first node.
func template(labels map[string]string, image string) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: corev1.PodSpec{
		NodeSelector: map[string]string{corev1.LabelHostname: layout.Nodes[0].Name}, HostNetwork: true, TerminationGracePeriodSeconds: new(int64(1)),
		Containers: []corev1.Container{{Name: "app", Image: image}},
	}}
}

// mender carries out against an API server.
func mender(config *rest.Config) (*mend.Mender, *edit.Client, error) {
	client, err := asked.New(config, asked.Options{Timeout: longest})
	if err != nil {
		return nil, nil, err
	}
	writes, err := edit.New(config, edit.Options{Timeout: longest})
	if err != nil {
		return nil, nil, err
	}
	return mend.New(mend.Options{Cluster: client, Edit: writes, Poll: 50 * time.Millisecond}), writes, nil
}

func objectOf(kind, apiVersion, resource, namespace, name string) remedy.Object {
	return remedy.Object{APIVersion: apiVersion, Kind: kind, Resource: resource, Namespace: namespace, Name: name}
}

// read completes an object by what the API server has.
func read(ctx context.Context, writes *edit.Client, o remedy.Object) (remedy.Object, error) {
	live, err := writes.Get(ctx, o)
	if err != nil {
		return o, err
	}
	o.UID, o.Generation, o.ResourceVersion = string(live.GetUID()), live.GetGeneration(), live.GetResourceVersion()
	return o, nil
}

// planned is the plan of a fix of the namespace's Deployment, which gives it the
// image and its secret another password, makes a second secret, and adds that to
// the service account. One failing pod is evicted.
func planned(ctx context.Context, config *rest.Config, writes *edit.Client, namespace, image string) (mend.Plan, error) {
	var p mend.Plan
	objects := []remedy.Object{
		objectOf("Secret", "v1", "secrets", namespace, "hub"), objectOf("ServiceAccount", "v1", "serviceaccounts", namespace, "app"),
		objectOf("Deployment", "apps/v1", "deployments", namespace, "web"),
	}
	for i := range objects {
		var err error
		if objects[i], err = read(ctx, writes, objects[i]); err != nil {
			return p, err
		}
	}
	client, err := asked.New(config, asked.Options{})
	if err != nil {
		return p, err
	}
	p.Case.Now, p.Case.Target.Object = time.Now(), objects[2]
	pull := evidence.Pull{Namespace: namespace, Container: "app", ContainerKind: evidence.Container, Image: notThere}
	if _, err := client.Pods(ctx, namespace, "app=web", 1, func(pod *corev1.Pod) {
		p.Case.Pods = append(p.Case.Pods, pod)
		p.Evict = append(p.Evict, mend.Pod{Namespace: namespace, Name: pod.Name, UID: string(pod.UID)})
	}); err != nil {
		return p, err
	}
	p.Case.Diagnoses = []diagnosis.Diagnosis{{Pull: pull}}
	p.Chosen = []mend.Choice{{Diagnosis: p.Case.Diagnoses[0], Remedy: remedy.Remedy{ID: "scene", Cause: "TagNotFound", Kind: remedy.Applied, Title: "Change all", Image: image}}}
	encoded := func(password string) string {
		return base64.StdEncoding.EncodeToString(dockerConfig(notThere, "acme", password))
	}
	p.Changes = []remedy.Change{
		{Object: objects[0], Edits: []remedy.Edit{{Path: "/data/.dockerconfigjson", Old: encoded(hubSecret), New: encoded(hubMended), Hidden: true, Label: "the entry of the registry"}}},
		{Object: objectOf("Secret", "v1", "secrets", namespace, "hub-2"), New: map[string]any{
			"apiVersion": "v1", "kind": "Secret", "type": string(corev1.SecretTypeDockerConfigJson),
			"metadata": map[string]any{"name": "hub-2", "namespace": namespace}, "data": map[string]any{corev1.DockerConfigJsonKey: encoded(hubMended)},
		}},
		{Object: objects[1], Edits: []remedy.Edit{{Path: "/imagePullSecrets", New: []any{map[string]any{"name": "hub-2"}}}}},
		{Object: objects[2], Edits: []remedy.Edit{
			{Path: "/spec/template/spec/containers/0/name", Old: "app", New: "app"},
			{Path: "/spec/template/spec/containers/0/image", Old: notThere, New: image, Label: "container app: image"},
			{Path: "/spec/template/spec/imagePullSecrets", New: []any{map[string]any{"name": "hub-2"}}},
		}},
	}
	return p, nil
}

// ignored are annotations that controllers write by themselves.
var ignored = []string{"deployment.kubernetes.io/revision", "deprecated.daemonset.template.generation"}

// shape is what undo has to bring back of the objects: type, spec, data, labels,
// annotations and the rest but status and what the API server keeps itself.
func shape(t *testing.T, config *rest.Config, objects ...remedy.Object) map[string]string {
	t.Helper()
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	shapes := map[string]string{}
	for _, o := range objects {
		group := schema.GroupVersionResource{Group: o.Group(), Version: "v1", Resource: o.Resource}
		live, err := client.Resource(group).Namespace(o.Namespace).Get(t.Context(), o.Name, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		annotations := map[string]string{}
		maps.Copy(annotations, live.GetAnnotations())
		maps.DeleteFunc(annotations, func(k, _ string) bool { return slices.Contains(ignored, k) })
		kept := map[string]any{"labels": live.GetLabels(), "annotations": annotations}
		for key, value := range live.Object {
			if key != "metadata" && key != "status" {
				kept[key] = value
			}
		}
		text, err := json.Marshal(kept)
		if err != nil {
			t.Fatal(err)
		}
		shapes[o.String()] = string(text)
	}
	return shapes
}

func (m mending) shape(t *testing.T) map[string]string {
	t.Helper()
	return shape(t, m.config, objectOf("Secret", "v1", "secrets", m.namespace, "hub"), objectOf("ServiceAccount", "v1", "serviceaccounts", m.namespace, "app"),
		objectOf("Deployment", "apps/v1", "deployments", m.namespace, "web"))
}

// noLeftovers waits until no object of the namespace carries the label of a
// record: what belongs to one takes the garbage collector a while.
func (b bed) noLeftovers(t *testing.T, namespace string) {
	t.Helper()
	if t.Failed() {
		return // what went wrong may well have left something
	}
	b.await(t, "all of the fix to be gone from "+namespace, func(ctx context.Context) error {
		ours := metav1.ListOptions{LabelSelector: "pullmedic.dev/record"}
		maps, err := b.Kube.CoreV1().ConfigMaps(namespace).List(ctx, ours)
		if err != nil {
			return err
		}
		secrets, err := b.Kube.CoreV1().Secrets(namespace).List(ctx, ours)
		if err != nil {
			return err
		}
		var left []string
		for _, o := range maps.Items {
			left = append(left, "configmap/"+o.Name)
		}
		for _, o := range secrets.Items {
			left = append(left, "secret/"+o.Name)
		}
		if len(left) > 0 {
			return fmt.Errorf("left behind: %q", left)
		}
		return nil
	})
}

// encodedBefore is what the scene's secret holds before the fix.
func encodedBefore() string {
	return base64.StdEncoding.EncodeToString(dockerConfig(notThere, "acme", hubSecret))
}
