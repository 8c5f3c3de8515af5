// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend_test

import (
	"context"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/internal/cluster/clustertest"
	"github.com/pullmedic/pullmedic/internal/edit"
	"github.com/pullmedic/pullmedic/internal/examine"
	"github.com/pullmedic/pullmedic/internal/mend"
	"github.com/pullmedic/pullmedic/internal/remedy"
	"github.com/pullmedic/pullmedic/internal/verify"
)

const (
	good = "registry.acme.example/acme/api:1.27.4"
	bad  = "registry.acme.example/acme/api:1.27.44"
)

func now() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }

// seer says that images from a list would be pulled and all others not.
type seer struct{ present map[string]bool }

func (s seer) Foresee(_ context.Context, q examine.Prospect) examine.Foreseen {
	f := examine.Foreseen{Time: now()}
	for _, w := range q.Wants {
		for _, p := range cluster.Pulls(w.Pod) {
			ref := evidence.Subject{Kind: evidence.SubjectImage, Name: p.Image}
			finding := func(check evidence.Check, o evidence.Outcome) evidence.Finding {
				return evidence.Finding{Check: check, Outcome: o, Subject: ref, Vantage: evidence.Client, Time: now(), Sentence: string(o)}
			}
			e := evidence.Evidence{Pull: p}
			if s.present[p.Image] {
				e.Findings = []evidence.Finding{
					finding(evidence.CheckPing, evidence.RegistryAnswers), finding(evidence.CheckManifest, evidence.ManifestPresent),
					finding(evidence.CheckPlatform, evidence.PlatformPresent), finding(evidence.CheckBlobs, evidence.BlobsPresent),
					finding(evidence.CheckAnonymous, evidence.AnonymousMayPull), finding(evidence.CheckKeyring, evidence.Outcome("credential-none")),
				}
			} else {
				e.Findings = []evidence.Finding{finding(evidence.CheckPing, evidence.RegistryAnswers), finding(evidence.CheckTags, evidence.RepositoryAnswers), finding(evidence.CheckManifest, evidence.TagAbsent)}
			}
			f.Pulls = append(f.Pulls, examine.Foresight{Want: w, Evidence: e, Place: cluster.Place{Platform: evidence.Platform{OS: "linux", Arch: "amd64"}, Nodes: []*corev1.Node{{}}}})
		}
	}
	return f
}

// blind is a seer that sees nothing, as for a user who may not list nodes.
type blind struct{}

func (blind) Foresee(_ context.Context, q examine.Prospect) examine.Foreseen {
	return examine.Foreseen{Time: now(), NotLookedAt: []evidence.Gap{{Check: evidence.CheckNode, Why: "you may not list nodes"}}}
}

// deployment is one whose second revision asks for a tag that is not there.
func deployment() []runtime.Object {
	labels := map[string]string{"app": "api"}
	template := func(image string) corev1.PodTemplateSpec {
		return corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "api", Image: image}}}}
	}
	owned := func(kind, name string, uid types.UID) []metav1.OwnerReference {
		return []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: kind, Name: name, UID: uid, Controller: new(true)}}
	}
	set := func(name, revision, image string, ready int32) *appsv1.ReplicaSet {
		return &appsv1.ReplicaSet{
			ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, UID: types.UID(name), Labels: labels, Annotations: map[string]string{"deployment.kubernetes.io/revision": revision}, OwnerReferences: owned("Deployment", "api", "d1"), CreationTimestamp: metav1.NewTime(now().Add(-time.Hour))},
			Spec:       appsv1.ReplicaSetSpec{Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: template(image)},
			Status:     appsv1.ReplicaSetStatus{ReadyReplicas: ready},
		}
	}
	return []runtime.Object{
		&appsv1.Deployment{
			ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "api", UID: "d1", Generation: 2, Annotations: map[string]string{"deployment.kubernetes.io/revision": "2"}},
			Spec:       appsv1.DeploymentSpec{Replicas: new(int32(1)), Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: template(bad)},
		},
		set("api-1", "1", good, 1), set("api-2", "2", bad, 0),
		pod("api-1-x", "api-1", good, corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}),
		pod("api-2-x", "api-2", bad, corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff", Message: `Back-off pulling image "` + bad + `": not found`}}),
	}
}

func pod(name, set, image string, state corev1.ContainerState) *corev1.Pod {
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: name, UID: types.UID(name), Labels: map[string]string{"app": "api"}, CreationTimestamp: metav1.NewTime(now().Add(-time.Minute)),
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: set, UID: types.UID(set), Controller: new(true)}},
		},
		Spec:   corev1.PodSpec{NodeName: "worker-1", Containers: []corev1.Container{{Name: "api", Image: image}}},
		Status: corev1.PodStatus{Phase: corev1.PodPending, ContainerStatuses: []corev1.ContainerStatus{{Name: "api", Image: image, State: state}}},
	}
	if state.Running != nil {
		p.Status.Phase = corev1.PodRunning
		p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	}
	return p
}

// sick is the diagnosis of the new revision's pod.
func sick() diagnosis.Diagnosis {
	return diagnosis.Diagnosis{
		Pull: evidence.Pull{
			Namespace: "shop", Pod: "api-2-x", Container: "api", ContainerKind: evidence.Container, Image: bad,
			Owner: evidence.Object{Kind: "Deployment", Namespace: "shop", Name: "api"}, Via: []evidence.Object{{Kind: "ReplicaSet", Namespace: "shop", Name: "api-2"}},
			Reason: "ImagePullBackOff",
		},
		Causes: []diagnosis.Cause{{Cause: catalog.TagNotFound, Verdict: diagnosis.Confirmed, State: diagnosis.Failing}},
	}
}

// A bench is a mender over a small API server.
type bench struct {
	*mend.Mender
	server *clustertest.Server
}

func newBench(t *testing.T, s verify.Seer, objects ...runtime.Object) bench {
	t.Helper()
	server := clustertest.New(t, objects...)
	asks, err := cluster.New(server.Config, cluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	writes, err := edit.New(server.Config, edit.Options{})
	if err != nil {
		t.Fatal(err)
	}
	known, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	return bench{mend.New(mend.Options{Cluster: asks, Edit: writes, Seer: s, Catalog: known, Now: now, Poll: time.Millisecond}), server}
}

// untilEnd is how long a plan may be watched: briefly where nothing is to come of it,
// and else as long as a busy machine may take.
func untilEnd(want mend.Outcome, briefly time.Duration) time.Duration {
	if want == mend.StillPulling {
		return briefly
	}
	return time.Minute
}

func (b bench) plan(t *testing.T, o remedy.Options) mend.Plan {
	t.Helper()
	plans, err := b.Plan(t.Context(), []diagnosis.Diagnosis{sick()}, o)
	if err != nil {
		t.Fatal(err)
	}
	if len(plans) != 1 {
		t.Fatalf("%d plans, want one", len(plans))
	}
	return plans[0]
}
