// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package workload_test

import (
	"reflect"
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

func now() time.Time { return time.Date(2026, 11, 21, 3, 50, 0, 0, time.UTC) }

func ago(d time.Duration) metav1.Time { return metav1.NewTime(now().Add(-d)) }

func of(t *testing.T, pod metav1.ObjectMeta, objects ...runtime.Object) workload.Workload {
	t.Helper()
	client, err := cluster.New(clustertest.New(t, objects...).Config, cluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return workload.Of(t.Context(), client, &corev1.Pod{ObjectMeta: pod}, now())
}

func TestImpact(t *testing.T) {
	three, limit, completions, no := int32(3), int64(600), int32(5), false
	yes := !no
	db := map[string]string{"app": "db"}
	named := func(kind, name string) evidence.Object {
		return evidence.Object{Kind: kind, Namespace: "shop", Name: name}
	}
	canary := func(hash, revision string, wanted, ready int32) *appsv1.ReplicaSet {
		l := map[string]string{"app": "web", "rollouts-pod-template-hash": hash}
		m := meta("web-"+hash, "Rollout", "argoproj.io/v1alpha1", "web", l)
		m.Annotations = map[string]string{"rollout.argoproj.io/revision": revision}
		return &appsv1.ReplicaSet{ObjectMeta: m, Spec: appsv1.ReplicaSetSpec{Selector: selector(l), Replicas: &wanted, Template: template("web:" + revision)}, Status: appsv1.ReplicaSetStatus{ReadyReplicas: ready}}
	}
	started := ago(4 * time.Minute)
	cron := func(schedule string, suspend bool, last *metav1.Time) []runtime.Object {
		c := &batchv1.CronJob{ObjectMeta: meta("report", "", "", "", nil), Spec: batchv1.CronJobSpec{Schedule: schedule, Suspend: &suspend}, Status: batchv1.CronJobStatus{LastSuccessfulTime: last}}
		c.CreationTimestamp = ago(72 * time.Hour)
		return []runtime.Object{c, &batchv1.Job{ObjectMeta: meta("report-1", "CronJob", "batch/v1", "report", nil), Spec: batchv1.JobSpec{Template: template("report:1"), ActiveDeadlineSeconds: &limit},
			Status: batchv1.JobStatus{StartTime: &started}}}
	}
	yesterday := ago(25 * time.Hour)
	for name, c := range map[string]struct {
		pod     metav1.ObjectMeta
		objects []runtime.Object
		want    evidence.Impact
	}{
		"a StatefulSet that rolls out": {
			pod: meta("db-2", "StatefulSet", "apps/v1", "db", map[string]string{"controller-revision-hash": "db-2"}),
			objects: []runtime.Object{
				&appsv1.StatefulSet{ObjectMeta: meta("db", "", "", "", nil), Spec: appsv1.StatefulSetSpec{Replicas: &three, Selector: selector(db), Template: template("pg:17")},
					Status: appsv1.StatefulSetStatus{ReadyReplicas: 2, CurrentRevision: "db-1", UpdateRevision: "db-2"}},
				controllerRevision("db-1", "db", "StatefulSet", 1, "pg:16", db), controllerRevision("db-2", "db", "StatefulSet", 2, "pg:17", db),
			},
			want: evidence.Impact{Workload: named("StatefulSet", "db"), Wanted: 3, Ready: 2, Revision: 2, Serving: evidence.Serving{Revision: 1}},
		},
		"a DaemonSet of which one node is not covered": {
			pod: meta("agent-x", "DaemonSet", "apps/v1", "agent", nil),
			objects: []runtime.Object{&appsv1.DaemonSet{ObjectMeta: meta("agent", "", "", "", nil), Spec: appsv1.DaemonSetSpec{Selector: selector(db), Template: template("agent:2")},
				Status: appsv1.DaemonSetStatus{DesiredNumberScheduled: 5, NumberReady: 4, UpdatedNumberScheduled: 5}}},
			want: evidence.Impact{Workload: named("DaemonSet", "agent"), Wanted: 5, Ready: 4},
		},
		"an Argo Rollout, by its ReplicaSets": {
			pod:     meta("web-new-x", "ReplicaSet", "apps/v1", "web-new", nil),
			objects: []runtime.Object{canary("new", "4", 1, 0), canary("old", "3", 5, 5)},
			want:    evidence.Impact{Workload: evidence.Object{Group: "argoproj.io", Kind: "Rollout", Namespace: "shop", Name: "web"}, Wanted: 6, Ready: 5, Revision: 4, Serving: evidence.Serving{Revision: 3, Ready: 5}},
		},
		"a ReplicationController": {
			pod: meta("old-x", "ReplicationController", "v1", "old", nil),
			objects: []runtime.Object{&corev1.ReplicationController{ObjectMeta: meta("old", "", "", "", nil), Spec: corev1.ReplicationControllerSpec{Replicas: &three},
				Status: corev1.ReplicationControllerStatus{ReadyReplicas: 1}}},
			want: evidence.Impact{Workload: named("ReplicationController", "old"), Wanted: 3, Ready: 1},
		},
		"a Job with a deadline": {
			pod: meta("once-x", "Job", "batch/v1", "once", nil),
			objects: []runtime.Object{&batchv1.Job{ObjectMeta: meta("once", "", "", "", nil), Spec: batchv1.JobSpec{Completions: &completions, ActiveDeadlineSeconds: &limit},
				Status: batchv1.JobStatus{Succeeded: 2, StartTime: &started}}},
			want: evidence.Impact{Workload: named("Job", "once"), Wanted: 5, Ready: 2, Deadline: now().Add(6 * time.Minute)},
		},
		"a Job whose deadline is over": {
			pod: meta("once-x", "Job", "batch/v1", "once", nil),
			objects: []runtime.Object{&batchv1.Job{ObjectMeta: meta("once", "", "", "", nil), Spec: batchv1.JobSpec{ActiveDeadlineSeconds: &limit},
				Status: batchv1.JobStatus{StartTime: &started, Conditions: []batchv1.JobCondition{{Type: batchv1.JobFailed, Status: corev1.ConditionTrue, Reason: "DeadlineExceeded", LastTransitionTime: ago(time.Minute)}}}}},
			want: evidence.Impact{Workload: named("Job", "once"), Wanted: 1, Stalled: true, StalledSince: now().Add(-time.Minute)},
		},
		"a CronJob that missed runs": {
			pod: meta("report-1-x", "Job", "batch/v1", "report-1", nil), objects: cron("0 * * * *", no, &yesterday),
			want: evidence.Impact{Workload: named("CronJob", "report"), Missed: 25, LastSuccess: yesterday.Time, Deadline: now().Add(6 * time.Minute)},
		},
		"a CronJob that never succeeded": {
			pod: meta("report-1-x", "Job", "batch/v1", "report-1", nil), objects: cron("@daily", no, nil),
			want: evidence.Impact{Workload: named("CronJob", "report"), Missed: 3, Deadline: now().Add(6 * time.Minute)},
		},
		"a CronJob that is suspended": {
			pod: meta("report-1-x", "Job", "batch/v1", "report-1", nil), objects: cron("* * * * *", yes, &yesterday),
			want: evidence.Impact{Workload: named("CronJob", "report"), LastSuccess: yesterday.Time, Deadline: now().Add(6 * time.Minute)},
		},
		"a bare pod": {pod: meta("p", "", "", "", nil)},
	} {
		t.Run(name, func(t *testing.T) {
			got := of(t, c.pod, c.objects...).Impact
			// The wire drops the time zone.
			got.Deadline, got.StalledSince, got.LastSuccess = utc(got.Deadline), utc(got.StalledSince), utc(got.LastSuccess)
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("impact is\n%+v, want\n%+v", got, c.want)
			}
		})
	}
}

func utc(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC()
}

func TestManagers(t *testing.T) {
	for name, c := range map[string]struct {
		labels, annotations map[string]string
		wrote               string
		want                evidence.Manager
	}{
		"nobody": {},
		"a Helm release": {
			labels:      map[string]string{"app.kubernetes.io/managed-by": "Helm"},
			annotations: map[string]string{"meta.helm.sh/release-name": "api", "meta.helm.sh/release-namespace": "shop"},
			want:        evidence.Manager{Tool: "Helm", Name: "shop/api"},
		},
		"Argo CD, which installs a Helm chart": {
			labels:      map[string]string{"app.kubernetes.io/managed-by": "Helm"},
			annotations: map[string]string{"argocd.argoproj.io/tracking-id": "shop-prod:apps/Deployment:shop/api"},
			want:        evidence.Manager{Tool: "Argo CD", Name: "shop-prod"},
		},
		"Flux, by a kustomization": {
			labels: map[string]string{"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"},
			want:   evidence.Manager{Tool: "Flux", Name: "flux-system/apps"},
		},
		"Flux, by a release that Helm notes, too": {
			labels:      map[string]string{"helm.toolkit.fluxcd.io/name": "api", "helm.toolkit.fluxcd.io/namespace": "shop", "app.kubernetes.io/managed-by": "Helm"},
			annotations: map[string]string{"meta.helm.sh/release-name": "api"},
			want:        evidence.Manager{Tool: "Flux", Name: "shop/api"},
		},
		"Argo CD, by the field manager alone": {wrote: "argocd-controller", want: evidence.Manager{Tool: "Argo CD"}},
		"somebody with kubectl":               {wrote: "kubectl-edit"},
		"an operator":                         {labels: map[string]string{"app.kubernetes.io/managed-by": "strimzi"}, want: evidence.Manager{Tool: "strimzi"}},
		"one whose name is no good":           {annotations: map[string]string{"argocd.argoproj.io/tracking-id": "a\x1b[31mb:x"}, want: evidence.Manager{Tool: "Argo CD", Name: "a[31mb"}},
		"a template of Helm's alone":          {labels: map[string]string{"app.kubernetes.io/managed-by": "Helm", "app.kubernetes.io/instance": "api"}, want: evidence.Manager{Tool: "Helm", Name: "api"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := &appsv1.Deployment{ObjectMeta: meta("api", "", "", "", nil)}
			d.Labels, d.Annotations = c.labels, c.annotations
			if at := ago(time.Minute); c.wrote != "" {
				d.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: c.wrote, Time: &at, FieldsV1: metav1.NewFieldsV1(`{"f:spec":{}}`)}}
			}
			l := map[string]string{"app": "api"}
			set := &appsv1.ReplicaSet{ObjectMeta: meta("api-1", "Deployment", "apps/v1", "api", l), Spec: appsv1.ReplicaSetSpec{Selector: selector(l)}}
			got := of(t, meta("p", "ReplicaSet", "apps/v1", "api-1", nil), d, set).Manager
			if got != c.want {
				t.Errorf("manager is %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestWhenATemplateCame(t *testing.T) {
	l := map[string]string{"app": "api"}
	wrote := func(manager string, before time.Duration, subresource string) metav1.ManagedFieldsEntry {
		at := ago(before)
		return metav1.ManagedFieldsEntry{Manager: manager, Time: &at, Subresource: subresource, FieldsV1: metav1.NewFieldsV1(`{"f:spec":{"f:template":{}}}`)}
	}
	set := func(name string, before time.Duration) *appsv1.ReplicaSet {
		s := &appsv1.ReplicaSet{ObjectMeta: meta(name, "Deployment", "apps/v1", "api", l), Spec: appsv1.ReplicaSetSpec{Selector: selector(l)}}
		s.CreationTimestamp = ago(before)
		return s
	}
	for name, c := range map[string]struct {
		own, other time.Duration
		writes     []metav1.ManagedFieldsEntry
		at         time.Duration
		by         string
	}{
		"with its newest revision":                       {10 * time.Minute, time.Hour, []metav1.ManagedFieldsEntry{wrote("helm", 10*time.Minute, "")}, 10 * time.Minute, "helm"},
		"by somebody who changed something else since":   {10 * time.Minute, time.Hour, []metav1.ManagedFieldsEntry{wrote("helm", time.Minute, "")}, 10 * time.Minute, "helm"},
		"and who, is not known where two changed it":     {10 * time.Minute, time.Hour, []metav1.ManagedFieldsEntry{wrote("helm", time.Hour, ""), wrote("kubectl-edit", time.Minute, "")}, 10 * time.Minute, ""},
		"by going back to an older one":                  {48 * time.Hour, time.Hour, []metav1.ManagedFieldsEntry{wrote("kubectl-rollout", 5*time.Minute, "")}, 5 * time.Minute, "kubectl-rollout"},
		"which a write of the status does not tell":      {48 * time.Hour, time.Hour, []metav1.ManagedFieldsEntry{wrote("kube-controller-manager", 5*time.Minute, "status")}, 0, ""},
		"with its newest revision, and nobody is known":  {10 * time.Minute, time.Hour, nil, 10 * time.Minute, ""},
		"by going back, and nobody is known, so neither": {48 * time.Hour, time.Hour, nil, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := &appsv1.Deployment{ObjectMeta: meta("api", "", "", "", nil)}
			d.ManagedFields = c.writes
			got := of(t, meta("p", "ReplicaSet", "apps/v1", "own", nil), d, set("own", c.own), set("other", c.other)).Rolled
			want := time.Time{}
			if c.at > 0 {
				want = now().Add(-c.at)
			}
			if !got.Time.Equal(want) || got.By != c.by {
				t.Errorf("rolled out at %s by %q, want %s by %q", got.Time, got.By, want, c.by)
			}
		})
	}
}

func TestImpactWithLessRights(t *testing.T) {
	l := map[string]string{"app": "api"}
	set := func(name string, wanted, ready int32) *appsv1.ReplicaSet {
		return &appsv1.ReplicaSet{ObjectMeta: meta(name, "Deployment", "apps/v1", "api", l), Spec: appsv1.ReplicaSetSpec{Selector: selector(l), Replicas: &wanted}, Status: appsv1.ReplicaSetStatus{ReadyReplicas: ready}}
	}
	three := int32(3)
	for name, c := range map[string]struct {
		deny          []string
		workload      string
		wanted, ready int
	}{
		"all":                                    {nil, "api", 3, 3},
		"without the Deployment, its sets count": {[]string{"get deployments"}, "api", 4, 3},
		"without the other sets, it counts":      {[]string{"list replicasets"}, "api", 3, 3},
		"without both, nothing is claimed":       {[]string{"get deployments", "list replicasets"}, "", 0, 0},
		"without the set itself, neither":        {[]string{"get replicasets"}, "", 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			server := clustertest.New(t, set("own", 1, 0), set("old", 3, 3),
				&appsv1.Deployment{ObjectMeta: meta("api", "", "", "", nil), Spec: appsv1.DeploymentSpec{Replicas: &three}, Status: appsv1.DeploymentStatus{ReadyReplicas: 3}})
			server.Deny(c.deny...)
			client, err := cluster.New(server.Config, cluster.Options{})
			if err != nil {
				t.Fatal(err)
			}
			w := workload.Of(t.Context(), client, &corev1.Pod{ObjectMeta: meta("p", "ReplicaSet", "apps/v1", "own", nil)}, now())
			if i := w.Impact; i.Workload.Name != c.workload || i.Wanted != c.wanted || i.Ready != c.ready {
				t.Errorf("impact is %+v", i)
			}
			if len(w.Errs) != len(c.deny) {
				t.Errorf("errors are %v", w.Errs)
			}
		})
	}
}

func TestOwnersThatGoRoundEndSomewhere(t *testing.T) {
	one := func(name, owner string) *metav1.PartialObjectMetadata {
		return &metav1.PartialObjectMetadata{TypeMeta: metav1.TypeMeta{APIVersion: "acme.example/v1", Kind: "Thing"}, ObjectMeta: meta(name, "Thing", "acme.example/v1", owner, nil)}
	}
	w := of(t, meta("p", "Thing", "acme.example/v1", "a", nil), one("a", "b"), one("b", "a"))
	if w.Owner.Name != "b" || len(w.Via) != 1 || len(w.Errs) > 0 {
		t.Errorf("owner is %+v via %+v, errors %v", w.Owner, w.Via, w.Errs)
	}
}

func TestAReferenceThatIsNoNameIsNotAskedFor(t *testing.T) {
	for _, ref := range []metav1.OwnerReference{
		{APIVersion: "acme.example/v1", Kind: "Thing", Name: "../../secrets/hub"},
		{APIVersion: "acme.example/../v1", Kind: "Thing", Name: "a"},
		{APIVersion: "a/b/c", Kind: "Thing", Name: "a"},
		{APIVersion: "../api/v1", Kind: "Secret", Name: "hub"},
	} {
		server := clustertest.New(t)
		client, err := cluster.New(server.Config, cluster.Options{})
		if err != nil {
			t.Fatal(err)
		}
		yes := true
		ref.Controller, ref.UID = &yes, types.UID("u")
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "p", OwnerReferences: []metav1.OwnerReference{ref}}}
		if w := workload.Of(t.Context(), client, pod, now()); len(w.Errs) != 1 || len(server.Asked()) > 0 {
			t.Errorf("%+v: errors %v, asked %q", ref, w.Errs, server.Asked())
		}
	}
}
