// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"context"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/examine"
	"github.com/pullmedic/pullmedic/internal/remedy"
	"github.com/pullmedic/pullmedic/internal/verify"
)

// prove has verify foresee the pods that the plan makes wanted.
func (m *Mender) prove(ctx context.Context, p *Plan) {
	p.Proof = verify.NotProven
	if q := p.prospect(); len(q.Wants) > 0 {
		p.Result = verify.Verify(ctx, m.catalog, m.seer, q)
		p.Result.Answers = slices.DeleteFunc(p.Result.Answers, func(a verify.Answer) bool { return p.leaves(a.Evidence.Pull) })
		if p.Proof = p.Result.Proof(); p.emergency() {
			p.reconsider()
		}
	}
	if why := p.served(); p.Proof == verify.NotProven && why != "" {
		p.Proof, p.ProvenBy = verify.Proven, why
	}
	for _, c := range p.Chosen {
		if why := remedy.Brake(c.Remedy, string(p.Proof), p.Case); why != "" {
			p.Brake = why
		}
	}
}

// prospect is what the chosen remedies make wanted: the pods of each, with what the
// others make of them.
func (p *Plan) prospect() examine.Prospect {
	var q examine.Prospect
	for i, c := range slices.Backward(p.Chosen) { // what was planned upon others counts before them
		f := c.Remedy.Foresee
		if f == nil || c.Covered {
			continue
		}
		for _, pod := range f.Pods {
			for j, other := range p.Chosen {
				if j == i || j < i && c.upon || other.Remedy.Foresee == nil || len(other.Remedy.Foresee.Pods) == 0 {
					continue
				}
				is, then := p.beside(pod, other.Remedy.Foresee)
				pod = overlay(pod, is, then)
			}
			q.Wants = append(q.Wants, examine.Want{
				Object: evidence.Object{Kind: p.Case.Target.Kind, Namespace: p.Case.Target.Namespace, Name: p.Case.Target.Name},
				Pod:    pod, Exists: f.Exists,
			})
		}
		q.Secrets = append(q.Secrets, f.Secrets...)
		q.Accounts = append(q.Accounts, f.Accounts...)
	}
	return q
}

// leaves tells a pull that fails now and that nothing was chosen for: that it
// will go on failing says nothing about what was. So it is with one that was not
// tried yet, unless pods that are well are to be replaced by such ones.
func (p *Plan) leaves(pull evidence.Pull) bool {
	same := func(q evidence.Pull) bool { return samePlace(q, pull) }
	if slices.ContainsFunc(p.Chosen, func(c Choice) bool { return same(c.Diagnosis.Pull) }) {
		return false
	}
	for _, d := range p.Case.Diagnoses {
		if same(d.Pull) {
			return !remedy.Untried(d) || p.Restarts == 0
		}
	}
	return false
}

// beside is what another remedy makes of a pod, and what of. What is changed in
// place is held against itself, as admission may have made it another than its
// template.
func (p *Plan) beside(pod *corev1.Pod, other *remedy.Prospect) (is, then corev1.PodSpec) {
	if !other.Exists || p.Case.Target.Kind == "Pod" {
		return p.Case.Target.Template.Spec, other.Pods[0].Spec
	}
	of := func(all []*corev1.Pod) int {
		return slices.IndexFunc(all, func(q *corev1.Pod) bool { return q.UID == pod.UID })
	}
	if was, next := of(p.Case.Pods), of(other.Pods); was >= 0 && next >= 0 {
		return p.Case.Pods[was].Spec, other.Pods[next].Spec
	}
	return pod.Spec, pod.Spec // it changes other pods
}

// overlay puts what another remedy changes, against what is there, into a pod as one
// remedy will have it: all that decides about pulls.
func overlay(pod *corev1.Pod, is, other corev1.PodSpec) *corev1.Pod {
	pod = pod.DeepCopy()
	s := &pod.Spec
	containers := func(into, is, other []corev1.Container) {
		for i := range into {
			if i < len(is) && i < len(other) && into[i].Name == other[i].Name && (is[i].Image != other[i].Image || is[i].ImagePullPolicy != other[i].ImagePullPolicy) {
				into[i].Image, into[i].ImagePullPolicy = other[i].Image, other[i].ImagePullPolicy
			}
		}
	}
	containers(s.Containers, is.Containers, other.Containers)
	containers(s.InitContainers, is.InitContainers, other.InitContainers)
	for i := range s.Volumes {
		if i < min(len(is.Volumes), len(other.Volumes)) && s.Volumes[i].Image != nil && is.Volumes[i].Image != nil && other.Volumes[i].Image != nil && *other.Volumes[i].Image != *is.Volumes[i].Image {
			s.Volumes[i].Image = other.Volumes[i].Image.DeepCopy()
		}
	}
	if !slices.Equal(is.ImagePullSecrets, other.ImagePullSecrets) {
		s.ImagePullSecrets = slices.Clone(other.ImagePullSecrets)
	}
	if !maps.Equal(is.NodeSelector, other.NodeSelector) {
		s.NodeSelector = maps.Clone(other.NodeSelector)
	}
	return pod
}

// served tells that nothing has to be pulled: as many pods as are wanted are
// ready and run what is wanted; "" if that is not so. It proves without any
// question to nodes or registries, for whoever may not ask them.
func (p *Plan) served() string {
	t := p.Case.Target
	if t.Kind != "Deployment" || t.Wanted == 0 || len(p.Chosen) == 0 {
		return ""
	}
	n := 0
	for _, pod := range p.Case.Pods {
		runs := func(c Choice) bool {
			image, _ := imageOf(pod, c.Diagnosis.Pull)
			return c.Remedy.Image != "" && image == c.Remedy.Image
		}
		if remedy.PodReady(pod) && !slices.ContainsFunc(p.Chosen, func(c Choice) bool { return !runs(c) }) {
			n++
		}
	}
	if n < t.Wanted {
		return ""
	}
	return fmt.Sprintf("the ready pods of %s run it already (%d, and %d wanted): none has to pull it", t.Object, n, t.Wanted)
}
