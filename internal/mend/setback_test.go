// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend_test

import (
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullmedic/pullmedic/internal/cluster/clustertest"
	"github.com/pullmedic/pullmedic/internal/mend"
	"github.com/pullmedic/pullmedic/internal/remedy"
)

func TestWhoSetsTheChangeBackEndsTheWatch(t *testing.T) {
	for name, c := range map[string]struct {
		image string // that is there after the other's write
		by    string
		pod   *corev1.Pod
		want  mend.Outcome
		says  string
	}{
		"before a pod has pulled": {image: bad, by: "kustomize-controller", want: mend.Undone, says: "kustomize-controller has set back what was changed, before a pod could pull; halt it first"},
		"by nobody that is known": {image: bad, want: mend.Undone, says: "something else has set back"},
		"once a pod has pulled":   {image: bad, by: "argocd-controller", pod: pod("api-3-x", "api-3", good, runs), want: mend.Undone, says: "argocd-controller has set back what was changed, after pod/api-3-x had pulled; halt it first"},
		"to something else":       {image: good + "0", by: "kubectl", want: mend.StillPulling},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, seer{map[string]bool{good: true}}, deployment()...)
			b.server.Remove("pods", "shop", "api-1-x")
			p := b.plan(t, remedy.Options{})
			b.server.React(func(w clustertest.Write) {
				if w.Verb != "patch" || w.Resource != "deployments" {
					return
				}
				if c.pod != nil {
					b.server.Put(c.pod)
				}
				live := b.server.Object("deployments", "shop", "api").DeepCopyObject().(*appsv1.Deployment)
				live.Spec.Template.Spec.Containers[0].Image = c.image
				if c.by != "" {
					live.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: c.by, Operation: "Update", Time: new(metav1.NewTime(now())), FieldsV1: metav1.NewFieldsV1(`{"f:spec":{}}`)}}
				}
				b.server.Put(live)
			})
			r := b.Carry(t.Context(), p, true, untilEnd(c.want, 300*time.Millisecond), quiet)
			if said := r.Why + strings.Join(r.Notes, " "); r.Outcome != c.want || !strings.Contains(said, c.says) {
				t.Errorf("%s, says %q; want %s and %q", r.Outcome, said, c.want, c.says)
			}
			if records, _, _, err := b.Records(t.Context(), "shop"); err != nil || len(records) > 0 == (c.want == mend.Undone) {
				t.Errorf("%d records are left (%v)", len(records), err)
			}
		})
	}
}
