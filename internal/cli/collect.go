// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/bundle"
	"github.com/pullmedic/pullmedic/internal/files"
	"github.com/pullmedic/pullmedic/internal/foreign"
)

func newCollect(w *world, show *showOptions) *cobra.Command {
	o := newLookOptions(show)
	file := ""
	cmd := &cobra.Command{
		Use:   "collect [TYPE/NAME...] -o FILE",
		Short: "Run the checks and write the evidence to a file for somebody else",
		Long: `Run the checks and write the evidence to a file for somebody else.

The file holds what was found and nothing secret: no secrets' data, no
environment, no annotations; of pull secrets their type, keys, hosts and kinds
of credentials. With --bundle FILE whoever gets it sees the same answer, without
a way to the cluster or the registries.`,
		Example: examples(w, "collect -A -o pulls.json", "collect deployment/api -n shop -o api.json", "--bundle pulls.json", "diagnose deployment/api -n shop --bundle pulls.json"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if file == "" {
				return usage("collect needs a file to write: -o FILE, or -o - for stdout")
			}
			if err := canSave(file); err != nil {
				return err
			}
			ask, err := o.collected(cmd, args)
			if err != nil {
				return err
			}
			return o.Run(cmd.Context(), ask, func(_ *catalog.Catalog, s evidence.Survey) error { return o.save(file, s) })
		},
		ValidArgsFunction: completeTypes,
	}
	o.addFlags(cmd.Flags())
	o.addScopeFlags(cmd.Flags())
	// It takes the place of the other verbs' -o, which chooses a format.
	cmd.Flags().StringVarP(&file, "output", "o", "", "file to write, - for stdout")
	return cmd
}

// collected is what collect asks: about objects as diagnose does, else about
// pods as the overview.
func (o *lookOptions) collected(cmd *cobra.Command, args []string) (question, error) {
	if len(args) == 0 {
		return o.overview()
	}
	return o.diagnosis(cmd, args)
}

// canSave finds out before the look what would keep its result from being kept.
func canSave(path string) error {
	if path == "-" {
		return nil
	}
	draft, err := files.NewDraft(path)
	if err != nil {
		return usage("writing %w", plainPath(err))
	}
	draft.Discard()
	return nil
}

// save writes the bundle: whole, or not at all.
func (o *lookOptions) save(path string, s evidence.Survey) error {
	tool := "pullmedic " + version
	if path == "-" {
		if err := bundle.Write(o.Out, tool, s); err != nil {
			return fault(err)
		}
		return nil
	}
	if err := replace(path, func(w io.Writer) error { return bundle.Write(w, tool, s) }); err != nil {
		return usage("%w", err)
	}
	fmt.Fprintf(o.ErrOut, "wrote %s: failing pulls %d, nothing secret; %s --bundle FILE shows it\n", foreign.Text(path, 300), len(s.Pulls), o.program)
	return nil
}

// replace writes a file that only its owner may read, in the place of the one that
// may be there: whole, or not at all.
func replace(path string, write func(io.Writer) error) error {
	draft, err := files.NewDraft(path)
	if err != nil {
		return fmt.Errorf("writing %w", plainPath(err))
	}
	defer draft.Discard()
	if err := write(draft); err != nil {
		return err
	}
	if err := draft.Replace(); err != nil {
		return fmt.Errorf("writing %w", err)
	}
	return nil
}
