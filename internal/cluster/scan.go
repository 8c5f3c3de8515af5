// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/evidence"
)

// maxWaiting bounds the pods that wait without a word that a scan keeps.
const maxWaiting = 500

// maxNotRunning bounds the pods that do not run for another reason that a scan
// keeps: of some it may turn out that a pull fails, and 20 are told.
const maxNotRunning = 40

// A Failing is a pod with pulls that fail, or that were asked for.
type Failing struct {
	Pod   *corev1.Pod
	Pulls []evidence.Pull
}

// A Scan is one pass over pods.
type Scan struct {
	// Pods and Namespaces that were looked at.
	Pods       int
	Namespaces map[string]bool
	// Failing pods, in the order in which the server lists them.
	Failing []Failing
	// Waiting are pods that have not one container made, of which one is not made
	// for long, or is not started again, at most 500.
	Waiting []*corev1.Pod
	// NotRunning are pods that do not run and of which no status says that a pull
	// fails, at most 40.
	NotRunning []evidence.NotRunning
	// Seen is what all pods show of images that run.
	Seen *Seen
	// Complete is false if the pass ended before the last pod.
	Complete bool
}

// ScanOptions say which pods a scan looks at; the zero value is all of the cluster.
type ScanOptions struct {
	Namespace, Selector string
	// MaxPages of 500 pods, 0 for all.
	MaxPages int
	// Seen, if set, takes in what the pods show, beside what it has.
	Seen *Seen
	// Found, if set, is handed each failing pod as soon as it arrives.
	Found func(Failing)
}

// Scan looks at pods. It keeps those alone of which a pull fails or may fail.
func (c *Client) Scan(ctx context.Context, now time.Time, o ScanOptions) (*Scan, error) {
	s := &Scan{Namespaces: map[string]bool{}, Seen: o.Seen}
	if s.Seen == nil {
		s.Seen = NewSeen()
	}
	complete, err := c.Pods(ctx, o.Namespace, o.Selector, o.MaxPages, func(pod *corev1.Pod) {
		if s.add(pod, now) && o.Found != nil {
			o.Found(s.Failing[len(s.Failing)-1])
		}
	})
	s.Complete = complete
	return s, err
}

// add takes in a pod and tells whether a pull of it fails.
func (s *Scan) add(pod *corev1.Pod, now time.Time) bool {
	s.Pods++
	s.Namespaces[pod.Namespace] = true
	s.Seen.Add(pod)
	if pulls := FailingPulls(pod); len(pulls) > 0 {
		s.Failing = append(s.Failing, Failing{Pod: lean(pod), Pulls: pulls})
		return true
	}
	if len(s.NotRunning) < maxNotRunning && !(pod.Status.Phase == corev1.PodRunning && allMade(pod)) {
		if one, ok := NotRunning(pod); ok {
			s.NotRunning = append(s.NotRunning, one)
		}
	}
	if len(s.Waiting) < maxWaiting && (now.Sub(pod.CreationTimestamp.Time) >= sandboxGrace && MayHide(pod) || MayHang(pod, now)) {
		s.Waiting = append(s.Waiting, lean(pod))
	}
	return false
}

// lean drops what no question about a pull needs and what most of a pod is.
func lean(pod *corev1.Pod) *corev1.Pod {
	pod.ManagedFields, pod.Annotations = nil, nil
	spec := &pod.Spec
	spec.Affinity, spec.Tolerations, spec.TopologySpreadConstraints, spec.HostAliases = nil, nil, nil, nil
	spec.Volumes = slices.DeleteFunc(spec.Volumes, func(v corev1.Volume) bool { return v.Image == nil })
	for _, all := range [][]corev1.Container{spec.InitContainers, spec.Containers} {
		for i := range all {
			all[i] = leanContainer(all[i])
		}
	}
	for i := range spec.EphemeralContainers {
		c := &spec.EphemeralContainers[i]
		c.EphemeralContainerCommon = corev1.EphemeralContainerCommon(leanContainer(corev1.Container(c.EphemeralContainerCommon)))
	}
	return pod
}

func leanContainer(c corev1.Container) corev1.Container {
	return corev1.Container{Name: c.Name, Image: c.Image, ImagePullPolicy: c.ImagePullPolicy, VolumeMounts: c.VolumeMounts, RestartPolicy: c.RestartPolicy}
}
