// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// KindRegistries is the kind of Registries.
const KindRegistries = "Registries"

// Registries is what is known of kinds of registries.
type Registries struct {
	Document
	Families []RegistryFamily `json:"families"`
}

// A RegistryFamily is one kind of registry.
type RegistryFamily struct {
	// ID of the family, such as docker-hub.
	ID string `json:"id"`
	// Name as people call it.
	Name string `json:"name"`
	// Registry that was asked about, if one was.
	Registry string `json:"registry,omitempty"`
	// KnownBy says by which host, challenge or header it is known.
	KnownBy string `json:"knownBy"`
	// Tells is open, quiet or hiding: what it tells to whoever may not pull.
	Tells string `json:"tells"`
	// SaysNo are its ways of refusing.
	SaysNo []RegistryRefusal `json:"saysNo"`
	// Login says what one logs in with, Life how long that lives.
	Login string `json:"login"`
	Life  string `json:"life"`
	// Limits on what may be asked.
	Limits []string `json:"limits"`
	// Needs are what its cloud must allow before a node can pull.
	Needs []string `json:"needs"`
	// Traps that cost people time.
	Traps []string `json:"traps"`
	// Status page of its operator.
	Status string `json:"status,omitempty"`
	// Egress is every host that a pull needs.
	Egress []EgressHost `json:"egress"`
	// Sources of all this.
	Sources []string `json:"sources"`
}

// A RegistryRefusal is what is meant and how it is said.
type RegistryRefusal struct {
	Means string `json:"means"`
	Says  string `json:"says"`
}

// An EgressHost is a host that a pull needs a way to, by TCP.
type EgressHost struct {
	// Host, where a * stands for whatever the operator puts there.
	Host string `json:"host"`
	Port int    `json:"port"`
	// For what a pull needs it: api, login, layers or credentials.
	For []string `json:"for"`
	// When it is needed, if not always.
	When string `json:"when,omitempty"`
	// Seen: a registry led there in this run.
	Seen bool `json:"seen"`
}
