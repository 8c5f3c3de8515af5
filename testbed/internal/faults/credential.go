// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"time"

	"github.com/pullmedic/pullmedic/testbed/internal/registries"
)

// harborImage needs a login.
const harborImage = registries.Harbor + "/acme/app:1.27.4"

// good is the entry of the account that may pull from that registry.
func good(registry string) Entry {
	account := registries.AccountOf(registry)
	return Entry{User: account.User, Password: account.Password}
}

// wrong is an entry with a password that no registry takes. Each spot has its
// own, so that one seen twice was sent twice.
func wrong(spot Spot) Entry {
	return Entry{User: "robot$acme", Password: registries.Canary + "-wrong-" + spot.Fault.Name + "-" + spot.Node.Name}
}

// credentialFaults lie in what the pod brings to log in with.
func credentialFaults() []Fault {
	return []Fault{
		{
			Name: "no-secret", What: "a private image, and the pod names no pull secret",
			Cause: "CredentialsMissing", Expect: confirmed("CredentialsMissing"), Reach: OfPod, Mendable: true,
			scene: func(Spot) Scene { return Scene{Image: harborImage} },
		},
		{
			Name: "wrong-password", What: "the pull secret's password is wrong",
			Cause: "CredentialsInvalid", Expect: confirmed("CredentialsInvalid"), Reach: OfPod, Mendable: true,
			scene: func(s Spot) Scene {
				return Scene{Image: harborImage, Secrets: []Secret{{Name: "harbor", Entries: map[string]Entry{registries.Harbor: wrong(s)}}}}
			},
		},
		{
			Name: "secret-elsewhere", What: "the pull secret that the pod names is in another namespace",
			Cause: "SecretMissing", Expect: confirmed("SecretMissing"), Reach: OfPod, Mendable: true,
			scene: func(Spot) Scene {
				return Scene{Image: harborImage, Secrets: []Secret{{Name: "harbor", Elsewhere: true, Entries: map[string]Entry{registries.Harbor: good(registries.Harbor)}}}}
			},
		},
		{
			Name: "key-not-matched", What: "the pull secret's key has no port, the image's registry has one",
			Cause: "SecretNotUsed", Expect: confirmed("SecretNotUsed"), Reach: OfPod, Mendable: true,
			scene: func(Spot) Scene {
				return Scene{Image: harborImage, Secrets: []Secret{{Name: "harbor", Entries: map[string]Entry{"harbor.acme.example": good(registries.Harbor)}}}}
			},
		},
		{
			Name: "malformed-secret", What: "the pull secret's auth is no base64",
			Cause: "SecretMalformed", Expect: confirmed("SecretMalformed"), Reach: OfPod, Mendable: true,
			scene: func(Spot) Scene {
				return Scene{Image: harborImage, Secrets: []Secret{{Name: "harbor", Raw: `{"auths":{"` + registries.Harbor + `":{"auth":"%%` + registries.Canary + `-malformed%%"}}}`}}}
			},
		},
		{
			Name: "expired-ecr-token", What: "the pull secret's ECR token was over an hour ago",
			Cause: "CredentialsExpired", Expect: confirmed("CredentialsExpired"), Reach: OfPod, Mendable: true,
			scene: func(s Spot) Scene {
				over := registries.ECRPassword(time.Now().Add(-time.Hour), s.Node.Name)
				return Scene{
					Image:   registries.ECR + "/acme/ledger:5.2",
					Secrets: []Secret{{Name: "ecr-pull", Entries: map[string]Entry{registries.ECR: {User: "AWS", Password: over}}}},
				}
			},
		},
	}
}
