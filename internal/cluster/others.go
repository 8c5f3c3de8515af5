// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/symptom"
)

const (
	// atAboutTheSameTime is how long before the first failure a pull of the
	// same image counts: the window in which operators look for changes.
	atAboutTheSameTime = 15 * time.Minute
	// maxProofs bounds the events that are asked for to prove one finding.
	maxProofs = 2
)

// Others tells what other pulls of the cluster show about one that fails. Every
// finding rests on a pull that is known to have happened, by an event or by a
// start with the policy Always; an image that merely lies on a node proves
// nothing about a registry.
type Others struct {
	run      *Run
	seen     *Seen
	images   map[string][]string // nodes on which an image fails, a few
	registry map[string]*failures
}

// maxNodesTold bounds the nodes of which it is told that they fail, too.
const maxNodesTold = 4

// failures are those of one registry.
type failures struct {
	repositories, nodes map[string]bool
	answered            bool // somebody got an answer about an image
	use                 *use
	pods                map[string]bool
	allBring            bool // each pod brings a pull secret
}

// NewOthers returns what all failing pulls and all pods that were seen show.
// The pulls must have their references, times and symptoms.
func NewOthers(run *Run, seen *Seen, failing []*evidence.Evidence) *Others {
	o := &Others{run: run, seen: seen, images: map[string][]string{}, registry: map[string]*failures{}}
	for _, e := range failing {
		ref, node := e.Pull.Reference, e.Pull.Node
		if ref.Host == "" {
			continue
		}
		name := Canonical(ref)
		if nodes := o.images[name]; node != "" && len(nodes) <= maxNodesTold && !slices.Contains(nodes, node) {
			o.images[name] = append(nodes, node)
		}
		f := o.registry[ref.Host]
		if f == nil {
			f = &failures{repositories: map[string]bool{}, nodes: map[string]bool{}, use: newUse(), pods: map[string]bool{}, allBring: true}
			o.registry[ref.Host] = f
		}
		f.repositories[ref.Repository], f.nodes[node] = true, true
		f.fails(e.Pull)
		f.answered = f.answered || !ofRegistry(e.Symptom.Sign)
	}
	return o
}

// Findings about one pull.
func (o *Others) Findings(ctx context.Context, p evidence.Pull, s symptom.Symptom, now time.Time) []evidence.Finding {
	if p.Reference.Host == "" || p.ContainerKind == evidence.Sandbox {
		return nil
	}
	var found []evidence.Finding
	since := p.FirstFailed
	if since.IsZero() {
		since = p.PodCreated
	}
	elsewhere, ok := o.pulledElsewhere(ctx, p, since.Add(-atAboutTheSameTime))
	if ok {
		found = append(found, elsewhere)
	} else if f, ok := o.failsElsewhere(p, now); ok {
		found = append(found, f)
	}
	if f, ok := o.registryWorks(ctx, p, since); ok {
		found = append(found, f)
	} else if f, ok := o.registryFails(p, s, now); ok {
		found = append(found, f)
	}
	if f, ok := o.scope(p, now); ok {
		found = append(found, f)
	}
	return append(found, o.history(p)...)
}

func (o *Others) pulledElsewhere(ctx context.Context, p evidence.Pull, since time.Time) (evidence.Finding, bool) {
	asked := 0
	for _, s := range o.seen.Runs(p.Reference) {
		if s.Node == "" || s.Node == p.Node || s.PodUID == p.PodUID || s.Time.Before(since) || asked == maxProofs {
			continue
		}
		asked++
		at := o.run.Pulled(ctx, s)
		if at.IsZero() || at.Before(since) {
			continue
		}
		f := finding(evidence.CheckSameImage, evidence.ImagePulledElsewhere, evidence.Subject{Kind: evidence.SubjectImage, Name: Canonical(p.Reference)}, at,
			"node %s pulled the same image at %s for pod %s/%s", s.Node, clock(at), s.Namespace, s.Pod)
		f.Details = map[string]string{"node": s.Node, "pod": s.Namespace + "/" + s.Pod}
		return f, true
	}
	return evidence.Finding{}, false
}

