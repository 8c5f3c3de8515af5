// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package examine

import (
	"context"
	"slices"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/internal/workload"
	"github.com/pullmedic/pullmedic/symptom"
)

// assemble fills the patients' Evidence with what the facts say. It asks
// nothing: every answer is there.
func (l *look) assemble(ctx context.Context) {
	for _, p := range l.patients {
		pull := &p.e.Pull
		events := l.events[string(p.pod.UID)]
		if events.err != nil {
			p.gap(cluster.GapOf(evidence.CheckMessage, evidence.Subject{Kind: evidence.SubjectPod, Name: pull.Namespace + "/" + pull.Pod}, events.err))
		}
		s := cluster.Attach(pull, p.image, events.events.Of(string(p.pod.UID)))
		if gap, lost := cluster.CauseLost(*pull); lost && events.err == nil {
			p.gap(gap)
		}
		if len(p.extra) == 0 || p.recovered() {
			p.e.Symptom = s
		}
		if f, ok := cluster.PulledSince(*pull, l.now); ok && !p.recovered() {
			p.extra = append(p.extra, f)
		}
		node := l.node(ctx, p)
		if !p.unmade() && !p.recovered() {
			cluster.Schedule(pull, p.pod, events.events, l.now)
		}
		l.owner(p)
		l.impact(ctx, p)

		p.say(evidence.FromSymptom(p.e.Symptom, *pull)...)
		p.say(p.extra...)
		p.say(cluster.ReadReference(*pull, p.image, l.now))
		p.say(cluster.ReadPolicy(*pull, l.now)...)
		if pull.ContainerKind == evidence.Sandbox || p.unmade() {
			p.creds = cluster.ByRuntime()
		} else {
			p.creds = cluster.ReadCredentials(*pull, p.image, l.secretsOf(ctx, p), l.now)
		}
		p.say(p.creds.Findings...)
		p.e.Secrets = p.creds.Secrets
		p.gap(p.creds.NotLookedAt...)
		if len(p.pod.Spec.ImagePullSecrets) > maxSecrets {
			p.gap(evidence.Gap{Check: evidence.CheckPullSecrets, Subject: evidence.Subject{Kind: evidence.SubjectPod, Name: pull.Namespace + "/" + pull.Pod},
				Why: "the pod names more than " + number(maxSecrets) + " pull secrets, and only the first were read"})
		}
		p.say(node...)
		l.changes(ctx, p)
	}
}

// recovered tells that the pull, which failed, was pulled since.
func (p *patient) recovered() bool {
	return slices.ContainsFunc(p.extra, func(f evidence.Finding) bool { return f.Outcome == evidence.NextAttemptSucceeded })
}

// node fills in the platform and returns what the node shows.
func (l *look) node(ctx context.Context, p *patient) []evidence.Finding {
	name := p.e.Pull.Node
	if name == "" {
		return nil
	}
	node, err := l.run.Node(ctx, name)
	if err != nil {
		p.gap(cluster.GapOf(evidence.CheckNode, evidence.Subject{Kind: evidence.SubjectNode, Name: name}, err))
		return nil
	}
	found := cluster.ReadNode(&p.e.Pull, node, l.now)
	if f, ok := cluster.Reverified(p.e.Pull, node, l.seen, l.now); ok {
		found = append(found, f)
	}
	return found
}

// owner fills in the object that a person would edit.
func (l *look) owner(p *patient) {
	w, ok := l.owners[controller(p.pod)]
	if !ok {
		p.e.Pull.Owner = workload.Guess(p.pod)
		return
	}
	p.owner = w
	p.e.Pull.Owner, p.e.Pull.Via, p.e.Pull.Manager = w.Owner, w.Via, w.Manager
	for _, err := range w.Errs {
		if cluster.ReasonOf(err) != cluster.NotFound {
			p.gap(cluster.GapOf(evidence.CheckHistory, evidence.Subject{Kind: evidence.SubjectWorkload, Name: workloadName(w.Owner)}, err))
			return // one is enough: what is missing is the same
		}
	}
}

// previous tells what the workload's revision before ran, if it was another
// image, and returns that image's tag if it is of the same repository.
func (p *patient) previous() (found []evidence.Finding, tag string) {
	pull := p.e.Pull
	if pull.ContainerKind != evidence.Container && pull.ContainerKind != evidence.InitContainer {
		return nil, ""
	}
	revision, image, ok := p.owner.Previous(pull.Container, p.image)
	if !ok {
		return nil, ""
	}
	shown := foreign.Text(image, 300)
	f := evidence.Finding{
		Check: evidence.CheckHistory, Outcome: evidence.PreviousImageKnown, Vantage: evidence.Cluster, Time: revision.Created,
		Subject: evidence.Subject{Kind: evidence.SubjectWorkload, Name: workloadName(pull.Owner)},
		Details: map[string]string{"image": shown},
	}
	before := "the revision before"
	if revision.Number > 0 {
		before = "revision " + number(int(revision.Number))
		f.Details["revision"] = number(int(revision.Number))
	}
	sentence := before + " has " + shown
	if revision.Ready > 0 {
		f.Details["ready"] = number(int(revision.Ready))
	}
	f.Sentence = foreign.Text(sentence, 200)
	ref, err := reference(image)
	if err == nil && ref.Host == pull.Reference.Host && ref.Repository == pull.Reference.Repository && ref.Tag != pull.Reference.Tag {
		tag = ref.Tag
	}
	return []evidence.Finding{f}, tag
}

func (p *patient) say(findings ...evidence.Finding) { p.e.Findings = append(p.e.Findings, findings...) }

func (p *patient) gap(gaps ...evidence.Gap) { p.e.NotLookedAt = append(p.e.NotLookedAt, gaps...) }

// bystander is a failing pull that was not asked for: enough of it to tell
// what it shows about others.
func bystander(pull evidence.Pull) *evidence.Evidence {
	return &evidence.Evidence{Pull: pull, Symptom: symptom.Parse(pull.Message)}
}
