// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package examine_test

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/examine"
	"github.com/pullmedic/pullmedic/symptom"
)

const (
	deniedByPolicy = `Error creating: pods "api-7d9c5-" is forbidden: ValidatingAdmissionPolicy 'registries' with binding 'registries' denied request: images have to come from registry.example`
	deniedByLabel  = `Error creating: admission webhook "labels.example" denied the request: label team is missing`
	overQuota      = `Error creating: pods "api-7d9c5-x" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=10, limited: pods=10`
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

func TestWhatIsNoRefusalOfAnImageIsLeftOut(t *testing.T) {
	for name, c := range map[string]struct {
		made    int32
		message string
	}{
		"a quota":                        {0, overQuota},
		"a rule about something else":    {0, deniedByLabel},
		"a rule that lets it through by": {1, deniedByPolicy},
	} {
		rs := set("docker.io/acme/api:1", c.made)
		h := newHouse(t, deployment("shop", "api"), rs, refusedEvent(rs, "ReplicaSet", c.message))
		if s := h.survey(t, examine.Scope{}); len(s.Pulls) > 0 || len(s.NotLookedAt) > 0 {
			t.Errorf("%s: %d pulls, not looked at %+v", name, len(s.Pulls), s.NotLookedAt)
		}
	}
}

func TestARefusalOfAnotherWorkloadIsNotToldOfThisOne(t *testing.T) {
	rs := set("docker.io/acme/api:1", 0)
	h := newHouse(t, deployment("shop", "web"), deployment("shop", "api"), rs, refusedEvent(rs, "ReplicaSet", deniedByPolicy))
	if s := h.objects(t, examine.ObjectRef{Kind: "deployment", Namespace: "shop", Name: "web"}); len(s.Pulls) > 0 {
		t.Errorf("%+v", s.Pulls)
	}
}
