// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster"
)

func worker(name, os, arch string, labels map[string]string, taints ...corev1.Taint) *corev1.Node {
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}, Spec: corev1.NodeSpec{Taints: taints},
		Status: corev1.NodeStatus{NodeInfo: corev1.NodeSystemInfo{OperatingSystem: os, Architecture: arch, KubeletVersion: "v1.36.3"}},
	}
}

func TestPlaces(t *testing.T) {
	nodes := []*corev1.Node{
		worker("a", "linux", "amd64", map[string]string{"zone": "1", "cpus": "8"}),
		worker("b", "linux", "amd64", map[string]string{"zone": "2", "cpus": "64"}, corev1.Taint{Key: "node.kubernetes.io/not-ready", Effect: corev1.TaintEffectNoSchedule}),
		worker("c", "linux", "arm64", map[string]string{"zone": "1"}),
		worker("d", "windows", "amd64", nil),
		worker("master", "linux", "riscv64", nil, corev1.Taint{Key: "role", Value: "master", Effect: corev1.TaintEffectNoSchedule}),
	}
	affinity := func(terms ...corev1.NodeSelectorTerm) func(*corev1.PodSpec) {
		return func(s *corev1.PodSpec) {
			s.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: terms}}}
		}
	}
	term := func(key string, op corev1.NodeSelectorOperator, values ...string) corev1.NodeSelectorTerm {
		return corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{{Key: key, Operator: op, Values: values}}}
	}
	field := func(op corev1.NodeSelectorOperator, values ...string) corev1.NodeSelectorTerm {
		return corev1.NodeSelectorTerm{MatchFields: []corev1.NodeSelectorRequirement{{Key: "metadata.name", Operator: op, Values: values}}}
	}
	const ordinary = "linux/amd64 a b; linux/arm64 c; windows/amd64 d"
	for name, c := range map[string]struct {
		spec func(*corev1.PodSpec)
		want string
	}{
		"all without a wish, but for taints": {func(*corev1.PodSpec) {}, ordinary},
		"the node that the pod lies on":      {func(s *corev1.PodSpec) { s.NodeName = "master" }, "linux/riscv64 master"},
		"a selector":                         {func(s *corev1.PodSpec) { s.NodeSelector = map[string]string{"zone": "1"} }, "linux/amd64 a; linux/arm64 c"},
		"the system that the pod names":      {func(s *corev1.PodSpec) { s.OS = &corev1.PodOS{Name: corev1.Windows} }, "windows/amd64 d"},
		"a toleration of the value":          {func(s *corev1.PodSpec) { s.Tolerations = []corev1.Toleration{{Key: "role", Value: "master"}} }, ordinary[:len("linux/amd64 a b; linux/arm64 c")] + "; linux/riscv64 master; windows/amd64 d"},
		"a toleration of another value":      {func(s *corev1.PodSpec) { s.Tolerations = []corev1.Toleration{{Key: "role", Value: "x"}} }, ordinary},
		"a toleration of another effect": {func(s *corev1.PodSpec) {
			s.Tolerations = []corev1.Toleration{{Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute}}
		}, ordinary},
		"a toleration of everything":             {func(s *corev1.PodSpec) { s.Tolerations = []corev1.Toleration{{Operator: corev1.TolerationOpExists}} }, ordinary[:len("linux/amd64 a b; linux/arm64 c")] + "; linux/riscv64 master; windows/amd64 d"},
		"In":                                     {affinity(term("zone", corev1.NodeSelectorOpIn, "2", "3")), "linux/amd64 b"},
		"NotIn takes nodes without the label":    {affinity(term("zone", corev1.NodeSelectorOpNotIn, "1")), "linux/amd64 b; windows/amd64 d"},
		"Exists":                                 {affinity(term("cpus", corev1.NodeSelectorOpExists)), "linux/amd64 a b"},
		"DoesNotExist":                           {affinity(term("zone", corev1.NodeSelectorOpDoesNotExist)), "windows/amd64 d"},
		"Gt":                                     {affinity(term("cpus", corev1.NodeSelectorOpGt, "8")), "linux/amd64 b"},
		"Lt":                                     {affinity(term("cpus", corev1.NodeSelectorOpLt, "9")), "linux/amd64 a"},
		"Gt of what is no number":                {affinity(term("cpus", corev1.NodeSelectorOpGt, "x")), "/"},
		"terms are alternatives":                 {affinity(term("zone", corev1.NodeSelectorOpIn, "2"), field(corev1.NodeSelectorOpIn, "c")), "linux/amd64 b; linux/arm64 c"},
		"a term without requirements takes none": {affinity(corev1.NodeSelectorTerm{}), "/"},
		"a platform of which there is no node":   {func(s *corev1.PodSpec) { s.NodeSelector = map[string]string{corev1.LabelArchStable: "s390x"} }, "linux/s390x"},
		"a system and platform without a node": {func(s *corev1.PodSpec) {
			s.NodeSelector = map[string]string{corev1.LabelArchStable: "arm64", corev1.LabelOSStable: "windows"}
		}, "windows/arm64"},
		"a node that is not there, and no wish": {func(s *corev1.PodSpec) { s.NodeName = "gone" }, "/"},
	} {
		t.Run(name, func(t *testing.T) {
			pod := &corev1.Pod{}
			c.spec(&pod.Spec)
			places, more := cluster.Places(pod, nodes)
			var got []string
			for _, p := range places {
				line := p.Platform.OS + "/" + p.Platform.Arch
				for _, n := range p.Nodes {
					line += " " + n.Name
				}
				got = append(got, line)
			}
			if text := strings.Join(got, "; "); text != c.want || more {
				t.Errorf("got %q (more: %v), want %q", text, more, c.want)
			}
		})
	}
}

