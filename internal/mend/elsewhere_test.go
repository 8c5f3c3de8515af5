// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend_test

import (
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/remedy"
)

func TestCopiesThatTheNodeItselfRunsComeFirstAndThoseItCannotReachNotAtAll(t *testing.T) {
	const digest = "@sha256:7c0870929377e4391a2ad01a7d9498a0e98baee787ad1307b7d4b16a1ee367c1"
	on := func(name, node, image string, state corev1.ContainerState) *corev1.Pod {
		p := pod(name, "other", image, state)
		p.Spec.NodeName = node
		if state.Running != nil {
			p.Status.ContainerStatuses[0].ImageID = image + digest
		}
		return p
	}
	refused := waitsFor("ErrImagePull", `failed to do request: Head "https://down.example/v2/x/manifests/1": dial tcp 10.0.0.1:443: connect: connection refused`)
	b := newBench(t, seer{}, append(deployment(),
		on("a", "worker-2", "far.example/acme/api:1", runs),
		on("b", "worker-1", "near.example/acme/api:1", runs),
		on("c", "worker-2", "down.example/acme/api:1", runs),
		on("d", "worker-1", "down.example/acme/x:1", refused),
		on("e", "worker-1", "near.example/acme/gone:1", waitsFor("ErrImagePull", "near.example/acme/gone:1: not found")),
	)...)
	d := sick()
	d.Pull.Node, d.Pull.Reference = "worker-1", evidence.Reference{Host: "registry.acme.example", Repository: "acme/api", Tag: "1.27.44"}
	d.Causes[0].Cause = catalog.ConnectionRefused
	plans, err := b.Plan(t.Context(), []diagnosis.Diagnosis{d}, remedy.Options{})
	if err != nil || len(plans) != 1 {
		t.Fatalf("%d plans, %v", len(plans), err)
	}
	var got []string
	for _, c := range plans[0].Case.Elsewhere {
		got = append(got, c.Image)
		if c.Namespace != "shop" {
			t.Errorf("%s runs in namespace %q", c.Image, c.Namespace)
		}
	}
	if want := []string{"near.example/acme/api:1", "far.example/acme/api:1"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A node that ran an earlier version still has it; which digest the wanted tag
// meant is told by the image's own names.
func TestAnImageThatTheNodeHasIsFoundBesideAnEarlierOneOfItsRepository(t *testing.T) {
	const repository, digest = "registry.acme.example/acme/api", "sha256:7c0870929377e4391a2ad01a7d9498a0e98baee787ad1307b7d4b16a1ee367c1"
	const earlier = "sha256:2222222222222222222222222222222222222222222222222222222222222222"
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "worker-1"}}
	node.Status.Images = []corev1.ContainerImage{{Names: []string{repository + "@" + earlier, good}}, {Names: []string{repository + "@" + digest, bad}}}
	objects := append(deployment(), node)
	objects[0].(*appsv1.Deployment).Spec.Template.Spec.Containers[0].ImagePullPolicy = corev1.PullAlways
	b := newBench(t, seer{}, objects...)
	d := sick()
	d.Pull.Node, d.Pull.Reference = "worker-1", evidence.Reference{Host: "registry.acme.example", Repository: "acme/api", Tag: "1.27.44"}
	d.Causes[0].Cause = catalog.RegistryUnavailable
	plans, err := b.Plan(t.Context(), []diagnosis.Diagnosis{d}, remedy.Options{})
	if err != nil || len(plans) != 1 {
		t.Fatalf("%d plans, %v", len(plans), err)
	}
	all := plans[0].Others
	for _, c := range plans[0].Chosen {
		all = append(all, c.Remedy)
	}
	i := slices.IndexFunc(all, func(r remedy.Remedy) bool { return r.ID == "held-image" })
	if i < 0 {
		t.Fatalf("none starts from what the node has: %+v", all)
	}
	if want := bad + "@" + digest; all[i].Image != want {
		t.Errorf("it starts %s, want %s", all[i].Image, want)
	}
}
