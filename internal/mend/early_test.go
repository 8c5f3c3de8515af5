// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend_test

import (
	"context"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster/clustertest"
	"github.com/pullmedic/pullmedic/internal/examine"
	"github.com/pullmedic/pullmedic/internal/mend"
)

const loginLess = "failed to pull and unpack image: failed to resolve reference: pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials"

// changedTo is the image by its digest, which gives a bare pod a fresh back-off.
const changedTo = bad + "@" + pinned

const pinned = "sha256:" + "5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e"

// digested sees what a seer does, with the digest of each image that is there.
type digested struct{ seer }

func (s digested) Foresee(ctx context.Context, q examine.Prospect) examine.Foreseen {
	f := s.seer.Foresee(ctx, q)
	for i := range f.Pulls {
		for j := range f.Pulls[i].Evidence.Findings {
			if found := &f.Pulls[i].Evidence.Findings[j]; found.Outcome == evidence.ManifestPresent {
				found.Details = map[string]string{"digest": pinned}
			}
		}
	}
	return f
}

// A kubelet hears of a secret by another watch than of a pod: it may pull before it
// has the secret, and tries again by itself.
func TestAPodThatPulledBeforeItsKubeletHadTheSecretIsJudgedByItsNextAttempt(t *testing.T) {
	for name, c := range map[string]struct {
		first, then string // what the pod shows; "" if it runs
		want        mend.Outcome
	}{
		"its next attempt pulls":                    {loginLess, "", mend.Mended},
		"its next attempt fails, too":               {loginLess, loginLess, mend.Undone},
		"its first fails for something else":        {changedTo + ": not found", changedTo + ": not found", mend.Undone},
		"its next attempt fails for something else": {loginLess, changedTo + ": not found", mend.Undone},
	} {
		t.Run(name, func(t *testing.T) {
			shows := func(image, words string) *corev1.Pod {
				state := runs
				if words != "" {
					state = waitsFor("ErrImagePull", `failed to pull "`+image+`": `+words)
				}
				p := bare(image, state)
				p.Spec.ImagePullSecrets = []corev1.LocalObjectReference{{Name: "harbor"}}
				return p
			}
			before := shows(bad, loginLess)
			b := newBench(t, digested{seer{map[string]bool{bad: true, changedTo: true}}}, before)
			d := diagnosis.Diagnosis{
				Pull: evidence.Pull{
					Namespace: "shop", Pod: "api", PodUID: "api", Container: "api", ContainerKind: evidence.Container, Image: bad, PullSecrets: []string{"harbor"},
					Owner: evidence.Object{Kind: "Pod", Namespace: "shop", Name: "api"}, Reason: "ImagePullBackOff",
				},
				Causes: []diagnosis.Cause{{Cause: catalog.SecretMissing, Verdict: diagnosis.Confirmed, State: diagnosis.Failing}},
			}
			plans, err := b.Plan(t.Context(), []diagnosis.Diagnosis{d}, robot())
			if err != nil || len(plans) != 1 || !plans[0].Ready() {
				t.Fatalf("%d plans, %v: %+v", len(plans), err, plans)
			}
			var changed time.Time
			b.server.React(func(w clustertest.Write) {
				if w.Verb == "patch" && w.Resource == "pods" {
					changed = time.Now()
					b.server.Put(shows(changedTo, c.first))
				}
			})
			waited := false
			r := b.Carry(t.Context(), plans[0], true, time.Minute, func(what string) {
				if strings.Contains(what, "its next attempt tells") {
					waited = true
					b.server.Put(shows(changedTo, c.then))
				}
			})
			if r.Outcome != c.want || waited != (c.first == loginLess) || changed.IsZero() {
				t.Errorf("got %+v, want %s; waited: %v", r, c.want, waited)
			}
			if e := event(b); c.want == mend.Undone && (e == nil || !strings.HasSuffix(e.Message, "; the pod failed to pull again")) {
				t.Errorf("the event is %+v", e)
			}
		})
	}
}
