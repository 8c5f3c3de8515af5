// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"crypto/sha256"
	"fmt"
	"net/http"

	"github.com/pullmedic/pullmedic/testbed/internal/registries"
)

// answer is an effect that answers in a registry's form.
func answer(status int, code, message string) registries.Effect {
	return registries.Effect{
		Status: status, Headers: map[string]string{"Content-Type": "application/json"},
		Body: fmt.Sprintf(`{"errors":[{"code":%q,"message":%q}]}`, code, message),
	}
}

// broken is a scene in which a registry answers so for a repository's manifests
// or, with that kind, its blobs.
func broken(registry, image, kind string, effect registries.Effect) func(Spot) Scene {
	repository, _, _ := cutImage(image)
	return func(Spot) Scene {
		return Scene{
			Image: registry + "/" + image, Unseen: true,
			Rules: []registries.Rule{{Registry: registry, Repository: repository, Path: "/v2/" + repository + "/" + kind + "/*", Effect: effect}},
		}
	}
}

func cutImage(image string) (repository, tag string, ok bool) {
	for i := len(image) - 1; i >= 0; i-- {
		if image[i] == ':' {
			return image[:i], image[i+1:], true
		}
	}
	return image, "", false
}

// schema1 is a manifest of the first schema, which no current runtime takes.
const schema1 = `{"schemaVersion":1,"name":"acme/mail","tag":"0.9","architecture":"amd64","fsLayers":[],"history":[]}`

// registryFaults lie in what a registry holds or says.
func registryFaults() []Fault {
	return []Fault{
		{
			Name: "blobs-gone", What: "the manifest is there, the config and layers are not",
			Cause: "LayerMissing", Expect: confirmed("LayerMissing"), Reach: OfRegistry,
			scene: broken(registries.Plain, "acme/render:3.1", "blobs", answer(http.StatusNotFound, "BLOB_UNKNOWN", "blob unknown to registry")),
		},
		{
			Name: "schema1", What: "the manifest is of schema 1",
			Cause: "UnsupportedManifest", Expect: confirmed("UnsupportedManifest"), Reach: OfRegistry,
			scene: broken(registries.Quiet, "acme/mail:0.9", "manifests", registries.Effect{
				Status: http.StatusOK, Body: schema1, Headers: map[string]string{
					"Content-Type": "application/vnd.docker.distribution.manifest.v1+prettyjws", "Docker-Content-Digest": fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(schema1))),
				},
			}),
		},
		{
			Name: "unavailable", What: "the registry answers 503",
			Cause: "RegistryUnavailable", Expect: confirmed("RegistryUnavailable"), Reach: OfRegistry,
			scene: broken(registries.Quiet, "acme/down:1", "manifests", answer(http.StatusServiceUnavailable, "UNAVAILABLE", "the storage is being moved")),
		},
		{
			Name: "internal-error", What: "the registry answers 500 with a web page",
			Cause: "RegistryUnavailable", Expect: confirmed("RegistryUnavailable"), Reach: OfRegistry,
			scene: broken(registries.Quiet, "acme/error:1", "manifests", registries.Effect{
				Status: http.StatusInternalServerError, Headers: map[string]string{"Content-Type": "text/html"}, Body: "<html><body>not found: upstream 404</body></html>",
			}),
		},
		{
			Name: "rate-limit-bare", What: "a registry answers 429 without any header",
			Cause: "RateLimited", Expect: confirmed("RateLimited"), Reach: OfRegistry,
			scene: broken(registries.Quiet, "acme/busy:1", "manifests", answer(http.StatusTooManyRequests, "TOOMANYREQUESTS", "too many requests")),
		},
		{
			Name: "policy-blocked", What: "Harbor forbids the pull of an image with vulnerabilities",
			Cause: "RegistryPolicyBlocked", Expect: confirmed("RegistryPolicyBlocked"), Reach: OfRegistry,
			scene: broken(registries.Plain, "acme/vulnerable:1", "manifests", answer(http.StatusPreconditionFailed, "PROJECTPOLICYVIOLATION",
				`current image with "12" vulnerabilities cannot be pulled due to configured policy in 'Prevent images with vulnerability severity of "High" or higher from running.' To continue with pull, please contact your project administrator to exempt matched vulnerabilities through configuring the CVE allowlist.`)),
		},
		{
			Name: "web-page", What: "something in front of the registry answers with a login page",
			Cause: "ProxyFailure", Reach: OfRegistry,
			Expect: Expect{Cause: "ProxyFailure", Verdict: "likely", Why: "a proxy's page and the login page of the registry's own single sign-on look alike"},
			scene: broken(registries.Quiet, "acme/portal:1", "manifests", registries.Effect{
				Status: http.StatusOK, Headers: map[string]string{"Content-Type": "text/html; charset=utf-8"}, Body: "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Sign in to go on</body></html>",
			}),
		},
		{
			Name: "content-differs", What: "the config's bytes are not those of its digest",
			Cause: "ContentMismatch", Expect: confirmed("ContentMismatch"), Reach: OfRegistry,
			scene: broken(registries.Plain, "acme/torn:1.0", "blobs", registries.Effect{Corrupt: true}),
		},
		{
			Name: "content-short", What: "the config is shorter than its descriptor says",
			Cause: "ContentMismatch", Expect: confirmed("ContentMismatch"), Reach: OfRegistry,
			scene: broken(registries.Plain, "acme/short:1.0", "blobs", registries.Effect{
				Status: http.StatusOK, Headers: map[string]string{"Content-Type": "application/octet-stream"}, Body: `{"architecture":"amd64","os":"linux"}`,
			}),
		},
	}
}
