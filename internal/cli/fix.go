// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/internal/examine"
	"github.com/pullmedic/pullmedic/internal/registry"
	"github.com/pullmedic/pullmedic/internal/remedy"
	"github.com/pullmedic/pullmedic/internal/report"
)

// fixOptions are those of fix.
type fixOptions struct {
	*lookOptions
	remedy   remedy.Options
	to       []string
	logins   loginOptions
	cause    string
	max      int
	dryRun   string
	yes      bool
	unproven bool
	force    bool
	here     bool
	noUndo   bool
	// pull is how long to wait for the pull; lookOptions.timeout bounds each look.
	pull         time.Duration
	report       string
	certificates []v1alpha1.Certificate
}

func newFix(w *world, show *showOptions) *cobra.Command {
	o := &fixOptions{lookOptions: newLookOptions(show)}
	cmd := &cobra.Command{
		Use:   "fix TYPE/NAME... | --cause CAUSE",
		Short: "Mend failing pulls: show how, prove it, ask, do it, prove it again",
		Long: `Mend failing pulls: show how, prove it, ask, do it, prove it again.

The plan is shown first: what will be changed, what that reaches, who keeps it
elsewhere, what undo cannot bring back. Before anything is changed, the changed
pods are proven to pull (see verify), your rights are looked at, and the API
server tries every write. What was there is written down, so that undo brings it
back from any machine. It is mended when the kubelet has pulled the image, even
if the container then ends. If a new pod fails to pull, the change is undone.
What has to be done on a node, at a registry or in a cloud account is handed
over: files and commands, ready to paste.

An image is only ever set to one that ran before, to the same content by its
digest where that can be pulled, or to the one that --to names.

Exit codes: 0 if all is mended (with --dry-run: planned) or nothing failed, 1 if
something is not mended, 3 if it could not be looked at, or if all was changed
that can be and no pod runs now that would show it, as of a CronJob.`,
		Example: examples(w, "fix deployment/api -n shop", "fix deployment/api --to registry.example/acme/api:1.27.5",
			"fix deployment/api --copy-from platform/hub", "fix --cause CredentialsExpired -n shop --max 10", "fix deployment/api --dry-run=server"),
		RunE:              func(cmd *cobra.Command, args []string) error { return o.fix(cmd, args) },
		ValidArgsFunction: completeTypes,
	}
	flags := cmd.Flags()
	o.addWhomFlags(flags)
	o.addTrace(flags)
	o.addScopeFlags(flags)
	flags.DurationVar(&o.pull, "timeout", 5*time.Minute, "how long to wait until the image is pulled")
	flags.StringVar(&o.dryRun, "dry-run", "none", "none, client (show what would be done) or server (also have the API server try it)")
	flags.BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	flags.BoolVar(&o.unproven, "unproven", false, "also carry out what could not be proven to help")
	flags.BoolVar(&o.here, "here", false, "also change what another tool keeps, although that tool will set it back")
	flags.BoolVar(&o.noUndo, "no-undo", false, "do not write down how to undo it")
	flags.StringVar(&o.report, "report", "", "file to write a post-mortem to, in Markdown; it must not be there yet")

	flags.StringVar(&o.remedy.With, "with", "", "id of the remedy to choose, instead of the first")
	flags.StringArrayVar(&o.to, "to", nil, "image to set instead of the one that fails; CONTAINER=IMAGE, given once for each, if several fail")
	flags.StringVar(&o.remedy.Container, "container", "", "container that --to IMAGE is for, if several fail")
	flags.StringVar(&o.remedy.Via, "via", "", "where a credential goes: secret, service-account or template; default: what restarts least")
	o.logins.addFlags(flags)
	flags.StringVar(&o.remedy.Mirror, "mirror", "", "host that nodes are to ask first: HOST[:PORT][/PATH]")
	flags.StringVar(&o.remedy.Proxy, "proxy", "", "proxy that nodes are to go through: http://HOST:PORT")
	flags.StringVar(&o.remedy.CAFile, "ca", "", "PEM file with the certificates that nodes are to trust for the registry")

	flags.StringVar(&o.cause, "cause", "", "mend all failing pulls whose first cause is this, one workload after the other, until one fails")
	flags.IntVar(&o.max, "max", 5, "how many workloads --cause may change")

	flags.BoolVar(&o.remedy.Rollback, "rollback", false, "in an emergency: go back to the revision before")
	flags.BoolVar(&o.remedy.Restart, "restart", false, "in an emergency: restart all pods")
	flags.BoolVar(&o.remedy.Recreate, "recreate", false, "in an emergency: make the failing pods anew")
	flags.BoolVar(&o.force, "force", false, "carry out an emergency measure even if it would not help, or would end pods that serve")
	_ = cmd.RegisterFlagCompletionFunc("cause", completeCauses) // it fails only for a flag that is not there
	return cmd
}

// fix plans, asks and carries out; the error carries the exit code.
func (o *fixOptions) fix(cmd *cobra.Command, args []string) error {
	if err := o.check(cmd, args); err != nil {
		return err
	}
	var refs []examine.ObjectRef
	if o.cause == "" {
		var err error
		if refs, err = objects(cmd, args); err != nil {
			return err
		}
	}
	if err := o.Complete(registry.Credentials); err != nil {
		return err
	}
	return o.traced(cmd.Context(), func(ctx context.Context) error {
		f, err := o.mend(ctx, refs)
		if err != nil {
			return err
		}
		return ended(f)
	})
}

// ended gives the exit code of a fix.
func ended(f v1alpha1.Fix) error {
	unseen := len(f.Targets) == 0 && len(f.NotLookedAt)+len(f.Unmade) > 0
	for _, t := range f.Targets {
		switch {
		case slices.ContainsFunc(t.Causes, func(c v1alpha1.FixCause) bool { return c.Remedy == "" }) && f.DryRun == "":
			return coded{code: ExitFailing} // one of its pulls goes on failing
		case len(t.HeldBack) > 0 && f.DryRun == "":
			return coded{code: ExitFailing} // so does a pod
		case t.Outcome == v1alpha1.FixMended:
		case t.Outcome == v1alpha1.FixChanged:
			unseen = true // whether it is pulled shows later
		case t.Outcome == v1alpha1.FixPlanned && f.DryRun != "":
		default:
			return coded{code: ExitFailing}
		}
	}
	if unseen {
		return coded{code: ExitNotSeen}
	}
	return nil
}

// text tells whether a person reads the answer.
func (o *fixOptions) text() bool { return o.format == report.Text }

// dry tells whether nothing is to be changed.
func (o *fixOptions) dry() bool { return o.dryRun != "none" }
