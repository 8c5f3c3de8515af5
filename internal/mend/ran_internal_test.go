// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"slices"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pullmedic/pullmedic/internal/remedy"
)

func TestRevisionsThatRanAreToldByTheStatusOfTheirOwner(t *testing.T) {
	at := func(minutes int) time.Time {
		return time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC).Add(time.Duration(minutes) * time.Minute)
	}
	deployment := func(available string, since time.Time) map[string]any {
		return map[string]any{"kind": "Deployment", "status": map[string]any{"conditions": []any{
			map[string]any{"type": "Progressing", "status": "True", "lastTransitionTime": at(0).Format(time.RFC3339)},
			map[string]any{"type": "Available", "status": available, "lastTransitionTime": since.Format(time.RFC3339)},
		}}}
	}
	// Revisions 1 and 2 were made at 0 and 10 minutes, the current one, 3, at 20.
	for name, c := range map[string]struct {
		live   map[string]any
		made   time.Time
		reused bool // revision 2 is an older ReplicaSet that was gone back to
		ran    []int64
	}{
		"the pods went when the first wrong one was made":     {live: deployment("False", at(10).Add(time.Second)), made: at(20), ran: []int64{1}},
		"the pods went when the second one was made":          {live: deployment("False", at(20).Add(2*time.Second)), made: at(20), ran: []int64{2}},
		"a controller's clock is a little behind":             {live: deployment("False", at(20).Add(-2*time.Second)), made: at(20), ran: []int64{2}},
		"the pods went at another time":                       {live: deployment("False", at(15)), made: at(20)},
		"none was ever available":                             {live: deployment("False", at(0)), made: at(20)},
		"enough are available":                                {live: deployment("True", at(10)), made: at(20)},
		"it is not known when the current one was made":       {live: deployment("False", at(20)), made: time.Time{}},
		"a ReplicaSet of long ago tells of no time":           {live: deployment("False", at(-30)), made: at(20), reused: true},
		"a StatefulSet names the last one that it rolled out": {live: map[string]any{"kind": "StatefulSet", "status": map[string]any{"currentRevision": "x1", "updateRevision": "x3"}}, ran: []int64{1}},
		"a StatefulSet that has rolled out the current one":   {live: map[string]any{"kind": "StatefulSet", "status": map[string]any{"currentRevision": "x3", "updateRevision": "x3"}}},
		"a StatefulSet without a status":                      {live: map[string]any{"kind": "StatefulSet"}},
		"a DaemonSet says nothing":                            {live: map[string]any{"kind": "DaemonSet", "status": map[string]any{"currentNumberScheduled": int64(1)}}},
	} {
		t.Run(name, func(t *testing.T) {
			revisions := []remedy.Revision{{Number: 2, Hash: "x2", Created: at(10)}, {Number: 1, Hash: "x1", Created: at(0)}}
			if c.reused {
				revisions[0].Created = at(-30)
			}
			markRan(&unstructured.Unstructured{Object: c.live}, c.made, revisions)
			var ran []int64
			for _, r := range revisions {
				if r.Ran {
					ran = append(ran, r.Number)
				}
			}
			if !slices.Equal(ran, c.ran) {
				t.Errorf("ran: %v, want %v", ran, c.ran)
			}
		})
	}
}
