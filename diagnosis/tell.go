// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"slices"
	"strings"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/foreign"
)

// A summary's parts are bounded, so that one hostile name cannot fill a screen.
const (
	summaryLimit = 400
	tellsLimit   = 2 // sentences of findings that complete a summary
)

// tell makes the published Cause: subject, findings and one sentence.
func (b *bench) tell(j judged, state State) Cause {
	told := Cause{Cause: j.cause.ID, Verdict: j.verdict, State: state, Findings: j.findings}
	told.Subject = b.subject(j)
	if j.verdict == RuledOut {
		if len(j.findings) > 0 {
			told.Summary = b.findings[j.findings[0]].Sentence
		}
		return told
	}
	tells := b.tells(j)
	told.Findings = distinct(slices.Concat(j.findings, b.seenHere(j), b.words(j), tells, b.contrast(j)))
	told.Summary = b.summary(j, told.Subject, state, tells)
	b.instruct(j, &told)
	return told
}

// seenHere is what the client found to be as the node said.
func (b *bench) seenHere(j judged) []int {
	var found []int
	for _, i := range j.findings {
		if b.findings[i].Vantage != evidence.Node {
			continue
		}
		if same, ok := b.match([]evidence.Outcome{b.findings[i].Outcome}, fromHere); ok {
			found = append(found, same...)
		}
	}
	return found
}

// words are the node's own, where they speak about this cause.
func (b *bench) words(j judged) []int {
	if !b.explains(j) {
		return nil
	}
	return b.spoken()
}

// spoken is the first finding that the node's words made.
func (b *bench) spoken() []int {
	for i, f := range b.findings {
		if inWords(f) {
			return []int{i}
		}
	}
	return nil
}

// tells are the findings whose sentences complete the summary.
func (b *bench) tells(j judged) []int {
	var found []int
	for _, o := range j.cause.Tells {
		for i, f := range b.findings {
			if f.Outcome == o && len(found) < tellsLimit && !inWords(f) {
				found = append(found, i)
				break
			}
		}
	}
	return found
}

// contrast is what the client saw that would rule a local cause out, had the
// node seen it: it says where the fault lies.
func (b *bench) contrast(j judged) []int {
	if !j.cause.Local || j.verdict != Confirmed {
		return nil
	}
	for _, set := range j.cause.RuledOutBy {
		if found, ok := b.match(set, fromHere); ok {
			return found
		}
	}
	return nil
}

func fromHere(f evidence.Finding) bool { return f.Vantage == evidence.Client }

func (b *bench) summary(j judged, subject evidence.Subject, state State, tells []int) string {
	var s strings.Builder
	undecided := j.cause.Category == catalog.Undecided
	switch {
	case j.fromHere && j.verdict != Confirmed:
		s.WriteString("asked from here, ")
	case j.verdict == Likely && !undecided:
		s.WriteString("it looks as if ")
	case j.verdict == Possible && !undecided:
		s.WriteString("it may be that ")
	}
	node := or(b.e.Pull.Node, "the node")
	if j.fromHere && j.verdict != Confirmed && (ofTheWay(j.cause) || j.cause.ID == catalog.RateLimited) {
		s.WriteString(b.findings[j.findings[0]].Sentence + "; whether " + node + " meets the same was not seen")
	} else {
		s.WriteString(catalog.Fill(j.cause.Summary, b.values(j, subject)))
	}
	for _, i := range tells {
		s.WriteString("; " + b.findings[i].Sentence)
	}
	switch {
	case b.has(evidence.NextAttemptSucceeded):
		s.WriteString("; it was pulled since")
	case state == Cleared:
		s.WriteString("; it works now, so the next attempt should succeed")
	case len(b.contrast(j)) > 0:
		s.WriteString("; from here it works, so the fault lies on " + node + " or on its way there")
	case j.cause.Local && j.verdict == Confirmed && b.sameFromHere(j):
		s.WriteString("; from here it is the same")
	}
	return foreign.Text(s.String(), summaryLimit)
}

// sameFromHere tells whether the client saw what confirms the cause, too.
func (b *bench) sameFromHere(j judged) bool {
	return slices.ContainsFunc(j.cause.ConfirmedBy, func(set []evidence.Outcome) bool {
		_, ok := b.match(set, fromHere)
		return ok
	})
}

