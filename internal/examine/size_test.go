// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package examine_test

import (
	"context"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/examine"
	"github.com/pullmedic/pullmedic/internal/registry"
)

// large is a registry that has an image of 200 GiB.
type large struct {
	mu      sync.Mutex
	targets []registry.Target
}

func (l *large) Probe(_ context.Context, t registry.Target) ([]evidence.Finding, []evidence.Gap) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.targets = append(l.targets, t)
	return []evidence.Finding{{Check: evidence.CheckBlobs, Outcome: evidence.BlobsPresent, Vantage: evidence.Client, Sentence: "there", Details: map[string]string{"bytes": "214748364800"}}}, nil
}

func (*large) Sent() evidence.Sent { return evidence.Sent{} }

func TestWhereRoomOrTimeRanOutTheSizeIsAskedFor(t *testing.T) {
	const full = `failed to pull and unpack image "docker.io/acme/api:1": failed to extract layer sha256:1: write /var/lib/containerd/x: no space left on device`
	node := nodeNamed("worker-1", "amd64")
	node.Status.Capacity = corev1.ResourceList{corev1.ResourceEphemeralStorage: resource.MustParse("100Gi")}
	h := newHouse(t, podWith("shop", "bad", "acme/api:1", "ErrImagePull", full), podWith("shop", "gone", "acme/web:1", "ErrImagePull", tagMissing), node, account("shop"))
	asked := &large{}
	h.with(t, asked)
	e := one(t, h.objects(t, examine.ObjectRef{Kind: "pod", Namespace: "shop", Name: "bad"}))
	wantOutcomes(t, e, evidence.DiskFull, evidence.BlobsPresent, evidence.NodeDiskKnown, evidence.PullLimitsKnown, evidence.ImageExceedsDisk)
	if got := sentence(e, evidence.ImageExceedsDisk); got != "the image has 204800 MiB compressed, the node's whole disk 102400 MiB" {
		t.Errorf("%q", got)
	}
	if len(asked.targets) != 1 || !asked.targets[0].Measure {
		t.Errorf("asked %+v", asked.targets)
	}

	e = one(t, h.objects(t, examine.ObjectRef{Kind: "pod", Namespace: "shop", Name: "gone"}))
	wantNoOutcome(t, e, evidence.NodeDiskKnown, evidence.ImageExceedsDisk)
	if asked.targets[1].Measure {
		t.Error("the speed is measured where nobody asks for it")
	}

	before := len(asked.targets)
	h.survey(t, examine.Scope{Namespace: "shop"})
	for _, target := range asked.targets[before:] {
		if target.Measure || target.Reference.Repository == "acme/api" {
			t.Errorf("the overview asks %+v", target)
		}
	}
}
