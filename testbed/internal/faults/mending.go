// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"slices"

	"github.com/pullmedic/pullmedic/testbed/internal/registries"
)

// A Mending is one way in which the plugin is to mend a fault.
type Mending struct {
	// Fault is the fault under a name of its own, with a pod that is made as in
	// real life: mostly by a Deployment.
	Fault Fault
	// Of is the name of the fault that it was made from.
	Of string
	// Options of fix; nil for none.
	Options func(Tools) []string
}

// Tools are what a person has at hand who mends.
type Tools struct {
	// Login is a secret with logins for all registries, as NAMESPACE/NAME.
	Login string
	// Config is the path of a Docker config with the same.
	Config string
	// Helper is the name of a credential helper that knows the same.
	Helper string
	// Namespace of the fault.
	Namespace string
}

// bare keeps a pod bare that another kind makes otherwise.
const bare = "pod"

// Mendings are all of them. A fault that is not here has no remedy that the
// plugin can apply: there fix is to change nothing.
func Mendings() []Mending {
	var all []Mending
	add := func(kind, name string, options func(Tools) []string) {
		fault, err := Find(name)
		if err != nil {
			return // a test tells
		}
		m := Mending{Fault: fault, Of: name, Options: options}
		m.Fault.Name = "fix-" + name
		switch {
		case kind == bare:
			m.Fault.Name = "fix-" + bare + "-" + name
		case kind != "":
			m.Fault.Name = "fix-" + kind + "-" + name
			m.Fault.Kind = kind
		case fault.Kind == "":
			m.Fault.Kind = "deployment"
		}
		all = append(all, m)
	}
	to := func(image string, more ...string) func(Tools) []string {
		return func(Tools) []string { return append([]string{"--to", image}, more...) }
	}
	copied := func(t Tools) []string { return []string{"--copy-from", t.Login} }
	config := func(t Tools) []string { return []string{"--docker-config", t.Config} }
	helper := func(t Tools) []string { return []string{"--credential-helper", t.Helper} }

	add("", "missing-tag", to(present))
	add(bare, "missing-tag", to(present))
	add("replicaset", "missing-tag", to(present))
	add("replicationcontroller", "missing-tag", to(present))
	add("", "missing-repository-open", to(present))
	add("", "missing-repository-hiding", to("acme/app:1.27.4"))
	add("", "missing-digest", to(present))
	add("", "missing-platform", to(registries.Plain+"/acme/multi:1.0"))
	add("", "missing-tag-quiet", to(registries.Quiet+"/acme/app:1.27.4"))
	add("", "missing-tag-hub", to("acme/app:1.27.4"))
	add("", "missing-tag-implied", to(registries.Quiet+"/acme/app:1.27.4"))
	add("", "missing-tag-private", to(registries.ACR+"/acme/app:1.27.4"))
	add("", "missing-tag-ecr", to(registries.ECR+"/acme/ledger:5.2"))
	add("", "missing-repository-ecr", to(registries.ECR+"/acme/ledger:5.2"))
	add("", "missing-repository-private", to(harborImage))
	add("", "invalid-name", to(present))
	add("", "missing-repository-quiet", to(registries.Quiet+"/acme/app:1.27.4"))
	add("", "missing-repository-strict", to(registries.Strict+"/acme/app:1.27.4"))
	add("", "missing-digest-strict", to(registries.Strict+"/acme/app:1.27.4"))
	add("", "missing-tag-strict", to(registries.Strict+"/acme/app:1.27.4"))
	add("", "missing-digest-quiet", to(registries.Quiet+"/acme/app:1.27.4"))
	add("", "missing-platform-quiet", to(registries.Quiet+"/acme/app:1.27.4"))
	add("", "retired-registry", to(present))
	add("", "never", nil)

	add("", "init-container", to(present))
	add(bare, "init-container", to(present))
	add("", "second-container", to(present))
	add(bare, "second-container", to(present))
	add("", "image-volume", to(present))
	add("", "ran-and-lost", to(present))
	add("", "by-statefulset", to(present))
	add("", "by-daemonset", to(present))
	add("", "by-job", to(present))
	add("", "by-cronjob", to(present))
	add("", "rollout", nil)
	add("", "two-containers", func(t Tools) []string { return append(copied(t), "--to", present, "--container", "app") })

	add("", "no-secret", copied)
	add("", "wrong-password", copied)
	add(bare, "wrong-password", copied)
	add("", "secret-elsewhere", func(t Tools) []string { return []string{"--copy-from", t.Namespace + elsewhere + "/harbor"} })
	add("", "key-not-matched", nil)
	add("", "malformed-secret", copied)
	add("", "secret-absent", config)
	add("", "secret-opaque", nil)
	add("", "empty-entry", helper)
	add("", "no-right", copied)
	add("", "no-right-hub", copied)
	add("", "no-secret-hub", config)
	add("", "no-secret-ghcr", copied)
	add("", "wrong-password-hub", config)
	add("", "wrong-password-public", nil)
	add("", "expired-ecr-token", helper)
	add("", "no-secret-strict", copied)
	// Its token service lies under another name, to which fix sends no login.
	add("", "no-secret-quiet", func(t Tools) []string { return append(copied(t), "--unproven") })
	add("", "no-secret-known", nil)
	add("", "account-late", nil)
	add("", "secret-rewritten", copied)
	add("", "verified-again", nil)
	add("", "provider-fails", copied)
	add("", "rollout-private", copied)
	return all
}

// CoreMendings are the few that run with every change: one of each sort.
func CoreMendings() []Mending {
	core := []string{"fix-missing-tag", "fix-pod-missing-tag", "fix-by-statefulset", "fix-by-job", "fix-rollout", "fix-wrong-password", "fix-no-secret", "fix-account-late", "fix-never"}
	return slices.DeleteFunc(Mendings(), func(m Mending) bool { return !slices.Contains(core, m.Fault.Name) })
}

// MendingsOf are those of some faults.
func MendingsOf(some []Fault) []Mending {
	return slices.DeleteFunc(Mendings(), func(m Mending) bool {
		return !slices.ContainsFunc(some, func(f Fault) bool { return f.Name == m.Of })
	})
}

// Elsewhere is the namespace beside the fault's, in which a secret may be.
func (f Fault) Elsewhere(node string) string { return f.Namespace(node) + elsewhere }
