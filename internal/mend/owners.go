// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"context"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pullmedic/pullmedic/internal/edit"
	"github.com/pullmedic/pullmedic/internal/remedy"
)

// ownerTries bounds how often owners are written while others write the object.
const ownerTries = 6

// apply makes a change. If a tool applies the object from elsewhere, its fields
// then belong to whom they belonged before: server-side apply, as Helm 4 and
// kubectl have it, would else refuse the tool's next version of a field that
// another manager has set since. That they could not be given back is only told.
func (m *Mender) apply(ctx context.Context, c remedy.Change, tell Tell) error {
	var before *unstructured.Unstructured
	if !c.Creates() {
		before, _ = m.edit.Get(ctx, c.Object) // without it nothing is given back
	}
	after, err := m.edit.Apply(ctx, c, false)
	if err != nil || before == nil || !appliedFromElsewhere(before) {
		return err
	}
	for try := range ownerTries {
		list, changed := givenBack(entries(before), entries(after))
		if !changed {
			return nil
		}
		o := c.Object
		o.UID, o.Generation, o.ResourceVersion = string(after.GetUID()), 0, after.GetResourceVersion()
		_, err := m.edit.Apply(ctx, remedy.Change{Object: o, Edits: []remedy.Edit{{Path: "/metadata/managedFields", Old: entries(after), New: list}}}, false)
		if err == nil {
			return nil
		}
		// Controllers write the status all the time.
		if edit.ReasonOf(err) == edit.Changed && try < ownerTries-1 {
			pause(ctx, time.Duration(try+1)*20*time.Millisecond)
			if after, err = m.edit.Get(ctx, c.Object); err == nil {
				continue
			}
		}
		tell("the changed fields of " + c.Object.String() + " now belong to " + edit.Manager + ", which a later server-side apply will tell as a conflict: " + err.Error())
		return nil
	}
	return nil
}

// appliedFromElsewhere tells whether something applies the object as a whole, and
// will do so again. Where nothing does there is no conflict, and the object may go
// on telling who changed it.
func appliedFromElsewhere(o *unstructured.Unstructured) bool {
	if o.GetLabels()[labelManaged] == "Helm" || o.GetAnnotations()["kubectl.kubernetes.io/last-applied-configuration"] != "" {
		return true
	}
	return slices.ContainsFunc(entries(o), func(e any) bool { return text(e, "operation") == "Apply" && text(e, "manager") != edit.Manager })
}

// entries are an object's managedFields as JSON has them.
func entries(o *unstructured.Unstructured) []any {
	list, _, _ := unstructured.NestedFieldNoCopy(o.Object, "metadata", "managedFields")
	all, _ := list.([]any)
	return all
}

func text(entry any, field string) string {
	e, _ := entry.(map[string]any)
	s, _ := e[field].(string)
	return s
}

func fieldsOf(entry any) fields {
	e, _ := entry.(map[string]any)
	f, _ := e["fieldsV1"].(map[string]any)
	return f
}

// ours tells the entry of this program's own writes.
func ours(entry any) bool {
	return text(entry, "manager") == edit.Manager && text(entry, "operation") == "Update" && text(entry, "subresource") == ""
}

// givenBack is a list of managedFields in which each manager has again what it had
// before of the fields that are this program's now, and this program has nothing.
// changed is false if there is nothing to give back.
func givenBack(before, after []any) (list []any, changed bool) {
	at := slices.IndexFunc(after, ours)
	if at < 0 {
		return nil, false
	}
	mine := fieldsOf(after[at])
	list = slices.Delete(slices.Clone(after), at, at+1)
	for _, was := range before {
		if ours(was) {
			continue
		}
		had := common(fieldsOf(was), mine)
		if len(had) == 0 {
			continue
		}
		copied := map[string]any{}
		for k, v := range was.(map[string]any) {
			copied[k] = v
		}
		i := slices.IndexFunc(list, func(e any) bool {
			return !slices.ContainsFunc([]string{"manager", "operation", "subresource", "apiVersion"}, func(f string) bool { return text(e, f) != text(was, f) })
		})
		if i < 0 {
			copied["fieldsV1"] = had
			list = append(list, copied)
			continue
		}
		copied["fieldsV1"] = union(fieldsOf(list[i]), had)
		list[i] = copied
	}
	return list, true
}

// fields are a set of fields as fieldsV1 writes it: a tree whose keys are steps of
// a path. A node is itself in the set if it is empty or has the key ".".
type fields = map[string]any

func isMember(f fields) bool {
	_, ok := f["."]
	return ok || len(f) == 0
}

// common is what is in both sets.
func common(a, b fields) fields {
	out := fields{}
	for key := range a {
		x, okX := a[key].(fields)
		y, okY := b[key].(fields)
		if key == "." || !okX || !okY {
			continue
		}
		below := common(x, y)
		switch both := isMember(x) && isMember(y); {
		case both && len(below) > 0:
			below["."] = fields{}
			fallthrough
		case both, len(below) > 0:
			out[key] = below
		}
	}
	return out
}

// union is what is in one of the sets.
func union(a, b fields) fields {
	out := fields{}
	for _, from := range []fields{a, b} {
		for key := range from {
			x, okX := a[key].(fields)
			y, okY := b[key].(fields)
			switch {
			case key == ".":
				out[key] = fields{}
			case okX && okY:
				below := union(x, y)
				if (isMember(x) || isMember(y)) && len(below) > 0 {
					below["."] = fields{}
				}
				out[key] = below
			case okX:
				out[key] = x
			default:
				out[key] = y
			}
		}
	}
	return out
}
