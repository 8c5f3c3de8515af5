// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package diagnosis_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/symptom"
)

func TestJudgeComposesTheWholeAnswer(t *testing.T) {
	open := pull("registry.acme.example", "acme/api", "1.27.44")
	basic := pull("harbor.acme.example:8443", "acme/api", "1.0")
	hub := pull("docker.io", "acme/api", "1.0")
	ecr := pull("123456789012.dkr.ecr.eu-west-1.amazonaws.com", "acme/api", "1.0")
	notFound := says(symptom.TagNotFound, "registry.acme.example/acme/api:1.27.44: not found")
	denied := says(symptom.AccessDenied, "insufficient_scope: authorization failed")
	noBasic := unsent("no basic auth credentials")
	refused := symptom.Symptom{Sign: symptom.ConnectionRefused, Detail: "dial tcp 10.0.0.1:443: connect: connection refused", Host: "registry.acme.example", Address: "10.0.0.1:443"}
	limited := symptom.Symptom{Sign: symptom.RateLimited, Status: 429, Host: "registry-1.docker.io", Detail: "429 Too Many Requests"}

	cases := append(networkCases(open, refused, limited), []judgeCase{
		{
			name: "a tag that an open registry lacks is proven missing, and its neighbours are told",
			pull: open, symptom: notFound,
			findings: and(reached, here(evidence.CheckManifest, evidence.TagAbsent), here(evidence.CheckTags, evidence.TagsListed)),
			want:     []string{"TagNotFound confirmed failing"}, ruledOut: []string{"RepositoryNotFound", "DNSFailure", "CredentialsMissing"},
			subject: "image registry.acme.example/acme/api:1.27.44",
			summary: "registry.acme.example/acme/api has no tag 1.27.44; client saw tags-listed",
		},
		{
			name: "a tag that a quiet registry lacks is proven missing by another tag that answers",
			pull: open, symptom: notFound,
			findings: and(reached, here(evidence.CheckManifest, evidence.ManifestAbsent), here(evidence.CheckTags, evidence.RepositoryAnswers), here(evidence.CheckTags, evidence.TagsNotListable)),
			want:     []string{"TagNotFound confirmed failing"},
		},
		{
			name: "where nothing but a 404 is to be had, the repository may be missing as well",
			pull: open, symptom: notFound,
			findings: and(reached, here(evidence.CheckManifest, evidence.ManifestAbsent)),
			want:     []string{"TagNotFound likely failing", "RepositoryNotFound possible failing", "MirrorFailure possible failing"},
			summary:  "it looks as if registry.acme.example/acme/api has no tag 1.27.44",
		},
		{
			name: "the text alone makes its first reading likely",
			pull: open, symptom: notFound,
			want: []string{"TagNotFound likely failing", "RepositoryNotFound possible failing", "MirrorFailure possible failing"},
		},
		{
			name: "a repository that an open registry lacks is proven missing",
			pull: open, symptom: notFound,
			findings: and(reached, here(evidence.CheckManifest, evidence.RepositoryAbsent)),
			want:     []string{"RepositoryNotFound confirmed failing"}, ruledOut: []string{"TagNotFound"},
			subject: "repository registry.acme.example/acme/api",
		},
		{
			name: "a refusal of a registry that hides stays undecided, but for what needs a credential, where none is sent",
			pull: hub, symptom: denied,
			findings: and(reached, noCredential, accessDenied),
			want: []string{
				"AccessDeniedAmbiguous likely failing", "RepositoryNotFound possible failing",
				"CredentialsMissing possible failing",
			},
			subject: "repository docker.io/acme/api",
		},
		{
			name: "what the cluster ran of the repository makes the missing credential likely on a registry that hides",
			pull: hub, symptom: denied,
			findings: and(reached, noCredential, accessDenied, shown(evidence.CheckHistory, evidence.RepositoryKnown)),
			want:     []string{"CredentialsMissing likely failing", "RepositoryNotFound possible failing"},
		},
		{
			name: "the same image pulled elsewhere proves the missing credential on a registry that hides",
			pull: hub, symptom: denied,
			findings: and(reached, noCredential, accessDenied, here(evidence.CheckAnonymous, evidence.AnonymousMayNotPull), shown(evidence.CheckSameImage, evidence.ImagePulledElsewhere)),
			want:     []string{"CredentialsMissing confirmed failing"}, ruledOut: []string{"RepositoryNotFound"},
		},
		{
			name: "an accepted credential that is denied what others pull has no permission",
			pull: hub, symptom: denied,
			findings: and(reached, hasCredential, here(evidence.CheckToken, evidence.CredentialAccepted), here(evidence.CheckToken, evidence.TokenGrantsNothing),
				shown(evidence.CheckSameImage, evidence.ImagePulledElsewhere)),
			want: []string{"PermissionDenied confirmed failing"}, ruledOut: []string{"CredentialsMissing", "CredentialsInvalid", "RepositoryNotFound"},
		},
		{
			name: "an accepted credential on a registry that hides leaves permission and absence open",
			pull: hub, symptom: denied,
			findings: and(reached, hasCredential, here(evidence.CheckToken, evidence.CredentialAccepted), accessDenied),
			want:     []string{"AccessDeniedAmbiguous likely failing", "RepositoryNotFound possible failing", "PermissionDenied possible failing"},
			ruledOut: []string{"CredentialsMissing", "CredentialsInvalid", "CredentialsExpired"},
		},
		{
			name: "a digest that the registry lacks is proven missing",
			pull: digest(open, "sha256:aa"), symptom: says(symptom.DigestNotFound, "not found"),
			findings: and(reached, here(evidence.CheckManifest, evidence.DigestAbsent)),
			want:     []string{"DigestNotFound confirmed failing"},
			subject:  "image registry.acme.example/acme/api@sha256:aa",
		},
		{
			name: "an index without the node's platform is proven by the runtime and by the registry",
			pull: open, symptom: says(symptom.PlatformNotFound, "no match for platform in manifest: not found"),
			findings: and(reached, present, here(evidence.CheckPlatform, evidence.PlatformAbsent)),
			want:     []string{"PlatformMismatch confirmed failing"}, ruledOut: []string{"TagNotFound"},
			summary: "registry.acme.example/acme/api:1.27.44 is not built for linux/arm64, the platform of worker-3",
		},
		{
			name: "a private image without a secret on a Basic registry lacks a credential",
			pull: basic, symptom: noBasic,
			findings: and(reached, shown(evidence.CheckPullSecrets, evidence.SecretsNotNamed), noCredential, loginRequired),
			want:     []string{"CredentialsMissing confirmed failing"},
			subject:  "registry harbor.acme.example:8443",
		},
		{
			name: "a wrong password is proven by the registry that rejects it",
			pull: basic, symptom: denied,
			findings: and(reached, hasCredential, here(evidence.CheckToken, evidence.CredentialRejected)),
			want:     []string{"CredentialsInvalid confirmed failing"}, ruledOut: []string{"CredentialsMissing", "AccessDeniedAmbiguous"},
			subject: "registry harbor.acme.example:8443",
		},
		{
			name: "a secret in another namespace is a missing secret, not just a missing credential",
			pull: basic, symptom: noBasic,
			findings: and(reached, secret(shown(evidence.CheckPullSecrets, evidence.SecretAbsent), "shop/hub"), secret(shown(evidence.CheckPullSecrets, evidence.SecretElsewhere), "billing/hub"), noCredential, loginRequired),
			want:     []string{"SecretMissing confirmed failing"},
			subject:  "secret shop/hub",
			summary:  "the pod names the pull secret shop/hub, which namespace shop does not have; cluster shows secret-elsewhere",
		},
		{
			name: "a missing secret on a registry that hides is likely, since the image may be public or absent",
			pull: hub, symptom: denied,
			findings: and(reached, secret(shown(evidence.CheckPullSecrets, evidence.SecretAbsent), "shop/hub"), noCredential, accessDenied),
			want:     []string{"SecretMissing likely failing", "RepositoryNotFound possible failing"},
		},
		{
			name: "a key that the kubelet does not match is a secret that is not used",
			pull: basic, symptom: noBasic,
			findings: and(reached, noCredential, secret(shown(evidence.CheckKeyring, evidence.KeyringEntryIgnored), "shop/hub"), loginRequired),
			want:     []string{"SecretNotUsed confirmed failing"}, subject: "secret shop/hub",
		},
		{
			name: "a key that the kubelet does not match is likely on a registry that hides, which may lack the image",
			pull: hub, symptom: denied,
			findings: and(reached, noCredential, secret(shown(evidence.CheckKeyring, evidence.KeyringEntryIgnored), "shop/hub"), accessDenied),
			want:     []string{"SecretNotUsed likely failing", "RepositoryNotFound possible failing"},
		},
		{
			name: "an entry that is ignored beside one that works is no cause",
			pull: basic, symptom: notFound,
			findings: and(reached, hasCredential, shown(evidence.CheckKeyring, evidence.KeyringEntryIgnored), here(evidence.CheckToken, evidence.CredentialAccepted), here(evidence.CheckManifest, evidence.TagAbsent)),
			want:     []string{"TagNotFound confirmed failing"}, ruledOut: []string{"SecretNotUsed"},
		},
		{
			name: "a secret that cannot be parsed stops the pull before any registry",
			pull: basic, symptom: says(symptom.SecretUnreadable, "illegal base64 data at input byte 0"),
			findings: and(secret(shown(evidence.CheckPullSecrets, evidence.SecretMalformed), "shop/hub")),
			want:     []string{"SecretMalformed confirmed failing"}, subject: "secret shop/hub",
		},
		{
			name: "an ECR token past its own expiry is proven by the refusal",
			pull: ecr, symptom: symptom.Symptom{Sign: symptom.PermissionDenied, Status: 403, Detail: "403 Forbidden"},
			findings: and(reached, hasCredential, secret(shown(evidence.CheckKeyring, evidence.CredentialExpiredByItself), "shop/ecr-pull"), here(evidence.CheckToken, evidence.CredentialRejected)),
			want:     []string{"CredentialsExpired confirmed failing"},
			subject:  "registry 123456789012.dkr.ecr.eu-west-1.amazonaws.com",
			summary:  "the credential that the pod brings has expired; cluster shows credential-expired-by-itself",
		},
		{
			name: "the registry's own word that the token is over is enough",
			pull: ecr, symptom: says(symptom.CredentialExpired, "Your Authorization Token has expired"), gaps: noRights,
			want: []string{"CredentialsExpired confirmed failing"},
		},
		{
			name: "behind an expired token lies a missing tag that another credential shows",
			pull: ecr, symptom: says(symptom.CredentialExpired, "Your Authorization Token has expired"),
			findings: and(reached, hasCredential, here(evidence.CheckToken, evidence.CredentialExpired), here(evidence.CheckToken, evidence.CredentialAccepted), here(evidence.CheckManifest, evidence.TagAbsent)),
			want:     []string{"CredentialsExpired confirmed failing", "TagNotFound confirmed failing behind"},
		},
		{
			name: "of two credentials the first is bad, the second works, and the tag is missing: only the tag is the cause",
			pull: basic, symptom: symptom.Symptom{Sign: symptom.CredentialRejected, Also: []symptom.Sign{symptom.TagNotFound}, Detail: "[401 Unauthorized, not found]"},
			findings: and(reached, hasCredential, here(evidence.CheckToken, evidence.CredentialRejected), here(evidence.CheckToken, evidence.CredentialAccepted), here(evidence.CheckManifest, evidence.TagAbsent)),
			want:     []string{"TagNotFound confirmed failing"}, ruledOut: []string{"CredentialsInvalid"},
		},
		{
			name: "a bad credential for an image that anybody may pull is what breaks it",
			pull: hub, symptom: says(symptom.CredentialRejected, "incorrect username or password"),
			findings: and(reached, hasCredential, here(evidence.CheckToken, evidence.CredentialRejected), here(evidence.CheckAnonymous, evidence.AnonymousMayPull), present),
			want:     []string{"CredentialsBreakPublicImage confirmed failing"},
		},
		{
			name: "a service account that got its secret after the pod leaves the pod without",
			pull: basic, symptom: noBasic,
			findings: and(reached, noCredential, shown(evidence.CheckServiceAccount, evidence.ServiceAccountGotLate), loginRequired),
			want:     []string{"ServiceAccountRace confirmed failing"}, subject: "service-account shop/default",
		},
		{
			name: "pull policy Never without the image needs no registry",
			pull: open, symptom: says(symptom.NeverPull, "is not present with pull policy of Never"),
			want: []string{"NeverPull confirmed failing"},
		},
		{
			name: "without rights to secrets the answer is likely, and says what was not looked at",
			pull: basic, symptom: noBasic, gaps: noRights,
			findings: and(reached, loginRequired),
			want: []string{
				"CredentialsMissing likely failing", "SecretMissing possible failing",
			},
		},
		{
			name: "a bare 401 may hide an absent repository, so it proves no missing credential",
			pull: pull("quay.io", "acme/api", "1.0"), symptom: symptom.Symptom{Sign: symptom.LoginRequired, Status: 401, Detail: "401 UNAUTHORIZED", Runtime: "containerd"},
			findings: and(reached, noCredential, accessDenied),
			want: []string{
				"AccessDeniedAmbiguous likely failing", "CredentialsMissing possible failing",
				"RepositoryNotFound possible failing",
			},
		},
		{
			name: "nor does a refusal that offers no login, of an image that is there",
			pull: pull("quiet.acme.example", "acme/gate", "1"), symptom: symptom.Symptom{Sign: symptom.LoginRequired, Status: 401, Detail: "401 Unauthorized", Runtime: "containerd"},
			findings: and(reached, noCredential, here(evidence.CheckAnonymous, evidence.RepositoryAnswers), accessDenied),
			want:     []string{"AccessDeniedAmbiguous likely failing", "CredentialsMissing possible failing"},
		},
		{
			name: "nor does a token service that gives nobody a token",
			pull: pull("ghcr.io", "acme/api", "1.0"), symptom: symptom.Symptom{Sign: symptom.LoginRequired, Status: 403, Role: symptom.RoleTokenService, CredentialSent: "no", Detail: "403 Forbidden", Runtime: "containerd"},
			findings: and(reached, noCredential, here(evidence.CheckToken, evidence.TokenRefused)),
			want: []string{
				"AccessDeniedAmbiguous likely failing", "CredentialsMissing possible failing", "RepositoryNotFound possible failing",
			},
		},
		{
			name: "a 401 to a credential that is accepted is a missing right (Harbor says it so)",
			pull: basic, symptom: symptom.Symptom{Sign: symptom.LoginRequired, Status: 401, Detail: "401 Unauthorized", Runtime: "containerd"},
			findings: and(reached, hasCredential, here(evidence.CheckToken, evidence.CredentialAccepted), here(evidence.CheckManifest, evidence.PermissionDenied)),
			want:     []string{"PermissionDenied confirmed failing"},
		},
		{
			name: "fewer bytes than promised may be a cut or other content, so asking decides",
			pull: open, symptom: says(symptom.ConnectionReset, "failed to read expected number of bytes: unexpected EOF"),
			findings: and(reached, present, here(evidence.CheckConfig, evidence.ContentDiffers)),
			want:     []string{"ContentMismatch confirmed failing", "ConnectionReset likely failing"},
		},
		{
			name: "a cloud's node may have a credential of its own, so none in the pod proves nothing",
			pull: ecr, symptom: symptom.Symptom{Sign: symptom.PermissionDenied, Status: 403, Detail: "403 Forbidden", Runtime: "containerd"},
			findings: and(reached, shown(evidence.CheckKeyring, evidence.PodBringsNone), loginRequired),
			want: []string{
				"CredentialsMissing likely failing", "PermissionDenied likely failing", "RepositoryNotFound possible failing",
				"CredentialsInvalid possible failing", "CredentialsExpired possible failing", "RegistryPolicyBlocked possible failing",
			},
		},
		{
			name: "an accepted credential clears the node's older complaint about it, and what it hid comes first",
			pull: ecr, symptom: says(symptom.CredentialExpired, "your authorization token has expired"),
			findings: and(reached, hasCredential, here(evidence.CheckToken, evidence.CredentialAccepted), here(evidence.CheckManifest, evidence.TagAbsent)),
			want:     []string{"TagNotFound confirmed failing"},
		},
		{
			name: "that a repository is not there for who does not log in proves nothing of who does",
			pull: basic, symptom: denied, gaps: noRights,
			findings: and(reached, here(evidence.CheckManifest, evidence.RepositoryAbsent)),
			want: []string{
				"RepositoryNotFound likely failing", "CredentialsMissing possible failing", "CredentialsInvalid possible failing",
				"CredentialsExpired possible failing", "PermissionDenied possible failing",
			},
		},
		{
			name: "that the registry fails for the client, while it answered the node, is the client's affair first",
			pull: open, symptom: notFound,
			findings: and(reached, here(evidence.CheckManifest, evidence.RegistryUnavailable)),
			want:     []string{"TagNotFound likely failing", "RegistryUnavailable likely failing", "RepositoryNotFound possible failing", "MirrorFailure possible failing"},
		},
		{
			name: "what an anonymous client may do clears no credential that it could not see",
			pull: hub, symptom: denied, gaps: noRights,
			findings: and(reached, present),
			want: []string{
				"AccessDeniedAmbiguous likely failing", "CredentialsMissing possible failing", "CredentialsInvalid possible failing",
				"CredentialsExpired possible failing", "PermissionDenied possible failing",
			},
		},
		{
			name: "a refusal is not cleared by an anonymous client, where a credential goes along that was not tried",
			pull: hub, symptom: denied, gaps: []evidence.Gap{{Check: evidence.CheckToken, Why: "no credential is sent in this run"}},
			findings: and(reached, hasCredential, here(evidence.CheckAnonymous, evidence.AnonymousMayPull), present),
			want: []string{
				"CredentialsBreakPublicImage likely failing", "CredentialsExpired possible failing", "PermissionDenied possible failing",
			},
		},
		{
			name: "an image that other nodes pull was not pushed since: this node asks somebody else",
			pull: open, symptom: notFound,
			findings: and(reached, present, here(evidence.CheckPlatform, evidence.PlatformPresent), shown(evidence.CheckSameImage, evidence.ImagePulledElsewhere)),
			want:     []string{"MirrorFailure likely failing"},
			subject:  "registry registry.acme.example",
		},
		{
			name: "an image that was pushed since is cleared",
			pull: open, symptom: notFound,
			findings: and(reached, present, here(evidence.CheckPlatform, evidence.PlatformPresent)),
			want:     []string{"TagNotFound likely cleared"},
			summary:  "it works now, so the next attempt should succeed",
		},
		{
			name: "a password that was corrected since is cleared",
			pull: basic, symptom: sent("unauthorized"),
			findings: and(reached, hasCredential, here(evidence.CheckToken, evidence.CredentialAccepted), present),
			want:     []string{"CredentialsInvalid confirmed cleared"},
		},
		{
			name: "CRI-O's invalid username/password does not prove a password where none is sent",
			pull: open, symptom: symptom.Parse("initializing source docker://registry.acme.example/team/app:1.27.4: unable to retrieve auth token: invalid username/password: unauthorized: authentication required"),
			findings: and(reached, noCredential, here(evidence.CheckToken, evidence.TokenRefused)),
			want:     []string{"AccessDeniedAmbiguous likely failing", "CredentialsMissing possible failing", "RepositoryNotFound possible failing"},
		},
		{
			name: "what a blob store says of its signed URL is no word about the pod's credential",
			pull: open, symptom: symptom.Parse(`failed to copy: httpReadSeeker: failed open: unexpected status from GET request to https://layers.s3.amazonaws.com/aa?X-Amz-Signature=x: 403 Forbidden: <Code>ExpiredToken</Code><Message>The provided token has expired.</Message>`),
			findings: and(reached, hasCredential),
			want:     []string{"PermissionDenied likely failing", "RegistryPolicyBlocked possible failing"},
		},
		{
			name: "a status that no registry gives does not prove that it is ill",
			pull: open, symptom: symptom.Symptom{Sign: symptom.RegistryUnavailable, Status: 400, Detail: "400 Bad Request"},
			want: []string{"RegistryUnavailable likely failing", "ProxyFailure possible failing", "MirrorFailure possible failing"},
		},
		{
			name: "a registry that failed and answers again is cleared",
			pull: open, symptom: symptom.Symptom{Sign: symptom.RegistryUnavailable, Status: 503, Detail: "503 Service Unavailable"},
			findings: and(reached, present),
			want:     []string{"RegistryUnavailable confirmed cleared"},
		},
		{
			name: "a pull that succeeded since is cleared, local cause or not",
			pull: open, symptom: refused,
			findings: and(evidence.Finding{Check: evidence.CheckMessage, Outcome: evidence.ConnectionRefused, Vantage: evidence.Node, Time: failed, Sentence: "refused"},
				evidence.Finding{Check: evidence.CheckMessage, Outcome: evidence.NextAttemptSucceeded, Vantage: evidence.Node, Time: asked, Sentence: "pulled"}),
			want: []string{"ConnectionRefused confirmed cleared"},
		},
		{
			name: "a registry that was given up is told instead of the missing tag",
			pull: pull("docker.io", "bitnami/redis", "7.0.11-debian-11-r12"), symptom: says(symptom.TagNotFound, "not found"),
			findings: and(reached, here(evidence.CheckManifest, evidence.TagAbsent)),
			want:     []string{"RegistryRetired confirmed failing"},
			summary:  "it moved to docker.io/bitnamilegacy",
		},
		{
			name: "a frozen registry may lack a tag for its age or for a typing error",
			pull: pull("k8s.gcr.io", "pause", "3.99"), symptom: says(symptom.TagNotFound, "not found"),
			findings: and(reached, here(evidence.CheckManifest, evidence.TagAbsent)),
			want:     []string{"TagNotFound confirmed failing", "RegistryRetired likely failing"},
		},
		{
			name: "a text that names no cause leaves the registry's answer to decide",
			pull: open, symptom: says(symptom.Other, ""),
			findings: and(reached, here(evidence.CheckManifest, evidence.TagAbsent)),
			want:     []string{"TagNotFound confirmed failing"},
		},
		{
			name: "nothing known is said to be nothing known",
			pull: open, symptom: says(symptom.Other, ""),
			want: []string{"Other possible failing"},
		},
		{
			name: "verifying a credential again is why the kubelet pulls; what fails lies behind",
			pull: hub, symptom: says(symptom.CredentialReverification, "image pull credentials need to be verified"),
			findings: and(reached, hasCredential, here(evidence.CheckToken, evidence.CredentialRejected)),
			want:     []string{"CredentialReverification confirmed failing", "CredentialsInvalid confirmed failing behind"},
		},
	}...)

	c := load(t)
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			d := diagnosis.Judge(c, evidence.Evidence{Pull: tc.pull, Symptom: tc.symptom, Findings: tc.findings, NotLookedAt: tc.gaps})
			if got := causes(d); !reflect.DeepEqual(got, tc.want) {
				t.Errorf("causes:\n got %q\nwant %q", got, tc.want)
			}
			first := d.Causes[0]
			if got := string(first.Subject.Kind) + " " + first.Subject.Name; tc.subject != "" && got != tc.subject {
				t.Errorf("subject: got %q, want %q", got, tc.subject)
			}
			if !strings.Contains(first.Summary, tc.summary) || strings.ContainsAny(first.Summary, "{}") {
				t.Errorf("summary: got %q, want it to hold %q", first.Summary, tc.summary)
			}
			out := map[string]bool{}
			for _, r := range d.RuledOut {
				out[r.Cause] = true
				if len(r.Findings) == 0 {
					t.Errorf("%s is ruled out by no finding", r.Cause)
				}
			}
			for _, id := range tc.ruledOut {
				if !out[id] {
					t.Errorf("%s is not ruled out", id)
				}
			}
			if !reflect.DeepEqual(d.NotLookedAt, tc.gaps) {
				t.Errorf("not looked at: got %v, want %v", d.NotLookedAt, tc.gaps)
			}
			checkShape(t, d)
		})
	}
}
