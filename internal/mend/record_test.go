// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pullmedic/pullmedic/internal/remedy"
)

const canary = "canary-2b91-secret"

func at0() time.Time { return time.Date(2026, 11, 21, 3, 51, 2, 0, time.UTC) }

// somePlan edits a Deployment and a secret, and makes another.
func somePlan() Plan {
	var p Plan
	web := remedy.Object{APIVersion: "apps/v1", Kind: "Deployment", Resource: "deployments", Namespace: "shop", Name: "web", UID: "u1", Generation: 4}
	p.Case.Now, p.Case.Target.Object = at0(), web
	p.Chosen = []Choice{{Remedy: remedy.Remedy{ID: "rollback-image", Cause: "TagNotFound", Title: "Set it back"}}}
	p.Evict = []Pod{{Namespace: "shop", Name: "web-1", UID: "p1"}}
	p.Changes = []remedy.Change{
		{Object: remedy.Object{APIVersion: "v1", Kind: "Secret", Resource: "secrets", Namespace: "shop", Name: "hub", UID: "u2", ResourceVersion: "7"}, Edits: []remedy.Edit{{Path: "/data/.dockerconfigjson", Old: canary, New: canary + "2"}}},
		{Object: remedy.Object{APIVersion: "v1", Kind: "Secret", Resource: "secrets", Namespace: "shop", Name: "hub-2"}, New: map[string]any{"kind": "Secret", "data": map[string]any{"x": canary}}},
		{Object: web, Edits: []remedy.Edit{{Path: "/spec/template/spec/containers/0/image", Old: "a:1", New: "a:2", Label: "container app: image"}, {Path: "/spec/replicas", Old: int64(3), New: int64(3)}}},
	}
	return p
}

// written is the ConfigMap of a text.
func written(text, namespace string) *unstructured.Unstructured {
	var b body
	_ = json.Unmarshal([]byte(text), &b)
	id := newID(b.Time, []byte(text))
	o := &unstructured.Unstructured{Object: map[string]any{"data": map[string]any{recordKey: text}}}
	o.SetName(recordPrefix + id)
	o.SetNamespace(namespace)
	o.SetLabels(map[string]string{labelManaged: "pullmedic", labelRecord: id, labelState: "mended"})
	return o
}

func TestARecordReadsBackWithoutItsSecrets(t *testing.T) {
	p := somePlan()
	text, hidden, err := draft(p)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), canary) {
		t.Fatalf("the record holds a secret: %s", text)
	}
	if v, ok := hidden["0-0"]; len(hidden) != 1 || !ok || v.Old != canary || v.New != canary+"2" {
		t.Fatalf("%d hidden values", len(hidden))
	}
	r, err := parse(written(string(text), "shop"))
	if err != nil {
		t.Fatal(err)
	}
	if r.ID != recordID(p) || r.State != State(Mended) || r.Target != "deployment/web" || r.Evicts != 1 || len(r.Changes) != 3 || !r.Changes[1].Made || r.Changes[0].Edits[0].Old != nil {
		t.Errorf("%+v", r)
	}
	if !remedy.SameValue(r.Changes[2].Edits[1].Old, int64(3)) {
		t.Errorf("a number became %v", r.Changes[2].Edits[1].Old)
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		for _, value := range []any{hidden, hidden["0-0"], r, p.Changes, keep(p.Changes[0]), &r} {
			if shown := fmt.Sprintf(format, value); strings.Contains(shown, canary) || strings.Contains(shown, fmt.Sprintf("%x", canary)) {
				t.Errorf("%s of %T shows a secret", format, value)
			}
		}
	}
	if len(recordRights(p)) != 3 {
		t.Errorf("the rights are %v", recordRights(p))
	}
	p.Changes = p.Changes[1:]
	if rights := recordRights(p); len(rights) != 1 || rights[0].String() != "create configmaps in namespace shop" {
		t.Errorf("without secret edits the rights are %v", rights)
	}
}

