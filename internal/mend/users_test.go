// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/mend"
	"github.com/pullmedic/pullmedic/internal/remedy"
)

// madeSecret is the bench after a fix that made secret hub-2 and had the Deployment
// and its service account name it.
func madeSecret(t *testing.T, more ...runtime.Object) (b bench, id string) {
	t.Helper()
	refs := []corev1.LocalObjectReference{{Name: "hub-2"}}
	all := deployment()
	d := all[0].(*appsv1.Deployment)
	d.Spec.Template.Spec.ImagePullSecrets = refs
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "default", UID: "sa1"}, ImagePullSecrets: refs}
	b = newBench(t, seer{}, append(append(all, account), more...)...)
	// What fix wrote down, and what it made.
	was := remedy.Object{Namespace: "shop", Kind: "Secret", APIVersion: "v1", Resource: "secrets", Name: "hub-2"}
	list := []any{map[string]any{"name": "hub-2"}}
	var p mend.Plan
	p.Case.Now = now()
	p.Case.Target.Object = remedy.Object{APIVersion: "apps/v1", Kind: "Deployment", Resource: "deployments", Namespace: "shop", Name: "api", UID: "d1", Generation: 1}
	p.Chosen = []mend.Choice{{Remedy: remedy.Remedy{ID: "new-secret", Cause: "CredentialsMissing", Title: "Make secret hub-2"}}}
	p.Changes = []remedy.Change{
		{Object: was, New: map[string]any{"apiVersion": "v1", "kind": "Secret"}},
		{Object: remedy.Object{APIVersion: "v1", Kind: "ServiceAccount", Resource: "serviceaccounts", Namespace: "shop", Name: "default", UID: "sa1"}, Edits: []remedy.Edit{{Path: "/imagePullSecrets", New: list}}},
		{Object: p.Case.Target.Object, Edits: []remedy.Edit{{Path: "/spec/template/spec/imagePullSecrets", New: list}}},
	}
	id, err := b.Write(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	b.server.Put(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "hub-2", UID: "s2", CreationTimestamp: metav1.NewTime(now()), Labels: map[string]string{"pullmedic.dev/record": id}}, Type: corev1.SecretTypeDockerConfigJson})
	return b, id
}

func naming(secret string) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: good}}, ImagePullSecrets: []corev1.LocalObjectReference{{Name: secret}}}}
}

// written gives an object a write of its template, or of its list, at some time.
func written(o metav1.Object, at time.Time) {
	stamp := metav1.NewTime(at)
	o.SetManagedFields([]metav1.ManagedFieldsEntry{{Manager: "kubectl", Operation: "Update", Time: &stamp, FieldsV1: metav1.NewFieldsV1(`{"f:imagePullSecrets":{},"f:spec":{"f:template":{"f:spec":{"f:imagePullSecrets":{}}}}}`)}})
}

