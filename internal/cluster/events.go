// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/symptom"
)

// Bounds on events.
const (
	maxEventPages  = 20 // of a namespace: 10,000 events
	maxPodPages    = 2
	maxEventsKept  = 20
	spamBurst      = 25               // the kubelet's events of a pod before it drops some
	eventsLive     = 55 * time.Minute // the API server keeps them an hour
	combinedPrefix = "(combined from similar events): "
)

// Reasons of the kubelet's events about pulls (pkg/kubelet/events/event.go,
// kubelet_pods.go).
const (
	reasonPulling       = "Pulling"
	reasonPulled        = "Pulled"
	reasonFailed        = "Failed"
	reasonBackOff       = "BackOff"
	reasonNeverPull     = "ErrImageNeverPull"
	reasonInspectFailed = "InspectFailed"
	reasonSecretMissed  = "FailedToRetrieveImagePullSecret"
	reasonSandbox       = "FailedCreatePodSandBox"
)

// Events are what the API server still has about pods.
type Events struct {
	byPod map[string][]corev1.Event
	// all types were asked for, not warnings alone.
	all bool
}

// Of returns the events about a pod, oldest first.
func (e Events) Of(podUID string) []corev1.Event { return e.byPod[podUID] }

// PodEvents returns all events about one pod.
func (c *Client) PodEvents(ctx context.Context, pod *corev1.Pod) (Events, error) {
	return c.events(ctx, pod.Namespace, fields.Set{"involvedObject.uid": string(pod.UID)}, maxPodPages, map[string]bool{string(pod.UID): true})
}

// Warnings returns the warnings of a namespace about the pods with these UIDs:
// one list where many pods fail. complete is false if there are too many.
func (c *Client) Warnings(ctx context.Context, namespace string, podUIDs map[string]bool) (Events, error) {
	e, err := c.events(ctx, namespace, fields.Set{"involvedObject.kind": "Pod", "type": corev1.EventTypeWarning}, maxEventPages, podUIDs)
	e.all = false
	return e, err
}

// pulledAt is when the newest event says that the node fetched the image of a
// start; zero if none does.
func (c *Client) pulledAt(ctx context.Context, s Start) (time.Time, error) {
	e, err := c.events(ctx, s.Namespace, fields.Set{"involvedObject.uid": s.PodUID, "reason": reasonPulled}, 1, map[string]bool{s.PodUID: true})
	var newest time.Time
	for _, event := range e.Of(s.PodUID) {
		at := last(&event)
		if strings.HasPrefix(event.Message, "Successfully pulled image") && Names(event.Message, s.Image) && at.After(newest) {
			newest = at
		}
	}
	return newest, err
}

// Heard are events as they were at one time: how often each had happened by then,
// by name. What came since is told by it, and by no clock: the times in events are
// those of nodes and controllers, each with a clock of its own.
type Heard map[string]int

// since is how often an event has happened since then.
func (h Heard) since(e *corev1.Event) int { return max(0, count(e)-h[e.Name]) }

// FailedPulls tells of the failed pulls of that image that the pod's events tell of
// since then (nil for all): what the newest says, "" if there are none, and how
// many there were. A kubelet tells a failure so at once, and writes it into the
// pod's status as much as ten seconds later if nothing else happens to the pod. That
// it put a pull off by its own limit is none.
func (c *Client) FailedPulls(ctx context.Context, pod *corev1.Pod, image string, since Heard) (said string, times int, err error) {
	all, err := c.failures(ctx, pod)
	for i := range all {
		e := &all[i]
		n := since.since(e)
		if n == 0 || !Names(e.Message, image) || symptom.Parse(e.Message).Sign == symptom.ThrottledByKubelet {
			continue
		}
		said, times = shorten(e.Message), times+n
	}
	return said, times, err
}

// HeardOfPulls are the events of failed pulls that a pod has by now.
func (c *Client) HeardOfPulls(ctx context.Context, pod *corev1.Pod) (Heard, error) {
	all, err := c.failures(ctx, pod)
	heard := Heard{}
	for i := range all {
		heard[all[i].Name] = count(&all[i])
	}
	return heard, err
}

