// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package evidence_test

import (
	"testing"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/symptom"
)

func TestARefusalNamesItsRule(t *testing.T) {
	for text, want := range map[string]string{
		`Error creating: pods "api-7d9c5-" is forbidden: ValidatingAdmissionPolicy 'registries' with binding 'in-shop' denied request: images have to come from registry.example`: "policy registries (binding in-shop) says: images have to come from registry.example",
		`Error creating: admission webhook "validate.kyverno.svc-fail" denied the request:

resource Pod/shop/api was blocked due to the following policies

check-registry:
  only-ours: image is not ours`: "webhook validate.kyverno.svc-fail says: resource Pod/shop/api was blocked due to the following policies check-registry: only-ours: image is not ours",
		`Error creating: admission webhook "images.example" denied the request without explanation`:         "webhook images.example says: no",
		`Error creating: pods "x" is forbidden: image policy webhook backend denied one or more images: no`: `the API server says: Error creating: pods "x" is forbidden: image policy webhook backend denied one or more images: no`,
	} {
		found := evidence.FromSymptom(symptom.Parse(text), evidence.Pull{Message: text, Reason: "FailedCreate"})
		if len(found) != 1 || found[0].Outcome != evidence.AdmissionRefused || found[0].Vantage != evidence.Cluster || found[0].Sentence != want {
			t.Errorf("%q gives %+v, want %q", text, found, want)
		}
	}
}
