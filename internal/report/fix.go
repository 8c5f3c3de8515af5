// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/internal/mend"
	"github.com/pullmedic/pullmedic/internal/remedy"
	"github.com/pullmedic/pullmedic/internal/shell"
	"github.com/pullmedic/pullmedic/internal/verify"
)

// NewFix makes the document of a look whose pulls are to be mended; its targets
// are added with Target, and what becomes of them with Carried.
func NewFix(now time.Time, s evidence.Survey) v1alpha1.Fix {
	return v1alpha1.Fix{
		Document: v1alpha1.Head(v1alpha1.KindFix), Time: now.UTC(), Targets: []v1alpha1.TargetFix{}, Unmade: unmade(s.Unmade), Certificates: []v1alpha1.Certificate{},
		NotLookedAt: gaps(s.NotLookedAt), Sent: v1alpha1.Sent{Registries: registriesAsked(s), Requests: s.Sent.Requests, Logins: s.Sent.Logins},
	}
}

// Target is a plan, as it is before anything is done.
func Target(c *catalog.Catalog, p mend.Plan) v1alpha1.TargetFix {
	k := p.Case
	t := v1alpha1.TargetFix{
		Target: object(evidence.Object{Kind: k.Target.Kind, Namespace: k.Target.Namespace, Name: k.Target.Name}),
		Source: cleaned(k.Target.Source), Back: clean(k.Target.Back), Lasting: steps(k.Target.Lasting), Pace: clean(k.Target.Pace),
		Causes: []v1alpha1.FixCause{}, Remedies: []v1alpha1.Remedy{}, Others: []v1alpha1.Remedy{}, Changes: []v1alpha1.ObjectChange{},
		Evictions: []string{}, Irrevocable: cleaned(p.Irrevocable), Vantages: []v1alpha1.VantageProof{}, Pulled: []string{}, Notes: []string{}, Log: []v1alpha1.FixLog{},
		Wanted: k.Target.Wanted, Ready: k.Target.Ready, Restarts: p.Restarts, Risks: cleaned(p.Risks), Brake: clean(p.Brake),
		Afterwards: afterwards(k), NotLookedAt: gaps(k.NotLookedAt),
		Proof: v1alpha1.Proof(p.Proof), Outcome: v1alpha1.FixPlanned,
	}
	if m := k.Target.Manager; m.Tool != "" {
		t.ManagedBy = &v1alpha1.Manager{Tool: clean(m.Tool), Name: clean(m.Name)}
	}
	if k.Target.Above.Name != "" {
		above := object(k.Target.Above)
		t.Above = &above
	}
	for _, d := range k.Diagnoses {
		if len(d.Causes) == 0 {
			continue
		}
		one := fixCause(c, d)
		one.Remedy = remedyFor(p, d.Pull)
		t.Causes = append(t.Causes, one)
	}
	for _, one := range p.Remedies() {
		t.Remedies = append(t.Remedies, remedyOf(one))
	}
	for _, r := range p.Others {
		t.Others = append(t.Others, remedyOf(r))
	}
	for _, one := range p.Changes {
		t.Changes = append(t.Changes, changeOf(one))
	}
	t.HeldBack = append(t.HeldBack, cleaned(p.Partitioned)...)
	for _, pod := range p.Evict {
		t.Evictions = append(t.Evictions, clean(pod.Name))
	}
	t.SecondTries = p.Again
	t.ProofWhy, t.Vantages = proofOf(p)
	if !p.Ready() {
		t.Outcome = v1alpha1.FixNothing
	}
	return t
}

// remedyFor is the id of the remedy that a plan has for a pull, "" if it has none.
func remedyFor(p mend.Plan, pull evidence.Pull) string {
	id := ""
	for _, chosen := range p.Chosen {
		if q := chosen.Diagnosis.Pull; q.Container == pull.Container && q.ContainerKind == pull.ContainerKind && q.Image == pull.Image {
			id = chosen.Remedy.ID
		}
	}
	return id
}

// proofOf is what a plan's proof rests on: the first answer that says so, and, of a
// plan that is proven, what the others say besides.
func proofOf(p mend.Plan) (why string, views []v1alpha1.VantageProof) {
	views = []v1alpha1.VantageProof{}
	if p.ProvenBy != "" {
		return clean(p.ProvenBy), views
	}
	var whys []string
	for _, a := range p.Result.Answers {
		if a.Proof != p.Proof || len(whys) > 0 && (p.Proof != verify.Proven || slices.Contains(whys, clean(a.Why))) {
			continue
		}
		if len(whys) == 0 {
			for _, view := range a.Views {
				views = append(views, v1alpha1.VantageProof{Vantage: v1alpha1.Vantage(view.Vantage), Proof: v1alpha1.Proof(view.Proof), Sentence: clean(view.Sentence)})
			}
		}
		whys = append(whys, clean(a.Why))
	}
	return strings.Join(whys, "; "), views
}

