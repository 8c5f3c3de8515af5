// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/examine"
	"github.com/pullmedic/pullmedic/internal/files"
	"github.com/pullmedic/pullmedic/internal/mend"
	"github.com/pullmedic/pullmedic/internal/remedy"
	"github.com/pullmedic/pullmedic/internal/report"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// A fixing is one run of fix.
type fixing struct {
	*fixOptions
	connection
	catalog *catalog.Catalog
	mender  *mend.Mender
	bring   bringer
	draft   *files.Draft // of the report, nil if none is wanted
	f       v1alpha1.Fix
}

// mend is the whole of a fix: it looks, and for one workload after the other
// plans, shows, asks and carries out. It prints. What was done is in the document
// even if what came after it failed.
func (o *fixOptions) mend(ctx context.Context, refs []examine.ObjectRef) (v1alpha1.Fix, error) {
	x, err := o.begin(ctx)
	if err != nil {
		return v1alpha1.Fix{}, err
	}
	if x.draft, err = o.beginReport(); err != nil {
		return v1alpha1.Fix{}, err
	}
	defer x.draft.Discard()
	survey, err := x.look(ctx, refs)
	if err != nil {
		return v1alpha1.Fix{}, x.explain(err)
	}
	x.f = report.NewFix(time.Now(), survey)
	x.f.Certificates = append(x.f.Certificates, o.certificates...)
	if x.cause != "" {
		x.f.Unmade = []v1alpha1.Unmade{} // they are not of this cause
	}
	if o.dry() {
		x.f.DryRun = o.dryRun
	}
	groups, err := x.groups(survey)
	if err != nil {
		return x.f, err
	}
	if x.text() {
		if err := report.CertificatesText(x.Out, x.f, x.style); err != nil {
			return x.f, fault(err)
		}
	}
	for i, g := range groups {
		goes, err := x.one(ctx, g, i, len(groups))
		if err != nil && len(groups) == 1 {
			return x.f, x.explain(err)
		}
		if err != nil {
			x.f.Targets = append(x.f.Targets, report.Unplanned(g.Target, err))
			if err := x.say(report.OutcomeText); err != nil {
				return x.f, err
			}
		}
		if !goes {
			x.left(groups[i+1:])
			break
		}
	}
	return x.f, x.end(survey)
}

// begin connects.
func (o *fixOptions) begin(ctx context.Context) (*fixing, error) {
	load := loading(ctx)
	c, err := o.source(load)
	if err != nil {
		return nil, err
	}
	known, err := load()
	if err != nil {
		return nil, fault(err)
	}
	if c.mender == nil {
		return nil, usage("nothing can be changed in a recording; fix needs a cluster")
	}
	m, err := c.mender(known)
	if err != nil {
		return nil, err
	}
	return &fixing{fixOptions: o, connection: c, catalog: known, mender: m, bring: o.logins.bringer(o.In, m.Secret)}, nil
}

// look asks about the objects, or with --cause about all pods.
func (x *fixing) look(ctx context.Context, refs []examine.ObjectRef) (evidence.Survey, error) {
	ctx, cancel := context.WithTimeout(ctx, x.timeout)
	defer cancel()
	defer x.progress(ctx, "looking at the cluster")()
	if x.cause == "" {
		for i := range refs {
			if refs[i].Namespace == "" {
				refs[i].Namespace = x.namespace
			}
		}
		return x.Objects(ctx, refs)
	}
	scope := examine.Scope{Namespace: x.namespace, Selector: x.selector}
	if x.allNamespaces {
		scope.Namespace, scope.Fallback = "", x.namespace
	}
	return x.Survey(ctx, scope)
}

// groups are the workloads to mend, each with its diagnoses.
func (x *fixing) groups(s evidence.Survey) ([]mend.Group, error) {
	var diagnoses []diagnosis.Diagnosis
	for _, e := range s.Pulls {
		d := diagnosis.Judge(x.catalog, e)
		if !d.Healthy() && len(d.Causes) > 0 && !pulledSince(d) && (x.cause == "" || d.Causes[0].Cause == x.cause) {
			diagnoses = append(diagnoses, d)
		}
	}
	groups := mend.Groups(diagnoses)
	if x.cause != "" && len(groups) > x.max {
		return nil, usage("%s keeps %d workloads from starting, and --max is %d; nothing was changed; look at them with %s, then give --max %[2]d", x.cause, len(groups), x.max, x.program)
	}
	if len(x.to) == 0 {
		return groups, nil
	}
	if len(groups) > 1 {
		return nil, usage("--to is an image for one workload, and the pulls of %d fail; name one of them", len(groups))
	}
	for _, g := range groups {
		if names := containers(g.Diagnoses); x.remedy.To != "" && x.remedy.Container == "" && len(names) > 1 {
			return nil, usage("the images of several containers fail: %s; say which one --to is for: --to %s=IMAGE, once for each", strings.Join(names, ", "), names[0])
		}
		if err := x.bareTag(g); err != nil {
			return nil, err
		}
	}
	return groups, nil
}

