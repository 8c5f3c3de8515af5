// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/managedfields"
)

// revisionAnnotation numbers a Deployment's ReplicaSets.
const revisionAnnotation = "deployment.kubernetes.io/revision"

// maxEarlier bounds the earlier revisions that are kept.
const maxEarlier = 20

// replicaSet finds the Deployment (or what else makes ReplicaSets) and its other
// sets, which the set's own selector finds without the hash.
func (w *Workload) replicaSet(ctx context.Context, ask Asker, name string, pod *corev1.Pod) {
	set, err := ask.ReplicaSet(ctx, pod.Namespace, name)
	if err != nil {
		w.Owner = Guess(pod)
		w.Errs = append(w.Errs, err)
		return
	}
	w.Template = &set.Spec.Template.Spec
	w.Current = number(set)
	w.begin(w.Owner)
	w.ofReplicaSets([]appsv1.ReplicaSet{*set})
	owner := metav1.GetControllerOf(set)
	if owner == nil || set.Spec.Selector == nil {
		w.Rolled = managedfields.Last(set.ObjectMeta, "f:spec", "f:template")
		w.climb(ctx, ask, set)
		return
	}
	isDeployment := kindOf(*owner) == "Deployment.apps"

	var deployment *appsv1.Deployment
	var sets []appsv1.ReplicaSet
	var errDeployment, errSets error
	var both sync.WaitGroup
	if isDeployment {
		both.Go(func() { deployment, errDeployment = ask.Deployment(ctx, set.Namespace, owner.Name) })
	}
	both.Go(func() {
		sets, errSets = ask.ReplicaSets(ctx, set.Namespace, metav1.FormatLabelSelector(withoutHash(set.Spec.Selector)))
	})
	both.Wait()
	if errSets != nil {
		w.Errs = append(w.Errs, errSets)
	}
	sets = slices.DeleteFunc(sets, func(s appsv1.ReplicaSet) bool {
		c := metav1.GetControllerOf(&s)
		return c == nil || c.UID != owner.UID
	})
	newest := true
	for i := range sets {
		s := &sets[i]
		if s.UID == set.UID {
			continue
		}
		newest = newest && !s.CreationTimestamp.After(set.CreationTimestamp.Time)
		r := Revision{Number: number(s), Name: s.Name, Created: s.CreationTimestamp.Time, Images: images(s.Spec.Template.Spec), Ready: s.Status.ReadyReplicas}
		if s.Spec.Replicas != nil {
			r.Wanted = *s.Spec.Replicas
		}
		w.earlier(r)
	}
	var meta metav1.ObjectMeta
	w.begin(object(set.Namespace, *owner))
	if w.ofReplicaSets(sets); errSets != nil || len(sets) == 0 {
		w.Impact = evidence.Impact{} // from one set of several, nothing follows
	}
	switch {
	case !isDeployment:
		w.climb(ctx, ask, set)
	case errDeployment != nil:
		w.under(object(set.Namespace, *owner))
		w.Errs = append(w.Errs, errDeployment)
	default:
		w.under(object(set.Namespace, *owner))
		w.begin(w.Owner)
		w.ofDeployment(deployment)
		w.climb(ctx, ask, deployment)
		meta = deployment.ObjectMeta
	}
	w.serve()
	w.rolled(set.CreationTimestamp.Time, newest, meta)
}

// withoutHash is the selector of all sets of one owner: without the labels by
// which Deployments and Argo's Rollouts keep theirs apart.
func withoutHash(s *metav1.LabelSelector) *metav1.LabelSelector {
	s = s.DeepCopy()
	delete(s.MatchLabels, appsv1.DefaultDeploymentUniqueLabelKey)
	delete(s.MatchLabels, "rollouts-pod-template-hash")
	return s
}

