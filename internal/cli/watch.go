// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/internal/examine"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/internal/registry"
	"github.com/pullmedic/pullmedic/internal/report"
	"github.com/pullmedic/pullmedic/internal/watch"
)

// How often a watch asks: the API server, at the most, and a registry the same
// question.
const (
	watchEvery = 5 * time.Second
	watchLeast = time.Second
	watchFresh = time.Minute
)

func newWatch(w *world, show *showOptions) *cobra.Command {
	o := newLookOptions(show)
	every := watchEvery
	cmd := &cobra.Command{
		Use:   "watch",
		Short: "Watch the failing pulls on a screen, with their retry clocks",
		Long: `Watch the failing pulls on a screen, with their retry clocks.

What the overview tells, kept up to date: which pulls fail and why, when the
kubelet tries next, what changed, and what was pulled since. Enter diagnoses
what the cursor is on. A registry is asked without logging in, and the same
question at most once a minute. ? on the screen tells the keys.`,
		Example: examples(w, "watch", "watch -A", "watch -n shop --every 10s"),
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage("watch shows all pods of a namespace and takes no objects; %s diagnose %s looks at one", w.program, foreign.Text(args[0], maxNamed))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return runWatch(cmd, o, every) },
	}
	o.addAskFlags(cmd.Flags())
	o.addScopeFlags(cmd.Flags())
	cmd.Flags().DurationVar(&every, "every", watchEvery, "pause between two looks; longer where a look takes long")
	return cmd
}

// runWatch opens the screen on the cluster that the flags name.
func runWatch(cmd *cobra.Command, o *lookOptions, every time.Duration) error {
	if _, err := labels.Parse(o.selector); err != nil {
		return usage("reading the selector: %w", err)
	}
	if every < watchLeast {
		return usage("--every %s is too often; give %s or more", every, watchLeast)
	}
	if err := o.canWatch(); err != nil {
		return err
	}
	if err := o.Complete(registry.Anonymous); err != nil {
		return err
	}
	load := loading(cmd.Context())
	o.fresh = watchFresh
	modest, err := o.connect(o, load)
	if err != nil {
		return err
	}
	thorough := modest
	if o.probe == "" {
		o.mode = registry.Credentials
		if thorough, err = o.connect(o, load); err != nil {
			return err
		}
	}
	known, err := load()
	if err != nil {
		return fault(err)
	}
	source := &watched{known: known, modest: modest, thorough: thorough, selector: o.selector, limit: o.timeout}
	options := watch.Options{
		Source: source, Cluster: o.contextName(modest), Namespace: modest.namespace, All: o.allNamespaces, Every: every, Style: o.style,
		Fix: o.fixer(cmd),
	}
	return watch.Run(cmd.Context(), options, o.In, o.Out)
}

// canWatch tells why there is nothing to draw on, if so.
func (o *showOptions) canWatch() error {
	instead := "; " + o.program + " -o json prints the same once, for a script"
	switch {
	case o.format != report.Text:
		return usage("watch is a screen and has no -o%s", instead)
	case !isTerminal(o.In) || !isTerminal(o.Out):
		return usage("watch needs a terminal, and stdin or stdout is none%s", instead)
	case o.getenv("TERM") == "dumb":
		return usage("watch cannot draw on this terminal (TERM=dumb)%s", instead)
	}
	return nil
}

// contextName is how the person calls the cluster.
func (o *lookOptions) contextName(c connection) string {
	if *o.kube.Context != "" {
		return *o.kube.Context
	}
	if raw, err := o.kube.ToRawKubeConfigLoader().RawConfig(); err == nil && *o.kube.APIServer == "" && raw.CurrentContext != "" {
		return raw.CurrentContext
	}
	return c.server
}

// fixer runs the verb fix on an object, as this command was asked to ask; nil if
// there is no such verb.
func (o *lookOptions) fixer(cmd *cobra.Command) watch.Fix {
	var verb *cobra.Command
	for _, c := range cmd.Root().Commands() {
		if c.Name() == "fix" {
			verb = c
		}
	}
	if verb == nil {
		return nil
	}
	given := passedOn(o.flags, verb)
	return func(ctx context.Context, object v1alpha1.Object, in io.Reader, out, errOut io.Writer) error {
		w := *o.world
		w.In, w.Out, w.ErrOut = in, out, errOut
		run(ctx, &w, slices.Concat([]string{verb.Name(), object.Kind + "/" + object.Name, "--namespace=" + object.Namespace}, given))
		return nil // it said itself how it went
	}
}

// passedOn are the given flags that say whom to ask and how to look, as far as
// another verb has them.
func passedOn(flags *pflag.FlagSet, verb *cobra.Command) []string {
	var words []string
	for _, name := range append(repeated(), "token", "request-timeout", "disable-compression", "color", "verbose") {
		f := flags.Lookup(name)
		if f == nil || !f.Changed || verb.Flag(name) == nil && verb.Root().PersistentFlags().Lookup(name) == nil {
			continue
		}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			for _, one := range list.GetSlice() {
				words = append(words, "--"+name+"="+one)
			}
			continue
		}
		words = append(words, "--"+name+"="+f.Value.String())
	}
	return words
}

// watched is what a watch looks at: as the overview does, without logging in
// unless told to, and for one object as diagnose does.
type watched struct {
	known            *catalog.Catalog
	modest, thorough connection
	selector         string
	limit            time.Duration
}

// Look makes the report of the overview.
func (s *watched) Look(ctx context.Context, namespace string) (r v1alpha1.Report, err error) {
	defer caught(&err)
	ctx, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	scope := examine.Scope{Namespace: namespace, Selector: s.selector}
	if namespace == "" {
		scope.Fallback = s.modest.namespace
	}
	survey, err := s.modest.Survey(ctx, scope)
	if err != nil {
		return r, s.modest.explain(err)
	}
	return judge(s.known, survey), nil
}

// Diagnose makes the report of diagnose.
func (s *watched) Diagnose(ctx context.Context, object v1alpha1.Object) (r v1alpha1.Report, err error) {
	defer caught(&err)
	ctx, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	survey, err := s.thorough.Objects(ctx, []examine.ObjectRef{{Kind: object.Kind, Namespace: object.Namespace, Name: object.Name}})
	if err != nil {
		return r, s.thorough.explain(err)
	}
	return judge(s.known, survey), nil
}

// Fate asks what became of a pull, where that can be asked.
func (s *watched) Fate(ctx context.Context, p v1alpha1.PullRef) (fate examine.Fate, err error) {
	defer caught(&err)
	ctx, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	x, ok := s.modest.examiner.(interface {
		Fate(ctx context.Context, namespace, pod, container string) (examine.Fate, error)
	})
	if !ok {
		return examine.Fate{}, nil
	}
	return x.Fate(ctx, p.Namespace, p.Pod, p.Container)
}

// caught makes an error of a panic: where it was, and nothing of its value.
func caught(err *error) {
	if recover() != nil {
		*err = errors.New(faultAt())
	}
}
