// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package report shows what was found: as text for a person, as JSON or YAML
// for a program.
//
// New turns Evidence and diagnoses into the one published document; the text
// is rendered from that document too, so that a script can read all that a
// person is told. Everything here is pure: the time and the zone are passed in.
// It must never print foreign text as it came, nor put a value into a command
// that does not match its grammar.
package report

import (
	"slices"
	"time"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/foreign"
)

// maxText bounds every text of a document, in bytes. The rooms before have
// tighter bounds of their own.
const maxText = 1000

// New makes the document of one look. The diagnoses are those of s.Pulls, in
// the same order; pulls that are healthy are left out, and those that were pulled
// since are told apart.
func New(c *catalog.Catalog, s evidence.Survey, diagnoses []diagnosis.Diagnosis) v1alpha1.Report {
	r := v1alpha1.Report{
		Document: v1alpha1.Head(v1alpha1.KindReport),
		Time:     s.Time.UTC(), Pods: s.Pods, Namespaces: s.Namespaces,
		Groups: []v1alpha1.Group{}, Diagnoses: []v1alpha1.Diagnosis{}, Recovered: []v1alpha1.Recovery{}, Unmade: unmade(s.Unmade), NotRunning: notRunning(s.NotRunning),
		NotLookedAt: gaps(s.NotLookedAt),
		Read:        v1alpha1.Read{Pods: s.Pods, Secrets: secretsRead(s.Pulls)},
		Sent:        v1alpha1.Sent{Registries: registriesAsked(s), Requests: s.Sent.Requests, Logins: s.Sent.Logins},
	}
	var sick []v1alpha1.Diagnosis
	for i, d := range diagnoses {
		if d.Healthy() || len(d.Causes) == 0 {
			continue
		}
		one := newConverter(c, d).diagnosis()
		if at, ok := pulledSince(d.Findings); ok {
			r.Recovered = append(r.Recovered, recovery(one, at))
			continue
		}
		if i < len(s.Pulls) {
			one.Symptom = Symptom(s.Pulls[i].Symptom)
		}
		sick = append(sick, one)
	}
	outlooks(sick, r.Time)
	r.Groups, r.Diagnoses = group(c, sick)
	return r
}

// converter makes the published shape of one diagnosis. Several causes and steps
// name the same finding; it is converted once, and they share its texts.
type converter struct {
	catalog *catalog.Catalog
	d       diagnosis.Diagnosis
	found   []v1alpha1.Finding // of d.Findings
}

func newConverter(c *catalog.Catalog, d diagnosis.Diagnosis) converter {
	v := converter{c, d, make([]v1alpha1.Finding, 0, len(d.Findings))}
	for _, f := range d.Findings {
		v.found = append(v.found, finding(f))
	}
	return v
}

func (v converter) diagnosis() v1alpha1.Diagnosis {
	out := v1alpha1.Diagnosis{
		Pull: pull(v.d.Pull), Causes: v.causes(v.d.Causes), RuledOut: v.causes(v.d.RuledOut),
		Severity: string(v.d.Severity), Impact: impact(v.d.Impact), Changed: changes(v.d.Changed),
		Steps: make([]v1alpha1.Step, 0, len(v.d.Steps)), Findings: v.found, NotLookedAt: gaps(v.d.NotLookedAt), Egress: egress(v.d),
	}
	for _, s := range v.d.Steps {
		step := v1alpha1.Step{Number: s.Number, Title: clean(s.Title), Result: v1alpha1.StepResult(s.Result), Sentence: clean(s.Sentence)}
		if at := slices.IndexFunc(s.Findings, v.known); at >= 0 {
			step.Finding = &v.found[s.Findings[at]]
		}
		out.Steps = append(out.Steps, step)
	}
	return out
}

