// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/pullmedic/pullmedic/internal/remedy"
)

func TestUndoOfABarePodStartsItsContainerAnew(t *testing.T) {
	const good, bad = "acme/api:1.27.4", "acme/api:1.27.44"
	running := corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}
	waiting := corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff"}}
	for name, c := range map[string]struct {
		path   string
		state  corev1.ContainerState
		policy corev1.PullPolicy
		old    any
		want   Reach
		label  string
	}{
		"one that runs":                  {"/spec/containers/0/image", running, corev1.PullIfNotPresent, good, Reach{Restarts: 1, Wanted: 1, Containers: []string{"api"}}, "container api: image"},
		"one that always pulls":          {"/spec/containers/0/image", running, corev1.PullAlways, good, Reach{Restarts: 1, Wanted: 1, Containers: []string{"api"}, Pulls: true}, "container api: image"},
		"one that does not run":          {"/spec/containers/0/image", waiting, corev1.PullAlways, good, Reach{}, "container api: image"},
		"a sidecar":                      {"/spec/initContainers/0/image", running, corev1.PullAlways, good, Reach{Restarts: 1, Wanted: 1, Containers: []string{"side"}, Pulls: true}, "init container side: image"},
		"something else of a container":  {"/spec/containers/0/terminationMessagePath", running, corev1.PullAlways, nil, Reach{}, ""},
		"something else of the pod":      {"/spec/activeDeadlineSeconds", running, corev1.PullAlways, nil, Reach{}, ""},
		"a place that is not there":      {"/spec/containers/7/image", running, corev1.PullAlways, nil, Reach{}, ""},
		"the path of another kind's pod": {"/spec/template/spec/containers/0/image", running, corev1.PullAlways, nil, Reach{}, ""},
		"a place written otherwise":      {"/spec/containers/00/image", running, corev1.PullAlways, good, Reach{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := corev1.Pod{
				TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
				Spec: corev1.PodSpec{
					InitContainers: []corev1.Container{{Name: "side", Image: good, ImagePullPolicy: c.policy}},
					Containers:     []corev1.Container{{Name: "api", Image: good, ImagePullPolicy: c.policy}},
				},
				Status: corev1.PodStatus{
					InitContainerStatuses: []corev1.ContainerStatus{{Name: "side", State: c.state}},
					ContainerStatuses:     []corev1.ContainerStatus{{Name: "api", State: c.state}},
				},
			}
			raw, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&p)
			if err != nil {
				t.Fatal(err)
			}
			live := &unstructured.Unstructured{Object: raw}
			u := Undo{Backs: []Back{{
				Object: remedy.Object{APIVersion: "v1", Kind: "Pod", Resource: "pods", Name: "bare"}, Standing: Stands, live: live,
				Edits: []remedy.Edit{{Path: "/spec/containers/0/name", Old: "api", New: "api"}, {Path: c.path, Old: c.old, New: bad}},
			}}}
			(&Mender{}).reach(t.Context(), &u)
			got, label := u.Backs[0].Reach, labelOf(live, c.path)
			if got.Restarts != c.want.Restarts || got.Wanted != c.want.Wanted || got.Pulls != c.want.Pulls || !slices.Equal(got.Containers, c.want.Containers) || label != c.label {
				t.Errorf("got %+v, %q", got, label)
			}
		})
	}
}

func TestAnImageIsNamedByItsContainerInEveryKindOfTemplate(t *testing.T) {
	containers := map[string]any{"containers": []any{map[string]any{"name": "a"}, map[string]any{"name": "b"}}}
	template := map[string]any{"spec": containers}
	for name, c := range map[string]struct {
		kind, path string
		spec       map[string]any
		want       string
	}{
		"a Deployment":       {"Deployment", "/spec/template/spec/containers/1/image", map[string]any{"template": template}, "container b: image"},
		"a CronJob":          {"CronJob", "/spec/jobTemplate/spec/template/spec/containers/0/image", map[string]any{"jobTemplate": map[string]any{"spec": map[string]any{"template": template}}}, "container a: image"},
		"a service account":  {"ServiceAccount", "/spec/containers/0/image", containers, ""},
		"what has no name":   {"Deployment", "/spec/template/spec/containers/2/image", map[string]any{"template": template}, ""},
		"what lies below it": {"Deployment", "/spec/template/spec/containers/1/image/x", map[string]any{"template": template}, ""},
	} {
		live := &unstructured.Unstructured{Object: map[string]any{"kind": c.kind, "spec": c.spec}}
		if got := labelOf(live, c.path); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
