// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package examine_test

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/examine"
)

func TestScope(t *testing.T) {
	const host = "registry.example/"
	n := 0
	pod := func(namespace, node, image, reason string, secrets ...string) *corev1.Pod {
		n++
		return podWith(namespace, fmt.Sprintf("p%02d", n), host+image, reason, "", on(node), pullSecrets(secrets...))
	}
	bad := func(namespace, node, image string, secrets ...string) *corev1.Pod {
		return pod(namespace, node, image, "ImagePullBackOff", secrets...)
	}
	well := func(namespace, node, image string, secrets ...string) *corev1.Pod {
		return pod(namespace, node, image, "", secrets...)
	}
	for name, c := range map[string]struct {
		pods []*corev1.Pod
		want evidence.Outcome
		says string
	}{
		"one pod says nothing": {pods: []*corev1.Pod{bad("shop", "a", "api:1"), well("pay", "b", "web:1")}},
		"one image": {
			pods: []*corev1.Pod{bad("shop", "a", "api:1"), bad("pay", "b", "api:1"), well("shop", "a", "api:0"), well("web", "c", "web:1")},
			want: evidence.OneImageAlone, says: "all 2 pods that fail to pull from registry.example want one image; images of it run in 2 pods of 2 namespaces",
		},
		"one node": {
			pods: []*corev1.Pod{bad("shop", "a", "api:1"), bad("pay", "a", "pay:1"), well("shop", "b", "api:1"), well("web", "c", "web:1")},
			want: evidence.OneNodeAlone, says: "all 2 pods that fail to pull from registry.example are on a; images of it run on 2 other nodes",
		},
		"one credential": {
			pods: []*corev1.Pod{bad("shop", "a", "api:1", "hub"), bad("shop", "b", "pay:1", "hub"), well("shop", "b", "web:1", "robot"), well("web", "c", "web:1")},
			want: evidence.OneCredentialAlone, says: "all 2 pods that fail to pull from registry.example bring secret shop/hub; images of it run in 2 pods of 2 namespaces",
		},
		"one namespace": {
			pods: []*corev1.Pod{bad("shop", "a", "api:1"), bad("shop", "b", "pay:1"), well("web", "c", "web:1"), well("pay", "a", "pay:1")},
			want: evidence.OneNamespaceAlone, says: "all 2 pods that fail to pull from registry.example are in namespace shop; images of it run in 2 other namespaces",
		},
		"one of each, and nobody else to compare with": {pods: []*corev1.Pod{bad("shop", "a", "api:1"), bad("shop", "a", "api:1")}},
		"many namespaces, and nothing of the registry runs": {
			pods: []*corev1.Pod{bad("shop", "a", "api:1"), bad("pay", "b", "pay:1"), bad("web", "b", "web:1")},
			want: evidence.ManyNamespacesFail, says: "3 pods of 3 namespaces on 2 nodes fail to pull from registry.example, 3 images of it; no other pod runs an image of it",
		},
		"many namespaces": {
			pods: []*corev1.Pod{bad("shop", "a", "api:1"), bad("pay", "b", "pay:1"), bad("web", "b", "web:1"), well("web", "c", "web:0")},
			want: evidence.ManyNamespacesFail, says: "3 pods of 3 namespaces on 2 nodes fail to pull from registry.example, 3 images of it; images of it run in 1 pod of 1 namespace",
		},
	} {
		t.Run(name, func(t *testing.T) {
			objects := []runtime.Object{}
			for _, p := range c.pods {
				objects = append(objects, p)
			}
			h := newHouse(t, objects...)
			e := h.survey(t, examine.Scope{}).Pulls[0]
			if c.want == "" {
				wantNoOutcome(t, e, evidence.OneImageAlone, evidence.OneNodeAlone, evidence.OneCredentialAlone, evidence.OneNamespaceAlone, evidence.ManyNamespacesFail)
				return
			}
			if got := sentence(e, c.want); got != c.says {
				t.Errorf("says %q, want %q (%v)", got, c.says, outcomes(e))
			}
			// Asked by name, the same pods are shown twice and counted once.
			named := h.objects(t, examine.ObjectRef{Kind: "pod", Namespace: e.Pull.Namespace, Name: e.Pull.Pod})
			if got := sentence(one(t, named), c.want); got != c.says {
				t.Errorf("by name it says %q, want %q", got, c.says)
			}
		})
	}
}
