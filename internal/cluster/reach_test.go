// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"testing"
	"time"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/internal/cluster/clustertest"
)

func TestReach(t *testing.T) {
	yes, no := true, false
	service := func(name string, kind corev1.ServiceType, selector map[string]string) *corev1.Service {
		return &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name}, Spec: corev1.ServiceSpec{Type: kind, Selector: selector}}
	}
	slice := func(service, name string, endpoints ...discoveryv1.Endpoint) *discoveryv1.EndpointSlice {
		return &discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, Labels: map[string]string{"kubernetes.io/service-name": service}}, Endpoints: endpoints}
	}
	endpoint := func(pod, address string, ready *bool) discoveryv1.Endpoint {
		e := discoveryv1.Endpoint{Addresses: []string{address}, Conditions: discoveryv1.EndpointConditions{Ready: ready}}
		e.TargetRef = &corev1.ObjectReference{Kind: "Pod", Name: pod, UID: types.UID("uid-" + pod)}
		return e
	}
	scaler := func(name, kind string, desired int32) *autoscalingv2.HorizontalPodAutoscaler {
		return &autoscalingv2.HorizontalPodAutoscaler{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name},
			Spec:   autoscalingv2.HorizontalPodAutoscalerSpec{ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{Kind: kind, Name: "api"}, MaxReplicas: 9},
			Status: autoscalingv2.HorizontalPodAutoscalerStatus{DesiredReplicas: desired}}
	}
	app := map[string]string{"app": "api"}
	server := clustertest.New(t,
		service("api", corev1.ServiceTypeClusterIP, app), service("none", corev1.ServiceTypeClusterIP, app), service("outside", corev1.ServiceTypeExternalName, app),
		service("by-hand", corev1.ServiceTypeClusterIP, nil), service("others", corev1.ServiceTypeClusterIP, map[string]string{"app": "web"}),
		// One pod in both families, one that is not said to be unready, one that is.
		slice("api", "api-4", endpoint("a", "10.0.0.1", &yes), endpoint("b", "10.0.0.2", nil), endpoint("c", "10.0.0.3", &no)), slice("api", "api-6", endpoint("a", "fd00::1", &yes)),
		slice("none", "none-4", endpoint("c", "10.0.0.3", &no)),
		scaler("enough", "Deployment", 2), scaler("rollout", "Rollout", 7))
	client, err := cluster.New(server.Config, cluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	run := client.NewRun()
	for name, c := range map[string]struct {
		workload, owner string
		autoscaler      string
	}{
		"an autoscaler that wants no more is not told":   {"Deployment", "Deployment", ""},
		"one that scales the owner above is":             {"ReplicaSet", "Rollout", "rollout"},
		"none that scales another kind of the same name": {"StatefulSet", "StatefulSet", ""},
	} {
		t.Run(name, func(t *testing.T) {
			i := evidence.Impact{Workload: evidence.Object{Kind: c.workload, Namespace: "shop", Name: "api"}, Wanted: 2, Ready: 2}
			run.Reach(t.Context(), "shop").Hit(&i, evidence.Object{Kind: c.owner, Namespace: "shop", Name: "api"}, app)
			if i.Autoscaler.Name != c.autoscaler {
				t.Errorf("autoscaler is %+v, want %s", i.Autoscaler, c.autoscaler)
			}
			if len(i.Services) != 2 || i.Services[0] != (evidence.Service{Name: "none"}) || i.Services[1] != (evidence.Service{Name: "api", Ready: 2}) {
				t.Errorf("services are %+v", i.Services)
			}
		})
	}
	if asked := server.Asked(); len(asked) != 3 {
		t.Errorf("asked %q, want each list once", asked)
	}
}

func TestChangesOfNodes(t *testing.T) {
	node := func(joined time.Duration, status corev1.ConditionStatus, since time.Duration) *corev1.Node {
		return &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "worker-1", CreationTimestamp: ago(joined)},
			Status: corev1.NodeStatus{Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: status, LastTransitionTime: ago(since)}}}}
	}
	for name, c := range map[string]struct {
		node *corev1.Node
		want []string
	}{
		"a node that has just joined":      {node(9*time.Minute, corev1.ConditionTrue, 8*time.Minute), []string{"it joined the cluster"}},
		"a node that came back":            {node(90*time.Hour, corev1.ConditionTrue, 8*time.Minute), []string{"it joined the cluster", "it became ready again"}},
		"a node that is gone":              {node(90*time.Hour, corev1.ConditionUnknown, 8*time.Minute), []string{"it joined the cluster", "it is not ready any more"}},
		"a node that says nothing of that": {&corev1.Node{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			changes := cluster.NodeChanges(c.node)
			if len(changes) != len(c.want) {
				t.Fatalf("changes are %+v, want %q", changes, c.want)
			}
			for i, change := range changes {
				if change.What != c.want[i] || change.Object.Kind != "Node" {
					t.Errorf("change %d is %+v, want %q", i, change, c.want[i])
				}
			}
		})
	}
}