// failures are the events in which a kubelet says that a start failed, the oldest
// first.
func (c *Client) failures(ctx context.Context, pod *corev1.Pod) ([]corev1.Event, error) {
	uid := string(pod.UID)
	e, err := c.events(ctx, pod.Namespace, fields.Set{"involvedObject.uid": uid, "reason": reasonFailed}, 1, map[string]bool{uid: true})
	return e.Of(uid), err
}

func (c *Client) events(ctx context.Context, namespace string, selector fields.Set, maxPages int, podUIDs map[string]bool) (Events, error) {
	found := Events{byPod: map[string][]corev1.Event{}, all: true}
	_, err := c.pages(ctx, question{c.core, "list", "events", namespace, ""}, metav1.ListOptions{FieldSelector: selector.String()}, maxPages,
		func() list { return &corev1.EventList{} },
		func(l list) bool {
			for _, e := range l.(*corev1.EventList).Items {
				uid := string(e.InvolvedObject.UID)
				if podUIDs[uid] {
					e.ManagedFields = nil
					found.byPod[uid] = append(found.byPod[uid], e)
				}
			}
			return true
		})
	sortEvents(found.byPod)
	return found, err
}

// sortEvents puts the oldest first.
func sortEvents(byPod map[string][]corev1.Event) {
	for _, all := range byPod {
		slices.SortStableFunc(all, func(a, b corev1.Event) int { return last(&a).Compare(last(&b)) })
	}
}

// last is when the event was last seen to happen.
func last(e *corev1.Event) time.Time {
	switch {
	case e.Series != nil && !e.Series.LastObservedTime.IsZero():
		return e.Series.LastObservedTime.Time
	case !e.LastTimestamp.IsZero():
		return e.LastTimestamp.Time
	case !e.EventTime.IsZero():
		return e.EventTime.Time
	}
	return e.CreationTimestamp.Time
}

// first is when it first happened.
func first(e *corev1.Event) time.Time {
	switch {
	case !e.FirstTimestamp.IsZero():
		return e.FirstTimestamp.Time
	case !e.EventTime.IsZero():
		return e.EventTime.Time
	}
	return e.CreationTimestamp.Time
}

// count is how often it happened.
func count(e *corev1.Event) int {
	if e.Series != nil {
		return int(max(e.Series.Count, e.Count, 1))
	}
	return int(max(e.Count, 1))
}

// about tells whether an event is about this pull: by the container that it
// names, or for an image volume, which none names, by the image.
func about(e *corev1.Event, p evidence.Pull, image string) bool {
	switch e.Reason {
	case reasonSecretMissed:
		return p.ContainerKind != evidence.Sandbox
	case reasonSandbox:
		return p.ContainerKind == evidence.Sandbox
	}
	if !ofPull(e.Reason) {
		return false
	}
	path := e.InvolvedObject.FieldPath
	switch p.ContainerKind {
	case evidence.Sandbox:
		return false
	case evidence.ImageVolume:
		return path == "" && Names(e.Message, image)
	case evidence.InitContainer:
		return path == "spec.initContainers{"+p.Container+"}"
	case evidence.EphemeralContainer:
		return path == "spec.ephemeralContainers{"+p.Container+"}"
	}
	return path == "spec.containers{"+p.Container+"}"
}

// ofPull tells the reasons of events that can be about a pull.
func ofPull(reason string) bool {
	switch reason {
	case reasonPulling, reasonPulled, reasonFailed, reasonBackOff, reasonNeverPull, reasonInspectFailed, reasonSecretMissed, reasonSandbox:
		return true
	}
	return false
}

// isFailure tells an event that says why a pull failed. "Error: ErrImagePull"
// and its like only repeat the waiting reason.
func isFailure(e *corev1.Event) bool {
	message := strings.TrimPrefix(e.Message, combinedPrefix)
	switch e.Reason {
	case reasonNeverPull, reasonInspectFailed, reasonSandbox:
		return true
	case reasonFailed:
		if reason, ok := strings.CutPrefix(message, "Error: "); ok {
			// Free text is a pull secret or a name that cannot be parsed.
			return strings.ContainsAny(reason, " :") && !strings.HasPrefix(reason, "ImageVolumeMountFailed")
		}
		return failedPull(e)
	}
	return false
}

// failedPull tells the event that has the runtime's words about a failed pull.
func failedPull(e *corev1.Event) bool {
	return e.Reason == reasonFailed && strings.HasPrefix(strings.TrimPrefix(e.Message, combinedPrefix), "Failed to pull image")
}
