// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/pullmedic/pullmedic/testbed/internal/bench"
)

func newBench(s *shell) *cobra.Command {
	options := bench.Options{}
	command := &cobra.Command{
		Use:   "bench",
		Short: "Measure the plugin on 10,000 pods beside a bare list of them",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := needRoot(cmd.Name()); err != nil {
				return err
			}
			if options.Runs < 1 {
				return fmt.Errorf("--runs %d measures nothing; give 1 or more", options.Runs)
			}
			var err error
			if options.Testbed, err = s.testbed(); err != nil {
				return err
			}
			if options.Plugin, err = pluginPath(options.Plugin); err != nil {
				return err
			}
			if options.Self, err = os.Executable(); err != nil {
				return fmt.Errorf("finding this program: %w", err)
			}
			options.Out = cmd.OutOrStdout()
			return bench.Run(cmd.Context(), options)
		},
	}
	command.Flags().StringVar(&options.Plugin, "plugin", defaultPlugin, "the built plugin")
	command.Flags().IntVar(&options.Runs, "runs", 7, "how often to measure; the median counts")
	command.Flags().BoolVar(&options.Keep, "keep", false, "leave the cluster up at the end")
	command.AddCommand(newBenchList(), newBenchTimed())
	return command
}

// newBenchList is the reference, in a process of its own.
func newBenchList() *cobra.Command {
	return &cobra.Command{Use: "list", Short: "List all pods and count them (run by bench)", Hidden: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return bench.List(cmd.Context(), cmd.OutOrStdout()) }}
}

func newBenchTimed() *cobra.Command {
	return &cobra.Command{Use: "timed FILE -- COMMAND [ARG...]", Short: "Run a command and write what it took (run by bench)", Hidden: true, Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return bench.Timed(cmd.Context(), args[0], cmd.OutOrStdout(), cmd.ErrOrStderr(), args[1:])
		}}
}
