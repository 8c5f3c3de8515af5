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

// ecrSecret is a pull secret whose token holds for a while.
func ecrSecret(s Spot) []Secret {
	token := registries.ECRPassword(time.Now().Add(10*time.Hour), s.Fault.Name+"-"+s.Node.Name)
	return []Secret{{Name: "ecr-pull", Entries: map[string]Entry{registries.ECR: {User: "AWS", Password: token}}}}
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
			Name: "secret-absent", What: "the pull secret that the pod names is nowhere",
			Cause: "SecretMissing", Expect: confirmed("SecretMissing"), Reach: OfPod, Mendable: true,
			scene: func(Spot) Scene { return Scene{Image: harborImage, PullSecrets: []string{"harbour-pull"}} },
		},
		{
			Name: "secret-opaque", What: "the pull secret's content is right, and its type is Opaque",
			Cause: "SecretNotUsed", Expect: confirmed("SecretNotUsed"), Reach: OfPod, Mendable: true,
			scene: func(Spot) Scene {
				return Scene{Image: harborImage, Secrets: []Secret{{Name: "harbor", Opaque: true, Entries: map[string]Entry{registries.Harbor: good(registries.Harbor)}}}}
			},
		},
		{
			Name: "empty-entry", What: "the pull secret's entry for the registry of a private image is {}",
			Cause: "SecretNotUsed", Expect: confirmed("SecretNotUsed"), Reach: OfPod, Mendable: true,
			scene: func(Spot) Scene {
				return Scene{Image: harborImage, Secrets: []Secret{{Name: "desktop", Entries: map[string]Entry{registries.Harbor: {}}}}}
			},
		},
		{
			Name: "no-right", What: "the pull secret's account may not pull from the repository",
			Cause: "PermissionDenied", Expect: confirmed("PermissionDenied"), Reach: OfPod, Mendable: true,
			scene: func(Spot) Scene {
				other := registries.Policies()[registries.Harbor].Accounts[1]
				return Scene{Image: harborImage, Secrets: []Secret{{Name: "team-other", Entries: map[string]Entry{registries.Harbor: {other.User, other.Password}}}}}
			},
		},
		{
			Name: "no-right-hub", What: "the pull secret's account may not pull a private repository of Docker Hub",
			Cause:  "PermissionDenied",
			Expect: ambiguous("Docker Hub answers an account without the right as it does where nothing is"),
			Reach:  OfPod, Mendable: true,
			scene: func(Spot) Scene {
				stranger := registries.Policies()[registries.Hub].Accounts[1]
				return Scene{Image: "acme/private:3.0", Secrets: []Secret{{Name: "hub", Entries: map[string]Entry{"https://index.docker.io/v1/": {stranger.User, stranger.Password}}}}}
			},
		},
		{
			Name: "no-secret-hub", What: "a private image of Docker Hub, and the pod names no pull secret",
			Cause:  "CredentialsMissing",
			Expect: ambiguous("Docker Hub answers the same for private and absent, and nothing else in this cluster knows the repository"),
			Reach:  OfPod, Mendable: true,
			scene: func(Spot) Scene { return Scene{Image: "acme/private:3.0"} },
		},
		{
			Name: "no-secret-ghcr", What: "a private image of GHCR, and the pod names no pull secret",
			Cause:  "CredentialsMissing",
			Expect: ambiguous("GHCR gives nobody a token for private and absent alike"),
			Reach:  OfPod, Mendable: true,
			scene: func(Spot) Scene { return Scene{Image: registries.GitHub + "/acme/private:0.9"} },
		},
		{
			Name: "wrong-password-hub", What: "the pull secret's password for Docker Hub is wrong",
			Cause: "CredentialsInvalid", Expect: confirmed("CredentialsInvalid"), Reach: OfPod, Mendable: true,
			scene: func(s Spot) Scene {
				return Scene{Image: "acme/private:3.0", Secrets: []Secret{{Name: "hub", Entries: map[string]Entry{"https://index.docker.io/v1/": wrong(s)}}}}
			},
		},
		{
			Name: "wrong-password-public", What: "a wrong password in the pull secret breaks the pull of a public image",
			Cause: "CredentialsBreakPublicImage", Expect: confirmed("CredentialsBreakPublicImage"), Reach: OfPod, Mendable: true,
			scene: func(s Spot) Scene {
				return Scene{Image: registries.GitHub + "/acme/tool:0.9", Secrets: []Secret{{Name: "github", Entries: map[string]Entry{registries.GitHub: wrong(s)}}}}
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
