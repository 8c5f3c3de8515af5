// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package workload_test

import (
	"fmt"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/internal/cluster/clustertest"
	"github.com/pullmedic/pullmedic/internal/workload"
)

// meta of an object in namespace shop that an owner controls ("" for none).
func meta(name, ownerKind, ownerVersion, ownerName string, labels map[string]string) metav1.ObjectMeta {
	m := metav1.ObjectMeta{Namespace: "shop", Name: name, UID: types.UID("uid-" + name), Labels: labels}
	if ownerKind != "" {
		yes := true
		m.OwnerReferences = []metav1.OwnerReference{{Kind: ownerKind, APIVersion: ownerVersion, Name: ownerName, UID: types.UID("uid-" + ownerName), Controller: &yes}}
	}
	return m
}

func template(image string) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: image}}}}
}

func selector(labels map[string]string) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: labels}
}

func replicaSet(hash, revision, image string, ready int32) *appsv1.ReplicaSet {
	l := map[string]string{"app": "api", "pod-template-hash": hash}
	m := meta("api-"+hash, "Deployment", "apps/v1", "api", l)
	m.Annotations = map[string]string{"deployment.kubernetes.io/revision": revision}
	return &appsv1.ReplicaSet{ObjectMeta: m, Spec: appsv1.ReplicaSetSpec{Selector: selector(l), Template: template(image)}, Status: appsv1.ReplicaSetStatus{ReadyReplicas: ready}}
}

func controllerRevision(name, owner, kind string, number int64, image string, labels map[string]string) *appsv1.ControllerRevision {
	data := fmt.Sprintf(`{"spec":{"template":{"$patch":"replace","spec":{"containers":[{"name":"app","image":%q}]}}}}`, image)
	return &appsv1.ControllerRevision{ObjectMeta: meta(name, kind, "apps/v1", owner, labels), Revision: number, Data: runtime.RawExtension{Raw: []byte(data)}}
}

