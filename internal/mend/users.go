// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/internal/managedfields"
	"github.com/pullmedic/pullmedic/internal/remedy"
)

// Users are what names a secret that fix made and that undo removes.
type Users struct {
	// Pods that have not ended.
	Pods int
	// Others are objects that came to name it by themselves, since fix made it:
	// deployment/web, serviceaccount/builder, and pods that none of these makes.
	Others []string
}

// users fills in who uses the secrets that an undo removes: one that others came to
// name stays, and nothing is undone. What cannot be listed is told.
func (m *Mender) users(ctx context.Context, u *Undo) {
	for i := range u.Backs {
		b := &u.Backs[i]
		if b.Object.Kind != "Secret" || !b.Removes || b.Standing != Stands {
			continue
		}
		m.usersOf(ctx, u, b)
		slices.Sort(b.Users.Others)
		if len(b.Users.Others) > 0 {
			b.Standing = InUse
		}
	}
}

func (m *Mender) usersOf(ctx context.Context, u *Undo, b *Back) {
	name, made := b.Object.Name, b.live.GetCreationTimestamp().Time
	complete, err := m.cluster.Pods(ctx, b.Object.Namespace, "", maxPodPages, func(p *corev1.Pod) {
		if p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed || !names(p.Spec, name) {
			return
		}
		b.Users.Pods++
		account := remedy.Object{Kind: "ServiceAccount", Name: cluster.AccountOf(p)}
		if !fromOurKinds(p) && !u.setsBack(account, name) && p.CreationTimestamp.After(made) {
			b.Users.Others = append(b.Users.Others, "pod/"+p.Name)
		}
	})
	var unseen []string
	if err != nil || !complete {
		unseen = append(unseen, "pods")
	}
	for _, kind := range append(slices.Sorted(maps.Keys(kinds)), "ServiceAccount") {
		if kind == "Pod" {
			continue
		}
		o := remedy.Object{Kind: kind, Namespace: b.Object.Namespace}
		o.APIVersion, o.Resource = served(kind)
		list, more, err := m.edit.List(ctx, o, "", maxListed)
		if err != nil || more {
			unseen = append(unseen, o.Resource)
		}
		for _, live := range list {
			live.SetKind(kind) // an element of a list may not say it
			o.Name = live.GetName()
			if o.String() != u.Record.Target && !u.setsBack(o, name) && cameToName(&live, name, made) {
				b.Users.Others = append(b.Users.Others, o.String())
			}
		}
	}
	if len(unseen) > 0 {
		u.NotLookedAt = append(u.NotLookedAt, evidence.Gap{
			Check: evidence.CheckScope, Subject: evidence.Subject{Kind: evidence.SubjectSecret, Name: b.Object.Namespace + "/" + name},
			Why:   "whether others name " + b.Object.String() + " by now: not all could be listed of " + strings.Join(unseen, ", "),
			Needs: "list " + strings.Join(unseen, ", ") + " in namespace " + b.Object.Namespace,
		})
	}
}

// setsBack tells whether undo has an object no longer name a secret.
func (u Undo) setsBack(o remedy.Object, secret string) bool {
	return slices.ContainsFunc(u.Backs, func(b Back) bool {
		return b.Standing == Stands && b.Object.Kind == o.Kind && b.Object.Name == o.Name && slices.ContainsFunc(b.Edits, func(e remedy.Edit) bool {
			return strings.HasSuffix(e.Path, "/imagePullSecrets") && refers(e.Old, secret) && !refers(e.New, secret)
		})
	})
}

func refers(list any, secret string) bool {
	all, _ := list.([]any)
	return slices.ContainsFunc(all, func(ref any) bool {
		named, _ := ref.(map[string]any)
		return named["name"] == secret
	})
}

// cameToName tells whether an object names a secret, and was not seen to name it
// before the secret was made: fix makes secrets that are named and missing.
func cameToName(live *unstructured.Unstructured, secret string, made time.Time) bool {
	path := []string{"f:imagePullSecrets"}
	if live.GetKind() == "ServiceAccount" {
		if !refers(remedy.ValueAt(live.Object, "/imagePullSecrets"), secret) {
			return false
		}
	} else {
		var k remedy.Case
		k.Target.Kind = live.GetKind()
		if err := template(live, &k); err != nil || !names(k.Target.Template.Spec, secret) || fromOurKinds(live) || over(live) {
			return false
		}
		path = nil
		for _, field := range strings.Split(strings.Trim(k.TemplatePath()+"/spec", "/"), "/") {
			path = append(path, "f:"+field)
		}
	}
	last := managedfields.Last(metav1.ObjectMeta{ManagedFields: live.GetManagedFields()}, path...).Time
	return last.IsZero() || last.After(made)
}

// fromOurKinds tells what another object of the kinds that are looked at makes: it is
// that one that counts.
func fromOurKinds(o metav1.Object) bool {
	by := metav1.GetControllerOf(o)
	if by == nil {
		return false
	}
	_, known := kinds[by.Kind]
	return known
}

// over tells an object that makes no more pods: a Job that ended, or what some other
// controller's former revision has left.
func over(live *unstructured.Unstructured) bool {
	if live.GetKind() == "ReplicaSet" {
		return metav1.GetControllerOf(live) != nil && wantedPods(live) == 0
	}
	conditions, _, _ := unstructured.NestedSlice(live.Object, "status", "conditions")
	return live.GetKind() == "Job" && slices.ContainsFunc(conditions, func(c any) bool {
		said, _ := c.(map[string]any)
		return said["status"] == "True" && (said["type"] == "Complete" || said["type"] == "Failed")
	})
}

// names tells whether a pod names a secret: to pull with it, or for what it holds.
func names(s corev1.PodSpec, secret string) bool {
	for _, ref := range s.ImagePullSecrets {
		if ref.Name == secret {
			return true
		}
	}
	for _, v := range s.Volumes {
		if v.Secret != nil && v.Secret.SecretName == secret {
			return true
		}
		if v.Projected != nil && slices.ContainsFunc(v.Projected.Sources, func(p corev1.VolumeProjection) bool { return p.Secret != nil && p.Secret.Name == secret }) {
			return true
		}
	}
	return slices.ContainsFunc(slices.Concat(s.InitContainers, s.Containers), func(c corev1.Container) bool {
		return slices.ContainsFunc(c.Env, func(e corev1.EnvVar) bool {
			return e.ValueFrom != nil && e.ValueFrom.SecretKeyRef != nil && e.ValueFrom.SecretKeyRef.Name == secret
		}) || slices.ContainsFunc(c.EnvFrom, func(e corev1.EnvFromSource) bool { return e.SecretRef != nil && e.SecretRef.Name == secret })
	})
}
