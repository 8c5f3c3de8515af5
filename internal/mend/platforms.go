// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/internal/remedy"
)

// platforms tells which kinds of nodes there are, for an image that does not
// have the one that it was to run on.
func (m *Mender) platforms(ctx context.Context, k *remedy.Case) {
	if !slices.ContainsFunc(k.Diagnoses, func(d diagnosis.Diagnosis) bool { return d.Causes[0].Cause == catalog.PlatformMismatch }) {
		return
	}
	nodes, _, err := m.cluster.Nodes(ctx)
	if err != nil {
		k.NotLookedAt = append(k.NotLookedAt, cluster.GapOf(evidence.CheckNode, evidence.Subject{Kind: evidence.SubjectWorkload, Name: k.Target.Name}, err))
		return
	}
	for _, n := range nodes {
		p := evidence.Platform{OS: n.Labels[corev1.LabelOSStable], Arch: n.Labels[corev1.LabelArchStable]}
		if p.Arch != "" && !slices.Contains(k.Platforms, p) {
			k.Platforms = append(k.Platforms, p)
		}
		if p.Arch != "" && slices.ContainsFunc(k.Pods, func(pod *corev1.Pod) bool { return pod.Spec.NodeName == n.Name }) {
			if k.NodePlatforms == nil {
				k.NodePlatforms = map[string]evidence.Platform{}
			}
			k.NodePlatforms[n.Name] = p
		}
	}
}
