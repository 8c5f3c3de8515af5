// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/internal/examine"
	"github.com/pullmedic/pullmedic/internal/report/schematest"
)

func TestLooks(t *testing.T) {
	blind := evidence.Survey{Time: now(), Pods: 3, Namespaces: 1, NotLookedAt: []evidence.Gap{{Check: evidence.CheckPods, Why: "you may not list pods of all namespaces", Needs: "list pods in all namespaces"}}}
	well := evidence.Survey{Time: now(), Pods: 3, Namespaces: 1}
	pulled := sick()
	pulled.Pulls[0].Findings = append(pulled.Pulls[0].Findings, evidence.Finding{Check: evidence.CheckPods, Outcome: evidence.NextAttemptSucceeded, Vantage: evidence.Node, Sentence: "it was pulled at 03:49:30"})
	for _, c := range []struct {
		name   string
		survey evidence.Survey
		err    error
		args   string
		code   int
		stderr string
		scope  *examine.Scope
		refs   []examine.ObjectRef
		mode   string
		golden string
	}{
		{name: "the overview looks at the context's namespace and logs in nowhere", survey: sick(), args: "", code: 1, scope: &examine.Scope{Namespace: "shop"}, mode: "anonymous", golden: "overview.txt"},
		{name: "-A looks at all namespaces and falls back to the own", survey: sick(), args: "-A -n web", code: 1, scope: &examine.Scope{Fallback: "web"}, mode: "anonymous"},
		{name: "-n and -l narrow it", survey: well, args: "-n web -l app=x", scope: &examine.Scope{Namespace: "web", Selector: "app=x"}, mode: "anonymous", golden: "overview-well.txt"},
		{name: "diagnose asks with the kubelet's credentials", survey: sick(), args: "diagnose deployment/api", code: 1, refs: []examine.ObjectRef{{Kind: "deployment", Namespace: "shop", Name: "api"}}, mode: "credentials", golden: "diagnose.txt"},
		{name: "TYPE/NAME alone is diagnose", survey: sick(), args: "pod/x pod/y -n web", code: 1, refs: []examine.ObjectRef{{Kind: "pod", Namespace: "web", Name: "x"}, {Kind: "pod", Namespace: "web", Name: "y"}}, mode: "credentials"},
		{name: "TYPE NAME NAME names several", survey: well, args: "diagnose po x y", refs: []examine.ObjectRef{{Kind: "po", Namespace: "shop", Name: "x"}, {Kind: "po", Namespace: "shop", Name: "y"}}, mode: "credentials"},
		{name: "flags may stand before the verb", survey: well, args: "-n web diagnose pod/x", refs: []examine.ObjectRef{{Kind: "pod", Namespace: "web", Name: "x"}}, mode: "credentials"},
		{name: "--probe chooses", survey: well, args: "diagnose pod/x --probe=none", refs: []examine.ObjectRef{{Kind: "pod", Namespace: "shop", Name: "x"}}, mode: "none"},
		{name: "nothing found, but not all seen", survey: blind, args: "-A", code: 3, scope: &examine.Scope{Fallback: "shop"}, mode: "anonymous", golden: "overview-blind.txt"},
		{name: "what was pulled since does not fail", survey: pulled, args: "diagnose pod/x", refs: []examine.ObjectRef{{Kind: "pod", Namespace: "shop", Name: "x"}}, mode: "credentials"},
		{name: "no such pod", err: &cluster.Error{Reason: cluster.NotFound, Verb: "get", Resource: "pods", Namespace: "shop", Name: "x", Err: errors.New("x")}, args: "pod/x", code: 2,
			stderr: "error: there is no pod x in namespace shop; look at the name and the namespace\n", refs: []examine.ObjectRef{{Kind: "pod", Namespace: "shop", Name: "x"}}, mode: "credentials"},
		{name: "no right to list pods", err: &cluster.Error{Reason: cluster.Forbidden, Verb: "list", Resource: "pods", Namespace: "shop", Err: errors.New("x")}, args: "", code: 3,
			stderr: "error: you may not list pods in namespace shop; ask for that right, or name a namespace that you may read with -n\n", scope: &examine.Scope{Namespace: "shop"}, mode: "anonymous"},
		{name: "no such namespace", err: &cluster.Error{Reason: cluster.NotFound, Verb: "get", Resource: "namespaces", Name: "shpo", Err: errors.New("x")}, args: "-n shpo", code: 2,
			stderr: "error: there is no namespace shpo; look at its name\n", scope: &examine.Scope{Namespace: "shpo"}, mode: "anonymous"},
		{name: "a kind that the examiner does not know", err: examine.UnknownKindError{Kind: "service"}, args: "job/x", code: 2,
			stderr: "error: looking at kind \"service\": not known; take one of pod, deployment, replicaset, replicationcontroller, statefulset, daemonset, job, cronjob\n", refs: []examine.ObjectRef{{Kind: "job", Namespace: "shop", Name: "x"}}, mode: "credentials"},
		{name: "no answer says from where", err: &cluster.Error{Reason: cluster.TimedOut, Verb: "list", Resource: "pods", Namespace: "shop", Err: errors.New("x")}, args: "", code: 3,
			stderr: "error: asking https://api.example: reading pods in namespace shop: no answer from the API server in time; try again, or look at its load\n", scope: &examine.Scope{Namespace: "shop"}, mode: "anonymous"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &fake{survey: c.survey, err: c.err}
			got := f.bench().run(t, strings.Fields(c.args)...)
			if got.code != c.code || got.err != c.stderr {
				t.Errorf("exit code %d, want %d; stderr %q, want %q", got.code, c.code, got.err, c.stderr)
			}
			if c.scope != nil && !reflect.DeepEqual(f.scopes, []examine.Scope{*c.scope}) {
				t.Errorf("looked at %+v, want %+v", f.scopes, c.scope)
			}
			if c.refs != nil && !reflect.DeepEqual(f.refs, [][]examine.ObjectRef{c.refs}) {
				t.Errorf("looked at %+v, want %+v", f.refs, c.refs)
			}
			if !reflect.DeepEqual(f.modes, []string{c.mode}) {
				t.Errorf("probe mode %v, want %s", f.modes, c.mode)
			}
			if c.golden != "" {
				golden(t, c.golden, got.out)
			}
		})
	}
}

