// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package examine_test

import (
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/examine"
	"github.com/pullmedic/pullmedic/symptom"
)

const (
	deniedByPolicy = `Error creating: pods "api-7d9c5-" is forbidden: ValidatingAdmissionPolicy 'registries' with binding 'registries' denied request: images have to come from registry.example`
	deniedByLabel  = `admission webhook "labels.example" denied the request: label team is missing`
	overQuota      = `pods "api-7d9c5-x" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=10, limited: pods=10`
	noAccount      = `pods "report-1-" is forbidden: error looking up service account shop/robot: serviceaccount "robot" not found`
)

// set is a ReplicaSet of a Deployment that wants a pod and has so many.
func set(image string, made int32) *appsv1.ReplicaSet {
	rs := replicaSet("shop", "api", "7d9c5", "1", image, 0)
	rs.Spec.Replicas, rs.Status.Replicas = new(int32(1)), made
	rs.Spec.Template.Labels = map[string]string{"pod-template-hash": "7d9c5"}
	return rs
}

func refusedEvent(about metav1.Object, kind, message string) *corev1.Event {
	return &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Namespace: about.GetNamespace(), Name: about.GetName() + ".refused"},
		InvolvedObject: corev1.ObjectReference{Kind: kind, Namespace: about.GetNamespace(), Name: about.GetName(), UID: about.GetUID()},
		Type:           corev1.EventTypeWarning, Reason: "FailedCreate", Message: message, Count: 4, FirstTimestamp: ago(10 * time.Minute), LastTimestamp: ago(time.Minute),
	}
}

func TestAPodThatNobodyMayMakeIsAPullToo(t *testing.T) {
	rs := set("docker.io/acme/api:1", 0)
	for name, look := range map[string]func(h *house) evidence.Survey{
		"the overview": func(h *house) evidence.Survey { return h.survey(t, examine.Scope{}) },
		"the deployment": func(h *house) evidence.Survey {
			return h.objects(t, examine.ObjectRef{Kind: "deploy", Namespace: "shop", Name: "api"})
		},
		"the replicaset": func(h *house) evidence.Survey {
			return h.objects(t, examine.ObjectRef{Kind: "rs", Namespace: "shop", Name: rs.Name})
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, deployment("shop", "api"), rs, refusedEvent(rs, "ReplicaSet", deniedByPolicy))
			e := one(t, look(h))
			p := e.Pull
			if p.Pod != "" || p.Reason != "FailedCreate" || p.Owner.Kind != "Deployment" || p.Owner.Name != "api" || p.Image != "docker.io/acme/api:1" || p.Attempts != 4 {
				t.Errorf("the pull is %+v", p)
			}
			if e.Symptom.Sign != symptom.AdmissionDenied {
				t.Errorf("the text reads as %s", e.Symptom.Sign)
			}
			wantOutcomes(t, e, evidence.AdmissionRefused)
			if len(h.prober.targets) > 0 {
				t.Errorf("a registry was asked: %+v", h.prober.targets)
			}
		})
	}
}

