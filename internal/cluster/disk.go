// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/evidence"
)

// ReadDisk tells how much disk a node has for images and pods. How much of it is
// free the API server does not show (the kubelet's own statistics do), so a
// condition without pressure is all that speaks for room. The runtime's store
// may be on a disk of its own, of which nothing is seen at all.
func ReadDisk(node *corev1.Node, now time.Time) (evidence.Finding, bool) {
	capacity, ok := node.Status.Capacity[corev1.ResourceEphemeralStorage]
	if !ok || capacity.Value() <= 0 {
		return evidence.Finding{}, false
	}
	allocatable := node.Status.Allocatable[corev1.ResourceEphemeralStorage]
	text := "node " + node.Name + " has a disk of " + gibibytes(capacity.Value()) + " for images, logs and pods"
	if allocatable.Value() > 0 && allocatable.Value() != capacity.Value() {
		text += " (" + gibibytes(allocatable.Value()) + " allocatable)"
	}
	for _, c := range node.Status.Conditions {
		if c.Type == corev1.NodeDiskPressure && c.Status == corev1.ConditionFalse {
			text += ", without pressure"
		}
	}
	f := finding(evidence.CheckNode, evidence.NodeDiskKnown, evidence.Subject{Kind: evidence.SubjectNode, Name: node.Name}, now, "%s; how much is free is not shown", text)
	f.Details = map[string]string{"capacity": strconv.FormatInt(capacity.Value(), 10), "allocatable": strconv.FormatInt(allocatable.Value(), 10)}
	return f, true
}

// ReadLimits tells when the node's runtime gives a pull up. The kubelet has no
// limit on a pull of its own (facts of containerd 1.6 to 2.4 and CRI-O 1.34).
func ReadLimits(node *corev1.Node, now time.Time) (evidence.Finding, bool) {
	runtime := node.Status.NodeInfo.ContainerRuntimeVersion
	name, version, ok := strings.Cut(runtime, "://")
	var text string
	switch {
	case !ok:
		return evidence.Finding{}, false
	case name == "containerd" && (strings.HasPrefix(version, "1.") && olderThan(version, 7)):
		text = "has no limit: a pull that hangs hangs for ever"
	case name == "containerd":
		text = "gives up a pull that gets nothing for 5 min (image_pull_progress_timeout, unless set otherwise)"
	case name == "cri-o":
		text = "has no limit unless pull_progress_timeout is set"
	default:
		return evidence.Finding{}, false
	}
	f := finding(evidence.CheckNode, evidence.PullLimitsKnown, evidence.Subject{Kind: evidence.SubjectNode, Name: node.Name}, now, "%s %s %s", name, version, text)
	return f, true
}

// olderThan tells a version 1.N with N below minor.
func olderThan(version string, minor int) bool {
	parts := strings.Split(version, ".")
	if len(parts) < 2 {
		return false
	}
	n, err := strconv.Atoi(parts[1])
	return err == nil && n < minor
}

// gibibytes writes a size for a person.
func gibibytes(n int64) string {
	if n < 1<<30 {
		return strconv.FormatInt(n>>20, 10) + " MiB"
	}
	return strconv.FormatInt((n+1<<29)>>30, 10) + " GiB"
}
