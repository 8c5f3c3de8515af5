// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package mend carries remedies out: it gathers what a plan needs to know, has
// internal/remedy plan, has internal/verify prove that the changed pods would
// pull, tries every write as a dry run, writes down how to take it back, makes
// the change, wakes one pod, and watches until the kubelet has pulled the image.
//
// It judges by the pull alone: pulled is mended, even if the container then
// ends. It takes its own change back only if a new pod reports a failed pull,
// never because time ran out. Before the first write it has asked for every
// right that it needs; a write that finds the object changed is refused by the
// API server, and nothing is overwritten.
package mend

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/internal/edit"
	"github.com/pullmedic/pullmedic/internal/remedy"
	"github.com/pullmedic/pullmedic/internal/verify"
	"github.com/pullmedic/pullmedic/internal/workload"
)

// Options of a Mender.
type Options struct {
	// Cluster, Edit, Seer and Catalog are needed.
	Cluster *cluster.Client
	Edit    *edit.Client
	Seer    verify.Seer
	Catalog *catalog.Catalog
	// Now is the clock, time.Now if nil. Poll is how often pods are looked at
	// while a change is watched, 250 ms if 0.
	Now  func() time.Time
	Poll time.Duration
}

// A Mender plans and carries out.
type Mender struct {
	cluster *cluster.Client
	edit    *edit.Client
	seer    verify.Seer
	catalog *catalog.Catalog
	now     func() time.Time
	poll    time.Duration
}

// New returns a mender. It asks nothing yet.
func New(o Options) *Mender {
	m := &Mender{cluster: o.Cluster, edit: o.Edit, seer: o.Seer, catalog: o.Catalog, now: o.Now, poll: o.Poll}
	if m.now == nil {
		m.now = time.Now
	}
	if m.poll <= 0 {
		m.poll = 250 * time.Millisecond
	}
	return m
}

// A Plan is what would be done for one target.
type Plan struct {
	// ID of the record by which it will be undone, as long as the plan stays as
	// it is; Result has the one that was written.
	ID   string
	Case remedy.Case
	// Chosen are the remedies to carry out, one for each diagnosis of the case
	// that has one. Empty: nothing can be applied now.
	Chosen []Choice
	// Others are the remedies that were not chosen, the best first: applied ones
	// that need a flag, what is handed over, how long to wait.
	Others []remedy.Remedy
	// Changes of the chosen remedies, one for each object.
	Changes []remedy.Change
	// Evict: failing pods that are to be evicted so that their owner makes new
	// ones.
	Evict []Pod
	// Partitioned are failing pods, by name, that the change does not get to: the
	// partition of their StatefulSet keeps their template as it is.
	Partitioned []string
	// Proof that the changed pods would pull, and what it rests on.
	Proof verify.Proof
	// ProvenBy is what proves it without any registry; "" if it was asked.
	ProvenBy string
	Result   verify.Result
	// Restarts is how many ready pods the plan replaces, and Risks what else can
	// go wrong, each a sentence without a full stop.
	Restarts int
	Risks    []string
	// Brake is why the plan is not carried out without force; "" if nothing is.
	Brake string
	// Irrevocable says what undo does not bring back, each a sentence without a
	// full stop.
	Irrevocable []string
	// Again is how many new pods may be evicted besides, for a second try: those that
	// pulled before their kubelet had their pull secrets.
	Again int
}

// A Choice is a remedy for one diagnosis.
type Choice struct {
	Diagnosis diagnosis.Diagnosis
	Remedy    remedy.Remedy
	// Covered: the remedy was chosen for another diagnosis, and mends this one too.
	Covered bool
	// upon: it was planned for the case as those before it leave it.
	upon bool
}

// A Pod by its name and UID.
type Pod struct{ Namespace, Name, UID string }

// Ready tells whether there is something to carry out.
func (p Plan) Ready() bool { return len(p.Chosen) > 0 }

// AccountManager is what keeps the pods' service account as it is, if that shows.
func (p Plan) AccountManager() evidence.Manager {
	if p.Case.Account == nil {
		return evidence.Manager{}
	}
	return workload.ManagerOf(p.Case.Account)
}

// Plan makes one plan for each target of the diagnoses that still fail, and
// proves it. What would keep the changed pods from being pulled besides, and was not
// tried yet, is planned for as well: see Plan.Untried. An error is about one target; the
// plans before it are good.
func (m *Mender) Plan(ctx context.Context, all []diagnosis.Diagnosis, o remedy.Options) ([]Plan, error) {
	var plans []Plan
	for _, diagnoses := range group(all) {
		p, behind, err := m.best(ctx, diagnoses, o)
		if err == nil && len(behind) > 0 {
			p, _, err = m.best(ctx, slices.Concat(diagnoses, behind), o)
		}
		if err != nil {
			return plans, err
		}
		m.secondTry(ctx, &p)
		plans = append(plans, p)
	}
	return plans, nil
}

// maxTries bounds the plans for one target that are proven, each of which asks
// registries.
const maxTries = 3

