// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"slices"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/symptom"
)

// Judge weighs the Evidence of one pull. It never fails: where nothing can be
// said, the answer is the undecided state Other. A pull that does not fail gets
// Other too, with state Cleared; Healthy tells it apart.
//
// The rules, in the order in which they apply:
//
//   - The runtime's own text is a finding made at the node. What it proves, it
//     proves for the time of the last failure; what was asked now counts more,
//     except for local causes, about which only the node can speak.
//   - A cause's set of confirming outcomes proves it. For a local cause one of
//     the set must come from the node; seen from elsewhere it is likely, and
//     possible if it lies on the way to the registry. Where the node's words show
//     that it got as far itself, what was met elsewhere is ruled out.
//   - A set that rules it out beats one that confirms it. If the pull would
//     work now, what the text proved is not ruled out but cleared.
//   - Where the text names the node's time, other clocks tell a wrong clock from
//     a certificate that is out of date.
//   - What needs a credential is ruled out where it is known that none is sent.
//   - Wording alone makes its first suggestion likely and the others possible,
//     and is silent beside a proof that explains the text.
//   - Where a finer cause and the one that it refines both hold, the finer one
//     is told.
//   - What the pull would meet later than the first, proven cause lies behind.
func Judge(c *catalog.Catalog, e evidence.Evidence) Diagnosis {
	b := newBench(c, e)
	if b.fails() {
		return b.judge()
	}
	return b.well()
}

// Foresee weighs the Evidence of a pull that nobody has tried yet, or that does
// not fail: what would it fail for? It is Healthy if nothing that was found
// speaks for any cause. For a pull that fails it is Judge.
func Foresee(c *catalog.Catalog, e evidence.Evidence) Diagnosis {
	b := newBench(c, e)
	d := b.judge()
	if !b.fails() && len(d.Causes) == 1 && d.Causes[0].Cause == catalog.Other {
		return b.well()
	}
	return d
}

// well is the diagnosis of a pull that does not fail.
func (b *bench) well() Diagnosis {
	return Diagnosis{
		Pull: b.e.Pull, Findings: b.findings, NotLookedAt: b.e.NotLookedAt, Impact: b.e.Impact,
		Causes: []Cause{b.healthy()}, Steps: b.steps(), Severity: SeverityOf(b.e.Pull, b.e.Impact, Cleared),
	}
}

// judge weighs all causes and settles between them.
func (b *bench) judge() Diagnosis {
	d := Diagnosis{Pull: b.e.Pull, Findings: b.findings, NotLookedAt: b.e.NotLookedAt, Impact: b.e.Impact}
	var open, out []judged
	for _, cause := range b.catalog.Causes() {
		j := b.weigh(cause)
		switch j.verdict {
		case RuledOut:
			out = append(out, j)
		case Confirmed, Likely, Possible:
			open = append(open, j)
		}
	}
	open = b.settle(open)
	state := Failing
	if cleared := b.cleared(open, out); len(cleared) > 0 {
		state, open = Cleared, cleared
		out = slices.DeleteFunc(out, func(j judged) bool {
			return slices.ContainsFunc(cleared, func(c judged) bool { return c.cause.ID == j.cause.ID })
		})
	}
	if b.has(evidence.NextAttemptSucceeded) {
		state = Cleared
	}
	if len(open) == 0 {
		open = []judged{b.undecided()}
	}
	for i, j := range open {
		told := b.tell(j, state)
		told.Behind = i > 0 && b.behind(open[0], j)
		d.Causes = append(d.Causes, told)
	}
	for _, j := range out {
		d.RuledOut = append(d.RuledOut, b.tell(j, state))
	}
	d.Steps = b.steps()
	d.Severity = SeverityOf(b.e.Pull, b.e.Impact, state)
	d.Changed = b.changed(d.Causes[0].Cause, state)
	return d
}

// Healthy tells whether nothing is wrong with the pull: it does not fail, and
// nothing that failed before had to be cleared.
func (d Diagnosis) Healthy() bool {
	return len(d.Causes) == 1 && d.Causes[0].Cause == catalog.Other && d.Causes[0].State == Cleared
}

