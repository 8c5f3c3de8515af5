// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package examine

import (
	"context"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/internal/cluster"
)

// A Fate is what became of a pull that failed and does not any more.
type Fate struct {
	// Gone: its pod is not there any more.
	Gone bool
	// Ran: its container runs, or has run, so the image was pulled.
	Ran bool
	// Pulled is when the image was pulled, by the node's events or else by the
	// container's start; zero if neither tells.
	Pulled time.Time
}

// Fate asks what became of a pull of a pod's container ("" for the sandbox); it
// costs two questions. The error is a *cluster.Error: the pod may not be read.
func (x *Examiner) Fate(ctx context.Context, namespace, pod, container string) (Fate, error) {
	ctx, cancel := context.WithTimeout(ctx, x.deadline)
	defer cancel()
	found, err := x.cluster.Pod(ctx, namespace, pod)
	if cluster.ReasonOf(err) == cluster.NotFound {
		return Fate{Gone: true}, nil
	}
	if err != nil {
		return Fate{}, err
	}
	var fate Fate
	fate.Pulled, fate.Ran = started(found, container)
	events, err := x.cluster.PodEvents(ctx, found)
	if err != nil {
		return fate, nil // the status told it already, to within seconds
	}
	pulls, findings := cluster.RecoveredPulls(found, events.Of(string(found.UID)))
	for i, p := range pulls {
		if p.Container == container {
			fate.Pulled, fate.Ran = findings[i].Time, true
		}
	}
	return fate, nil
}

// started is when a container of the pod ran first, as far as its status tells;
// for what is no container, when the pod's first one did.
func started(pod *corev1.Pod, container string) (time.Time, bool) {
	all := slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses, pod.Status.EphemeralContainerStatuses)
	named := slices.ContainsFunc(all, func(s corev1.ContainerStatus) bool { return s.Name == container })
	for _, s := range all {
		if named && s.Name != container {
			continue
		}
		switch now, last := s.State, s.LastTerminationState; {
		case last.Terminated != nil:
			return last.Terminated.StartedAt.Time, true
		case now.Running != nil:
			return now.Running.StartedAt.Time, true
		case now.Terminated != nil:
			return now.Terminated.StartedAt.Time, true
		}
	}
	return time.Time{}, false
}
