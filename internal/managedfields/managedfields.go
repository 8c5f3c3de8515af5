// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package managedfields reads who wrote what of a Kubernetes object, and when,
// from the managedFields that the API server keeps for server-side apply.
//
// An entry's time is that of its manager's last change to any field that it
// owns, not to the one that is asked for, so that it bounds a change from above
// and does not date it exactly. Status and scale are other subresources and say
// nothing about what a person wrote.
package managedfields

import (
	"encoding/json"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullmedic/pullmedic/internal/foreign"
)

// maxManager is the length of a field manager's name as the API server allows.
const maxManager = 128

// A Write is a change of an object. The zero Write is none that is known.
type Write struct {
	Time time.Time
	// By is the field manager, cleaned.
	By string
}

// Last returns the newest write by a manager that owns the field at path
// (f:spec, f:template): the zero Write if nobody does, or if the object does not
// tell.
func Last(m metav1.ObjectMeta, path ...string) Write {
	var newest Write
	for _, e := range m.ManagedFields {
		if e.Time == nil || e.FieldsV1 == nil || e.Subresource != "" || !e.Time.After(newest.Time) || !holds(e.FieldsV1.GetRawBytes(), path) {
			continue
		}
		newest = Write{Time: e.Time.Time, By: foreign.Text(e.Manager, maxManager)}
	}
	return newest
}

// Writers counts the managers that own the field at path.
func Writers(m metav1.ObjectMeta, path ...string) int {
	known := map[string]bool{}
	for _, e := range m.ManagedFields {
		if e.FieldsV1 != nil && e.Subresource == "" && holds(e.FieldsV1.GetRawBytes(), path) {
			known[e.Manager] = true
		}
	}
	return len(known)
}

// holds tells whether a set of fields holds the one at path.
func holds(set []byte, path []string) bool {
	for _, field := range path {
		var level map[string]json.RawMessage
		if json.Unmarshal(set, &level) != nil {
			return false
		}
		next, ok := level[field]
		if !ok {
			return false
		}
		set = next
	}
	return true
}
