// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/evidence"
)

// Reverified tells that the node had the image before the pull failed, by its
// own list or by another pod that ran it there: a kubelet from 1.35 on pulls it
// again all the same where the pod brings none of the credentials with which it
// came (KubeletEnsureSecretPulledImages, pkg/kubelet/images/image_manager.go). It
// is no proof: the image may have been removed since.
func Reverified(p evidence.Pull, node *corev1.Node, seen *Seen, now time.Time) (evidence.Finding, bool) {
	if p.Policy != string(corev1.PullIfNotPresent) || p.ContainerKind == evidence.Sandbox ||
		node == nil || !atLeast(node.Status.NodeInfo.KubeletVersion, reverifies) {
		return evidence.Finding{}, false
	}
	how := "by its own list"
	if _, listed := lists(node, p.Reference); !listed {
		other, ran := seen.ranOn(p, node.Name)
		if !ran {
			return evidence.Finding{}, false
		}
		how = "as pod " + other.Namespace + "/" + other.Pod + " ran it there"
	}
	return finding(evidence.CheckNode, evidence.CredentialReverification, evidence.Subject{Kind: evidence.SubjectNode, Name: node.Name}, now,
		"%s had the image, %s; its kubelet (%s) pulls again to verify that this pod may use it", node.Name, how, node.Status.NodeInfo.KubeletVersion), true
}

// ranOn is a start of the pull's image on a node, of another pod.
func (s *Seen) ranOn(p evidence.Pull, node string) (Start, bool) {
	img := s.references[Canonical(p.Reference)]
	if img == nil {
		return Start{}, false
	}
	for _, start := range img.starts {
		if start.Node == node && start.PodUID != p.PodUID {
			return start, true
		}
	}
	return Start{}, false
}
