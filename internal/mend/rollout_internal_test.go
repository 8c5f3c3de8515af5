// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pullmedic/pullmedic/internal/remedy"
)

func TestHowManyPodsARolloutMayDoWithout(t *testing.T) {
	type object = map[string]any
	rolling := func(strategy string, fields object) object {
		return object{strategy: object{"type": "RollingUpdate", "rollingUpdate": fields}}
	}
	for name, c := range map[string]struct {
		kind string
		spec object
		want remedy.Rollout
	}{
		"a quarter of ten, rounded down":        {"Deployment", rolling("strategy", object{"maxUnavailable": "25%", "maxSurge": "25%"}), remedy.Rollout{Known: true, Lacking: 2}},
		"a number":                              {"Deployment", rolling("strategy", object{"maxUnavailable": int64(3)}), remedy.Rollout{Known: true, Lacking: 3}},
		"none":                                  {"Deployment", rolling("strategy", object{"maxUnavailable": int64(0), "maxSurge": int64(1)}), remedy.Rollout{Known: true}},
		"nothing that rounds to a step is one":  {"Deployment", rolling("strategy", object{"maxUnavailable": "1%", "maxSurge": int64(0)}), remedy.Rollout{Known: true, Lacking: 1}},
		"nothing is written":                    {"Deployment", object{}, remedy.Rollout{Known: true, Lacking: 2}},
		"all at once":                           {"Deployment", object{"strategy": object{"type": "Recreate"}}, remedy.Rollout{Known: true, AtOnce: true}},
		"what cannot be read":                   {"Deployment", rolling("strategy", object{"maxUnavailable": "many"}), remedy.Rollout{Known: true, Lacking: 10}},
		"a daemon set, one by one":              {"DaemonSet", object{}, remedy.Rollout{Known: true, Lacking: 1}},
		"a daemon set, rounded up":              {"DaemonSet", rolling("updateStrategy", object{"maxUnavailable": "15%"}), remedy.Rollout{Known: true, Lacking: 2}},
		"a daemon set that makes the new first": {"DaemonSet", rolling("updateStrategy", object{"maxUnavailable": int64(0), "maxSurge": int64(1)}), remedy.Rollout{Known: true}},
		"a stateful set":                        {"StatefulSet", object{}, remedy.Rollout{Known: true, Lacking: 1}},
		"a stateful set in parallel":            {"StatefulSet", object{"podManagementPolicy": "Parallel"}, remedy.Rollout{Known: true, Lacking: 1, Blind: true}},
		"what replaces nothing":                 {"ReplicaSet", object{}, remedy.Rollout{}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := rollout(&unstructured.Unstructured{Object: object{"kind": c.kind, "spec": c.spec}}, 10); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}
