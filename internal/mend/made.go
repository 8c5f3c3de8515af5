// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"context"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/internal/edit"
	"github.com/pullmedic/pullmedic/internal/remedy"
)

// A lineage tells the pods that an object made from all others that its selector
// finds. Nothing keeps two selectors from overlapping, or a person from giving a
// pod of their own such labels; those pods are not to be evicted, and say nothing
// about a change.
type lineage struct {
	edit   *edit.Client
	target remedy.Object
	// jobs of a CronJob that are looked at, by name.
	jobs []string
	// sets that were looked at already: whether the target made them.
	sets map[types.UID]bool
}

func (m *Mender) lineage(live *unstructured.Unstructured, diagnoses []diagnosis.Diagnosis) lineage {
	return lineage{
		edit: m.edit, jobs: jobsOf(diagnoses), sets: map[types.UID]bool{},
		target: remedy.Object{Kind: live.GetKind(), Namespace: live.GetNamespace(), Name: live.GetName(), UID: string(live.GetUID())},
	}
}

// made are those of some pods that the target made, by itself or through a
// ReplicaSet or Job.
func (l lineage) made(ctx context.Context, pods []*corev1.Pod) ([]*corev1.Pod, error) {
	var made []*corev1.Pod
	for _, pod := range pods {
		is, err := l.makes(ctx, metav1.GetControllerOf(pod))
		if err != nil {
			return nil, err
		}
		if is {
			made = append(made, pod)
		}
	}
	return made, nil
}

// makes tells whether what controls a pod is the target, or was made by it.
func (l lineage) makes(ctx context.Context, c *metav1.OwnerReference) (bool, error) {
	switch {
	case c == nil:
		return false, nil
	case l.target.Kind == "CronJob":
		return c.Kind == "Job" && slices.Contains(l.jobs, c.Name), nil
	case l.target.Kind != "Deployment":
		return string(c.UID) == l.target.UID, nil
	case c.Kind != "ReplicaSet":
		return false, nil
	}
	if made, known := l.sets[c.UID]; known {
		return made, nil
	}
	made, err := l.makesSet(ctx, c.Name)
	if err == nil {
		l.sets[c.UID] = made
	}
	return made, err
}

// makesSet asks for a ReplicaSet's own owner. If it is gone or may not be read, its
// name tells: a Deployment names its sets after itself and a hash without a hyphen.
// An answer that did not come is no reason to guess.
func (l lineage) makesSet(ctx context.Context, name string) (bool, error) {
	set, err := l.edit.Get(ctx, remedy.Object{APIVersion: "apps/v1", Kind: "ReplicaSet", Resource: "replicasets", Namespace: l.target.Namespace, Name: name})
	switch reason := edit.ReasonOf(err); {
	case err == nil:
		c := metav1.GetControllerOf(set)
		return c != nil && string(c.UID) == l.target.UID, nil
	case reason == edit.TimedOut, reason == edit.Failed:
		return false, err
	}
	hash, ok := strings.CutPrefix(name, l.target.Name+"-")
	return ok && hash != "" && !strings.Contains(hash, "-"), nil
}

// jobsOf are the Jobs through which a CronJob made the pods of some diagnoses.
func jobsOf(diagnoses []diagnosis.Diagnosis) []string {
	var names []string
	for _, d := range diagnoses {
		for _, via := range d.Pull.Via {
			if via.Kind == "Job" && !slices.Contains(names, via.Name) {
				names = append(names, via.Name)
			}
		}
	}
	return names
}
