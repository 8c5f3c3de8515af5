// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package examine

import (
	"context"
	"sync"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/internal/workload"
)

// ahead asks about failing pods while the list of all pods still arrives, so that
// the answers are there when it ends. It asks what facts will ask; the run
// remembers the answers, and what is not asked here is asked there.
//
// The API server lists pods namespace by namespace. Once the next one begins, all
// failing pods of one are known, and with them which question is best.
type ahead struct {
	l         *look
	queue     *queue
	pods      []*corev1.Pod // failing ones of the namespace that arrives
	asked     map[string]bool
	workloads int
	reached   int
}

func (l *look) ahead() *ahead {
	return &ahead{l: l, queue: newQueue(sideBySide), asked: map[string]bool{}}
}

// found takes in a failing pod. It never waits.
func (a *ahead) found(ctx context.Context, f cluster.Failing) {
	if len(a.pods) > 0 && a.pods[0].Namespace != f.Pod.Namespace {
		a.ask(ctx)
	}
	a.pods = append(a.pods, f.Pod)
}

// rest asks about the last namespace and waits for all answers.
func (a *ahead) rest(ctx context.Context) {
	a.ask(ctx)
	a.queue.wait()
}

func (a *ahead) ask(ctx context.Context) {
	l, pods := a.l, a.pods
	a.pods = nil
	if len(pods) > fewPods {
		uids := map[string]bool{}
		for _, pod := range pods {
			uids[string(pod.UID)] = true
		}
		a.queue.add(func() { _, _ = l.run.Warnings(ctx, pods[0].Namespace, uids) })
	}
	for _, pod := range pods {
		if len(pods) <= fewPods {
			a.queue.add(func() { _, _ = l.run.PodEvents(ctx, pod) })
		}
		if pod.Spec.NodeName != "" {
			a.once("node "+pod.Spec.NodeName, func() { _, _ = l.run.Node(ctx, pod.Spec.NodeName) })
		}
		if name := pod.Spec.ServiceAccountName; name != "" {
			a.once("account "+pod.Namespace+"/"+name, func() { _, _ = l.run.ServiceAccount(ctx, pod.Namespace, name) })
		}
		for _, s := range firstSecrets(pod) {
			a.once("secret "+pod.Namespace+"/"+s.Name, func() { l.run.PullSecret(ctx, pod.Namespace, s.Name) })
		}
		if reach := "reach " + pod.Namespace; depended(pod) && !a.asked[reach] && a.reached < maxReached {
			a.reached++
			a.once(reach, func() { l.run.Reach(ctx, pod.Namespace) })
		}
		if key := controller(pod); key != "" && !a.asked[key] && a.workloads < maxWorkloads {
			a.workloads++
			a.once(key, func() { l.workload(ctx, pod) })
		}
	}
}

func (a *ahead) once(question string, ask func()) {
	if !a.asked[question] {
		a.asked[question] = true
		a.queue.add(ask)
	}
}

// workload finds what stands behind a pod, once for all pods of a controller.
func (l *look) workload(ctx context.Context, pod *corev1.Pod) workload.Workload {
	l.mu.Lock()
	find := l.workloads[controller(pod)]
	if find == nil {
		find = sync.OnceValue(func() workload.Workload { return workload.Of(ctx, l.run, pod, l.now) })
		l.workloads[controller(pod)] = find
	}
	l.mu.Unlock()
	return find()
}

// A queue does things in the order in which they come, so many at once. To add
// to it never waits.
type queue struct {
	mu      sync.Mutex
	waiting []func()
	free    int
	working sync.WaitGroup
}

func newQueue(atOnce int) *queue { return &queue{free: atOnce} }

func (q *queue) add(do func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = append(q.waiting, do)
	if q.free > 0 {
		q.free--
		q.working.Go(q.work)
	}
}

func (q *queue) work() {
	for {
		q.mu.Lock()
		if len(q.waiting) == 0 {
			q.free++
			q.mu.Unlock()
			return
		}
		do := q.waiting[0]
		q.waiting = q.waiting[1:]
		q.mu.Unlock()
		do()
	}
}

// wait waits until all is done that was added.
func (q *queue) wait() { q.working.Wait() }
