// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/internal/cluster/clustertest"
	"github.com/pullmedic/pullmedic/internal/mend"
	"github.com/pullmedic/pullmedic/internal/remedy"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// robot is a login that a person brings.
func robot() remedy.Options {
	return remedy.Options{Logins: []remedy.Login{{Credential: keyring.Credential{Username: "robot", Password: keyring.NewPassword("pmcanary")}}}}
}

// hashed is a pod that carries the hash of its template.
func hashed(name, hash, image string, state corev1.ContainerState) *corev1.Pod {
	p := pod(name, "api-"+hash, image, state)
	p.Labels[appsv1.DefaultDeploymentUniqueLabelKey] = hash
	return p
}

// Only a credential is changed, and no template. While the rollout hangs, an
// autoscaler makes pods of the former revision as well, which pulled all the time.
func TestAPodOfAFormerRevisionShowsNothingOfACredential(t *testing.T) {
	for name, c := range map[string]struct {
		formerFails bool // a pod of the former revision failed before, too
		former      corev1.ContainerState
		next        corev1.ContainerState // of the new revision
		outcome     mend.Outcome
		pulled      []string
		left        int
		why         string
	}{
		"the new revision pulls":       {former: runs, next: runs, outcome: mend.Mended, pulled: []string{"api-2-z"}},
		"the new revision fails":       {former: runs, next: waitsFor("ErrImagePull", "denied"), outcome: mend.Undone, why: "pod/api-2-z"},
		"the former one fails":         {former: waitsFor("ErrImagePull", "denied"), next: runs, outcome: mend.Mended, pulled: []string{"api-2-z"}},
		"the former one failed before": {formerFails: true, former: runs, next: runs, outcome: mend.Mended, pulled: []string{"api-1-y", "api-2-z"}, left: 1},
	} {
		t.Run(name, func(t *testing.T) {
			objects := deployment()
			for i, o := range objects {
				switch o := o.(type) {
				case *appsv1.Deployment:
					o.Spec.Replicas = new(int32(2))
				case *appsv1.ReplicaSet:
					o.Labels = map[string]string{"app": "api", appsv1.DefaultDeploymentUniqueLabelKey: strings.TrimPrefix(o.Name, "api-")}
				case *corev1.Pod:
					if hash := strings.TrimSuffix(strings.TrimPrefix(o.Name, "api-"), "-x"); hash == "2" {
						objects[i] = hashed(o.Name, hash, bad, o.Status.ContainerStatuses[0].State)
					} else if c.formerFails {
						objects[i] = hashed(o.Name, hash, good, waitsFor("ImagePullBackOff", "denied"))
					} else {
						objects[i] = hashed(o.Name, hash, good, runs)
					}
				}
			}
			objects = append(objects, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "default", UID: "sa"}})
			b := newBench(t, seer{map[string]bool{good: true, bad: true}}, objects...)
			plans, err := b.Plan(t.Context(), []diagnosis.Diagnosis{fails("api", bad, catalog.CredentialsMissing)}, robot())
			if err != nil || len(plans) != 1 || !slices.Equal(plans[0].Evict, []mend.Pod{{Namespace: "shop", Name: "api-2-x", UID: "api-2-x"}}) {
				t.Fatalf("%+v, %v", plans, err)
			}
			b.server.React(func(w clustertest.Write) {
				if w.Verb == "evict" && w.Name == "api-2-x" {
					b.server.Remove("pods", "shop", "api-2-x")
					b.server.Put(hashed("api-1-y", "1", good, c.former))
					next := hashed("api-2-z", "2", bad, c.next)
					if slices.Contains(c.pulled, "api-1-y") { // which alone would do, while there is no other
						b.server.Put(next)
						return
					}
					time.AfterFunc(20*time.Millisecond, func() { b.server.Put(next) })
				}
			})
			r := b.Carry(t.Context(), plans[0], true, time.Minute, quiet)
			slices.Sort(r.Pulled)
			if r.Outcome != c.outcome || r.Left != c.left || !slices.Equal(r.Pulled, c.pulled) || !strings.Contains(r.Why, c.why) {
				t.Errorf("got %+v", r)
			}
		})
	}
}