// rolled notes when the current template came: when its revision was made, or,
// for one that somebody went back to, when the template was last written. Who
// wrote the template last made it, unless he changed something else since.
func (w *Workload) rolled(made time.Time, newest bool, meta metav1.ObjectMeta) {
	by := managedfields.Last(meta, "f:spec", "f:template")
	switch {
	case newest:
		w.Rolled.Time = made
		if !by.Time.IsZero() && (by.Time.Sub(made) < sameWrite || managedfields.Writers(meta, "f:spec", "f:template") == 1) {
			w.Rolled.By = by.By
		}
	case !by.Time.IsZero():
		w.Rolled = by
	}
}

// sameWrite is how long after a template is written its revision may be made.
const sameWrite = 30 * time.Second

func (w *Workload) statefulSet(ctx context.Context, ask Asker, name string, pod *corev1.Pod) {
	set, err := ask.StatefulSet(ctx, pod.Namespace, name)
	if err != nil {
		w.Errs = append(w.Errs, err)
		return
	}
	w.Template = &set.Spec.Template.Spec
	w.controllerRevisions(ctx, ask, set, set.Spec.Selector, pod)
	w.begin(w.Owner)
	w.ofStatefulSet(set)
	w.climb(ctx, ask, set)
}

func (w *Workload) daemonSet(ctx context.Context, ask Asker, name string, pod *corev1.Pod) {
	set, err := ask.DaemonSet(ctx, pod.Namespace, name)
	if err != nil {
		w.Errs = append(w.Errs, err)
		return
	}
	w.Template = &set.Spec.Template.Spec
	w.controllerRevisions(ctx, ask, set, set.Spec.Selector, pod)
	w.begin(w.Owner)
	w.ofDaemonSet(set)
	w.climb(ctx, ask, set)
}

// controllerRevisions keep the earlier templates of StatefulSets and
// DaemonSets; the pod's label names its own.
func (w *Workload) controllerRevisions(ctx context.Context, ask Asker, set metav1.Object, selector *metav1.LabelSelector, pod *corev1.Pod) {
	all, err := ask.ControllerRevisions(ctx, pod.Namespace, metav1.FormatLabelSelector(selector))
	if err != nil {
		w.Errs = append(w.Errs, err)
		return
	}
	hash := pod.Labels[appsv1.ControllerRevisionHashLabelKey]
	own := slices.IndexFunc(all, func(r appsv1.ControllerRevision) bool {
		return hash != "" && (r.Name == hash || r.Labels[appsv1.ControllerRevisionHashLabelKey] == hash)
	})
	if own >= 0 {
		w.Current = all[own].Revision
	}
	newest := true
	for i, r := range all {
		if c := metav1.GetControllerOf(&r); c == nil || c.UID != set.GetUID() || i == own {
			continue
		}
		newest = newest && own >= 0 && !r.CreationTimestamp.After(all[own].CreationTimestamp.Time)
		// The data is a patch that sets spec.template.
		var data struct {
			Spec struct {
				Template struct {
					Spec corev1.PodSpec `json:"spec"`
				} `json:"template"`
			} `json:"spec"`
		}
		if json.Unmarshal(r.Data.Raw, &data) == nil {
			w.earlier(Revision{Number: r.Revision, Name: r.Name, Created: r.CreationTimestamp.Time, Images: images(data.Spec.Template.Spec)})
		}
	}
	if own >= 0 {
		w.rolled(all[own].CreationTimestamp.Time, newest, metav1.ObjectMeta{ManagedFields: set.GetManagedFields()})
	}
}

// earlier keeps a revision if it is older than the current one; where numbers
// are not known, any other.
func (w *Workload) earlier(r Revision) {
	if w.Current > 0 && r.Number >= w.Current {
		return
	}
	w.Earlier = append(w.Earlier, r)
	slices.SortStableFunc(w.Earlier, func(a, b Revision) int {
		if a.Number != b.Number {
			return int(max(-1, min(1, b.Number-a.Number)))
		}
		return b.Created.Compare(a.Created)
	})
	w.Earlier = w.Earlier[:min(len(w.Earlier), maxEarlier)]
}

// number of a ReplicaSet's revision, 0 if it has none.
func number(set *appsv1.ReplicaSet) int64 {
	text := set.Annotations[revisionAnnotation]
	if text == "" {
		text = set.Annotations["rollout.argoproj.io/revision"]
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}