// best is the first plan for one target that is not disproved, else the first. It
// ends early if it has to be made with further diagnoses.
func (m *Mender) best(ctx context.Context, diagnoses []diagnosis.Diagnosis, o remedy.Options) (p Plan, behind []diagnosis.Diagnosis, err error) {
	k, err := m.gather(ctx, diagnoses)
	if err != nil {
		return Plan{}, nil, err
	}
	var first Plan
	without := map[string]string{}
	for try := range maxTries {
		p := m.plan(k, o, without)
		m.prove(ctx, &p)
		if learned(&k, p) { // a bare pod's image can be named by its digest, which has no back-off yet
			p = m.plan(k, o, without)
			m.prove(ctx, &p)
		}
		if try == 0 {
			first = p
			if !p.emergency() && !slices.ContainsFunc(diagnoses, remedy.Untried) {
				behind = p.behind()
			}
			if len(behind) > 0 {
				return p, behind, nil
			}
		}
		if p.Proof != verify.Disproved {
			if p.Ready() {
				return p, nil, nil
			}
			break
		}
		refuted := p.refuted()
		maps.Copy(without, refuted)
		o.Absent = append(o.Absent, p.absent(refuted)...)
	}
	return first, nil, nil
}

// why the plan is disproved.
func (p *Plan) why() string {
	for _, a := range p.Result.Answers {
		if a.Proof == verify.Disproved {
			return a.Why
		}
	}
	return "the next pull would fail"
}

// learned takes over the digests that proving a bare pod's plan brought to
// light; it tells whether there are any.
func learned(k *remedy.Case, p Plan) bool {
	if k.Target.Kind != "Pod" || p.Proof != verify.Proven {
		return false
	}
	news := false
	for _, a := range p.Result.Answers {
		for _, f := range a.Evidence.Findings {
			if digest := f.Details["digest"]; f.Outcome == evidence.ManifestPresent && digest != "" && k.Digests[a.Evidence.Pull.Image] == "" {
				if k.Digests == nil {
					k.Digests = map[string]string{}
				}
				k.Digests[a.Evidence.Pull.Image] = digest
				news = true
			}
		}
	}
	return news
}

// plan chooses a remedy for each diagnosis. If there is none for one of them, its
// others are told, and the rest is mended all the same.
//
// without are remedies by their key that would not help, and why not.
func (m *Mender) plan(k remedy.Case, o remedy.Options, without map[string]string) Plan {
	p := Plan{Case: k}
	for _, d := range inOrder(k.Diagnoses) {
		m.choose(&p, d, o, without)
	}
	if !slices.ContainsFunc(p.Chosen, func(c Choice) bool { return !remedy.Untried(c.Diagnosis) }) {
		p.Chosen, p.Changes = nil, nil // what fails would go on failing
	}
	for _, c := range p.Chosen {
		for _, pod := range woken(k, c) {
			if !slices.Contains(p.Evict, pod) {
				p.Evict = append(p.Evict, pod)
			}
		}
		for _, name := range partitioned(k, c) {
			if !slices.Contains(p.Partitioned, name) {
				p.Partitioned = append(p.Partitioned, name)
			}
		}
		p.Restarts = max(p.Restarts, c.Remedy.Restarts)
		for _, risk := range c.Remedy.Risks {
			if !slices.Contains(p.Risks, risk) {
				p.Risks = append(p.Risks, risk)
			}
		}
	}
	p.stays()
	leastRiskFirst(k, p.Evict)
	if len(p.Evict) > 0 {
		p.Irrevocable = append(p.Irrevocable, evicted(len(p.Evict)))
	}
	p.ID = recordID(p)
	return p
}

// evicted says what undo does not bring back.
func evicted(pods int) string {
	if pods == 1 {
		return "1 failing pod is evicted; its owner makes a new one"
	}
	return fmt.Sprintf("%d failing pods are evicted, one first; their owner makes new ones", pods)
}

// woken are the pods that a choice wakes: those in which its pull fails, be it
// hidden behind a restart that is held back, as far as somebody makes them anew.
func woken(k remedy.Case, c Choice) []Pod {
	if k.Target.Kind == "Pod" || c.Remedy.Wake != remedy.WakeEvict || remedy.Untried(c.Diagnosis) {
		return nil
	}
	kept := partitioned(k, c)
	var pods []Pod
	for _, p := range k.Failing(c.Diagnosis.Pull) {
		if remedy.PodReady(p) && c.Remedy.NeedsForce == "" { // it was mended since the diagnosis
			continue
		}
		if slices.Contains(kept, p.Name) || c.Remedy.TakenUp(p) { // it would come back as it was, or need not go
			continue
		}
		pods = append(pods, Pod{p.Namespace, p.Name, string(p.UID)})
	}
	return pods
}

// leastRiskFirst sorts pods so that the one which goes first, as the proof, is one
// that never ran: no container of it is lost, and no budget holds it.
func leastRiskFirst(k remedy.Case, pods []Pod) {
	ran := func(p Pod) int {
		if slices.ContainsFunc(k.Pods, func(of *corev1.Pod) bool { return string(of.UID) == p.UID && of.Status.Phase != corev1.PodPending }) {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(pods, func(a, b Pod) int { return ran(a) - ran(b) })
}

// partitioned are the failing pods that a choice does not get to.
func partitioned(k remedy.Case, c Choice) []string {
	if !slices.ContainsFunc(c.Remedy.Changes, func(change remedy.Change) bool { return change.Object == k.Target.Object }) {
		return nil
	}
	var names []string
	for _, p := range k.Failing(c.Diagnosis.Pull) {
		if remedy.Ordinal(p) < k.Target.Partition {
			names = append(names, p.Name)
		}
	}
	return names
}

// errNothing is returned for a plan that has nothing to carry out.
var errNothing = errors.New("there is nothing to carry out")
