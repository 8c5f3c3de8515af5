// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/demo"
	"github.com/pullmedic/pullmedic/internal/examine"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/internal/report"
	"github.com/pullmedic/pullmedic/internal/watch"
)

// demoLimit bounds a demo.
const demoLimit = 20 * time.Second

func newDemo(w *world, show *showOptions) *cobra.Command {
	namespace, all, screen := "", false, false
	cmd := &cobra.Command{
		Use:   "demo [TYPE/NAME...]",
		Short: "See the answers on a broken cluster of our own; needs no cluster",
		Long: `See the answers on a broken cluster of our own; needs no cluster.

What the cluster and its nodes said was recorded on a real one. Its registries
run in this process, and are asked live. With TYPE/NAME: the diagnosis of one
workload, as diagnose gives it. With --watch: the screen of watch.`,
		Example: examples(w, "demo", "demo deployment/api -n shop", "demo -o json", "demo --watch"),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case all && len(args) > 0:
				return usage("-A looks at all pods, and %s is one object: leave out one or the other; -n says in which namespace it is", foreign.Text(args[0], maxNamed))
			case all:
				namespace = "" // as the overview
			}
			if screen {
				return watchDemo(cmd, show, namespace, args)
			}
			return runDemo(cmd, show, namespace, args)
		},
		ValidArgsFunction: completeTypes,
	}
	cmd.Flags().StringVarP(&namespace, "namespace", "n", "", "look at this namespace of the demo's cluster only")
	cmd.Flags().BoolVarP(&all, "all-namespaces", "A", false, "look at all namespaces")
	cmd.Flags().BoolVar(&screen, "watch", false, "show the screen of watch")
	return cmd
}

// runDemo looks at the demo's cluster. Failing pulls are what it is there for,
// so it ends well.
func runDemo(cmd *cobra.Command, show *showOptions, namespace string, args []string) error {
	var refs []examine.ObjectRef
	if len(args) > 0 {
		var err error
		if refs, err = objects(cmd, args); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), demoLimit)
	defer cancel()
	known, err := loading(ctx)()
	if err != nil {
		return fault(err)
	}
	stage, err := demo.Open(ctx, time.Now())
	if err != nil {
		return fault(err)
	}
	defer stage.Close()

	show.style.Diagnose = "demo"
	text := report.Overview
	var survey evidence.Survey
	if len(refs) > 0 {
		for i := range refs {
			refs[i].Namespace = namespace
		}
		text = report.Diagnosis
		survey, err = stage.Objects(ctx, refs)
	} else {
		survey, err = stage.Survey(ctx, examine.Scope{Namespace: namespace})
	}
	if err != nil {
		return err
	}
	r := judge(known, survey)
	if err := show.printReport(r, text); err != nil {
		return err
	}
	fmt.Fprintln(show.ErrOut, "\nThis cluster was recorded; its registries ran in this process and were asked\nlive. On your own cluster: "+show.program+" -A shows what fails, and\n"+show.program+" fix TYPE/NAME the plan that mends it, and asks before it\nchanges anything.")
	return nil
}

// watchDemo opens the screen of watch on the demo's cluster.
func watchDemo(cmd *cobra.Command, show *showOptions, namespace string, args []string) error {
	if len(args) > 0 {
		return usage("--watch shows the whole cluster; leave %q away", args[0])
	}
	if err := show.canWatch(); err != nil {
		return err
	}
	ctx := cmd.Context()
	known, err := loading(ctx)()
	if err != nil {
		return fault(err)
	}
	stage, err := demo.Open(ctx, time.Now())
	if err != nil {
		return fault(err)
	}
	defer stage.Close()
	show.style.Diagnose = "demo"
	c := connection{examiner: stage, namespace: namespace}
	return watch.Run(ctx, watch.Options{
		Source: &watched{known: known, modest: c, thorough: c, limit: demoLimit}, Cluster: "the demo's cluster",
		Namespace: namespace, All: namespace == "", Every: watchEvery, Style: show.style,
	}, show.In, show.Out)
}
