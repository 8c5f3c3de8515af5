// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"time"

	"github.com/spf13/cobra"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/internal/edit"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/internal/mend"
	"github.com/pullmedic/pullmedic/internal/registry"
	"github.com/pullmedic/pullmedic/internal/report"
)

// recordName is what the id of a record looks like.
var recordName = regexp.MustCompile(`^[0-9]{8}-[0-9]{6}-[a-z2-7]{12}$`)

// undoOptions are those of undo.
type undoOptions struct {
	*fixOptions
	list bool
}

func newUndo(w *world, show *showOptions) *cobra.Command {
	o := &undoOptions{fixOptions: &fixOptions{lookOptions: newLookOptions(show)}}
	cmd := &cobra.Command{
		Use:   "undo [ID]",
		Short: "Take back what fix changed",
		Long: `Take back what fix changed.

Fix writes down what was there before its first change, in the namespace that it
changes: undo needs nothing else, works from any machine, and after a fix that
was killed on the way. Without an ID it takes the newest fix of the namespace
that was not undone, unless that sets what is not shown. What it sets back is
shown first. It does only what you may do yourself. A field that somebody
changed since is not overwritten: then nothing is undone. What fix made is
removed, unless others use it by now, and at last the record. If it breaks off,
the next one goes on from there. Evicted pods do not come back.

Exit codes: 0 if nothing of the fix is left (with --dry-run: nothing stands in
the way), 1 if it was refused, not agreed to, or broke off, 3 if the record
could not be read.`,
		Example: examples(w, "undo", "undo 20261121-035102-k3x7q2m4n5pa -n shop", "undo --list -A", "undo --dry-run=server"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.undo(cmd, args)
		},
	}
	flags := cmd.Flags()
	o.addKubeFlags(flags)
	flags.DurationVar(&o.timeout, "timeout", time.Minute, "how long reading, checking and taking back may take, each")
	flags.StringVar(&o.traceFile, "trace", "", "file for what the run waited for, as JSON lines")
	flags.StringVar(&o.dryRun, "dry-run", "none", "none, client (show what would be done) or server (also have the API server try it)")
	flags.BoolVarP(&o.yes, "yes", "y", false, "do not ask; needs the ID")
	flags.BoolVar(&o.list, "list", false, "list what can be undone")
	flags.BoolVarP(&o.allNamespaces, "all-namespaces", "A", false, "list for all namespaces")
	o.flags = flags
	return cmd
}

// undo is the whole verb; the error carries the exit code.
func (o *undoOptions) undo(cmd *cobra.Command, args []string) error {
	id, err := o.named(args)
	if err != nil {
		return err
	}
	if err := o.Complete(registry.None); err != nil {
		return err
	}
	return o.traced(cmd.Context(), func(ctx context.Context) error {
		load := loading(ctx)
		c, err := o.source(load)
		if err != nil {
			return err
		}
		if c.mender == nil {
			return usage("nothing can be changed in a recording; undo needs a cluster")
		}
		known, err := load()
		if err != nil {
			return fault(err)
		}
		m, err := c.mender(known)
		if err != nil {
			return err
		}
		if o.list {
			ctx, cancel := context.WithTimeout(ctx, o.timeout)
			defer cancel()
			return o.records(ctx, c, m)
		}
		return o.takeBack(ctx, c, m, id)
	})
}

// named is the ID that was given, "" if none was; an error is what does not go
// together.
func (o *undoOptions) named(args []string) (string, error) {
	id := ""
	if len(args) == 1 {
		id = args[0]
	}
	switch {
	case len(args) > 1:
		return "", usage("undo takes one ID, not %d", len(args))
	case o.dryRun != "none" && o.dryRun != "client" && o.dryRun != "server":
		return "", usage("--dry-run takes none, client or server")
	case o.list && id != "":
		return "", usage("--list lists all; undo %s without it takes that one back", foreign.Text(id, 60))
	case o.allNamespaces && !o.list:
		return "", usage("-A only goes with --list; name the namespace with -n")
	case id != "" && !recordName.MatchString(id):
		return "", usage("%q is no ID of a fix, which looks like 20261121-035102-k3x7q2m4n5pa; undo --list lists them", foreign.Text(id, 60))
	case o.format != report.Text && !o.list && !o.yes && !o.dry():
		return "", usage("-o %s asks no question, as nothing would be shown before it; give --yes and the ID, or --dry-run=client to see what it would do", o.format)
	case o.yes && !o.list && id == "" && o.dryRun == "none":
		// Others may write ConfigMaps there. An ID ends in a digest of its
		// record, and a person looks at what is shown.
		return "", usage("--yes needs the ID that fix told: without a question the newest fix is not taken back")
	}
	return id, nil
}

