// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package examine_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/examine"
)

func service(namespace, name string, selector map[string]string) *corev1.Service {
	return &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Spec: corev1.ServiceSpec{Selector: selector}}
}

// slice is one of a Service's: an endpoint for each pod, of which only the first
// ones are ready.
func slice(namespace, service, suffix string, ready int, pods ...string) *discoveryv1.EndpointSlice {
	s := &discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: service + suffix, Labels: map[string]string{"kubernetes.io/service-name": service}}}
	for i, pod := range pods {
		yes := i < ready
		s.Endpoints = append(s.Endpoints, discoveryv1.Endpoint{
			Addresses: []string{"10.0.0." + suffix}, Conditions: discoveryv1.EndpointConditions{Ready: &yes},
			TargetRef: &corev1.ObjectReference{Kind: "Pod", Name: pod, UID: types.UID(pod)},
		})
	}
	return s
}

func autoscaler(namespace, kind, name string, desired int32) *autoscalingv2.HorizontalPodAutoscaler {
	return &autoscalingv2.HorizontalPodAutoscaler{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "scale-" + name},
		Spec:   autoscalingv2.HorizontalPodAutoscalerSpec{ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{Kind: kind, Name: name, APIVersion: "apps/v1"}, MaxReplicas: 12},
		Status: autoscalingv2.HorizontalPodAutoscalerStatus{DesiredReplicas: desired}}
}

func writtenBy(manager, fields string, before time.Duration) []metav1.ManagedFieldsEntry {
	at := ago(before)
	return []metav1.ManagedFieldsEntry{{Manager: manager, Time: &at, FieldsType: "FieldsV1", FieldsV1: metav1.NewFieldsV1(fields)}}
}

// rollout is a Deployment of 6 whose revision 18 fails while 4 pods of revision
// 17 serve, with what depends on it.
func rollout() []runtime.Object {
	six, four := int32(6), int32(4)
	d := deployment("shop", "api")
	d.Annotations = map[string]string{"meta.helm.sh/release-name": "api", "meta.helm.sh/release-namespace": "shop"}
	d.ManagedFields = writtenBy("helm", `{"f:spec":{"f:template":{}}}`, 10*time.Minute)
	d.Spec.Replicas = &six
	d.Status = appsv1.DeploymentStatus{ReadyReplicas: 4, Conditions: []appsv1.DeploymentCondition{{Type: appsv1.DeploymentProgressing,
		Status: corev1.ConditionFalse, Reason: "ProgressDeadlineExceeded", LastUpdateTime: ago(time.Minute)}}}
	before, now := replicaSet("shop", "api", "5f", "17", "acme/api:1.27.4", 4), replicaSet("shop", "api", "7d9c5", "18", "acme/api:1.27.44", 0)
	before.CreationTimestamp, now.CreationTimestamp = ago(24*time.Hour), ago(10*time.Minute+2*time.Second)
	before.Spec.Replicas = &four
	pod := podWith("shop", "api-7d9c5-x2x7l", "acme/api:1.27.44", "ImagePullBackOff", `Back-off pulling image "acme/api:1.27.44": ErrImagePull: `+tagMissing,
		ownedBy("ReplicaSet", "apps/v1", "api-7d9c5"), func(p *corev1.Pod) { p.Labels = now.Labels })
	return []runtime.Object{
		d, before, now, pod, account("shop"), nodeNamed("worker-1", "arm64"),
		service("shop", "api", map[string]string{"app": "api"}), service("shop", "canary", map[string]string{"pod-template-hash": "7d9c5"}),
		service("shop", "other", map[string]string{"app": "other"}), service("shop", "by-hand", nil),
		slice("shop", "api", "4", 4, "a", "b", "c", "d", "x"), slice("shop", "api", "6", 4, "a", "b", "c", "d", "x"), slice("shop", "canary", "4", 0, "x"),
		autoscaler("shop", "Deployment", "api", 8), autoscaler("shop", "StatefulSet", "api", 9),
		eventFor(pod, "Warning", "Failed", `Failed to pull image "acme/api:1.27.44": `+tagMissing, 3, 9*time.Minute+50*time.Second, time.Minute),
	}
}

