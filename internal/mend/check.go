// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/pullmedic/pullmedic/internal/edit"
)

// mostTried bounds the evictions that are tried beforehand.
const mostTried = 50

// Check asks for every right that the plan needs and has the API server try
// every change and every eviction, before anything is touched. What is refused is
// the error: the first change, or all evictions.
func (m *Mender) Check(ctx context.Context, p Plan, undo bool) error {
	if err := p.hindered(); err != nil {
		return err
	}
	var rights []edit.Right
	for _, c := range p.Changes {
		rights = append(rights, edit.RightOf(c))
	}
	if undo {
		rights = append(rights, recordRights(p)...)
	}
	if len(p.Evict) > 0 {
		rights = append(rights, p.mayEvict())
	}
	lacking, err := m.edit.Lacking(ctx, rights)
	if err != nil {
		return err
	}
	if len(lacking) > 0 {
		return LackingError(lacking)
	}
	for _, c := range p.Changes {
		if _, err := m.edit.Apply(ctx, c, true); err != nil {
			return err
		}
	}
	return m.tryEvictions(ctx, p.Evict[:min(len(p.Evict), mostTried)])
}

// mayEvict is the right to evict pods of the target.
func (p Plan) mayEvict() edit.Right {
	return edit.Right{Verb: "create", Resource: "pods", Subresource: "eviction", Namespace: p.Case.Target.Namespace}
}

// tryEvictions has the API server try evictions. Each is tried alone: that each of
// two may go does not say that both may, which is why one goes first.
func (m *Mender) tryEvictions(ctx context.Context, pods []Pod) error {
	var refused refusals
	for _, pod := range pods {
		err := m.edit.Evict(ctx, pod.Namespace, pod.Name, pod.UID, true)
		switch reason := edit.ReasonOf(err); {
		case err == nil, reason == edit.NotFound, reason == edit.Changed: // gone already, or another of that name
		case reason == edit.TimedOut, ctx.Err() != nil:
			return err
		default:
			refused.add(err, "pod/"+pod.Name)
		}
	}
	if len(refused) == 0 {
		return nil
	}
	return refused
}

// A refusal is why the API server would not evict some pods.
type refusal struct {
	err error
	// says is the error without the pod's name, by which the same one is known.
	says string
	pods []string
}

// refusals, each reason once.
type refusals []refusal

func (r *refusals) add(err error, pod string) {
	says := strings.ReplaceAll(err.Error(), pod, "")
	at := slices.IndexFunc(*r, func(have refusal) bool { return have.says == says })
	if at < 0 {
		at = len(*r)
		*r = append(*r, refusal{err: err, says: says})
	}
	(*r)[at].pods = append((*r)[at].pods, pod)
}

// refusedShown bounds the pods that one sentence names.
const refusedShown = 3

// Error is one sentence for each reason.
func (r refusals) Error() string {
	var all []string
	for _, one := range r {
		text, others := one.err.Error(), one.pods[1:]
		if n := len(others); n > 0 {
			text += "; the same holds for " + strings.Join(others[:min(n, refusedShown)], ", ")
			if n > refusedShown {
				text += " and " + strconv.Itoa(n-refusedShown) + " more"
			}
		}
		all = append(all, text)
	}
	return strings.Join(all, "; and ") + "; nothing was changed"
}

// Unwrap returns the refusals.
func (r refusals) Unwrap() []error {
	var all []error
	for _, one := range r {
		all = append(all, one.err)
	}
	return all
}

// A LackingError are the rights that the plan needs and the user does not have.
type LackingError []edit.Right

// Error names them.
func (e LackingError) Error() string {
	text := "you may not "
	for i, r := range e {
		if i > 0 {
			text += ", nor "
		}
		text += r.String()
	}
	if len(e) > 1 {
		return text + "; nothing was changed; ask for those rights"
	}
	return text + "; nothing was changed; ask for that right"
}