func (o *Others) failsElsewhere(p evidence.Pull, now time.Time) (evidence.Finding, bool) {
	nodes := slices.DeleteFunc(slices.Clone(o.images[Canonical(p.Reference)]), func(n string) bool { return n == p.Node })
	if len(nodes) == 0 {
		return evidence.Finding{}, false
	}
	slices.Sort(nodes)
	return finding(evidence.CheckSameImage, evidence.ImageFailsElsewhere, evidence.Subject{Kind: evidence.SubjectImage, Name: Canonical(p.Reference)}, now,
		"the same image fails on %s too, and no node was seen to pull it meanwhile", strings.Join(nodes, ", ")), true
}

func (o *Others) registryWorks(ctx context.Context, p evidence.Pull, since time.Time) (evidence.Finding, bool) {
	asked := 0
	for _, s := range o.seen.RunsOfRegistry(p.Reference.Host) {
		if s.Time.Before(since) || asked == maxProofs || Canonical(s.Reference) == Canonical(p.Reference) {
			continue
		}
		asked++
		at := o.run.Pulled(ctx, s)
		if at.IsZero() || at.Before(since) {
			continue
		}
		f := finding(evidence.CheckSameRegistry, evidence.RegistryWorksForOther, evidence.Subject{Kind: evidence.SubjectRegistry, Name: p.Reference.Host}, at,
			"node %s pulled %s from it at %s", orThe(s.Node, "node"), Canonical(s.Reference), clock(at))
		f.Details = map[string]string{"node": s.Node, "image": Canonical(s.Reference)}
		return f, true
	}
	return evidence.Finding{}, false
}

// registryFails holds if several repositories of the registry fail for a
// reason that is the registry's or the way's to it, and none was pulled since.
func (o *Others) registryFails(p evidence.Pull, s symptom.Symptom, now time.Time) (evidence.Finding, bool) {
	f := o.registry[p.Reference.Host]
	if f == nil || f.answered || len(f.repositories) < 2 || !ofRegistry(s.Sign) {
		return evidence.Finding{}, false
	}
	return finding(evidence.CheckSameRegistry, evidence.RegistryFailsForAll, evidence.Subject{Kind: evidence.SubjectRegistry, Name: p.Reference.Host}, now,
		"%d repositories of it fail on %s, and none was seen to be pulled meanwhile", len(f.repositories), plural(len(f.nodes), "node")), true
}

// ofRegistry tells the signs that are not about one image or credential.
func ofRegistry(s symptom.Sign) bool {
	switch s {
	case symptom.HostNotResolved, symptom.ConnectionTimeout, symptom.ConnectionRefused, symptom.ConnectionReset,
		symptom.NoRoute, symptom.TLSVersionUnsupported, symptom.TLSUntrusted, symptom.TLSInvalid, symptom.HTTPInsteadOfHTTPS, symptom.ProxyFailed,
		symptom.RateLimited, symptom.RegistryUnavailable, symptom.MirrorFailed:
		return true
	}
	return false
}

// history tells whether this cluster ran the very reference, or another of the
// repository.
func (o *Others) history(p evidence.Pull) []evidence.Finding {
	var found []evidence.Finding
	if runs := o.seen.Runs(p.Reference); len(runs) > 0 {
		s := runs[0]
		at := "before"
		if !s.Time.IsZero() {
			at = "at " + s.Time.UTC().Format("2006-01-02 15:04 UTC")
		}
		found = append(found, finding(evidence.CheckHistory, evidence.RanBefore, evidence.Subject{Kind: evidence.SubjectImage, Name: Canonical(p.Reference)}, s.Time,
			"pod %s/%s started with this very image on %s %s", s.Namespace, s.Pod, orThe(s.Node, "its node"), at))
	}
	var others []string
	for _, tag := range o.seen.Tags(p.Reference) {
		if tag != p.Reference.Tag && len(others) < 3 {
			others = append(others, tag)
		}
	}
	if len(others) > 0 {
		f := finding(evidence.CheckHistory, evidence.RepositoryKnown, evidence.Subject{Kind: evidence.SubjectRepository, Name: repository(p.Reference)}, time.Time{},
			"pods of this cluster run %s from the same repository", strings.Join(others, ", "))
		f.Details = map[string]string{"tags": strings.Join(others, ",")}
		found = append(found, f)
	}
	return found
}

func clock(t time.Time) string { return t.UTC().Format(time.TimeOnly) + " UTC" }

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
