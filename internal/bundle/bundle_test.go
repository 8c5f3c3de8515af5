// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package bundle_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/bundle"
	"github.com/pullmedic/pullmedic/internal/examine"
	"github.com/pullmedic/pullmedic/symptom"
)

func sick() evidence.Survey {
	at := time.Date(2026, 11, 21, 3, 50, 0, 0, time.UTC)
	const message = `rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/acme/api:1.27.44": failed to resolve image: docker.io/acme/api:1.27.44: not found`
	pull := func(namespace, owner, pod string) evidence.Evidence {
		return evidence.Evidence{
			Pull: evidence.Pull{
				Namespace: namespace, Pod: pod, Container: "app", Owner: evidence.Object{Kind: "Deployment", Namespace: namespace, Name: owner}, Via: []evidence.Object{{Kind: "ReplicaSet", Namespace: namespace, Name: owner + "-7d"}},
				Image: "acme/api:1.27.44", Reference: evidence.Reference{Host: "docker.io", Repository: "acme/api", Tag: "1.27.44"},
				Reason: "ImagePullBackOff", Message: message, FirstFailed: at.Add(-time.Minute), Attempts: 3,
				Events: []evidence.Event{{Type: "Warning", Reason: "Failed", Message: message, Count: 3, Last: at}},
			},
			Symptom: symptom.Parse(message),
			Findings: []evidence.Finding{{
				Check: evidence.CheckManifest, Outcome: evidence.TagAbsent, Vantage: evidence.Client, Time: at, Took: 12 * time.Millisecond,
				Subject:  evidence.Subject{Kind: evidence.SubjectImage, Name: "docker.io/acme/api:1.27.44"},
				Sentence: "docker.io/acme/api has no tag 1.27.44 (404)", Details: map[string]string{"status": "404"},
			}},
			NotLookedAt: []evidence.Gap{{Check: evidence.CheckNode, Subject: evidence.Subject{Kind: evidence.SubjectNode, Name: "n"}, Why: "you may not read nodes", Needs: "get nodes"}},
		}
	}
	return evidence.Survey{Time: at, Pods: 9, Namespaces: 2, Sent: evidence.Sent{Requests: 6}, Pulls: []evidence.Evidence{
		pull("shop", "api", "api-1"), pull("shop", "api", "api-2"), pull("web", "front", "front-1"),
	}}
}

func written(t testing.TB, s evidence.Survey) string {
	t.Helper()
	var b bytes.Buffer
	if err := bundle.Write(&b, "pullmedic test", s); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	got, err := bundle.Read(strings.NewReader(written(t, sick())))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, sick()) {
		t.Errorf("got %+v\nwant %+v", got, sick())
	}
}

