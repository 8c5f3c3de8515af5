// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/internal/edit"
	"github.com/pullmedic/pullmedic/internal/remedy"
	"github.com/pullmedic/pullmedic/internal/verify"
	"github.com/pullmedic/pullmedic/symptom"
)

// mostAgain bounds the new pods that get another try.
const mostAgain = 2

// anotherTry evicts a new pod whose login failed although it was proven that it
// would not. A kubelet may read a pod's secrets only a moment after it got the
// pod (the node authorizer has to learn of it), and pulls without them before
// that; nor does it wait for a secret's new content; and a pod may be admitted
// with its service account as it was. It would try again by itself, after its
// back-off, or never. None is evicted whose loss would end its Job.
func (w *watcher) anotherTry(ctx context.Context, pod *corev1.Pod) bool {
	if _, was := w.before[string(pod.UID)]; was || w.again >= w.plan.Again || !w.account && len(pod.Spec.ImagePullSecrets) == 0 {
		return false
	}
	if !slices.ContainsFunc(cluster.FailingPulls(pod), func(p evidence.Pull) bool {
		return loginFailed(symptom.Parse(p.Message).Sign)
	}) {
		return false
	}
	w.again++
	return w.evict(ctx, pod) == nil
}

// secondTry foresees how many new pods may be evicted because they pulled before
// their kubelet had their pull secrets (see anotherTry): of a plan that is proven,
// and as many as their Job bears. A plan that evicts nothing else is as good without
// the right to do so, unless that happens, and says so if it lacks.
func (m *Mender) secondTry(ctx context.Context, p *Plan) {
	if p.Proof != verify.Proven || !p.bringsSecrets() {
		return
	}
	right := p.mayEvict()
	if len(p.Evict) == 0 {
		lacking, err := m.edit.Lacking(ctx, []edit.Right{right})
		if err == nil && len(lacking) > 0 { // without an answer the attempt will tell
			p.Risks = append(p.Risks, "you may not "+right.String()+", so there is no second try: a new pod that pulls before its kubelet has its pull secrets fails, and the change is taken back")
			return
		}
	}
	goes := p.goes()
	for p.Again < mostAgain {
		goes = append(goes, goes[:min(1, len(goes))]...) // the successor of one counts like it
		if _, ends := p.Case.Spends(goes); ends {
			return
		}
		p.Again++
	}
}

// bringsSecrets tells whether the plan has pods made, while it is watched, that
// carry pull secrets.
func (p Plan) bringsSecrets() bool {
	t := p.Case.Target
	later := t.Kind == "CronJob" || t.OnDelete // pods get a template
	if t.Kind == "Pod" || len(p.Evict) == 0 && (len(p.Changes) == 0 || later) {
		return false
	}
	named := func(pull evidence.Pull) bool { return len(pull.PullSecrets) > 0 }
	return slices.ContainsFunc(p.Result.Answers, func(a verify.Answer) bool { return named(a.Evidence.Pull) }) ||
		slices.ContainsFunc(p.Chosen, func(c Choice) bool { return named(c.Diagnosis.Pull) }) ||
		slices.ContainsFunc(p.Changes, func(c remedy.Change) bool { return c.Object.Kind == "ServiceAccount" })
}

// triedInVain is what the kubelet says of a failed pull of an image that the pod
// was given in place, before the pod's status shows it; "" if it says nothing.
func (w *watcher) triedInVain(ctx context.Context, pod *corev1.Pod) string {
	heard, known := w.heardOfPulls[string(pod.UID)]
	if !known {
		return ""
	}
	for _, c := range w.plan.Chosen {
		if c.Remedy.Image == "" || failingPull(pod, c.Diagnosis.Pull) == nil {
			continue
		}
		if said, _, err := w.m.cluster.FailedPulls(ctx, pod, c.Remedy.Image, heard); err == nil && said != "" {
			return said
		}
	}
	return ""
}
