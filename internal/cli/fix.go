// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/examine"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/internal/mend"
	"github.com/pullmedic/pullmedic/internal/registry"
	"github.com/pullmedic/pullmedic/internal/remedy"
	"github.com/pullmedic/pullmedic/internal/report"
	"github.com/pullmedic/pullmedic/internal/verify"
)

// fixOptions are those of fix.
type fixOptions struct {
	*lookOptions
	remedy   remedy.Options
	dryRun   string
	yes      bool
	unproven bool
	here     bool
	noUndo   bool
	wait     time.Duration
}

func newFix(w *world, show *showOptions) *cobra.Command {
	o := &fixOptions{lookOptions: newLookOptions(show)}
	cmd := &cobra.Command{
		Use:   "fix TYPE/NAME...",
		Short: "Mend failing pulls: show how, ask, change, prove it, take it back",
		Long: `Mend failing pulls: show how, ask, change, prove it, take it back.

The plan and the difference are shown first. The changed pods are proven to pull
before anything is changed (see verify), and every write is tried by the API
server. What was there before is written down, so that undo brings it back, from
any machine. It is mended when the kubelet has pulled the image; if a new pod
fails to pull, the change is taken back.`,
		Example: examples(w, "fix deployment/api -n shop", "fix deployment/api --to registry.example/acme/api:1.27.5", "fix deployment/api --dry-run=server"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.fix(cmd, args)
		},
		ValidArgsFunction: completeTypes,
	}
	flags := cmd.Flags()
	o.addFlags(flags)
	flags.Lookup("timeout").Usage = "how long the look at the cluster and at registries may take"
	flags.DurationVar(&o.wait, "wait", 5*time.Minute, "how long to wait until the image is pulled")
	flags.StringVar(&o.dryRun, "dry-run", "none", "none, client (show the plan) or server (also have the API server try it)")
	flags.BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	flags.BoolVar(&o.unproven, "unproven", false, "also carry out what could not be proven to help")
	flags.BoolVar(&o.here, "here", false, "change what another tool manages here, although that tool will change it back")
	flags.BoolVar(&o.noUndo, "no-undo", false, "do not write down how to undo it")
	flags.StringVar(&o.remedy.To, "to", "", "image to set instead of the one that fails")
	flags.StringVar(&o.remedy.Container, "container", "", "container that --to is for, if several fail")
	return cmd
}

// fix plans, asks and carries out; the error carries the exit code.
func (o *fixOptions) fix(cmd *cobra.Command, args []string) error {
	if o.dryRun != "none" && o.dryRun != "client" && o.dryRun != "server" {
		return usage("--dry-run is none of none, client, server")
	}
	refs, err := objects(cmd, args)
	if err != nil {
		return err
	}
	if err := o.Complete(registry.Credentials); err != nil {
		return err
	}
	return o.traced(cmd.Context(), func(ctx context.Context) error {
		f, err := o.run(ctx, refs)
		if err != nil {
			return err
		}
		for _, t := range f.Targets {
			switch t.Outcome {
			case v1alpha1.FixMended, v1alpha1.FixPlanned:
			default:
				return coded{code: ExitFailing}
			}
		}
		return nil
	})
}