func (v converter) causes(from []diagnosis.Cause) []v1alpha1.Cause {
	causes := make([]v1alpha1.Cause, 0, len(from))
	for _, c := range from {
		out := v1alpha1.Cause{
			Cause: c.Cause, Verdict: v1alpha1.Verdict(c.Verdict), State: v1alpha1.State(c.State), Behind: c.Behind,
			Subject: subject(c.Subject), Summary: clean(c.Summary), FirstAction: clean(c.FirstAction), Findings: v.findings(c.Findings),
		}
		if c.FirstCommand == commandLine(c.FirstCommand) {
			out.FirstCommand = c.FirstCommand
		}
		if known, ok := v.catalog.Cause(c.Cause); ok {
			out.Category = string(known.Category)
			if c.Verdict != diagnosis.RuledOut {
				out.NextQuestion = known.NextQuestion
			}
		}
		causes = append(causes, out)
	}
	return causes
}

func (v converter) findings(indices []int) []v1alpha1.Finding {
	out := make([]v1alpha1.Finding, 0, len(indices))
	for _, i := range indices {
		if v.known(i) {
			out = append(out, v.found[i])
		}
	}
	return out
}

// known tells whether there is a finding of that index.
func (v converter) known(i int) bool { return i >= 0 && i < len(v.found) }

func finding(f evidence.Finding) v1alpha1.Finding {
	out := v1alpha1.Finding{
		Check: string(f.Check), Outcome: string(f.Outcome), Subject: subject(f.Subject), Vantage: v1alpha1.Vantage(f.Vantage),
		Time: at(f.Time), Sentence: clean(f.Sentence),
	}
	if f.Took > 0 {
		out.Took = f.Took.Round(10 * time.Microsecond).String()
	}
	for key, value := range f.Details {
		if out.Details == nil {
			out.Details = map[string]string{}
		}
		out.Details[clean(key)] = clean(value)
	}
	return out
}

func pull(p evidence.Pull) v1alpha1.Pull {
	out := v1alpha1.Pull{
		Namespace: clean(p.Namespace), Pod: clean(p.Pod), Container: clean(p.Container), ContainerKind: string(p.ContainerKind),
		Owner: object(p.Owner),
		Image: clean(p.Image), Reference: clean(fullName(p.Reference)), PullPolicy: clean(p.Policy), PullSecrets: []string{},
		ServiceAccount: clean(p.ServiceAccount), Node: clean(p.Node), Platform: clean(platform(p.Platform)),
		Runtime: clean(p.Runtime), KubeletVersion: clean(p.KubeletVersion), Reason: clean(p.Reason),
		FirstFailed: at(p.FirstFailed), LastFailed: at(p.LastFailed), Attempts: p.Attempts,
		NextEarliest: at(p.NextEarliest), NextLatest: at(p.NextLatest),
	}
	if out.Owner.Namespace == "" && out.Owner.Name != "" {
		out.Owner.Namespace = out.Namespace
	}
	for _, o := range p.Via {
		out.Via = append(out.Via, object(o))
	}
	if p.Manager.Tool != "" {
		out.Manager = &v1alpha1.Manager{Tool: clean(p.Manager.Tool), Name: clean(p.Manager.Name)}
	}
	for _, s := range p.PullSecrets {
		out.PullSecrets = append(out.PullSecrets, clean(s))
	}
	return out
}

func gaps(from []evidence.Gap) []v1alpha1.Gap {
	out := []v1alpha1.Gap{}
	for _, g := range from {
		out = append(out, v1alpha1.Gap{Check: string(g.Check), Subject: subject(g.Subject), Why: clean(g.Why), Needs: clean(g.Needs)})
	}
	return out
}

func subject(s evidence.Subject) v1alpha1.Subject {
	return v1alpha1.Subject{Kind: string(s.Kind), Name: clean(s.Name)}
}

// clean makes foreign text harmless once more: this is the last room before it
// is printed.
func clean(s string) string { return foreign.Text(s, maxText) }

func at(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// fullName is the reference in one string, "" if the image's name could not be
// parsed.
func fullName(r evidence.Reference) string {
	if r.Repository == "" {
		return ""
	}
	name := r.Host + "/" + r.Repository
	if r.Tag != "" {
		name += ":" + r.Tag
	} else if r.TagImplied {
		name += ":latest"
	}
	if r.Digest != "" {
		name += "@" + r.Digest
	}
	return name
}

func platform(p evidence.Platform) string {
	out := p.OS
	for _, part := range []string{p.Arch, p.Variant} {
		if part != "" && out != "" {
			out += "/"
		}
		out += part
	}
	return out
}