// values are what a summary may name.
func (b *bench) values(j judged, subject evidence.Subject) map[string]string {
	p := b.e.Pull
	r := p.Reference
	v := map[string]string{
		"image": b.image(), "repository": join(r.Host, r.Repository), "tag": r.Tag, "digest": r.Digest,
		"registry": r.Host, "host": r.Host, "node": p.Node, "namespace": p.Namespace, "workload": p.Owner.Name,
		"platform": platform(p.Platform), "move": b.move.To, "secret": b.secret(j),
	}
	if r.TagImplied && v["tag"] == "" {
		v["tag"] = "latest"
	}
	switch subject.Kind {
	case evidence.SubjectRegistry, evidence.SubjectTokenService, evidence.SubjectMirror, evidence.SubjectBlobStore:
		v["host"] = subject.Name
	default:
		if h := b.e.Symptom.Host; h != "" && j.cause.Local {
			v["host"] = h
		}
	}
	return v
}

// subject is what pulls with this cause have in common.
func (b *bench) subject(j judged) evidence.Subject {
	p := b.e.Pull
	s := evidence.Subject{Kind: j.cause.Subject}
	switch j.cause.Subject {
	case evidence.SubjectRepository:
		s.Name = join(p.Reference.Host, p.Reference.Repository)
	case evidence.SubjectRegistry, evidence.SubjectMirror, evidence.SubjectProxy:
		return b.host(j)
	case evidence.SubjectSecret:
		s.Name = b.secret(j)
	case evidence.SubjectServiceAccount:
		s.Name = join(p.Namespace, p.ServiceAccount)
		if f, ok := b.about(j, evidence.SubjectServiceAccount); ok {
			s = f
		}
	case evidence.SubjectNode:
		s.Name = p.Node
	case evidence.SubjectWorkload:
		s.Name = join(p.Namespace, p.Owner.String())
	case evidence.SubjectPod:
		s.Name = join(p.Namespace, p.Pod)
	}
	if s.Name == "" || s.Name == "/" {
		s = evidence.Subject{Kind: evidence.SubjectImage, Name: b.image()}
	}
	return s
}

// host is the host that a cause is about, in its role: what failed on the way
// may be a token service, a mirror or a blob store instead of the registry.
func (b *bench) host(j judged) evidence.Subject {
	registry := b.e.Pull.Reference.Host
	kind := j.cause.Subject
	if j.cause.Local {
		for _, i := range j.findings {
			switch s := b.findings[i].Subject; s.Kind {
			case evidence.SubjectRegistry:
				return evidence.Subject{Kind: evidence.SubjectRegistry, Name: sameHost(s.Name, registry)}
			case evidence.SubjectTokenService, evidence.SubjectMirror, evidence.SubjectBlobStore, evidence.SubjectProxy:
				return s
			}
		}
		if h := b.e.Symptom.Host; h != "" && registry == "" {
			registry = h
		}
	}
	if (kind == evidence.SubjectProxy || kind == evidence.SubjectMirror) && registry != "" {
		kind = evidence.SubjectRegistry
	}
	return evidence.Subject{Kind: kind, Name: or(registry, "unknown")}
}

// sameHost gives one name to the spellings of one registry, so that its pulls
// fall into one group: Docker Hub answers under another name than images have,
// and a text may leave out the port.
func sameHost(seen, registry string) string {
	hub := registry == "docker.io" && (seen == "registry-1.docker.io" || seen == "index.docker.io")
	if hub || strings.HasPrefix(registry, seen+":") || registry+":443" == seen {
		return registry
	}
	return seen
}

// secret is the namespace and name of the pull secret that a cause is about.
func (b *bench) secret(j judged) string {
	if s, ok := b.about(j, evidence.SubjectSecret); ok {
		return s.Name
	}
	if len(b.e.Pull.PullSecrets) > 0 {
		return join(b.e.Pull.Namespace, b.e.Pull.PullSecrets[0])
	}
	return ""
}

// about is the first subject of this kind among the cause's findings.
func (b *bench) about(j judged, kind evidence.SubjectKind) (evidence.Subject, bool) {
	for _, i := range slices.Concat(j.findings, b.tells(j)) {
		if s := b.findings[i].Subject; s.Kind == kind {
			return s, true
		}
	}
	return evidence.Subject{}, false
}

// image is the canonical name, or what is written if that cannot be parsed.
func (b *bench) image() string {
	r := b.e.Pull.Reference
	if r.Repository == "" {
		return or(foreign.Text(b.e.Pull.Image, 200), "the image")
	}
	name := join(r.Host, r.Repository)
	switch {
	case r.Digest != "" && r.Tag != "":
		return name + ":" + r.Tag + "@" + r.Digest
	case r.Digest != "":
		return name + "@" + r.Digest
	case r.Tag != "":
		return name + ":" + r.Tag
	}
	return name + ":latest"
}

func platform(p evidence.Platform) string {
	return strings.Trim(strings.Join([]string{p.OS, p.Arch, p.Variant}, "/"), "/")
}

func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "/" + b
}

func or(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}
