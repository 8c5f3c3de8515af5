// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package symptom

// kubeletWords are what Kubernetes itself says: the kubelet before a runtime
// is asked (names, secrets, credential providers, limits), the API server and
// its admission plugins, and the wrappers around a runtime's text.
var kubeletWords = []group{
	// Wrappers. They carry no cause; cri-client strips the gRPC code Unknown.
	{rank: asContext, runtime: "kubelet", pull: true, words: []string{"back-off pulling image", "|error: ImagePullBackOff", "|error: ErrImagePull"}},
	{rank: asContext, runtime: "kubelet", words: []string{"waiting to start"}},
	{rank: asContext, pull: true, words: []string{"failed to pull image", "failed to inspect image", "ErrImagePull", "failed to get sandbox image"}},
	{rank: asContext, words: []string{"error syncing pod", "failed to create pod sandbox"}},
	{rank: asContext, grpc: true, words: []string{"rpc error: code"}},

	// Names: applyDefaultImageTag in image_manager.go, the sentences of
	// distribution/reference and its older copies, containerd's reference package.
	{rank: asSpeaker, sign: InvalidReference, runtime: "kubelet", words: []string{
		"failed to apply default image tag", "couldn't parse image", "InvalidImageName",
	}},
	{rank: asSpeaker, sign: InvalidReference, words: []string{
		"invalid reference format", "invalid image reference", "invalid repository name", "invalid namespace name", "invalid tag format",
		"invalid tag name", "invalid digest format", "invalid checksum digest", "unsupported digest algorithm",
		"repository name must be", "cannot specify 64-byte hexadecimal", "is not a valid repository/tag", ": object required",
		"parsing reference", "failed to parse reference", "failed to parse image reference", "could not parse reference",
		"failed to parse image name", "unable to parse image", "unknown transport",
	}},
	// Short names (containers/image pkg/shortnames): the name lacks its host, and
	// registries.conf does not let CRI-O complete it.
	{rank: asSpeaker, sign: ShortNameRefused, runtime: "crio", words: []string{
		"short name mode is enforcing", "returns ambiguous list", "did not resolve to an alias", "short-name resolution enforced",
		"no unqualified-search registries",
	}},

	// The pull's policy and the kubelet's own limits.
	{rank: asSpeaker, sign: NeverPull, runtime: "kubelet", words: []string{"pull policy of never", "|ErrImageNeverPull|"}},
	{rank: asSpeaker, sign: ThrottledByKubelet, runtime: "kubelet", words: []string{"qps exceeded"}},
	{rank: asHint, sign: CredentialReverification, runtime: "kubelet", words: []string{"failed to record image pull intent", "must be reverified"}},
	// CRI-O says so of a refused connection only, which then stands behind it.
	{rank: asHint, sign: RegistryUnavailable, words: []string{"because the registry is unavailable", "|RegistryUnavailable|"}},

	// Missing pull secrets. The kubelet pulls on without, so this is taken only
	// if nothing else is said. Before 1.5 the pod did not start at all.
	{rank: asHint, sign: SecretNotFound, runtime: "kubelet", words: []string{
		"unable to retrieve some image pull secrets", "unable to retrieve pull secret", "FailedToRetrieveImagePullSecret",
		"secrets {name} not found",
	}},
	// Unreadable ones: pkg/credentialprovider/config.go, the API server's
	// validation, and what kubectl and others say of them.
	{rank: asSpeaker, sign: SecretUnreadable, runtime: "kubelet", words: []string{
		"illegal base64 data", "unable to parse auth field", "must be formatted as base64(username:password)", "invalid decoded auth",
		"data[.dockerconfigjson]", "data[.dockercfg]", "error occurred while trying to unmarshal json",
		"reading .dockerconfigjson", "reading .dockercfg", "parse .dockerconfigjson", "parsing .dockerconfigjson",
		"unmarshal .dockerconfigjson", "decode .dockerconfigjson", "invalid .dockerconfigjson",
		"parse docker config", "parsing docker config", "unmarshal docker config", "decode docker config",
		"expected username and password concatenated",
	}},
	// encoding/json's sentences. In a chain with a request they are about a
	// body, which settle sorts out.
	{rank: asHint, sign: SecretUnreadable, words: []string{
		".dockerconfigjson", ".dockercfg", "looking for beginning of value", "looking for beginning of object key", "unexpected end of json input",
		"json: cannot unmarshal", "after top-level value",
	}},

	// Exec credential providers: pkg/credentialprovider/plugin. Whatever the
	// plugin met (DNS, IAM ...) is its affair first.
	{rank: asSpeaker, sign: ProviderFailed, runtime: "kubelet", words: []string{
		"credential provider plugin", "external registry credential provider", "external credential provider",
		"failed to register cri auth plugins", "plugin binary executable", "plugin binary directory", "initializing plugin provider",
		"cacheKeyType", "CredentialProviderResponse", "CredentialProviderConfig", "image-credential-provider",
	}},
	// Docker's credential helpers. What a helper says of the credential is
	// nearer to the cause.
	{rank: asPhrase, sign: ProviderFailed, words: []string{
		"error getting credentials", "docker-credential-", "credential helper", "credential provider",
		// The clouds' libraries, with which providers log in.
		"could not find default credentials", "unable to locate credentials", "NoCredentialProviders", "failed to refresh cached credentials",
		"failed to refresh the token", "acquire Azure managed identity token",
	}},

	// Admission. What a webhook quotes (its own TLS, its own 401) is its affair.
	{rank: asSpeaker, sign: AdmissionDenied, runtime: "kubelet", words: []string{
		"admission webhook", "denied the request", "failed calling webhook", "failed to call webhook", "ValidatingAdmissionPolicy",
		"image policy webhook", "admission rule", "admission plugin", "admission controller",
		"denied by attestor", "denied by binary authorization", "violates PodSecurity", "[denied by ", "has an invalid image repo",
		"was blocked due to the following policies", "this image is prohibited by policy",
	}},
}
