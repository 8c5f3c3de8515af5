// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/pullmedic/pullmedic/testbed/internal/e2e"
	"github.com/pullmedic/pullmedic/testbed/internal/faults"
	"github.com/pullmedic/pullmedic/testbed/internal/layout"
)

func newFault(s *shell) *cobra.Command {
	command := &cobra.Command{
		Use:   "fault",
		Short: "List, inject, repair or run the faults that the testbed can have",
	}
	command.AddCommand(
		newFaultList(),
		newFaultDo(s, "inject NAME...", "Make faults, and leave them", faults.Inject),
		newFaultDo(s, "repair NAME...", "Undo faults, and delete their objects", faults.Repair),
		newFaultRun(s),
	)
	return command
}

func newFaultList() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "Show all faults and controls",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			out := cmd.OutOrStdout()
			const columns = "%-26s %-9s %-19s %-33s %s\n"
			fmt.Fprintf(out, columns, "NAME", "REACH", "TRUTH", "BEST ANSWER", "WHAT")
			for _, fault := range faults.All() {
				truth, best := fault.Cause, fault.Expect.Cause+", "+fault.Expect.Verdict
				if fault.Control() {
					truth, best = "healthy", "silent"
				}
				fmt.Fprintf(out, columns, fault.Name, fault.Reach, truth, best, fault.What)
			}
			return nil
		},
	}
}

// newFaultDo does one thing with faults on one or all nodes.
func newFaultDo(s *shell, use, short string, do func(context.Context, faults.Bed, faults.Fault, layout.Node) error) *cobra.Command {
	node := ""
	command := &cobra.Command{
		Use:   use,
		Short: short,
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, names []string) error {
			selected, err := faults.Select(names)
			if err != nil {
				return err
			}
			testbed, err := s.testbed()
			if err != nil {
				return err
			}
			bed, err := faults.Open(testbed)
			if err != nil {
				return err
			}
			for _, fault := range selected {
				for _, on := range layout.Nodes {
					if node != "" && node != on.Name || !fault.On(on.Name) {
						continue
					}
					if err := do(cmd.Context(), bed, fault, on); err != nil {
						return err
					}
					fmt.Fprintf(cmd.OutOrStdout(), "%s on %s: pod/%s in namespace %s\n", fault.Name, on.Name, faults.PodName, fault.Namespace(on.Name))
				}
			}
			return nil
		},
	}
	command.Flags().StringVar(&node, "node", "", "on this node only")
	return command
}

func newFaultRun(s *shell) *cobra.Command {
	return e2eCommand(s, "run [NAME...]", "Make faults, have the plugin diagnose them, compare, and undo them", cobra.ArbitraryArgs)
}

func newE2E(s *shell) *cobra.Command {
	return e2eCommand(s, "e2e", "Run all faults on all nodes and compare the plugin's answers with the truth", cobra.NoArgs)
}

func e2eCommand(s *shell, use, short string, args cobra.PositionalArgs) *cobra.Command {
	options, core := e2e.Options{}, false
	command := &cobra.Command{
		Use:   use,
		Short: short,
		Args:  args,
		RunE: func(cmd *cobra.Command, names []string) error {
			if err := needRoot(cmd.Name()); err != nil {
				return err
			}
			if core {
				names = faults.Core()
			}
			var err error
			if options.Faults, err = faults.Select(names); err != nil {
				return err
			}
			options.Mendings = faults.MendingsOf(options.Faults)
			if core {
				options.Mendings = faults.CoreMendings()
			}
			if options.Testbed, err = s.testbed(); err != nil {
				return err
			}
			if options.Plugin, err = pluginPath(options.Plugin); err != nil {
				return err
			}
			options.Out = cmd.OutOrStdout()
			return e2e.Run(cmd.Context(), options)
		},
	}
	command.Flags().StringVar(&options.Plugin, "plugin", defaultPlugin, "the built plugin")
	if use == "e2e" {
		command.Flags().BoolVar(&core, "core", false, "the few faults that stand side by side and are run with every change")
	}
	command.Flags().BoolVar(&options.Keep, "keep", false, "leave the faults as they are at the end")
	return command
}