// fixCause is the first cause of a diagnosis with what a post-mortem needs.
func fixCause(c *catalog.Catalog, d diagnosis.Diagnosis) v1alpha1.FixCause {
	first, convert := d.Causes[0], newConverter(c, d)
	out := v1alpha1.FixCause{
		Cause: first.Cause, Verdict: string(first.Verdict), Pod: clean(d.Pull.Pod), Container: clean(d.Pull.Container), Image: clean(d.Pull.Image),
		Summary: clean(first.Summary), FirstFailed: at(d.Pull.FirstFailed), Attempts: d.Pull.Attempts, Findings: convert.findings(first.Findings),
		Untried: remedy.Untried(d), Severity: string(d.Severity), Impact: impact(d.Impact), Changed: changes(d.Changed), Prevention: []string{},
	}
	if known, ok := c.Cause(first.Cause); ok {
		out.Prevention = append(out.Prevention, known.Prevention...)
	}
	return out
}

// An End is what became of a plan, and when.
type End struct {
	mend.Result
	// ID by which it is undone, "" if there is nothing to undo.
	ID           string
	Began, Ended time.Time
}

// Carried adds what became of a plan.
func Carried(t *v1alpha1.TargetFix, e End) {
	t.Outcome, t.Why, t.Undo = v1alpha1.FixOutcome(e.Outcome), clean(e.Why), e.ID
	t.Pulled, t.Left, t.Next = append(t.Pulled, cleaned(e.Pulled)...), e.Left, clean(e.Next)
	t.Served, t.CountsFrom = e.Served, at(e.CountsFrom)
	t.Afterwards = append(steps(e.Then), t.Afterwards...)
	t.Began, t.Ended = at(e.Began), at(e.Ended)
	if e.Took > 0 {
		t.Took = e.Took.Round(10 * time.Millisecond).String()
		t.Mended = at(e.Began.Add(e.Took))
	}
	if e.Outcome == mend.Mended {
		t.Why = ""
	}
	t.Notes = append(t.Notes, cleaned(e.Notes)...)
}

// Logged adds something that was done to the log.
func Logged(t *v1alpha1.TargetFix, when time.Time, what string) {
	t.Log = append(t.Log, v1alpha1.FixLog{Time: when.UTC(), What: clean(what)})
}

// endSilences is what is forgotten after an incident.
const endSilences = "End the silences that were set for this incident"

// afterwards is what has to go on again once the image is pulled.
func afterwards(k remedy.Case) []v1alpha1.RemedyStep {
	const where = "where kubectl is"
	var all []remedy.Step
	add := func(what string, words ...string) {
		step := remedy.Step{What: what, Where: where}
		if command, ok := shell.Command(words...); ok && isName(k.Target.Name) && isName(k.Target.Namespace) {
			step.Commands = []string{command}
		}
		all = append(all, step)
	}
	switch {
	case k.Target.Kind == "Deployment" && k.Target.Paused:
		add("Resume the rollout, which is paused", "kubectl", "rollout", "resume", k.Target.Object.String(), "-n", k.Target.Namespace)
	case k.Target.Suspended:
		add("Let it run again: it is suspended", "kubectl", "patch", k.Target.Object.String(), "-n", k.Target.Namespace, "--type", "merge", "-p", `{"spec":{"suspend":false}}`)
	}
	all = append(all, k.Target.Resume...)
	for _, d := range k.Diagnoses {
		if first := d.Pull.FirstFailed; !first.IsZero() && k.Now.Sub(first) > byFixed {
			all = append(all, remedy.Step{What: endSilences}) // somebody was woken by then
			break
		}
	}
	return steps(all)
}

func remedyOf(r remedy.Remedy) v1alpha1.Remedy {
	return v1alpha1.Remedy{
		ID: r.ID, Cause: r.Cause, Container: clean(r.Container), Near: cleaned(r.Near), Kind: v1alpha1.RemedyKind(r.Kind), Title: clean(r.Title), Because: clean(r.Because), Needs: clean(r.Needs),
		Steps: steps(r.Steps), Until: at(r.Until), Latest: at(r.Latest), Risks: cleaned(r.Risks), Restarts: r.Restarts, Lasting: steps(r.Lasting), Undo: steps(r.Undo),
	}
}

// Bounds of what is handed over, in bytes: a command, a file.
const (
	maxCommand = 8 << 10
	maxFile    = 64 << 10
)