func TestPlacesAreBounded(t *testing.T) {
	var nodes []*corev1.Node
	for i := range 12 {
		nodes = append(nodes, worker(fmt.Sprint(i), "linux", fmt.Sprintf("arch%d", i), nil))
	}
	if places, more := cluster.Places(&corev1.Pod{}, nodes); len(places) != 8 || !more {
		t.Errorf("%d places, more: %v", len(places), more)
	}
}

func TestHolding(t *testing.T) {
	ref := evidence.Reference{Host: "docker.io", Repository: "library/nginx", Tag: "1.27"}
	const digest, other = "sha256:5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e", "sha256:0ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e"
	with := func(name string, images ...string) *corev1.Node {
		n := worker(name, "linux", "amd64", nil)
		for _, i := range images {
			n.Status.Images = append(n.Status.Images, corev1.ContainerImage{Names: strings.Fields(i)})
		}
		return n
	}
	var full []string
	for i := range 50 {
		full = append(full, fmt.Sprintf("docker.io/library/x:%d", i))
	}
	place := cluster.Place{Nodes: []*corev1.Node{
		with("tag", "docker.io/library/nginx@"+digest+" docker.io/library/nginx:1.27"),
		with("short", "nginx:1.27"),
		with("digest-only", "docker.io/library/nginx@"+digest),
		with("near", "docker.io/library/nginx:1.27.1", "quay.io/library/nginx:1.27", "docker.io/library/nginx2:1.27"),
		with("hostile", "nginx:\x1b[2J", ""),
		with("full", full...),
	}}
	got := place.Holding(ref)
	want := cluster.Holding{On: []string{"tag", "short"}, Without: []string{"digest-only", "near", "hostile"}, Unseen: []string{"full"}, Digests: []string{digest}, Reverify: true}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	ref.Digest = digest
	if got := place.Holding(ref); !reflect.DeepEqual(got.On, []string{"tag", "digest-only"}) {
		t.Errorf("by digest: %+v", got)
	}
	ref.Digest = other
	if got := place.Holding(ref); got.On != nil || got.Reverify {
		t.Errorf("by another digest: %+v", got)
	}
	if got := place.Holding(evidence.Reference{}); got.On != nil {
		t.Errorf("of no name: %+v", got)
	}
}

func TestAdmitted(t *testing.T) {
	pod := &corev1.Pod{Spec: corev1.PodSpec{
		InitContainers: []corev1.Container{{Name: "a", Image: "x"}, {Name: "b", Image: "x:1"}},
		Containers:     []corev1.Container{{Name: "c", Image: "x:latest@sha256:5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e"}, {Name: "d", Image: "x@sha256:5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e"}, {Name: "e", Image: "X"}, {Name: "f", Image: "x", ImagePullPolicy: corev1.PullNever}},
		Volumes:        []corev1.Volume{{Name: "g", VolumeSource: corev1.VolumeSource{Image: &corev1.ImageVolumeSource{Reference: "x:latest"}}}, {Name: "h"}},
	}}
	account := &corev1.ServiceAccount{ImagePullSecrets: []corev1.LocalObjectReference{{Name: "hub"}}}
	before := pod.DeepCopy()
	made := cluster.Admitted(pod, account)
	var got []string
	for _, p := range cluster.Pulls(made) {
		got = append(got, p.Container+" "+p.Policy)
	}
	want := "a Always, b IfNotPresent, c Always, d IfNotPresent, e IfNotPresent, f Never, g Always"
	if text := strings.Join(got, ", "); text != want {
		t.Errorf("policies are %s, want %s", text, want)
	}
	if made.Spec.ServiceAccountName != "default" || len(made.Spec.ImagePullSecrets) != 1 {
		t.Errorf("the pod is made with %q and %v", made.Spec.ServiceAccountName, made.Spec.ImagePullSecrets)
	}
	if !reflect.DeepEqual(pod, before) {
		t.Error("the pod itself was changed")
	}
	pod.Spec.ImagePullSecrets = []corev1.LocalObjectReference{{Name: "own"}}
	if made := cluster.Admitted(pod, account); made.Spec.ImagePullSecrets[0].Name != "own" || len(made.Spec.ImagePullSecrets) != 1 {
		t.Errorf("a pod with secrets of its own gets %v", made.Spec.ImagePullSecrets)
	}
}
