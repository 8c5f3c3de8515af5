// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend_test

import (
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/remedy"
)

// record is one of Helm's own, of a revision of a release.
func record(release, version, status string) *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: "sh.helm.release.v1." + release + ".v" + version, CreationTimestamp: metav1.NewTime(now()),
			Labels: map[string]string{"owner": "helm", "name": release, "version": version, "status": status},
		},
		Type: "helm.sh/release.v1", Data: map[string][]byte{"release": []byte("canary")},
	}
}

func TestAReleaseCanGoBackToWhatWasDeployed(t *testing.T) {
	for name, c := range map[string]struct {
		records []*corev1.Secret
		denied  bool
		want    string
	}{
		"the one before": {records: []*corev1.Secret{record("api", "9", "superseded"), record("api", "10", "superseded"), record("api", "11", "deployed")}, want: "api 11 deployed, before it 10"},
		"one that failed is left out, and so is the newest": {records: []*corev1.Secret{record("api", "1", "superseded"), record("api", "2", "deployed"), record("api", "3", "failed"), record("api", "4", "pending-upgrade")}, want: "api 4 pending-upgrade, before it 2"},
		"the first":                      {records: []*corev1.Secret{record("api", "1", "deployed")}, want: "api 1 deployed, before it 0"},
		"none that Helm keeps":           {want: " 0 , before it 0"},
		"another release's":              {records: []*corev1.Secret{record("web", "1", "superseded"), record("web", "2", "deployed")}, want: " 0 , before it 0"},
		"numbers that Helm never writes": {records: []*corev1.Secret{record("api", "x", "deployed"), record("api", "-1", "deployed"), record("api", "+7", "deployed"), record("api", "99999999999", "deployed"), record("api", "2", "deployed")}, want: "api 2 deployed, before it 0"},
		"no right to list secrets":       {denied: true, want: "api not known"},
	} {
		t.Run(name, func(t *testing.T) {
			objects := deployment()
			for _, r := range c.records {
				objects = append(objects, runtime.Object(r))
			}
			b := newBench(t, seer{}, objects...)
			if c.denied {
				b.server.Deny("list secrets")
			}
			d := sick()
			d.Pull.Manager = evidence.Manager{Tool: "Helm", Name: "shop/api"}
			plans, err := b.Plan(t.Context(), []diagnosis.Diagnosis{d}, remedy.Options{})
			if err != nil || len(plans) != 1 {
				t.Fatalf("%d plans, %v", len(plans), err)
			}
			r := plans[0].Case.Target.Release
			got := fmt.Sprintf("%s %d %s, before it %d", r.Name, r.Revision, r.Status, r.Before)
			told := strings.Contains(fmt.Sprint(plans[0].Case.NotLookedAt), "the revisions of Helm release api are not known")
			if r.Unread {
				got = r.Name + " not known"
			}
			if got != c.want || told != c.denied {
				t.Errorf("got %q, want %q; told that it was not read: %t", got, c.want, told)
			}
		})
	}
}
