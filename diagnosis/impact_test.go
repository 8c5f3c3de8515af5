// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package diagnosis_test

import (
	"testing"
	"time"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/symptom"
)

func TestSeverityAndWordsOfAnImpact(t *testing.T) {
	of := func(kind string) evidence.Object { return evidence.Object{Kind: kind, Namespace: "shop", Name: "api"} }
	then := time.Date(2026, 11, 20, 2, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		pull   evidence.Pull
		impact evidence.Impact
		state  diagnosis.State
		want   diagnosis.Severity
		words  string
	}{
		"nothing is ready":                      {impact: evidence.Impact{Workload: of("Deployment"), Wanted: 3}, want: diagnosis.Critical, words: "none of 3 pods is ready"},
		"nothing is ready, but it works by now": {impact: evidence.Impact{Workload: of("Deployment"), Wanted: 3}, state: diagnosis.Cleared, want: diagnosis.Low, words: "none of 3 pods is ready"},
		"the revision before serves all": {
			impact: evidence.Impact{Workload: of("Deployment"), Wanted: 3, Ready: 3, Serving: evidence.Serving{Revision: 17, Ready: 3}, Stalled: true},
			want:   diagnosis.Medium, words: "revision 17 still serves with 3 of 3 pods; the rollout is past its progress deadline",
		},
		"the revision before serves some": {
			impact: evidence.Impact{Workload: of("Deployment"), Wanted: 6, Ready: 4, Serving: evidence.Serving{Revision: 17, Ready: 4}},
			want:   diagnosis.High, words: "revision 17 still serves with 4 of 6 pods",
		},
		"both revisions serve": {
			impact: evidence.Impact{Workload: of("Deployment"), Wanted: 6, Ready: 5, Serving: evidence.Serving{Revision: 17, Ready: 3}},
			want:   diagnosis.High, words: "5 of 6 pods ready; revision 17 still serves",
		},
		"an autoscaler wants more": {
			impact: evidence.Impact{Workload: of("Deployment"), Wanted: 4, Ready: 4, Autoscaler: evidence.Autoscaler{Name: "api", Desired: 8, Most: 12}},
			want:   diagnosis.High, words: "4 of 4 pods ready; autoscaler api wants 8",
		},
		"a Service has nobody left": {
			impact: evidence.Impact{Workload: of("StatefulSet"), Wanted: 3, Ready: 2, Services: []evidence.Service{{Name: "db-write"}, {Name: "db", Ready: 2}}},
			want:   diagnosis.Critical, words: "2 of 3 pods ready; service db-write has no ready endpoint",
		},
		"nobody wants it any more":    {impact: evidence.Impact{Workload: of("Deployment")}, want: diagnosis.Low, words: "no pod is wanted any more"},
		"somebody debugs":             {pull: evidence.Pull{ContainerKind: evidence.EphemeralContainer}, impact: evidence.Impact{Workload: of("Deployment"), Wanted: 3, Ready: 2}, want: diagnosis.Low, words: "2 of 3 pods ready"},
		"a bare pod":                  {want: diagnosis.Medium},
		"a DaemonSet lacks a node":    {impact: evidence.Impact{Workload: of("DaemonSet"), Wanted: 5, Ready: 4}, want: diagnosis.High, words: "1 of 5 nodes without a ready pod"},
		"nothing but one is wanted":   {impact: evidence.Impact{Workload: of("Deployment"), Wanted: 1}, want: diagnosis.Critical, words: "its only pod is not ready"},
		"a DaemonSet rolls out":       {impact: evidence.Impact{Workload: of("DaemonSet"), Wanted: 5, Ready: 4, Serving: evidence.Serving{Revision: 3}}, want: diagnosis.High, words: "1 of 5 nodes without a ready pod; revision 3 still serves the others"},
		"a DaemonSet is nowhere":      {impact: evidence.Impact{Workload: of("DaemonSet"), Wanted: 5}, want: diagnosis.Critical, words: "5 of 5 nodes without a ready pod"},
		"a Job waits":                 {impact: evidence.Impact{Workload: of("Job"), Wanted: 5, Ready: 2, Deadline: then}, want: diagnosis.Medium, words: "2 of 5 completions done; the job is given up at 2026-11-20 02:00 UTC"},
		"a Job was given up":          {impact: evidence.Impact{Workload: of("Job"), Wanted: 1, Stalled: true}, want: diagnosis.High, words: "0 of 1 completion done; the job was given up at its deadline"},
		"a CronJob's first run waits": {impact: evidence.Impact{Workload: of("CronJob"), Missed: 1, LastSuccess: then}, want: diagnosis.Medium, words: "1 run without success since 2026-11-20 02:00 UTC"},
		"a CronJob missed runs":       {impact: evidence.Impact{Workload: of("CronJob"), Missed: 4}, want: diagnosis.High, words: "4 runs and no success yet"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := diagnosis.SeverityOf(c.pull, c.impact, c.state); got != c.want {
				t.Errorf("severity is %s, want %s", got, c.want)
			}
			if got := diagnosis.ImpactWords(c.impact); got != c.words {
				t.Errorf("words are %q, want %q", got, c.words)
			}
		})
	}
}

