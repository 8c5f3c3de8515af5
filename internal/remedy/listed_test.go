// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
)

// preference is the order in which the catalogue lists what is applied.
func preference() []string {
	return []string{
		"follow-template", "moved-image", "previous-image", "rollout-undo", "node-selector", "allow-pull",
		"recreate-for-account", "narrow-pull-secret", "repair-pull-secret", "rekey-pull-secret", "retype-pull-secret", "correct-secret-name",
		"login-secret", "use-secret-service-account", "login-service-account", "use-secret-template", "login-template", "login",
		"copy-elsewhere", "held-image", "set-image",
	}
}

// whatever lists remedies that belong to no cause: those for what was mended
// elsewhere, and the emergency measures.
func whatever() []string {
	return []string{"fresh-back-off", "next-attempt", Rollback, Restart, Recreate}
}

// appliedTo are cases in which there is something to be applied.
func appliedTo(cause string) []situation {
	const ran, digest = "docker.io/acme/team/api:1.27.4", "sha256:5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e"
	before := shop(cause, "docker.io")
	earlier := *before.k.Target.Template.DeepCopy()
	earlier.Spec.Containers[0].Image = ran
	earlier.Spec.Containers[0].Env = []corev1.EnvVar{{Name: "A", Value: "a"}}
	before.k.Target.Revisions = []Revision{{Number: 17, Ready: 2, Template: earlier}}

	behind := shop(cause, "docker.io")
	behind.k.Target.Kind = "StatefulSet"
	behind.k.Target.Revisions = []Revision{{Number: 17, Template: *behind.k.Target.Template.DeepCopy()}}
	behind.k.Pods = []*corev1.Pod{{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: behind.d.Pull.Pod}, Spec: behind.k.Target.Template.Spec}}
	behind.k.Target.Template = earlier

	platform := shop(cause, "docker.io")
	platform.k.Platforms = []evidence.Platform{{OS: "linux", Arch: "arm64"}, {OS: "linux", Arch: "amd64"}}
	platform.d.Findings = []evidence.Finding{{Outcome: evidence.PlatformAbsent, Details: map[string]string{"platforms": "linux/amd64"}}}

	elsewhere := shop(cause, "docker.io")
	elsewhere.k.Digests = map[string]string{elsewhere.d.Pull.Image: digest}
	elsewhere.k.Elsewhere = []Copy{{Image: "mirror.acme.example/acme/team/api:1.27.44", Digest: digest}}

	held := shop(cause, "docker.io")
	held.k.Target.Template.Spec.Containers[0].ImagePullPolicy = corev1.PullAlways
	spec := *held.k.Target.Template.Spec.DeepCopy()
	spec.NodeName = "worker-3"
	held.k.Pods = []*corev1.Pod{{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: held.d.Pull.Pod}, Spec: spec}}
	held.k.NodeImages = []NodeImage{{Node: "worker-3", Names: []string{held.d.Pull.Image, "docker.io/acme/team/api@" + digest}}}

	never := shop(cause, "docker.io")
	never.k.Target.Template.Spec.Containers[0].ImagePullPolicy = corev1.PullNever
	return []situation{before, behind, platform, elsewhere, held, never, shop(cause, "k8s.gcr.io")}
}

// loginsFor are cases in which a credential is given, found or set right.
func loginsFor(cause string) []situation {
	good, other := configOf(harborHost, entryOf("old")), configOf("other.example", entryOf("other"))
	var all []situation
	for _, c := range []loginCase{
		{names: []string{"s"}, secret: []Secret{loginSecret("s", good)}, login: "new"},
		{given: []string{"s"}, secret: []Secret{loginSecret("s", good)}, login: "new"},
		{given: []string{"s"}, secret: []Secret{loginSecret("s", other), loginSecret("works", good, proven)}},
		{names: []string{"workz"}, secret: []Secret{loginSecret("works", good, proven)}},
		{names: []string{"s"}, secret: []Secret{loginSecret("s", configOf("harbor.example", entryOf("old")))}},
		{names: []string{"s"}, secret: []Secret{loginSecret("s", configOf(harborHost, entryOf("old"), "bad.example", `{"auth":"%%"}`))}},
		{names: []string{"s"}, secret: []Secret{loginSecret("s", good, opaque)}},
		{names: []string{"s"}, secret: []Secret{loginSecret("s", good)}, seen: []evidence.Outcome{evidence.CredentialRejected}},
		{},
	} {
		c.cause = cause
		k, d, o := c.build()
		all = append(all, situation{k, d, o})
	}
	return all
}

