// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package symptom

// codeWords are the error codes of the distribution specification and of some
// registries, as clients print them ("manifest unknown: ...") and as bodies
// hold them ("code":"MANIFEST_UNKNOWN").
var codeWords = []group{
	{rank: asCode, sign: absent, code: "MANIFEST_UNKNOWN", words: []string{"manifest unknown"}},
	{rank: asCode, sign: absent, code: "NOT_FOUND", words: []string{"^not found: ", "code:not found"}}, // Harbor
	{rank: asCode, sign: RepositoryNotFound, code: "NAME_UNKNOWN", words: []string{"^name unknown", "code:name unknown"}},
	{rank: asCode, sign: BlobNotFound, code: "BLOB_UNKNOWN", words: []string{"blob unknown", "unknown blob"}},
	{rank: asCode, sign: LoginRequired, code: "UNAUTHORIZED", words: []string{"^unauthorized:", "code:unauthorized"}},
	{rank: asCode, sign: AccessDenied, code: "DENIED", words: []string{"^denied:", "code:denied", "error denied:", "error from registry: denied", "{url}: denied|"}},
	{rank: asCode, sign: RateLimited, code: "TOOMANYREQUESTS", solid: true, words: []string{"toomanyrequests"}},
	{rank: asCode, sign: InvalidReference, code: "NAME_INVALID", words: []string{"^name invalid:", "code:name invalid"}},
	{rank: asCode, sign: InvalidReference, code: "TAG_INVALID", words: []string{"^tag invalid:", "code:tag invalid"}},
	{rank: asCode, sign: ManifestNotSupported, code: "MANIFEST_INVALID", words: []string{"code:manifest invalid"}},
	{rank: asHint, sign: RegistryUnavailable, code: "UNAVAILABLE", words: []string{"^unavailable:", "code:unavailable"}},
	{rank: asContext, code: "UNKNOWN", words: []string{"^unknown: ", "code:unknown"}},
}

// absenceWords say that something is not there; what it is, the reference
// tells in the end.
var absenceWords = []group{
	{rank: asPhrase, sign: absent, runtime: "docker", words: []string{"manifest for {ref} not found"}},
	{rank: asPhrase, sign: absent, words: []string{
		"manifest {ref} not found", "manifest {digest} not found", "manifest not found", "no such manifest", "tag not found",
		"{ref}: not found", "{digest}: not found",
	}},
	{rank: asCode, sign: absent, words: []string{"tag {ref} not found in repository", "tag {name} not found", "artifact {ref} not found"}},
	{rank: asCode, sign: absent, stage: StageFetch, runtime: "containerd", words: []string{"content at {url} not found", "could not fetch content"}},
	{rank: asReason, sign: absent, words: []string{"does not exist within the repository", "does not exist within the repository with name"}}, // ECR's ImageNotFoundException
	{rank: asHint, sign: absent, words: []string{": not found|", "{ref} not found", "no such image"}},

	{rank: asReason, sign: RepositoryNotFound, words: []string{
		"repository name not known", "repository {ref} not found", "repository {name} not found", "repository not found", "repo not found",
		"repository {ref} does not exist", "the repository with name", "repository does not exist in", "no such repository",
		"image {ref} not found", "project {ref} not found", "project not found", "not found or deleted", "owner not found",
	}},
	{rank: asPhrase, sign: RepositoryNotFound, words: []string{"image not found"}},
	// A descriptor of a web page: a portal or filter answered for the manifest.
	{rank: asReason, sign: ProxyFailed, words: []string{"(text/html) from remote"}},
	{rank: asReason, sign: BlobNotFound, words: []string{
		"could not fetch content descriptor", "NoSuchKey", "BlobNotFound", "the specified key does not exist", "the specified blob does not exist",
	}},
}

