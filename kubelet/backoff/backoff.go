// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package backoff is the kubelet's retry clock for image pulls: when the next
// attempt will come, and how a series of attempts runs.
//
// A person who has mended something wants to know how long to wait, and a
// watcher must not call a repair failed before the kubelet has tried again.
// The rules are read from Kubernetes v1.36.3 (pkg/kubelet/kubelet.go,
// images/image_manager.go, pod_workers.go) and client-go's util/flowcontrol,
// and are the same from v1.29 on but where a comment says so.
//
// The back-off belongs to one pod (by UID) and one image string as written;
// two containers with the same image share it, two replicas do not. Deleting
// the pod or restarting the kubelet resets it; mending a secret does not.
//
// It must never promise a moment: an answer is always a span, because the
// kubelet looks at a failing pod at random intervals.
package backoff

import "time"

// The kubelet's constants. None can be configured.
const (
	// Initial is the back-off after the first failed pull
	// (imageBackOffPeriod). It doubles with each further one.
	Initial = 10 * time.Second
	// Max is what it grows to (MaxImageBackOff).
	Max = 300 * time.Second
	// Expiry: if more than this lies between the ends of two failed pulls, the
	// second counts as the first again. At Max this happens to a pull that
	// itself takes five minutes.
	Expiry = 2 * Max

	// SyncMin and SyncMax bound the time from the end of a failed sync to the
	// next (backOffPeriod with workerBackOffPeriodJitterFactor 0.5).
	SyncMin = 10 * time.Second
	SyncMax = 15 * time.Second
	// SyncTick is how often the kubelet's loop looks for pods that are due.
	SyncTick = time.Second
	// CrashLoopSyncMax takes the place of SyncMax from v1.35 on, if another
	// container of the pod is in CrashLoopBackOff: the pod then waits for that
	// one's restart, at most syncFrequency (1 min by default), with jitter.
	CrashLoopSyncMax = 90 * time.Second
)

// After returns the back-off after so many failed pulls in a row: 10 s, 20 s,
// 40 s, 80 s, 160 s, then 300 s. It is 0 for none.
func After(failures int) time.Duration {
	if failures <= 0 {
		return 0
	}
	wait := Initial
	for range failures - 1 {
		if wait >= Max {
			break
		}
		wait *= 2
	}
	return min(wait, Max)
}

// backOffReason is the waiting reason of a sync that found the pull held.
const backOffReason = "ImagePullBackOff"

// Held tells whether a waiting reason is one of a failed pull that is under
// back-off. The reasons of other failures before a pull (ErrImageNeverPull,
// InvalidImageName, ImageInspectError, and the free texts of a pull secret
// that cannot be parsed or of a pull that cannot be recorded) repeat with every
// sync of the pod, each 10 to 15 s: the kubelet returns them before it looks
// at the back-off.
func Held(reason string) bool { return class(reason) == held }

type reasonClass int

const (
	held     reasonClass = iota // under back-off
	unheld                      // repeats with every sync
	waiting                     // says nothing yet
	notAPull                    // the image is there
)

func class(reason string) reasonClass {
	switch reason {
	case "ErrImagePull", backOffReason, "RegistryUnavailable", "SignatureValidationFailed":
		return held
	case "", "ContainerCreating", "PodInitializing":
		return waiting
	case "CrashLoopBackOff", "CreateContainerConfigError", "PreCreateHookError", "CreateContainerError",
		"PreStartHookError", "PostStartHookError", "RunContainerError", "StartError", "Completed", "Error":
		return notAPull
	}
	return unheld
}