func TestWhatIsNoBundleIsRefusedInOneSentence(t *testing.T) {
	good := written(t, sick())
	for name, c := range map[string]struct{ text, want string }{
		"nothing":              {"", "it is empty"},
		"a cut one":            {good[:len(good)/2], "it ends in the middle; was it copied whole?"},
		"other JSON":           {`{"apiVersion":"v1","kind":"Pod"}`, `it says that it is "Pod" of "v1", not Bundle of pullmedic.dev/v1alpha1`},
		"a later version":      {strings.Replace(good, "v1alpha1", "v9", 1), `it says that it is "Bundle" of "pullmedic.dev/v9", not Bundle of pullmedic.dev/v1alpha1`},
		"unknown fields":       {strings.Replace(good, `"pods"`, `"extra": 1, "pods"`, 1), `it is no bundle of this version: json: unknown field "extra"`},
		"no JSON":              {"\x1b[31mhello", "it is no bundle of this version: invalid character '\\x1b' looking for beginning of value"},
		"something behind":     {good + "{}", "something follows the bundle in its file"},
		"a wrong type":         {strings.Replace(good, `"pods": 9`, `"pods": "9"`, 1), "it is no bundle of this version: json: cannot unmarshal string into Go struct field Survey.survey.pods of type int"},
		"no time":              {`{"apiVersion":"pullmedic.dev/v1alpha1","kind":"Bundle","survey":{}}`, "it does not say when it was made"},
		"lists without end":    {`{"apiVersion":"pullmedic.dev/v1alpha1","kind":"Bundle","survey":{"time":"2026-11-21T03:50:00Z","pulls":[{"pull":{"pullSecrets":[` + strings.Repeat(`"a",`, 3000) + `"a"]}}]}}`, "a pull of it has a list of 3001, more than 2000"},
		"more pulls than many": {`{"apiVersion":"pullmedic.dev/v1alpha1","kind":"Bundle","survey":{"time":"2026-11-21T03:50:00Z","pulls":[` + strings.Repeat(`{},`, 20000) + `{}]}}`, "it has 20001 pulls, more than 20000"},
		"an unknown outcome":   {strings.Replace(good, `"tag-absent"`, `"tag-eaten"`, 1), `a finding of it has the outcome "tag-eaten", which this version does not know`},
		"a flood":              {strings.Repeat(" ", 65<<20), "it is larger than 64 MiB"},
		"deep nesting":         {strings.Repeat(`[`, 1<<20), "it is no bundle of this version: invalid character '[' exceeded max depth"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := bundle.Read(strings.NewReader(c.text)); err == nil || err.Error() != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestTextOfABundleIsCleanedAgain(t *testing.T) {
	const hostile = "a\x1b]0;x\x07b\u202ec\nd"
	s := sick()
	s.Pulls[0].Pull.Pod, s.Pulls[0].Findings[0].Sentence = hostile, hostile
	s.Pulls[0].Findings[0].Details = map[string]string{hostile: hostile}
	s.Pulls[0].Symptom.Detail, s.Pulls[0].NotLookedAt[0].Why = hostile, hostile
	got, err := bundle.Read(strings.NewReader(written(t, s)))
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), `\u001b`) || strings.ContainsAny(string(text), "\u202e\x07") {
		t.Errorf("it came through: %s", text)
	}
	if want := "a]0;xbc d"; got.Pulls[0].Pull.Pod != want || got.Pulls[0].Findings[0].Details[want] != want {
		t.Errorf("got %q and %q, want %q", got.Pulls[0].Pull.Pod, got.Pulls[0].Findings[0].Details, want)
	}
}

func TestNoCredentialInATextIsWritten(t *testing.T) {
	s := sick()
	const text = `failed: Get "https://bot:canary-1@blobs.example/layer/x?X-Amz-Signature=canary-2&X-Amz-Credential=AKIAcanary3aaaaaaaa": Authorization: Bearer eyJcanary4.canary4.canary4: proxyconnect: http://me:canary-5@proxy.example:3128: refused`
	s.Pulls[0].Pull.Message, s.Pulls[0].Pull.Events[0].Message = text, text
	s.Pulls[0].Symptom.Detail = "denied: docker login -u ci -p canary-8"
	s.Pulls[0].Findings[0].Sentence = `the registry says: {\"auth\":\"canary-9\", \"password\": \"two canary words\"}`
	s.Pulls[0].Pull.Image = "bot:canary-6@registry.example/acme/api:1"
	s.Pulls[1].Pull.Image = "https://bot:canary-7@registry.example/acme/api:1"
	got := written(t, s)
	if strings.Contains(got, "canary") {
		t.Errorf("a credential shows in %s", got)
	}
	for _, kept := range []string{`https://blobs.example/layer/x?[redacted]\": Authorization: Bearer [redacted]`, "http://proxy.example:3128", "registry.example/acme/api:1"} {
		if !strings.Contains(got, kept) {
			t.Errorf("%s is not in it", kept)
		}
	}
	if s.Pulls[0].Pull.Message != text {
		t.Error("writing changed the survey")
	}
}

func TestAReplayAnswersAsTheClusterDid(t *testing.T) {
	r := bundle.NewReplay(sick())
	for name, c := range map[string]struct {
		scope examine.Scope
		want  int
	}{
		"all":           {examine.Scope{}, 3},
		"one namespace": {examine.Scope{Namespace: "shop"}, 2},
		"a healthy one": {examine.Scope{Namespace: "db"}, 0},
	} {
		s, err := r.Survey(t.Context(), c.scope)
		if err != nil || len(s.Pulls) != c.want {
			t.Errorf("%s: %d pulls, want %d (%v)", name, len(s.Pulls), c.want, err)
		}
	}
	for name, c := range map[string]struct {
		ref  examine.ObjectRef
		want int
		err  string
	}{
		"a deployment":      {ref: examine.ObjectRef{Kind: "deploy", Namespace: "shop", Name: "api"}, want: 2},
		"a set below it":    {ref: examine.ObjectRef{Kind: "rs", Namespace: "shop", Name: "api-7d"}, want: 2},
		"a pod":             {ref: examine.ObjectRef{Kind: "pods", Namespace: "web", Name: "front-1"}, want: 1},
		"in any namespace":  {ref: examine.ObjectRef{Kind: "deployment", Name: "front"}, want: 1},
		"another namespace": {ref: examine.ObjectRef{Kind: "deployment", Namespace: "web", Name: "api"}, err: "no failing pull of deployment/api in namespace web was recorded; there are deployment/front -n web, deployment/api -n shop"},
		"another kind":      {ref: examine.ObjectRef{Kind: "service", Namespace: "shop", Name: "api"}, err: `looking at kind "service": not known; take one of pod, deployment, replicaset, replicationcontroller, statefulset, daemonset, job, cronjob`},
	} {
		s, err := r.Objects(t.Context(), []examine.ObjectRef{c.ref})
		if c.err != "" {
			if err == nil || err.Error() != c.err {
				t.Errorf("%s: %v, want %s", name, err, c.err)
			}
			continue
		}
		if err != nil || len(s.Pulls) != c.want {
			t.Errorf("%s: %d pulls, want %d (%v)", name, len(s.Pulls), c.want, err)
		}
	}
	if _, err := r.Survey(t.Context(), examine.Scope{Selector: "a=b"}); err == nil {
		t.Error("a selector was taken, though labels are not recorded")
	}
}

// TestOnlyDecidedFieldsAreWritten fails when evidence gets a field about which
// nobody has decided whether it may leave the cluster.
func TestOnlyDecidedFieldsAreWritten(t *testing.T) {
	decided := map[string]int{
		"Survey": 10, "NotRunning": 7 /* not written */, "Unmade": 9, "Sent": 2, "Evidence": 7, "PullSecret": 6, "SecretEntry": 5, "Pull": 28, "Object": 4, "Reference": 5, "Platform": 3, "Event": 6,
		"Finding": 8, "Subject": 2, "Gap": 4, "Symptom": 19,
		"Impact": 12, "Serving": 3, "Autoscaler": 3, "Service": 2, "Manager": 2, "Change": 4,
	}
	seen := map[string]int{}
	var walk func(reflect.Type)
	walk = func(at reflect.Type) {
		switch at.Kind() {
		case reflect.Slice, reflect.Map:
			walk(at.Elem())
		case reflect.Struct:
			if _, ok := seen[at.Name()]; ok || at == reflect.TypeFor[time.Time]() {
				return
			}
			seen[at.Name()] = at.NumField()
			for i := range at.NumField() {
				walk(at.Field(i).Type)
			}
		}
	}
	walk(reflect.TypeFor[evidence.Survey]())
	if !reflect.DeepEqual(seen, decided) {
		t.Errorf("fields by type: %v; decided about: %v. May the new one go to somebody else? Then count it here", seen, decided)
	}
}

func TestPodsThatCannotBeMadeAreReplayed(t *testing.T) {
	object := func(kind, name string) evidence.Object {
		return evidence.Object{Kind: kind, Namespace: "shop", Name: name}
	}
	s := sick()
	s.Unmade = []evidence.Unmade{
		{Controller: object("ReplicaSet", "web-5"), Owner: object("Deployment", "web"), Wanted: 1, Reason: "FailedCreate", Message: "exceeded quota: pods"},
		{Controller: object("Job", "other"), Owner: object("Job", "other"), Wanted: 1, Reason: "FailedCreate", Message: "no account"},
	}
	read, err := bundle.Read(strings.NewReader(written(t, s)))
	if err != nil {
		t.Fatal(err)
	}
	for _, ref := range []examine.ObjectRef{{Kind: "deploy", Namespace: "shop", Name: "web"}, {Kind: "rs", Name: "web-5"}} {
		got, err := bundle.NewReplay(read).Objects(t.Context(), []examine.ObjectRef{ref})
		if err != nil || len(got.Pulls) > 0 || len(got.Unmade) != 1 || got.Unmade[0] != s.Unmade[0] {
			t.Errorf("%+v: %v, %+v", ref, err, got.Unmade)
		}
	}
	if got, err := bundle.NewReplay(read).Survey(t.Context(), examine.Scope{Namespace: "elsewhere"}); err != nil || len(got.Unmade) > 0 {
		t.Errorf("elsewhere: %v, %+v", err, got.Unmade)
	}
}

// A file of one namespace says nothing of another one, and a file of all says
// nothing of one without a failing pull but that it has none.
func TestAReplayDoesNotAnswerForWhatWasNotCollected(t *testing.T) {
	for name, c := range map[string]struct {
		of        []string
		namespace string
		gaps      int
		err       string
	}{
		"the namespace that was collected":  {of: []string{"shop", "web"}, namespace: "shop"},
		"another one":                       {of: []string{"shop"}, namespace: "db", err: "this file has nothing of namespace db; it was collected for namespace shop"},
		"another one than several":          {of: []string{"a", "b", "c", "d"}, namespace: "db", err: "this file has nothing of namespace db; it was collected for namespaces a, b, c and 1 more"},
		"one of all, which may have no pod": {namespace: "db", gaps: 1},
		"one of all with a failing pull":    {namespace: "shop"},
		"all":                               {of: []string{"shop"}},
	} {
		s := sick()
		s.Of = c.of
		got, err := bundle.NewReplay(s).Survey(t.Context(), examine.Scope{Namespace: c.namespace})
		if said := fmt.Sprint(err); c.err != "" && said != c.err || c.err == "" && err != nil {
			t.Errorf("%s: says %q, want %q", name, said, c.err)
		}
		if n := len(got.NotLookedAt) - len(s.NotLookedAt); c.err == "" && n != c.gaps {
			t.Errorf("%s: %d gaps more, want %d: %+v", name, n, c.gaps, got.NotLookedAt)
		}
	}
}

// FuzzRead takes any file: what is read is clean and bounded, what is written
// of it reads the same again, and the credential that stands in it does not come
// through, whatever stands beside it.
func FuzzRead(f *testing.F) {
	const canary = "zqcanaryzq"
	whole := written(f, sick())
	f.Add(whole, "")
	f.Add(whole[:len(whole)/2], "x")
	f.Add(whole+whole, "\x1b")
	f.Add(strings.Replace(whole, "acme/api:1.27.44", `\u202e\u001b[2J\"`, -1), `"`)
	f.Add(strings.Replace(whole, `"shop"`, `"../../etc"`, -1), `\`)
	f.Add(strings.Replace(whole, `"attempts": 3`, `"attempts": -9e99`, 1), "[")
	f.Add(`{"apiVersion":"pullmedic.dev/v1alpha1","kind":"Bundle","survey":{"time":"2026-11-21T03:50:00Z","pulls":[{"findings":[{"details":{"\u001b":"x"}}]}]}}`, "password=")
	f.Add(`{"apiVersion":"pullmedic.dev/v1alpha1","kind":"Bundle","survey":{"time":"2026-11-21T03:50:00Z","pulls":[{"symptom":{"nodeTime":"9999-12-31T23:59:59Z"}}]}}`, "?ns=")
	f.Fuzz(func(t *testing.T, text, beside string) {
		s, err := bundle.Read(strings.NewReader(text))
		if err != nil {
			if said := err.Error(); len(said) > 400 || strings.ContainsFunc(said, unicode.IsControl) {
				t.Errorf("the error is long or not clean: %q", said)
			}
			return
		}
		encoded, err := json.Marshal(s)
		if err != nil {
			t.Fatalf("what was read is no JSON: %v", err)
		}
		if bytes.Contains(encoded, []byte(`\u001b`)) || bytes.ContainsAny(encoded, "\x1b\u202e\u200b") {
			t.Errorf("hidden characters come through: %s", encoded)
		}
		for i := range s.Pulls {
			s.Pulls[i].Pull.Message = `{"password":"` + canary + `"} ` + beside
			s.Pulls[i].Pull.Events = append(s.Pulls[i].Pull.Events, evidence.Event{Message: "docker login -p " + canary + " " + beside})
		}
		first := written(t, s)
		if strings.Contains(first, canary) && !strings.Contains(text, canary) && !strings.Contains(beside, canary) {
			t.Errorf("a credential is written: %s", first)
		}
		again, err := bundle.Read(strings.NewReader(first))
		if err != nil {
			if strings.Contains(err.Error(), "more than") { // the added event is one too many
				return
			}
			t.Fatalf("what was written cannot be read: %v", err)
		}
		second := written(t, again)
		if again, err = bundle.Read(strings.NewReader(second)); err != nil || written(t, again) != second {
			t.Errorf("reading it twice changes it (%v): %s, then %s", err, second, written(t, again))
		}
	})
}

// Of many objects that were recorded those are listed whose names are near, and how
// many more there are.
func TestTheNearestObjectsAreListedAndTheOthersCounted(t *testing.T) {
	var s evidence.Survey
	for _, name := range []string{"front", "ledger", "gateway", "api", "search", "mail"} {
		pull := evidence.Pull{Namespace: "shop", Pod: name + "-1", Owner: evidence.Object{Kind: "Deployment", Namespace: "shop", Name: name}}
		s.Pulls = append(s.Pulls, evidence.Evidence{Pull: pull}, evidence.Evidence{Pull: pull})
	}
	for asked, want := range map[string]string{
		"leger": "; there are deployment/ledger -n shop, ",
		"maill": "; there are deployment/mail -n shop, ",
	} {
		_, err := bundle.NewReplay(s).Objects(t.Context(), []examine.ObjectRef{{Kind: "deployment", Name: asked}})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasSuffix(err.Error(), " and 3 more") {
			t.Errorf("%s: %v", asked, err)
		}
	}
}
