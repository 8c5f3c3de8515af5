// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package symptom

import (
	"reflect"
	"strings"
	"testing"
)

func TestSplit(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []part
	}{
		"one message":              {"failed to pull and unpack image: EOF", []part{{text: "failed to pull and unpack image: EOF"}}},
		"brackets of other things": {`status code [manifests v1]: 401`, []part{{text: `status code [manifests v1]: 401`}}},
		"two credentials": {
			`x: [rpc error: code = NotFound desc = a, b: not found, failed to pull and unpack image: 401]`,
			[]part{{text: "x: rpc error: code = NotFound desc = a, b: not found", kind: attempt}, {text: "x: failed to pull and unpack image: 401", kind: attempt}},
		},
		"an aggregate that is cut": {
			`[rpc error: code = Unknown desc = a, rpc error: code = Unk`,
			[]part{{text: "rpc error: code = Unknown desc = a", kind: attempt}, {text: "rpc error: code = Unk", kind: attempt}},
		},
		"image and artifact": {
			"pull image err: a; artifact err: b",
			[]part{{text: "pull image err: a"}, {text: "b", kind: aside}},
		},
		"mirrors before the host that decides": {
			"p: (Mirrors also failed: [m1/x: e1] [m2/x: e2]): q/x: e3",
			[]part{{text: "p: q/x: e3"}, {text: "m1/x: e1", kind: aside, mirror: true}, {text: "m2/x: e2", kind: aside, mirror: true}},
		},
		"search registries": {
			"2 errors occurred while pulling:\n * a: e1\n   more\n * b: e2",
			[]part{{text: "a: e1\n   more\n", kind: searched}, {text: "b: e2", kind: searched}},
		},
		"kubectl describe": {
			"Events:\n  Type  Reason  Age From Message\n  Normal  Pulling  1s  kubelet  Pulling image\n  Warning  Failed  1s  kubelet  e1\n    more\n  Warning  Unhealthy  1s  kubelet  probe failed\n  Warning  Failed  1s  kubelet  e2\n\nQoS Class: x",
			[]part{{text: "1s  kubelet  e1\n    more", kind: row}, {text: "1s  kubelet  e2", kind: row}},
		},
		"kubectl get events": {
			"LAST SEEN   TYPE      REASON   OBJECT   MESSAGE\n8m22s       Warning   Failed   pod/x    e1\n8m23s       Normal    Pulling  pod/x    Pulling",
			[]part{{text: "pod/x    e1"}},
		},
		"a table of other things": {
			"Warning  Unhealthy  1s  kubelet  connection refused\nNormal  Started  2s  kubelet  ok",
			[]part{{}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := split(c.text); !reflect.DeepEqual(got, c.want) {
				t.Errorf("split(%q)\n got %+v\nwant %+v", c.text, got, c.want)
			}
		})
	}
}

func TestSplitIsBounded(t *testing.T) {
	for name, text := range map[string]string{
		"rows":       strings.Repeat("Warning  Failed  1s  kubelet  e\n", 1000),
		"attempts":   "[" + strings.Repeat("rpc error: code = x, ", 1000) + "]",
		"mirrors":    "(Mirrors also failed: " + strings.Repeat("[m: e] ", 1000) + "]): x",
		"registries": "while pulling:\n" + strings.Repeat("* x\n", 1000),
	} {
		t.Run(name, func(t *testing.T) {
			if got := len(split(text)); got == 0 || got > mostParts {
				t.Errorf("%d parts", got)
			}
		})
	}
}
