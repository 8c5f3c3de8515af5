// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"github.com/pullmedic/pullmedic/testbed/internal/registries"
)

// controls are healthy, though some look odd. Nothing may be said of them.
func controls() []Fault {
	return []Fault{
		{
			Name: "healthy-open", What: "a public image", Reach: OfPod,
			scene: func(Spot) Scene { return Scene{Image: registries.Plain + "/acme/app:1.27.4"} },
		},
		{
			Name: "healthy-private", What: "a private image with the right secret", Reach: OfPod,
			scene: func(Spot) Scene {
				return Scene{Image: harborImage, Secrets: []Secret{{Name: "harbor", Entries: map[string]Entry{registries.Harbor: good(registries.Harbor)}}}}
			},
		},
		{
			Name: "healthy-second-credential", What: "two credentials match, and the kubelet tries the bad one first", Reach: OfPod,
			scene: func(s Spot) Scene {
				return Scene{Image: harborImage, Secrets: []Secret{{Name: "harbor", Entries: map[string]Entry{
					registries.Harbor + "/acme": wrong(s), // the longer key goes first
					registries.Harbor:           good(registries.Harbor),
				}}}}
			},
		},
		{
			Name: "healthy-empty-entry", What: "an entry {} for the registry of a public image", Reach: OfPod,
			scene: func(Spot) Scene {
				return Scene{Image: registries.GitHub + "/acme/tool:0.9", Secrets: []Secret{{Name: "desktop", Entries: map[string]Entry{registries.GitHub: {}}}}}
			},
		},
		{
			Name: "healthy-wildcard-digest", What: "a private image by digest, whose secret's key is a wildcard", Reach: OfPod,
			scene: func(s Spot) Scene {
				return Scene{
					Image:   registries.ACR + "/acme/app@" + s.Digest(registries.ACR, "acme/app", "1.27.4"),
					Secrets: []Secret{{Name: "acr", Entries: map[string]Entry{"*.azurecr.io": good(registries.ACR)}}},
				}
			},
		},
	}
}
