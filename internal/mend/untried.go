// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/internal/remedy"
	"github.com/pullmedic/pullmedic/internal/verify"
)

// crashing is the reason of a container that ends again and again.
const crashing = "CrashLoopBackOff"

// Untried are the plan's diagnoses of pulls that no kubelet has tried yet, which were
// found by asking for all that the changed pod wants.
func (p Plan) Untried() []diagnosis.Diagnosis {
	return slices.DeleteFunc(slices.Clone(p.Case.Diagnoses), func(d diagnosis.Diagnosis) bool { return !remedy.Untried(d) })
}

// behind are diagnoses of what disproves the plan and is not of it: pulls that the
// failing pods' kubelets have not tried yet, and which would fail, too.
func (p *Plan) behind() []diagnosis.Diagnosis {
	var found []diagnosis.Diagnosis
	for _, a := range p.Result.Answers {
		known := func(d diagnosis.Diagnosis) bool { return samePlace(d.Pull, a.Evidence.Pull) }
		if a.Proof != verify.Disproved || a.Decided == nil || slices.ContainsFunc(p.Case.Diagnoses, known) || slices.ContainsFunc(found, known) {
			continue
		}
		for _, c := range p.Chosen {
			if pull, waits := p.waitsFor(c.Diagnosis.Pull, a.Evidence.Pull); waits {
				d := a.Diagnosis
				d.Pull = pull
				found = append(found, d)
				break
			}
		}
	}
	return found
}

// waitsFor is a pull as a pod will make it that fails of another one and has not come
// to this one.
func (p *Plan) waitsFor(failing, next evidence.Pull) (evidence.Pull, bool) {
	for _, pod := range p.Case.Failing(failing) {
		if _, statuses := imageOf(pod, next); !slices.ContainsFunc(statuses, notReached) {
			continue
		}
		for _, pull := range cluster.Pulls(pod) {
			if samePlace(pull, next) && pull.Image == next.Image {
				pull.Owner, pull.Via, pull.Manager = failing.Owner, failing.Via, failing.Manager
				pull.Node, pull.Platform, pull.Runtime, pull.KubeletVersion = failing.Node, next.Platform, failing.Runtime, failing.KubeletVersion
				pull.OSImage, pull.NodeRoles = failing.OSImage, failing.NodeRoles
				pull.Reason = remedy.Initializing
				return pull, true
			}
		}
	}
	return evidence.Pull{}, false
}

// notReached tells a container to which its kubelet has not come.
func notReached(s corev1.ContainerStatus) bool {
	return s.State.Waiting != nil && s.State.Waiting.Reason == remedy.Initializing
}

// endsBefore tells that an init container ends again and again, so that its pod does
// not come to what is behind it.
func endsBefore(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.InitContainerStatuses, func(s corev1.ContainerStatus) bool {
		return s.State.Waiting != nil && s.State.Waiting.Reason == crashing
	})
}
