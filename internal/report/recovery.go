// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"time"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/evidence"
)

// recoveriesShown bounds what a text lists as pulled since.
const recoveriesShown = 5

// pulledSince is when the node pulled the image after the last failure, if it
// did.
func pulledSince(findings []evidence.Finding) (time.Time, bool) {
	for _, f := range findings {
		if f.Outcome == evidence.NextAttemptSucceeded {
			return f.Time, true
		}
	}
	return time.Time{}, false
}

func recovery(d v1alpha1.Diagnosis, pulled time.Time) v1alpha1.Recovery {
	p := d.Pull
	return v1alpha1.Recovery{
		Pull:  v1alpha1.PullRef{Namespace: p.Namespace, Pod: p.Pod, Container: p.Container, Image: p.Image, Node: p.Node},
		Cause: d.Causes[0].Cause, Verdict: d.Causes[0].Verdict,
		Attempts: p.Attempts, FirstFailed: p.FirstFailed, LastFailed: p.LastFailed, Pulled: at(pulled),
	}
}

// recovered tells what was pulled since, one line each.
func (s *sheet) recovered(r v1alpha1.Report) {
	if len(r.Recovered) > 0 {
		s.blank()
	}
	for i, one := range r.Recovered {
		if i == recoveriesShown && s.Verbose == 0 {
			s.paragraph("", plain, normal("and "+number(len(r.Recovered)-i)+" more were pulled since; -v lists them"))
			return
		}
		text := one.Pull.Namespace + "/" + one.Pull.Pod + " was pulled"
		if one.Pulled != nil {
			text += " at " + s.clock(*one.Pulled, r.Time, toSecond)
		}
		text += ", after "
		if one.Attempts > 0 {
			text += count(one.Attempts, "failed attempt")
		} else {
			text += "failing"
		}
		if one.LastFailed != nil {
			text += " until " + s.clock(*one.LastFailed, r.Time, toSecond)
		}
		s.hang("", plain, 2, normal(text+": "+one.Cause+", "+string(one.Verdict)+", is over"))
	}
}