func TestLooksAsDocuments(t *testing.T) {
	f := &fake{survey: sick()}
	for _, args := range []string{"-o json", "-A -o yaml", "diagnose pod/x -o json -v", "pod/x -o=yaml -v=9", "-vvv -o json"} {
		got := f.bench().run(t, strings.Fields(args)...)
		out := []byte(got.out)
		if strings.Contains(args, "yaml") {
			var err error
			if out, err = yaml.YAMLToJSON(out); err != nil {
				t.Fatal(err)
			}
		}
		schematest.Check(t, out)
		if got.code != ExitFailing || got.err != "" {
			t.Errorf("%s: exit code %d, stderr %q", args, got.code, got.err)
		}
		var r struct {
			Diagnoses []struct {
				Causes []struct{ Cause, Verdict, State string }
			}
		}
		if err := json.Unmarshal(out, &r); err != nil {
			t.Fatal(err)
		}
		if len(r.Diagnoses) != 1 || r.Diagnoses[0].Causes[0] != (struct{ Cause, Verdict, State string }{"TagNotFound", "confirmed", "failing"}) {
			t.Errorf("%s: got %+v", args, r)
		}
	}
}

func TestPrintedCommandsReachTheSameCluster(t *testing.T) {
	f := &fake{survey: sick()}
	got := f.bench().run(t, "--context", "my prod", "--kubeconfig", "/tmp/x;id")
	if want := `-> kubectl pullmedic diagnose deployment/api -n shop --context 'my prod' --kubeconfig '/tmp/x;id'`; !strings.Contains(got.out, want) {
		t.Errorf("%q is not in\n%s", want, got.out)
	}
}

func TestColor(t *testing.T) {
	f := &fake{survey: sick()}
	for args, want := range map[string]bool{"": false, "--color=auto": false, "--color=always": true, "--color=never": false, "diagnose pod/x --color always": true, "--color=always -o json": false} {
		if got := strings.Contains(f.bench().run(t, strings.Fields(args)...).out, "\x1b["); got != want {
			t.Errorf("%q: coloured %v, want %v", args, got, want)
		}
	}
}

func TestTrace(t *testing.T) {
	file := filepath.Join(t.TempDir(), "trace.jsonl")
	f := &fake{survey: sick()}
	if got := f.bench().run(t, "pod/x", "--trace", file); got.code != ExitFailing || got.err != "" {
		t.Fatalf("exit code %d, stderr %q", got.code, got.err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	for line := range strings.Lines(string(data)) {
		var span struct{ Kind, Name, Start, End string }
		if err := json.Unmarshal([]byte(line), &span); err != nil || span.Start == "" || span.End == "" {
			t.Errorf("%q: %v", line, err)
		}
		kinds[span.Kind]++
	}
	if kinds["process"] != 1 || kinds["step"] == 0 {
		t.Errorf("got the kinds %v, want one process and some steps", kinds)
	}
	if got := f.bench().run(t, "pod/x", "--trace", filepath.Join(file, "x")); got.code != ExitUsage || !strings.HasPrefix(got.err, "error: making the trace's file: ") {
		t.Errorf("a file that cannot be made: exit code %d, %q", got.code, got.err)
	}
}
