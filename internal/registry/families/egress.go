// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package families

import (
	"slices"
	"strconv"
	"strings"
)

// A Purpose is what a pull needs a host for.
type Purpose string

// The purposes, in the order in which a pull meets them.
const (
	API         Purpose = "api"         // manifests
	Login       Purpose = "login"       // the token service
	Layers      Purpose = "layers"      // where blobs redirect to
	Credentials Purpose = "credentials" // where a kubelet's credential provider asks
)

// A Host that a pull needs a way to, by TCP.
type Host struct {
	// Name; "*" stands for whatever the operator puts there.
	Name string
	Port int
	For  []Purpose
	// When it is needed, "" for always.
	When string
}

// need is a host of the table: {host} stands for the registry, {N} for its Nth
// label and {restN} for its labels from the Nth on.
type need struct {
	name    string
	purpose Purpose
	when    string
	only    string // a pattern of the family's registries that need it, "" for all
}

// Egress returns every host that a pull from a registry needs, as far as the
// family's table knows it; for an unknown family that is the registry itself.
func (f Family) Egress(registry string) []Host {
	name, port := split(strings.ToLower(registry))
	labels := strings.Split(name, ".")
	number := 443
	if n, err := strconv.Atoi(port); err == nil {
		number = n
	}
	needs := f.egress
	if !f.Known() {
		needs = []need{{name: "{host}", purpose: API}}
	}
	var hosts []Host
	for _, n := range needs {
		h := Host{Name: name, Port: number, For: []Purpose{n.purpose}, When: n.when}
		if n.name != "{host}" {
			h.Name, h.Port = fill(n.name, labels), 443
		}
		if h.Name == "" || n.only != "" && !matches(n.only, name) {
			continue
		}
		same := slices.IndexFunc(hosts, func(o Host) bool { return o.Name == h.Name && o.Port == h.Port && o.When == h.When })
		if same >= 0 {
			hosts[same].For = append(hosts[same].For, n.purpose)
			continue
		}
		hosts = append(hosts, h)
	}
	return hosts
}

// fill puts the labels into a template, "" if it has too few.
func fill(template string, labels []string) string {
	for strings.Contains(template, "{") {
		before, rest, _ := strings.Cut(template, "{")
		what, after, _ := strings.Cut(rest, "}")
		digits, isRest := strings.CutPrefix(what, "rest")
		n, err := strconv.Atoi(digits)
		if err != nil || n >= len(labels) {
			return ""
		}
		value := labels[n]
		if isRest {
			value = strings.Join(labels[n:], ".")
		}
		template = before + value + after
	}
	return template
}

// Example returns a registry's name that stands for the family in texts.
func (f Family) Example() string {
	switch f.ID {
	case "ecr":
		return "ACCOUNT.dkr.ecr.REGION.amazonaws.com"
	case "acr":
		return "NAME.azurecr.io"
	case "artifact-registry":
		return "LOCATION-docker.pkg.dev"
	case "artifactory":
		return "NAME.jfrog.io"
	}
	for _, e := range table() {
		if e.family.ID == f.ID && len(e.hosts) > 0 {
			return e.hosts[0]
		}
	}
	return "HOST"
}

// KnownBy says by what the family is known, for texts.
func (f Family) KnownBy() string {
	for _, e := range table() {
		if e.family.ID != f.ID {
			continue
		}
		var by []string
		if len(e.hosts) > 0 {
			by = append(by, "the host "+strings.Join(e.hosts, ", "))
		}
		if len(e.services) > 0 {
			by = append(by, "the service "+strings.Join(e.services, ", ")+" in its challenge")
		}
		for _, h := range e.headers {
			text := "the header " + h.name
			if h.value != "" {
				text += ": " + h.value
			}
			by = append(by, text)
		}
		return strings.Join(by, "; or ")
	}
	return ""
}
