// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"context"
	"net/http"
	"strings"

	"github.com/pullmedic/pullmedic/testbed/internal/layout"
	"github.com/pullmedic/pullmedic/testbed/internal/registries"
)

// secureFaults lie in certificates, in token services, and in hosts behind the
// registry; and the plain ones once more on registries that tell less.
func secureFaults() []Fault {
	locked := registries.Locked + "/acme/app:1.27.4"
	strict := []Secret{{Name: "strict", Entries: map[string]Entry{registries.Strict: good(registries.Strict)}}}
	lockedSecret := []Secret{{Name: "locked", Entries: map[string]Entry{registries.Locked: good(registries.Locked)}}}
	return []Fault{
		{
			Name: "expired-certificate", What: "the registry's certificate ended yesterday, as one node sees it",
			Cause: "TLSInvalid", Expect: confirmed("TLSInvalid"), Reach: OfNode, Uses: registries.Edge,
			scene: connecting(registries.ConnectExpired),
		},
		{
			Name: "other-name", What: "the certificate is for another name, as one node sees it",
			Cause: "TLSInvalid", Expect: confirmed("TLSInvalid"), Reach: OfNode, Uses: registries.Edge,
			scene: connecting(registries.ConnectOtherName),
		},
		{
			Name: "mutual-tls", What: "the registry wants a client certificate of one node",
			Cause: "ClientCertificateRequired", Expect: confirmed("ClientCertificateRequired"), Reach: OfNode, Uses: registries.Edge,
			scene: connecting(registries.ConnectClient),
		},
		{
			Name: "old-tls", What: "what answers one node at the registry's address offers TLS 1.0 alone",
			Cause: "TLSVersionUnsupported", Expect: confirmed("TLSVersionUnsupported"), Reach: OfNode, Uses: registries.Edge,
			scene: connecting(registries.ConnectOldTLS),
		},
		{
			Name: "blob-host-refused", What: "one node reaches the registry, and not the host on which its layers lie",
			Cause: "ConnectionRefused", Expect: confirmed("ConnectionRefused"), Reach: OfNode, Uses: registries.Content,
			scene: func(s Spot) Scene {
				store := blobAddressOf(registries.Content)
				return Scene{Image: registries.Content + "/acme/map:4.0", Unseen: true, Companion: true, Break: refuse(s.Node, store, "-I"), Mend: refuse(s.Node, store, "-D")}
			},
		},
		{
			Name: "rate-limit-tokens", What: "the token service alone answers 429",
			Cause: "RateLimited", Expect: confirmed("RateLimited"), Reach: OfRegistry,
			scene: func(s Spot) Scene {
				return Scene{Image: locked, Secrets: lockedSecret, Rules: []registries.Rule{{
					Registry: registries.Locked, Host: "auth.acme.example", From: []string{s.Node.Addr}, Effect: answer(http.StatusTooManyRequests, "TOOMANYREQUESTS", "too many requests"),
				}}}
			},
			Nodes: []string{layout.Nodes[0].Name}, // one address, so that the others of this registry stand on the other node
		},
		{
			Name: "no-challenge", What: "what stands in front of the registry answers 401 and does not say how to log in",
			Cause: "ProxyFailure", Reach: OfRegistry,
			Expect: Expect{Cause: "AccessDeniedAmbiguous", Verdict: "likely", Why: "a 401 without a challenge does not say who wants which login"},
			scene:  broken(registries.Quiet, "acme/gate:1", "manifests", registries.Effect{Status: http.StatusUnauthorized, Headers: map[string]string{"Content-Type": "text/plain"}, Body: "Unauthorized"}),
		},
		{
			Name: "child-gone", What: "the index is there, the manifest of the node's platform is not",
			Cause: "LayerMissing", Expect: confirmed("LayerMissing"), Reach: OfRegistry,
			scene: func(s Spot) Scene {
				digest := s.Digest(registries.Plain, "acme/family", "1.0")
				rule := registries.Rule{Registry: registries.Plain, Repository: "acme/family", Path: "/v2/*/*/manifests/" + digest}
				rest := rule
				rest.Path, rest.Effect = "/v2/*/*/manifests/sha256:*", answer(http.StatusNotFound, "MANIFEST_UNKNOWN", "manifest unknown")
				return Scene{Image: registries.Plain + "/acme/family:1.0", Unseen: true, Rules: []registries.Rule{rule, rest}}
			},
		},
		{
			Name: "cache-cannot-log-in", What: "a pull-through cache whose login at its source is refused",
			Cause: "UpstreamCacheFailure", Expect: confirmed("UpstreamCacheFailure"), Reach: OfRegistry,
			scene: broken(registries.Plain, "acme/through:1", "manifests", answer(http.StatusForbidden, "DENIED",
				"The ECR pull through cache rule cannot be used because the upstream registry credentials are not valid")),
		},
		{
			Name: "retired-registry", What: "the registry's name is one that was given up",
			Cause: "RegistryRetired", Expect: confirmed("RegistryRetired"), Reach: OfPod, Mendable: true,
			scene: func(Spot) Scene { return Scene{Image: "registry.svc.ci.openshift.org/acme/tool:1"} },
		},
		{
			Name: "missing-repository-quiet", What: "no such repository, in a registry that lists no tags and says the same of a missing tag",
			Cause: "RepositoryNotFound", Reach: OfPod, Mendable: true,
			Expect: Expect{Cause: "TagNotFound", Verdict: "likely", Also: []string{"RepositoryNotFound"}, Why: "without a login distribution's 404 for a manifest is the same for a missing repository, and only its list of tags, which is closed here, tells"},
			scene:  func(Spot) Scene { return Scene{Image: registries.Quiet + "/acme/ap:1.27.4"} },
		},
		{
			Name: "missing-repository-strict", What: "no such repository, in a registry that lists no tags and keeps to the specification's codes",
			Cause: "RepositoryNotFound", Expect: confirmed("RepositoryNotFound"), Reach: OfPod, Mendable: true,
			scene: func(Spot) Scene { return Scene{Image: registries.Strict + "/acme/ap:1.27.4", Secrets: strict} },
		},
		{
			Name: "missing-digest-strict", What: "no such digest, in a registry that lists no tags and keeps to the specification's codes",
			Cause: "DigestNotFound", Expect: confirmed("DigestNotFound"), Reach: OfPod, Mendable: true,
			scene: func(Spot) Scene {
				return Scene{Image: registries.Strict + "/acme/app@sha256:" + strings.Repeat("5ca1ab1e", 8), Secrets: strict}
			},
		},
		{
			Name: "missing-tag-strict", What: "no such tag, in a registry that lists none and keeps to the specification's codes",
			Cause: "TagNotFound", Expect: confirmed("TagNotFound"), Reach: OfPod, Mendable: true,
			scene: func(Spot) Scene { return Scene{Image: registries.Strict + "/acme/app:9", Secrets: strict} },
		},
		{
			Name: "no-secret-strict", What: "a private image and no secret, in a registry that lists no tags and wants a login for everything",
			Cause: "CredentialsMissing", Expect: confirmed("CredentialsMissing"), Reach: OfPod, Mendable: true,
			scene: func(Spot) Scene { return Scene{Image: registries.Strict + "/acme/app:1.27.4"} },
		},
		{
			Name: "missing-digest-quiet", What: "no such digest, in a registry that lists no tags",
			Cause: "DigestNotFound", Reach: OfPod, Mendable: true,
			Expect: Expect{Cause: "DigestNotFound", Verdict: "likely", Why: "the registry lists no tags, its 404 does not say which is missing, and beside a digest no tag can be guessed"},
			scene: func(Spot) Scene {
				return Scene{Image: registries.Quiet + "/acme/app@sha256:" + strings.Repeat("5ca1ab1e", 8)}
			},
		},
		{
			Name: "missing-platform-quiet", What: "the index has linux/arm64 alone, in a registry that lists no tags",
			Cause: "PlatformMismatch", Expect: confirmed("PlatformMismatch"), Reach: OfPod,
			scene: func(Spot) Scene { return Scene{Image: registries.Quiet + "/acme/arm:1.0"} },
		},
		{
			Name: "blobs-gone-quiet", What: "config and layers are not there, in a registry that lists no tags",
			Cause: "LayerMissing", Expect: confirmed("LayerMissing"), Reach: OfRegistry,
			scene: broken(registries.Quiet, "acme/render:3.1", "blobs", answer(http.StatusNotFound, "BLOB_UNKNOWN", "blob unknown to registry")),
		},
		{
			Name: "no-secret-quiet", What: "a private image and no secret, in a registry with a token service that lists no tags",
			Cause: "CredentialsMissing", Reach: OfPod, Mendable: true,
			Expect: ambiguous("a token service that gives a stranger no token says the same for what is absent"),
			scene:  func(Spot) Scene { return Scene{Image: locked} },
			Nodes:  []string{layout.Nodes[1].Name}, // the other has a fault of the token service
		},
		{
			Name: "no-secret-known", What: "a private image of Docker Hub and no secret, and another pod runs that image",
			Cause: "CredentialsMissing", Expect: confirmed("CredentialsMissing"), Reach: OfPod, Mendable: true,
			scene: func(s Spot) Scene {
				hub := Secret{Name: "hub", Entries: map[string]Entry{"https://index.docker.io/v1/": good(registries.Hub)}}
				return Scene{
					Image: "acme/known:3.0", PullSecrets: []string{},
					Break: func(ctx context.Context, bed Bed) error { return runBefore(ctx, bed, s, "acme/known:3.0", hub) },
				}
			},
		},
	}
}

// blobAddressOf is the address of the host on which a registry's layers lie.
func blobAddressOf(registry string) string {
	for _, r := range layout.Registries {
		if r.Name == registry {
			return r.BlobAddr
		}
	}
	return ""
}