func TestPodsThatCannotBeMadeForOtherReasonsAreToldOf(t *testing.T) {
	rs := set("docker.io/acme/api:1", 0)
	batch := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "report-1", UID: "job-1", OwnerReferences: []metav1.OwnerReference{{Kind: "CronJob", Name: "report", UID: "cron-1", Controller: new(true)}}}}
	batch.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{"job-name": "report-1"}}
	batch.Spec.Template.Spec.Containers = []corev1.Container{{Name: "app", Image: "docker.io/acme/report:1"}}
	cron := &batchv1.CronJob{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "report", UID: "cron-1"}}
	for name, c := range map[string]struct {
		objects []runtime.Object
		ask     examine.ObjectRef
		want    evidence.Unmade
	}{
		"a quota": {
			[]runtime.Object{deployment("shop", "api"), rs, refusedEvent(rs, "ReplicaSet", "Error creating: "+overQuota)},
			examine.ObjectRef{Kind: "deploy", Namespace: "shop", Name: "api"},
			evidence.Unmade{Controller: evidence.Object{Kind: "ReplicaSet", Namespace: "shop", Name: rs.Name}, Owner: evidence.Object{Kind: "Deployment", Namespace: "shop", Name: "api"}, Wanted: 1, Message: overQuota},
		},
		"a rule about something else": {
			[]runtime.Object{deployment("shop", "api"), rs, refusedEvent(rs, "ReplicaSet", "Error creating: "+deniedByLabel)},
			examine.ObjectRef{Kind: "rs", Namespace: "shop", Name: rs.Name},
			evidence.Unmade{Controller: evidence.Object{Kind: "ReplicaSet", Namespace: "shop", Name: rs.Name}, Owner: evidence.Object{Kind: "Deployment", Namespace: "shop", Name: "api"}, Wanted: 1, Message: deniedByLabel},
		},
		"a job of a cron job": {
			[]runtime.Object{cron, batch, refusedEvent(batch, "Job", "Error creating: "+noAccount)},
			examine.ObjectRef{Kind: "cj", Namespace: "shop", Name: "report"},
			evidence.Unmade{Controller: evidence.Object{Kind: "Job", Namespace: "shop", Name: "report-1"}, Owner: evidence.Object{Kind: "CronJob", Namespace: "shop", Name: "report"}, Wanted: 1, Message: noAccount},
		},
		"a cron job that cannot make its job": {
			[]runtime.Object{cron, refusedEvent(cron, "CronJob", "Error creating job: jobs.batch is forbidden: exceeded quota: jobs")},
			examine.ObjectRef{Kind: "cj", Namespace: "shop", Name: "report"},
			evidence.Unmade{Controller: evidence.Object{Kind: "CronJob", Namespace: "shop", Name: "report"}, Owner: evidence.Object{Kind: "CronJob", Namespace: "shop", Name: "report"}, Message: "jobs.batch is forbidden: exceeded quota: jobs"},
		},
	} {
		c.want.Reason, c.want.Attempts, c.want.First, c.want.Last = "FailedCreate", 4, ago(10*time.Minute).Time, ago(time.Minute).Time
		for where, look := range map[string]func(h *house) evidence.Survey{
			"the overview": func(h *house) evidence.Survey { return h.survey(t, examine.Scope{}) },
			"by name":      func(h *house) evidence.Survey { return h.objects(t, c.ask) },
		} {
			s := look(newHouse(t, c.objects...))
			if len(s.Pulls) > 0 || len(s.NotLookedAt) > 0 || len(s.Unmade) != 1 {
				t.Errorf("%s, %s: %d pulls, not looked at %+v, unmade %+v", name, where, len(s.Pulls), s.NotLookedAt, s.Unmade)
				continue
			}
			got := s.Unmade[0]
			got.First, got.Last = got.First.UTC(), got.Last.UTC()
			c.want.First, c.want.Last = c.want.First.UTC(), c.want.Last.UTC()
			if got != c.want {
				t.Errorf("%s, %s: %+v\nwant %+v", name, where, got, c.want)
			}
		}
	}
}

