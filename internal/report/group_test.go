// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/report"
	"github.com/pullmedic/pullmedic/symptom"
)

func TestGroups(t *testing.T) {
	r := judged(t, bigSurvey())
	var got []string
	for _, g := range r.Groups {
		got = append(got, fmt.Sprintf("%s %s %s %s: %d pods, %d workloads, %d namespaces, %d nodes, %s/%s", g.Severity, g.Cause, g.Verdict, g.State, g.Pods, g.Workloads, g.Namespaces, g.Nodes, g.Example.Kind, g.Example.Name))
	}
	want := []string{
		"critical CredentialsExpired confirmed failing: 12 pods, 2 workloads, 2 namespaces, 5 nodes, deployment/ledger",
		"warning TagNotFound confirmed failing: 7 pods, 2 workloads, 2 namespaces, 2 nodes, deployment/api",
		"warning AccessDeniedAmbiguous likely failing: 1 pods, 1 workloads, 1 namespaces, 1 nodes, pod/front",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%v\nwant\n%v", got, want)
	}
	if len(r.Diagnoses) != 20 {
		t.Fatalf("%d diagnoses of 20 pulls", len(r.Diagnoses))
	}
	n := 0
	for _, g := range r.Groups {
		for _, ref := range g.Pulls {
			p := r.Diagnoses[n].Pull
			if (v1alpha1.PullRef{Namespace: p.Namespace, Pod: p.Pod, Container: p.Container, Image: p.Image, Node: p.Node}) != ref {
				t.Errorf("diagnosis %d is about another pull than its place in group %s", n, g.Cause)
			}
			n++
		}
	}
}

func TestWhatIsToBeDoneInSeveralPlacesIsToldOfOneAndCounted(t *testing.T) {
	s := evidence.Survey{Time: now()}
	for n := range 3 {
		s.Pulls = append(s.Pulls, expired(2*n)) // of one namespace
	}
	other := expired(6)
	other.Pull.Namespace, other.Pull.Pod = "web", "books-1"
	for i := range other.Findings {
		other.Findings[i].Subject.Name = strings.Replace(other.Findings[i].Subject.Name, "payments/", "web/", 1)
	}
	s.Pulls = append(s.Pulls, other)
	r := judged(t, s)
	if want := "Write a fresh token into secret payments/ecr-pull; then have it refreshed by itself. Likewise for 1 more pod."; len(r.Groups) != 1 || r.Groups[0].FirstAction != want {
		t.Errorf("got %q, want %q", r.Groups[0].FirstAction, want)
	}
	for _, d := range r.Diagnoses {
		if want := "Write a fresh token into secret " + d.Pull.Namespace + "/ecr-pull; then have it refreshed by itself."; d.Causes[0].FirstAction != want {
			t.Errorf("%s: got %q, want %q", d.Pull.Pod, d.Causes[0].FirstAction, want)
		}
	}
}

func TestTheFirstCommandStandsAloneOnItsLine(t *testing.T) {
	e := missingTag(0)
	e.Symptom = symptom.Symptom{Sign: symptom.HostNotResolved, Runtime: "containerd", Host: "registry-1.docker.io", Address: "10.0.0.53:53", Role: symptom.RoleRegistry, Detail: "no such host"}
	e.Findings = nil
	r := judged(t, evidence.Survey{Time: now(), Pods: 1, Namespaces: 1, Pulls: []evidence.Evidence{e}})
	const want = "getent hosts registry-1.docker.io"
	if got := r.Diagnoses[0].Causes[0].FirstCommand; got != want {
		t.Errorf("the document has %q", got)
	}
	var text strings.Builder
	if err := report.Diagnosis(&text, r, report.Style{Width: 40}); err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(strings.Split(text.String(), "\n"), func(line string) bool { return strings.TrimSpace(line) == want }) {
		t.Errorf("%q is on no line of its own:\n%s", want, text.String())
	}
}

func TestTheOrderOfPullsDoesNotMatter(t *testing.T) {
	s := bigSurvey()
	want := judged(t, s)
	random := rand.New(rand.NewPCG(1, 2))
	for range 5 {
		random.Shuffle(len(s.Pulls), func(i, j int) { s.Pulls[i], s.Pulls[j] = s.Pulls[j], s.Pulls[i] })
		if !reflect.DeepEqual(judged(t, s), want) {
			t.Fatal("the same pulls in another order give another report")
		}
	}
}

func TestClearedGroupsComeLast(t *testing.T) {
	s := evidence.Survey{Time: now(), Pulls: []evidence.Evidence{cleared(), denied()}}
	r := judged(t, s)
	if len(r.Groups) != 2 || r.Groups[0].State != v1alpha1.Failing || r.Groups[1].State != v1alpha1.Cleared {
		t.Errorf("got %+v", r.Groups)
	}
}

func TestHealthyPullsAreLeftOut(t *testing.T) {
	e := evidence.Evidence{Pull: evidence.Pull{Namespace: "shop", Pod: "well", Image: "acme/api:1", Reference: evidence.Reference{Host: "docker.io", Repository: "acme/api", Tag: "1"}}}
	if r := judged(t, evidence.Survey{Time: now(), Pulls: []evidence.Evidence{e}}); len(r.Diagnoses)+len(r.Groups) != 0 {
		t.Errorf("a healthy pull is reported: %+v", r.Groups)
	}
}

func TestWhatWasReadAndSentIsCounted(t *testing.T) {
	r := judged(t, bigSurvey())
	if want := (v1alpha1.Sent{Registries: 2, Requests: 14, Logins: 2}); r.Sent != want {
		t.Errorf("sent %+v, want %+v", r.Sent, want)
	}
	if want := (v1alpha1.Read{Pods: 9874, Secrets: 2}); r.Read != want {
		t.Errorf("read %+v, want %+v", r.Read, want)
	}
}
