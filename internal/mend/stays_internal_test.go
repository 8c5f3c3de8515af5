// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/remedy"
)

func TestWhatIsAddedStaysWhereTheSourceNeverNamedIt(t *testing.T) {
	const back = "the next helm upgrade sets back what is changed here"
	target := remedy.Object{Kind: "Deployment", Namespace: "shop", Name: "api"}
	const in = "/spec/template/spec/"
	name := remedy.Edit{Path: in + "containers/0/name", Old: "app", New: "app"}
	image := remedy.Edit{Path: in + "containers/0/image", Old: "a", New: "b", Label: "container app: image"}
	selector := remedy.Edit{Path: in + "nodeSelector", New: map[string]any{"kubernetes.io/arch": "arm64"}, Label: "nodeSelector"}
	secrets := remedy.Edit{Path: in + "imagePullSecrets", Old: []any{"a"}, New: []any{"a", "b"}, Label: "pull secrets"}
	const stays = " stays when it is made from its source again, until somebody takes it out, as undo does"
	for what, c := range map[string]struct {
		tool  string
		of    remedy.Object
		edits []remedy.Edit
		want  string
	}{
		"a changed field is set back":      {"Helm", target, []remedy.Edit{name, image}, back},
		"an added one stays":               {"Helm", target, []remedy.Edit{selector}, "what is added here (nodeSelector)" + stays},
		"so does one more pull secret":     {"Flux", target, []remedy.Edit{secrets}, "what is added here (pull secrets)" + stays},
		"of both, each is told":            {"Argo CD", target, []remedy.Edit{name, image, selector}, back + "; what is added here (nodeSelector)" + stays},
		"an operator writes as it pleases": {"acme-operator", target, []remedy.Edit{selector}, back},
		"another object is not its own":    {"Helm", remedy.Object{Kind: "Secret", Namespace: "shop", Name: "hub"}, []remedy.Edit{selector}, back},
	} {
		var p Plan
		p.Case.Target.Object, p.Case.Target.Manager, p.Case.Target.Back = target, evidence.Manager{Tool: c.tool}, back
		p.Changes = []remedy.Change{{Object: c.of, Edits: c.edits}}
		if p.stays(); p.Case.Target.Back != c.want {
			t.Errorf("%s: %q, want %q", what, p.Case.Target.Back, c.want)
		}
	}
}

func TestMoreRepositoriesThanAreKeptAreToldByOneMore(t *testing.T) {
	var list []string
	for i := range maxRepositories + 20 {
		list = addRepositories(list, pulling("registry.example/team/app-"+string(rune('a'+i/26))+string(rune('a'+i%26))+":1"))
	}
	if len(list) != maxRepositories+1 {
		t.Errorf("%d are kept", len(list))
	}
	if got := addRepositories(nil, pulling("nginx", "registry.example/a:1", "registry.example/a:2")); len(got) != 2 {
		t.Errorf("%q", got)
	}
}

// pulling is a pod with a container for each image.
func pulling(images ...string) *corev1.Pod {
	var p corev1.Pod
	for _, image := range images {
		p.Spec.Containers = append(p.Spec.Containers, corev1.Container{Image: image})
	}
	return &p
}
