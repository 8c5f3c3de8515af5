// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/testbed/internal/images"
	"github.com/pullmedic/pullmedic/testbed/internal/layout"
	"github.com/pullmedic/pullmedic/testbed/internal/registries"
)

func spotOf(fault Fault, node layout.Node) Spot {
	return Spot{
		Fault: fault, Node: node, Namespace: fault.Namespace(node.Name),
		Others: slices.DeleteFunc(slices.Clone(layout.Nodes), func(n layout.Node) bool { return n.Name == node.Name }),
		Digest: func(_, _, _ string) string { return "sha256:" + strings.Repeat("0", 64) },
	}
}

func TestFaultsAreWellFormed(t *testing.T) {
	var names []string
	faulty, healthy := 0, 0
	for _, fault := range All() {
		t.Run(fault.Name, func(t *testing.T) {
			if slices.Contains(names, fault.Name) {
				t.Error("the name is taken")
			}
			names = append(names, fault.Name)
			for _, node := range layout.Nodes {
				if namespace := fault.Namespace(node.Name) + elsewhere; !regexp.MustCompile(`^[a-z0-9-]{1,63}$`).MatchString(namespace) {
					t.Errorf("%q is no name of a namespace", namespace)
				}
			}
			if fault.What == "" || fault.Reach == "" || fault.scene == nil {
				t.Error("what, reach or scene is missing")
			}
			if fault.Control() {
				healthy++
				if fault.Expect.Cause != "" {
					t.Error("a control expects a cause")
				}
				return
			}
			faulty++
			for _, cause := range []string{fault.Cause, fault.Expect.Cause} {
				if _, err := os.Stat(filepath.Join("..", "..", "..", "catalog", cause, "cause.yaml")); err != nil {
					t.Errorf("the catalogue does not have %s: %v", cause, err)
				}
			}
			if less := fault.Expect.Cause != fault.Cause || fault.Expect.Verdict != "confirmed"; less != (fault.Expect.Why != "") {
				t.Errorf("expects %s, %s where the truth is %s, and the reason is %q", fault.Expect.Cause, fault.Expect.Verdict, fault.Cause, fault.Expect.Why)
			}
		})
	}
	if faulty < 55 || healthy < 20 {
		t.Errorf("%d faults and %d controls, want 55 and 20 at least", faulty, healthy)
	}
}

func TestEverySecretOfASceneIsACanaryAndEveryImageIsMeant(t *testing.T) {
	for _, fault := range All() {
		for _, node := range layout.Nodes {
			scene := fault.scene(spotOf(fault, node))
			for _, secret := range scene.Secrets {
				object, err := secret.object()
				if err != nil || !json.Valid(object.Data[corev1.DockerConfigJsonKey]) {
					t.Errorf("%s: secret %s: %v, %s", fault.Name, secret.Name, err, object.Data)
				}
				for key, entry := range secret.Entries {
					_, isECR := ecrEntry(entry)
					if entry != (Entry{}) && !strings.Contains(entry.Password, registries.Canary) && !isECR {
						t.Errorf("%s: the password for %s holds no canary", fault.Name, key)
					}
				}
			}
			pod := scene.pod(PodName, node)
			placed := pod.Spec.NodeName // on a made node
			if placed == "" {
				placed = pod.Spec.NodeSelector[corev1.LabelHostname]
			}
			if !strings.HasSuffix(placed, node.Name) || pod.Spec.Containers[0].Image == "" {
				t.Errorf("%s: the pod is %+v", fault.Name, pod.Spec)
			}
			there := slices.ContainsFunc(images.All, func(i images.Image) bool {
				name := i.Registry + "/" + i.Repository
				name = strings.TrimPrefix(name, "docker.io/")
				rest, ok := strings.CutPrefix(scene.Image, name)
				return ok && (strings.Contains(rest, "@") || slices.Contains(i.Tags, strings.TrimPrefix(rest, ":")))
			})
			if fault.Control() && !there {
				t.Errorf("%s: no registry holds %s", fault.Name, scene.Image)
			}
			if slices.Contains([]string{"TagNotFound", "RepositoryNotFound", "DNSFailure"}, fault.Cause) && fault.Reach == OfPod && there {
				t.Errorf("%s: a registry holds %s", fault.Name, scene.Image)
			}
		}
	}
}

// ecrEntry tells whether an entry has ECR's form, where the canary is inside of
// base64.
func ecrEntry(entry Entry) (Entry, bool) { return entry, entry.User == "AWS" }

func TestTheAddressesOfRegistriesAndTheirStores(t *testing.T) {
	if got := addressOf(registries.Harbor); got != "10.209.1.5" {
		t.Errorf("%s is at %q", registries.Harbor, got)
	}
	if got := blobAddressOf(registries.Content); got != "10.209.1.11" {
		t.Errorf("the layers of %s are at %q", registries.Content, got)
	}
	if got := addressOf("nowhere.example") + blobAddressOf(registries.Plain); got != "" {
		t.Errorf("addresses %q of what has none", got)
	}
}

func TestCoreIsOfTwentyFiveFaultsThatDisturbNothing(t *testing.T) {
	core, err := Select(Core())
	if err != nil {
		t.Fatal(err)
	}
	faulty := 0
	for _, fault := range core {
		if !fault.Control() {
			faulty++
		}
		if fault.Reach == OfNode {
			t.Errorf("%s disturbs a node", fault.Name)
		}
	}
	if faulty != 25 {
		t.Errorf("%d faults, want 25", faulty)
	}
}

func TestSelect(t *testing.T) {
	if all, err := Select(nil); err != nil || len(all) != len(All()) {
		t.Errorf("no name gives %d faults, %v", len(all), err)
	}
	if one, err := Select([]string{"never"}); err != nil || len(one) != 1 || one[0].Name != "never" {
		t.Errorf("%v, %v", one, err)
	}
	if _, err := Select([]string{"no-such"}); err == nil {
		t.Error("no error for an unknown name")
	}
}

func TestEveryCauseHasAFaultOrSaysWhyNot(t *testing.T) {
	c, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	made := map[string]bool{}
	for _, fault := range All() {
		made[fault.Cause], made[fault.Expect.Cause] = true, true
	}
	for _, cause := range c.Causes() {
		switch {
		case !made[cause.ID] && cause.NoFault == "":
			t.Errorf("no fault makes %s, and its folder does not say why", cause.ID)
		case made[cause.ID] && cause.NoFault != "":
			t.Errorf("a fault makes %s, and its folder says that none does: %s", cause.ID, cause.NoFault)
		}
	}
}
