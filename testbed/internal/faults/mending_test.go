// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pullmedic/pullmedic/testbed/internal/layout"
	"github.com/pullmedic/pullmedic/testbed/internal/registries"
)

func TestMendingsAreWellFormed(t *testing.T) {
	var names []string
	for _, m := range Mendings() {
		if slices.Contains(names, m.Fault.Name) {
			t.Errorf("the name %s is taken", m.Fault.Name)
		}
		names = append(names, m.Fault.Name)
		if _, err := Find(m.Of); err != nil {
			t.Errorf("%s: %v", m.Fault.Name, err)
		}
		if m.Fault.Control() {
			t.Errorf("%s: nothing is wrong", m.Fault.Name)
		}
		if m.Fault.Reach == OfNode {
			t.Errorf("%s disturbs a node, and others are mended at the same time", m.Fault.Name)
		}
		for _, node := range layout.Nodes {
			if namespace := m.Fault.Elsewhere(node.Name); !regexp.MustCompile(`^[a-z0-9-]{1,63}$`).MatchString(namespace) {
				t.Errorf("%q is no name of a namespace", namespace)
			}
		}
	}
	// Every one that the source names: a name that Find does not know is left out.
	if len(names) != 60 {
		t.Errorf("%d mendings, want 60", len(names))
	}
	if core := CoreMendings(); len(core) != 9 {
		t.Errorf("%d of them are in the core, want 9", len(core))
	}
	if some := MendingsOf([]Fault{{Name: "missing-tag"}}); len(some) != 4 {
		t.Errorf("%d mendings of missing-tag, want 4", len(some))
	}
}

func TestTheHelperSpeaksTheProtocol(t *testing.T) {
	file := filepath.Join(t.TempDir(), "docker-credential-testbed")
	if err := writeHelper(file, everyLogin()); err != nil {
		t.Fatal(err)
	}
	for server, want := range map[string]string{
		registries.Harbor:              registries.AccountOf(registries.Harbor).Password,
		"https://" + registries.GitHub: registries.AccountOf(registries.GitHub).Password,
		"https://index.docker.io/v1/":  registries.AccountOf(registries.Hub).Password,
		"nowhere.example":              "credentials not found in native keychain",
	} {
		command := exec.CommandContext(t.Context(), file, "get")
		command.Stdin = strings.NewReader(server + "\n")
		said, err := command.Output()
		if (err != nil) != (server == "nowhere.example") || !strings.Contains(string(said), want) {
			t.Errorf("%s: %v, and not what was meant", server, err)
		}
	}
}
