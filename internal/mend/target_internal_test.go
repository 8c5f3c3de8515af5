// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"testing"

	"github.com/pullmedic/pullmedic/evidence"
)

func TestTheTargetIsWhatMakesThePodsAndIsOfKubernetesOwnKinds(t *testing.T) {
	object := func(group, kind string) evidence.Object {
		return evidence.Object{Group: group, Kind: kind, Namespace: "shop", Name: "api"}
	}
	set, deployment := object("", "ReplicaSet"), object("", "Deployment")
	for name, c := range map[string]struct {
		via           []evidence.Object
		owner         evidence.Object
		target, above string
		unmade        bool
	}{
		"a bare pod":            {owner: object("", "Pod"), target: "pod/api-1"},
		"a static pod":          {owner: object("", "Node"), target: "pod/api-1", above: "node/api"},
		"a Deployment":          {via: []evidence.Object{set}, owner: deployment, target: "deployment/api"},
		"a Rollout":             {via: []evidence.Object{set}, owner: object("argoproj.io", "Rollout"), target: "replicaset/api", above: "rollout.argoproj.io/api"},
		"another's StatefulSet": {owner: object("apps.kruise.io", "StatefulSet"), target: "pod/api-1", above: "statefulset.apps.kruise.io/api"},
		"another's Job under a CronJob of that kind":                {via: []evidence.Object{object("batch.volcano.sh", "Job")}, owner: object("batch.volcano.sh", "CronJob"), target: "pod/api-1", above: "cronjob.batch.volcano.sh/api"},
		"an operator that makes pods by itself, under a Deployment": {via: []evidence.Object{object("example.com", "Worker")}, owner: deployment, target: "pod/api-1", above: "deployment/api"},
		"Knative, whose Service is what a person writes": {
			via:   []evidence.Object{set, deployment, object("serving.knative.dev", "Revision"), object("serving.knative.dev", "Configuration")},
			owner: object("serving.knative.dev", "Service"), target: "deployment/api", above: "service.serving.knative.dev/api",
		},
		"a Deployment whose pods cannot be made": {unmade: true, via: []evidence.Object{set}, owner: deployment, target: "deployment/api"},
	} {
		pull := evidence.Pull{Namespace: "shop", Pod: "api-1", Via: c.via, Owner: c.owner}
		if c.unmade {
			pull.Pod = ""
		}
		target, above := targetOf(pull)
		top := ""
		if above.Name != "" {
			top = above.String()
		}
		if target.String() != c.target || top != c.above {
			t.Errorf("%s: changes %s, below %q; want %s, below %q", name, target, top, c.target, c.above)
		}
	}
}
