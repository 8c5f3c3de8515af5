// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// newRoot returns the root command: the overview, and with TYPE/NAME the same
// as diagnose.
func newRoot(w *world) *cobra.Command {
	show := &showOptions{world: w}
	o := newLookOptions(show)
	root := &cobra.Command{
		Use:         "kubectl-pullmedic [TYPE/NAME...]",
		Annotations: map[string]string{cobra.CommandDisplayNameAnnotation: w.program},
		Short:       "Find out why Kubernetes cannot pull an image, and prove it",
		Long: `Find out why Kubernetes cannot pull an image, and prove it.

Without arguments: which pulls fail in this namespace (-A: in all), grouped by
cause. With TYPE/NAME: the same as diagnose. It only reads, with your own
rights, and asks registries what the kubelet would ask them; fix and undo change
what they show first.`,
		Example:       examples(w, "", "-A", "deployment/api -n shop", "verify -f deploy.yaml", "-A -o json", "demo"),
		Args:          cobra.ArbitraryArgs,
		SilenceErrors: true, SilenceUsage: true,
		PersistentPreRunE: func(*cobra.Command, []string) error { return show.Complete() },
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return runDiagnose(cmd, o, args)
			}
			return runOverview(cmd.Context(), o)
		},
		ValidArgsFunction: completeTypes,
	}
	root.SetIn(w.In)
	root.SetOut(w.Out)
	root.SetErr(w.ErrOut)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usage("%w; see %s --help", err, cmd.CommandPath())
	})
	root.SetUsageTemplate(strings.NewReplacer(
		".FlagUsages", fmt.Sprintf(".FlagUsagesWrapped %d", textWidth),
		"for more information about a command.", "for more about a command.",
	).Replace(root.UsageTemplate()))
	show.addFlags(root.PersistentFlags())
	o.addFlags(root.Flags())
	o.addScopeFlags(root.Flags())
	o.addBundleFlag(root.Flags())
	root.AddCommand(newDiagnose(w, show), newVerify(w, show), newFix(w, show), newUndo(w, show), newWatch(w, show), newCollect(w, show), newDemo(w, show), newRead(w, show), newExplain(w, show), newRegistries(w, show), newVersion(w, show))
	completeFlags(root)
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		if c.Name() == "completion" {
			c.Short = "Print the script that completes arguments in a shell"
			c.Long = c.Short + ".\n\nThe help of each shell's command says where to put it."
		}
	}
	return root
}

// examples lays out examples as the user would type them.
func examples(w *world, lines ...string) string {
	var b strings.Builder
	for _, line := range lines {
		fmt.Fprintf(&b, "  %s\n", strings.TrimSpace(w.program+" "+line))
	}
	return strings.TrimRight(b.String(), "\n")
}
