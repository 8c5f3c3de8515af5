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
			scene: func(Spot) Scene {
				return Scene{Image: registries.Plain + "/acme/app:1.28.0", Policy: "Never", Unseen: true}
			},
		},
		{
			Name: "missing-tag-quiet", What: "no such tag, in a registry that lists none",
			Cause: "TagNotFound", Expect: confirmed("TagNotFound"), Reach: OfPod, Mendable: true,
			scene: func(Spot) Scene { return Scene{Image: registries.Quiet + "/acme/app:1.27.44"} },
		},
		{
			Name: "missing-tag-hub", What: "no such tag of a public repository of Docker Hub",
			Cause: "TagNotFound", Expect: confirmed("TagNotFound"), Reach: OfPod, Mendable: true,
			scene: func(Spot) Scene { return Scene{Image: "acme/app:9"} },
		},
		{
			Name: "missing-tag-implied", What: "no tag is written, and there is no latest",
			Cause: "TagNotFound", Reach: OfPod, Mendable: true,
			Expect: Expect{Cause: "TagNotFound", Verdict: "likely", Why: "the registry lists no tags, its 404 does not say which is missing, and from latest no other tag can be guessed"},
			scene:  func(Spot) Scene { return Scene{Image: registries.Quiet + "/acme/app"} },
		},
		{
			Name: "missing-tag-private", What: "no such tag of a private repository, with the right secret",
			Cause: "TagNotFound", Expect: confirmed("TagNotFound"), Reach: OfPod, Mendable: true,
			scene: func(Spot) Scene {
				return Scene{Image: registries.ACR + "/acme/app:1.27.44", Secrets: []Secret{{Name: "acr", Entries: map[string]Entry{registries.ACR: good(registries.ACR)}}}}
			},
		},
		{
			Name: "missing-tag-ecr", What: "no such tag in ECR, with a token that holds",
			Cause: "TagNotFound", Expect: confirmed("TagNotFound"), Reach: OfPod, Mendable: true,
			scene: func(s Spot) Scene { return Scene{Image: registries.ECR + "/acme/ledger:5.3", Secrets: ecrSecret(s)} },
		},
		{
			Name: "missing-repository-ecr", What: "no such repository in ECR, with a token that holds",
			Cause: "RepositoryNotFound", Expect: confirmed("RepositoryNotFound"), Reach: OfPod, Mendable: true,
			scene: func(s Spot) Scene { return Scene{Image: registries.ECR + "/acme/leger:5.2", Secrets: ecrSecret(s)} },
		},
		{
			Name: "missing-repository-private", What: "no such repository in a registry that wants a login, with the right secret",
			Cause: "RepositoryNotFound", Expect: confirmed("RepositoryNotFound"), Reach: OfPod, Mendable: true,
			scene: func(Spot) Scene {
				return Scene{Image: registries.Harbor + "/acme/absent:1", Secrets: []Secret{{Name: "harbor", Entries: map[string]Entry{registries.Harbor: good(registries.Harbor)}}}}
			},
		},
		{
			Name: "invalid-name", What: "the image's name has an upper-case letter",
			Cause: "InvalidImageName", Expect: confirmed("InvalidImageName"), Reach: OfPod, Mendable: true,
			scene: func(Spot) Scene { return Scene{Image: registries.Plain + "/acme/App:1.27.4"} },
		},
	}
}
