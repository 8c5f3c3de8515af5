// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package cmd is testbed's command line: one file a verb, each parsing its
// arguments, calling one package, and printing.
package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/pullmedic/pullmedic/testbed/internal/cluster"
)

// A shell is what every verb gets: the flags that all verbs share.
type shell struct {
	dir string
}

// testbed is the testbed that the flags name.
func (s *shell) testbed() (*cluster.Testbed, error) {
	return cluster.Open(s.dir)
}

// Main runs the command line and returns the process's exit code: 0, or 1 after
// an error, or the code of the command that exec ran.
func Main(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	// A command that exec ran has said why itself.
	if ended, ok := errors.AsType[commandEnded](err); ok {
		return int(ended)
	}
	fmt.Fprintln(errOut, "testbed:", err)
	return 1
}

// commandEnded is the exit code of the command that exec ran.
type commandEnded int

func (c commandEnded) Error() string {
	return fmt.Sprintf("the command ended with exit code %d", int(c))
}

func newRoot() *cobra.Command {
	s := &shell{}
	root := &cobra.Command{
		Use:           "testbed",
		Short:         "A real Kubernetes cluster on one machine, and its faults",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.PersistentFlags().StringVar(&s.dir, "dir", "", "state directory (default $TESTBED_DIR, else "+cluster.DefaultDir+")")
	root.AddCommand(
		newBuild(s),
		newUp(s),
		newDown(s),
		newStatus(s),
		newKubeconfig(s),
		newExec(s),
		newLogs(s),
		newServe(s),
		newFault(s),
		newRecord(s),
		newRecordDemo(s),
		newStageDemo(s),
		newE2E(s),
		newHandover(s),
		newStandIn(s),
		newBackOff(s),
		newBench(s),
	)
	return root
}

// needRoot refuses to go on as a plain user, before anything has been changed.
func needRoot(verb string) error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("%s needs root: it makes namespaces, mounts and cgroups; run it with sudo", verb)
	}
	return nil
}
