// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/pullmedic/pullmedic/testbed/internal/serve"
	"github.com/pullmedic/pullmedic/testbed/internal/up"
)

func newUp(s *shell) *cobra.Command {
	return &cobra.Command{Use: "up", Short: "Start the cluster, or what of it does not run", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := needRoot("up"); err != nil {
				return err
			}
			testbed, err := s.testbed()
			if err != nil {
				return err
			}
			self, err := os.Executable()
			if err != nil {
				return fmt.Errorf("finding this program: %w", err)
			}
			return up.Up(cmd.Context(), testbed, self, cmd.OutOrStdout())
		}}
}

func newDown(s *shell) *cobra.Command {
	return &cobra.Command{Use: "down", Short: "End the cluster and leave nothing of it but what was built", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := needRoot("down"); err != nil {
				return err
			}
			testbed, err := s.testbed()
			if err != nil {
				return err
			}
			return up.Down(cmd.Context(), testbed)
		}}
}

func newServe(s *shell) *cobra.Command {
	return &cobra.Command{Use: "serve", Short: "Serve names and registries (run by up)", Hidden: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			testbed, err := s.testbed()
			if err != nil {
				return err
			}
			return serve.Serve(cmd.Context(), testbed, cmd.ErrOrStderr())
		}}
}

func newStatus(s *shell) *cobra.Command {
	return &cobra.Command{Use: "status", Short: "Show which programs run", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			testbed, err := s.testbed()
			if err != nil {
				return err
			}
			records, err := up.Store(testbed).Records()
			if err != nil {
				return err
			}
			table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 3, ' ', 0)
			fmt.Fprintln(table, "NAME\tPID\tRUNNING")
			for _, record := range records {
				fmt.Fprintf(table, "%s\t%d\t%v\n", record.Spec.Name, record.PID, record.Running())
			}
			return table.Flush()
		}}
}

func newKubeconfig(s *shell) *cobra.Command {
	return &cobra.Command{Use: "kubeconfig", Short: "Print the kubeconfig's path", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			testbed, err := s.testbed()
			if err == nil {
				fmt.Fprintln(cmd.OutOrStdout(), testbed.Kubeconfig())
			}
			return err
		}}
}

func newExec(s *shell) *cobra.Command {
	return &cobra.Command{Use: "exec PLACE -- COMMAND [ARG...]", Short: "Run a command where the client or a node stands", Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := needRoot("exec"); err != nil {
				return err
			}
			testbed, err := s.testbed()
			if err != nil {
				return err
			}
			command := testbed.Exec(cmd.Context(), args[0], args[1], args[2:]...)
			command.Stdin, command.Stdout, command.Stderr = cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr()
			err = command.Run()
			if exit, ok := errors.AsType[*exec.ExitError](err); ok {
				return commandEnded(exit.ExitCode())
			}
			return err
		}}
}

func newLogs(s *shell) *cobra.Command {
	return &cobra.Command{Use: "logs [PART]", Short: "Print a part's log, or list the parts", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			testbed, err := s.testbed()
			if err != nil {
				return err
			}
			files, err := filepath.Glob(filepath.Join(testbed.Logs(), "*.log"))
			if err != nil {
				return fmt.Errorf("listing the logs: %w", err)
			}
			for _, file := range files {
				name := strings.TrimSuffix(filepath.Base(file), ".log")
				if len(args) == 0 {
					fmt.Fprintln(cmd.OutOrStdout(), name)
					continue
				}
				if name == args[0] {
					data, err := os.ReadFile(file)
					if err != nil {
						return fmt.Errorf("reading the log of %s: %w", name, err)
					}
					_, err = cmd.OutOrStdout().Write(data)
					return err
				}
			}
			if len(args) == 1 {
				return fmt.Errorf("there is no log of %q; testbed logs lists them", args[0])
			}
			return nil
		}}
}
