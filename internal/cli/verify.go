// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/internal/examine"
	"github.com/pullmedic/pullmedic/internal/files"
	"github.com/pullmedic/pullmedic/internal/registry"
	"github.com/pullmedic/pullmedic/internal/report"
	"github.com/pullmedic/pullmedic/internal/verify"
)

// A foreseer tells what pulls to come would meet; *examine.Examiner is one.
type foreseer interface {
	verify.Seer
	Wants(ctx context.Context, refs []examine.ObjectRef) ([]examine.Want, error)
}

// verifyOptions are those of verify.
type verifyOptions struct {
	*lookOptions
	file  string
	asMe  bool
	alone aloneOptions
}

func newVerify(w *world, show *showOptions) *cobra.Command {
	o := &verifyOptions{lookOptions: newLookOptions(show)}
	cmd := &cobra.Command{
		Use:   "verify TYPE/NAME... | -f FILE",
		Short: "Say whether the next pull would succeed, before anybody tries",
		Long: `Say whether the next pull would succeed, before anybody tries.

For each image of a pod or a workload's template (or of a file), on each kind of
node that it may land on: the name, the credentials that the kubelet would send,
the platform, and every part of the image at the registry. The answer is proven,
disproved (with the cause) or not proven (and why). It is about what can be seen
from here: a node's own way to the registry may differ, and the answer says so.
Nothing is made or changed.

Of a file, too, a cluster says which platforms the images must have and which
pull secrets the pods bring. Without one (no kubeconfig, or --no-cluster) the
registries alone are asked; --platform and --docker-config, or secrets and
service accounts in the file, say the rest, and what nobody says is not proven.

There is no --bundle: a bundle holds what failed and what registries said then,
and the next pull is about what they say now. diagnose --bundle reads it.

Exit codes: 0 if all is proven, 1 if one pull is disproved, 3 if none is
disproved and one is not proven.`,
		Example: examples(w, "verify deployment/api -n shop", "verify -f deploy.yaml", "verify deployment/api --as-me", "verify -f - -o json < deploy.yaml",
			"verify -f deploy.yaml --platform linux/arm64 --no-cluster"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.verify(cmd, args)
		},
		ValidArgsFunction: completeTypes,
	}
	cmd.Flags().StringVarP(&o.file, "filename", "f", "", "file of YAML or JSON with pods and workloads to look at, - for stdin")
	cmd.Flags().BoolVar(&o.asMe, "as-me", false, "also ask as you would: with your own docker login, for this machine's platform")
	o.alone.addFlags(cmd.Flags())
	o.addFlags(cmd.Flags())
	return cmd
}

// verify looks, judges and prints; the error carries the exit code.
func (o *verifyOptions) verify(cmd *cobra.Command, args []string) error {
	refs, err := o.complete(cmd, args)
	if err != nil {
		return err
	}
	in, done, err := o.open()
	if err != nil {
		return err
	}
	defer done()
	if err := o.Complete(registry.Credentials); err != nil {
		return err
	}
	if o.asMe && o.mode != registry.Credentials {
		return usage("--as-me logs in with your own docker login, and --probe=%s does not log in; leave one out", o.mode)
	}
	var m verify.Manifest
	var result verify.Result
	ask := func(ctx context.Context, c connection, known *catalog.Catalog) error {
		x, ok := c.examiner.(foreseer)
		if !ok {
			return fault(errors.New("nobody here can look ahead"))
		}
		var err error
		if m, err = o.wanted(ctx, x, c, refs, in); err != nil {
			return err
		}
		q := examine.Prospect{Wants: m.Wants, Secrets: m.Secrets, Accounts: m.Accounts, Platforms: o.alone.platforms}
		if o.asMe {
			q.Me = verify.Me()
		}
		result = verify.Verify(ctx, known, x, q)
		return nil
	}
	return o.traced(cmd.Context(), func(ctx context.Context) error {
		return o.lookingAt(ctx, o.sourceOf, ask, func(known *catalog.Catalog) error {
			if o.alone.fellBack {
				fmt.Fprintln(o.ErrOut, "No kubeconfig names a cluster, so only registries were asked.")
			}
			v := report.NewVerification(known, result, m.Passed)
			if err := o.print(v, func(w io.Writer) error { return report.VerificationText(w, v, o.style) }); err != nil {
				return err
			}
			switch result.Proof() {
			case verify.Disproved:
				return coded{code: ExitFailing}
			case verify.NotProven:
				return coded{code: ExitNotSeen}
			}
			return nil
		})
	})
}

// complete finds what does not go together, and returns the objects that are named.
func (o *verifyOptions) complete(cmd *cobra.Command, args []string) (refs []examine.ObjectRef, err error) {
	switch {
	case o.file != "" && len(args) > 0:
		return nil, usage("give objects or a file to verify, not both")
	case o.file == "" && len(args) == 0:
		return nil, usage("verify needs an object or a file: TYPE/NAME, or -f FILE; %s --help shows more", cmd.CommandPath())
	case o.file == "":
		if refs, err = objects(cmd, args); err != nil {
			return nil, err
		}
	}
	return refs, o.alone.complete(o.file)
}

// wanted are the pods of the file, or of the objects that are named.
func (o *verifyOptions) wanted(ctx context.Context, x foreseer, c connection, refs []examine.ObjectRef, in io.Reader) (m verify.Manifest, err error) {
	if o.file == "" {
		for i := range refs {
			refs[i].Namespace = c.namespace
		}
		m.Wants, err = x.Wants(ctx, refs)
		return m, err
	}
	if m, err = o.read(in, verify.Namespace{Name: c.namespace, Fixed: *o.kube.Namespace != ""}); err == nil && o.alone.config != nil {
		m.Bring(o.alone.config)
	}
	return m, err
}

// pipeIdle is how long a pipe that --filename names may give nothing: a chart that
// is rendered into it takes its time.
const pipeIdle = time.Minute

// open opens the file, before a cluster is looked for: what is wrong with the
// command line is told first.
func (o *verifyOptions) open() (in io.Reader, done func(), err error) {
	if o.file == "" || o.file == "-" {
		return o.In, func() {}, nil
	}
	file, err := files.Stream(o.file, pipeIdle)
	if err != nil {
		return nil, nil, usage("opening the file: %w", plainPath(err))
	}
	return file, func() { _ = file.Close() }, nil
}

// read reads the file.
func (o *verifyOptions) read(from io.Reader, in verify.Namespace) (verify.Manifest, error) {
	name := o.file
	if name == "-" {
		name = "stdin"
	}
	m, err := verify.ReadManifest(from, name, in)
	if err != nil {
		return m, usage("%w", err)
	}
	return m, nil
}
