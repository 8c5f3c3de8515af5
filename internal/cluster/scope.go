// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"
	"hash/maphash"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/evidence"
)

// Bounds on counting who pulls from a registry.
const (
	maxCounted   = 200_000 // pods
	maxDifferent = 2_000   // values of a kind, of one registry
	// manyNamespaces is from how many namespaces on a failure is no single
	// tenant's.
	manyNamespaces = 3
)

// use is who pulls from one registry, well or not.
type use struct {
	pods                                int
	images, nodes, credentials, tenants map[string]struct{}
}

func newUse() *use {
	return &use{images: map[string]struct{}{}, nodes: map[string]struct{}{}, credentials: map[string]struct{}{}, tenants: map[string]struct{}{}}
}

func note(set map[string]struct{}, value string) {
	if value != "" && len(set) < maxDifferent {
		set[value] = struct{}{}
	}
}

// count notes a pod that runs images; one that is shown twice counts once.
func (s *Seen) count(pod *corev1.Pod, images []*image) {
	id := maphash.String(s.seed, string(pod.UID))
	if _, ok := s.counted[id]; ok || len(s.counted) >= maxCounted || len(images) == 0 {
		return
	}
	s.counted[id] = struct{}{}
	for i, img := range images {
		u := s.uses[img.ref.Host]
		if u == nil {
			u = newUse()
			s.uses[img.ref.Host] = u
		}
		note(u.images, img.name)
		if slices.ContainsFunc(images[:i], func(o *image) bool { return o.ref.Host == img.ref.Host }) {
			continue
		}
		u.pods++
		note(u.nodes, pod.Spec.NodeName)
		note(u.tenants, pod.Namespace)
		for _, secret := range pod.Spec.ImagePullSecrets {
			note(u.credentials, pod.Namespace+"/"+secret.Name)
		}
	}
}

// scope tells what the failing pulls from a registry have in common that those
// which run have not: one image, node, credential or namespace, in this order,
// because each explains the next; or that they lie in many namespaces. That pods
// run says that they could pull once, not that they could now.
func (o *Others) scope(p evidence.Pull, now time.Time) (evidence.Finding, bool) {
	host := p.Reference.Host
	f := o.registry[host]
	if f == nil || f.use.pods < 2 {
		return evidence.Finding{}, false
	}
	runs := o.seen.uses[host]
	if runs == nil {
		runs = newUse()
	}
	registry := evidence.Subject{Kind: evidence.SubjectRegistry, Name: host}
	say := func(outcome evidence.Outcome, s evidence.Subject, format string, args ...any) (evidence.Finding, bool) {
		found := finding(evidence.CheckScope, outcome, s, now, format, args...)
		found.Details = map[string]string{
			"failingPods": strconv.Itoa(f.use.pods), "failingImages": strconv.Itoa(len(f.use.images)), "failingNodes": strconv.Itoa(len(f.use.nodes)),
			"failingCredentials": strconv.Itoa(len(f.use.credentials)), "failingNamespaces": strconv.Itoa(len(f.use.tenants)),
			"runningPods": strconv.Itoa(runs.pods), "runningNamespaces": strconv.Itoa(len(runs.tenants)), "runningNodes": strconv.Itoa(len(runs.nodes)),
		}
		return found, true
	}
	running := fmt.Sprintf("images of it run in %s of %s", plural(runs.pods, "pod"), plural(len(runs.tenants), "namespace"))
	if runs.pods == 0 {
		running = "no other pod runs an image of it"
	}
	all := fmt.Sprintf("all %d pods that fail to pull from %s", f.use.pods, host)
	if one, others := alone(f.use.images, runs.images); one != "" && others > 0 {
		return say(evidence.OneImageAlone, evidence.Subject{Kind: evidence.SubjectImage, Name: one}, "%s want one image; %s", all, running)
	}
	if one, others := alone(f.use.nodes, runs.nodes); one != "" && others > 0 {
		return say(evidence.OneNodeAlone, evidence.Subject{Kind: evidence.SubjectNode, Name: one}, "%s are on %s; images of it run on %s", all, one, plural(others, "other node"))
	}
	if one, others := alone(f.use.credentials, runs.credentials); one != "" && f.allBring && others > 0 {
		return say(evidence.OneCredentialAlone, evidence.Subject{Kind: evidence.SubjectSecret, Name: one}, "%s bring secret %s; %s", all, one, running)
	}
	if one, others := alone(f.use.tenants, runs.tenants); one != "" && others > 0 {
		return say(evidence.OneNamespaceAlone, evidence.Subject{Kind: evidence.SubjectNamespace, Name: one}, "%s are in namespace %s; images of it run in %s", all, one, plural(others, "other namespace"))
	}
	if n := len(f.use.tenants); n >= manyNamespaces {
		return say(evidence.ManyNamespacesFail, registry, "%d pods of %d namespaces on %s fail to pull from %s, %s of it; %s",
			f.use.pods, n, plural(len(f.use.nodes), "node"), host, plural(len(f.use.images), "image"), running)
	}
	return evidence.Finding{}, false
}

// alone returns the only value of a set, and how many others another set has.
func alone(failing, running map[string]struct{}) (one string, others int) {
	if len(failing) != 1 {
		return "", 0
	}
	for one = range failing {
	}
	others = len(running)
	if _, ok := running[one]; ok {
		others--
	}
	return one, others
}

// fails notes a failing pull of a registry's.
func (f *failures) fails(p evidence.Pull) {
	if pod := p.Namespace + "/" + p.Pod + p.Owner.Name; !f.pods[pod] {
		f.pods[pod] = true
		f.use.pods++
	}
	note(f.use.images, Canonical(p.Reference))
	note(f.use.nodes, p.Node)
	note(f.use.tenants, p.Namespace)
	for _, secret := range p.PullSecrets {
		note(f.use.credentials, p.Namespace+"/"+secret)
	}
	f.allBring = f.allBring && strings.Join(p.PullSecrets, "") != ""
}
