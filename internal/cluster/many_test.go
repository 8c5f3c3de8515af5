// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"fmt"
	"testing"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/internal/cluster/clustertest"
)

// Where much of one kind is asked for, a list takes the place of the single
// questions, and what may not be listed is asked for one by one as before.
func TestManyAreListed(t *testing.T) {
	const nodes, namespaces = 40, 30
	var objects []runtime.Object
	for i := range nodes {
		objects = append(objects, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("worker-%d", i)}})
	}
	for i := range namespaces {
		objects = append(objects, &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: fmt.Sprintf("team-%d", i), Name: "api"}, Spec: corev1.ServiceSpec{Selector: map[string]string{"app": "api"}}})
	}
	objects = append(objects, // the server knows the kinds that it has objects of
		&discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{Namespace: "team-0", Name: "api"}},
		&autoscalingv2.HorizontalPodAutoscaler{ObjectMeta: metav1.ObjectMeta{Namespace: "team-0", Name: "api"}})
	for name, c := range map[string]struct {
		deny []string
		want int
	}{
		"with the right to list": {nil, 20 + 1 + 8*3 + 3},
		"without":                {[]string{"list nodes", "list services"}, nodes + 1 + namespaces*3 + 3},
	} {
		t.Run(name, func(t *testing.T) {
			server := clustertest.New(t, objects...)
			server.Deny(c.deny...)
			client, err := cluster.New(server.Config, cluster.Options{})
			if err != nil {
				t.Fatal(err)
			}
			run := client.NewRun()
			for i := range nodes {
				if node, err := run.Node(t.Context(), fmt.Sprintf("worker-%d", i)); err != nil || node.Name != fmt.Sprintf("worker-%d", i) {
					t.Errorf("node %d: %v, %v", i, node, err)
				}
			}
			for i := range namespaces {
				var hit evidence.Impact
				run.Reach(t.Context(), fmt.Sprintf("team-%d", i)).Hit(&hit, evidence.Object{}, map[string]string{"app": "api"})
				if c.deny == nil && len(hit.Services) != 1 {
					t.Errorf("namespace %d: %+v", i, hit)
				}
			}
			if _, err := run.Node(t.Context(), "worker-gone"); cluster.ReasonOf(err) != cluster.NotFound {
				t.Errorf("a node that is gone: %v", err)
			}
			if asked := server.Asked(); len(asked) != c.want+1 {
				t.Errorf("%d questions, want %d: %q", len(asked), c.want+1, asked)
			}
		})
	}
}
