// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// An Object that is changed.
type Object struct {
	// APIVersion and Kind as in a manifest, Resource as in an RBAC rule without
	// the group: apps/v1, Deployment, deployments.
	APIVersion, Kind, Resource string
	Namespace, Name            string
	// UID and Generation (of kinds that have one; else ResourceVersion) as they
	// were read: the change is refused if they are others by then.
	UID             string
	Generation      int64
	ResourceVersion string
}

// Group of the object's API, "" for the core's.
func (o Object) Group() string {
	group, _, ok := strings.Cut(o.APIVersion, "/")
	if !ok {
		return ""
	}
	return group
}

// Rule is the resource as RBAC rules name it: deployments.apps, secrets.
func (o Object) Rule() string {
	if g := o.Group(); g != "" {
		return o.Resource + "." + g
	}
	return o.Resource
}

// String is what a person types: deployment/api.
func (o Object) String() string { return strings.ToLower(o.Kind) + "/" + o.Name }

// A Change is one write to one object: a patch of it, or its creation.
type Change struct {
	Object Object
	// Edits of an object that exists.
	Edits []Edit
	// New is the whole object to create instead, as JSON values; its contents
	// under data and stringData are secret if it is a Secret.
	New map[string]any
}

// An Edit sets, replaces or removes one field; with Old as New it only tests it.
type Edit struct {
	// Path is a JSON pointer (RFC 6901).
	Path string
	// Old and New values as JSON has them; nil is "not there".
	Old, New any
	// Hidden: the values are secret and are shown to nobody.
	Hidden bool
	// Label for the diff, in a person's words: "container app: image".
	Label string
}

// Format never shows values that are hidden, whatever the verb.
func (e Edit) Format(f fmt.State, _ rune) {
	if e.Hidden {
		fmt.Fprintf(f, "%s: (secret)", e.Path)
		return
	}
	fmt.Fprintf(f, "%s: %v -> %v", e.Path, e.Old, e.New)
}

// Format never shows what a Secret keeps.
func (c Change) Format(f fmt.State, _ rune) {
	if c.New != nil {
		fmt.Fprintf(f, "create %s", c.Object)
		return
	}
	fmt.Fprintf(f, "patch %s: %v", c.Object, c.guarded())
}

// guarded are the edits, of which those of a Secret are all hidden, whatever a
// remedy says.
func (c Change) guarded() []Edit {
	edits := slices.Clone(c.Edits)
	for i := range edits {
		edits[i].Hidden = edits[i].Hidden || c.Object.Kind == "Secret"
	}
	return edits
}

// MarshalJSON never shows values that are hidden. What it writes is for reading,
// and cannot be applied: see Change.Patch.
func (e Edit) MarshalJSON() ([]byte, error) {
	type plain Edit
	if e.Hidden {
		e.Old, e.New = hide(e.Old), hide(e.New)
	}
	return json.Marshal(plain(e))
}

// MarshalJSON never shows what a Secret keeps. What it writes is for reading, and
// cannot be applied.
func (c Change) MarshalJSON() ([]byte, error) {
	type plain Change
	c.New, c.Edits = c.Shown(), c.guarded()
	return json.Marshal(plain(c))
}

// Shown is the object to create as it may be shown: of a Secret, the names of
// its data without the values. nil if the change creates none.
func (c Change) Shown() map[string]any {
	if c.New == nil || c.Object.Kind != "Secret" && c.New["kind"] != "Secret" {
		return c.New
	}
	shown := maps.Clone(c.New)
	for _, field := range []string{"data", "stringData"} {
		values, ok := shown[field].(map[string]any)
		if !ok {
			if shown[field] != nil {
				shown[field] = keyring.Redacted
			}
			continue
		}
		hidden := map[string]any{}
		for name, value := range values {
			hidden[name] = hide(value)
		}
		shown[field] = hidden
	}
	return shown
}

// hide stands for a secret value, if there is one.
func hide(value any) any {
	if value == nil {
		return nil
	}
	return keyring.Redacted
}

// Creates tells whether the change makes an object.
func (c Change) Creates() bool { return c.New != nil }

// operation of a JSON Patch (RFC 6902).
type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value,omitempty"`
}

// test that a value is as it was: where nothing was, the API server takes null.
func test(path string, value any) any {
	if value == nil {
		return struct {
			Op    string `json:"op"`
			Path  string `json:"path"`
			Value any    `json:"value"`
		}{"test", path, nil}
	}
	return operation{"test", path, value}
}

// Patch is the change as a JSON Patch that applies only to the object as it was
// read: its UID, its generation (or resource version), and every touched field
// are tested. The bytes can hold secrets.
func (c Change) Patch() ([]byte, error) {
	ops := []any{test("/metadata/uid", c.Object.UID)}
	if c.Object.Generation > 0 {
		ops = append(ops, test("/metadata/generation", c.Object.Generation))
	} else if c.Object.ResourceVersion != "" {
		ops = append(ops, test("/metadata/resourceVersion", c.Object.ResourceVersion))
	}
	return c.patch(ops, c.Edits)
}

func (c Change) patch(ops []any, edits []Edit) ([]byte, error) {
	for _, e := range edits {
		ops = append(ops, test(e.Path, e.Old))
	}
	for _, e := range edits {
		switch {
		case reflect.DeepEqual(e.Old, e.New): // only tested
		case e.New == nil:
			ops = append(ops, operation{Op: "remove", Path: e.Path})
		case e.Old == nil:
			ops = append(ops, operation{"add", e.Path, e.New})
		default:
			ops = append(ops, operation{"replace", e.Path, e.New})
		}
	}
	text, err := json.Marshal(ops)
	if err != nil {
		return nil, fmt.Errorf("writing the patch of %s: %w", c.Object, err)
	}
	return text, nil
}
