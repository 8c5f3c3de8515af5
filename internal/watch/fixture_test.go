// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/internal/examine"
	"github.com/pullmedic/pullmedic/internal/report"
)

// update writes the golden files anew: go test ./internal/watch -update.
var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test ./internal/watch -update writes it anew); got:\n%s", path, got)
	}
}

func start() time.Time { return time.Date(2026, 11, 21, 3, 50, 0, 0, time.UTC) }

// source answers with what it was given, and keeps what it was asked.
type source struct {
	mu      sync.Mutex
	report  v1alpha1.Report
	err     error
	fates   map[string]examine.Fate // by pod
	looks   []string
	objects []v1alpha1.Object
	asked   []string
}

func (s *source) Look(_ context.Context, namespace string) (v1alpha1.Report, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looks = append(s.looks, namespace)
	return s.report, s.err
}

func (s *source) Fate(_ context.Context, p v1alpha1.PullRef) (examine.Fate, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, p.Namespace+"/"+p.Pod)
	return s.fates[p.Pod], s.err
}

func (s *source) Diagnose(_ context.Context, o v1alpha1.Object) (v1alpha1.Report, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.objects = append(s.objects, o)
	return s.report, s.err
}

// stage is a model without a terminal, on a clock that is moved by hand.
type stage struct {
	t      *testing.T
	source *source
	now    time.Time
	m      *Model
	quit   bool
}

func newStage(t *testing.T, r v1alpha1.Report, alter ...func(*Options)) *stage {
	t.Helper()
	s := &stage{t: t, source: &source{report: r, fates: map[string]examine.Fate{}}, now: start()}
	o := Options{
		Source: s.source, Cluster: "prod-eu", Namespace: "shop", All: true, Style: report.Style{Program: "kubectl pullmedic", Location: time.UTC},
		Now: func() time.Time { return s.now },
	}
	for _, a := range alter {
		a(&o)
	}
	s.m = New(t.Context(), o)
	s.size(80, 24)
	s.run(s.m.lookNow())
	return s
}

func (s *stage) size(width, height int) { s.send(tea.WindowSizeMsg{Width: width, Height: height}) }

// send gives the model a message and runs what it wants run.
func (s *stage) send(msg tea.Msg) {
	_, cmd := s.m.Update(msg)
	s.run(cmd)
}

// run runs a command, and those that it comes to, without waiting: the clock is
// moved by wait alone.
func (s *stage) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	switch msg := cmd().(type) {
	case nil:
	case tea.BatchMsg:
		for _, c := range msg {
			s.run(c)
		}
	case tea.QuitMsg:
		s.quit = true
	default:
		if reflect.TypeOf(msg).PkgPath() == reflect.TypeOf(looked{}).PkgPath() {
			s.send(msg)
		}
	}
}

// wait moves the clock on second by second.
func (s *stage) wait(d time.Duration) {
	for range int(d / time.Second) {
		s.now = s.now.Add(time.Second)
		s.run(s.m.ticked(s.now))
	}
}

// press sends keys, by their names or as text.
func (s *stage) press(keys ...string) {
	s.t.Helper()
	named := map[string]tea.Key{
		"enter": {Code: tea.KeyEnter}, "esc": {Code: tea.KeyEscape}, "up": {Code: tea.KeyUp}, "down": {Code: tea.KeyDown}, "backspace": {Code: tea.KeyBackspace},
		"pgdown": {Code: tea.KeyPgDown}, "pgup": {Code: tea.KeyPgUp}, "end": {Code: tea.KeyEnd}, "home": {Code: tea.KeyHome},
		"ctrl+c": {Code: 'c', Mod: tea.ModCtrl}, "ctrl+u": {Code: 'u', Mod: tea.ModCtrl},
	}
	for _, k := range keys {
		key, ok := named[k]
		if !ok {
			key = tea.Key{Code: []rune(k)[0], Text: k}
		}
		s.send(tea.KeyPressMsg(key))
	}
}

func (s *stage) text() string { return s.m.View().Content }

// shows tells whether the screen has all of these.
func (s *stage) shows(texts ...string) {
	s.t.Helper()
	for _, text := range texts {
		if !strings.Contains(s.text(), text) {
			s.t.Errorf("%q is not on the screen:\n%s", text, s.text())
		}
	}
}

