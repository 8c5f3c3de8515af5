// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
)

// The API server keeps events in no cache: to select some, it reads all of the
// namespace, or of the cluster, each time. So the warnings are read once, and
// both what controllers may not make and why pods fail is found among them.

// warnings are those of a namespace, or of all, that can be about a pull.
type warnings struct {
	byPod map[string][]corev1.Event
	// refused are the controllers that could not make a pod.
	refused refusedEvents
	// complete is false if there were too many: then those of pods are not kept.
	complete bool
	err      error
}

// ofPulls selects warnings that can be about a pull: unrelated ones, which a busy
// cluster has many of, are not even sent.
func ofPulls() fields.Selector {
	selectors := []fields.Selector{fields.OneTermEqualSelector("type", corev1.EventTypeWarning)}
	for _, reason := range []string{"Unhealthy", "FailedScheduling", "FailedMount", "FailedAttachVolume"} {
		selectors = append(selectors, fields.OneTermNotEqualSelector("reason", reason))
	}
	return fields.AndSelectors(selectors...)
}

// all reads the warnings of a namespace ("" for all) once.
func (r *Run) all(ctx context.Context, namespace string) warnings {
	return r.scopes.get(namespace, func() warnings { return r.readWarnings(ctx, namespace, ofPulls()) })
}

func (c *Client) readWarnings(ctx context.Context, namespace string, selector fields.Selector) warnings {
	w := warnings{byPod: map[string][]corev1.Event{}}
	w.complete, w.err = c.pages(ctx, question{c.core, "list", "events", namespace, ""}, metav1.ListOptions{FieldSelector: selector.String()}, maxEventPages,
		func() list { return &corev1.EventList{} },
		func(l list) bool {
			for _, e := range l.(*corev1.EventList).Items {
				w.add(e)
			}
			return true
		})
	if !w.complete {
		w.byPod = nil
	}
	sortEvents(w.byPod)
	return w
}

func (w *warnings) add(e corev1.Event) {
	e.ManagedFields = nil
	uid := string(e.InvolvedObject.UID)
	if e.Reason != ReasonRefused {
		if e.InvolvedObject.Kind == "Pod" && ofPull(e.Reason) {
			w.byPod[uid] = append(w.byPod[uid], e)
		}
		return
	}
	w.refused.add(e)
}

// Warnings of a namespace about the pods with these UIDs. Where all warnings of
// the namespace or of the cluster were asked for, the answer is among them.
func (r *Run) Warnings(ctx context.Context, namespace string, podUIDs map[string]bool) (Events, error) {
	for _, scope := range []string{"", namespace} {
		if w, ok := r.scopes.known(scope); ok && w.err == nil && w.complete {
			return Events{byPod: w.byPod}, nil
		}
	}
	return r.warnings.get([2]string{namespace, strings.Join(slices.Sorted(maps.Keys(podUIDs)), " ")}, func() answer[Events] {
		return answerOf(r.Client.Warnings(ctx, namespace, podUIDs))
	}).both()
}
