// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package integration runs the built plugin against the running testbed: a real
// API server with real RBAC, kubelets and registries. What e2e compares with
// the truth is not repeated here; this is about bad input, about lesser rights,
// and about the testbed itself.
package integration

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pullmedic/pullmedic/testbed/internal/cluster"
	"github.com/pullmedic/pullmedic/testbed/internal/faults"
	"github.com/pullmedic/pullmedic/testbed/internal/layout"
)

// longest is how long one run of the plugin may take.
const longest = 20 * time.Second

// A bed is the running testbed with the plugin.
type bed struct {
	faults.Bed
	plugin string
}

// open finds the testbed, which make testbed-up starts.
func open(t *testing.T) bed {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("left out: it runs commands in the testbed's namespaces, which needs root")
	}
	testbed, err := cluster.Open("")
	if err != nil {
		t.Fatal(err)
	}
	b, err := faults.Open(testbed)
	if err == nil {
		ctx, cancel := context.WithTimeout(t.Context(), longest)
		defer cancel()
		err = b.Kube.CoreV1().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
	}
	if err != nil {
		t.Fatalf("the testbed is not up (make testbed-up): %v", err)
	}
	plugin, err := filepath.Abs("../../bin/kubectl-pullmedic")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(plugin); err != nil {
		t.Fatalf("the plugin is not built (make build): %v", err)
	}
	return bed{b, plugin}
}

// A ran is what a run of the plugin left.
type ran struct {
	out, err string
	code     int
	took     time.Duration
}

// run runs the plugin where the client stands; env are further settings.
func (b bed) run(t *testing.T, stdin string, env []string, args ...string) ran {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), longest)
	defer cancel()
	command := b.Exec(ctx, cluster.Client, b.plugin, args...)
	command.Env = append(command.Env, env...)
	command.Stdin = strings.NewReader(stdin)
	var out, errOut bytes.Buffer
	command.Stdout, command.Stderr = &out, &errOut
	began := time.Now()
	err := command.Run()
	r := ran{out: out.String(), err: errOut.String(), took: time.Since(began)}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.Exited() {
		r.code, err = exit.ExitCode(), nil
	}
	if err != nil {
		t.Fatalf("running the plugin with %q: %v; it said %s", args, errors.Join(err, ctx.Err()), r.err)
	}
	if slices.Contains(args, "-o") {
		return r // a document
	}
	for line := range strings.Lines(r.out) {
		if n := len(strings.TrimRight(line, "\n")); n > 80 && !strings.Contains(line, "kubectl pullmedic ") && !strings.Contains(line, " argocd app set ") { // a command is not broken
			t.Errorf("a line is %d columns wide: %s", n, line)
		}
	}
	return r
}

// inject makes a fault on the first node and returns its namespace.
func (b bed) inject(t *testing.T, name string) string {
	t.Helper()
	fault, err := faults.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	return b.injectFault(t, fault)
}

// injectFault is inject of a fault that a test may have changed.
func (b bed) injectFault(t *testing.T, fault faults.Fault) string {
	t.Helper()
	node := layout.Nodes[0]
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if err := faults.Inject(ctx, b.Bed, fault, node); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := faults.Repair(ctx, b.Bed, fault, node); err != nil {
			t.Error(err)
		}
	})
	namespace := fault.Namespace(node.Name)
	if _, err := faults.Await(ctx, b.Bed, namespace, faults.PodName); err != nil {
		t.Fatal(err)
	}
	return namespace
}
