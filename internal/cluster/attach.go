// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/kubelet/backoff"
	"github.com/pullmedic/pullmedic/symptom"
)

// stuckAfter is how long a pull may run without a word before it is told.
const stuckAfter = 15 * time.Minute

// Attach puts what the events say into the pull: first and last failure, the
// attempts that were seen, the events themselves. It returns what the best of
// the texts says: the status holds the whole error from v1.32 on and is never
// older than an event; before, and between two attempts, events are the only
// source.
func Attach(p *evidence.Pull, image string, events []corev1.Event) symptom.Symptom {
	var text string
	var kept []evidence.Event
	for i := range events {
		e := &events[i]
		if !about(e, *p, image) {
			continue
		}
		if isFailure(e) {
			text = strings.TrimPrefix(e.Message, combinedPrefix)
			p.Attempts += count(e)
			if at := first(e); p.FirstFailed.IsZero() || at.Before(p.FirstFailed) {
				p.FirstFailed = at
			}
			if at := last(e); at.After(p.LastFailed) {
				p.LastFailed = at
			}
		}
		kept = append(kept, evidence.Event{
			Type: foreign.Text(e.Type, 20), Reason: foreign.Text(e.Reason, 128), Message: shorten(e.Message),
			Count: count(e), First: first(e), Last: last(e),
		})
	}
	p.Events = kept[max(0, len(kept)-maxEventsKept):]
	if full(p.Message) || text == "" {
		text = p.Message
	}
	if text == "" {
		text = p.Reason
	}
	return symptom.Parse(text)
}

// full tells whether a status message says why the pull failed. Up to v1.31
// the message during back-off is only that there is one.
func full(message string) bool {
	rest, bare := strings.CutPrefix(message, "Back-off pulling image ")
	return message != "" && (!bare || strings.Contains(rest, `": `))
}

// CauseLost tells of a pull whose cause nobody says any more: the kubelet up to
// v1.31 shows in the status only that there is back-off, and no event with the
// runtime's words is left. Only asking anew tells then.
func CauseLost(p evidence.Pull) (evidence.Gap, bool) {
	switch p.Reason {
	case "ErrImagePull", "ImagePullBackOff":
	default:
		return evidence.Gap{}, false
	}
	if full(p.Message) {
		return evidence.Gap{}, false
	}
	for _, e := range p.Events {
		if isFailure(&corev1.Event{Reason: e.Reason, Message: e.Message}) {
			return evidence.Gap{}, false
		}
	}
	return evidence.Gap{
		Check: evidence.CheckMessage, Subject: pod(p),
		Why: "the runtime's words are lost: the status says back-off alone, and no event of the failure is left",
	}, true
}

// shorten cleans a text and, if it is too long, cuts out its middle: the
// wrapping stands at its start, the cause at its end.
func shorten(text string) string {
	text = foreign.Lines(text, len(text))
	if len(text) > maxMessage {
		text = symptom.Redact(text) // the cut may part a credential from what announces it
	}
	if len(text) <= maxMessage {
		return text
	}
	tail := strings.ToValidUTF8(text[len(text)-maxMessage/2:], "")
	return foreign.Cut(text, maxMessage-len(tail)) + tail
}

// sandboxPull returns the pull of the pod's pause image if the newest event
// says that it is what fails.
func sandboxPull(pod *corev1.Pod, events []corev1.Event) (evidence.Pull, bool) {
	for i := len(events) - 1; i >= 0; i-- {
		e := &events[i]
		if e.Reason != reasonSandbox {
			continue
		}
		image, ok := sandboxImage(e.Message)
		if !ok {
			return evidence.Pull{}, false
		}
		p := newPull(pod)
		p.ContainerKind, p.Policy = evidence.Sandbox, string(corev1.PullIfNotPresent)
		p.Reason = reasonSandbox
		p.PullSecrets = nil // the runtime pulls it by itself, without them
		setImage(&p, image)
		return p, true
	}
	return evidence.Pull{}, false
}

// sandboxImage finds the pause image in the words of containerd ("failed to
// get sandbox image") and CRI-O ("creating pod sandbox ... pulling image").
func sandboxImage(message string) (string, bool) {
	for _, before := range []string{`failed to get sandbox image "`, `failed to pull image "`, `unable to pull pause image "`} {
		if _, rest, found := strings.Cut(message, before); found {
			image, _, closed := strings.Cut(rest, `"`)
			return image, closed
		}
	}
	if strings.Contains(message, "initializing source docker://") {
		s := symptom.Parse(message)
		return s.Reference, s.Reference != ""
	}
	return "", false
}

// SilentPulls returns the pulls of a pod whose failure its status does not show,
// and events do: that of the pause image, of containers that were not made since,
// and of those whose restart is held back after they ended, while it is their
// image that cannot be pulled any more. A kubelet that cannot ask its runtime, or
// that has just started, writes no new status.
func SilentPulls(pod *corev1.Pod, events []corev1.Event) []evidence.Pull {
	if p, ok := sandboxPull(pod, events); ok {
		return []evidence.Pull{p}
	}
	var pulls []evidence.Pull
	for _, p := range Pulls(pod) {
		since, ok := wantsPull(pod, p)
		if !ok {
			continue
		}
		var newest *corev1.Event
		for i := range events {
			if e := &events[i]; about(e, p, p.Image) && (failedPull(e) || e.Reason == reasonPulled) && !last(e).Before(since) {
				newest = e
			}
		}
		if newest != nil && newest.Reason != reasonPulled {
			p.Reason = "ErrImagePull"
			pulls = append(pulls, p)
		}
	}
	return pulls
}