func TestASecretThatOthersNameByNowStays(t *testing.T) {
	meta := func(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Namespace: "shop", Name: name} }
	named := func(name string, made time.Duration, owner string) *corev1.Pod {
		p := pod(name, "x", good, runs)
		p.Spec.ImagePullSecrets = []corev1.LocalObjectReference{{Name: "hub-2"}}
		p.Spec.ServiceAccountName = "other"
		p.CreationTimestamp = metav1.NewTime(now().Add(made))
		p.OwnerReferences = nil
		if owner != "" {
			p.OwnerReferences = []metav1.OwnerReference{{Kind: owner, Name: "x", UID: "x", Controller: new(true)}}
		}
		return p
	}
	web := &appsv1.Deployment{ObjectMeta: meta("web"), Spec: appsv1.DeploymentSpec{Template: naming("hub-2")}}
	before := web.DeepCopy()
	written(before, now().Add(-time.Minute))
	since := web.DeepCopy()
	written(since, now().Add(time.Minute))
	mounts := &appsv1.StatefulSet{ObjectMeta: meta("db")}
	mounts.Spec.Template.Spec.Volumes = []corev1.Volume{{Name: "x", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "hub-2"}}}}
	job := &batchv1.Job{ObjectMeta: meta("once"), Spec: batchv1.JobSpec{Template: naming("hub-2")}}
	ended := job.DeepCopy()
	ended.Status.Conditions = []batchv1.JobCondition{{Type: batchv1.JobComplete, Status: corev1.ConditionTrue}}
	builder := &corev1.ServiceAccount{ObjectMeta: meta("builder"), ImagePullSecrets: []corev1.LocalObjectReference{{Name: "hub-2"}}}
	own := named("by-its-account", time.Minute, "")
	own.Spec.ServiceAccountName = "default"
	done := named("ended", time.Minute, "")
	done.Status.Phase = corev1.PodSucceeded
	for name, c := range map[string]struct {
		more   []runtime.Object
		pods   int
		others []string
	}{
		"nobody else":                              {nil, 0, nil},
		"a Deployment":                             {[]runtime.Object{web}, 0, []string{"deployment/web"}},
		"one that came to it since":                {[]runtime.Object{since}, 0, []string{"deployment/web"}},
		"one that named it while it was missing":   {[]runtime.Object{before}, 0, nil},
		"one that mounts it":                       {[]runtime.Object{mounts}, 0, []string{"statefulset/db"}},
		"a service account":                        {[]runtime.Object{builder}, 0, []string{"serviceaccount/builder"}},
		"a Job":                                    {[]runtime.Object{job}, 0, []string{"job/once"}},
		"a Job that ended":                         {[]runtime.Object{ended}, 0, nil},
		"a pod of its own":                         {[]runtime.Object{named("debug", time.Minute, "")}, 1, []string{"pod/debug"}},
		"a pod of an operator's":                   {[]runtime.Object{named("runner", time.Minute, "Runner")}, 1, []string{"pod/runner"}},
		"a pod that its owner counts for":          {[]runtime.Object{named("web-1", time.Minute, "ReplicaSet")}, 1, nil},
		"a pod from before":                        {[]runtime.Object{named("early", -time.Minute, "")}, 1, nil},
		"a pod that the fix's account has name it": {[]runtime.Object{own}, 1, nil},
		"a pod that ended":                         {[]runtime.Object{done}, 0, nil},
		"several":                                  {[]runtime.Object{web, builder, named("debug", time.Minute, "")}, 1, []string{"deployment/web", "pod/debug", "serviceaccount/builder"}},
	} {
		t.Run(name, func(t *testing.T) {
			b, id := madeSecret(t, c.more...)
			u := planUndo(t, b, id)
			secret := u.Backs[2]
			if secret.Users.Pods != c.pods || !slices.Equal(secret.Users.Others, c.others) || len(u.NotLookedAt) > 0 {
				t.Errorf("got %+v, not looked at %v", secret.Users, u.NotLookedAt)
			}
			err := u.Blocked()
			if carried := b.CarryUndo(t.Context(), u, quiet); (carried == nil) != (c.others == nil) {
				t.Errorf("undone: %v", carried)
			}
			left := b.server.Object("secrets", "shop", "hub-2") != nil
			if c.others == nil {
				if err != nil || secret.Standing != mend.Stands || left {
					t.Errorf("%s, %v, it is left: %t", secret.Standing, err, left)
				}
				return
			}
			if secret.Standing != mend.InUse || err == nil || !strings.Contains(err.Error(), "secret/hub-2, which fix made, is named by "+strings.Join(c.others, ", ")+" by now, so nothing was undone") || !left {
				t.Errorf("%s, %v, it is left: %t", secret.Standing, err, left)
			}
			if d := b.server.Object("deployments", "shop", "api").(*appsv1.Deployment); len(d.Spec.Template.Spec.ImagePullSecrets) != 1 {
				t.Error("something was undone all the same")
			}
		})
	}
}

// Who may not list them is told what was not looked at, and may undo all the same.
func TestUndoTellsWhereTheUsersOfASecretCannotBeListed(t *testing.T) {
	b, id := madeSecret(t)
	b.server.Deny("list pods", "list cronjobs")
	u := planUndo(t, b, id)
	if u.Backs[2].Standing != mend.Stands || !slices.ContainsFunc(u.NotLookedAt, func(g evidence.Gap) bool { return g.Needs == "list pods, cronjobs in namespace shop" }) {
		t.Errorf("%s, not looked at %+v", u.Backs[2].Standing, u.NotLookedAt)
	}
	if err := b.CarryUndo(t.Context(), u, quiet); err != nil {
		t.Error(err)
	}
}
