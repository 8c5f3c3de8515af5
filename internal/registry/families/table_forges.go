// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package families

import "time"

const hour = time.Hour

// forges are those that belong to a code forge or to a vendor's service.
func forges() []entry {
	return []entry{
		{hosts: []string{"ghcr.io"},
			family: Family{ID: "ghcr", Name: "GitHub Container Registry", Rules: Rules{HidesAbsent: true}, Facts: Facts{
				Kind: hiding,
				SaysNo: []Refusal{
					{"the package is private or missing", "401 or 403 of the token service, DENIED"},
					{"the login is bad or has expired, even for public packages", "403, a bare \"denied: denied\""},
					{"the token lacks the right to the package", "403 to the manifest"},
					{"the tag of a public package is missing", "404 MANIFEST_UNKNOWN"},
				},
				Login: "any user name and a personal access token (classic) with read:packages", Life: "a token lives to the date that it was made with",
				Status:  "https://www.githubstatus.com/",
				Needs:   []string{"with single sign-on, the token is authorised for the organisation"},
				Traps:   []string{"a bad token breaks public packages, which need none", "fine-grained tokens do not log in"},
				Sources: []string{"https://docs.github.com/en/packages/working-with-a-github-packages-registry/working-with-the-container-registry"},
				egress:  []need{{name: "ghcr.io", purpose: API}, {name: "ghcr.io", purpose: Login}, {name: "pkg-containers.githubusercontent.com", purpose: Layers}},
			}}},
		{hosts: []string{"registry.gitlab.com"}, services: []string{"container_registry"}, headers: []header{{"Gitlab-Container-Registry-Version", ""}},
			family: Family{ID: "gitlab", Name: "GitLab", Facts: Facts{
				Kind: hiding,
				SaysNo: []Refusal{
					{"the project is private or missing", "a token that grants nothing, then 401 insufficient_scope; or 403 of the token service"},
					{"the login is bad", "403 of the token service, \"HTTP Basic: Access denied\", which names expired tokens among others and proves nothing of them"},
					{"the tag is missing", "404 MANIFEST_UNKNOWN"},
				},
				Login: "a deploy token with read_registry, or a personal, group or project access token", Life: "a token lives to the date that it was made with; a job's token as long as the job",
				Limits:  []string{"on GitLab.com requests for each address and user"},
				Status:  "https://status.gitlab.com/",
				Traps:   []string{"CI_JOB_TOKEN in a secret is dead when the job ends; make a deploy token"},
				Sources: []string{"https://docs.gitlab.com/user/packages/container_registry/authenticate_with_container_registry/", "https://runbooks.gitlab-static.net/registry/cdn/"},
				egress: []need{
					{name: "{host}", purpose: API}, {name: "gitlab.com", purpose: Login, only: "registry.gitlab.com"},
					{name: "cdn.registry.gitlab-static.net", purpose: Layers, only: "registry.gitlab.com"},
					{name: "storage.googleapis.com", purpose: Layers, only: "registry.gitlab.com"},
				},
			}}},
		{hosts: []string{"quay.io"},
			family: Family{ID: "quay", Name: "Quay", Rules: Rules{HidesAbsent: true}, Facts: Facts{
				Kind: hiding,
				SaysNo: []Refusal{
					{"the repository is private or missing", "401 UNAUTHORIZED, \"access to the requested resource is not authorized\""},
					{"the tag is missing, or its time was over", "404 MANIFEST_UNKNOWN"},
					{"too many requests", "429"},
				},
				Login: "a robot account, ORGANISATION+NAME, and its token", Life: "a robot's token lives until it is made anew",
				Limits:  []string{"requests in a second, for each address"},
				Status:  "https://status.redhat.com/",
				Traps:   []string{"tags can have an end of their own and then are gone", "the robot needs read on the repository itself"},
				Sources: []string{"https://docs.quay.io/", "https://access.redhat.com/articles/7001746"},
				egress: []need{
					{name: "quay.io", purpose: API}, {name: "quay.io", purpose: Login}, {name: "cdn.quay.io", purpose: Layers},
					{name: "cdn01.quay.io", purpose: Layers}, {name: "cdn02.quay.io", purpose: Layers}, {name: "cdn03.quay.io", purpose: Layers},
				},
			}}},
	}
}

// ownHouse are those that people run themselves. Where their layers lie is
// their operator's choice, so only asking shows it.
func ownHouse() []entry {
	return []entry{
		{services: []string{"harbor-registry"},
			family: Family{ID: "harbor", Name: "Harbor", Facts: Facts{
				Kind: hiding,
				SaysNo: []Refusal{
					{"the tag is missing", "404 with the code NOT_FOUND, \"artifact ... not found\""},
					{"the repository is missing in a public project", "404 with the code NOT_FOUND, \"repository ... not found\""},
					{"the project is private or missing", "401 UNAUTHORIZED, \"unauthorized to access repository: ..., action: pull\""},
					{"a rule on vulnerabilities or signatures forbids it", "412, or 403 with the rule's name"},
				},
				Login: "a robot account, robot$PROJECT+NAME, and its secret", Life: "a robot lives as many days as it was made with (30 by default)",
				Traps:   []string{"a robot's name holds a $, which shells and YAML templates eat", "a port in the image's name that is not in Harbor's own external URL gives 401"},
				Sources: []string{"https://goharbor.io/docs/"},
				egress:  []need{{name: "{host}", purpose: API}, {name: "{host}", purpose: Login}, {name: "{host}", purpose: Layers, when: "unless its storage redirects to an object store"}},
			}}},
		{hosts: []string{"*.jfrog.io"}, headers: []header{{"X-Jfrog-Version", ""}, {"X-Artifactory-Id", ""}, {"Server", "Artifactory"}},
			family: Family{ID: "artifactory", Name: "Artifactory", Facts: Facts{
				Kind: quiet,
				SaysNo: []Refusal{
					{"nobody logged in, or the login is bad", "401"},
					{"no right to the repository", "403"},
					{"the tag or the repository is missing, also in what a remote repository copies from", "404 MANIFEST_UNKNOWN"},
					{"Xray or the curation forbids it", "403 with the rule's words"},
				},
				Login: "user name and an identity token or access token", Life: "a token lives to the date that it was made with",
				Traps:   []string{"a remote repository answers 404 where it cannot reach or log in to what it copies from", "with repositories by path the image's name begins with the repository's key"},
				Sources: []string{"https://jfrog.com/help/r/jfrog-artifactory-documentation/docker-registry"},
				egress:  []need{{name: "{host}", purpose: API}, {name: "{host}", purpose: Login}, {name: "{host}", purpose: Layers, when: "unless it redirects to an object store"}},
			}}},
		{headers: []header{{"Docker-Distribution-Api-Version", "registry/2.0"}},
			family: Family{ID: "distribution", Name: "distribution, or what speaks like it", Facts: Facts{
				Kind: open,
				SaysNo: []Refusal{
					{"the tag is missing", "404 MANIFEST_UNKNOWN"},
					{"the repository is missing", "404 NAME_UNKNOWN"},
					{"nobody logged in, or the login is bad", "401 UNAUTHORIZED"},
				},
				Login: "what its operator set up: user and password (htpasswd), or a token service", Life: "a password lives until its operator changes it",
				Traps:   []string{"as a pull-through cache it serves one upstream, and answers 404 for what it cannot get there"},
				Sources: []string{"https://distribution.github.io/distribution/"},
				egress:  []need{{name: "{host}", purpose: API}, {name: "{host}", purpose: Layers, when: "unless its storage redirects to an object store"}},
			}}},
	}
}