func TestChangesInTheCausesWindow(t *testing.T) {
	causes, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	failed := time.Date(2026, 11, 21, 3, 40, 10, 0, time.UTC)
	refused := symptom.Symptom{Sign: symptom.CredentialRejected, Detail: "401 Unauthorized"}
	missing := symptom.Symptom{Sign: symptom.TagNotFound, Detail: "not found"}
	unreachable := symptom.Symptom{Sign: symptom.ConnectionTimeout, Detail: "i/o timeout"}
	ranAt := func(before time.Duration) []evidence.Finding {
		return []evidence.Finding{{Check: evidence.CheckHistory, Outcome: evidence.RanBefore, Vantage: evidence.Cluster, Time: failed.Add(-before)}}
	}
	for name, c := range map[string]struct {
		symptom  symptom.Symptom
		kind     string
		before   time.Duration // the failure; negative: after it
		podAge   time.Duration // at the failure
		findings []evidence.Finding
		want     bool
	}{
		"a rollout just before":                                     {missing, "Deployment", 12 * time.Second, time.Minute, nil, true},
		"a rollout an hour before":                                  {missing, "Deployment", time.Hour, time.Minute, nil, false},
		"a rollout before the pod was made, whose events are gone":  {missing, "Deployment", 5*time.Hour + time.Minute, 5 * time.Hour, nil, true},
		"a rollout after it":                                        {missing, "Deployment", -time.Minute, time.Minute, nil, false},
		"a rollout after it, by a clock that is not quite the same": {missing, "Deployment", -2 * time.Second, time.Minute, nil, true},
		"a secret in the same quarter of an hour, of a missing tag": {missing, "Secret", 10 * time.Minute, time.Minute, nil, true},
		"a secret the day before, of a missing tag":                 {missing, "Secret", 20 * time.Hour, time.Minute, nil, false},
		"a secret the day before, of a rejected credential":         {refused, "Secret", 20 * time.Hour, time.Minute, nil, true},
		"a secret since the last success":                           {refused, "Secret", 70 * time.Hour, time.Minute, ranAt(72 * time.Hour), true},
		"a secret before the last success":                          {refused, "Secret", 80 * time.Hour, time.Minute, ranAt(72 * time.Hour), false},
		"a node of today, of a timeout":                             {unreachable, "Node", 20 * time.Hour, time.Minute, nil, true},
		"a node of today, of a missing tag":                         {missing, "Node", 20 * time.Hour, time.Minute, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			e := evidence.Evidence{
				Pull:    evidence.Pull{Namespace: "shop", Pod: "api", Image: "acme/api:1", Reference: evidence.Reference{Host: "docker.io", Repository: "acme/api", Tag: "1"}, Reason: "ErrImagePull", PodCreated: failed.Add(-c.podAge), FirstFailed: failed, LastFailed: failed},
				Symptom: c.symptom, Findings: c.findings,
				Changes: []evidence.Change{{Time: failed.Add(-c.before), Object: evidence.Object{Kind: c.kind, Name: "x"}, What: "it was changed"}},
			}
			d := diagnosis.Judge(causes, e)
			if got := len(d.Changed) == 1; got != c.want {
				t.Errorf("%s: told is %v, want %v", d.Causes[0].Cause, got, c.want)
			}
		})
	}
}

