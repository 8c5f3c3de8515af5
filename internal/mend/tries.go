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
	if _, was := w.before[string(pod.UID)]; was || w.plan.onlyTry || len(w.again) >= mostAgain || w.plan.Proof != verify.Proven || !w.account && len(pod.Spec.ImagePullSecrets) == 0 {
		return false
	}
	if !slices.ContainsFunc(cluster.FailingPulls(pod), func(p evidence.Pull) bool {
		switch symptom.Parse(p.Message).Sign {
		case symptom.AccessDenied, symptom.LoginRequired, symptom.CredentialRejected, symptom.CredentialExpired, symptom.PermissionDenied:
			return true
		}
		return false
	}) {
		return false
	}
	again := append(w.again, pod)
	if _, ends := w.plan.Case.Spends(slices.Concat(w.plan.goes(), again)); ends {
		return false
	}
	w.again = again
	return w.m.evict(ctx, Pod{pod.Namespace, pod.Name, string(pod.UID)}, w.say) == nil
}

// secondTry asks, for a plan that evicts nothing by itself, for the right to evict
// a new pod that pulled before its kubelet had its secrets (see anotherTry), and
// says so if it lacks: the plan is as good without, unless that happens.
func (m *Mender) secondTry(ctx context.Context, p *Plan) {
	if len(p.Evict) > 0 || !p.bringsSecrets() {
		return
	}
	right := p.mayEvict()
	lacking, err := m.edit.Lacking(ctx, []edit.Right{right})
	if err != nil || len(lacking) == 0 { // without an answer the attempt will tell
		return
	}
	p.onlyTry = true
	p.Risks = append(p.Risks, "you may not "+right.String()+", so there is no second try: a new pod that pulls before its kubelet has its pull secrets fails, and the change is taken back")
}

// bringsSecrets tells whether the plan has pods made that carry pull secrets.
func (p Plan) bringsSecrets() bool {
	if p.Case.Target.Kind == "Pod" || len(p.Changes) == 0 {
		return false
	}
	carries := p.Case.Account != nil && len(p.Case.Account.ImagePullSecrets) > 0
	for _, c := range p.Chosen {
		if f := c.Remedy.Foresee; f != nil {
			carries = carries || slices.ContainsFunc(f.Pods, func(pod *corev1.Pod) bool { return len(pod.Spec.ImagePullSecrets) > 0 })
		}
	}
	return carries || slices.ContainsFunc(p.Changes, func(c remedy.Change) bool { return c.Object.Kind == "ServiceAccount" })
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
