// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package families

import "slices"

// table holds all families. Harbor, Quay, GitLab, Artifactory and distribution
// run under any name and are found by the service of their challenge or by a
// header; distribution comes last, because the others send its header too.
func table() []entry {
	return slices.Concat(hub(), clouds(), forges(), ownHouse())
}

const (
	open   = "open"
	quiet  = "quiet"
	hiding = "hiding"
)

func hub() []entry {
	return []entry{{
		hosts: []string{"docker.io", "registry-1.docker.io", "index.docker.io"}, services: []string{"registry.docker.io"},
		family: Family{ID: "docker-hub", Name: "Docker Hub",
			Rules: Rules{HidesAbsent: true, CountsGets: true, LimitImage: "ratelimitpreview/test", LimitTag: "latest"},
			Facts: Facts{
				Kind: hiding,
				SaysNo: []Refusal{
					{"the tag is missing", "404 MANIFEST_UNKNOWN"},
					{"the repository is missing or private", "401 insufficient_scope; runtimes print \"pull access denied, repository does not exist or may require authorization\""},
					{"the repository is missing, to a login with rights on its owner", "404"},
					{"too many pulls", "429 toomanyrequests, with the headers RateLimit-Limit and RateLimit-Remaining"},
				},
				Login:   "user name and an access token",
				Life:    "an access token lives until it is revoked, or to the date that it was made with",
				Limits:  []string{"manifests asked for with GET, for each egress address (IPv4, or IPv6 /64) or account; HEAD costs nothing; the header of the answer says how many are left", "a separate limit on abuse, for each address, that holds for those who log in too"},
				Status:  "https://www.dockerstatus.com/",
				Traps:   []string{"the budget is that of the NAT address that nodes leave by, not of the cluster", "key a secret with https://index.docker.io/v1/ or docker.io; the kubelet finds neither registry-1.docker.io nor hub.docker.com"},
				Sources: []string{"https://docs.docker.com/docker-hub/usage/pulls/", "https://docs.docker.com/desktop/setup/allow-list/"},
				egress: []need{
					{name: "registry-1.docker.io", purpose: API}, {name: "auth.docker.io", purpose: Login},
					{name: "production.cloudflare.docker.com", purpose: Layers}, {name: "production.cloudfront.docker.com", purpose: Layers},
					{name: "docker-images-prod.6aa30f8b08e16409b46e0173d6de2f56.r2.cloudflarestorage.com", purpose: Layers},
				},
			}},
	}}
}

