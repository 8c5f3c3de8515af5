// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/evidence"
)

// notRunningShown bounds the pods that do not run for another reason that are
// told of; -v tells of all.
const notRunningShown = 5

func notRunning(from []evidence.NotRunning) []v1alpha1.NotRunning {
	var out []v1alpha1.NotRunning
	for _, p := range from {
		out = append(out, v1alpha1.NotRunning{Namespace: p.Namespace, Pod: p.Pod, Node: p.Node, Container: clean(p.Container), State: string(p.State), Reason: clean(p.Reason), Since: at(p.Since)})
	}
	return out
}

// notRunning tells of pods of which no pull is known to fail why they still do
// not run: that no pull fails is half an answer for whoever waits for them.
func (s *sheet) notRunning(r v1alpha1.Report) {
	if len(r.NotRunning) > 0 {
		s.blank()
	}
	for i, p := range r.NotRunning {
		if i == notRunningShown && s.Verbose == 0 {
			s.paragraph("", plain, normal("and "+count(len(r.NotRunning)-i, "more pod")+" without a failing pull that does not run; -v lists all"))
			return
		}
		head, text := "Not running: ", p.Namespace+"/"+p.Pod
		if p.Container != "" {
			text += ", container " + p.Container
		}
		switch evidence.Standing(p.State) {
		case evidence.FailsOtherwise:
			text += ": its image is there; it fails otherwise: " + sentence(p.Reason)
		case evidence.WithoutNode:
			text += ": it has no node, so nothing was pulled for it yet: " + sentence(p.Reason)
		default:
			head = "Too early: "
			text += ": still being made, which includes the pull"
			if p.Node != "" {
				text += ", on " + p.Node
			}
			if p.Since != nil {
				text += ", since " + s.clock(*p.Since, r.Time, toSecond) + " (" + length(r.Time.Sub(*p.Since)) + ")"
			}
			text += "; no failure was told so far. Look again in a moment."
		}
		s.hang(head, yellow, 2, normal(text))
	}
}
