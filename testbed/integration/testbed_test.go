// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullmedic/pullmedic/testbed/internal/up"
)

// testbed runs the built command.
func testbed(t *testing.T, args ...string) {
	t.Helper()
	if err := testbedIn(t.Context(), args...); err != nil {
		t.Fatal(err)
	}
}

func testbedIn(ctx context.Context, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	if out, err := exec.CommandContext(ctx, "../bin/testbed", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("testbed %q: %w: %s", args, errors.Join(err, ctx.Err()), out)
	}
	return nil
}

// upAgain starts what does not run when the test ends, whatever came of it: all
// tests after it need the cluster.
func upAgain(t *testing.T) {
	t.Cleanup(func() {
		if err := testbedIn(context.Background(), "up"); err != nil {
			t.Error(err)
		}
	})
}

func TestASecondUpMendsWhatIsBroken(t *testing.T) {
	b := open(t)
	upAgain(t)
	store := up.Store(b.Testbed)
	for _, part := range []string{"node-b-kubelet", "kube-apiserver"} {
		before, err := store.Record(part)
		if err != nil {
			t.Fatal(err)
		}
		process, err := os.FindProcess(before.PID)
		if err != nil {
			t.Fatal(err)
		}
		if err := process.Kill(); err != nil {
			t.Fatal(err)
		}
		b.await(t, part+" to have ended", func(context.Context) error {
			if before.Running() {
				return errors.New("it runs")
			}
			return nil
		})
		testbed(t, "up")
		after, err := store.Record(part)
		if err != nil || !after.Running() || after.PID == before.PID {
			t.Errorf("%s does not run again: %+v (%v)", part, after, err)
		}
		nodes, err := b.Kube.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
		if err != nil || len(nodes.Items) != 2 {
			t.Errorf("after %s: %d nodes (%v)", part, len(nodes.Items), err)
		}
	}
}

// ancestors are the ids of this process and of those that it descends from.
func ancestors(t *testing.T) []string {
	t.Helper()
	var ids []string
	for id := strconv.Itoa(os.Getpid()); id != "" && id != "0"; {
		ids = append(ids, id)
		status, err := os.ReadFile(filepath.Join("/proc", id, "status"))
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(status), "\nPPid:")
		parent, _, _ := strings.Cut(rest, "\n")
		id = strings.TrimSpace(parent)
	}
	return ids
}

// left is what a running testbed adds to the machine, as lines.
func left(t *testing.T, dir string) []string {
	t.Helper()
	var lines []string
	add := func(kind, text string) {
		for line := range strings.Lines(text) {
			lines = append(lines, kind+": "+strings.TrimSpace(line))
		}
	}
	run := func(name string, args ...string) string {
		out, err := exec.CommandContext(t.Context(), name, args...).Output()
		if err != nil {
			t.Fatalf("%s %q: %v", name, args, err)
		}
		return string(out)
	}
	for line := range strings.Lines(run("ip", "-brief", "link")) {
		name, _, _ := strings.Cut(line, " ")
		add("interface", name)
	}
	add("route", run("ip", "route"))
	add("rule", run("ip", "rule"))
	add("network namespace", run("ip", "netns", "list"))
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(mounts) {
		add("mount", strings.Fields(string(line))[4])
	}
	cgroups, err := filepath.Glob("/sys/fs/cgroup/*/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range cgroups {
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			add("cgroup", path)
		}
	}
	if tables, err := exec.LookPath("iptables-save"); err == nil {
		for line := range strings.Lines(run(tables)) {
			if strings.HasPrefix(line, "-A") {
				add("iptables", line)
			}
		}
	}
	commands, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	mine := ancestors(t)
	for _, path := range commands {
		if slices.Contains(mine, filepath.Base(filepath.Dir(path))) {
			continue // whoever runs the tests may well name the testbed
		}
		text, err := os.ReadFile(path)
		if err == nil && bytes.Contains(text, []byte(dir+"/")) {
			add("process", string(bytes.ReplaceAll(text, []byte{0}, []byte{' '})))
		}
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}

// TestDownLeavesNothingBehind ends the testbed, and starts it again for the tests
// that come after.
func TestDownLeavesNothingBehind(t *testing.T) {
	b := open(t)
	upAgain(t)
	running := left(t, b.Dir())
	testbed(t, "down")
	after := left(t, b.Dir())
	for _, line := range after {
		if strings.Contains(line, "pullmedic") || strings.Contains(line, b.Dir()) || strings.Contains(line, "pmbr") {
			t.Errorf("left behind: %s", line)
		}
	}
	testbed(t, "up")
	testbed(t, "down")
	// What others do on this machine comes and goes.
	b.await(t, "the machine to be as it was", func(context.Context) error {
		if list := slices.DeleteFunc(left(t, b.Dir()), func(line string) bool { return slices.Contains(after, line) }); len(list) > 0 {
			return fmt.Errorf("a second up and down left %q", list)
		}
		return nil
	})
	if _, err := os.Stat(b.Run()); !os.IsNotExist(err) {
		t.Errorf("the state of the run is still there: %v", err)
	}
	fmt.Fprintf(t.Output(), "up adds %d interfaces, mounts, cgroups, processes and rules; down leaves none\n", len(running)-len(after))
}
