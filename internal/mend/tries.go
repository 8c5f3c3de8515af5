// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster"
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

// triedInVain is what the kubelet says of a failed pull of an image that the pod
// was given in place, before the pod's status shows it; "" if it says nothing.
func (w *watcher) triedInVain(ctx context.Context, pod *corev1.Pod) string {
	if !w.inPlace[string(pod.UID)] {
		return ""
	}
	for _, c := range w.plan.Chosen {
		if c.Remedy.Image == "" || failingPull(pod, c.Diagnosis.Pull) == nil {
			continue
		}
		if said, err := w.m.cluster.FailedPull(ctx, pod, c.Remedy.Image, w.began); err == nil && said != "" {
			return said
		}
	}
	return ""
}
