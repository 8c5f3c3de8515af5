// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/examine"
	"github.com/pullmedic/pullmedic/internal/spelling"
)

// A Replay answers from a survey what examine.Examiner asks a cluster. It
// connects nowhere.
type Replay struct {
	survey evidence.Survey
}

// NewReplay returns the replay of a survey.
func NewReplay(s evidence.Survey) *Replay { return &Replay{survey: s} }

// notRecorded is the error for an object of which the survey has no pull; known are
// those that it has, as TYPE/NAME -n NAMESPACE, the nearest first.
func notRecorded(ref examine.ObjectRef, known []string) error {
	text := fmt.Sprintf("no failing pull of %s/%s", ref.Kind, ref.Name)
	if ref.Namespace != "" {
		text += " in namespace " + ref.Namespace
	}
	text += " was recorded"
	if len(known) > 0 {
		text += "; there are " + strings.Join(known[:min(len(known), knownShown)], ", ")
	}
	if more := len(known) - knownShown; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return errors.New(text)
}

// notCollected is the error for a namespace at which the recorded look was not
// aimed, but at those of: that it has nothing of it says nothing of the namespace.
func notCollected(namespace string, of []string) error {
	noun, shown, more := "namespace ", of[:min(len(of), knownShown)], ""
	if len(of) > 1 {
		noun = "namespaces "
	}
	if n := len(of) - len(shown); n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	return errors.New("this file has nothing of namespace " + namespace + "; it was collected for " + noun + strings.Join(shown, ", ") + more)
}

// Survey returns what was recorded of a scope. Labels of pods are not
// recorded, so a selector finds nothing out: it is refused.
func (r *Replay) Survey(_ context.Context, scope examine.Scope) (evidence.Survey, error) {
	if scope.Selector != "" {
		return evidence.Survey{}, errors.New("choosing pods by labels: a recording has none")
	}
	s := r.survey
	if scope.Namespace != "" {
		if len(s.Of) > 0 && !slices.Contains(s.Of, scope.Namespace) {
			return evidence.Survey{}, notCollected(scope.Namespace, s.Of)
		}
		s.Pulls = slices.DeleteFunc(slices.Clone(s.Pulls), func(e evidence.Evidence) bool { return e.Pull.Namespace != scope.Namespace })
		s.Unmade = slices.DeleteFunc(slices.Clone(s.Unmade), func(u evidence.Unmade) bool { return u.Owner.Namespace != scope.Namespace })
		r.recount(&s)
		if s.Pods == 0 && len(s.Unmade) == 0 && r.survey.Pods > 0 {
			s.NotLookedAt = append(slices.Clone(s.NotLookedAt), evidence.Gap{
				Check: evidence.CheckPods, Subject: evidence.Subject{Kind: evidence.SubjectNamespace, Name: scope.Namespace},
				Why: "no failing pull of namespace " + scope.Namespace + " was recorded, and whether it had pods at all was not: of pods that pull well only their number in all was written down",
			})
		}
	}
	return s, nil
}

// knownShown bounds the objects that an error lists.
const knownShown = 3

// Objects returns the recorded pulls of pods and workloads.
func (r *Replay) Objects(_ context.Context, refs []examine.ObjectRef) (evidence.Survey, error) {
	s := r.survey
	s.Pulls, s.Unmade = nil, nil
	taken := map[int]bool{}
	for _, ref := range refs {
		kind, ok := examine.KindNamed(ref.Kind)
		if !ok {
			return evidence.Survey{}, examine.UnknownKindError{Kind: ref.Kind}
		}
		found := false
		for i, e := range r.survey.Pulls {
			if !of(e.Pull, kind, ref) {
				continue
			}
			found = true
			if !taken[i] {
				taken[i] = true
				s.Pulls = append(s.Pulls, e)
			}
		}
		for _, u := range r.survey.Unmade {
			if ref.Is(kind, u.Owner) || ref.Is(kind, u.Controller) {
				found = true
				if !slices.Contains(s.Unmade, u) {
					s.Unmade = append(s.Unmade, u)
				}
			}
		}
		if !found {
			return evidence.Survey{}, notRecorded(ref, r.known(ref))
		}
	}
	r.recount(&s)
	return s, nil
}

// recount sets how much a part of the survey looked at: of its healthy pods
// nothing is recorded but how many there were in all.
func (r *Replay) recount(s *evidence.Survey) {
	if len(s.Pulls) == len(r.survey.Pulls) {
		return
	}
	pods, namespaces := map[string]bool{}, map[string]bool{}
	for _, e := range s.Pulls {
		pods[e.Pull.Namespace+"/"+e.Pull.Pod], namespaces[e.Pull.Namespace] = true, true
	}
	s.Pods, s.Namespaces = len(pods), len(namespaces)
}

// of tells whether a pull belongs to an object of that kind, in lower case, in
// its namespace or, if that is open, any.
func of(p evidence.Pull, kind string, ref examine.ObjectRef) bool {
	if ref.Namespace != "" && p.Namespace != ref.Namespace {
		return false
	}
	made := func(o evidence.Object) bool {
		return o.Group == "" && strings.EqualFold(o.Kind, kind) && o.Name == ref.Name
	}
	return kind == "pod" && p.Pod == ref.Name || made(p.Owner) || slices.ContainsFunc(p.Via, made)
}

// known lists objects of the recording: those of the namespace first, and of these
// and the others those whose names are nearest to the one that was asked for.
func (r *Replay) known(ref examine.ObjectRef) []string {
	type object struct{ name, words string }
	var near, far []object
	listed := map[string]bool{}
	for _, e := range r.survey.Pulls {
		o := object{e.Pull.Owner.Name, e.Pull.Owner.String() + " -n " + e.Pull.Namespace}
		switch {
		case listed[o.words]:
			continue
		case e.Pull.Namespace == ref.Namespace:
			near = append(near, o)
		default:
			far = append(far, o)
		}
		listed[o.words] = true
	}
	name := func(o object) string { return o.name }
	var words []string
	for _, o := range slices.Concat(spelling.Nearest(ref.Name, near, name), spelling.Nearest(ref.Name, far, name)) {
		words = append(words, o.words)
	}
	return words
}
