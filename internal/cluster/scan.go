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
	// Seen is what all pods show of images that run.
	Seen *Seen
	// Complete is false if the pass ended before the last pod.
	Complete bool
}

// Scan looks at the pods of a namespace ("" for all) that a label selector
// finds, in at most maxPages pages of 500 (0: all). It keeps pods only if a
// pull of theirs fails or may fail.
func (c *Client) Scan(ctx context.Context, namespace, selector string, maxPages int, now time.Time) (*Scan, error) {
	return c.scan(ctx, namespace, selector, maxPages, now, NewSeen(), nil)
}

// ScanTelling is Scan of all pages that hands each failing pod over as soon as it
// arrives, too.
func (c *Client) ScanTelling(ctx context.Context, namespace, selector string, now time.Time, found func(Failing)) (*Scan, error) {
	return c.scan(ctx, namespace, selector, 0, now, NewSeen(), found)
}

// ScanInto is Scan for a namespace, with what its pods show added to seen.
func (c *Client) ScanInto(ctx context.Context, namespace string, maxPages int, now time.Time, seen *Seen) (*Scan, error) {
	return c.scan(ctx, namespace, "", maxPages, now, seen, nil)
}

func (c *Client) scan(ctx context.Context, namespace, selector string, maxPages int, now time.Time, seen *Seen, found func(Failing)) (*Scan, error) {
	s := &Scan{Namespaces: map[string]bool{}, Seen: seen}
	complete, err := c.Pods(ctx, namespace, selector, maxPages, func(pod *corev1.Pod) {
		if s.add(pod, now) && found != nil {
			found(s.Failing[len(s.Failing)-1])
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
