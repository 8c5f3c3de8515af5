// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package diagnosis_test

import (
	"strings"
	"testing"

	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/symptom"
)

// What a copy of a node's hosts directory shows is the client's finding, so it
// never proves what the node does.
func TestAHostsDirectoryLiftsWhatIsKnownOfMirrors(t *testing.T) {
	open := pull("registry.acme.example", "acme/api", "1.27.4")
	notFound := says(symptom.TagNotFound, "registry.acme.example/acme/api:1.27.4: not found")
	mirror := func(o evidence.Outcome) evidence.Finding {
		f := here(evidence.CheckMirrors, o)
		f.Subject = evidence.Subject{Kind: evidence.SubjectMirror, Name: "mirror.acme.example"}
		f.Sentence = "if the node's hosts directory is this one, " + string(o)
		return f
	}
	c := load(t)
	for name, tc := range map[string]struct {
		symptom  symptom.Symptom
		findings []evidence.Finding
		first    string
		summary  string
	}{
		"a mirror lacks what the registry has": {
			notFound, and(reached, present, mirror(evidence.MirrorsConfigured), mirror(evidence.MirrorLacks)),
			"MirrorFailure likely failing", "if the node's hosts directory is this one, mirror-lacks",
		},
		"a mirror stands in the registry's place and lacks what that has": {
			notFound, and(reached, present, shown(evidence.CheckSameImage, evidence.ImagePulledElsewhere), mirror(evidence.MirrorsConfigured), mirror(evidence.RegistryNotAsked), mirror(evidence.MirrorLacks)),
			"MirrorFailure likely failing", "if the node's hosts directory is this one, mirror-lacks",
		},
		"a mirror in the registry's place lacks it, and the text names no cause": {
			says(symptom.Other, "x"), and(reached, present, mirror(evidence.RegistryNotAsked), mirror(evidence.MirrorLacks)),
			"MirrorFailure likely failing", "asked from here, ",
		},
		"a mirror fails and the registry is never asked": {
			says(symptom.Other, "x"), and(reached, mirror(evidence.RegistryNotAsked), mirror(evidence.MirrorUnusable)),
			"MirrorFailure likely failing", "asked from here, ",
		},
		"a mirror that fails beside a registry that works is no cause": {
			notFound, and(reached, here(evidence.CheckManifest, evidence.TagAbsent), mirror(evidence.MirrorUnusable)),
			"TagNotFound confirmed failing", "",
		},
		"what a registry lacks that the node never asks is no proof": {
			notFound, and(reached, here(evidence.CheckManifest, evidence.TagAbsent), mirror(evidence.RegistryNotAsked)),
			"TagNotFound likely failing", "asked from here, ",
		},
		"a mirror that has it explains nothing": {
			notFound, and(reached, here(evidence.CheckManifest, evidence.TagAbsent), mirror(evidence.MirrorAnswers)),
			"TagNotFound confirmed failing", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := diagnosis.Judge(c, evidence.Evidence{Pull: open, Symptom: tc.symptom, Findings: tc.findings})
			checkShape(t, d)
			if got := causes(d)[0]; got != tc.first || !strings.Contains(d.Causes[0].Summary, tc.summary) {
				t.Errorf("got %v: %s", causes(d), d.Causes[0].Summary)
			}
			if d.Causes[0].Cause == "MirrorFailure" && d.Causes[0].Subject.Name != "mirror.acme.example" {
				t.Errorf("subject %+v", d.Causes[0].Subject)
			}
		})
	}
}