// wantsPull tells whether the image of a pull is wanted now: its container was
// not made, or it ended, since when is told, and is to be made again.
func wantsPull(pod *corev1.Pod, p evidence.Pull) (since time.Time, ok bool) {
	if p.ContainerKind == evidence.ImageVolume {
		return time.Time{}, true
	}
	for _, c := range containersOf(pod) {
		switch {
		case c.kind != p.ContainerKind || c.name != p.Container:
		case unmade(c):
			return time.Time{}, true
		case backsOff(c) && c.status.LastTerminationState.Terminated != nil:
			return c.status.LastTerminationState.Terminated.FinishedAt.Time, true
		}
	}
	return time.Time{}, false
}

// UnfinishedPulls returns the pulls of a pod that began long ago and of whose
// end nothing was heard, each with the finding that says so.
func UnfinishedPulls(pod *corev1.Pod, events []corev1.Event, now time.Time) ([]evidence.Pull, []evidence.Finding) {
	var pulls []evidence.Pull
	var findings []evidence.Finding
	made := map[string]bool{}
	for _, c := range containersOf(pod) {
		made[string(c.kind)+" "+c.name] = !unmade(c)
	}
	for _, p := range Pulls(pod) {
		if made[string(p.ContainerKind)+" "+p.Container] {
			continue
		}
		var newest *corev1.Event
		image := p.Image
		for i := range events {
			if e := &events[i]; about(e, p, image) && e.Reason != reasonSecretMissed {
				newest = e
			}
		}
		if newest == nil || newest.Reason != reasonPulling || now.Sub(last(newest)) < stuckAfter {
			continue
		}
		pulls = append(pulls, p)
		findings = append(findings, evidence.Finding{
			Check: evidence.CheckMessage, Outcome: evidence.PullUnfinished, Vantage: evidence.Node, Time: last(newest),
			Subject:  evidence.Subject{Kind: evidence.SubjectNode, Name: p.Node},
			Sentence: foreign.Text("the pull began at "+last(newest).UTC().Format(time.TimeOnly)+" UTC, and nothing was heard of it since", 200),
		})
	}
	return pulls, findings
}

// Schedule says between when the next attempt lies, as far as it can be told.
func Schedule(p *evidence.Pull, pod *corev1.Pod, events Events, now time.Time) {
	if p.ContainerKind == evidence.Sandbox || p.Reason == "" ||
		pod.Status.Phase == corev1.PodFailed || pod.Status.Phase == corev1.PodSucceeded {
		return
	}
	o := backoff.Observe(*p, now)
	o.AllSeen = events.complete(pod, now)
	o.CrashLooping = crashLooping(pod) && atLeast(p.KubeletVersion, 35)
	if span, ok := backoff.Next(o); ok {
		p.NextEarliest, p.NextLatest = span.Earliest, span.Latest
	}
}

// complete tells whether no event of the pod can have been lost: it is younger
// than events live, and there are fewer than the kubelet sends before it drops
// some.
func (e Events) complete(pod *corev1.Pod, now time.Time) bool {
	if !e.all || now.Sub(pod.CreationTimestamp.Time) > eventsLive {
		return false
	}
	sum := 0
	for i := range e.byPod[string(pod.UID)] {
		sum += count(&e.byPod[string(pod.UID)][i])
	}
	return sum > 0 && sum < spamBurst
}

func crashLooping(pod *corev1.Pod) bool { return slices.ContainsFunc(containersOf(pod), backsOff) }

// backsOff tells a container that ended and whose restart has to wait.
func backsOff(c container) bool {
	return c.status != nil && c.status.State.Waiting != nil && c.status.State.Waiting.Reason == "CrashLoopBackOff"
}

// MayHide tells a pod whose status may say something else than that a pull of it
// fails: SilentPulls tells by its events.
func MayHide(pod *corev1.Pod) bool {
	return pod.DeletionTimestamp == nil && (WaitsForSandbox(pod) || crashLooping(pod))
}

// BeingMade tells a pod that no pull is known to fail of, and of which not all
// images are known to be there: one that is new on its node, or that was not
// given one yet and may get one.
func BeingMade(pod *corev1.Pod) bool {
	if pod.DeletionTimestamp != nil || pod.Status.Phase != corev1.PodPending && pod.Status.Phase != "" {
		return false
	}
	if slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse
	}) {
		return false // no node takes it, and that may last
	}
	for _, c := range containersOf(pod) {
		if c.kind == evidence.EphemeralContainer {
			continue
		}
		if c.status == nil || c.status.State.Waiting != nil && slices.Contains([]string{"", "ContainerCreating", "PodInitializing"}, c.status.State.Waiting.Reason) {
			return true
		}
	}
	return false
}

// atLeast tells whether a kubelet's version (v1.35.2) is 1.minor or later.
func atLeast(version string, minor int) bool {
	rest, ok := strings.CutPrefix(version, "v1.")
	if !ok {
		return false
	}
	n := 0
	for i := 0; i < len(rest) && rest[i] >= '0' && rest[i] <= '9' && n < 1000; i++ {
		n = 10*n + int(rest[i]-'0')
	}
	return n >= minor
}
