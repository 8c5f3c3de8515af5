// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy_test

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/internal/remedy"
)

// Revision 18 was pushed wrong, and so was the one that is there now: 17 ran.
func TestOnlyAnImageThatRanIsGoneBackToUnasked(t *testing.T) {
	const worse, digest = "registry.example/acme/app:1.27.43", "sha256:" + "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	failing := pod("api-new", hash2, template(wrong), false, "app")
	over := pod("api-over", hash1, template(good), false)
	over.Status = corev1.PodStatus{Phase: corev1.PodFailed, ContainerStatuses: []corev1.ContainerStatus{{Name: "app", ImageID: "registry.example/acme/app@" + digest}}}
	at := func(number int64, image string, ran bool) remedy.Revision {
		r := revision(template(image), 0)
		r.Number, r.Ran = number, ran
		return r
	}
	holds := func(names ...string) []remedy.NodeImage { return []remedy.NodeImage{{Node: "worker-1", Names: names}} }
	for name, c := range map[string]struct {
		before []remedy.Revision
		pods   []*corev1.Pod
		onNode []remedy.NodeImage
		o      remedy.Options
		want   string // the first, as far as it goes
		says   string
	}{
		"the owner's status shows which ran": {
			before: []remedy.Revision{at(18, worse, false), at(17, good, true)}, want: "applied previous-image: Set container app back to " + good + " |", says: "revision 17 ran it",
		},
		"a pod that is over shows it": {
			before: []remedy.Revision{at(18, worse, false), at(17, good, false)}, pods: []*corev1.Pod{over}, want: "applied previous-image: Set container app back to " + good + " |", says: "revision 17 ran it (sha256:0123456789ab)",
		},
		"a node holds one of them": {
			before: []remedy.Revision{at(18, worse, false), at(17, good, false)}, onNode: holds(good), want: "applied previous-image: Set container app back to " + good + " |", says: "revision 17 had it, and node worker-1 holds it",
		},
		"that a node holds one is less than that the other ran": {
			before: []remedy.Revision{at(18, worse, false), at(17, good, true)}, onNode: holds(worse), want: "applied previous-image: Set container app back to " + good + " |", says: "revision 17 ran it",
		},
		"what cannot be pulled is passed over": {
			before: []remedy.Revision{at(18, worse, true), at(17, good, true)}, o: remedy.Options{Absent: []string{worse}}, want: "applied previous-image: Set container app back to " + good + " |", says: "revision 17 ran it",
		},
		"nothing shows that any ran": {
			before: []remedy.Revision{at(18, worse, false), at(17, good, false)}, want: "applied previous-image: Set container app back to " + worse + " [--to IMAGE]", says: "revision 18 had it, and nothing shows that it ran",
		},
		"a person who asks to go back gets what was there": {
			before: []remedy.Revision{at(18, worse, false)}, o: remedy.Options{Rollback: true}, want: "applied rollback: Go back to the whole template of revision 18 |", says: "revision 18 had it, and nothing shows that it ran",
		},
		"a person who asks to go back gets what ran, if anything did": {
			before: []remedy.Revision{at(18, worse, false), at(17, good, true)}, o: remedy.Options{Rollback: true}, want: "applied rollback: Go back to the whole template of revision 17 |", says: "revision 17 ran it",
		},
	} {
		t.Run(name, func(t *testing.T) {
			k := remedy.Case{
				Target: target("DaemonSet", template(wrong), c.before...), Pods: append([]*corev1.Pod{failing}, c.pods...), NodeImages: c.onNode,
				Diagnoses: []diagnosis.Diagnosis{diagnose(t, catalog.TagNotFound, "", "app", wrong)},
			}
			first := plan(t, k, c.o)[0]
			if got := told(first); !strings.HasPrefix(got, c.want) || first.Because != c.says {
				t.Errorf("got %s\nbecause %s", got, first.Because)
			}
		})
	}
}

// An image of another container that never ran comes back with no template.
func TestAWholeTemplateIsGoneBackToOnlyIfAllOfItRan(t *testing.T) {
	const never = "registry.example/acme/side:9"
	for name, ran := range map[string]bool{"the revision ran": true, "a node holds one of its two images": false} {
		t.Run(name, func(t *testing.T) {
			before := revision(env(template(good, side(never)), "a"), 0)
			before.Ran = ran
			k := remedy.Case{
				Target: target("DaemonSet", env(template(wrong, side("registry.example/acme/side:1")), "b"), before), NodeImages: []remedy.NodeImage{{Node: "worker-1", Names: []string{good}}},
				Diagnoses: []diagnosis.Diagnosis{diagnose(t, catalog.TagNotFound, "", "app", wrong)},
			}
			all := plan(t, k, remedy.Options{})
			if got := slices.ContainsFunc(all, func(r remedy.Remedy) bool { return r.ID == "rollout-undo" }); got != ran {
				t.Errorf("the whole template is offered: %t", got)
			}
			if !slices.ContainsFunc(all, func(r remedy.Remedy) bool { return r.ID == "previous-image" && r.Ready() }) {
				t.Error("the image alone is not offered")
			}
		})
	}
}
