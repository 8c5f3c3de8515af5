// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"strings"

	"github.com/pullmedic/pullmedic/testbed/internal/registries"
)

// confirmed is the answer that a fault gets whose cause can be proven.
func confirmed(cause string) Expect { return Expect{Cause: cause, Verdict: "confirmed"} }

// ambiguous is the honest answer where a registry hides what it has.
func ambiguous(why string) Expect {
	return Expect{Cause: "AccessDeniedAmbiguous", Verdict: "likely", Why: why}
}

// imageFaults lie in what the image's name asks for.
func imageFaults() []Fault {
	return []Fault{
		{
			Name: "missing-tag", What: "the repository is there, the tag is not",
			Cause: "TagNotFound", Expect: confirmed("TagNotFound"), Reach: OfPod, Mendable: true,
			scene: func(Spot) Scene { return Scene{Image: registries.Plain + "/acme/app:1.27.44"} },
		},
		{
			Name: "missing-repository-open", What: "no such repository, in a registry that says so",
			Cause: "RepositoryNotFound", Expect: confirmed("RepositoryNotFound"), Reach: OfPod, Mendable: true,
			scene: func(Spot) Scene { return Scene{Image: registries.Plain + "/acme/ap:1.27.4"} },
		},
		{
			Name: "missing-repository-hiding", What: "no such repository, in a registry that hides it",
			Cause:  "RepositoryNotFound",
			Expect: ambiguous("Docker Hub answers the same for private and absent, and nothing else in this cluster knows the repository"),
			Reach:  OfPod, Mendable: true,
			scene: func(Spot) Scene { return Scene{Image: registries.Hub + "/acme/absent:1.0"} },
		},
		{
			Name: "missing-digest", What: "the repository is there, the digest is not",
			Cause: "DigestNotFound", Expect: confirmed("DigestNotFound"), Reach: OfPod, Mendable: true,
			scene: func(Spot) Scene {
				return Scene{Image: registries.Plain + "/acme/app@sha256:" + strings.Repeat("5ca1ab1e", 8)}
			},
		},
		{
			Name: "missing-platform", What: "the index has linux/arm64 alone",
			Cause: "PlatformMismatch", Expect: confirmed("PlatformMismatch"), Reach: OfPod,
			scene: func(Spot) Scene { return Scene{Image: registries.Plain + "/acme/arm:1.0"} },
		},
		{
			Name: "never", What: "pull policy Never, and the node does not have the image",
			Cause: "NeverPull", Expect: confirmed("NeverPull"), Reach: OfPod, Mendable: true,
			scene: func(Spot) Scene { return Scene{Image: registries.Plain + "/acme/app:1.28.0", Policy: "Never"} },
		},
	}
}
