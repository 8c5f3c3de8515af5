// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// revisionAnnotation numbers a Deployment's ReplicaSets.
const revisionAnnotation = "deployment.kubernetes.io/revision"

// maxEarlier bounds the earlier revisions that are kept.
const maxEarlier = 20

// replicaSet finds the Deployment and its other ReplicaSets, which the set's
// own selector finds without the hash.
func (w *Workload) replicaSet(ctx context.Context, ask Asker, name string, pod *corev1.Pod) {
	set, err := ask.ReplicaSet(ctx, pod.Namespace, name)
	if err != nil {
		w.Owner = Guess(pod)
		w.Errs = append(w.Errs, err)
		return
	}
	w.Template = &set.Spec.Template.Spec
	w.Current = number(set)
	owner := metav1.GetControllerOf(set)
	if owner == nil {
		return
	}
	w.Owner = object(set.Namespace, *owner)
	if kindOf(*owner) != "Deployment.apps" || set.Spec.Selector == nil {
		return
	}
	selector := set.Spec.Selector.DeepCopy()
	delete(selector.MatchLabels, appsv1.DefaultDeploymentUniqueLabelKey)

	var deployment *appsv1.Deployment
	var sets []appsv1.ReplicaSet
	var errDeployment, errSets error
	var both sync.WaitGroup
	both.Go(func() { deployment, errDeployment = ask.Deployment(ctx, set.Namespace, owner.Name) })
	both.Go(func() { sets, errSets = ask.ReplicaSets(ctx, set.Namespace, metav1.FormatLabelSelector(selector)) })
	both.Wait()
	if errDeployment != nil {
		w.Errs = append(w.Errs, errDeployment)
	} else {
		w.above(deployment)
	}
	if errSets != nil {
		w.Errs = append(w.Errs, errSets)
	}
	for i := range sets {
		s := &sets[i]
		if c := metav1.GetControllerOf(s); c == nil || c.UID != owner.UID || s.UID == set.UID {
			continue
		}
		r := Revision{Number: number(s), Created: s.CreationTimestamp.Time, Images: images(s.Spec.Template.Spec), Ready: s.Status.ReadyReplicas}
		if s.Spec.Replicas != nil {
			r.Wanted = *s.Spec.Replicas
		}
		w.earlier(r)
	}
}

func (w *Workload) statefulSet(ctx context.Context, ask Asker, name string, pod *corev1.Pod) {
	set, err := ask.StatefulSet(ctx, pod.Namespace, name)
	if err != nil {
		w.Errs = append(w.Errs, err)
		return
	}
	w.above(set)
	w.Template = &set.Spec.Template.Spec
	w.controllerRevisions(ctx, ask, set.UID, set.Spec.Selector, pod)
}

func (w *Workload) daemonSet(ctx context.Context, ask Asker, name string, pod *corev1.Pod) {
	set, err := ask.DaemonSet(ctx, pod.Namespace, name)
	if err != nil {
		w.Errs = append(w.Errs, err)
		return
	}
	w.above(set)
	w.Template = &set.Spec.Template.Spec
	w.controllerRevisions(ctx, ask, set.UID, set.Spec.Selector, pod)
}

// controllerRevisions keep the earlier templates of StatefulSets and
// DaemonSets; the pod's label names its own.
func (w *Workload) controllerRevisions(ctx context.Context, ask Asker, owner types.UID, selector *metav1.LabelSelector, pod *corev1.Pod) {
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
	for i, r := range all {
		if c := metav1.GetControllerOf(&r); c == nil || c.UID != owner || i == own {
			continue
		}
		// The data is a patch that sets spec.template.
		var data struct {
			Spec struct {
				Template struct {
					Spec corev1.PodSpec `json:"spec"`
				} `json:"template"`
			} `json:"spec"`
		}
		if json.Unmarshal(r.Data.Raw, &data) == nil {
			w.earlier(Revision{Number: r.Revision, Created: r.CreationTimestamp.Time, Images: images(data.Spec.Template.Spec)})
		}
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
	n, err := strconv.ParseInt(set.Annotations[revisionAnnotation], 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}