func TestAStatusTellsOfUnmadePodsWhereEventsAreGone(t *testing.T) {
	const failure = "ReplicaFailure"
	is := func(condition appsv1.DeploymentConditionType, status corev1.ConditionStatus, reason, message string) runtime.Object {
		d := deployment("shop", "api")
		d.Status.Conditions = []appsv1.DeploymentCondition{{Type: condition, Status: status, Reason: reason, Message: message}}
		return d
	}
	rs := set("docker.io/acme/api:1", 0)
	rs.Status.Conditions = []appsv1.ReplicaSetCondition{{Type: failure, Status: corev1.ConditionTrue, Reason: "FailedCreate", Message: overQuota}}
	rc := &corev1.ReplicationController{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "api"}}
	rc.Spec.Selector, rc.Spec.Template = map[string]string{"app": "api"}, &rs.Spec.Template
	rc.Status.Conditions = []corev1.ReplicationControllerCondition{{Type: failure, Status: corev1.ConditionTrue, Reason: "FailedCreate", Message: overQuota}}
	for name, c := range map[string]struct {
		object runtime.Object
		ask    string
		want   string // reason, "" if pods can be made
	}{
		"a deployment whose pods are refused":         {is(failure, corev1.ConditionTrue, "FailedCreate", overQuota), "deploy/api", "FailedCreate"},
		"a deployment whose replica set is refused":   {is(appsv1.DeploymentProgressing, corev1.ConditionFalse, "ReplicaSetCreateError", overQuota), "deploy/api", "ReplicaSetCreateError"},
		"a deployment that was refused, and no more":  {is(failure, corev1.ConditionFalse, "FailedCreate", overQuota), "deploy/api", ""},
		"a deployment whose pods cannot be deleted":   {is(failure, corev1.ConditionTrue, "FailedDelete", "pods is forbidden"), "deploy/api", ""},
		"a deployment that is behind its time":        {is(appsv1.DeploymentProgressing, corev1.ConditionFalse, "ProgressDeadlineExceeded", "it has timed out"), "deploy/api", ""},
		"a replica set whose pods are refused":        {rs, "rs/" + rs.Name, "FailedCreate"},
		"a replication controller that makes no pods": {rc, "rc/api", "FailedCreate"},
	} {
		kind, of, _ := strings.Cut(c.ask, "/")
		s := newHouse(t, c.object).objects(t, examine.ObjectRef{Kind: kind, Namespace: "shop", Name: of})
		if c.want == "" {
			if len(s.Unmade) > 0 {
				t.Errorf("%s: %+v", name, s.Unmade)
			}
			continue
		}
		if len(s.Unmade) != 1 || s.Unmade[0].Message != overQuota || s.Unmade[0].Reason != c.want || s.Unmade[0].Owner.Name != of || s.Unmade[0].Wanted != 1 {
			t.Errorf("%s: %+v", name, s.Unmade)
		}
	}
}

func TestPodsThatWereMadeMeanwhileAreNotToldOf(t *testing.T) {
	for _, message := range []string{overQuota, deniedByPolicy} {
		rs := set("docker.io/acme/api:1", 1)
		h := newHouse(t, deployment("shop", "api"), rs, refusedEvent(rs, "ReplicaSet", message))
		if s := h.survey(t, examine.Scope{}); len(s.Pulls) > 0 || len(s.NotLookedAt) > 0 || len(s.Unmade) > 0 {
			t.Errorf("%s: %d pulls, not looked at %+v, unmade %+v", message, len(s.Pulls), s.NotLookedAt, s.Unmade)
		}
	}
}

func TestASelectorHoldsForUnmadePodsToo(t *testing.T) {
	for message, selector := range map[string]string{overQuota: "pod-template-hash=other", deniedByPolicy: "app=other"} {
		rs := set("docker.io/acme/api:1", 0)
		h := newHouse(t, deployment("shop", "api"), rs, refusedEvent(rs, "ReplicaSet", message))
		if s := h.survey(t, examine.Scope{Selector: selector}); len(s.Pulls) > 0 || len(s.Unmade) > 0 {
			t.Errorf("-l %s: %d pulls, unmade %+v", selector, len(s.Pulls), s.Unmade)
		}
	}
}

func TestARefusalOfAnotherWorkloadIsNotToldOfThisOne(t *testing.T) {
	rs := set("docker.io/acme/api:1", 0)
	h := newHouse(t, deployment("shop", "web"), deployment("shop", "api"), rs, refusedEvent(rs, "ReplicaSet", deniedByPolicy))
	if s := h.objects(t, examine.ObjectRef{Kind: "deployment", Namespace: "shop", Name: "web"}); len(s.Pulls) > 0 || len(s.Unmade) > 0 {
		t.Errorf("%+v %+v", s.Pulls, s.Unmade)
	}
}