func clouds() []entry {
	return []entry{
		{hosts: []string{"*.dkr.ecr.*.amazonaws.com", "*.dkr.ecr-fips.*.amazonaws.com", "*.dkr.ecr.*.amazonaws.com.cn"}, services: []string{"ecr.amazonaws.com"},
			family: Family{ID: "ecr", Name: "Amazon ECR", Rules: Rules{LoginForAll: true}, Facts: Facts{
				Kind: hiding,
				SaysNo: []Refusal{
					{"nobody logged in", "401, with a Basic challenge"},
					{"the token has expired", "403, \"Your authorization token has expired. Reauthenticate and try again.\""},
					{"no right, or another account's repository", "403"},
					{"the tag is missing", "404"},
					{"the repository is missing, to a login with rights", "404 NAME_UNKNOWN"},
					{"too many requests", "429 TOOMANYREQUESTS, \"Rate exceeded\""},
				},
				Login: "user AWS and a token of ecr:GetAuthorizationToken", Life: "a token lives 12 hours from its issue", TokenLife: 12 * hour,
				Limits: []string{"requests in a second, for each account, region and API"},
				Status: "https://health.aws.amazon.com/health/status",
				Needs: []string{
					"the node's role (or the pod's, with credentials made from it) may call ecr:GetAuthorizationToken, ecr:BatchGetImage and ecr:GetDownloadUrlForLayer",
					"for another account's repository both that role's policy and the repository's policy must allow it",
					"in a network without a way out: endpoints for ecr.api, ecr.dkr and S3 (the layers), and private DNS switched on",
				},
				Traps:   []string{"a token in a secret is dead after 12 hours; the kubelet's ecr-credential-provider asks for a new one by itself", "nodes behind a NAT need no endpoints"},
				Sources: []string{"https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html", "https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html", "https://docs.aws.amazon.com/AmazonECR/latest/userguide/common-errors-docker.html"},
				egress: []need{
					{name: "{host}", purpose: API}, {name: "api.ecr.{3}.{rest4}", purpose: Credentials},
					{name: "prod-{3}-starport-layer-bucket.s3.{3}.{rest4}", purpose: Layers},
				},
			}}},
		{hosts: []string{"public.ecr.aws"},
			family: Family{ID: "ecr-public", Name: "Amazon ECR Public", Facts: Facts{
				Kind: open,
				SaysNo: []Refusal{
					{"the tag or the repository is missing", "404"},
					{"a token has expired, even for what anybody may pull", "403, \"Your authorization token has expired\""},
					{"too many requests", "429 TOOMANYREQUESTS"},
				},
				Login: "nothing; or user AWS and a token of ecr-public:GetAuthorizationToken (region us-east-1)", Life: "a token lives 12 hours from its issue", TokenLife: 12 * hour,
				Limits:  []string{"images and data, lower for those who do not log in, for each address"},
				Status:  "https://health.aws.amazon.com/health/status",
				Needs:   []string{"a way to the Internet: it has no endpoint of its own in a network"},
				Traps:   []string{"an old token in a secret breaks images that need none"},
				Sources: []string{"https://docs.aws.amazon.com/AmazonECR/latest/public/public-service-quotas.html"},
				egress:  []need{{name: "public.ecr.aws", purpose: API}, {name: "*.cloudfront.net", purpose: Layers}},
			}}},
		{hosts: []string{"gcr.io", "*.gcr.io", "*-docker.pkg.dev"},
			family: Family{ID: "artifact-registry", Name: "Google Artifact Registry", Facts: Facts{
				Kind: hiding,
				SaysNo: []Refusal{
					{"the tag is missing", "404 MANIFEST_UNKNOWN, \"Failed to fetch\""},
					{"the repository is missing, or no right to it", "403 DENIED, 'Permission \"artifactregistry.repositories.downloadArtifacts\" denied on resource ... (or it may not exist)'"},
					{"the login is bad", "401 UNAUTHORIZED"},
				},
				Login: "user oauth2accesstoken and an access token, or _json_key and a key file", Life: "an access token lives about an hour, a key file until it is deleted", TokenLife: hour,
				Limits: []string{"requests in a minute, for each project"},
				Status: "https://status.cloud.google.com/",
				Needs: []string{
					"the node's service account has the role Artifact Registry Reader (roles/artifactregistry.reader) on the repository or its project",
					"the node's access scopes hold storage-ro or cloud-platform",
					"in a network without a way out: Private Google Access, and DNS for pkg.dev and gcr.io to it; in a service perimeter, the registry inside it",
				},
				Traps:   []string{"a name is LOCATION-docker.pkg.dev/PROJECT/REPOSITORY/IMAGE; without REPOSITORY it is refused, not missing", "Container Registry is shut down; gcr.io is served by Artifact Registry"},
				Sources: []string{"https://cloud.google.com/artifact-registry/docs/docker/troubleshoot", "https://cloud.google.com/artifact-registry/docs/securing-with-vpc-sc"},
				egress:  []need{{name: "{host}", purpose: API}, {name: "{host}", purpose: Login}, {name: "storage.googleapis.com", purpose: Layers}},
			}}},
		{hosts: []string{"*.azurecr.io", "*.azurecr.cn", "*.azurecr.us"}, headers: []header{{"Server", "AzureContainerRegistry"}},
			family: Family{ID: "acr", Name: "Azure Container Registry", Rules: Rules{LoginForAll: true}, Facts: Facts{
				Kind: quiet,
				SaysNo: []Refusal{
					{"nobody logged in, or the login is bad", "401 UNAUTHORIZED, \"authentication required\""},
					{"the network's rules forbid the client", "403 DENIED, \"client with IP ... is not allowed access\""},
					{"the tag is missing", "404 MANIFEST_UNKNOWN"},
				},
				Login:  "a service principal, a token of the registry, or user 00000000-0000-0000-0000-000000000000 and a refresh token",
				Life:   "a refresh token names its own end (hours); a service principal's secret ends in Entra ID; the admin user never",
				Limits: []string{"requests in a minute, by the registry's tier"},
				Status: "https://azure.status.microsoft/",
				Needs: []string{
					"the kubelet's identity has the role AcrPull on the registry (az aks update --attach-acr)",
					"the registry's firewall allows the address that nodes leave by, or there is a private endpoint with its DNS zone, for the registry and for its data endpoint",
				},
				Traps:   []string{"layers come from another host; a firewall that allows the login server alone lets pulls begin and not end"},
				Sources: []string{"https://learn.microsoft.com/azure/container-registry/container-registry-firewall-access-rules", "https://learn.microsoft.com/azure/container-registry/container-registry-troubleshoot-login"},
				egress: []need{
					{name: "{host}", purpose: API}, {name: "{host}", purpose: Login}, {name: "*.blob.core.windows.net", purpose: Layers, when: "in the default setting", only: "*.azurecr.io"},
					{name: "*.blob.core.chinacloudapi.cn", purpose: Layers, when: "in the default setting", only: "*.azurecr.cn"},
					{name: "*.blob.core.usgovcloudapi.net", purpose: Layers, when: "in the default setting", only: "*.azurecr.us"},
					{name: "{0}.*.data.{rest1}", purpose: Layers, when: "with dedicated data endpoints"},
					{name: "login.microsoftonline.com", purpose: Credentials, only: "*.azurecr.io"},
					{name: "login.partner.microsoftonline.cn", purpose: Credentials, only: "*.azurecr.cn"},
					{name: "login.microsoftonline.us", purpose: Credentials, only: "*.azurecr.us"},
				},
			}}},
	}
}
