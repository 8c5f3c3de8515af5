// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/pullmedic/pullmedic/testbed/internal/handover"
)

func newHandover(s *shell) *cobra.Command {
	o := handover.Options{}
	command := &cobra.Command{
		Use:   "handover [REMEDY...]",
		Short: "Carry out to the letter what the plugin hands over, and see whether the image is pulled",
		RunE: func(cmd *cobra.Command, names []string) error {
			if err := needRoot("handover"); err != nil {
				return err
			}
			var err error
			if o.Scenes, err = handover.Select(names); err != nil {
				return err
			}
			if o.Testbed, err = s.testbed(); err != nil {
				return err
			}
			if o.Plugin, err = pluginPath(o.Plugin); err != nil {
				return err
			}
			if o.Self, err = os.Executable(); err != nil {
				return fmt.Errorf("finding this program: %w", err)
			}
			o.Out = cmd.OutOrStdout()
			return handover.Run(cmd.Context(), o)
		},
	}
	command.Flags().StringVar(&o.Plugin, "plugin", defaultPlugin, "the built plugin")
	command.Flags().StringVar(&o.Node, "node", "", "on this node only")
	command.Flags().BoolVarP(&o.Verbose, "verbose", "v", false, "print what each command said")
	return command
}

func newStandIn(s *shell) *cobra.Command {
	return &cobra.Command{Use: "standin NODE PROGRAM -- [ARG...]", Short: "Stand in for systemctl or journalctl on a node (run by handover)", Hidden: true, Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			testbed, err := s.testbed()
			if err != nil {
				return err
			}
			return handover.StandIn(cmd.Context(), testbed, args[0], args[1], args[2:], cmd.OutOrStdout())
		}}
}
