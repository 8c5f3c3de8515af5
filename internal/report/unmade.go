// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
)

// unmadeShown bounds the controllers without their pods that are told of.
const unmadeShown = 4

func unmade(from []evidence.Unmade) []v1alpha1.Unmade {
	out := []v1alpha1.Unmade{}
	for _, u := range from {
		out = append(out, v1alpha1.Unmade{
			Owner: object(u.Owner), Controller: object(u.Controller), Wanted: u.Wanted, Made: u.Made,
			Reason: clean(u.Reason), Message: clean(u.Message), Attempts: u.Attempts, FirstFailed: at(u.First), LastFailed: at(u.Last),
			FirstAction: clean(diagnosis.UnmadeAction(u)),
		})
	}
	return out
}

// unmade tells of pods that could not be made: no cause of a failing pull, but
// why a person sees no pod.
func (s *sheet) unmade(all []v1alpha1.Unmade, now time.Time) {
	if len(all) > 0 {
		s.blank()
	}
	const head = "Not made: "
	for i, u := range all {
		if i == unmadeShown && s.Verbose == 0 {
			s.paragraph(head, yellow, normal("and pods of "+number(len(all)-i)+" more controllers; -v lists them"))
			return
		}
		s.hang(head, yellow, 2, normal(s.unmadeWords(u, now)))
		if u.FirstAction != "" {
			s.hang("  Do first: ", bold, 4, normal(u.FirstAction))
		}
	}
}

func (s *sheet) unmadeWords(u v1alpha1.Unmade, now time.Time) string {
	text := named(u.Owner) + " in " + u.Owner.Namespace
	if u.Wanted > 0 {
		text = fmt.Sprintf("%s of %s of %s", number(u.Wanted-u.Made), count(u.Wanted, "pod"), text)
	} else {
		text = "pods of " + text
	}
	if u.Controller != u.Owner {
		text += ", by " + u.Controller.Kind + " " + u.Controller.Name
	}
	text += ": " + u.Reason + ": " + strings.TrimRight(u.Message, ". ")
	var times []string
	if u.Attempts > 1 {
		times = append(times, number(u.Attempts)+" times")
	}
	switch {
	case u.LastFailed != nil:
		times = append(times, "last at "+s.clock(*u.LastFailed, now, toSecond))
	case u.FirstFailed != nil:
		times = append(times, "since "+s.clock(*u.FirstFailed, now, toSecond))
	}
	if len(times) > 0 {
		text += " (" + strings.Join(times, ", ") + ")"
	}
	return text
}
