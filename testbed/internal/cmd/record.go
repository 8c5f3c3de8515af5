// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/pullmedic/pullmedic/testbed/internal/e2e"
	"github.com/pullmedic/pullmedic/testbed/internal/faults"
)

// defaultPlugin is where make builds the plugin.
const defaultPlugin = "bin/kubectl-pullmedic"

// pluginPath is absolute: the plugin runs in another mount namespace, where the
// same files lie, but maybe not below the same working directory.
func pluginPath(path string) (string, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("finding the plugin %s: %w", path, err)
	}
	return absolute, nil
}

func newRecord(s *shell) *cobra.Command {
	options := e2e.RecordOptions{}
	command := &cobra.Command{
		Use:   "record [NAME...]",
		Short: "Make faults and write the texts that the cluster shows into the catalogue",
		RunE: func(cmd *cobra.Command, names []string) error {
			if err := needRoot(cmd.Name()); err != nil {
				return err
			}
			if _, err := os.Stat(filepath.Join(options.Catalog, "TagNotFound")); err != nil {
				return fmt.Errorf("looking for the catalogue: %w; run this in the project's directory or give --catalog", err)
			}
			var err error
			if options.Faults, err = faults.Select(names); err != nil {
				return err
			}
			if options.Testbed, err = s.testbed(); err != nil {
				return err
			}
			if options.Plugin, err = pluginPath(options.Plugin); err != nil {
				return err
			}
			if options.Reports != "" {
				if options.Reports, err = filepath.Abs(options.Reports); err != nil {
					return fmt.Errorf("finding the directory of reports: %w", err)
				}
				if err := os.MkdirAll(options.Reports, 0o755); err != nil {
					return fmt.Errorf("making the directory of reports: %w", err)
				}
			}
			options.Out = cmd.OutOrStdout()
			return e2e.Record(cmd.Context(), options)
		},
	}
	command.Flags().StringVar(&options.Catalog, "catalog", "catalog", "the catalogue's directory")
	command.Flags().StringVar(&options.Reports, "reports", "", "also write the plugin's JSON about each fault into this directory")
	command.Flags().StringVar(&options.Plugin, "plugin", defaultPlugin, "the built plugin, for --reports")
	return command
}
