// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package examine decides which question comes next, has it asked, and ends in
// a plain evidence.Survey. It is the only room that knows both those who ask the
// API server and those who ask registries.
//
// Cheap comes before dear: the texts, then what the API server knows, then the
// registry, and that only if an answer of it could change the order of the
// causes that are left. What does not depend on each other runs side by side,
// under one deadline, and the same question about the same subject is asked
// once, however many pods ask it. It never judges and never writes.
package examine

import (
	"context"
	"errors"
	"time"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/internal/registry"
	"github.com/pullmedic/pullmedic/internal/trace"
	"github.com/pullmedic/pullmedic/internal/workload"
)

// defaultDeadline bounds one look.
const defaultDeadline = time.Minute

// A Prober asks a registry about one image. It shares answers between calls
// and is safe for concurrent use; registry.Prober is one.
type Prober interface {
	Probe(ctx context.Context, t registry.Target) ([]evidence.Finding, []evidence.Gap)
	// Sent counts what was sent since the prober was made.
	Sent() evidence.Sent
}

// Options of an Examiner.
type Options struct {
	// Cluster and Catalog are needed.
	Cluster *cluster.Client
	Catalog *catalog.Catalog
	// Prober asks registries, as far as its mode allows. With none, nobody
	// does, and the answer says so.
	Prober Prober
	// Deadline of one look, 1 min if 0.
	Deadline time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// An Examiner gathers Evidence. It is safe for concurrent use.
type Examiner struct {
	cluster  *cluster.Client
	catalog  *catalog.Catalog
	prober   Prober
	deadline time.Duration
	now      func() time.Time
}

// New returns an examiner. It asks nothing yet.
func New(o Options) *Examiner {
	x := &Examiner{cluster: o.Cluster, catalog: o.Catalog, prober: o.Prober, deadline: o.Deadline, now: o.Now}
	if x.deadline <= 0 {
		x.deadline = defaultDeadline
	}
	if x.now == nil {
		x.now = time.Now
	}
	return x
}

// A Scope says at which pods to look.
type Scope struct {
	// Namespace, "" for all.
	Namespace string
	// Selector of pods by their labels, "" for all.
	Selector string
	// Fallback is the namespace to look at if the pods of all namespaces may
	// not be listed; with "" that is an error.
	Fallback string
}

// Survey looks at all pods of a scope and returns the Evidence of every pull
// that fails. The error, if there is one, is a *cluster.Error: the pods could
// not be listed, or the namespace does not exist. Everything else that could not be read is in NotLookedAt.
func (x *Examiner) Survey(ctx context.Context, scope Scope) (evidence.Survey, error) {
	ctx, cancel := context.WithTimeout(ctx, x.deadline)
	defer cancel()
	l := x.newLook()
	end := trace.Span(ctx, trace.KindStep, "pods")
	refused := l.askRefused(ctx, scope.Namespace, scope.Selector)
	ahead := l.ahead()
	found := func(f cluster.Failing) { ahead.found(ctx, f) }
	scan, err := x.cluster.Scan(ctx, l.now, cluster.ScanOptions{Namespace: scope.Namespace, Selector: scope.Selector, Found: found})
	if scope.Namespace == "" && scope.Fallback != "" && cluster.ReasonOf(err) == cluster.Forbidden {
		gap := cluster.GapOf(evidence.CheckPods, evidence.Subject{Kind: evidence.SubjectNamespace, Name: "all"}, err)
		gap.Why += ", so only " + scope.Fallback + " was looked at"
		l.survey.NotLookedAt = append(l.survey.NotLookedAt, gap)
		scope.Namespace = scope.Fallback
		refused = l.askRefused(ctx, scope.Namespace, scope.Selector)
		scan, err = x.cluster.Scan(ctx, l.now, cluster.ScanOptions{Namespace: scope.Namespace, Selector: scope.Selector, Found: found})
		var e *cluster.Error
		if errors.As(err, &e) {
			e.Everywhere = e.Reason == cluster.Forbidden
		}
	}
	if err == nil && scan.Pods == 0 && scope.Namespace != "" {
		// A right that is not asked for elsewhere: without it, it stays open.
		if absent := x.cluster.Namespace(ctx, scope.Namespace); cluster.ReasonOf(absent) == cluster.NotFound {
			err = absent
		}
	}
	if err == nil {
		ahead.rest(ctx)
	}
	end()
	if err != nil {
		return evidence.Survey{}, err
	}
	l.survey.Pods, l.survey.Namespaces = scan.Pods, len(scan.Namespaces)
	if scope.Namespace != "" {
		l.survey.Of = []string{scope.Namespace}
	}
	l.seen = scan.Seen
	l.hidden(ctx, scope.Namespace, scan)
	l.notRunning(scan.NotRunning)
	l.refused(scope.Namespace, refused(), func(evidence.Object, evidence.Object) bool { return true })
	return l.finish(ctx), nil
}

// newLook starts one look at the cluster.
func (x *Examiner) newLook() *look {
	now := x.now()
	l := &look{x: x, now: now, run: x.cluster.NewRun(), seen: cluster.NewSeen(), workloads: map[string]func() workload.Workload{}, survey: evidence.Survey{Time: now, Pulls: []evidence.Evidence{}}}
	if x.prober != nil {
		l.sentBefore = x.prober.Sent()
	}
	return l
}