// run is the whole of a fix. It prints.
func (o *fixOptions) run(ctx context.Context, refs []examine.ObjectRef) (v1alpha1.Fix, error) {
	var f v1alpha1.Fix
	load := loading(ctx)
	c, err := o.source(load)
	if err != nil {
		return f, err
	}
	if c.mender == nil {
		return f, usage("nothing can be changed in a recording; fix needs a cluster")
	}
	known, err := load()
	if err != nil {
		return f, fault(err)
	}
	m, err := c.mender(known)
	if err != nil {
		return f, err
	}
	for i := range refs {
		refs[i].Namespace = c.namespace
	}
	stop := o.progress(ctx, "looking at the cluster")
	survey, plans, err := o.plan(ctx, c, known, m, refs)
	stop()
	if err != nil {
		return f, c.explain(err)
	}
	f = report.NewFix(time.Now(), survey)
	for _, p := range plans {
		f.Targets = append(f.Targets, report.Target(known, p))
	}
	if o.dryRun != "none" {
		f.DryRun = o.dryRun
	}
	if o.format == report.Text {
		for _, t := range f.Targets {
			if err := report.PlanText(o.Out, t, f.Time, o.style); err != nil {
				return f, fault(err)
			}
		}
	}
	for i, p := range plans {
		o.carry(ctx, m, p, &f.Targets[i])
		if o.format == report.Text {
			if err := report.OutcomeText(o.Out, f.Targets[i], f.DryRun, o.style); err != nil {
				return f, fault(err)
			}
		}
	}
	if o.format != report.Text {
		return f, o.print(f, nil)
	}
	return f, nil
}

// plan looks, judges and plans.
func (o *fixOptions) plan(ctx context.Context, c connection, known *catalog.Catalog, m *mend.Mender, refs []examine.ObjectRef) (evidence.Survey, []mend.Plan, error) {
	survey, err := c.Objects(ctx, refs)
	if err != nil {
		return survey, nil, err
	}
	var diagnoses []diagnosis.Diagnosis
	for _, e := range survey.Pulls {
		diagnoses = append(diagnoses, diagnosis.Judge(known, e))
	}
	plans, err := m.Plan(ctx, diagnoses, o.remedy)
	return survey, plans, err
}

// carry carries one plan out, as far as the flags and the person let it.
func (o *fixOptions) carry(ctx context.Context, m *mend.Mender, p mend.Plan, t *v1alpha1.TargetFix) {
	refuse := func(format string, args ...any) {
		t.Outcome, t.Why = v1alpha1.FixRefused, fmt.Sprintf(format, args...)
	}
	switch {
	case !p.Ready():
		t.Outcome = v1alpha1.FixNothing
		return
	case p.Proof == verify.Disproved:
		refuse("it would not help: %s", t.ProofWhy)
		return
	case p.Proof == verify.NotProven && !o.unproven:
		refuse("it could not be proven that it helps: %s; --unproven does it all the same", t.ProofWhy)
		return
	case p.Case.Target.Manager.Tool != "" && !o.here && len(p.Changes) > 0:
		refuse("%s manages it and will change it back; mend it there, or give --here", p.Case.Target.Manager.Tool)
		return
	case o.dryRun == "client":
		return
	}
	if err := m.Check(ctx, p, !o.noUndo); err != nil {
		refuse("%v", err)
		return
	}
	if o.dryRun == "server" {
		return
	}
	if !o.yes {
		if agreed, err := o.ask(ctx); err != nil {
			refuse("%v", err)
			return
		} else if !agreed {
			return
		}
	}
	began := time.Now()
	r := m.Carry(ctx, p, !o.noUndo, o.wait, func(what string) {
		report.Logged(t, time.Now(), what)
		fmt.Fprintf(o.ErrOut, "%s %s\n", time.Now().In(o.zone).Format("15:04:05"), what)
	})
	if o.verbose > 0 {
		for _, note := range r.Notes {
			fmt.Fprintf(o.ErrOut, "note: %s\n", foreign.Text(note, maxError))
		}
	}
	report.Carried(t, report.End{Result: r, ID: r.Record, Began: began, Ended: time.Now()})
}

// ask asks the person.
func (o *fixOptions) ask(ctx context.Context) (bool, error) {
	if !isTerminal(o.In) {
		return false, errors.New("nobody can be asked: stdin is no terminal; --yes answers yes")
	}
	fmt.Fprint(o.ErrOut, "Carry this out? [y/N] ")
	answers := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(o.In).ReadString('\n')
		answers <- line
	}()
	select {
	case <-ctx.Done():
		return false, ctx.Err()
	case line := <-answers:
		line = strings.ToLower(strings.TrimSpace(line))
		return line == "y" || line == "yes", nil
	}
}
