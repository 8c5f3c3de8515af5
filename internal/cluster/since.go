// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/foreign"
)

// statusLag is how far a pod's status can be behind its events: the kubelet
// writes them apart, the status at most every 10 s.
const statusLag = 10 * time.Second

// PulledSince tells of a pull that shows as failing in the pod's status, and of
// which an event says that it succeeded just now, after the last failure. An
// older success proves nothing: the image can have been lost since, and events
// of later failures too.
func PulledSince(p evidence.Pull, now time.Time) (evidence.Finding, bool) {
	if at, ok := pulledAfter(p); ok && now.Sub(at) <= statusLag {
		return succeeded(p, at), true
	}
	return evidence.Finding{}, false
}

// RecoveredPulls returns the pulls of a pod that runs which failed before, by
// what the events still tell, each with the finding that says that it was
// pulled since.
func RecoveredPulls(pod *corev1.Pod, events []corev1.Event) ([]evidence.Pull, []evidence.Finding) {
	var pulls []evidence.Pull
	var findings []evidence.Finding
	for _, p := range Pulls(pod) {
		if !ran(pod, p) {
			continue
		}
		read := p
		Attach(&read, Written(pod, p), events)
		if at, ok := pulledAfter(read); ok {
			pulls = append(pulls, p)
			findings = append(findings, succeeded(read, at))
		}
	}
	return pulls, findings
}

// ran tells whether the container of the pull runs or ran, so that its image
// was there.
func ran(pod *corev1.Pod, p evidence.Pull) bool {
	for _, c := range containersOf(pod) {
		if c.kind == p.ContainerKind && c.name == p.Container {
			return c.status != nil && (c.status.State.Running != nil || c.status.State.Terminated != nil)
		}
	}
	return false
}

// pulledAfter is when the newest event says that the image was pulled, if that
// is after a failure that was seen and nothing was begun since.
func pulledAfter(p evidence.Pull) (time.Time, bool) {
	var at time.Time
	for _, e := range p.Events {
		switch e.Reason {
		case reasonPulled:
			at = e.Last
		case reasonPulling, reasonBackOff:
			if e.Last.After(at) {
				at = time.Time{}
			}
		}
	}
	return at, !p.LastFailed.IsZero() && at.After(p.LastFailed)
}

func succeeded(p evidence.Pull, at time.Time) evidence.Finding {
	where := orThe(p.Node, "node")
	sentence := where + " pulled it at " + clock(at)
	for _, e := range p.Events {
		if e.Reason == reasonPulled && e.Last.Equal(at) && strings.Contains(e.Message, "already present") {
			sentence = "the image was on " + where + " at " + clock(at)
		}
	}
	return evidence.Finding{
		Check: evidence.CheckPods, Outcome: evidence.NextAttemptSucceeded, Vantage: evidence.Node, Time: at,
		Subject:  evidence.Subject{Kind: evidence.SubjectImage, Name: p.Image},
		Sentence: foreign.Text(sentence+", after the last failure", maxSentence),
	}
}