// listedRemedies are for each cause the ids that a plan for it gives, but those
// that stand in for others where an object cannot be changed.
func listedRemedies(t *testing.T) map[string][]string {
	t.Helper()
	c, ids := causes(t)
	all := map[string][]string{}
	for _, cause := range ids {
		given := map[string]bool{}
		var byHandOrder, waits []string
		looks := slices.Concat(slices.Collect(maps.Values(situations(t, cause))), appliedTo(cause), loginsFor(cause))
		for _, s := range looks {
			for _, r := range s.plan(t, c) {
				if r.ID == "set-image" && s.o.To != "" {
					continue // --to is taken whatever the cause
				}
				if given[r.ID] = true; r.Kind == Wait && !slices.Contains(waits, r.ID) && !slices.Contains(whatever(), r.ID) {
					waits = append(waits, r.ID)
				}
			}
		}
		for _, f := range handedOver()[cause] {
			for _, s := range looks {
				for _, r := range f(byHand{&planner{catalog: c, Case: s.k, d: s.d, cause: s.d.Causes[0], o: s.o}}) {
					if given[r.ID] && !slices.Contains(byHandOrder, r.ID) {
						byHandOrder = append(byHandOrder, r.ID)
					}
				}
			}
		}
		some := slices.DeleteFunc(preference(), func(id string) bool { return !given[id] })
		all[cause] = slices.Concat(some, byHandOrder, waits)
		for id := range given {
			_, standsIn := beside()[id]
			if !standsIn && !slices.Contains(all[cause], id) && !slices.Contains(whatever(), id) {
				t.Errorf("%s gives %s, which has no place in preference()", cause, id)
			}
		}
	}
	return all
}

// remediesLine is the line of a cause.yaml.
var remediesLine = regexp.MustCompile(`(?m)^remedies: \[.*\]\n`)

// catalogueLists checks that the catalogue names for each cause the remedies that
// a plan can give, in the order of preference, and no other.
func catalogueLists(t *testing.T, all map[string][]string) {
	t.Helper()
	if *updateDocs {
		for cause, ids := range all {
			path := filepath.Join("../../catalog", cause, "cause.yaml")
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			text := remediesLine.ReplaceAllString(string(data), "")
			text = strings.Replace(text, "\nprevention:\n", "\nremedies: ["+strings.Join(ids, ", ")+"]\nprevention:\n", 1)
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		return
	}
	c, ids := causes(t)
	rows := byHandRows()
	maps.Copy(rows, applied())
	for _, id := range ids {
		cause, _ := c.Cause(id)
		for _, listed := range cause.Remedies {
			if _, ok := rows[listed]; !ok {
				t.Errorf("%s/cause.yaml lists the remedy %q, which docs/remedies.md does not have", id, listed)
			}
		}
		if !slices.Equal(cause.Remedies, all[id]) {
			t.Errorf("%s/cause.yaml lists %v; a plan can give %v: run go test ./internal/remedy -update", id, cause.Remedies, all[id])
		}
	}
}

// What is applied comes first in a plan: what restarts no healthy pod before
// what does, and nothing that is to be done where the next attempt will do.
func TestWhatRestartsNoHealthyPodComesFirst(t *testing.T) {
	c, ids := causes(t)
	for _, cause := range ids {
		for _, s := range append(appliedTo(cause), loginsFor(cause)...) {
			restarts := false
			for _, r := range s.plan(t, c) {
				if !r.Ready() {
					continue
				}
				if restarts && r.Restarts == 0 {
					t.Errorf("%s: %s restarts no healthy pod, and comes after one that does", cause, r.ID)
				}
				restarts = restarts || r.Restarts > 0
			}
		}
	}
	s := shop(catalog.CredentialsMissing, "docker.io")
	s.d.Causes[0].State = diagnosis.Cleared
	s.k.Pods = []*corev1.Pod{{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: s.d.Pull.Pod}, Spec: s.k.Target.Template.Spec}}
	all := s.plan(t, c)
	if all[0].ID != "next-attempt" {
		t.Errorf("what works again: %s comes first, want next-attempt", all[0].ID)
	}
	if at := slices.IndexFunc(all, Remedy.Ready); at < 0 || all[at].ID != "fresh-back-off" {
		t.Errorf("what works again has no fresh back-off to apply: %v", at)
	}
}
