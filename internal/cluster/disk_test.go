// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestWhatANodeShowsOfItsDiskAndLimits(t *testing.T) {
	node := func(runtime, capacity, allocatable string, pressure corev1.ConditionStatus) *corev1.Node {
		n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "worker-1"}}
		n.Status.NodeInfo.ContainerRuntimeVersion = runtime
		if capacity != "" {
			n.Status.Capacity = corev1.ResourceList{corev1.ResourceEphemeralStorage: resource.MustParse(capacity)}
		}
		if allocatable != "" {
			n.Status.Allocatable = corev1.ResourceList{corev1.ResourceEphemeralStorage: resource.MustParse(allocatable)}
		}
		if pressure != "" {
			n.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeDiskPressure, Status: pressure}}
		}
		return n
	}
	for name, c := range map[string]struct {
		node         *corev1.Node
		disk, limits string
	}{
		"a node without pressure":      {node("containerd://2.4.2", "100Gi", "90Gi", corev1.ConditionFalse), "node worker-1 has a disk of 100 GiB for images, logs and pods (90 GiB allocatable), without pressure; how much is free is not shown", "containerd 2.4.2 gives up a pull that gets nothing for 5 min (image_pull_progress_timeout, unless set otherwise)"},
		"a small node with pressure":   {node("containerd://1.6.20", "512Mi", "512Mi", corev1.ConditionTrue), "node worker-1 has a disk of 512 MiB for images, logs and pods; how much is free is not shown", "containerd 1.6.20 has no limit: a pull that hangs hangs for ever"},
		"containerd 1.7 has a limit":   {node("containerd://1.7.29", "", "", ""), "", "containerd 1.7.29 gives up a pull that gets nothing for 5 min (image_pull_progress_timeout, unless set otherwise)"},
		"CRI-O":                        {node("cri-o://1.34.0", "", "", ""), "", "cri-o 1.34.0 has no limit unless pull_progress_timeout is set"},
		"a runtime that nobody knows":  {node("docker://29.0", "", "", ""), "", ""},
		"a node that says nothing":     {node("", "", "", ""), "", ""},
		"a version that cannot be one": {node("containerd://1.x", "", "", ""), "", "containerd 1.x gives up a pull that gets nothing for 5 min (image_pull_progress_timeout, unless set otherwise)"},
	} {
		t.Run(name, func(t *testing.T) {
			if f, ok := ReadDisk(c.node, time.Time{}); ok != (c.disk != "") || f.Sentence != c.disk {
				t.Errorf("disk %q, want %q", f.Sentence, c.disk)
			}
			if f, ok := ReadLimits(c.node, time.Time{}); ok != (c.limits != "") || f.Sentence != c.limits {
				t.Errorf("limits %q, want %q", f.Sentence, c.limits)
			}
		})
	}
}
