// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package families tells registries apart by how they say no.
//
// Most of what a registry answers is read by status, code and challenge alone,
// whatever its name. A few answers mean something else at some registries; this
// table holds those, and nothing that no rung of the ladder uses.
package families

import (
	"net"
	"strings"
)

// A Family is a kind of registry.
type Family struct {
	// Name as people call it.
	Name string
	// HidesAbsent: to whom it does not know it answers for a repository that is
	// not there as for one that is private (401 or 403). A 404 of it to an
	// anonymous request therefore proves that the repository is there.
	HidesAbsent bool
	// LoginForAll: whether anybody may pull without a login is one switch for
	// the whole registry, so that an anonymous token refused for one repository
	// is refused for all.
	LoginForAll bool
	// CountsGets: a GET of a manifest spends one of the client's pulls, a HEAD
	// does not.
	CountsGets bool
}

// The families. DockerHub, GHCR and so on are found by their host; Harbor and
// GitLab run under any name and are found by the service of their challenge.
// Sources: docs.docker.com (usage and limits), learn.microsoft.com (anonymous
// pull access of ACR), and what their users report of the answers.
func table() []entry {
	return []entry{
		{hosts: []string{"docker.io", "registry-1.docker.io", "index.docker.io"}, services: []string{"registry.docker.io"},
			family: Family{Name: "Docker Hub", HidesAbsent: true, CountsGets: true}},
		{hosts: []string{"ghcr.io"},
			family: Family{Name: "GitHub Container Registry", HidesAbsent: true}},
		{hosts: []string{"quay.io"},
			family: Family{Name: "Quay", HidesAbsent: true}},
		{hosts: []string{"gcr.io", "*.gcr.io", "*-docker.pkg.dev"},
			family: Family{Name: "Google Artifact Registry"}},
		{hosts: []string{"*.azurecr.io", "*.azurecr.cn", "*.azurecr.us"},
			family: Family{Name: "Azure Container Registry", LoginForAll: true}},
		{hosts: []string{"*.dkr.ecr.*.amazonaws.com", "*.dkr.ecr-fips.*.amazonaws.com", "*.dkr.ecr.*.amazonaws.com.cn"},
			family: Family{Name: "Amazon ECR", LoginForAll: true}},
		{hosts: []string{"registry.gitlab.com"}, services: []string{"container_registry"},
			family: Family{Name: "GitLab"}},
		{services: []string{"harbor-registry"},
			family: Family{Name: "Harbor"}},
	}
}

type entry struct {
	hosts    []string // "*" stands for one label, "*-" for the start of the first
	services []string
	family   Family
}

// Of returns the family of a registry by its host (a port does not matter) or
// else by the service that its challenge names; the zero Family if neither is
// known, which promises nothing.
func Of(host, service string) Family {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(host)
	for _, e := range table() {
		for _, pattern := range e.hosts {
			if matches(pattern, host) {
				return e.family
			}
		}
	}
	for _, e := range table() {
		for _, s := range e.services {
			if s == service {
				return e.family
			}
		}
	}
	return Family{}
}

func matches(pattern, host string) bool {
	if strings.HasPrefix(pattern, "*-") { // a prefix inside the first label
		return strings.HasSuffix(host, pattern[1:]) && len(host) > len(pattern)-1
	}
	labels, parts := strings.Split(host, "."), strings.Split(pattern, ".")
	if len(labels) != len(parts) {
		return false
	}
	for i := range parts {
		if parts[i] == "*" && labels[i] != "" {
			continue
		}
		if parts[i] != labels[i] {
			return false
		}
	}
	return true
}

// Endpoint returns the host that is asked for images of a registry: every
// runtime asks registry-1.docker.io for docker.io. Other hosts stay.
func Endpoint(host string) string {
	switch strings.ToLower(host) {
	case "docker.io", "index.docker.io":
		return "registry-1.docker.io"
	}
	return host
}

// TokenService tells whether a token service under another registrable domain
// belongs to a registry: these operators are known to run theirs so.
func TokenService(registry, realm string) bool {
	registry, realm = strings.ToLower(registry), strings.ToLower(realm)
	for _, pair := range [][2]string{
		{"registry.redhat.io", "sso.redhat.com"},
		{"rg.*.scw.cloud", "api.scaleway.com"},
	} {
		if realm == pair[1] && matches(pair[0], registry) {
			return true
		}
	}
	return false
}