func TestImpactOfARolloutThatFails(t *testing.T) {
	h := newHouse(t, rollout()...)
	e := one(t, h.survey(t, examine.Scope{}))
	i := e.Impact
	if i.Workload.Kind != "Deployment" || i.Wanted != 6 || i.Ready != 4 || i.Revision != 18 || !i.Stalled || !i.StalledSince.Equal(now().Add(-time.Minute)) {
		t.Errorf("impact is %+v", i)
	}
	if want := (evidence.Serving{Revision: 17, Ready: 4, Image: "acme/api:1.27.4"}); i.Serving != want {
		t.Errorf("serving is %+v, want %+v", i.Serving, want)
	}
	if want := (evidence.Autoscaler{Name: "scale-api", Desired: 8, Most: 12}); i.Autoscaler != want {
		t.Errorf("autoscaler is %+v, want %+v", i.Autoscaler, want)
	}
	if want := []evidence.Service{{Name: "canary"}, {Name: "api", Ready: 4}}; !slices.Equal(i.Services, want) {
		t.Errorf("services are %+v, want %+v", i.Services, want)
	}
	if want := (evidence.Manager{Tool: "Helm", Name: "shop/api"}); e.Pull.Manager != want {
		t.Errorf("manager is %+v, want %+v", e.Pull.Manager, want)
	}
	if len(e.Changes) != 1 || e.Changes[0].What != "image 1.27.4 -> 1.27.44" || e.Changes[0].By != "helm" ||
		!e.Changes[0].Time.Equal(now().Add(-10*time.Minute-2*time.Second)) || e.Changes[0].Object.Name != "api" {
		t.Errorf("changes are %+v", e.Changes)
	}
}

func TestRightsForTheImpactDegradeOnePart(t *testing.T) {
	h := newHouse(t, rollout()...)
	h.server.Deny("list services", "list endpointslices", "list horizontalpodautoscalers")
	s := h.survey(t, examine.Scope{})
	i := one(t, s).Impact
	if i.Wanted != 6 || i.Ready != 4 || len(i.Services) > 0 || i.Autoscaler.Name != "" {
		t.Errorf("impact is %+v", i)
	}
	var needs []string
	for _, g := range s.NotLookedAt {
		needs = append(needs, g.Needs)
	}
	want := []string{"list services in namespace shop", "list endpointslices.discovery.k8s.io in namespace shop", "list horizontalpodautoscalers.autoscaling in namespace shop"}
	if !slices.Equal(needs, want) {
		t.Errorf("needs are %q, want %q", needs, want)
	}
}

func TestWhatSeveralNamespacesRefuseIsToldOnce(t *testing.T) {
	h := newHouse(t, podWith("shop", "a", "acme/api:1", "ErrImagePull", tagMissing), podWith("pay", "b", "acme/api:1", "ErrImagePull", tagMissing), account("shop"), account("pay"), nodeNamed("worker-1", "amd64"))
	h.server.Deny("list services")
	s := h.survey(t, examine.Scope{})
	if len(s.NotLookedAt) != 1 || !strings.HasSuffix(s.NotLookedAt[0].Why, "in namespace pay and of 1 more") {
		t.Errorf("not looked at: %+v", s.NotLookedAt)
	}
}

func TestOwnersAreFollowedToWhatAPersonWouldEdit(t *testing.T) {
	custom := func(apiVersion, kind, name string, owner []metav1.OwnerReference) *metav1.PartialObjectMetadata {
		return &metav1.PartialObjectMetadata{TypeMeta: metav1.TypeMeta{APIVersion: apiVersion, Kind: kind},
			ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, UID: types.UID("uid-" + name), OwnerReferences: owner}}
	}
	service := custom("serving.knative.dev/v1", "Service", "hello", nil)
	service.Labels = map[string]string{"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"}
	service.ManagedFields = writtenBy("kustomize-controller", `{"f:spec":{}}`, 11*time.Minute)
	d := deployment("shop", "hello-1")
	d.OwnerReferences = owner("Revision", "serving.knative.dev/v1", "hello-1-revision")
	pods := replicaSet("shop", "hello-1", "7d", "1", "acme/hello:2", 0)
	bad := podWith("shop", "p", "acme/hello:2", "ErrImagePull", tagMissing, ownedBy("ReplicaSet", "apps/v1", "hello-1-7d"))
	h := newHouse(t, bad, pods, d, service, account("shop"), nodeNamed("worker-1", "amd64"),
		custom("serving.knative.dev/v1", "Revision", "hello-1-revision", owner("Configuration", "serving.knative.dev/v1", "hello-configuration")),
		custom("serving.knative.dev/v1", "Configuration", "hello-configuration", owner("Service", "serving.knative.dev/v1", "hello")))
	e := one(t, h.survey(t, examine.Scope{}))
	if got := e.Pull.Owner; got.Kind != "Service" || got.Name != "hello" || e.Impact.Workload.Name != "hello-1" {
		t.Errorf("owner is %+v, impact %+v", got, e.Impact)
	}
	var via []string
	for _, o := range e.Pull.Via {
		via = append(via, o.Kind)
	}
	if want := []string{"ReplicaSet", "Deployment", "Revision", "Configuration"}; !slices.Equal(via, want) {
		t.Errorf("via %q, want %q", via, want)
	}
	if want := (evidence.Manager{Tool: "Flux", Name: "flux-system/apps"}); e.Pull.Manager != want {
		t.Errorf("manager is %+v, want %+v", e.Pull.Manager, want)
	}
	if !slices.ContainsFunc(e.Changes, func(c evidence.Change) bool { return c.Object.Kind == "Service" && c.By == "kustomize-controller" }) {
		t.Errorf("changes are %+v", e.Changes)
	}
	discovered := 0
	for _, q := range h.server.Asked() {
		if strings.HasPrefix(q, "discover") {
			discovered++
		}
	}
	if discovered != 1 {
		t.Errorf("the API group was discovered %d times", discovered)
	}
	t.Run("and where that may not be read, it is named and told", func(t *testing.T) {
		h.server.Deny("get revisions")
		e := one(t, h.survey(t, examine.Scope{}))
		if e.Pull.Owner.Kind != "Revision" || len(e.NotLookedAt) != 1 || e.NotLookedAt[0].Needs != "get revisions.serving.knative.dev in namespace shop" {
			t.Errorf("owner is %+v, not looked at %+v", e.Pull.Owner, e.NotLookedAt)
		}
	})
}

