// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/pullmedic/pullmedic/internal/cluster/clustertest"
)

func TestWhoLacksPodsIsToldOfAndWhoHasAllIsNot(t *testing.T) {
	at := metav1.ObjectMeta{Namespace: "shop", Name: "x", UID: "uid-x"}
	template := corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "acme/app:1"}}}}
	told := time.Now().Add(-time.Minute).Truncate(time.Second)
	failed := []batchv1.JobCondition{{Type: batchv1.JobFailed, Status: corev1.ConditionTrue}}
	for name, c := range map[string]struct {
		object       runtime.Object
		kind         string
		wanted, made int // 0 of 0: nothing is told
		told         bool
	}{
		"a replica set without one":      {&appsv1.ReplicaSet{ObjectMeta: at, Spec: appsv1.ReplicaSetSpec{Template: template}}, "ReplicaSet", 1, 0, true},
		"a replica set scaled to none":   {&appsv1.ReplicaSet{ObjectMeta: at, Spec: appsv1.ReplicaSetSpec{Replicas: new(int32(0)), Template: template}}, "ReplicaSet", 0, 0, false},
		"a replica set with all":         {&appsv1.ReplicaSet{ObjectMeta: at, Spec: appsv1.ReplicaSetSpec{Replicas: new(int32(2)), Template: template}, Status: appsv1.ReplicaSetStatus{Replicas: 2}}, "ReplicaSet", 0, 0, false},
		"a replication controller":       {&corev1.ReplicationController{ObjectMeta: at, Spec: corev1.ReplicationControllerSpec{Replicas: new(int32(3)), Template: &template}, Status: corev1.ReplicationControllerStatus{Replicas: 1}}, "ReplicationController", 3, 1, true},
		"a stateful set with some":       {&appsv1.StatefulSet{ObjectMeta: at, Spec: appsv1.StatefulSetSpec{Replicas: new(int32(3)), Template: template}, Status: appsv1.StatefulSetStatus{Replicas: 2}}, "StatefulSet", 3, 2, true},
		"a daemon set without a node":    {&appsv1.DaemonSet{ObjectMeta: at, Spec: appsv1.DaemonSetSpec{Template: template}, Status: appsv1.DaemonSetStatus{DesiredNumberScheduled: 5, CurrentNumberScheduled: 4}}, "DaemonSet", 5, 4, true},
		"a job":                          {&batchv1.Job{ObjectMeta: at, Spec: batchv1.JobSpec{Template: template}}, "Job", 1, 0, true},
		"a job that is over":             {&batchv1.Job{ObjectMeta: at, Spec: batchv1.JobSpec{Template: template}, Status: batchv1.JobStatus{Conditions: failed}}, "Job", 0, 0, false},
		"a job with a pod":               {&batchv1.Job{ObjectMeta: at, Spec: batchv1.JobSpec{Template: template}, Status: batchv1.JobStatus{Active: 1}}, "Job", 0, 0, false},
		"a cron job":                     {&batchv1.CronJob{ObjectMeta: at}, "CronJob", 0, 0, true},
		"a cron job that made one since": {&batchv1.CronJob{ObjectMeta: at, Status: batchv1.CronJobStatus{LastScheduleTime: &metav1.Time{Time: told.Add(time.Second)}}}, "CronJob", 0, 0, false},
		"a cron job that is suspended":   {&batchv1.CronJob{ObjectMeta: at, Spec: batchv1.CronJobSpec{Suspend: new(true)}}, "CronJob", 0, 0, false},
		"what makes no pods":             {&corev1.Service{ObjectMeta: at}, "Service", 0, 0, false},
		"one that was made anew":         {&appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "x", UID: "other"}, Spec: appsv1.ReplicaSetSpec{Template: template}}, "ReplicaSet", 0, 0, false},
		"one that is gone":               {&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop"}}, "StatefulSet", 0, 0, false},
	} {
		event := &corev1.Event{
			ObjectMeta:     metav1.ObjectMeta{Namespace: "shop", Name: "e"},
			InvolvedObject: corev1.ObjectReference{Kind: c.kind, Namespace: "shop", Name: "x", UID: "uid-x"},
			Type:           corev1.EventTypeWarning, Reason: "FailedCreate", Message: "(combined from similar events): Error creating: Authorization: Basic Y2FuYXJ5OmNhbmFyeQ== is no quota",
			LastTimestamp: metav1.Time{Time: told}, Count: 2,
		}
		server := clustertest.New(t, c.object, event)
		got := client(t, server.Config).NewRun().Refusals(t.Context(), "shop", labels.Everything())
		if len(got.Errs) > 0 || len(got.Pods) > 0 || len(got.Unmade) == 1 != c.told {
			t.Errorf("%s: %+v", name, got)
			continue
		}
		if !c.told {
			continue
		}
		if u := got.Unmade[0]; u.Wanted != c.wanted || u.Made != c.made || u.Controller.Kind != c.kind || u.Owner != u.Controller || !u.Last.Equal(told) || u.Attempts != 2 ||
			u.Message != "Authorization: Basic [redacted] is no quota" {
			t.Errorf("%s: %+v", name, u)
		}
	}
}

func TestEventsThatMayNotBeReadAreAnError(t *testing.T) {
	server := clustertest.New(t)
	server.Deny("list events")
	got := client(t, server.Config).NewRun().Refusals(t.Context(), "shop", labels.Everything())
	if len(got.Errs) != 1 || len(got.Unmade) > 0 {
		t.Errorf("%+v", got)
	}
}
