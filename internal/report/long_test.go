// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/report"
)

// Names as they are in large clusters.
const (
	longRepository = "registry.platform.internal.example.com:5000/team-payments/backend/services/ledger-api"
	longDigest     = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	longNamespace  = "payments-backend-services-production-eu-west-1-tenant-0042-blue"
	longNode       = "ip-10-0-113-207.eu-west-1.compute.internal.cluster-prod-euw1-payments-0042"
	longPod        = "ledger-api-production-blue-7d9c5f8b6-x2x7l"
)

// lengthen puts long names into a document in place of short ones.
func lengthen[D any](t *testing.T, doc D) D {
	t.Helper()
	short, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	long := strings.NewReplacer(
		"docker.io/acme/api:1.27.44", longRepository+"@"+longDigest, "acme/api:1.27.44", longRepository+"@"+longDigest, "docker.io/acme/api", longRepository,
		"docker.io/acme/side", longRepository, "acme/api:1.27.4", longRepository+":1.27.4", `"shop"`, `"`+longNamespace+`"`, "shop/", longNamespace+"/",
		"worker-3", longNode, "worker-1", longNode, "api-7d9c5-x2x7a", longPod, "has no tag 1.27.44", "has no manifest "+longDigest,
	).Replace(string(short))
	var out D
	if err := json.Unmarshal([]byte(long), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// longTexts are the pages of all documents that name images.
func longTexts(t *testing.T) map[string]func(io.Writer, report.Style) error {
	one := lengthen(t, judged(t, evidence.Survey{Time: now(), Pods: 1, Namespaces: 1, Pulls: []evidence.Evidence{missingTag(0)}, Unmade: unmade()[:1]}))
	big := lengthen(t, judged(t, bigSurvey()))
	v := lengthen(t, verification(t, prospects()))
	fix := lengthen(t, fixed(t))
	undo := lengthen(t, report.NewUndo(now(), someUndo()))
	return map[string]func(io.Writer, report.Style) error{
		"overview": func(w io.Writer, s report.Style) error { return report.Overview(w, big, s) },
		"diagnose": func(w io.Writer, s report.Style) error { return report.Diagnosis(w, one, s) },
		"verify":   func(w io.Writer, s report.Style) error { return report.VerificationText(w, v, s) },
		"fix": func(w io.Writer, s report.Style) error {
			for _, target := range fix.Targets {
				if err := errors.Join(report.PlanText(w, target, now(), s), report.OutcomeText(w, target, "", s)); err != nil {
					return err
				}
			}
			return nil
		},
		"undo": func(w io.Writer, s report.Style) error { return report.UndoText(w, undo, s) },
	}
}

// Half a reference cannot be copied.
func TestNoNameIsBroken(t *testing.T) {
	for name, write := range longTexts(t) {
		for _, width := range []int{20, 40, 60, 80} {
			var b, wide bytes.Buffer
			if err := write(&b, report.Style{Width: width, Verbose: 1}); err != nil {
				t.Fatal(err)
			}
			if err := write(&wide, report.Style{Width: 10_000, Verbose: 1}); err != nil {
				t.Fatal(err)
			}
			narrow := map[string]int{}
			for word := range strings.FieldsSeq(b.String()) {
				narrow[word]++
			}
			for word := range strings.FieldsSeq(wide.String()) {
				if narrow[word] == 0 && len(word) > 20 {
					t.Errorf("%s at %d columns breaks %s", name, width, word)
				}
			}
			if width >= 60 {
				golden(t, fmt.Sprintf("long-%s-%d.txt", name, width), b.Bytes())
			}
		}
	}
}
