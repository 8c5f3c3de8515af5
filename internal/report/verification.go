// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/verify"
)

// nodesNamed bounds the nodes that a document names of one kind.
const nodesNamed = 20

// NewVerification makes the document of what verify found. passed are the kinds
// of objects of a file in which no pod template was found.
func NewVerification(c *catalog.Catalog, r verify.Result, passed []string) v1alpha1.Verification {
	v := v1alpha1.Verification{
		Document: v1alpha1.Head(v1alpha1.KindVerification), Time: r.Time.UTC(), Proof: v1alpha1.Proof(r.Proof()),
		Pulls: []v1alpha1.NextPull{}, NotLookedAt: gaps(r.NotLookedAt),
		Read: v1alpha1.Read{Pods: r.Pods, Secrets: r.Secrets},
	}
	for _, kind := range passed {
		v.Passed = append(v.Passed, clean(kind))
	}
	asked := evidence.Survey{Sent: r.Sent}
	for _, a := range r.Answers {
		asked.Pulls = append(asked.Pulls, a.Evidence)
		if a.Mine != nil {
			asked.Pulls = append(asked.Pulls, evidence.Evidence{Pull: a.Evidence.Pull, Findings: a.Mine.Findings})
		}
		v.Pulls = append(v.Pulls, nextPull(c, a))
	}
	v.Sent = v1alpha1.Sent{Registries: registriesAsked(asked), Requests: r.Sent.Requests, Logins: r.Sent.Logins}
	return v
}

func nextPull(c *catalog.Catalog, a verify.Answer) v1alpha1.NextPull {
	p := pull(a.Evidence.Pull)
	convert := newConverter(c, a.Diagnosis)
	out := v1alpha1.NextPull{
		Owner: p.Owner, Container: p.Container, ContainerKind: p.ContainerKind, Image: p.Image, Reference: p.Reference,
		PullPolicy: p.PullPolicy, PullSecrets: p.PullSecrets, ServiceAccount: p.ServiceAccount, Platform: p.Platform,
		NodeCount: len(a.Place.Nodes), Nodes: []string{}, HaveItCount: len(a.Holding.On), HaveIt: []string{}, Need: v1alpha1.Need(a.Need),
		Proof: v1alpha1.Proof(a.Proof), Why: clean(a.Why), Causes: []v1alpha1.Cause{},
		Vantages: []v1alpha1.VantageProof{}, Notes: []string{}, Findings: []v1alpha1.Finding{}, NotLookedAt: gaps(a.Evidence.NotLookedAt),
	}
	for _, node := range a.Place.Nodes[:min(len(a.Place.Nodes), nodesNamed)] {
		out.Nodes = append(out.Nodes, clean(node.Name))
	}
	for _, name := range a.Holding.On[:min(len(a.Holding.On), nodesNamed)] {
		out.HaveIt = append(out.HaveIt, clean(name))
	}
	if !a.Diagnosis.Healthy() && a.Proof != verify.Proven {
		out.Causes = convert.causes(a.Diagnosis.Causes)
		if a.Decided != nil || a.Proof == verify.NotProven && a.Diagnosis.Causes[0].Cause != catalog.Other {
			out.Cause = a.Diagnosis.Causes[0].Cause
		}
	}
	if p.Image == "" && out.Cause == catalog.InvalidImageName {
		out.Why = "container " + p.Container + " has no image"
		out.Causes[0].Summary, out.Causes[0].FirstAction = out.Why, "Write an image into container "+p.Container+" of "+named(p.Owner)+"."
	}
	for _, view := range a.Views {
		out.Vantages = append(out.Vantages, v1alpha1.VantageProof{Vantage: v1alpha1.Vantage(view.Vantage), Proof: v1alpha1.Proof(view.Proof), Sentence: clean(view.Sentence)})
	}
	if a.Size != nil {
		out.Size = &v1alpha1.ImageSize{Layers: a.Size.Layers, Bytes: int(a.Size.Total), LargestLayer: int(a.Size.Largest)}
	}
	for _, note := range a.Notes {
		out.Notes = append(out.Notes, clean(note))
	}
	if me := a.AsMe; me != nil {
		out.AsMe = &v1alpha1.AsMe{Proof: v1alpha1.Proof(me.Proof), Platform: clean(platform(me.Platform)), Login: me.Login, SameLogin: me.SameLogin, Sentences: []string{}}
		for _, s := range me.Sentences {
			out.AsMe.Sentences = append(out.AsMe.Sentences, clean(s))
		}
	}
	for _, f := range a.Diagnosis.Findings {
		out.Findings = append(out.Findings, finding(f))
	}
	return out
}
