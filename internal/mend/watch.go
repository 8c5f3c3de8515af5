// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster"
)

// A watcher looks at the pods of a plan's target until one of them has pulled,
// or failed to.
type watcher struct {
	m    *Mender
	plan Plan
	// before are the pods that were there, by UID.
	before map[string]bool
	// first is when the first pod had pulled.
	first time.Time
	told  map[string]bool
}

func newWatcher(m *Mender, p Plan) *watcher {
	w := &watcher{m: m, plan: p, before: map[string]bool{}, told: map[string]bool{}}
	for _, pod := range p.Case.Pods {
		w.before[string(pod.UID)] = true
	}
	return w
}

// wait watches until all that failed has pulled, one fails, or time runs out.
// first is called once, when the first pod has pulled.
func (w *watcher) wait(ctx context.Context, timeout time.Duration, tell Tell, first func()) Result {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	tick := time.NewTicker(w.m.poll)
	defer tick.Stop()
	var last Result
	for {
		r, done := w.look(ctx, tell)
		if len(r.Pulled) > 0 && w.first.IsZero() {
			w.first = w.m.now()
			first()
		}
		if done {
			return r
		}
		if r.Outcome != "" {
			last = r
		}
		select {
		case <-ctx.Done():
			last.Outcome = StillPulling
			if len(last.Pulled) > 0 {
				last.Outcome = Mended
			}
			if last.Why == "" {
				last.Why = "no new pod was made"
			}
			return last
		case <-tick.C:
		}
	}
}

// look looks once. done: the answer is final.
func (w *watcher) look(ctx context.Context, tell Tell) (Result, bool) {
	pods, err := w.pods(ctx)
	if err != nil {
		return Result{Outcome: StillPulling, Why: err.Error()}, false
	}
	r := Result{Outcome: StillPulling}
	for _, pod := range pods {
		if pod.DeletionTimestamp != nil {
			continue
		}
		switch state, why := w.state(pod); state {
		case pulled:
			r.Pulled = append(r.Pulled, pod.Name)
			if !w.told[pod.Name] {
				w.told[pod.Name] = true
				tell("pulled: pod/" + pod.Name)
			}
			if why != "" {
				r.Next = why
			}
		case failed:
			return Result{Outcome: Undone, Why: "pod/" + pod.Name + ": " + why, Pulled: r.Pulled}, true
		case waiting:
			r.Left++
			r.Why = "pod/" + pod.Name + ": " + why
		case old:
			r.Left++
		}
	}
	if len(r.Pulled) > 0 && r.Left == 0 {
		r.Outcome = Mended
		return r, true
	}
	return r, false
}

func (w *watcher) pods(ctx context.Context) ([]*corev1.Pod, error) {
	k := w.plan.Case
	if k.Target.Kind == "Pod" {
		pod, err := w.m.cluster.Pod(ctx, k.Target.Namespace, k.Target.Name)
		if err != nil {
			return nil, err
		}
		return []*corev1.Pod{pod}, nil
	}
	live, err := w.m.edit.Get(ctx, k.Target.Object)
	if err != nil {
		return nil, err
	}
	return w.m.podsOf(ctx, selectorsOf(live, k.Diagnoses), k.Target.Namespace)
}

// The states of a pod under watch.
type state int

const (
	other   state = iota // nothing to do with the change
	old                  // it failed before, and still does
	waiting              // it has the change, and is not done
	pulled               // it has the change, and all that failed is pulled
	failed               // it has the change, and a pull of it failed
)

// state of a pod: whether it has the change, and what came of that.
func (w *watcher) state(pod *corev1.Pod) (state, string) {
	worst, why := other, ""
	for _, c := range w.plan.Chosen {
		s, words := w.stateOf(pod, c)
		if s == failed {
			return s, words
		}
		if worst == other || s == waiting || s == old {
			worst, why = s, words
		}
	}
	return worst, why
}

func (w *watcher) stateOf(pod *corev1.Pod, c Choice) (state, string) {
	pull := c.Diagnosis.Pull
	isNew := !w.before[string(pod.UID)]
	image, status := imageOf(pod, pull)
	fails := slices.ContainsFunc(cluster.FailingPulls(pod), func(p evidence.Pull) bool {
		return p.Container == pull.Container && p.ContainerKind == pull.ContainerKind
	})
	switch {
	case c.Remedy.Image != "" && image != c.Remedy.Image, c.Remedy.Image == "" && !isNew && w.plan.Case.Target.Kind != "Pod":
		if fails {
			return old, ""
		}
		return other, ""
	}
	if status == nil {
		return waiting, unscheduled(pod)
	}
	if fails {
		words := status.State.Waiting
		// The kubelet shows the former failure until its first attempt at the
		// new image; its words name the image that they are about.
		if !isNew && c.Remedy.Image != "" && !strings.Contains(words.Message, c.Remedy.Image) {
			return waiting, "the kubelet has not tried yet"
		}
		return failed, words.Reason + ": " + words.Message
	}
	switch {
	case status.State.Running != nil, status.State.Terminated != nil, status.LastTerminationState.Terminated != nil:
		return pulled, ends(status)
	case status.ImageID != "":
		return pulled, ends(status)
	case status.State.Waiting != nil && status.State.Waiting.Reason != "ContainerCreating" && status.State.Waiting.Reason != "PodInitializing" && status.State.Waiting.Reason != "":
		return pulled, status.State.Waiting.Reason
	}
	return waiting, unscheduled(pod)
}

// ends tells what a container that was pulled does instead of running.
func ends(status *corev1.ContainerStatus) string {
	if status.State.Waiting != nil {
		return status.State.Waiting.Reason
	}
	if t := status.State.Terminated; t != nil && t.ExitCode != 0 {
		return fmt.Sprintf("%s, exit code %d", t.Reason, t.ExitCode)
	}
	return ""
}

func unscheduled(pod *corev1.Pod) string {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return c.Message
		}
	}
	return "it is being pulled"
}

// imageOf is the image that the pod wants for the container of a pull, and that
// container's status.
func imageOf(pod *corev1.Pod, pull evidence.Pull) (string, *corev1.ContainerStatus) {
	containers, statuses := pod.Spec.Containers, pod.Status.ContainerStatuses
	if pull.ContainerKind == evidence.InitContainer {
		containers, statuses = pod.Spec.InitContainers, pod.Status.InitContainerStatuses
	}
	for _, c := range containers {
		if c.Name != pull.Container {
			continue
		}
		for i := range statuses {
			if statuses[i].Name == c.Name {
				return c.Image, &statuses[i]
			}
		}
		return c.Image, nil
	}
	return "", nil
}
