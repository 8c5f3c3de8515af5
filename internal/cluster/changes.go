// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/foreign"
)

// madeWith is how soon after its creation a write of an object is its making.
const madeWith = 2 * time.Second

// SecretChange tells when a pull secret's content was last written; false if
// that is not known.
func SecretChange(namespace string, a SecretAnswer) (evidence.Change, bool) {
	what := "its content was written"
	if a.Written.Sub(a.Created) < madeWith {
		what = "it was made"
	}
	return evidence.Change{
		Time: a.Written, What: what, By: a.By,
		Object: evidence.Object{Kind: "Secret", Namespace: namespace, Name: foreign.Text(a.Name, 253)},
	}, a.Err == nil && !a.Written.IsZero()
}

// AccountChange tells when the pull secrets of a service account were last
// written; false if that is not known.
func AccountChange(sa *corev1.ServiceAccount) (evidence.Change, bool) {
	w := written(sa.ObjectMeta, "f:imagePullSecrets")
	what := "its pull secrets were written"
	if w.By == "" {
		what = "it was made"
	}
	return evidence.Change{
		Time: w.Time, What: what, By: w.By,
		Object: evidence.Object{Kind: "ServiceAccount", Namespace: sa.Namespace, Name: sa.Name},
	}, !w.Time.IsZero()
}

// NodeChanges tell when a node joined, and when its kubelet last came back.
func NodeChanges(node *corev1.Node) []evidence.Change {
	object := evidence.Object{Kind: "Node", Name: node.Name}
	var changes []evidence.Change
	joined := node.CreationTimestamp.Time
	if !joined.IsZero() {
		changes = append(changes, evidence.Change{Time: joined, Object: object, What: "it joined the cluster"})
	}
	i := slices.IndexFunc(node.Status.Conditions, func(c corev1.NodeCondition) bool { return c.Type == corev1.NodeReady })
	if i < 0 {
		return changes
	}
	ready := node.Status.Conditions[i]
	at := ready.LastTransitionTime.Time
	switch {
	case ready.Status != corev1.ConditionTrue && !at.IsZero():
		changes = append(changes, evidence.Change{Time: at, Object: object, What: "it is not ready any more"})
	case at.Sub(joined) > firstReady:
		changes = append(changes, evidence.Change{Time: at, Object: object, What: "it became ready again"})
	}
	return changes
}

// firstReady is how long a new node may take until it is ready for the first
// time.
const firstReady = 10 * time.Minute
