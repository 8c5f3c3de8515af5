// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"github.com/spf13/cobra"

	"github.com/pullmedic/pullmedic/testbed/internal/build"
)

func newBuild(s *shell) *cobra.Command {
	source := ""
	command := &cobra.Command{
		Use:   "build",
		Short: "Build the cluster's programs and install the Debian packages that they need",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			testbed, err := s.testbed()
			if err != nil {
				return err
			}
			dir, err := build.FindSource(source)
			if err != nil {
				return err
			}
			return build.Build(cmd.Context(), testbed, dir, cmd.OutOrStdout())
		},
	}
	command.Flags().StringVar(&source, "source", ".", "where to look for the testbed's go.mod: this directory and those above it")
	return command
}
