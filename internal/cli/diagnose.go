// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/examine"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/internal/registry"
	"github.com/pullmedic/pullmedic/internal/report"
	"github.com/pullmedic/pullmedic/internal/shell"
)

// maxObjects bounds the objects of one diagnosis.
const maxObjects = 100

func newDiagnose(w *world, show *showOptions) *cobra.Command {
	o := newLookOptions(show)
	cmd := &cobra.Command{
		Use:   "diagnose TYPE/NAME... | TYPE NAME...",
		Short: "Say why the pulls of a pod or workload fail, with proof",
		Long: `Say why the pulls of a pod or workload fail, with proof.

The seven steps of the runbook are ticked with what was found and when. The
registry is asked with the credentials that the kubelet would send; see --probe.
Types are pod, deployment, replicaset, replicationcontroller, statefulset,
daemonset, job and cronjob, with the short names of kubectl.`,
		Example:           examples(w, "diagnose deployment/api -n shop", "diagnose pod api-7d9c5-x2x7l web-0", "diagnose sts/db -o yaml"),
		RunE:              func(cmd *cobra.Command, args []string) error { return runDiagnose(cmd, o, args) },
		ValidArgsFunction: completeTypes,
	}
	o.addFlags(cmd.Flags())
	o.addBundleFlag(cmd.Flags())
	return cmd
}

// runDiagnose looks at the objects that the arguments name.
func runDiagnose(cmd *cobra.Command, o *lookOptions, args []string) error {
	ask, err := o.diagnosis(cmd, args)
	if err != nil {
		return err
	}
	return o.Run(cmd.Context(), ask, o.show(report.Diagnosis))
}

// diagnosis is the question about the objects that the arguments name.
func (o *lookOptions) diagnosis(cmd *cobra.Command, args []string) (question, error) {
	refs, err := objects(cmd, args)
	if err != nil {
		return nil, err
	}
	if o.allNamespaces || o.selector != "" {
		return nil, usage("-A and -l choose among all pods, and %s is one object: leave out one or the other; -n says in which namespace it is", foreign.Text(args[0], maxNamed))
	}
	if err := o.Complete(registry.Credentials); err != nil {
		return nil, err
	}
	return func(ctx context.Context, c connection) (evidence.Survey, error) {
		for i := range refs {
			refs[i].Namespace = c.namespace
		}
		return c.Objects(ctx, refs)
	}, nil
}

// objects reads TYPE/NAME..., or TYPE NAME..., as kubectl takes them. A file in their
// place is meant for verify.
func objects(cmd *cobra.Command, args []string) ([]examine.ObjectRef, error) {
	refs, err := named(cmd, args)
	if err == nil {
		return refs, nil
	}
	for _, arg := range args {
		if info, missing := os.Stat(arg); missing != nil || !info.Mode().IsRegular() {
			continue
		}
		words := append(strings.Fields(cmd.Root().CommandPath()), "verify", "-f", arg)
		if command, ok := shell.Command(words...); ok {
			return nil, usage("%q is a file, and no TYPE/NAME; of the pods and workloads in it, %s tells whether they can be pulled", foreign.Text(arg, maxNamed), command)
		}
	}
	return nil, err
}

// named reads what objects are named.
func named(cmd *cobra.Command, args []string) ([]examine.ObjectRef, error) {
	if len(args) == 0 {
		return nil, usage("diagnose needs an object: TYPE/NAME or TYPE NAME; %s --help shows more", cmd.CommandPath())
	}
	if len(args) > maxObjects {
		return nil, usage("%d objects are too many for one diagnosis (at most %d); the overview looks at all pods", len(args), maxObjects)
	}
	var refs []examine.ObjectRef
	kind, _, slashed := strings.Cut(args[0], "/")
	if !slashed && len(args) == 1 {
		return nil, alone(cmd, args[0])
	}
	if cmd == cmd.Root() && !slashed && len(suggestions(cmd, kind)) > 0 {
		return nil, alone(cmd, kind)
	}
	names := args
	if !slashed {
		names = args[1:]
	}
	for _, arg := range names {
		name := arg
		if of, rest, ok := strings.Cut(arg, "/"); ok != slashed {
			return nil, usage("%q: either TYPE/NAME for all, or TYPE once and then names", foreign.Text(arg, maxNamed))
		} else if slashed {
			kind, name = of, rest
		}
		if _, known := examine.KindNamed(kind); kind != "" && !known {
			return nil, usage("%w", examine.UnknownKindError{Kind: kind})
		}
		if kind == "" || len(name) > validation.DNS1123SubdomainMaxLength || len(validation.IsDNS1123Subdomain(name)) > 0 {
			return nil, usage("%q is no TYPE/NAME: no object can have that name", foreign.Text(arg, maxNamed))
		}
		refs = append(refs, examine.ObjectRef{Kind: kind, Name: name})
	}
	return refs, nil
}

// alone says what may be meant by a single word: a misspelt verb, or a type
// without a name.
func alone(cmd *cobra.Command, word string) error {
	root := cmd.Root()
	shown := foreign.Text(word, maxNamed)
	if verbs := suggestions(root, word); cmd == root && len(verbs) > 0 {
		return usage("%q is neither a verb nor TYPE/NAME; did you mean %s?", shown, strings.Join(verbs, " or "))
	}
	return usage("%q is no TYPE/NAME; %s --help shows how to name objects", shown, cmd.CommandPath())
}
