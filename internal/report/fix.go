// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/mend"
	"github.com/pullmedic/pullmedic/internal/remedy"
)

// NewFix makes the document of plans. What becomes of them is added to its
// targets by Carried.
func NewFix(now time.Time, s evidence.Survey, plans []mend.Plan) v1alpha1.Fix {
	f := v1alpha1.Fix{Document: v1alpha1.Head(v1alpha1.KindFix), Time: now.UTC(), Targets: []v1alpha1.TargetFix{}, NotLookedAt: gaps(s.NotLookedAt)}
	f.Sent = v1alpha1.Sent{Registries: registriesAsked(s), Requests: s.Sent.Requests, Logins: s.Sent.Logins}
	for _, p := range plans {
		f.Targets = append(f.Targets, target(p))
	}
	return f
}

func target(p mend.Plan) v1alpha1.TargetFix {
	k := p.Case
	t := v1alpha1.TargetFix{
		Target: object(evidence.Object{Kind: k.Target.Kind, Namespace: k.Target.Namespace, Name: k.Target.Name}),
		Source: []string{}, Causes: []v1alpha1.FixCause{}, Remedies: []v1alpha1.Remedy{}, Others: []v1alpha1.Remedy{}, Changes: []v1alpha1.ObjectChange{},
		Evictions: []string{}, Irrevocable: []string{}, Pulled: []string{}, Log: []string{}, Afterwards: []string{},
		Proof: v1alpha1.Proof(p.Proof), Outcome: v1alpha1.FixPlanned,
	}
	if k.Target.Manager.Tool != "" {
		t.ManagedBy = &v1alpha1.Manager{Tool: clean(k.Target.Manager.Tool), Name: clean(k.Target.Manager.Name)}
	}
	t.Source = cleaned(k.Target.Source)
	for _, d := range k.Diagnoses {
		first := d.Causes[0]
		t.Causes = append(t.Causes, v1alpha1.FixCause{
			Cause: first.Cause, Verdict: string(first.Verdict), Container: clean(d.Pull.Container), Image: clean(d.Pull.Image), Summary: clean(first.Summary),
		})
	}
	for _, c := range p.Chosen {
		t.Remedies = append(t.Remedies, remedyOf(c.Remedy))
	}
	for _, r := range p.Others {
		t.Others = append(t.Others, remedyOf(r))
	}
	for _, c := range p.Changes {
		t.Changes = append(t.Changes, changeOf(c))
	}
	for _, pod := range p.Evict {
		t.Evictions = append(t.Evictions, clean(pod.Name))
	}
	t.Irrevocable = append(t.Irrevocable, cleaned(p.Irrevocable)...)
	for _, a := range p.Result.Answers {
		if v1alpha1.Proof(a.Proof) == t.Proof {
			t.ProofWhy = clean(a.Why)
			break
		}
	}
	if !p.Ready() {
		t.Outcome = v1alpha1.FixNothing
	}
	return t
}

// Carried adds what became of a plan.
func Carried(t *v1alpha1.TargetFix, id string, r mend.Result) {
	t.Outcome, t.Why, t.Undo = v1alpha1.FixOutcome(r.Outcome), clean(r.Why), id
	t.Pulled, t.Left, t.Next = append(t.Pulled, cleaned(r.Pulled)...), r.Left, clean(r.Next)
	if r.Took > 0 {
		t.Took = r.Took.Round(10 * time.Millisecond).String()
	}
	if r.Outcome == mend.Mended {
		t.Why = ""
	}
}

func remedyOf(r remedy.Remedy) v1alpha1.Remedy {
	return v1alpha1.Remedy{
		ID: r.ID, Cause: r.Cause, Kind: v1alpha1.RemedyKind(r.Kind), Title: clean(r.Title), Because: clean(r.Because), Needs: clean(r.Needs),
		Steps: steps(r.Steps), Until: at(r.Until), Latest: at(r.Latest), Risks: cleaned(r.Risks), Lasting: steps(r.Lasting),
	}
}

func steps(from []remedy.Step) []v1alpha1.RemedyStep {
	out := []v1alpha1.RemedyStep{}
	for _, s := range from {
		step := v1alpha1.RemedyStep{What: clean(s.What), Where: clean(s.Where), Commands: append([]string{}, s.Commands...)}
		if s.File != nil {
			mode := s.File.Mode
			if mode == 0 {
				mode = 0o644
			}
			step.File = &v1alpha1.RemedyFile{Path: s.File.Path, Content: s.File.Content, Mode: fmt.Sprintf("%04o", mode)}
		}
		out = append(out, step)
	}
	return out
}

func changeOf(c remedy.Change) v1alpha1.ObjectChange {
	out := v1alpha1.ObjectChange{Object: clean(c.Object.String()), Namespace: clean(c.Object.Namespace), Creates: c.Creates(), Fields: []v1alpha1.FieldChange{}}
	for _, e := range c.Edits {
		e.Hidden = e.Hidden || c.Object.Kind == "Secret"
		if f, changes := field(e); changes {
			out.Fields = append(out.Fields, f)
		}
	}
	return out
}

// field is false for an edit that only tests.
func field(e remedy.Edit) (v1alpha1.FieldChange, bool) {
	if value(e.Old) == value(e.New) {
		return v1alpha1.FieldChange{}, false
	}
	f := v1alpha1.FieldChange{Path: clean(e.Path), Label: clean(e.Label), Secret: e.Hidden}
	if !e.Hidden {
		f.Old, f.New = clean(value(e.Old)), clean(value(e.New))
	}
	return f, true
}

// value of a field as text: "" for none.
func value(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	text, err := json.Marshal(v)
	if err != nil {
		return "?"
	}
	return string(text)
}

func cleaned(all []string) []string {
	out := make([]string, 0, len(all))
	for _, s := range all {
		out = append(out, clean(s))
	}
	return out
}
