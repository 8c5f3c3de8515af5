// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pullmedic/pullmedic/internal/foreign"
)

// newRoot returns the root command: the overview, and with TYPE/NAME the same
// as diagnose.
func newRoot(w *world) *cobra.Command {
	show := &showOptions{world: w}
	o := newLookOptions(show)
	version, asked := newVersion(w, show), false
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
			if asked {
				return version.RunE(cmd, args)
			}
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
		said, _, _ := strings.Cut(err.Error(), ": strconv.") // the value and the flag are named before
		return usage("%s; see %s --help", foreign.Text(said, 300), cmd.CommandPath())
	})
	root.SetUsageTemplate(strings.NewReplacer(
		".FlagUsages", fmt.Sprintf(".FlagUsagesWrapped %d", textWidth),
		"for more information about a command.", "for more about a command.",
	).Replace(root.UsageTemplate()))
	show.addFlags(root.PersistentFlags())
	root.Flags().BoolVar(&asked, "version", false, "print the version, as the verb does")
	o.addFlags(root.Flags())
	o.addScopeFlags(root.Flags())
	o.addBundleFlag(root.Flags())
	root.AddCommand(newDiagnose(w, show), newVerify(w, show), newFix(w, show), newUndo(w, show), newWatch(w, show), newCollect(w, show), newDemo(w, show), newRead(w, show), newExplain(w, show), newRegistries(w, show), version)
	completeFlags(root)
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		switch c.Name() {
		case "help":
			c.Args = func(_ *cobra.Command, args []string) error { return known(root, args) }
		case "completion":
			wordCompletion(c)
		}
	}
	return root
}

// wordCompletion has cobra's own verb speak as ours do.
func wordCompletion(c *cobra.Command) {
	c.Args = cobra.ArbitraryArgs
	c.RunE = func(_ *cobra.Command, args []string) error {
		if len(args) > 0 {
			return usage("there is no completion for %q; take one of bash, zsh, fish, powershell", foreign.Text(args[0], maxNamed))
		}
		return c.Help()
	}
	c.Short = "Print the script that completes arguments in a shell"
	c.Long = c.Short + ".\n\nThe help of each shell's command says where to put it."
}

// known tells whether there is a verb of that name, for help.
func known(root *cobra.Command, args []string) error {
	verb, rest, err := root.Find(args)
	switch {
	case len(args) == 0 || err == nil && verb != root && len(rest) == 0:
		return nil
	case verb == root && len(suggestions(root, args[0])) > 0:
		return usage("there is no verb %q; did you mean %s?", args[0], strings.Join(suggestions(root, args[0]), " or "))
	}
	return usage("there is no verb %q; %s --help lists them", foreign.Text(strings.Join(args, " "), maxNamed), root.CommandPath())
}

// suggestions are the verbs that a word may be meant for.
func suggestions(root *cobra.Command, word string) []string {
	const longest = 40 // each letter of a longer one would be compared for nothing
	if word == "" || len(word) > longest {
		return nil
	}
	return root.SuggestionsFor(word)
}

// examples lays out examples as the user would type them.
func examples(w *world, lines ...string) string {
	var b strings.Builder
	for _, line := range lines {
		fmt.Fprintf(&b, "  %s\n", strings.TrimSpace(w.program+" "+line))
	}
	return strings.TrimRight(b.String(), "\n")
}
