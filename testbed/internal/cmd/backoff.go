// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/pullmedic/pullmedic/testbed/internal/retries"
)

func newBackOff(s *shell) *cobra.Command {
	options := retries.Options{}
	command := &cobra.Command{
		Use:   "backoff",
		Short: "Let pulls fail for ten minutes and compare when kubelets try again with what the plugin says",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := needRoot(cmd.Name()); err != nil {
				return err
			}
			var err error
			if options.Testbed, err = s.testbed(); err != nil {
				return err
			}
			if options.Plugin, err = pluginPath(options.Plugin); err != nil {
				return err
			}
			options.Out = cmd.OutOrStdout()
			return retries.Run(cmd.Context(), options)
		},
	}
	command.Flags().StringVar(&options.Plugin, "plugin", defaultPlugin, "the built plugin")
	command.Flags().DurationVar(&options.For, "for", 11*time.Minute, "how long the pulls fail")
	return command
}
