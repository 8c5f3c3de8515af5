// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package examine_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/internal/cluster/clustertest"
	"github.com/pullmedic/pullmedic/internal/examine"
	"github.com/pullmedic/pullmedic/internal/registry"
)

// now is the time of every look; objects are as old as they say.
func now() time.Time { return time.Date(2026, 11, 21, 3, 50, 0, 0, time.UTC) }

func ago(d time.Duration) metav1.Time { return metav1.NewTime(now().Add(-d)) }

const tagMissing = `rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/acme/api:1.27.44": failed to resolve image: docker.io/acme/api:1.27.44: not found`

// podWith returns a pod of one container that waits with the reason and
// message; with reason "" it runs.
func podWith(namespace, name, image, reason, message string, more ...func(*corev1.Pod)) *corev1.Pod {
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, UID: types.UID("uid-" + namespace + "-" + name), CreationTimestamp: ago(10 * time.Minute), Labels: map[string]string{"app": name}},
		Spec: corev1.PodSpec{
			NodeName: "worker-1", ServiceAccountName: "default",
			Containers: []corev1.Container{{Name: "app", Image: image, ImagePullPolicy: corev1.PullIfNotPresent}},
		},
		Status: corev1.PodStatus{Phase: corev1.PodPending},
	}
	status := corev1.ContainerStatus{Name: "app", Image: image}
	if reason == "" {
		p.Status.Phase = corev1.PodRunning
		status.ImageID = "sha256:1"
		status.State.Running = &corev1.ContainerStateRunning{StartedAt: ago(5 * time.Minute)}
	} else {
		status.State.Waiting = &corev1.ContainerStateWaiting{Reason: reason, Message: message}
	}
	p.Status.ContainerStatuses = []corev1.ContainerStatus{status}
	for _, m := range more {
		m(p)
	}
	return p
}

func on(node string) func(*corev1.Pod) { return func(p *corev1.Pod) { p.Spec.NodeName = node } }

func pullSecrets(names ...string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		for _, n := range names {
			p.Spec.ImagePullSecrets = append(p.Spec.ImagePullSecrets, corev1.LocalObjectReference{Name: n})
		}
	}
}

func always(p *corev1.Pod) { p.Spec.Containers[0].ImagePullPolicy = corev1.PullAlways }

func ownedBy(kind, apiVersion, name string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.OwnerReferences = owner(kind, apiVersion, name) }
}

func owner(kind, apiVersion, name string) []metav1.OwnerReference {
	yes := true
	return []metav1.OwnerReference{{Kind: kind, APIVersion: apiVersion, Name: name, UID: types.UID("uid-" + name), Controller: &yes}}
}

func nodeNamed(name, arch string) *corev1.Node {
	return &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}, Status: corev1.NodeStatus{NodeInfo: corev1.NodeSystemInfo{
		OperatingSystem: "linux", Architecture: arch, ContainerRuntimeVersion: "containerd://2.4.2", KubeletVersion: "v1.36.3",
	}}}
}

func account(namespace string, secrets ...string) *corev1.ServiceAccount {
	sa := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "default", CreationTimestamp: ago(time.Hour)}}
	for _, s := range secrets {
		sa.ImagePullSecrets = append(sa.ImagePullSecrets, corev1.LocalObjectReference{Name: s})
	}
	return sa
}

// canary is in every secret; it must show nowhere.
const canary = "canary-7c1f"

func dockerSecret(namespace, name, key string) *corev1.Secret {
	auth := base64.StdEncoding.EncodeToString([]byte("robot:" + canary))
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, CreationTimestamp: ago(time.Hour)},
		Type: corev1.SecretTypeDockerConfigJson,
		Data: map[string][]byte{".dockerconfigjson": fmt.Appendf(nil, `{"auths":{%q:{"auth":%q}}}`, key, auth)}}
}

func eventFor(pod *corev1.Pod, eventType, reason, message string, count int32, first, last time.Duration) *corev1.Event {
	e := &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Namespace: pod.Namespace, Name: fmt.Sprintf("%s.%s.%d.%s", pod.Name, strings.ToLower(reason), count, last)},
		InvolvedObject: corev1.ObjectReference{Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID, FieldPath: "spec.containers{app}"},
		Type:           eventType, Reason: reason, Message: message, Count: count, FirstTimestamp: ago(first), LastTimestamp: ago(last),
	}
	if reason == "FailedCreatePodSandBox" || reason == "FailedToRetrieveImagePullSecret" {
		e.InvolvedObject.FieldPath = ""
	}
	return e
}

