// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/report"
	"github.com/pullmedic/pullmedic/symptom"
)

// hits is a pull of an image of its own that fails and does this to its
// workload.
func hits(image string, i evidence.Impact) evidence.Evidence {
	return evidence.Evidence{
		Pull: evidence.Pull{
			Namespace: i.Workload.Namespace, Pod: i.Workload.Name + "-x", Container: "app", Owner: i.Workload, Image: image,
			Reference: evidence.Reference{Host: "docker.io", Repository: image, Tag: "2"}, Reason: "ImagePullBackOff", FirstFailed: ago(time.Hour), LastFailed: ago(time.Minute), Attempts: 9,
		},
		Symptom:  symptom.Symptom{Sign: symptom.TagNotFound, Detail: "not found"},
		Findings: []evidence.Finding{found(evidence.CheckManifest, evidence.TagAbsent, evidence.Client, subject(evidence.SubjectImage, image), 0, image+" has no tag 2 (404)")},
		Impact:   i,
	}
}

func workload(kind, namespace, name string) evidence.Object {
	return evidence.Object{Kind: kind, Namespace: namespace, Name: name}
}

// TestGroupsAreInTheOrderOfTheirImpact takes one cause, so that nothing else
// orders them.
func TestGroupsAreInTheOrderOfTheirImpact(t *testing.T) {
	bare := hits("gone", evidence.Impact{})
	bare.Pull.Namespace, bare.Pull.Pod = "web", "gone"
	many := evidence.Survey{Time: now(), Pods: 900, Namespaces: 12, Pulls: []evidence.Evidence{
		hits("calm", evidence.Impact{Workload: workload("Deployment", "shop", "calm"), Wanted: 3, Ready: 3, Revision: 8, Serving: evidence.Serving{Revision: 7, Ready: 3}}),
		bare,
		hits("night", evidence.Impact{Workload: workload("CronJob", "batch", "night"), Missed: 4, LastSuccess: ago(100 * time.Hour)}),
		hits("agent", evidence.Impact{Workload: workload("DaemonSet", "infra", "agent"), Wanted: 40, Ready: 38, Serving: evidence.Serving{Revision: 3}}),
		hits("unwanted", evidence.Impact{Workload: workload("Deployment", "shop", "unwanted")}),
		hits("pay", evidence.Impact{Workload: workload("Deployment", "pay", "pay"), Wanted: 4, Services: []evidence.Service{{Name: "pay"}}}),
	}}
	for n := range 5 {
		i := evidence.Impact{Workload: workload("StatefulSet", fmt.Sprintf("team-%d", n), "db"), Wanted: 3, Ready: n}
		if n == 0 {
			i.Services = []evidence.Service{{Name: "db"}, {Name: "db-read"}}
		}
		if n == 4 {
			i = evidence.Impact{Workload: workload("Job", "team-4", "load"), Wanted: 2, Ready: 1}
		}
		many.Pulls = append(many.Pulls, hits("db", i))
	}
	r := judged(t, many)
	var order []string
	for _, g := range r.Groups {
		order = append(order, g.Impact.Severity+" "+g.Subject.Name)
	}
	want := []string{"critical docker.io/db:2", "critical docker.io/pay:2", "high docker.io/agent:2", "high docker.io/night:2", "medium docker.io/calm:2", "medium docker.io/gone:2", "low docker.io/unwanted:2"}
	if !slices.Equal(order, want) {
		t.Errorf("order is %q, want %q", order, want)
	}
	if got, want := r.Groups[0].Impact, (v1alpha1.GroupImpact{Severity: "critical", NoneReady: 1, TooFewReady: 2, ServicesDown: 2,
		Summary: "1 workload without a ready pod, 2 workloads with fewer than wanted, 1 workload waiting to run, 1 workload with all that is wanted, service db, db-read without a ready endpoint"}); got != want {
		t.Errorf("impact is %+v, want %+v", got, want)
	}
	var b bytes.Buffer
	if err := report.Overview(&b, r, report.Style{}); err != nil {
		t.Fatal(err)
	}
	golden(t, "overview-impact.txt", b.Bytes())
}

// TestAClearedPullHarmsNobody though its pods are not ready yet.
func TestAClearedPullHarmsNobody(t *testing.T) {
	e := cleared()
	e.Impact = evidence.Impact{Workload: workload("Deployment", "shop2", "api"), Wanted: 3}
	r := judged(t, evidence.Survey{Time: now(), Pods: 1, Namespaces: 1, Pulls: []evidence.Evidence{e}})
	if r.Diagnoses[0].Severity != "low" || r.Groups[0].Impact.Severity != "low" {
		t.Errorf("severity is %s, of the group %s", r.Diagnoses[0].Severity, r.Groups[0].Impact.Severity)
	}
}