func TestOf(t *testing.T) {
	api := map[string]string{"app": "api"}
	db := map[string]string{"app": "db"}
	objects := []runtime.Object{
		&appsv1.Deployment{ObjectMeta: meta("api", "", "", "", nil)},
		replicaSet("old", "16", "acme/api:1.26", 0), replicaSet("before", "17", "acme/api:1.27.4", 4), replicaSet("now", "18", "acme/api:1.27.44", 0), replicaSet("later", "19", "acme/api:1.28", 0),
		&appsv1.ReplicaSet{ObjectMeta: meta("stranger", "Deployment", "apps/v1", "another", map[string]string{"app": "api"})},
		&appsv1.StatefulSet{ObjectMeta: meta("db", "Postgres", "acme.example/v1", "main", nil), Spec: appsv1.StatefulSetSpec{Selector: selector(db), Template: template("pg:17")}},
		controllerRevision("db-1", "db", "StatefulSet", 1, "pg:16", db), controllerRevision("db-2", "db", "StatefulSet", 2, "pg:17", db),
		&appsv1.DaemonSet{ObjectMeta: meta("agent", "", "", "", nil), Spec: appsv1.DaemonSetSpec{Selector: selector(map[string]string{"app": "agent"}), Template: template("agent:2")}},
		&batchv1.Job{ObjectMeta: meta("report-1", "CronJob", "batch/v1", "report", nil), Spec: batchv1.JobSpec{Template: template("report:1")}},
		&batchv1.CronJob{ObjectMeta: meta("report", "", "", "", nil)},
		&batchv1.Job{ObjectMeta: meta("once", "", "", "", nil)},
	}
	client, err := cluster.New(clustertest.New(t, objects...).Config, cluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		meta     metav1.ObjectMeta
		image    string
		owner    string
		previous string
		revision int64
		errs     int
	}{
		"a bare pod":     {meta("p", "", "", "", nil), "x", "Pod/p", "", 0, 0},
		"a static pod":   {meta("p", "Node", "v1", "worker-1", nil), "x", "Pod/p", "", 0, 0},
		"a Deployment's": {meta("p", "ReplicaSet", "apps/v1", "api-now", api), "acme/api:1.27.44", "Deployment/api", "acme/api:1.27.4", 17, 0},
		"a StatefulSet's, which an operator made": {meta("db-0", "StatefulSet", "apps/v1", "db", map[string]string{"controller-revision-hash": "db-2"}), "pg:17", "Postgres/main", "pg:16", 1, 1},
		"a DaemonSet's":                   {meta("p", "DaemonSet", "apps/v1", "agent", nil), "agent:2", "DaemonSet/agent", "", 0, 0},
		"a CronJob's":                     {meta("p", "Job", "batch/v1", "report-1", nil), "report:1", "CronJob/report", "", 0, 0},
		"a Job's":                         {meta("p", "Job", "batch/v1", "once", nil), "x", "Job/once", "", 0, 0},
		"one of a kind that is not known": {meta("p", "Rollout", "argoproj.io/v1alpha1", "api", nil), "x", "Rollout/api", "", 0, 1},
		"one of a kind that has a known name in another group": {meta("p", "Job", "acme.example/v1", "once", nil), "x", "Job/once", "", 0, 1},
		"one whose ReplicaSet is gone":                         {meta("p", "ReplicaSet", "apps/v1", "web-77", map[string]string{"pod-template-hash": "77"}), "x", "Deployment/web", "", 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := workload.Of(t.Context(), client, &corev1.Pod{ObjectMeta: c.meta}, time.Now())
			if got := w.Owner.Kind + "/" + w.Owner.Name; got != c.owner || w.Owner.Namespace != "shop" {
				t.Errorf("owner is %+v, want %s", w.Owner, c.owner)
			}
			revision, image, _ := w.Previous("app", c.image)
			if image != c.previous || revision.Number != c.revision {
				t.Errorf("previous is %q of revision %d, want %q of %d", image, revision.Number, c.previous, c.revision)
			}
			if len(w.Errs) != c.errs {
				t.Errorf("errors are %v", w.Errs)
			}
		})
	}
}

func TestPreviousSkipsRevisionsWithTheSameImage(t *testing.T) {
	w := workload.Workload{Earlier: []workload.Revision{
		{Number: 3, Images: map[string]string{"app": "a:2"}, Created: time.Unix(3, 0)},
		{Number: 2, Images: map[string]string{"side": "b:1"}},
		{Number: 1, Images: map[string]string{"app": "a:1"}},
	}}
	if r, image, ok := w.Previous("app", "a:2"); !ok || image != "a:1" || r.Number != 1 {
		t.Errorf("got %+v, %q, %v", r, image, ok)
	}
	if _, _, ok := w.Previous("app", "a:9"); !ok {
		t.Error("no previous image for a new one")
	}
	if _, _, ok := w.Previous("new", "x"); ok {
		t.Error("a container that was not there before has a previous image")
	}
}

func TestGuess(t *testing.T) {
	for name, c := range map[string]struct {
		meta metav1.ObjectMeta
		want evidence.Object
	}{
		"by the hash that both carry": {meta("p", "ReplicaSet", "apps/v1", "api-77", map[string]string{"pod-template-hash": "77"}), evidence.Object{Kind: "Deployment", Namespace: "shop", Name: "api"}},
		"not by another hash":         {meta("p", "ReplicaSet", "apps/v1", "api-78", map[string]string{"pod-template-hash": "77"}), evidence.Object{Kind: "ReplicaSet", Namespace: "shop", Name: "api-78"}},
		"a bare pod":                  {meta("p", "", "", "", nil), evidence.Object{Kind: "Pod", Namespace: "shop", Name: "p"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := workload.Guess(&corev1.Pod{ObjectMeta: c.meta}); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}
