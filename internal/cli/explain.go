// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/internal/remedy"
	"github.com/pullmedic/pullmedic/internal/report"
	"github.com/pullmedic/pullmedic/internal/spelling"
)

func newExplain(w *world, o *showOptions) *cobra.Command {
	var matrix bool
	cmd := &cobra.Command{
		Use:   "explain [CAUSE | REMEDY]",
		Short: "Explain a cause or a remedy, or list all causes",
		Long: `Explain a cause: what it means, what proves it, what to do. Or a remedy, by the
id that plans and causes name it by: what it changes, who carries it out, which
causes it mends, and the options of fix. Without either, list all causes. With
--matrix, tell for each class of error texts what it may stand for.`,
		Example: examples(w, "explain", "explain TagNotFound", "explain held-image", "explain --matrix"),
		RunE: func(_ *cobra.Command, args []string) error {
			c, err := catalog.Load()
			switch {
			case err != nil:
				return fault(err)
			case len(args) > 1:
				return usage("explain takes one cause or remedy, not %d", len(args))
			case matrix && len(args) > 0:
				return usage("--matrix tells about all causes; leave out %s", foreign.Text(args[0], 60))
			case matrix:
				m := report.Matrix(c)
				return o.print(m, func(w io.Writer) error { return report.MatrixText(w, m, o.style) })
			case len(args) == 0:
				l := report.CauseList(c)
				return o.print(l, func(w io.Writer) error { return report.CauseListText(w, l, o.style) })
			}
			return explainOne(o, c, args[0])
		},
		ValidArgsFunction: completeExplained,
	}
	cmd.Flags().BoolVar(&matrix, "matrix", false, "tell for each class of error texts what it may stand for")
	return cmd
}

func explainOne(o *showOptions, c *catalog.Catalog, asked string) error {
	if d, ok := report.DescribeRemedy(c, asked); ok {
		return o.print(d, func(w io.Writer) error { return report.RemedyText(w, d, o.style) })
	}
	id, exact := report.Nearest(c, asked)
	cause, ok := c.Cause(id)
	switch {
	case !ok && report.Shown(c, asked):
		return usage("%s is what the pod shows, not why: many causes show so; %[2]s diagnose pod/NAME tells which it is, %[2]s explain lists them", asked, o.program)
	case remedyID.MatchString(asked) && strings.Contains(asked, "-"):
		near := spelling.Nearest(asked, remedy.Known(), func(id string) string { return id })
		return usage("there is no cause and no remedy %q; did you mean %s?", foreign.Text(asked, 60), near[0])
	case !ok:
		return usage("there is no cause %q; %s explain lists them", foreign.Text(asked, 60), o.program)
	case !exact:
		return usage("there is no cause %q; did you mean %s? %s explain lists all", foreign.Text(asked, 60), id, o.program)
	}
	d := report.Describe(cause)
	return o.print(d, func(w io.Writer) error { return report.CauseText(w, d, o.style) })
}

// completeExplained completes causes, and remedies once it is plain that one is meant.
func completeExplained(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if remedyID.MatchString(typed) && len(args) == 0 {
		if ids := beginning(remedy.Known(), typed); len(ids) > 0 {
			return ids, cobra.ShellCompDirectiveNoFileComp
		}
	}
	return completeCauses(cmd, args, typed)
}

func completeCauses(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	c, err := catalog.Load()
	if err != nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var ids []string
	for _, cause := range c.Causes() {
		ids = append(ids, cobra.CompletionWithDesc(cause.ID, cause.Meaning))
	}
	return beginning(ids, typed), cobra.ShellCompDirectiveNoFileComp
}