func TestWhatClearedAPullIsToldThoughItCameAfter(t *testing.T) {
	causes, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	failed := time.Date(2026, 11, 21, 3, 40, 10, 0, time.UTC)
	e := evidence.Evidence{
		Pull:    evidence.Pull{Namespace: "shop", Pod: "api", Image: "acme/api:1", Reference: evidence.Reference{Host: "docker.io", Repository: "acme/api", Tag: "1"}, Reason: "ErrImagePull", PodCreated: failed.Add(-time.Minute), FirstFailed: failed, LastFailed: failed},
		Symptom: symptom.Symptom{Sign: symptom.TagNotFound, Detail: "not found"},
		Findings: []evidence.Finding{{Check: evidence.CheckManifest, Outcome: evidence.ManifestPresent, Vantage: evidence.Client, Time: failed.Add(time.Hour)},
			{Check: evidence.CheckPing, Outcome: evidence.RegistryOpenToAll, Vantage: evidence.Client, Time: failed.Add(time.Hour)}},
		Changes: []evidence.Change{{Time: failed.Add(10 * time.Minute), Object: evidence.Object{Kind: "Secret", Name: "hub"}, What: "its content was written"}},
	}
	d := diagnosis.Judge(causes, e)
	if d.Causes[0].State != diagnosis.Cleared || len(d.Changed) != 1 || d.Severity != diagnosis.Low {
		t.Errorf("state %s, severity %s, changed %+v", d.Causes[0].State, d.Severity, d.Changed)
	}
}

func TestAServiceAccountThatGotItsSecretLateIsToldWithWhen(t *testing.T) {
	causes, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	failed := time.Date(2026, 11, 21, 3, 40, 10, 0, time.UTC)
	e := evidence.Evidence{
		Pull:    evidence.Pull{Namespace: "shop", Pod: "api", Image: "acme/api:1", Reference: evidence.Reference{Host: "docker.io", Repository: "acme/api", Tag: "1"}, Reason: "ErrImagePull", PodCreated: failed.Add(-time.Minute), FirstFailed: failed, LastFailed: failed},
		Symptom: symptom.Symptom{Sign: symptom.LoginRequired, CredentialSent: "no", Detail: "no basic auth credentials"},
		Findings: []evidence.Finding{
			{Check: evidence.CheckServiceAccount, Outcome: evidence.ServiceAccountGotLate, Vantage: evidence.Cluster, Time: failed.Add(time.Minute)},
			{Check: evidence.CheckKeyring, Outcome: evidence.KeyringMatchesNone, Vantage: evidence.Cluster, Time: failed.Add(time.Minute)},
		},
		Changes: []evidence.Change{{Time: failed.Add(30 * time.Second), Object: evidence.Object{Kind: "ServiceAccount", Name: "default"}, What: "its pull secrets were written"},
			{Time: failed.Add(40 * time.Second), Object: evidence.Object{Kind: "Deployment", Name: "api"}, What: "revision 2"}},
	}
	d := diagnosis.Judge(causes, e)
	if d.Causes[0].Cause != catalog.ServiceAccountRace || len(d.Changed) != 1 || d.Changed[0].Object.Kind != "ServiceAccount" {
		t.Errorf("%s, changed %+v", d.Causes[0].Cause, d.Changed)
	}
}
