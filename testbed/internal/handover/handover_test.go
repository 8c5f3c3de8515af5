// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package handover

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pullmedic/pullmedic/testbed/internal/cluster"
	"github.com/pullmedic/pullmedic/testbed/internal/layout"
	"github.com/pullmedic/pullmedic/testbed/internal/place"
)

func unitsIn(t *testing.T) units {
	t.Helper()
	bed, err := cluster.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(bed.Run(), layout.Nodes[0].Name), 0o755); err != nil {
		t.Fatal(err)
	}
	return units{bed: bed, node: layout.Nodes[0], out: &bytes.Buffer{}}
}

func TestDropInsCountAfterAReload(t *testing.T) {
	u := unitsIn(t)
	file := place.NodeFile(u.bed, u.node.Name, "/etc/systemd/system/containerd.service.d/90-proxy.conf")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("[Service]\nEnvironment=\"HTTPS_PROXY=http://proxy:3128\"\nEnvironment=\"NO_PROXY=a,b\"\n")
	if env, err := u.loaded("containerd"); err != nil || env != nil {
		t.Errorf("before a reload there is %v, %v", env, err)
	}
	if err := u.control(t.Context(), []string{"daemon-reload"}); err != nil {
		t.Fatal(err)
	}
	if env, err := u.loaded("containerd"); err != nil || !slices.Equal(env, []string{"HTTPS_PROXY=http://proxy:3128", "NO_PROXY=a,b"}) {
		t.Errorf("after it there is %v, %v", env, err)
	}
	if env, err := u.loaded("kubelet"); err != nil || env != nil {
		t.Errorf("the kubelet got %v, %v", env, err)
	}
	for _, bad := range []string{"Environment=\"A=b\"\n", "[Service]\nExecStart=x\n", "[Service]\nEnvironment=\"A=%n\"\n", "[Service]\nEnvironment=A=b c\n"} {
		write(bad)
		if err := u.control(t.Context(), []string{"daemon-reload"}); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestTheStandInRefusesWhatItDoesNotKnow(t *testing.T) {
	u := unitsIn(t)
	for _, args := range [][]string{nil, {"restart"}, {"restart", "sshd"}, {"--now"}, {"mask", "containerd"}} {
		if err := u.control(t.Context(), args); err == nil {
			t.Errorf("systemctl %v did something", args)
		}
	}
}

func TestStepsAreDoneWhereTheySay(t *testing.T) {
	h := &hand{node: layout.Nodes[0]}
	for where, want := range map[string]string{"as root on node node-a": "node-a", "where kubectl is": cluster.Client, "as root on node node-b": "", "at the registry": "", "": ""} {
		got, err := h.place(where)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q is done in %q, %v", where, got, err)
		}
	}
}

func TestARemedyIsFoundByItsID(t *testing.T) {
	var p plan
	if err := json.Unmarshal([]byte(`{"targets":[{"remedies":[{"id":"a","needs":"--ca FILE","steps":[]}],"others":[{"id":"b","steps":[{"what":"x","where":"where kubectl is","commands":["true"],"file":{"path":"/f","content":"c\n","mode":"0600"}}]}]}]}`), &p); err != nil {
		t.Fatal(err)
	}
	if r, err := p.find("b"); err != nil || r.Steps[0].File.Mode != "0600" || r.Steps[0].Commands[0] != "true" {
		t.Errorf("got %+v, %v", r, err)
	}
	if _, err := p.find("a"); err == nil || !strings.Contains(err.Error(), "--ca FILE") {
		t.Errorf("got %v", err)
	}
	if _, err := p.find("c"); err == nil {
		t.Error("a remedy that is not there was found")
	}
}

func TestEverySceneHasItsFault(t *testing.T) {
	for _, s := range Scenes() {
		nodes, fault, err := s.on("")
		if err != nil || len(nodes) == 0 || fault.Control() {
			t.Errorf("%s: %v on %v, %v", s.Remedy, fault.Name, nodes, err)
		}
	}
	if _, err := Select([]string{"no-such"}); err == nil {
		t.Error("a remedy that is not there was selected")
	}
}
