// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster"
)

func TestANodesSystemAndRolesAreKept(t *testing.T) {
	t.Parallel()
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "a", Labels: map[string]string{
		"node-role.kubernetes.io/worker": "", "node-role.kubernetes.io/control-plane": "true", "node-role.kubernetes.io/": "", "kubernetes.io/os": "linux",
		"node.kubernetes.io/microk8s-worker": "microk8s-worker", "node.kubernetes.io/instance-type": "k3s",
	}}}
	node.Status.NodeInfo.OSImage = "Talos (v1.11.2)\x1b[2J"
	var p evidence.Pull
	cluster.ReadNode(&p, node, time.Time{})
	if want := []string{"control-plane", "microk8s-worker", "worker"}; !slices.Equal(p.NodeRoles, want) || !strings.HasPrefix(p.OSImage, "Talos (v1.11.2)") || strings.Contains(p.OSImage, "\x1b") {
		t.Errorf("got %q and %q", p.NodeRoles, p.OSImage)
	}
}
