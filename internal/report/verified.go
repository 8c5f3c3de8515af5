// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/shell"
)

// VerificationText writes what verify found: the verdict over all, then each
// pull with its own, what proves it, and from where it was seen.
func VerificationText(w io.Writer, v v1alpha1.Verification, style Style) error {
	s := newSheet(style)
	said := map[string]bool{}
	if len(v.Pulls) != 1 || v.Proof != v.Pulls[0].Proof {
		s.tally(v)
		if why := sharedWhy(v); why != "" {
			s.hang("All for one reason: ", plain, 2, normal(sentence(why)))
			said[why] = true
		}
	}
	for _, p := range v.Pulls {
		if s.b.Len() > 0 {
			s.blank()
		}
		s.nextPull(p, said, v.Time)
	}
	var missed []gapLine
	for _, g := range v.NotLookedAt {
		if !said[g.Why] {
			missed = append(missed, gapLine{why: g.Why, needs: g.Needs})
		}
	}
	if len(v.Passed) > 0 {
		missed = append(missed, gapLine{why: "of the file, what makes no pods: " + strings.Join(v.Passed, ", ")})
	}
	read := "Read " + count(v.Read.Pods, "pod")
	if v.Read.Secrets > 0 {
		read += " and " + count(v.Read.Secrets, "pull secret")
	}
	s.close(read+"; "+sentWords(v.Sent)+". Nothing was made or changed.", missed)
	return s.writeTo(w)
}

// sharedWhy is the one reason for which several pulls are not proven, "" if there
// is none such.
func sharedWhy(v v1alpha1.Verification) string {
	why, n := "", 0
	for _, p := range v.Pulls {
		if p.Proof != v1alpha1.NotProven {
			continue
		}
		if n++; n > 1 && p.Why != why {
			return ""
		}
		why = p.Why
	}
	if n < 2 {
		return ""
	}
	return why
}

// tally is the verdict over all pulls.
func (s *sheet) tally(v v1alpha1.Verification) {
	n := map[v1alpha1.Proof]int{}
	for _, p := range v.Pulls {
		n[p.Proof]++
	}
	all := len(v.Pulls)
	var parts []run
	add := func(c color, format string, args ...any) {
		if len(parts) > 0 {
			parts[len(parts)-1].text += ","
		}
		parts = append(parts, painted(fmt.Sprintf(format, args...), c))
	}
	switch {
	case all == 0:
		add(yellow, "Nothing to pull was found")
	case n[v1alpha1.Proven] == all && v.Proof != v1alpha1.Proven:
		add(yellow, "What was looked at (%s) is proven from here, and not all was looked at", count(all, "pull"))
	case n[v1alpha1.Proven] == all:
		add(green, "All %s are proven from here", count(all, "pull"))
	case n[v1alpha1.Disproved] > 0:
		add(red, "%s of %s would fail", number(n[v1alpha1.Disproved]), count(all, "pull"))
	default:
		add(yellow, "Nothing speaks against %s", count(all, "pull"))
	}
	if u := n[v1alpha1.NotProven]; u > 0 {
		add(yellow, "%s not proven", number(u))
	}
	if p := n[v1alpha1.Proven]; p > 0 && p < all {
		add(green, "%s proven from here", number(p))
	}
	s.hang("", plain, 2, parts...)
}

