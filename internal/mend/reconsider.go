// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"slices"
	"strings"
	"time"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/verify"
)

// backingOff is the reason of a pull whose last attempt is up to five minutes old.
const backingOff = "ImagePullBackOff"

// reconsider looks again at what disproves an emergency measure. A person takes one
// after a node was mended, say, and until the next attempts its pods go on showing
// the failure of the last ones. Where nothing but such a failure speaks against it,
// and from here all of the image can be pulled, a later pull on that node proves
// that it passed; without one it is not known.
func (p *Plan) reconsider() {
	for i := range p.Result.Answers {
		a := &p.Result.Answers[i]
		nodes, cause, old := backOffs(*a)
		if !old {
			continue
		}
		last := p.lastAttempt()
		why := "the last attempt on " + strings.Join(nodes, " and ")
		if !last.IsZero() {
			why += ", at " + last.UTC().Format(time.TimeOnly) + " UTC,"
		}
		why += " failed (" + cause + "); whether the node was mended since cannot be seen"
		proof := verify.NotProven
		if since, ok := pulledThere(*a, nodes, last); ok {
			proof, why = verify.Proven, since.Sentence+", after the last attempt that failed ("+cause+")"
		}
		a.Proof, a.Why, a.Decided = proof, why, nil
		for j := range a.Views {
			if a.Views[j].Vantage == evidence.Node {
				a.Views[j].Proof, a.Views[j].Sentence = proof, why
			}
		}
	}
	p.Proof = p.Result.Proof()
}

// backOffs tells whether an answer is disproved by back-offs alone: on which nodes,
// and by which cause.
func backOffs(a verify.Answer) (nodes []string, cause string, are bool) {
	if a.Proof != verify.Disproved || a.Decided == nil || len(a.Decided.Findings) == 0 || a.Diagnosis.Findings[a.Decided.Findings[0]].Vantage != evidence.Node {
		return nil, "", false
	}
	if !slices.ContainsFunc(a.Views, func(v verify.View) bool { return v.Vantage == evidence.Client && v.Proof == verify.Proven }) {
		return nil, "", false
	}
	pulls := []evidence.Pull{a.Evidence.Pull}
	for _, e := range a.Failing {
		pulls = append(pulls, e.Pull)
	}
	for _, pull := range pulls {
		switch {
		case pull.Reason == "": // of one that is only to come
		case pull.Reason != backingOff:
			return nil, "", false
		case pull.Node != "" && !slices.Contains(nodes, "node "+pull.Node):
			nodes = append(nodes, "node "+pull.Node)
		}
	}
	return nodes, a.Decided.Cause, len(nodes) > 0
}

// lastAttempt is the newest failure that is known of the plan's pulls.
func (p *Plan) lastAttempt() time.Time {
	var last time.Time
	for _, c := range p.Chosen {
		if at := c.Diagnosis.Pull.LastFailed; at.After(last) {
			last = at
		}
	}
	return last
}

// pulledThere is the finding that the one node pulled the image, or another of its
// registry, after a time.
func pulledThere(a verify.Answer, nodes []string, after time.Time) (evidence.Finding, bool) {
	if len(nodes) != 1 || after.IsZero() {
		return evidence.Finding{}, false
	}
	at := slices.IndexFunc(a.Diagnosis.Findings, func(f evidence.Finding) bool {
		return (f.Outcome == evidence.ImagePulledElsewhere || f.Outcome == evidence.RegistryWorksForOther) && "node "+f.Details["node"] == nodes[0] && f.Time.After(after)
	})
	if at < 0 {
		return evidence.Finding{}, false
	}
	return a.Diagnosis.Findings[at], true
}

// emergency tells a plan of a measure that a person named.
func (p *Plan) emergency() bool {
	return slices.ContainsFunc(p.Chosen, func(c Choice) bool { return c.Remedy.Emergency() })
}
