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
	common := commonTo(v.Pulls)
	if len(v.Pulls) != 1 || v.Proof != v.Pulls[0].Proof {
		s.tally(v)
		if why := sharedWhy(v); why != "" {
			s.hang("All for one reason: ", plain, 2, normal(sentence(why)))
			said[why], common.why = true, why
		}
		s.verdicts(v)
	}
	for _, p := range v.Pulls {
		if s.b.Len() > 0 {
			s.blank()
		}
		s.nextPull(p, said, common, v.Time)
	}
	s.common(common)
	var missed []gapLine
	for _, g := range v.NotLookedAt {
		if !said[g.Why] {
			missed = append(missed, gapLine{why: g.Why, needs: g.Needs})
		}
	}
	if len(v.Passed) > 0 {
		missed = append(missed, gapLine{why: "of the file, that in which no pod template was found: " + strings.Join(v.Passed, ", ")})
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

// verdicts lists the images with what is known of each, for whoever looks for one.
func (s *sheet) verdicts(v v1alpha1.Verification) {
	if len(v.Pulls) < 2 {
		return
	}
	s.blank()
	pulls := map[string]int{}
	line := func(p v1alpha1.NextPull) string {
		head, _ := headOf(p)
		return imageOf(p) + ": " + strings.ToLower(head[:1]) + head[1:]
	}
	for _, p := range v.Pulls {
		pulls[line(p)]++
	}
	for _, p := range v.Pulls {
		text := line(p)
		n := pulls[text]
		if n == 0 {
			continue // it is told
		}
		pulls[text] = 0
		if n > 1 {
			text += " (" + count(n, "pull") + ")"
		}
		m := proofMark(p.Proof)
		s.paragraph("  "+m.sign+" ", m.color, normal(text))
	}
}

// shared is what is said of every pull in the same words: it is told once, at the
// end, the reason at the beginning.
type shared struct {
	why   string // the one reason for which none is proven, told at the beginning
	views []v1alpha1.VantageProof
	notes []string
}

// commonTo is what all of several pulls have in common.
func commonTo(pulls []v1alpha1.NextPull) shared {
	var out shared
	if len(pulls) < 2 {
		return out
	}
	for _, view := range pulls[0].Vantages {
		if view.Vantage == v1alpha1.Node && !slices.ContainsFunc(pulls, func(p v1alpha1.NextPull) bool { return !slices.Contains(p.Vantages, view) }) {
			out.views = append(out.views, view)
		}
	}
	for _, note := range pulls[0].Notes {
		if !slices.ContainsFunc(pulls, func(p v1alpha1.NextPull) bool { return !slices.Contains(p.Notes, note) }) {
			out.notes = append(out.notes, note)
		}
	}
	return out
}

// common tells what holds for all pulls.
func (s *sheet) common(c shared) {
	if len(c.views)+len(c.notes) == 0 {
		return
	}
	s.blank()
	s.paragraph("", plain, painted("Of all of them:", bold))
	for i, view := range c.views {
		s.view(i == 0, view, view.Sentence)
	}
	s.list("Note", c.notes)
}

// view is what one vantage shows.
func (s *sheet) view(first bool, v v1alpha1.VantageProof, text string) {
	name := ""
	if first {
		name = "Seen from"
	}
	s.item(name, proofMark(v.Proof), pad(vantageWords(v.Vantage), len("cluster "))+" ", normal(text))
}

// headOf is the verdict on a pull.
func headOf(p v1alpha1.NextPull) (string, color) {
	switch {
	case p.Proof == v1alpha1.Proven && p.Need == v1alpha1.NotNeeded && p.HaveItCount == p.NodeCount:
		return "Proven", green
	case p.Proof == v1alpha1.Proven:
		return "Proven from here", green
	case p.Proof == v1alpha1.Disproved && p.Cause != "":
		return "Disproved, " + p.Cause, red
	case p.Proof == v1alpha1.Disproved:
		return "Disproved", red
	}
	return "Not proven", yellow
}

// imageOf is the image as it is asked for, else as it is written.
func imageOf(p v1alpha1.NextPull) string {
	switch {
	case p.Reference != "":
		return p.Reference
	case p.Image == "":
		return "container " + p.Container + " without an image"
	}
	return p.Image
}

// nextPull writes one pull to come. What was said for all before it, or is said for
// all after it, is not said again, and what it says itself is added to that.
func (s *sheet) nextPull(p v1alpha1.NextPull, said map[string]bool, common shared, now time.Time) {
	head, c := headOf(p)
	image, told := imageOf(p), p.Why != "" && p.Why == common.why
	words := []run{painted(head+":", c), normal(image)}
	if why := strings.TrimRight(p.Why, "."); p.Proof == v1alpha1.Disproved {
		words[1] = normal(why)
	} else if (p.Proof == v1alpha1.NotProven || p.Need == v1alpha1.NotNeeded) && !told {
		words[1].text += ":"
		words = append(words, normal(why))
	}
	s.hang("", plain, 2, words...)
	if p.Proof == v1alpha1.Disproved && len(p.Causes) > 0 && p.Causes[0].FirstAction != "" {
		s.first(p.Causes[0])
	}
	s.blank()
	s.field("For", forWords(p))
	if p.Image != "" {
		s.field("Image", imageWords(v1alpha1.Pull{Image: p.Image, Reference: p.Reference, PullPolicy: p.PullPolicy}))
	}
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
	views := slices.DeleteFunc(slices.Clone(p.Vantages), func(v v1alpha1.VantageProof) bool { return slices.Contains(common.views, v) })
	for i, view := range views {
		text := view.Sentence
		switch {
		case text != p.Why || p.Proof == v1alpha1.Proven:
		case told:
			text = "the reason that all have, told at the beginning"
		default:
			text = "as the first line on this image says"
		}
		s.view(i == 0, view, text)
	}
	s.list("Note", slices.DeleteFunc(slices.Clone(p.Notes), func(n string) bool { return slices.Contains(common.notes, n) }))
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