// refusalWords say who may not. Sentences of a registry are reasons; those of
// a runtime are phrases, for they stand for several things.
var refusalWords = []group{
	// Private or absent: Docker Hub, old registries and others hide which.
	{rank: asPhrase, sign: AccessDenied, words: []string{
		"pull access denied", "may require authorization", "insufficient_scope", "authorization failed", "requested access to the resource is denied",
	}},
	{rank: asPhrase, sign: AccessDenied, runtime: "docker", words: []string{"may require docker login"}},
	{rank: asReason, sign: AccessDenied, words: []string{
		"does not exist or no pull access", "verify that it exists and you have permission", "you may not have access",
		"access to the requested resource is not authorized", // Quay says so of what is absent, too
	}},

	// Nobody logged in.
	{rank: asPhrase, sign: LoginRequired, sent: "no", words: []string{
		"no basic auth credentials", "no user/password was provided", "missing username or secret",
	}},
	{rank: asReason, sign: LoginRequired, sent: "no", words: []string{
		"unauthenticated requests do not have permission", "unauthenticated request", "anonymous access", "anonymous users", "anonymous pull",
		"no credentials provided", "no valid credential",
	}},
	{rank: asPhrase, sign: LoginRequired, words: []string{
		"authentication required", "authentication is required", "authorization required", "authorization is required", "|unauthorized|",
	}},
	{rank: asReason, sign: LoginRequired, words: []string{
		"please log in to", "you must log in", "login is required", "login required", "not logged in", "requires authentication",
	}},

	// A credential was sent, and is wrong: Docker Hub, Quay, GitHub ("denied:
	// denied"), GitLab ("HTTP Basic"), Google, Azure, IBM.
	{rank: asReason, sign: CredentialRejected, sent: "yes", words: []string{
		"incorrect username or password", "invalid username or password", "wrong username or password",
		"invalid credentials", "bad credentials", "credentials are invalid", "credentials are incorrect", "login credentials are not valid",
		"incorrect password", "invalid password", "could not find robot", "robot account", "user not found",
		"failed authentication", "authentication failed", "failed to authenticate", "cannot be authenticated", "could not be authenticated",
		"denied: denied", "basic: access denied", "does not match bearer token", "personal access token",
		"invalid token", "invalid bearer token", "token is invalid", "token is not valid", "token was invalid", "malformed token",
		"invalid clientid", "invalid client", "application not registered", "token has been revoked", "token was revoked",
		"security token included in the request is invalid", "AADSTS7000215",
		"account is disabled", "account is locked",
	}},
	// What containers/image says of every 401 of a token service, with or
	// without a credential (ErrUnauthorizedForCredentials, docker/errors.go).
	{rank: asReason, sign: CredentialRejected, words: []string{"invalid username/password"}},
	{rank: asReason, sign: CredentialExpired, sent: "yes", words: []string{
		"token has expired", "token is expired", "token expired", "expired token", "reauthenticate and try again", // ECR and others
		"credentials have expired", "credential has expired", "password has expired", "password expired", "robot account has expired",
		"secret keys are expired", "client secret is expired", "AADSTS7000222", // Azure
		"invalid_grant", "invalid_rapt", // OAuth 2, Google
		"security token included in the request is expired", "session has expired", "key has expired",
	}},

	// It is right, and may not: IAM of AWS knows whom it refuses.
	{rank: asReason, sign: PermissionDenied, sent: "yes", words: []string{
		"not authorized to perform: ", "AccessDeniedException", "because no identity-based policy", "because no resource-based policy",
		"with an explicit deny",
	}},
	{rank: asReason, sign: PermissionDenied, words: []string{
		"access forbidden",                          // GitLab
		"denied: permission_denied", "read_package", // GitHub
		"needed permissions", "permission denied for", "denied on resource", "caller does not have", // Google
		"needed permissions to perform this operation, and you may have invalid credentials",
		"unauthorized to access", // Harbor
		"does not have permission", "do not have permission", "don't have permission", "no permission", "not authorized to access",
		"insufficient permission", "insufficient privileges", "insufficient scopes", "missing permission", "does not have access",
		"not permitted to pull", "you are not allowed",
	}},
	{rank: asPhrase, sign: PermissionDenied, words: []string{"permission denied", "access denied", "|forbidden|", "not authorized"}},
}

// ruleWords are the registry's rules, limits and illness.
var ruleWords = []group{
	{rank: asReason, sign: RegistryPolicy, words: []string{
		// Firewalls and networks: Azure, Google, storage behind a registry.
		"is not allowed access", "acr/firewall", "vpcServiceControls", "prohibited by organization", "public network access", "network rules",
		"request is not authorized to perform this operation", "IP address is not allowed", "firewall rules",
		// Scanning and signing: Harbor, Artifactory, Quay.
		"due to configured policy", "PROJECT_POLICY_VIOLATION", "cannot get the image severity", "vulnerability severity", "severity of vulnerability",
		"vulnerability scanning", "not signed in notary", "not signed by cosign", "quarantine", "blocked by xray", "download blocked",
		"has been blocked", "blocked by policy", "denied by policy", "policy violation", "violates policy", "security policy", "vulnerability policy", "blocking policy",
		"rejected the resolution of an artifact", "download request rejected",
		// Lists of what a mirror serves.
		"allowlist", "whitelist",
		// Law and geography.
		"export control", "export regulations", "your country", "your region", "your location", "sanction", "embargo", "legal reasons",
		"repository is disabled", "has been disabled", "it is disabled",
		// Who does not pay: GitHub, Google.
		"billing", "past due", "payment required", "been suspended", "is suspended", "subscription has expired",
	}},

	{rank: asReason, sign: RateLimited, words: []string{
		"rate limit", "rate exceeded", "quota exceeded", "data limit exceeded", "limit exceeded", "requests per second",
		"throttled", "throttling", "RESOURCE_EXHAUSTED", "slow down", "have exceeded your", "quota has been exceeded",
	}},

	{rank: asReason, sign: RegistryUnavailable, words: []string{
		"unexpected http status: 5", "404 page not found", "not a docker registry", "does not appear to be a docker registry", "not a v2 registry",
		"does not support v2", "maintenance mode", "registry is read-only", "talk to a v1 container registry",
		// It asks for a login as no registry does, or sends from door to door.
		"did not include a token", "no realm specified", "missing realm in", "find supported auth scheme", "stopped after 10 redirects", "response missing Location header", "failed to parse Location header",
	}},
	{rank: asHint, sign: RegistryUnavailable, words: []string{
		"service unavailable", "internal server error", "bad gateway", "gateway timeout", "code:internal error",
		"unknown: unknown", "temporarily unavailable", "under maintenance", "no healthy upstream", "upstream connect error",
	}},

	// Caches and mirrors that say so themselves: Harbor, ECR, Spegel.
	{rank: asSpeaker, sign: UpstreamCacheFailed, words: []string{
		"upstream registry", "proxy to remote failed", "fallback to local", "pull through cache",
	}},
	{rank: asSpeaker, sign: MirrorFailed, words: []string{
		"expected mirror to respond", "mirror resolve retries exhausted", "mirror with image component", "request to mirror failed", "all mirrors failed",
	}},
}
