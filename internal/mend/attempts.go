// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"context"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/symptom"
)

// askEvery is after how many looks a pod's events are read once more for its second
// attempt, which comes 10 s after the first at the soonest.
const askEvery = 4

// An attempted is what is known of a pod's attempts at a pull that failed in a way
// that may pass.
type attempted struct {
	sign      symptom.Sign // of the last failure that said why, "" if none did
	backedOff bool         // the pod's status showed it waiting for its second attempt
	again     bool         // that failed, too
}

// passing is why a failed pull is no verdict on the change yet, "" if it is one. What
// the network, a registry's own trouble or a kubelet's limit keeps from being pulled
// may come with the next attempt, so that it counts from the second on; that a
// kubelet puts a pull off says nothing of it at all. said are its words; those
// of the pod's status if shown, else of an event.
func (w *watcher) passing(ctx context.Context, pod *corev1.Pod, said string, shown bool) string {
	sign := symptom.Parse(said).Sign
	if sign == symptom.ThrottledByKubelet {
		return "its kubelet only puts it off"
	}
	pull := w.failing(pod)
	if pull == nil {
		return ""
	}
	a := w.attempts[string(pod.UID)]
	if a == nil {
		a = &attempted{}
		w.attempts[string(pod.UID)] = a
	}
	if _, lost := cluster.CauseLost(*pull); !lost || !shown {
		a.sign = sign
	}
	if a.sign != "" && !passes(a.sign) {
		return ""
	}
	if shown && pull.Reason == "ImagePullBackOff" {
		a.backedOff = true
	} else if shown && a.backedOff {
		a.again = true
	}
	if !a.again && w.looks%askEvery == 0 {
		image, _ := imageOf(pod, *pull)
		_, times, err := w.m.cluster.FailedPulls(ctx, pod, image, w.heardOfPulls[string(pod.UID)])
		a.again = err == nil && times > 1
	}
	if a.again {
		return ""
	}
	return "that may pass, so its next attempt tells"
}

// failing is the first pull of the plan that fails in a pod.
func (w *watcher) failing(pod *corev1.Pod) *evidence.Pull {
	for _, c := range w.plan.Chosen {
		if pull := failingPull(pod, c.Diagnosis.Pull); pull != nil {
			return pull
		}
	}
	return nil
}

// passes tells the failures that are gone at the next attempt as often as not: of
// the way to a host, and a registry's or runtime's own trouble.
func passes(s symptom.Sign) bool {
	switch s {
	case symptom.HostNotResolved, symptom.ConnectionTimeout, symptom.ConnectionRefused, symptom.ConnectionReset, symptom.NoRoute, symptom.ProxyFailed,
		symptom.RateLimited, symptom.RegistryUnavailable, symptom.UpstreamCacheFailed, symptom.PullTimeout, symptom.RuntimeUnavailable:
		return true
	}
	return false
}

// ofAll tells the failures that every pod with the change will meet: what a registry
// says of the image, or of who asks for it. Others may be of one node alone.
func ofAll(s symptom.Sign) bool {
	switch s {
	case symptom.InvalidReference, symptom.TagNotFound, symptom.DigestNotFound, symptom.RepositoryNotFound, symptom.ManifestNotSupported, symptom.BlobNotFound,
		symptom.AccessDenied, symptom.LoginRequired, symptom.CredentialRejected, symptom.CredentialExpired, symptom.PermissionDenied, symptom.RegistryPolicy:
		return true
	}
	return false
}
