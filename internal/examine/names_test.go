// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package examine_test

import (
	"context"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/examine"
	"github.com/pullmedic/pullmedic/internal/registry"
)

// answering is a registry that answers the same to all.
type answering struct{ outcomes []evidence.Outcome }

func (a answering) Probe(context.Context, registry.Target) ([]evidence.Finding, []evidence.Gap) {
	var found []evidence.Finding
	for _, o := range a.outcomes {
		found = append(found, evidence.Finding{Check: evidence.CheckManifest, Outcome: o, Vantage: evidence.Client, Sentence: "asked"})
	}
	return found, nil
}

func (answering) Sent() evidence.Sent { return evidence.Sent{} }

func TestWhatARegistryLacksIsComparedWithWhatThisClusterRuns(t *testing.T) {
	const refused = `failed to pull and unpack image "x": failed to resolve image: pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed`
	bad := func(image string) *corev1.Pod { return podWith("shop", "bad", image, "ErrImagePull", refused) }
	for name, c := range map[string]struct {
		pods     []runtime.Object
		registry []evidence.Outcome
		want     evidence.Outcome
		sentence string
		not      []evidence.Outcome
	}{
		"a tag that this cluster pulled is gone": {
			[]runtime.Object{bad("acme/api:1"), podWith("shop", "good", "acme/api:1", "", "", always, on("worker-2"))}, []evidence.Outcome{evidence.TagAbsent},
			evidence.GoneSince, "the registry had it at 2026-11-21 03:45 UTC, when pod shop/good started with it; it is gone since", []evidence.Outcome{evidence.NeverSeen, evidence.NameSpelledElsewise},
		},
		"a tag that merely lay on a node is gone, too": {
			[]runtime.Object{bad("acme/api:1"), podWith("shop", "good", "acme/api:1", "", "")}, []evidence.Outcome{evidence.TagAbsent},
			evidence.GoneSince, "pod shop/good started with it at 2026-11-21 03:45 UTC, so it was there once, and is gone since", nil,
		},
		"a tag that nobody here ran was never seen": {
			[]runtime.Object{bad("acme/api:1"), podWith("shop", "good", "acme/api:2", "", "")}, []evidence.Outcome{evidence.TagAbsent},
			evidence.NeverSeen, "no pod that was looked at runs this image or ran it", []evidence.Outcome{evidence.GoneSince},
		},
		"what is there is not gone": {
			[]runtime.Object{bad("acme/api:1"), podWith("shop", "good", "acme/api:1", "", "")}, []evidence.Outcome{evidence.ManifestPresent},
			evidence.ManifestPresent, "asked", []evidence.Outcome{evidence.GoneSince, evidence.NeverSeen},
		},
		"a slip in a name that this cluster runs": {
			[]runtime.Object{bad("acme/leger:1"), podWith("pay", "good", "acme/ledger:1", "", "")}, []evidence.Outcome{evidence.AccessDenied},
			evidence.NameSpelledElsewise, "this cluster runs docker.io/acme/ledger; is that meant?", []evidence.Outcome{evidence.NeverSeen},
		},
		"a registry that was left out": {
			[]runtime.Object{bad("acme/api:1"), podWith("pay", "good", "registry.acme.example/acme/api:1", "", "")}, []evidence.Outcome{evidence.TokenGrantsNothing, evidence.AccessDenied},
			evidence.NameSpelledElsewise, "this cluster runs registry.acme.example/acme/api; is that meant?", nil,
		},
		"a slip in a well-known name": {
			[]runtime.Object{bad("ngnix:1")}, []evidence.Outcome{evidence.AccessDenied},
			evidence.NameSpelledElsewise, "a well-known image has almost this name: is nginx meant?", nil,
		},
		"no hint for a repository that is there": {
			[]runtime.Object{bad("ngnix:1")}, []evidence.Outcome{evidence.TagAbsent},
			evidence.NeverSeen, "no pod that was looked at runs this image or ran it", []evidence.Outcome{evidence.NameSpelledElsewise},
		},
		"a failing pod's own name is no hint": {
			[]runtime.Object{bad("acme/leger:1"), podWith("shop", "worse", "acme/ledger:1", "ErrImagePull", refused)}, []evidence.Outcome{evidence.ManifestAbsent},
			evidence.ManifestAbsent, "asked", []evidence.Outcome{evidence.NameSpelledElsewise},
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, append(c.pods, nodeNamed("worker-1", "amd64"), account("shop"))...)
			h.with(t, answering{c.registry})
			e := one(t, h.objects(t, examine.ObjectRef{Kind: "pod", Namespace: "shop", Name: "bad"}))
			if got := sentence(e, c.want); got != c.sentence {
				t.Errorf("%s says %q, want %q; %v", c.want, got, c.sentence, outcomes(e))
			}
			wantNoOutcome(t, e, c.not...)
		})
	}
}
