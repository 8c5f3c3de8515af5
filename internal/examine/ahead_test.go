// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package examine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/examine"
)

// Three images fail in four namespaces on nodes of two platforms, two of the
// namespaces with a secret of their own.
func TestOneLadderAnImageCredentialAndPlatform(t *testing.T) {
	objects := []runtime.Object{nodeNamed("worker-1", "amd64"), nodeNamed("worker-2", "amd64"), nodeNamed("worker-3", "arm64")}
	want := map[string]bool{}
	for n := range 4 {
		ns := fmt.Sprintf("team-%d", n)
		secret := n%2 == 1
		objects = append(objects, account(ns))
		if secret {
			objects = append(objects, dockerSecret(ns, "hub", "docker.io"))
		}
		for i := range 30 {
			image, node := fmt.Sprintf("acme/api:1.27.4%d", 4+i%3), fmt.Sprintf("worker-%d", 1+i/3%3)
			pod := podWith(ns, fmt.Sprintf("bad-%02d", i), image, "ErrImagePull", strings.ReplaceAll(tagMissing, "acme/api:1.27.44", image), on(node))
			question := image + " amd64"
			if node == "worker-3" {
				question = image + " arm64"
			}
			if secret {
				pullSecrets("hub")(pod)
				question += " " + ns + "/hub"
			}
			want[question] = true
			objects = append(objects, pod)
		}
	}
	h := newHouse(t, objects...)
	if s := h.survey(t, examine.Scope{}); len(s.Pulls) != 120 {
		t.Fatalf("%d pulls, want 120", len(s.Pulls))
	}
	got := map[string]bool{}
	for _, target := range h.prober.targets {
		question := target.Reference.Repository + ":" + target.Reference.Tag + " " + target.Platform.Arch
		for _, c := range target.Credentials {
			if !c.Empty {
				question += " " + c.Secret
			}
		}
		if got[question] {
			t.Errorf("asked twice: %s", question)
		}
		if !want[question] {
			t.Errorf("nobody needs to know: %s", question)
		}
		got[question] = true
	}
	if len(got) != 18 || len(want) != 18 { // 3 images, 2 platforms, 3 credentials (two and none)
		t.Errorf("%d ladders for %d questions, want 18: %v", len(got), len(want), got)
	}
}

// What is asked while the pods still arrive must not be asked again, and nothing
// may be asked that is not asked after them.
func TestWhatIsAskedAheadIsAskedOnce(t *testing.T) {
	objects := []runtime.Object{nodeNamed("worker-1", "amd64"), nodeNamed("worker-2", "arm64")}
	for n := range 6 {
		ns := fmt.Sprintf("team-%d", n)
		objects = append(objects, account(ns), dockerSecret(ns, "hub", "docker.io"), deployment(ns, "api"),
			replicaSet(ns, "api", "1a", "1", "acme/api:1.27.4", 0), replicaSet(ns, "api", "2b", "2", "acme/api:1.27.44", 0))
		for i := range 300 {
			pod := podWith(ns, fmt.Sprintf("well-%03d", i), "registry.example/well:1", "", "")
			if i%100 <= n-2 { // 0, 0, 3, 6, 9, 12 a namespace
				pod = podWith(ns, fmt.Sprintf("bad-%03d", i), "acme/api:1.27.44", "ErrImagePull", tagMissing,
					pullSecrets("hub"), on(fmt.Sprintf("worker-%d", 1+i%2)), ownedBy("ReplicaSet", "apps/v1", "api-2b"))
			}
			objects = append(objects, pod)
		}
	}
	h := newHouse(t, objects...)
	s := h.survey(t, examine.Scope{})
	if len(s.Pulls) != 30 {
		t.Fatalf("%d pulls, want 30", len(s.Pulls))
	}
	asked := h.server.Asked()
	slices.Sort(asked)
	pages := 0
	for i, question := range asked {
		if question == "list pods" {
			pages++
			continue
		}
		if i > 0 && asked[i-1] == question {
			t.Errorf("asked twice: %s", question)
		}
		if strings.Contains(question, "team-0") || strings.Contains(question, "team-1") {
			t.Errorf("asked about a namespace in which all is well: %s", question)
		}
	}
	if pages != 4 { // 1800 pods
		t.Errorf("%d pages of pods, want 4", pages)
	}
	for _, e := range s.Pulls {
		wantOutcomes(t, e, evidence.KeyringMatches, evidence.NodePlatformKnown)
		if e.Pull.Owner.Kind != "Deployment" || e.Pull.Owner.Name != "api" {
			t.Errorf("%s: owner %+v", e.Pull.Pod, e.Pull.Owner)
		}
	}
}