// The real prober is one.
var _ examine.Prober = (*registry.Prober)(nil)

// prober keeps what it is asked and answers the same to all.
type prober struct {
	mu      sync.Mutex
	targets []registry.Target
}

func (p *prober) Probe(_ context.Context, t registry.Target) ([]evidence.Finding, []evidence.Gap) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.targets = append(p.targets, t)
	return []evidence.Finding{{Check: evidence.CheckManifest, Outcome: evidence.TagAbsent, Vantage: evidence.Client, Sentence: "asked"}}, nil
}

func (p *prober) Sent() evidence.Sent {
	p.mu.Lock()
	defer p.mu.Unlock()
	return evidence.Sent{Requests: len(p.targets)}
}

type house struct {
	server *clustertest.Server
	prober *prober
	x      *examine.Examiner
}

func newHouse(t *testing.T, objects ...runtime.Object) *house {
	t.Helper()
	h := &house{server: clustertest.New(t, objects...), prober: &prober{}}
	client, err := cluster.New(h.server.Config, cluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	causes, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	h.x = examine.New(examine.Options{Cluster: client, Catalog: causes, Prober: h.prober, Now: now})
	return h
}

// with makes the house ask another prober.
func (h *house) with(t *testing.T, p examine.Prober) {
	t.Helper()
	client, err := cluster.New(h.server.Config, cluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	causes, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	h.x = examine.New(examine.Options{Cluster: client, Catalog: causes, Prober: p, Now: now})
}

func (h *house) survey(t *testing.T, s examine.Scope) evidence.Survey {
	t.Helper()
	survey, err := h.x.Survey(t.Context(), s)
	if err != nil {
		t.Fatalf("Survey(%+v): %v", s, err)
	}
	return survey
}

func (h *house) objects(t *testing.T, refs ...examine.ObjectRef) evidence.Survey {
	t.Helper()
	survey, err := h.x.Objects(t.Context(), refs)
	if err != nil {
		t.Fatalf("Objects(%+v): %v", refs, err)
	}
	return survey
}

// outcomes of one pull, by check.
func outcomes(e evidence.Evidence) []evidence.Outcome {
	var all []evidence.Outcome
	for _, f := range e.Findings {
		all = append(all, f.Outcome)
	}
	return all
}

func wantOutcomes(t *testing.T, e evidence.Evidence, want ...evidence.Outcome) {
	t.Helper()
	for _, o := range want {
		if !slices.Contains(outcomes(e), o) {
			t.Errorf("no %s among the findings %v", o, outcomes(e))
		}
	}
}

func wantNoOutcome(t *testing.T, e evidence.Evidence, unwanted ...evidence.Outcome) {
	t.Helper()
	for _, o := range unwanted {
		if slices.Contains(outcomes(e), o) {
			t.Errorf("%s among the findings %v", o, outcomes(e))
		}
	}
}

func sentence(e evidence.Evidence, o evidence.Outcome) string {
	for _, f := range e.Findings {
		if f.Outcome == o {
			return f.Sentence
		}
	}
	return ""
}

func one(t *testing.T, s evidence.Survey) evidence.Evidence {
	t.Helper()
	if len(s.Pulls) != 1 {
		t.Fatalf("%d pulls, want 1: %+v", len(s.Pulls), s.Pulls)
	}
	return s.Pulls[0]
}

func deployment(namespace, name string) *appsv1.Deployment {
	return &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, UID: types.UID("uid-" + name)},
		Spec: appsv1.DeploymentSpec{Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": name}}}}
}

func replicaSet(namespace, deployment, hash, revision, image string, ready int32) *appsv1.ReplicaSet {
	l := map[string]string{"app": deployment, "pod-template-hash": hash}
	return &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: deployment + "-" + hash, UID: types.UID("uid-" + deployment + "-" + hash), Labels: l,
			Annotations: map[string]string{"deployment.kubernetes.io/revision": revision}, OwnerReferences: owner("Deployment", "apps/v1", deployment)},
		Spec: appsv1.ReplicaSetSpec{Selector: &metav1.LabelSelector{MatchLabels: l},
			Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: image}}}}},
		Status: appsv1.ReplicaSetStatus{ReadyReplicas: ready},
	}
}
