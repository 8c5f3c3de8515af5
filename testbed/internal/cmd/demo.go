// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/pullmedic/pullmedic/testbed/internal/demo"
)

func newRecordDemo(s *shell) *cobra.Command {
	options := demo.Options{}
	command := &cobra.Command{
		Use:   "record-demo",
		Short: "Make the broken cluster of the demo and record what it says",
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
			if options.File, err = filepath.Abs(options.File); err != nil {
				return fmt.Errorf("finding the recording's file: %w", err)
			}
			if _, err := os.Stat(filepath.Dir(options.File)); err != nil {
				return fmt.Errorf("looking for the recording's directory: %w; run this in the project's directory or give --file", err)
			}
			options.Out = cmd.OutOrStdout()
			return demo.Record(cmd.Context(), options)
		},
	}
	command.Flags().StringVar(&options.File, "file", "internal/demo/recording.json", "what to write")
	command.Flags().StringVar(&options.Plugin, "plugin", defaultPlugin, "the built plugin")
	return command
}

func newStageDemo(s *shell) *cobra.Command {
	wait := time.Minute
	command := &cobra.Command{
		Use:   "stage-demo -- COMMAND [ARG...]",
		Short: "Make the broken cluster of the demo, run a command while it stands, and take it away",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := needRoot(cmd.Name()); err != nil {
				return err
			}
			testbed, err := s.testbed()
			if err != nil {
				return err
			}
			return demo.Stage(cmd.Context(), testbed, wait, cmd.ErrOrStderr(), func(ctx context.Context) error {
				command := exec.CommandContext(ctx, args[0], args[1:]...)
				command.Stdin, command.Stdout, command.Stderr = cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr()
				err := command.Run()
				if exit, ok := errors.AsType[*exec.ExitError](err); ok {
					return commandEnded(exit.ExitCode())
				}
				return err
			})
		},
	}
	command.Flags().DurationVar(&wait, "settle", wait, "how long the kubelets go on trying before the command")
	return command
}
