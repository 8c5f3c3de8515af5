// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/internal/edit"
	"github.com/pullmedic/pullmedic/internal/remedy"
	"github.com/pullmedic/pullmedic/internal/shell"
)

// A change takes a moment to reach who makes pods: a pod that goes before that
// comes back as it was. longestTaken bounds the wait for an owner, which says how
// far it has read. Who says nothing gets takenLooks, a second: admission, which
// gives pods the secrets of their service account, and kubelets, which hear of a
// secret by a watch of its own, beside the one for pods (kubelet v1.36:
// util/manager/watch_based_manager.go).
const (
	longestTaken = 5 * time.Second
	takenLooks   = 4
)

// taken waits until those who make pods know of a change that was just made. A
// change of a template matters only if pods are evicted.
func (m *Mender) taken(ctx context.Context, p Plan, c remedy.Change) {
	switch {
	case c.Object.Kind == "ServiceAccount", p.secretPulled(c):
		pause(ctx, takenLooks*m.poll)
		return
	case len(p.Evict) == 0 || !p.isTarget(c.Object) || c.Object.Kind == "Pod":
		return
	}
	ctx, cancel := context.WithTimeout(ctx, longestTaken)
	defer cancel()
	for ctx.Err() == nil {
		live, err := m.edit.Get(ctx, c.Object)
		if err != nil {
			return
		}
		seen, says, err := unstructured.NestedInt64(live.Object, "status", "observedGeneration")
		if err != nil || !says || seen >= live.GetGeneration() {
			return
		}
		pause(ctx, m.poll)
	}
}

// isTarget tells whether an object is the plan's target.
func (p Plan) isTarget(o remedy.Object) bool {
	return o.Kind == p.Case.Target.Kind && o.Name == p.Case.Target.Name
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// next evicts the next pod of the plan that still fails, unless that would end its
// Job; it tells whether there was one.
func (w *watcher) next(ctx context.Context) (bool, error) {
	for len(w.rest) > 0 {
		pod := w.rest[0]
		w.rest = w.rest[1:]
		fails, err := w.stillFails(ctx, pod)
		if err != nil {
			w.say(err.Error())
			w.spared = append(w.spared, err.Error())
		}
		if fails {
			return true, w.evict(ctx, pod)
		}
	}
	return false, nil
}

// evict evicts a pod, unless that would end its Job.
func (w *watcher) evict(ctx context.Context, pod *corev1.Pod) error {
	if err := w.bears(ctx, pod); err != nil {
		return err
	}
	err := w.m.edit.Evict(ctx, pod.Namespace, pod.Name, string(pod.UID), false)
	switch r := edit.ReasonOf(err); {
	case err == nil:
		w.say("evicted pod/" + pod.Name)
	case r != edit.NotFound && r != edit.Changed: // gone already, or another of that name
		return err
	}
	w.evicted = append(w.evicted, pod)
	return nil
}

// readTries is how often a pod is asked for before it is left alone.
const readTries = 3

// stillFails looks at a pod once more before it is evicted: while others were
// mended, or a person thought it over, its kubelet may have pulled by itself. One
// that cannot be read may be well by now, and is left as it is: that is the error.
func (w *watcher) stillFails(ctx context.Context, pod *corev1.Pod) (bool, error) {
	for try := 1; ; try++ {
		live, err := w.m.cluster.Pod(ctx, pod.Namespace, pod.Name)
		switch {
		case err == nil:
			return live.UID != pod.UID || !w.before[string(pod.UID)].failing || len(cluster.FailingPulls(live)) > 0, nil
		case cluster.ReasonOf(err) == cluster.NotFound: // what there is to evict, the API server knows
			return true, nil
		case try == readTries:
			return false, fmt.Errorf("pod/%s was not evicted, as it is not known whether it still fails: %w", pod.Name, err)
		}
		pause(ctx, w.m.poll)
	}
}

// hindered says why no pod would get to know of the plan's changes, before
// anything is touched.
func (p Plan) hindered() error {
	t := p.Case.Target
	switch {
	case len(p.Changes) == 0 && len(p.Evict) == 0:
		return &HinderedError{Why: "what failed has been pulled since, so nothing is left to do"}
	case t.Partition > 0 && len(p.Evict) == 0 && slices.ContainsFunc(p.Changes, func(c remedy.Change) bool { return p.isTarget(c.Object) }):
		return &HinderedError{Why: fmt.Sprintf("the rollout of %s leaves out its pods below %s-%d, so none that fails would get the change; lower spec.updateStrategy.rollingUpdate.partition and run this again", t.Object, t.Name, t.Partition)}
	case len(p.Evict) > 0 && len(p.Case.Budgets) > 0:
		return p.spends(p.goes())
	case t.Kind != "Deployment" || !t.Paused:
		return nil
	}
	for _, c := range p.Changes {
		if !p.isTarget(c.Object) {
			continue
		}
		resume, _ := shell.Command("kubectl", "rollout", "resume", t.String(), "-n", t.Namespace)
		return &HinderedError{Why: fmt.Sprintf("the rollout of %s is paused, so no pod would get the change; resume it and run this again", t.Object), Command: resume}
	}
	return nil
}

// A HinderedError is why the cluster would not let a plan's changes get to a pod.
type HinderedError struct {
	Why string
	// Command that clears the way, "" if none does. It stands apart, so that nobody
	// who reads the sentence has to look for commands in words of others.
	Command string
}

// Error says it in one sentence, with the command at its end.
func (e *HinderedError) Error() string {
	if e.Command == "" {
		return e.Why
	}
	return e.Why + ": " + e.Command
}
