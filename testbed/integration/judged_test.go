// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"net/http"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/testbed/internal/faults"
	"github.com/pullmedic/pullmedic/testbed/internal/layout"
	"github.com/pullmedic/pullmedic/testbed/internal/registries"
)

// goneForTheNode is what a tag is that was deleted after the client saw it.
func goneForTheNode(repository string) registries.Rule {
	return registries.Rule{
		Registry: registries.Plain, Repository: repository, Path: "/v2/*/*/manifests/*", From: []string{layout.Nodes[0].Addr},
		Effect: registries.Effect{Status: http.StatusNotFound, Headers: map[string]string{"Content-Type": "application/json"}, Body: `{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}`},
	}
}

func TestAFixWhoseNewPodFailsToPullIsUndone(t *testing.T) {
	b := open(t)
	const other = registries.Plain + "/acme/multi:1.0"
	for name, c := range map[string]struct {
		kind, target string
	}{
		"a deployment":                           {"deployment", "deployment/app"},
		"a stateful set, whose pod is evicted":   {"statefulset", "statefulset/app"},
		"a daemon set":                           {"daemonset", "daemonset/app"},
		"a bare pod, which is changed in place":  {"", "pod/app"},
		"a job, whose pods are changed in place": {"job", "job/app"},
	} {
		t.Run(name, func(t *testing.T) {
			fault, err := faults.Find("missing-tag")
			if err != nil {
				t.Fatal(err)
			}
			fault.Name, fault.Kind = "undone-"+strings.SplitN(c.target, "/", 2)[0], c.kind
			namespace := b.injectFault(t, fault)
			b.rule(t, goneForTheNode("acme/multi"))
			before := b.written(t, namespace)
			got, done := b.fix(t, namespace, c.target, "--to", other)
			if done.code != 1 || got.Outcome != v1alpha1.FixUndone || !strings.Contains(got.Why, "not found") {
				t.Errorf("exit code %d, %s: %s; %v", done.code, got.Outcome, got.Why, got.Log)
			}
			b.untouched(t, namespace, before, false)
		})
	}
}

func TestAFixThatTheNodeAloneCannotPullIsUndone(t *testing.T) {
	b := open(t)
	fault, err := faults.Find("refused-on-one-node")
	if err != nil {
		t.Fatal(err)
	}
	fault.Name, fault.Kind = "undone-refused", "deployment"
	namespace := b.injectFault(t, fault)
	before := b.written(t, namespace)
	got, done := b.fix(t, namespace, "deployment/app", "--to", registries.Edge+"/acme/edge:1.0", "--unproven")
	if done.code != 1 || got.Outcome != v1alpha1.FixUndone || !strings.Contains(got.Why, "connection refused") {
		t.Errorf("exit code %d, %s: %s", done.code, got.Outcome, got.Why)
	}
	b.untouched(t, namespace, before, false)
}

func TestAFixThatWouldNotHelpChangesNothing(t *testing.T) {
	b := open(t)
	namespace := b.namespace(t)
	b.deploy(t, namespace, absent, nil)
	before := b.written(t, namespace)
	for _, to := range []string{absent + "1", registries.Plain + "/acme/arm:1.0"} {
		if got, done := b.fix(t, namespace, "deployment/app", "--to", to); done.code != 1 || got.Outcome != v1alpha1.FixRefused || !strings.HasPrefix(got.Why, "it would not help: ") {
			t.Errorf("%s: exit code %d, %s: %s", to, done.code, got.Outcome, got.Why)
		}
	}
	b.untouched(t, namespace, before, true)
}

func TestAPullThatTakesLongerIsNotTakenBack(t *testing.T) {
	b := open(t)
	b.rule(t, registries.Rule{Registry: registries.Plain, Repository: "acme/multi", From: []string{layout.Nodes[0].Addr}, Effect: registries.Effect{Hang: true}})
	namespace := b.stillPulling(t, "it is being pulled", registries.Plain+"/acme/multi:1.0", nil)
	if image := b.imageOf(t, namespace, faults.PodName); image != registries.Plain+"/acme/multi:1.0" {
		t.Errorf("the image is %s: it was taken back", image)
	}
}

// stillPulling has fix give deployment/app of a new namespace an image, gives up
// before it is pulled, and checks why it says that it is not. How long a machine
// takes to make the pod that it is about shows in trying; beyond 45 s a runtime
// would give up a pull that stands still.
func (b bed) stillPulling(t *testing.T, want, image string, edit func(try int, s *corev1.PodSpec)) (namespace string) {
	t.Helper()
	timeouts := []string{"3s", "15s", "40s"}
	for try, timeout := range timeouts {
		namespace = b.namespace(t)
		b.deploy(t, namespace, absent, func(s *corev1.PodSpec) {
			if edit != nil {
				edit(try, s)
			}
		})
		got, done := b.fix(t, namespace, "deployment/app", "--to", image, "--timeout", timeout)
		if done.code == 1 && got.Outcome == v1alpha1.FixStillPulling {
			if strings.Contains(got.Why, want) {
				break
			}
			if try < len(timeouts)-1 {
				t.Logf("after %s: %s", timeout, got.Why)
				continue
			}
		}
		t.Fatalf("exit code %d, %s: %s; want %q", done.code, got.Outcome, got.Why, want)
	}
	return namespace
}

func TestAContainerThatEndsAfterThePullIsMendedAndTold(t *testing.T) {
	b := open(t)
	namespace := b.namespace(t)
	b.deploy(t, namespace, absent, func(s *corev1.PodSpec) { s.Containers[0].Command = []string{"/no-such"} })
	got, done := b.fix(t, namespace, "deployment/app", "--to", present)
	if done.code != 0 || got.Outcome != v1alpha1.FixMended || got.Next == "" {
		t.Errorf("exit code %d, %s: %s, next %q", done.code, got.Outcome, got.Why, got.Next)
	}
}

func TestAPodThatNoNodeTakesIsSaid(t *testing.T) {
	open(t).stillPulling(t, "no node takes it: 0/2 nodes are available", present, func(try int, s *corev1.PodSpec) {
		port := int32(18099 + try) // which the old pod has
		s.Containers[0].Ports = []corev1.ContainerPort{{ContainerPort: port, HostPort: port}}
	})
}
