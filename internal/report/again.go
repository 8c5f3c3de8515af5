// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"reflect"
	"strings"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
)

// After is a plan as it is shown behind those of earlier targets: steps by hand that
// were shown whole for one of them are not shown again. What is equal is for both;
// what differs in its names alone is shown by a command. The plan itself stays.
func After(earlier []v1alpha1.TargetFix, t v1alpha1.TargetFix, style Style) v1alpha1.TargetFix {
	at := shownWhole(t)
	if at < 0 || style.Verbose > 0 {
		return t
	}
	r := t.Others[at]
	for _, e := range earlier {
		i := shownWhole(e)
		if i < 0 || e.Others[i].ID != r.ID || e.Others[i].Cause != r.Cause {
			continue
		}
		first := named(e.Target) + " in namespace " + e.Target.Namespace
		short := v1alpha1.Remedy{ID: r.ID, Cause: r.Cause, Container: r.Container, Kind: r.Kind, Title: r.Title, Needs: r.Needs}
		if reflect.DeepEqual(e.Others[i].Steps, r.Steps) {
			short.Because = "the steps for " + first + ", above, are for this one, too"
		} else {
			short.Because = "as for " + first + ", above, with names of its own"
			object := v1alpha1.Object{Kind: strings.ToLower(t.Target.Kind), Namespace: t.Target.Namespace, Name: t.Target.Name}
			if command, ok := style.fix(object, "--with", r.ID, "--dry-run=client"); ok {
				short.Steps = []v1alpha1.RemedyStep{{What: "See them", Commands: []string{command}}}
			}
		}
		t.Others = append([]v1alpha1.Remedy{}, t.Others...)
		t.Others[at] = short
		return t
	}
	return t
}

// shownWhole is the place of the remedy that a plan shows with all its steps, -1 if
// it shows none so.
func shownWhole(t v1alpha1.TargetFix) int {
	_, rest := leading(t.Others)
	if len(t.Remedies) > 0 || len(rest) == 0 || rest[0].Kind != v1alpha1.RemedyHandedOver {
		return -1
	}
	for i, r := range t.Others {
		if reflect.DeepEqual(r, rest[0]) {
			return i
		}
	}
	return -1
}
