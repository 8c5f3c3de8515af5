// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pullmedic/pullmedic/internal/edit"
	"github.com/pullmedic/pullmedic/internal/remedy"
)

// Labels of what a plan makes: the record, and objects that are made.
const (
	labelManaged = "app.kubernetes.io/managed-by"
	labelRecord  = "pullmedic.dev/record"
)

// A Record is what undo needs: it is written before the first change.
type Record struct {
	ID      string    `json:"id"`
	Time    time.Time `json:"time"`
	Target  string    `json:"target"`
	Cause   string    `json:"cause"`
	Remedy  string    `json:"remedy"`
	Changes []change  `json:"changes"`
}

// A change as the record keeps it. Hidden values stand in the record's Secret,
// under the change's and the edit's number.
type change struct {
	Object remedy.Object `json:"object"`
	Made   bool          `json:"made,omitempty"`
	Edits  []edited      `json:"edits,omitempty"`
}

type edited struct {
	Path   string `json:"path"`
	Old    any    `json:"old"`
	New    any    `json:"new"`
	Hidden bool   `json:"hidden,omitempty"`
}

// newID is unique and sorts by time: 20260102-150405-x7k2p.
func newID(now time.Time) string {
	return now.UTC().Format("20060102-150405") + "-" + strings.ToLower(rand.Text()[:5])
}

// recordRights are what writing the record needs.
func recordRights(p Plan) []edit.Right {
	return []edit.Right{{Verb: "create", Resource: "configmaps", Namespace: p.Case.Target.Namespace}}
}

// write writes the record.
func (m *Mender) write(ctx context.Context, p Plan) error {
	r := Record{ID: p.ID, Time: p.Case.Now, Target: p.Case.Target.String(), Cause: p.Chosen[0].Remedy.Cause, Remedy: p.Chosen[0].Remedy.ID}
	for _, c := range p.Changes {
		kept := change{Object: c.Object, Made: c.Creates()}
		for _, e := range c.Edits {
			kept.Edits = append(kept.Edits, edited{Path: e.Path, Old: e.Old, New: e.New})
		}
		r.Changes = append(r.Changes, kept)
	}
	text, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("writing the record: %w", err)
	}
	_, err = m.edit.Apply(ctx, remedy.Change{
		Object: recordObject(p.Case.Target.Namespace, p.ID),
		New: (&unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "v1", "kind": "ConfigMap",
			"metadata": map[string]any{
				"name": "pullmedic-undo-" + p.ID, "namespace": p.Case.Target.Namespace,
				"labels": map[string]any{labelManaged: edit.Manager, labelRecord: p.ID},
			},
			"data": map[string]any{"record.json": string(text)},
		}}).Object,
	}, false)
	return err
}

func recordObject(namespace, id string) remedy.Object {
	return remedy.Object{APIVersion: "v1", Kind: "ConfigMap", Resource: "configmaps", Namespace: namespace, Name: "pullmedic-undo-" + id}
}