func (s *stage) hides(texts ...string) {
	s.t.Helper()
	for _, text := range texts {
		if strings.Contains(s.text(), text) {
			s.t.Errorf("%q is on the screen:\n%s", text, s.text())
		}
	}
}

func at(t time.Time) *time.Time { return &t }

// failing is a diagnosis of a pod whose next attempt is in so many seconds.
func failing(cause, subject, namespace, pod, kind, owner, severity string, earliest, latest int) v1alpha1.Diagnosis {
	d := v1alpha1.Diagnosis{
		Pull: v1alpha1.Pull{
			Namespace: namespace, Pod: pod, Container: "app", Image: "acme/" + owner + ":1", Node: "worker-1",
			Owner:       v1alpha1.Object{Kind: kind, Namespace: namespace, Name: owner},
			FirstFailed: at(start().Add(-10 * time.Minute)), Attempts: 6,
		},
		Severity: severity,
		Causes: []v1alpha1.Cause{{
			Cause: cause, Verdict: v1alpha1.Confirmed, State: v1alpha1.Failing, Subject: v1alpha1.Subject{Kind: "image", Name: subject},
			Summary: subject + " is not there", FirstAction: "Compare the name with those that exist.",
		}},
	}
	if latest > 0 {
		d.Pull.NextEarliest, d.Pull.NextLatest = at(start().Add(time.Duration(earliest)*time.Second)), at(start().Add(time.Duration(latest)*time.Second))
	}
	return d
}

// of makes a report of diagnoses that are in the order of their groups.
func of(all ...v1alpha1.Diagnosis) v1alpha1.Report {
	r := v1alpha1.Report{Time: start(), Pods: 212, Namespaces: 4, Sent: v1alpha1.Sent{Requests: 18}, Diagnoses: all}
	for _, d := range all {
		c := d.Causes[0]
		if n := len(r.Groups); n == 0 || r.Groups[n-1].Cause != c.Cause || r.Groups[n-1].Subject != c.Subject {
			r.Groups = append(r.Groups, v1alpha1.Group{
				Cause: c.Cause, Verdict: c.Verdict, State: c.State, Subject: c.Subject, Summary: c.Summary, FirstAction: c.FirstAction,
				Impact: v1alpha1.GroupImpact{Severity: d.Severity},
			})
		}
		g := &r.Groups[len(r.Groups)-1]
		g.Pulls = append(g.Pulls, v1alpha1.PullRef{Namespace: d.Pull.Namespace, Pod: d.Pull.Pod})
	}
	return r
}

func expired(pod, owner string) v1alpha1.Diagnosis {
	return failing("CredentialsExpired", "registry.example", "payments", pod, "Deployment", owner, "critical", 34, 72)
}

func missing(pod string) v1alpha1.Diagnosis {
	return failing("TagNotFound", "docker.io/acme/api:1.27.44", "shop", pod, "Deployment", "api", "high", 8, 24)
}

func broken() v1alpha1.Report {
	return of(expired("ledger-1", "ledger"), expired("ledger-2", "ledger"), expired("books-1", "books"), missing("api-1"),
		failing("DNSFailure", "registry.nowhere.example", "shop", "probe", "Pod", "probe", "low", 0, 0))
}

// withUnmade adds workloads whose pods cannot be made: for a quota, and a CronJob
// of which it does not show how many.
func withUnmade(r v1alpha1.Report) v1alpha1.Report {
	object := func(kind, name string) v1alpha1.Object {
		return v1alpha1.Object{Kind: kind, Namespace: "shop", Name: name}
	}
	r.Unmade = []v1alpha1.Unmade{
		{
			Owner: object("Deployment", "web"), Controller: object("ReplicaSet", "web-7d9c5"), Wanted: 3, Made: 1, Reason: "FailedCreate",
			Message:     `pods "web-7d9c5-x2x7l" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=10, limited: pods=10`,
			FirstAction: "Make room in quota compute of namespace shop.", FirstFailed: at(start().Add(-5 * time.Minute)),
		},
		{Owner: object("CronJob", "report"), Controller: object("CronJob", "report"), Reason: "FailedCreate", Message: "jobs.batch is forbidden: no"},
	}
	return r
}
