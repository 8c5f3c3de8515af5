// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package bench measures the plugin on a large cluster: a real API server with
// 10,000 pods of which 1,000 fail, and the testbed's registries. There are no
// kubelets and no controllers, so that nothing but the plugin is at work and
// objects stay as they were made.
//
// Every figure is printed beside its reference, a bare list of the same pods,
// that was measured by turns with it. Times are never asserted: a machine that
// has other things to do would fail the test. What is over its target is said
// to be.
package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/pullmedic/pullmedic/testbed/internal/cluster"
	"github.com/pullmedic/pullmedic/testbed/internal/up"
)

// Options say what is measured, and by what.
type Options struct {
	Testbed *cluster.Testbed
	// Self is this program, Plugin the built plugin; absolute paths.
	Self, Plugin string
	// Runs of the report, and as many of its reference.
	Runs int
	// Keep the cluster as it is at the end.
	Keep bool
	Out  io.Writer
}

// longest is how long the whole benchmark may take.
const longest = 10 * time.Minute

// Run starts the API server and the registries, makes the cluster, measures and
// ends all that it started. The error says what could not be measured; that
// something is slow is none.
func Run(ctx context.Context, o Options) (err error) {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	records, err := up.Store(o.Testbed).Records()
	if err != nil {
		return err
	}
	if len(records) > 0 {
		fmt.Fprintln(o.Out, "Ending the cluster that runs: the benchmark needs one without controllers")
	}
	if err := up.Down(ctx, o.Testbed); err != nil {
		return err
	}
	if !o.Keep {
		defer func() {
			clean, done := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
			defer done()
			err = errors.Join(err, up.Down(clean, o.Testbed))
		}()
	}
	if err := up.Core(ctx, o.Testbed, o.Self); err != nil {
		return err
	}
	return run(ctx, o)
}

func run(ctx context.Context, o Options) error {
	began := time.Now()
	crowd := newCrowd(time.Now())
	made, err := crowd.make(ctx, o.Testbed)
	if err != nil {
		return err
	}
	fmt.Fprintf(o.Out, "On %d CPUs: etcd, kube-apiserver and the testbed's registries; no controllers, no kubelets\n", runtime.NumCPU())
	fmt.Fprintf(o.Out, "Made in %.0f s by %d writers: %d pods, %d namespaces, %d nodes, %d deployments, %d replica sets, %d events\n",
		time.Since(began).Seconds(), writers, made.pods.Load(), namespaces, nodes, made.deployments.Load(), made.sets.Load(), made.events.Load())
	fmt.Fprintf(o.Out, "Failing: %d pods of %d deployments, over %d images and %d registries\n", failing, failing/replicas, images, len(kinds))

	dir, err := os.MkdirTemp("", "pullmedic-bench-")
	if err != nil {
		return fmt.Errorf("making a directory for what the runs print: %w", err)
	}
	defer os.RemoveAll(dir)
	m := meter{Options: o, dir: dir}
	found, err := m.measure(ctx, crowd)
	if err != nil {
		return err
	}
	found.print(o.Out)
	return nil
}

// file is a path in the directory of what the runs print.
func (m meter) file(name string) string { return filepath.Join(m.dir, name) }