// bench is one pull's Evidence made ready for weighing.
type bench struct {
	catalog  *catalog.Catalog
	e        evidence.Evidence
	findings []evidence.Finding
	// first and also are what the text alone points to, as ids; first is ""
	// if the text says nothing.
	first string
	also  []string
	// move of a retired name, if the table has it.
	move catalog.Move
	// keyringUnseen: the secrets could not be read, so that what the client
	// asked, it asked without the kubelet's credentials.
	keyringUnseen bool
}

func newBench(c *catalog.Catalog, e evidence.Evidence) *bench {
	b := &bench{catalog: c, e: e}
	spoken := slices.ContainsFunc(e.Findings, func(f evidence.Finding) bool {
		return f.Check == evidence.CheckMessage && f.Vantage == evidence.Node
	})
	if !spoken {
		b.findings = append(b.findings, evidence.FromSymptom(e.Symptom, e.Pull)...)
	}
	b.findings = append(b.findings, e.Findings...)
	b.retired()
	b.clock()
	for _, gap := range e.NotLookedAt {
		if gap.Check == evidence.CheckPullSecrets || gap.Check == evidence.CheckKeyring {
			b.keyringUnseen = true
		}
	}
	if s := e.Symptom; s.Sign != "" && s.Sign != symptom.Other {
		if s.Reference == "" {
			s.Reference = e.Pull.Image
		}
		first, also := c.Suggest(s)
		b.first = first.ID
		for _, a := range also {
			b.also = append(b.also, a.ID)
		}
	}
	return b
}

// retired adds what the catalogue's own table says about the name.
func (b *bench) retired() {
	move, ok := b.catalog.Retired(b.e.Pull.Reference)
	if !ok {
		return
	}
	b.move = move
	f := evidence.Finding{
		Check: evidence.CheckReference, Outcome: evidence.ReferenceRetired, Vantage: evidence.Client,
		Subject:  evidence.Subject{Kind: evidence.SubjectRepository, Name: join(move.Host, move.Repository)},
		Sentence: join(move.Host, move.Repository) + " was given up in " + move.Since + " and moved to " + move.To,
		Details:  map[string]string{"to": move.To, "since": move.Since, "reference": move.Reference},
	}
	if move.State == catalog.Frozen {
		f.Outcome = evidence.ReferenceFrozen
		f.Sentence = join(move.Host, move.Repository) + " gets no new images since " + move.Since + "; they moved to " + move.To
	}
	for _, known := range b.findings {
		if known.Outcome == f.Outcome {
			return
		}
	}
	b.findings = append(b.findings, f)
}

// fails tells whether there is anything to explain.
func (b *bench) fails() bool {
	p, s := b.e.Pull, b.e.Symptom
	if s.Sign != "" && s.Sign != symptom.Other || !p.LastFailed.IsZero() {
		return true
	}
	switch p.Reason {
	case "ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError",
		"RegistryUnavailable", "SignatureValidationFailed":
		return true
	}
	return b.has(evidence.PullUnfinished) || b.has(evidence.AdmissionRefused) || b.has(evidence.PolicyNeverAndAbsent) ||
		b.has(evidence.TextNamesNoCause)
}

func (b *bench) has(o evidence.Outcome) bool {
	return slices.ContainsFunc(b.findings, func(f evidence.Finding) bool { return f.Outcome == o })
}

// healthy is the answer for a pull that does not fail.
func (b *bench) healthy() Cause {
	return Cause{
		Cause: catalog.Other, Verdict: Possible, State: Cleared,
		Subject:  evidence.Subject{Kind: evidence.SubjectImage, Name: b.image()},
		Summary:  "nothing fails: " + b.image() + " is pulled as it should be",
		Findings: []int{},
	}
}

// undecided is the answer where nothing speaks for any cause.
func (b *bench) undecided() judged {
	other, _ := b.catalog.Cause(catalog.Other)
	j := judged{cause: other, verdict: Possible, place: -1}
	for i, f := range b.findings {
		if f.Check == evidence.CheckMessage {
			j.findings = append(j.findings, i)
		}
	}
	return j
}