// nextPull writes one pull to come. What was said for all before it is not said
// again, and what it says itself is added to that.
func (s *sheet) nextPull(p v1alpha1.NextPull, said map[string]bool, now time.Time) {
	head, c := "Not proven:", yellow
	switch {
	case p.Proof == v1alpha1.Proven && p.Need == v1alpha1.NotNeeded && p.HaveItCount == p.NodeCount:
		head, c = "Proven:", green
	case p.Proof == v1alpha1.Proven:
		head, c = "Proven from here:", green
	case p.Proof == v1alpha1.Disproved && p.Cause != "":
		head, c = "Disproved, "+p.Cause+":", red
	case p.Proof == v1alpha1.Disproved:
		head, c = "Disproved:", red
	}
	image := p.Reference
	if image == "" {
		image = p.Image
	}
	words := []run{painted(head, c), normal(image)}
	if why := strings.TrimRight(p.Why, "."); p.Proof == v1alpha1.Disproved {
		words[1] = normal(why)
	} else if (p.Proof == v1alpha1.NotProven || p.Need == v1alpha1.NotNeeded) && !said[p.Why] {
		words[1].text += ":"
		words = append(words, normal(why))
	}
	s.hang("", plain, 2, words...)
	if p.Proof == v1alpha1.Disproved && len(p.Causes) > 0 && p.Causes[0].FirstAction != "" {
		s.first(p.Causes[0])
	}
	s.blank()
	s.field("For", forWords(p))
	s.field("Image", imageWords(v1alpha1.Pull{Image: p.Image, Reference: p.Reference, PullPolicy: p.PullPolicy}))
	s.field("On", onWords(p))
	if p.Size != nil {
		text := sizeWords(p.Size.Bytes) + " in " + count(p.Size.Layers, "layer")
		if p.Size.Layers > 1 {
			text += ", the largest " + sizeWords(p.Size.LargestLayer)
		}
		s.field("Size", text+" (compressed)")
	}
	if len(p.Causes) > 0 {
		s.evidence(p.Causes[0], now)
		s.further(p.Causes[1:])
	} else {
		s.proof(p, now)
	}
	for i, view := range p.Vantages {
		name := ""
		if i == 0 {
			name = "Seen from"
		}
		text := view.Sentence
		if text == p.Why && p.Proof != v1alpha1.Proven {
			text = "as said above"
		}
		s.item(name, proofMark(view.Proof), pad(vantageWords(view.Vantage), len("cluster "))+" ", normal(text))
	}
	s.list("Note", p.Notes)
	if p.AsMe != nil {
		s.list("As you", p.AsMe.Sentences)
	}
	said[p.Why] = true
	var missed []string
	for _, g := range p.NotLookedAt {
		if said[g.Why] && g.Needs == "" {
			continue // the same reason, or that of a pull before
		}
		missed = append(missed, gapLine{why: g.Why, needs: g.Needs}.words())
	}
	if s.Verbose == 0 && len(missed) > gapsShown {
		missed = append(missed[:gapsShown], "and "+number(len(missed)-gapsShown)+" more; -v lists them")
	}
	s.list("Not seen", missed)
	if s.Verbose > 0 {
		s.findings(p.Findings, now)
	}
	if command, ok := shell.Command(append(s.program(), "explain", p.Cause)...); ok {
		s.command("More", command)
	}
}

// proof lists the steps that prove a pull.
func (s *sheet) proof(p v1alpha1.NextPull, now time.Time) {
	name := "Evidence"
	for _, f := range p.Findings {
		shown := slices.Contains([]evidence.Outcome{
			evidence.KeyringMatches, evidence.AnonymousMayPull, evidence.ManifestPresent, evidence.PlatformPresent, evidence.BlobsPresent, evidence.ImageOnNode,
		}, evidence.Outcome(f.Outcome))
		if !shown {
			continue
		}
		s.item(name, markOf(f), "", normal(f.Sentence), solid(s.origin(f, now), dim))
		name = ""
	}
}

func proofMark(p v1alpha1.Proof) mark {
	switch p {
	case v1alpha1.Proven:
		return goodMark()
	case v1alpha1.Disproved:
		return badMark()
	}
	return neutralMark()
}

func vantageWords(v v1alpha1.Vantage) string {
	if v == v1alpha1.Client {
		return "here"
	}
	return string(v)
}

func forWords(p v1alpha1.NextPull) string {
	text := named(p.Owner) + " in " + p.Owner.Namespace
	switch p.ContainerKind {
	case string(evidence.ImageVolume):
		return text + ", image volume " + p.Container
	case string(evidence.InitContainer):
		return text + ", init container " + p.Container
	case string(evidence.EphemeralContainer):
		return text + ", ephemeral container " + p.Container
	}
	return text + ", container " + p.Container
}

func onWords(p v1alpha1.NextPull) string {
	const named = 4
	text := p.Platform
	if text == "" {
		text = "a platform that is not known"
	}
	switch {
	case p.NodeCount == 0:
		return text + "; no node of that kind was seen"
	case p.NodeCount == 1:
		return text + ", node " + p.Nodes[0]
	}
	names := strings.Join(p.Nodes[:min(len(p.Nodes), named)], ", ")
	if p.NodeCount > named {
		names += " ..."
	}
	return text + ", " + count(p.NodeCount, "node") + ": " + names
}

// sizeWords writes a size for a person.
func sizeWords(n int) string {
	switch {
	case n < 1<<20:
		return number((n+1023)>>10) + " KiB"
	case n < 1<<30:
		return number((n+1<<19)>>20) + " MiB"
	}
	return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
}