// commandLine is a command as it can be shown: of one line, without characters
// that a terminal would not show as themselves.
func commandLine(c string) string {
	return strings.ReplaceAll(foreign.Lines(c, maxCommand), "\n", " ")
}

// steps are for a person to carry out to the letter: what a terminal would not
// show as it is, is left out and said to be.
func steps(from []remedy.Step) []v1alpha1.RemedyStep {
	out := []v1alpha1.RemedyStep{}
	for _, s := range from {
		step := v1alpha1.RemedyStep{What: clean(s.What), Where: clean(s.Where), Commands: []string{}, Afterwards: clean(s.Afterwards)}
		for _, c := range s.Commands {
			if c != commandLine(c) {
				step.What += " (a command is left out: it has characters that are not shown)"
				continue
			}
			step.Commands = append(step.Commands, c)
		}
		if s.File != nil {
			mode := s.File.Mode
			if mode == 0 {
				mode = 0o644
			}
			step.File = &v1alpha1.RemedyFile{Path: clean(s.File.Path), Content: foreign.Lines(s.File.Content, maxFile), Mode: fmt.Sprintf("%04o", mode)}
		}
		out = append(out, step)
	}
	return out
}

func changeOf(c remedy.Change) v1alpha1.ObjectChange {
	out := v1alpha1.ObjectChange{Object: clean(c.Object.String()), Namespace: clean(c.Object.Namespace), Creates: c.Creates(), Fields: []v1alpha1.FieldChange{}}
	for _, e := range c.Edits {
		out.Fields = append(out.Fields, fields(c.Object.Kind, e)...)
	}
	if c.Creates() {
		out.Fields = made(c.Object.Kind, "", c.New, out.Fields)
	}
	return out
}

// asOne bounds the values of an edit that are shown as one, as JSON, in bytes.
const asOne = 200

// fields are the differences of an edit, none of one that only tests: what may be
// secret is masked, and all that lies beside it is shown.
func fields(kind string, e remedy.Edit) []v1alpha1.FieldChange {
	var all []v1alpha1.FieldChange
	if before, after := value(e.Old), value(e.New); before == after {
		return nil
	} else if !e.Hides(kind) && len(before) <= asOne && len(after) <= asOne {
		return append(all, v1alpha1.FieldChange{Path: clean(e.Path), Label: clean(e.Label), Old: clean(before), New: clean(after)})
	}
	for _, leaf := range e.Leaves(kind) {
		f := v1alpha1.FieldChange{Path: clean(leaf.Path), Label: clean(e.Label), Old: clean(value(leaf.Old)), New: clean(value(leaf.New)), Secret: leaf.Secret}
		if leaf.Name != "" { // a part of it
			f.Label = clean(cmp.Or(e.Label, pathWords(e.Path)) + leaf.Name)
		}
		all = append(all, f)
	}
	return all
}

// madeShown bounds the fields that are shown of an object that is made.
const madeShown = 40

// made lists the fields of a new object, in the order of their names.
func made(kind, path string, v any, into []v1alpha1.FieldChange) []v1alpha1.FieldChange {
	if len(into) >= madeShown {
		return into
	}
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			at := path + "/" + strings.ReplaceAll(name, "/", "~1")
			if at == "/apiVersion" || at == "/kind" || at == "/metadata/name" || at == "/metadata/namespace" {
				continue // the object's name says that
			}
			into = made(kind, at, v[name], into)
		}
		return into
	case []any:
		for i := range v {
			into = made(kind, path+"/"+strconv.Itoa(i), v[i], into)
		}
		return into
	}
	shown, hidden := remedy.Shown(kind, path, v)
	return append(into, v1alpha1.FieldChange{Path: clean(path), New: clean(value(shown)), Secret: hidden})
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

// Unplanned is a target for which no plan could be made.
func Unplanned(target evidence.Object, err error) v1alpha1.TargetFix {
	t := v1alpha1.TargetFix{
		Target: object(target), Source: []string{}, Lasting: []v1alpha1.RemedyStep{}, Causes: []v1alpha1.FixCause{}, Remedies: []v1alpha1.Remedy{}, Others: []v1alpha1.Remedy{},
		Changes: []v1alpha1.ObjectChange{}, Evictions: []string{}, Risks: []string{}, Irrevocable: []string{}, Proof: v1alpha1.NotProven, Vantages: []v1alpha1.VantageProof{},
		Pulled: []string{}, Notes: []string{}, Log: []v1alpha1.FixLog{}, Afterwards: []v1alpha1.RemedyStep{}, NotLookedAt: []v1alpha1.Gap{},
	}
	t.Outcome, t.Why = v1alpha1.FixRefused, clean(err.Error())
	return t
}
