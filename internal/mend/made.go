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

// made tells whether the target made the pod, by itself or through a ReplicaSet
// or Job.
func (l lineage) made(ctx context.Context, pod *corev1.Pod) bool {
	c := metav1.GetControllerOf(pod)
	switch {
	case c == nil:
		return false
	case l.target.Kind == "CronJob":
		return c.Kind == "Job" && slices.Contains(l.jobs, c.Name)
	case l.target.Kind != "Deployment":
		return string(c.UID) == l.target.UID
	case c.Kind != "ReplicaSet":
		return false
	}
	made, known := l.sets[c.UID]
	if !known {
		made = l.madeSet(ctx, c.Name)
		l.sets[c.UID] = made
	}
	return made
}

// madeSet asks for a ReplicaSet's own owner. If it is gone or may not be read, its
// name tells: a Deployment names its sets after itself and a hash without a hyphen.
func (l lineage) madeSet(ctx context.Context, name string) bool {
	set, err := l.edit.Get(ctx, remedy.Object{APIVersion: "apps/v1", Kind: "ReplicaSet", Resource: "replicasets", Namespace: l.target.Namespace, Name: name})
	if err == nil {
		c := metav1.GetControllerOf(set)
		return c != nil && string(c.UID) == l.target.UID
	}
	hash, ok := strings.CutPrefix(name, l.target.Name+"-")
	return ok && hash != "" && !strings.Contains(hash, "-")
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
