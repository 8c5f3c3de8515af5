// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package managedfields_test

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullmedic/pullmedic/internal/managedfields"
)

func TestLast(t *testing.T) {
	at := func(hour int) *metav1.Time {
		when := metav1.NewTime(time.Date(2026, 11, 21, hour, 0, 0, 0, time.UTC))
		return &when
	}
	entry := func(manager string, when *metav1.Time, fields string) metav1.ManagedFieldsEntry {
		return metav1.ManagedFieldsEntry{Manager: manager, Time: when, FieldsV1: metav1.NewFieldsV1(fields)}
	}
	status := entry("kubelet", at(9), `{"f:spec":{"f:template":{}}}`)
	status.Subresource = "status"
	bare := metav1.ManagedFieldsEntry{Manager: "old", Time: at(9)}
	const template, replicas = `{"f:spec":{"f:template":{"f:spec":{}}}}`, `{"f:spec":{"f:replicas":{}}}`
	for name, c := range map[string]struct {
		entries []metav1.ManagedFieldsEntry
		hour    int
		by      string
		writers int
	}{
		"nobody":                           {},
		"the newest of two":                {[]metav1.ManagedFieldsEntry{entry("helm", at(3), template), entry("kubectl-edit", at(4), template)}, 4, "kubectl-edit", 2},
		"only who owns the field":          {[]metav1.ManagedFieldsEntry{entry("helm", at(3), template), entry("keda", at(5), replicas)}, 3, "helm", 1},
		"no write of another subresource":  {[]metav1.ManagedFieldsEntry{entry("helm", at(3), template), status}, 3, "helm", 1},
		"no entry without time or fields":  {[]metav1.ManagedFieldsEntry{entry("helm", nil, template), bare}, 0, "", 1},
		"no entry that is not well-formed": {[]metav1.ManagedFieldsEntry{entry("x", at(3), `{"f:spec":[`), entry("y", at(3), `{"f:spec":"f:template"}`)}, 0, "", 0},
		"a name that is cleaned":           {[]metav1.ManagedFieldsEntry{entry("a\x1b[31m"+strings.Repeat("b", 300), at(3), template)}, 3, "a[31m" + strings.Repeat("b", 120) + "...", 1},
	} {
		t.Run(name, func(t *testing.T) {
			m := metav1.ObjectMeta{ManagedFields: c.entries}
			got := managedfields.Last(m, "f:spec", "f:template")
			want := time.Time{}
			if c.hour > 0 {
				want = at(c.hour).Time
			}
			if !got.Time.Equal(want) || got.By != c.by {
				t.Errorf("last write is %s by %q, want %s by %q", got.Time, got.By, want, c.by)
			}
			if n := managedfields.Writers(m, "f:spec", "f:template"); n != c.writers {
				t.Errorf("%d writers, want %d", n, c.writers)
			}
		})
	}
}
