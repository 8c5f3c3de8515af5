// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/internal/mend"
	"github.com/pullmedic/pullmedic/internal/remedy"
	"github.com/pullmedic/pullmedic/internal/report"
	"github.com/pullmedic/pullmedic/internal/shell"
	"github.com/pullmedic/pullmedic/internal/verify"
)

// outcomeText is a text about what became of a target.
type outcomeText func(io.Writer, v1alpha1.TargetFix, string, report.Style) error

// carry carries one plan out, as far as the flags and the person let it.
func (x *fixing) carry(ctx context.Context, p mend.Plan, t *v1alpha1.TargetFix) {
	refuse := func(why string) { t.Outcome, t.Why = v1alpha1.FixRefused, foreign.Text(why, maxError) }
	if !p.Ready() {
		return
	}
	if why := x.refusal(p, t.ProofWhy); why != "" {
		refuse(why)
		return
	}
	if x.dryRun == "client" {
		return
	}
	stop := x.progress(ctx, "asking for rights and trying every write")
	err := x.mender.Check(ctx, p, !x.noUndo)
	stop()
	if err != nil {
		refuse(err.Error())
		t.Command = clears(err)
		return
	}
	if x.dryRun == "server" {
		return
	}
	if !x.yes {
		agreed, err := x.ask(ctx)
		if err != nil {
			refuse(err.Error())
			return
		}
		if !agreed {
			return
		}
	}
	view := x.newLive()
	stop = view.run()
	began := time.Now()
	r := x.mender.Carry(ctx, p, !x.noUndo, x.pull, func(what string) {
		report.Logged(t, time.Now(), what)
		view.tell(what)
	})
	stop()
	report.Carried(t, report.End{Result: r, ID: r.Record, Began: began, Ended: time.Now()})
	t.Command = clears(r.Err)
}

// clears is the command that clears the way of what was refused, "" for none.
func clears(err error) string {
	hindered, ok := errors.AsType[*mend.HinderedError](err)
	if !ok {
		return ""
	}
	return foreign.Text(hindered.Command, maxError)
}

// refusal is why a plan is not carried out without one more flag; "" if nothing
// stands against it.
func (x *fixing) refusal(p mend.Plan, why string) string {
	emergency := x.remedy.Rollback || x.remedy.Restart || x.remedy.Recreate
	if why == "" {
		why = "no registry could be asked about it"
	}
	keeper, elsewhere := kept(p)
	switch {
	case p.Brake != "" && !x.force:
		return p.Brake + "; --force does it all the same"
	case p.Proof == verify.Disproved && !(emergency && x.force):
		return "it would not help: " + why + x.tagMeant(p)
	case p.Proof == verify.NotProven && !x.unproven && !(emergency && x.force):
		return "it could not be proven that it helps: " + why + x.tagMeant(p) + "; --unproven does it all the same"
	case elsewhere && !x.here:
		return keeper + "; mend it there, or give --here to change it here until then"
	}
	return ""
}

// tagMeant says how a tag of the image that fails is named, where --to may have been
// meant so; "" if not.
func (x *fixing) tagMeant(p mend.Plan) string {
	for _, d := range p.Case.Diagnoses {
		if image, _ := x.remedy.TagOf(d); image != "" {
			return "; if that tag of the image that fails is meant, give --to " + x.toWords(d, image)
		}
	}
	return ""
}

// toWords is the value of --to that names an image for a pull, quoted for a shell.
func (x *fixing) toWords(d diagnosis.Diagnosis, image string) string {
	if slices.ContainsFunc(x.remedy.Images, func(n remedy.Named) bool { return n.Container == d.Pull.Container }) {
		image = d.Pull.Container + "=" + image
	}
	return shell.Quote(image)
}

// kept tells what keeps an object as it is that the plan changes (a tool from
// elsewhere, or the object of an operator), and when that sets it back.
func kept(p mend.Plan) (string, bool) {
	k := p.Case
	back := func(who string) string {
		if k.Target.Back == "" {
			return who + " keeps it, and may set back what is changed here"
		}
		return who + " keeps it: " + k.Target.Back
	}
	for _, c := range p.Changes {
		switch {
		case c.Creates():
		case c.Object.Kind == k.Target.Kind && c.Object.Name == k.Target.Name:
			if tool := k.Target.Manager.Tool; tool != "" {
				return back(tool), true
			}
			if above := k.Target.Above; above.Name != "" {
				return back(above.String()), true
			}
		case c.Object.Kind == "ServiceAccount":
			if m := p.AccountManager(); m.Tool != "" {
				return m.Tool + " keeps service account " + c.Object.Name + ", and may set back what is changed here", true
			}
		case c.Object.Kind == "Secret":
			for _, s := range k.Secrets {
				if s.Name == c.Object.Name && s.Manager.Tool != "" {
					return s.Manager.Tool + " keeps secret " + s.Name + ", and will write it anew", true
				}
			}
		}
	}
	return "", false
}

// ask asks the person; the answer is no, unless it is yes.
func (o *fixOptions) ask(ctx context.Context) (bool, error) {
	if !isTerminal(o.In) {
		return false, errors.New("nobody can be asked, as stdin is no terminal; --yes answers for it")
	}
	fmt.Fprint(o.ErrOut, "\nCarry this out? [y/N] ")
	answers := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(o.In).ReadString('\n')
		answers <- line
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(o.ErrOut)
		return false, errors.New("interrupted before it was answered")
	case line := <-answers:
		return agrees(line), nil
	}
}

func agrees(line string) bool {
	line = strings.ToLower(strings.TrimSpace(line))
	return line == "y" || line == "yes"
}
