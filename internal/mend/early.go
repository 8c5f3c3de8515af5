// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/internal/remedy"
	"github.com/pullmedic/pullmedic/internal/verify"
	"github.com/pullmedic/pullmedic/symptom"
)

// earlyLooks are how long a pod that was changed in place may show that its login
// failed before that counts: a kubelet that pulled before it had the secret tries
// again after a back-off of 10 s, at its next round, of which there is one every
// 10 s or so.
const earlyLooks = 180

// secretPulled tells a change of a secret after which the plan has pods pull at
// once.
func (p Plan) secretPulled(c remedy.Change) bool {
	return c.Object.Kind == "Secret" && (len(p.Evict) > 0 || slices.ContainsFunc(p.Changes, func(c remedy.Change) bool { return p.isTarget(c.Object) || c.Object.Kind == "Pod" }))
}

// loginFailed tells the failures that a pull without the right login has.
func loginFailed(s symptom.Sign) bool {
	switch s {
	case symptom.AccessDenied, symptom.LoginRequired, symptom.CredentialRejected, symptom.CredentialExpired, symptom.PermissionDenied:
		return true
	}
	return false
}

// pulledEarly tells of a pod that was changed in place, after a secret that is proven
// to work, that its kubelet may have pulled before it had that secret. Nobody evicts
// such a pod: its own next attempt tells.
// said is what the pod or an event shows of its failure.
func (w *watcher) pulledEarly(pod *corev1.Pod, said string) bool {
	uid := string(pod.UID)
	if !w.inPlace[uid] || w.plan.Proof != verify.Proven || !slices.ContainsFunc(w.plan.Changes, func(c remedy.Change) bool { return c.Object.Kind == "Secret" }) {
		return false
	}
	if sign := symptom.Parse(said).Sign; sign != "" && !loginFailed(sign) {
		return false
	}
	w.early[uid]++
	return w.early[uid] <= earlyLooks
}