// Anybody who may write ConfigMaps can write what looks like a record.
func TestARecordThatFixDidNotWriteIsRefused(t *testing.T) {
	text, _, err := draft(somePlan())
	if err != nil {
		t.Fatal(err)
	}
	good := string(text)
	replace := func(old, with string) string {
		changed := strings.Replace(good, old, with, 1)
		if changed == good {
			t.Fatalf("%s is not in %s", old, good)
		}
		return changed
	}
	for name, c := range map[string]struct{ text, why string }{
		"another namespace":           {strings.ReplaceAll(good, `"Namespace":"shop"`, `"Namespace":"kube-system"`), "another namespace"},
		"one object in another":       {replace(`"Namespace":"shop"`, `"Namespace":"kube-system"`), "another namespace"},
		"a kind that fix leaves":      {replace(`"APIVersion":"apps/v1","Kind":"Deployment","Resource":"deployments"`, `"APIVersion":"rbac.authorization.k8s.io/v1","Kind":"RoleBinding","Resource":"rolebindings"`), "a kind that fix does not change"},
		"a resource of another kind":  {replace(`"Resource":"deployments"`, `"Resource":"rolebindings"`), "a kind that fix does not change"},
		"a group of another kind":     {replace(`"APIVersion":"apps/v1"`, `"APIVersion":"evil.example/v1"`), "a kind that fix does not change"},
		"a name that cannot be":       {replace(`"Name":"web"`, `"Name":"../../x"`), "an object that cannot be"},
		"another record":              {replace(`"Name":"web"`, `"Name":"pullmedic-undo-x"`), "an object that cannot be"},
		"owner references":            {replace("/spec/replicas", "/metadata/ownerReferences"), "a field that fix does not change"},
		"the status":                  {replace("/spec/replicas", "/status/replicas"), "a field that fix does not change"},
		"the whole spec":              {replace("/spec/replicas", "/spec"), "a field that fix does not change"},
		"a secret's open value":       {replace(`"path":"/data/.dockerconfigjson","old":null,"new":null,"hidden":true`, `"path":"/data/.dockerconfigjson","old":null,"new":"x"`), "what must not stand there"},
		"a secret's labels":           {replace(`"path":"/data/.dockerconfigjson","old":null,"new":null,"hidden":true`, `"path":"/metadata/labels/x","old":null,"new":"x"`), "what must not stand there"},
		"an unknown field":            {replace(`"version":1`, `"version":1,"also":1`), "does not read as one"},
		"a second document":           {good + `{}`, "does not read as one"},
		"another version":             {replace(`"version":1`, `"version":2`), "another version"},
		"no changes":                  {`{"version":1,"time":"2026-11-21T03:51:02Z","target":"x","cause":"x","remedy":"x","changes":[]}`, "no changes"},
		"too many changes":            {replace(`"changes":[`, `"changes":[`+strings.Repeat(`{"object":{},"made":true},`, maxChanges)), "no changes, or too many"},
		"an edit of what has no UID":  {replace(`"UID":"u1"`, `"UID":""`), "neither edits nor makes"},
		"a text beyond all bounds":    {good + strings.Repeat(" ", maxRecord), "too much"},
		"nothing":                     {"", "no text"},
		"no JSON":                     {"\x1b[2J", "does not read as one"},
		"a made object that is edits": {replace(`"made":true`, `"made":true,"edits":[{"path":"/data/x","old":null,"new":null,"hidden":true}]`), "neither edits nor makes"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := parse(written(c.text, "shop")); err == nil || !strings.Contains(err.Error(), c.why) || strings.ContainsAny(err.Error(), "\x1b\n") {
				t.Errorf("it says %v, want %q", err, c.why)
			}
		})
	}
	for name, spoil := range map[string]func(*unstructured.Unstructured){
		"a text that somebody edited": func(o *unstructured.Unstructured) {
			o.Object["data"].(map[string]any)[recordKey] = replace(`"old":"a:1"`, `"old":"evil:1"`)
		},
		"another name": func(o *unstructured.Unstructured) { o.SetName(recordPrefix + "20260101-000000-aaaaaaaaaaaa") },
		"another label": func(o *unstructured.Unstructured) {
			o.SetLabels(map[string]string{labelManaged: "pullmedic", labelRecord: "x"})
		},
		"no label":               func(o *unstructured.Unstructured) { o.SetLabels(nil) },
		"a name without the id":  func(o *unstructured.Unstructured) { o.SetName("other") },
		"binary data in between": func(o *unstructured.Unstructured) { o.Object["data"] = map[string]any{recordKey: []any{}} },
	} {
		t.Run(name, func(t *testing.T) {
			o := written(good, "shop")
			spoil(o)
			if r, err := parse(o); err == nil {
				t.Errorf("it reads as %+v", r)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	text, _, err := draft(somePlan())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text))
	f.Add(`{"version":1,"changes":[{"object":{"Kind":"Pod"},"edits":[{"path":"/spec/"}]}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		r, err := parse(written(text, "shop"))
		if err != nil {
			return
		}
		for _, k := range r.Changes {
			if k.Object.Namespace != "shop" {
				t.Errorf("it is about namespace %q", k.Object.Namespace)
			}
			for _, e := range k.Edits {
				if k.Object.Kind == "Secret" && !e.Hidden {
					t.Error("an open value of a secret")
				}
			}
		}
	})
}

func TestOutdatedRecords(t *testing.T) {
	var records []Record
	add := func(id string, age time.Duration, state State) {
		records = append(records, Record{ID: id, State: state, body: body{Time: at0().Add(-age)}})
	}
	const day = 24 * time.Hour
	add("runs", time.Minute, Written)
	for i := range 25 {
		add(fmt.Sprintf("recent %d", i), 2*time.Hour+time.Duration(i)*time.Minute, State(Mended))
	}
	add("killed", 8*day, Written)
	add("broken", 29*day, State(Broken))
	add("old", 8*day, State(Mended))
	add("undone, not removed", 8*day, State(Undone))
	add("killed long ago", 31*day, Written)
	var names []string
	for _, r := range outdated(records, at0()) {
		names = append(names, r.ID)
	}
	if got, want := strings.Join(names, ", "), "recent 20, recent 21, recent 22, recent 23, recent 24, old, undone, not removed, killed long ago"; got != want {
		t.Errorf("removed are %s, want %s", got, want)
	}
	records = nil
	for i := range 30 {
		add(fmt.Sprintf("just now %d", i), 30*time.Minute, State(Mended))
	}
	if old := outdated(records, at0()); len(old) != 0 {
		t.Errorf("of fixes within the hour %d are removed", len(old))
	}
	for i := range 100 {
		add(fmt.Sprintf("old %d", i), 40*day, Written)
	}
	if old := outdated(records, at0()); len(old) != maxPruned {
		t.Errorf("one run removes %d", len(old))
	}
}

func TestFieldsAreGivenBack(t *testing.T) {
	entry := func(manager, operation, set string) any {
		var f map[string]any
		if err := json.Unmarshal([]byte(set), &f); err != nil {
			t.Fatal(err)
		}
		return map[string]any{"manager": manager, "operation": operation, "apiVersion": "apps/v1", "fieldsV1": f}
	}
	show := func(list []any) string {
		sets := map[string]any{}
		for _, e := range list {
			sets[text(e, "manager")+" "+text(e, "operation")] = fieldsOf(e)
		}
		out, err := json.Marshal(sets)
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	for name, c := range map[string]struct {
		before, after []any
		want          string
	}{
		"a field that was taken goes back": {
			[]any{entry("helm", "Apply", `{"f:spec":{"f:a":{},"f:b":{}}}`)},
			[]any{entry("helm", "Apply", `{"f:spec":{"f:b":{}}}`), entry("pullmedic", "Update", `{"f:spec":{"f:a":{}}}`)},
			`{"helm Apply":{"f:spec":{"f:a":{},"f:b":{}}}}`,
		},
		"a manager that lost its last field comes back": {
			[]any{entry("helm", "Apply", `{"f:a":{}}`)}, []any{entry("pullmedic", "Update", `{"f:a":{}}`)}, `{"helm Apply":{"f:a":{}}}`,
		},
		"a field that nobody had belongs to nobody": {
			[]any{entry("helm", "Apply", `{"f:a":{}}`)}, []any{entry("helm", "Apply", `{"f:a":{}}`), entry("pullmedic", "Update", `{"f:new":{}}`)}, `{"helm Apply":{"f:a":{}}}`,
		},
		"what somebody got meanwhile stays": {
			[]any{entry("helm", "Apply", `{"f:a":{}}`)}, []any{entry("eve", "Update", `{"f:c":{}}`), entry("pullmedic", "Update", `{"f:a":{}}`)}, `{"eve Update":{"f:c":{}},"helm Apply":{"f:a":{}}}`,
		},
		"an element and its children": {
			[]any{entry("helm", "Apply", `{"k:x":{".":{},"f:a":{},"f:b":{}}}`)},
			[]any{entry("helm", "Apply", `{"k:x":{".":{},"f:b":{}}}`), entry("pullmedic", "Update", `{"k:x":{"f:a":{}}}`)},
			`{"helm Apply":{"k:x":{".":{},"f:a":{},"f:b":{}}}}`,
		},
		"a list that was made whole": {
			[]any{entry("helm", "Apply", `{"f:l":{".":{},"k:1":{}}}`)}, []any{entry("pullmedic", "Update", `{"f:l":{".":{},"k:1":{},"k:2":{}}}`)}, `{"helm Apply":{"f:l":{".":{},"k:1":{}}}}`,
		},
		"what was ours before is given up, too": {
			[]any{entry("pullmedic", "Update", `{"f:a":{}}`), entry("helm", "Apply", `{"f:b":{}}`)},
			[]any{entry("helm", "Apply", `{"f:b":{}}`), entry("pullmedic", "Update", `{"f:a":{}}`)}, `{"helm Apply":{"f:b":{}}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			before := show(c.before)
			list, changed := givenBack(c.before, c.after)
			if got := show(list); !changed || got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
			if show(c.before) != before {
				t.Error("what was read before was changed")
			}
		})
	}
	if _, changed := givenBack([]any{entry("helm", "Apply", `{"f:a":{}}`)}, []any{entry("helm", "Apply", `{"f:a":{}}`)}); changed {
		t.Error("there was nothing to give back")
	}
}

