// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"reflect"
	"slices"
	"strings"

	"github.com/pullmedic/pullmedic/internal/remedy"
)

// stays corrects when the source sets a plan's change back. Helm, Argo CD and Flux
// merge what they write into what is there: a field that their source never named,
// or one more entry of a list that is merged by its names, they leave
// (https://helm.sh/docs/faq/changes_since_helm2/#improved-upgrade-strategy-3-way-strategic-merge-patches,
// https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy).
// So it stays until somebody takes it out.
func (p *Plan) stays() {
	t := &p.Case.Target
	if !slices.Contains([]string{"Helm", "Argo CD", "Flux"}, t.Manager.Tool) || !strings.Contains(t.Back, "sets back what is changed here") {
		return
	}
	var added []string
	changed := false
	for _, c := range p.Changes {
		if c.Creates() || c.Object != t.Object {
			continue
		}
		for _, e := range c.Edits {
			switch {
			case reflect.DeepEqual(e.Old, e.New): // only tested
			case e.Old != nil && !strings.HasSuffix(e.Path, "/imagePullSecrets"):
				changed = true
			case !slices.Contains(added, addedName(e)):
				added = append(added, addedName(e))
			}
		}
	}
	if len(added) == 0 {
		return
	}
	words := "what is added here (" + strings.Join(added, ", ") + ") stays when it is made from its source again, until somebody takes it out, as undo does"
	if changed {
		t.Back += "; " + words
	} else {
		t.Back = words
	}
}

// addedName is a field in words.
func addedName(e remedy.Edit) string {
	if e.Label != "" {
		return e.Label
	}
	return strings.ReplaceAll(e.Path[strings.LastIndexByte(e.Path, '/')+1:], "~1", "/")
}
