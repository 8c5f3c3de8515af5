// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/internal/report"
)

// A report is written in parts; the whole must be what encoding/json makes of it
// in one.
func TestJSONOfManyDiagnosesIsThatOfTheWholeDocument(t *testing.T) {
	for _, n := range []int{0, 1, 2, 63, 64, 65, 200} {
		t.Run(fmt.Sprintf("%d diagnoses", n), func(t *testing.T) {
			r := v1alpha1.Report{
				Document: v1alpha1.Head(v1alpha1.KindReport), Groups: []v1alpha1.Group{{Summary: "\n  \"diagnoses\": [] <&>"}},
				Diagnoses: []v1alpha1.Diagnosis{}, NotLookedAt: []v1alpha1.Gap{{Why: "\"diagnoses\": []"}},
			}
			for i := range n {
				r.Diagnoses = append(r.Diagnoses, v1alpha1.Diagnosis{
					Pull:   v1alpha1.Pull{Pod: fmt.Sprintf("pod-%d", i), PullSecrets: []string{}},
					Causes: []v1alpha1.Cause{{Summary: "a\nb \"diagnoses\": [] <&>"}}, Findings: []v1alpha1.Finding{{Details: map[string]string{"b": "1", "a": "2"}}},
				})
			}
			var want, got bytes.Buffer
			whole := json.NewEncoder(&want)
			whole.SetEscapeHTML(false)
			whole.SetIndent("", "  ")
			if err := whole.Encode(r); err != nil {
				t.Fatal(err)
			}
			if err := report.Encode(&got, report.JSON, r); err != nil {
				t.Fatal(err)
			}
			if got.String() != want.String() {
				t.Errorf("got\n%s\nwant\n%s", got.String(), want.String())
			}
		})
	}
}

type full struct{ left int }

func (f *full) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errors.New("no space left")
	}
	return len(p), nil
}

func TestAnAnswerThatCannotBeWrittenIsAnError(t *testing.T) {
	r := v1alpha1.Report{Diagnoses: make([]v1alpha1.Diagnosis, 100)}
	for _, left := range []int{0, 500, 5000} {
		if err := report.Encode(&full{left}, report.JSON, r); err == nil {
			t.Errorf("with room for %d bytes there was no error", left)
		}
	}
}