// containers of some diagnoses, each once.
func containers(all []diagnosis.Diagnosis) []string {
	var names []string
	for _, d := range all {
		if !slices.Contains(names, d.Pull.Container) {
			names = append(names, d.Pull.Container)
		}
	}
	return names
}

// meant checks that each --to is for a container whose image fails, or would.
func (x *fixing) meant(p mend.Plan) error {
	meant := []string{x.remedy.Container}
	for _, n := range x.remedy.Images {
		meant = append(meant, n.Container)
	}
	names := containers(p.Case.Diagnoses)
	for _, name := range meant {
		if name != "" && !slices.Contains(names, name) {
			return usage("the image of container %s does not fail; those that fail: %s", name, strings.Join(names, ", "))
		}
	}
	return nil
}

// bareTag refuses a tag alone where the repository that fails is known to have it:
// as an image's name it means one of Docker Hub, which can be named in full.
func (x *fixing) bareTag(g mend.Group) error {
	for _, d := range g.Diagnoses {
		image, known := x.remedy.TagOf(d)
		if !known {
			continue
		}
		tag := image[strings.LastIndexByte(image, ':')+1:]
		return usage("--to takes a whole image: the image that fails has a tag %s, which is --to %s; for the image of that name at Docker Hub give --to %s",
			tag, x.toWords(d, image), x.toWords(d, "docker.io/library/"+tag))
	}
	return nil
}

// pulledSince tells what failed and was pulled in the meantime.
func pulledSince(d diagnosis.Diagnosis) bool {
	return slices.ContainsFunc(d.Findings, func(f evidence.Finding) bool { return f.Outcome == evidence.NextAttemptSucceeded })
}

// one plans, shows, asks and carries out for one workload; it tells whether to go
// on with the next.
func (x *fixing) one(ctx context.Context, g mend.Group, i, of int) (goes bool, err error) {
	goes = x.cause == ""
	if i > 0 && x.cause != "" {
		// What was mended before may have mended this one too, as a secret does.
		again, err := x.again(ctx, g)
		if err != nil || len(again) == 0 {
			return err == nil, err
		}
		g.Diagnoses = again
	}
	p, err := x.plan(ctx, g)
	if err != nil {
		return goes, err
	}
	for _, check := range []func(mend.Plan) error{x.meant, x.chosen} {
		if err := check(p); err != nil {
			return false, err
		}
	}
	t := report.Target(x.catalog, p)
	t.Notes = append(t.Notes, x.unused(p)...)
	earlier := x.f.Targets
	x.f.Targets = append(x.f.Targets, t)
	if x.text() {
		if of > 1 {
			fmt.Fprintf(x.Out, "%s%d of %d\n", strings.Repeat("\n", min(i, 1)), i+1, of)
		}
		if err := report.PlanText(x.Out, report.After(earlier, t, x.style), x.f.Time, x.style); err != nil {
			return false, fault(err)
		}
	}
	x.carry(ctx, p, &x.f.Targets[len(x.f.Targets)-1])
	done := x.f.Targets[len(x.f.Targets)-1].Outcome
	// One that needs another flag was not tried, and says nothing of the others.
	goes = goes || done == v1alpha1.FixMended || done == v1alpha1.FixChanged || done == v1alpha1.FixNothing || x.dry() || x.refusal(p, "") != ""
	return goes && ctx.Err() == nil, x.say(report.OutcomeText)
}

// plan plans for one workload, with the credentials that the person brings: also for
// what was not tried yet, once that is known.
func (x *fixing) plan(ctx context.Context, g mend.Group) (mend.Plan, error) {
	p, err := x.planned(ctx, g)
	more := p.Untried()
	if err != nil || x.bring == nil || !slices.ContainsFunc(more, remedy.TakesLogin) {
		return p, err
	}
	return x.planned(ctx, mend.Group{Target: g.Target, Diagnoses: slices.Concat(g.Diagnoses, more)})
}