func TestAKubeletThatLostTheCauseHasTheRegistryAsked(t *testing.T) {
	pod := podWith("shop", "api", "acme/api:1.27.44", "ImagePullBackOff", `Back-off pulling image "acme/api:1.27.44"`)
	h := newHouse(t, pod, account("shop"), nodeNamed("worker-1", "amd64"),
		eventFor(pod, "Normal", "BackOff", `Back-off pulling image "acme/api:1.27.44"`, 5000, 20*time.Hour, time.Minute))
	e := one(t, h.survey(t, examine.Scope{}))
	if len(e.NotLookedAt) != 1 || !strings.Contains(e.NotLookedAt[0].Why, "words are lost") {
		t.Errorf("not looked at: %+v", e.NotLookedAt)
	}
	if len(h.prober.targets) != 1 {
		t.Errorf("the registry was asked %d times, want once", len(h.prober.targets))
	}
	wantOutcomes(t, e, evidence.TextNamesNoCause, evidence.TagAbsent)
}

func TestWhatChangedBefore(t *testing.T) {
	secret := dockerSecret("shop", "hub", "docker.io")
	secret.ManagedFields = writtenBy("external-secrets", `{"f:data":{}}`, 12*time.Minute)
	sa := account("shop", "hub")
	sa.ManagedFields = writtenBy("kubectl-patch", `{"f:imagePullSecrets":{}}`, 30*time.Minute)
	node := nodeNamed("worker-1", "amd64")
	node.CreationTimestamp = ago(48 * time.Hour)
	node.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue, LastTransitionTime: ago(14 * time.Minute)}}
	restarted := func(p *corev1.Pod) {
		p.Status.ContainerStatuses[0].RestartCount = 3
	}
	d := deployment("shop", "api")
	set := replicaSet("shop", "api", "7d9c5", "18", "acme/api:1.27.44", 0)
	set.CreationTimestamp = ago(11 * time.Minute)
	for name, c := range map[string]struct {
		more func(*corev1.Pod)
		want []string
	}{
		"a pod that never ran":                               {func(*corev1.Pod) {}, []string{"Node its joined", "ServiceAccount kubectl-patch", "Node again", "Secret external-secrets", "Deployment"}},
		"a pod that ran, whose template is not what changed": {restarted, []string{"Node its joined", "ServiceAccount kubectl-patch", "Node again", "Secret external-secrets"}},
	} {
		t.Run(name, func(t *testing.T) {
			pod := podWith("shop", "api", "acme/api:1.27.44", "ErrImagePull", tagMissing, pullSecrets("hub"), ownedBy("ReplicaSet", "apps/v1", "api-7d9c5"), c.more)
			h := newHouse(t, pod, secret, sa, node, d, set)
			e := one(t, h.survey(t, examine.Scope{}))
			var got []string
			for _, change := range e.Changes {
				text := change.Object.Kind + " " + change.By
				switch change.What {
				case "it joined the cluster":
					text += "its joined"
				case "it became ready again":
					text += "again"
				}
				got = append(got, strings.TrimSpace(text))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("changes are %q, want %q", got, c.want)
			}
		})
	}
}
