// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	clientcmd "k8s.io/client-go/tools/clientcmd/api"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/internal/demo"
	"github.com/pullmedic/pullmedic/internal/examine"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/internal/report"
)

// completeTime is how long a person who pressed Tab waits for a cluster.
const completeTime = 2 * time.Second

// completeFlags lets the values of flags be completed, of whatever command has
// them.
func completeFlags(root *cobra.Command) {
	words := map[string]cobra.CompletionFunc{
		"namespace": func(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
			return beginning(namesOf(cmd, "namespace"), typed), cobra.ShellCompDirectiveNoFileComp
		},
		"context": fromKubeconfig(func(c clientcmd.Config) []string { return slices.Sorted(maps.Keys(c.Contexts)) }),
		"cluster": fromKubeconfig(func(c clientcmd.Config) []string { return slices.Sorted(maps.Keys(c.Clusters)) }),
		"user":    fromKubeconfig(func(c clientcmd.Config) []string { return slices.Sorted(maps.Keys(c.AuthInfos)) }),
		"output":  fixed("text", "json", "yaml"), "color": fixed("auto", "always", "never"), "probe": fixed("none", "anonymous", "credentials"),
		"platform": fixed("linux/amd64", "linux/arm64"), "dry-run": fixed("none", "client", "server"),
		"via": fixed("secret", "service-account", "template"), "with": completeRemedies,
	}
	for _, c := range append([]*cobra.Command{root}, root.Commands()...) {
		for name, complete := range words {
			if flag := c.LocalFlags().Lookup(name); flag != nil {
				_ = c.RegisterFlagCompletionFunc(name, complete) // it fails for a flag that has one already
			}
		}
	}
}

func fixed(words ...string) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		return beginning(words, typed), cobra.ShellCompDirectiveNoFileComp
	}
}

// beginning are the words that begin so: not every shell looks for itself.
func beginning(words []string, typed string) []string {
	return slices.DeleteFunc(slices.Clone(words), func(word string) bool { return !strings.HasPrefix(word, typed) })
}

// completeRemedies offers the remedies of all causes: which of them the plan has
// shows only when it is made.
func completeRemedies(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	c, err := catalog.Load()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var ids []string
	for _, cause := range c.Causes() {
		ids = append(ids, cause.Remedies...)
	}
	slices.Sort(ids)
	return beginning(slices.Compact(ids), typed), cobra.ShellCompDirectiveNoFileComp
}

// completeRegistries offers the kinds of registries.
func completeRegistries(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	var ids []string
	for _, f := range report.Registries().Families {
		if len(args) == 0 {
			ids = append(ids, cobra.CompletionWithDesc(f.ID, f.Name))
		}
	}
	return beginning(ids, typed), cobra.ShellCompDirectiveNoFileComp
}

// completeTypes offers types before a slash and names behind it, or names after
// a type that stands alone.
func completeTypes(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	kind, _, slashed := strings.Cut(typed, "/")
	alone := len(args) > 0 && !strings.Contains(args[0], "/")
	if alone {
		kind = args[0]
	}
	if slashed || alone {
		known, ok := examine.KindNamed(kind)
		if !ok || slashed && alone {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		names := namesOf(cmd, known)
		if slashed {
			for i := range names {
				names[i] = kind + "/" + names[i]
			}
		}
		names = slices.DeleteFunc(names, func(name string) bool { return slices.Contains(args, name) })
		return beginning(names, typed), cobra.ShellCompDirectiveNoFileComp
	}
	return beginning([]string{"pod/", "deployment/", "replicaset/", "statefulset/", "daemonset/", "job/", "cronjob/"}, typed),
		cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

// kubeOf are the flags of a command by which kubectl finds a cluster, as they
// were typed so far.
func kubeOf(cmd *cobra.Command) *genericclioptions.ConfigFlags {
	kube := genericclioptions.NewConfigFlags(true)
	kube.CacheDir = nil
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	kube.AddFlags(flags)
	flags.VisitAll(func(f *pflag.Flag) {
		if typed := cmd.Flags().Lookup(f.Name); typed == nil || !typed.Changed {
			return
		} else if list, ok := typed.Value.(pflag.SliceValue); ok {
			if own, ok := f.Value.(pflag.SliceValue); ok {
				_ = own.Replace(list.GetSlice()) // it took them once
			}
		} else {
			_ = flags.Set(f.Name, typed.Value.String()) // a value that does not fit is told when the command runs
		}
	})
	return kube
}

func fromKubeconfig(names func(clientcmd.Config) []string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		raw, err := kubeOf(cmd).ToRawKubeConfigLoader().RawConfig()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		printable := slices.DeleteFunc(names(raw), func(name string) bool { return foreign.Text(name, maxError) != name })
		return beginning(printable, typed), cobra.ShellCompDirectiveNoFileComp
	}
}

// namesOf are the names of the cluster's objects of a kind. Whatever goes wrong,
// or takes too long, the answer is none: this is no place for an error. Nobody
// is asked anything, by a credential plugin either.
func namesOf(cmd *cobra.Command, kind string) []string {
	if cmd.Name() == "demo" {
		namespace, _ := cmd.Flags().GetString("namespace")
		return demo.Names(kind, namespace)
	}
	if from := cmd.Flags().Lookup("bundle"); from != nil && from.Changed {
		return nil
	}
	ctx := cmd.Context()
	if ctx == nil {
		ctx = context.Background()
	}
	ctx, cancel := context.WithTimeout(ctx, completeTime)
	defer cancel()
	found := make(chan []string, 1)
	go func() { // a credential plugin does not end with the context
		names, _ := listNames(ctx, kubeOf(cmd), kind)
		found <- names
	}()
	select {
	case names := <-found:
		return names
	case <-ctx.Done():
		return nil
	}
}

func listNames(ctx context.Context, kube *genericclioptions.ConfigFlags, kind string) ([]string, error) {
	loader := kube.ToRawKubeConfigLoader()
	raw, err := loader.RawConfig()
	if err != nil || len(raw.Clusters) == 0 && *kube.APIServer == "" { // client-go would ask localhost:8080
		return nil, err
	}
	config, err := loader.ClientConfig()
	if err != nil {
		return nil, err
	}
	if config.ExecProvider != nil {
		config.ExecProvider.InteractiveMode = clientcmd.NeverExecInteractiveMode
		config.ExecProvider.StdinUnavailable = true
	}
	namespace, _, err := loader.Namespace()
	if err != nil {
		return nil, err
	}
	asked, err := cluster.New(config, cluster.Options{Timeout: completeTime})
	if err != nil {
		return nil, err
	}
	return asked.Names(ctx, kind, namespace)
}