func (x *fixing) planned(ctx context.Context, g mend.Group) (mend.Plan, error) {
	o := x.remedy
	var err error
	if o.Logins, err = x.broughtFor(ctx, g); err != nil {
		return mend.Plan{}, usage("%w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, x.timeout)
	defer cancel()
	defer x.progress(ctx, "planning and proving")()
	plans, err := x.mender.Plan(ctx, g.Diagnoses, o)
	if err != nil {
		return mend.Plan{}, err
	}
	return plans[0], nil
}

// broughtFor are the credentials that the person brings for one workload: for each
// repository whose pull a credential may mend, those that are the same once. A
// place that has none for one of them may have those for others; then it is only
// told.
func (x *fixing) broughtFor(ctx context.Context, g mend.Group) ([]remedy.Login, error) {
	if x.bring == nil {
		return nil, nil
	}
	var brought []remedy.Login
	var failed []error
	for _, image := range wanting(g) {
		login, err := x.bring(ctx, image)
		if err != nil {
			failed = append(failed, fmt.Errorf("for %s: %w", image, err))
			continue
		}
		if !slices.ContainsFunc(brought, func(l remedy.Login) bool { return l.Host == login.Host && l.Path == login.Path }) {
			brought = append(brought, *login)
		}
	}
	if len(brought) == 0 && len(failed) > 0 {
		return nil, errors.Unwrap(failed[0])
	}
	for _, err := range failed {
		fmt.Fprintf(x.ErrOut, "left out %v\n", err)
	}
	return brought, nil
}

// wanting are the images that credentials are to be brought for: of the pulls
// that fail for a reason that a credential mends, the first of each repository.
func wanting(g mend.Group) []string {
	var images, repositories []string
	for _, d := range g.Diagnoses {
		ref, err := keyring.ParseImage(d.Pull.Image)
		repository := ref.Host + "/" + ref.Repository
		if err == nil && remedy.TakesLogin(d) && !slices.Contains(repositories, repository) {
			images, repositories = append(images, d.Pull.Image), append(repositories, repository)
		}
	}
	return images
}

// again looks at one workload anew; nothing if it does not fail of the cause any
// more.
func (x *fixing) again(ctx context.Context, g mend.Group) ([]diagnosis.Diagnosis, error) {
	ctx, cancel := context.WithTimeout(ctx, x.timeout)
	defer cancel()
	stop := x.progress(ctx, "looking at "+g.Target.String())
	survey, err := x.Objects(ctx, []examine.ObjectRef{{Kind: strings.ToLower(g.Target.Kind), Namespace: g.Target.Namespace, Name: g.Target.Name}})
	stop()
	if err != nil {
		return nil, err
	}
	groups, err := x.groups(survey)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(groups, func(now mend.Group) bool { return now.Target == g.Target })
	if at < 0 {
		fmt.Fprintf(x.ErrOut, "%s in namespace %s does not fail of %s any more\n", g.Target, g.Target.Namespace, x.cause)
		return nil, nil
	}
	return groups[at].Diagnoses, nil
}

// chosen checks that the remedy which the person named is one of the plan's.
func (x *fixing) chosen(p mend.Plan) error {
	if x.remedy.With == "" {
		return nil
	}
	var ids []string
	for _, c := range p.Chosen {
		ids = append(ids, c.Remedy.ID)
	}
	for _, r := range p.Others {
		ids = append(ids, r.ID)
	}
	if slices.Contains(ids, x.remedy.With) {
		return nil
	}
	slices.Sort(ids)
	if _, known := remedy.Describe(x.remedy.With); known {
		return usage("%s does not mend what fails of %s, or cannot be applied there; %s explain %[1]s tells what it is for; there are: %s", x.remedy.With, p.Case.Target.String(), x.program, strings.Join(slices.Compact(ids), ", "))
	}
	return usage("there is no remedy %q for %s; there are: %s", x.remedy.With, p.Case.Target.String(), strings.Join(slices.Compact(ids), ", "))
}

// left tells which workloads were not reached.
func (x *fixing) left(groups []mend.Group) {
	if len(groups) == 0 {
		return
	}
	var names []string
	for _, g := range groups {
		names = append(names, g.Target.String()+" in namespace "+g.Target.Namespace)
	}
	fmt.Fprintf(x.ErrOut, "stopped there; not touched: %s\n", strings.Join(names, ", "))
}

// say writes a text about the last target, where a person reads.
func (x *fixing) say(text outcomeText) error {
	if !x.text() {
		return nil
	}
	if err := text(x.Out, x.f.Targets[len(x.f.Targets)-1], x.f.DryRun, x.style); err != nil {
		return fault(err)
	}
	return nil
}

// end prints the document, or what is left to say, and writes the report.
func (x *fixing) end(s evidence.Survey) error {
	waiting := 0
	if len(x.f.Targets) == 0 && x.cause == "" {
		waiting = s.Waiting
	}
	if len(x.f.Targets) == 0 && x.text() {
		if err := report.NothingText(x.Out, x.f, x.cause, waiting, x.style); err != nil {
			return fault(err)
		}
	}
	if x.text() && len(x.f.Targets) > 1 {
		if err := report.SumText(x.Out, x.f, x.style); err != nil {
			return fault(err)
		}
	}
	if x.text() && len(x.f.Unmade) > 0 {
		if err := report.UnmadeText(x.Out, x.f, x.style); err != nil {
			return fault(err)
		}
	}
	if waiting > 0 {
		x.f.NotLookedAt = append(x.f.NotLookedAt, report.StillBeingMade(waiting))
	}
	if !x.text() {
		if err := x.print(x.f, nil); err != nil {
			return err
		}
	}
	x.postMortem()
	return nil
}