// records lists them.
func (o *undoOptions) records(ctx context.Context, c connection, m *mend.Mender) error {
	namespace := c.namespace
	if o.allNamespaces {
		namespace = ""
	}
	records, unreadable, more, err := m.Records(ctx, namespace)
	if err != nil {
		return c.unread(err)
	}
	list := report.NewUndoList(time.Now(), records, unreadable, more)
	return o.print(list, func(w io.Writer) error { return report.UndoListText(w, list, o.style) })
}

// takeBack shows what it will do, asks and does it.
func (o *undoOptions) takeBack(ctx context.Context, c connection, m *mend.Mender, id string) error {
	u, err := o.planUndo(ctx, m, c.namespace, id)
	if err != nil {
		return c.unread(err)
	}
	doc := report.NewUndo(time.Now(), u)
	if o.dryRun != "none" {
		doc.DryRun = o.dryRun
	}
	if o.format == report.Text {
		if err := o.print(doc, func(w io.Writer) error { return report.UndoText(w, doc, o.style) }); err != nil {
			return err
		}
	}
	o.carry(ctx, m, u, &doc)
	if o.format == report.Text {
		if err := report.UndoneText(o.Out, doc, o.style); err != nil {
			return fault(err)
		}
	} else if err := o.print(doc, nil); err != nil {
		return err
	}
	return endedUndo(doc)
}

// endedUndo gives the exit code of an undo: without a dry run, what is only planned
// is what the person did not agree to.
func endedUndo(u v1alpha1.Undo) error {
	if u.Outcome == v1alpha1.UndoUndone || u.Outcome == v1alpha1.UndoPlanned && u.DryRun != "" {
		return nil
	}
	return coded{code: ExitFailing}
}

// planUndo reads a record and what it is about.
func (o *undoOptions) planUndo(ctx context.Context, m *mend.Mender, namespace, id string) (mend.Undo, error) {
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	r, err := m.Record(ctx, namespace, id)
	if err != nil {
		return mend.Undo{}, err
	}
	return m.PlanUndo(ctx, r)
}

// carry carries an undo out, as far as the flags and the person let it. While the
// person thinks it over no time runs.
func (o *undoOptions) carry(ctx context.Context, m *mend.Mender, u mend.Undo, doc *v1alpha1.Undo) {
	end := func(outcome v1alpha1.UndoOutcome, err error) {
		doc.Outcome, doc.Why = outcome, foreign.Text(err.Error(), maxError)
	}
	if err := u.Blocked(); err != nil {
		end(v1alpha1.UndoRefused, err)
		return
	}
	if o.dryRun == "client" {
		return
	}
	checking, cancel := context.WithTimeout(ctx, o.timeout)
	err := m.CheckUndo(checking, u)
	cancel()
	if err != nil {
		end(v1alpha1.UndoRefused, err)
		return
	}
	if o.dryRun == "server" {
		return
	}
	if !o.yes && u.Due() {
		if agreed, err := o.ask(ctx); err != nil {
			end(v1alpha1.UndoRefused, err)
			return
		} else if !agreed {
			return
		}
	}
	ctx, cancel = context.WithTimeout(ctx, o.timeout)
	defer cancel()
	err = m.CarryUndo(ctx, u, func(what string) {
		what = foreign.Text(what, maxError)
		doc.Log = append(doc.Log, what)
		fmt.Fprintf(o.ErrOut, "%s %s\n", time.Now().In(o.zone).Format("15:04:05"), what)
	})
	if err != nil {
		end(v1alpha1.UndoBroken, fmt.Errorf("%w; run undo again to go on", err))
		return
	}
	doc.Outcome = v1alpha1.UndoUndone
	if err := m.Undone(ctx, u); err != nil {
		doc.Log = append(doc.Log, foreign.Text("no event was written: "+err.Error(), maxError))
	}
}

// unread is an error of reading a record, with its exit code.
func (c connection) unread(err error) error {
	var refused *edit.Error
	switch {
	case !errors.As(err, &refused):
		return coded{ExitUsage, err}
	case refused.Reason == edit.Forbidden || c.server == "":
		return coded{ExitNotSeen, err}
	}
	return coded{ExitNotSeen, fmt.Errorf("asking %s: %w", c.server, err)}
}