func TestWhatIsMadeCarriesTheRecord(t *testing.T) {
	p := somePlan()
	made := labelled(p.Changes[1], "20260102-150405-x")
	o := unstructured.Unstructured{Object: made.New}
	if want := map[string]string{labelManaged: "pullmedic", labelRecord: "20260102-150405-x"}; !maps.Equal(o.GetLabels(), want) {
		t.Errorf("its labels are %v", o.GetLabels())
	}
	if p.Changes[1].New["metadata"] != nil {
		t.Error("the plan was changed")
	}
}

// Records of the version before have no keys: then only the generation tells that a
// place is still the same element's.
func TestAPlaceOfAFormerRecordIsOnlyBelievedWhereNobodyWroteSince(t *testing.T) {
	const value = "/spec/template/spec/containers/0/env/1/value"
	live := func(generation int64) *unstructured.Unstructured {
		o := &unstructured.Unstructured{Object: map[string]any{}}
		o.SetGeneration(generation)
		return o
	}
	web := remedy.Object{Kind: "Deployment", Generation: 4}
	former := kept{Object: web, Edits: []keptEdit{{Path: value, Hidden: true}}}
	named := kept{Object: web, Edits: []keptEdit{{Path: "/spec/template/spec/containers/0/name"}, {Path: "/spec/template/spec/containers/0/env/1/name"}, {Path: value, Hidden: true}}}
	half := kept{Object: web, Edits: named.Edits[:1]}
	for name, c := range map[string]struct {
		k          kept
		generation int64
		want       string
	}{
		"as fix left it":       {former, 5, ""},
		"never changed":        {former, 4, ""},
		"changed since":        {former, 6, "/spec/template/spec/containers/0/name"},
		"with keys":            {named, 6, ""},
		"with some keys":       {half, 6, "/spec/template/spec/containers/0/env/1/name"},
		"without a generation": {kept{Edits: former.Edits}, 0, "/spec/template/spec/containers/0/name"},
	} {
		if key, untested := c.k.untested(value, live(c.generation)); key != c.want || untested != (c.want != "") {
			t.Errorf("%s: %q, want %q", name, key, c.want)
		}
	}
	if key, _ := former.untested("/spec/template/spec/imagePullSecrets", live(9)); key != "" {
		t.Errorf("a list that is written whole needs %s", key)
	}
}
