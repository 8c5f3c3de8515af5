// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"time"

	"github.com/pullmedic/pullmedic/evidence"
)

// clockTolerance is how far two clocks may lie apart and both be right.
const clockTolerance = 5 * time.Minute

// clock compares the time that the node took it for, when it refused a
// certificate for its dates, with other clocks, and adds what follows: a clock
// that is wrong while the certificate is good, or a certificate that is out of
// date whichever clock one takes.
//
// The pod's creation is of the API server's clock and bounds the attempt from
// below, whoever asked the registry bounds it from above. The time of the
// failure is of an event, which the kubelet stamps: where it agrees it proves
// less than where it does not.
func (b *bench) clock() {
	s, p := b.e.Symptom, b.e.Pull
	if s.NodeTime.IsZero() || b.has(evidence.NodeClockWrong) || b.has(evidence.CertificateOutOfDate) {
		return
	}
	now := b.observed()
	if now.IsZero() {
		now = p.LastFailed
	}
	earliest := p.PodCreated
	if p.LastFailed.After(earliest) {
		earliest = p.LastFailed
	}
	if now.IsZero() || s.NotBefore.IsZero() && s.NotAfter.IsZero() {
		return
	}
	wrong := s.NodeTime.Before(earliest.Add(-clockTolerance)) || s.NodeTime.After(now.Add(clockTolerance))
	good := !now.Before(s.NotBefore) && (s.NotAfter.IsZero() || !now.After(s.NotAfter))
	f := evidence.Finding{Check: evidence.CheckMessage, Vantage: evidence.Node, Time: p.LastFailed}
	switch {
	case wrong && good:
		f.Outcome = evidence.NodeClockWrong
		f.Subject = evidence.Subject{Kind: evidence.SubjectNode, Name: or(p.Node, "the node")}
		f.Sentence = or(p.Node, "the node") + " took it for " + instant(s.NodeTime) + ", and it was about " + instant(now)
	case !good:
		f.Outcome = evidence.CertificateOutOfDate
		f.Subject = evidence.Subject{Kind: evidence.SubjectRegistry, Name: or(s.Host, p.Reference.Host)}
		f.Sentence = "the certificate is good " + span(s.NotBefore, s.NotAfter) + ", and it was about " + instant(now)
	default:
		return // it became good, or was renewed, between the failure and now
	}
	b.findings = append(b.findings, f)
}

// observed is the newest time at which whoever asks looked for himself.
func (b *bench) observed() time.Time {
	var newest time.Time
	for _, f := range b.e.Findings {
		if f.Vantage == evidence.Client && f.Time.After(newest) {
			newest = f.Time
		}
	}
	return newest
}

func instant(t time.Time) string { return t.UTC().Format(time.DateTime) + " UTC" }

func span(notBefore, notAfter time.Time) string {
	if notAfter.IsZero() {
		return "from " + instant(notBefore)
	}
	return "until " + instant(notAfter)
}
