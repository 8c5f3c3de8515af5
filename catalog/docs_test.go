// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// docs/causes.md is the catalogue's index, made from the folders.
func TestDocsListTheCauses(t *testing.T) {
	const path = "../docs/causes.md"
	want := index(mustLoad(t))
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != want {
		t.Errorf("%s is stale (%v): run go test ./catalog -update", path, err)
	}
}

// titles of the categories, with what they are about.
func titles() map[Category]string {
	return map[Category]string{
		Image:     "Image: what was asked for is not there, or not usable",
		Auth:      "Auth: who may pull",
		Network:   "Network: the node's way to a host (registry, token service, mirror or blob store)",
		Registry:  "Registry: it answers, and says no",
		Node:      "Node: disk, store, runtime, kubelet",
		Policy:    "Policy: rules of the pod, the node and the cluster",
		Mirror:    "Mirror",
		Undecided: "Undecided: states of knowledge, each with the question that decides",
	}
}

func index(c *Catalog) string {
	var b strings.Builder
	b.WriteString(`# Causes

Each has a folder in [catalog/](../catalog) with its runbook; ` + "`kubectl pullmedic explain CAUSE`" + ` prints the same.
This page is made by ` + "`go test ./catalog -update`" + `.

*Common* says how often it is met; no shares are given, as none has a source that was counted. *Needs* is what must be readable for a
proof, beside the pod: rights to get secrets, serviceaccounts and nodes and to list events, and a way to the registry. Where *only the
node* can prove a cause, a look from anywhere else makes it likely at most. A cause that *refines* others is told instead of them.
`)
	category := Category("")
	for _, cause := range c.causes {
		if cause.Category != category {
			category = cause.Category
			fmt.Fprintf(&b, "\n## %s\n\n| cause | what it means | how often | needs | |\n| --- | --- | --- | --- | --- |\n", titles()[category])
		}
		var needs, notes []string
		for _, n := range cause.Needs {
			needs = append(needs, string(n))
		}
		if cause.Local {
			notes = append(notes, "only the node")
		}
		if len(cause.Refines) > 0 {
			notes = append(notes, "refines "+strings.Join(cause.Refines, ", "))
		}
		meaning := cause.Meaning
		if cause.NextQuestion != "" {
			meaning += ". " + cause.NextQuestion
		}
		fmt.Fprintf(&b, "| [%s](../catalog/%[1]s/runbook.md) | %s | %s | %s | %s |\n",
			cause.ID, meaning, cause.Frequency, strings.Join(needs, ", "), strings.Join(notes, "; "))
	}
	b.WriteString(`
## Not made real in the testbed

Every other cause is produced by a fault of [testbed/](../testbed) on real kubelets and containerds, and named there. These are not, each for
the reason that its folder gives; what is said of them rests on texts that others reported and on the sources of kubelet and runtimes.

| cause | why not |
| --- | --- |
`)
	for _, cause := range c.causes {
		if cause.NoFault != "" {
			fmt.Fprintf(&b, "| %s | %s |\n", cause.ID, cause.NoFault)
		}
	}
	return b.String()
}

// The cause.yaml that CONTRIBUTING.md shows must be one that loads.
func TestTheExampleOfContributingLoads(t *testing.T) {
	const path, indent = "../CONTRIBUTING.md", "       "
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, after, ok := strings.Cut(string(data), "\n"+indent+"id: ")
	example, _, end := strings.Cut(after, "\n\n")
	if !ok || !end {
		t.Fatalf("%s shows no cause.yaml", path)
	}
	var cause Cause
	if err := yaml.UnmarshalStrict([]byte(strings.ReplaceAll("id: "+example, "\n"+indent, "\n")), &cause); err != nil {
		t.Fatalf("the example of %s: %v", path, err)
	}
	if err := mustLoad(t).checkCause(cause); err != nil {
		t.Errorf("the example of %s: %v", path, err)
	}
	checkFields(t, cause)
}
