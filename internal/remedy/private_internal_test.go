// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// fill gives every field of a value something: texts the mark, lists and maps one
// element. Types that contain themselves end where they begin anew.
func fill(v reflect.Value, mark string, within ...reflect.Type) {
	if slices.Contains(within, v.Type()) {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), mark, within...)
	case reflect.Struct:
		if v.Type().PkgPath() != "k8s.io/api/core/v1" && !slices.Contains([]string{"ObjectMeta", "LabelSelector", "LabelSelectorRequirement"}, v.Type().Name()) {
			return // times, quantities, ports: no free text
		}
		for i := range v.NumField() {
			fill(v.Field(i), mark, append(within, v.Type())...)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), mark, within...)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		element := reflect.New(v.Type().Elem()).Elem()
		fill(element, mark, within...)
		v.SetMapIndex(reflect.ValueOf("key").Convert(v.Type().Key()), element)
	case reflect.String:
		v.SetString(mark)
	}
}

// texts are the places in a value of JSON whose text has a mark.
func texts(at []string, value any, mark string, report func(at []string)) {
	switch v := value.(type) {
	case map[string]any:
		for name, inner := range v {
			texts(within(at, name), inner, mark, report)
		}
	case []any:
		for _, inner := range v {
			texts(within(at, "0"), inner, mark, report)
		}
	case string:
		if strings.Contains(v, mark) {
			report(at)
		}
	}
}

// whole is a pod template as JSON with a mark in each text.
func whole(t *testing.T, mark string) map[string]any {
	t.Helper()
	var x corev1.PodTemplateSpec
	fill(reflect.ValueOf(&x).Elem(), mark)
	text, err := json.Marshal(x)
	if err != nil {
		t.Fatal(err)
	}
	var value map[string]any
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{"name", "namespace", "uid", "managedFields", "ownerReferences", "finalizers", "selfLink", "resourceVersion", "generateName"} {
		delete(value["metadata"].(map[string]any), field)
	}
	return value
}

// Every text of a pod template is decided on, by hand: a field that a new version of
// Kubernetes brings fails here until somebody has looked at what people write there.
// The file says which are hidden.
func TestEveryTextOfAPodTemplateIsDecidedOn(t *testing.T) {
	const mark = "canary-7f3a"
	var lines []string
	texts(nil, whole(t, mark), mark, func(at []string) {
		word := "shown "
		if secrecyOf("Deployment", append([]string{"spec", "template"}, at...)) == secret {
			word = "hidden"
		}
		path := strings.ReplaceAll(strings.Join(at, "/"), "/0", "/*")
		for _, list := range []string{"initContainers", "ephemeralContainers"} { // as containers are
			path = strings.Replace(path, "spec/"+list+"/", "spec/containers/", 1)
		}
		lines = append(lines, word+" "+path)
	})
	slices.Sort(lines)
	got := strings.Join(slices.Compact(lines), "\n") + "\n"
	const name = "testdata/podtemplate.txt"
	if f := flag.Lookup("update"); f != nil && f.Value.String() == "true" {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("what is hidden of a pod template is not what %s says; decide on each field, then run the test with -update\n%s", name, got)
	}
}

// Whatever part of a template is written, as a leaf or as a list or a whole template:
// what is hidden is hidden in it, and what is shown is shown.
func TestWhatIsHiddenIsHiddenInEveryPartOfATemplate(t *testing.T) {
	const old, is = "canary-7f3a-old", "canary-7f3a-new"
	before, after := whole(t, old), whole(t, is)
	for _, root := range []struct{ kind, path string }{{"Deployment", "/spec/template"}, {"CronJob", "/spec/jobTemplate/spec/template"}, {"Pod", ""}} {
		for _, part := range []string{"/spec", "/spec/containers", "/spec/containers/0", "/spec/containers/0/env", "/spec/containers/0/env/0", "/spec/containers/0/env/0/value", "/spec/initContainers/0/lifecycle", "/spec/containers/0/command", "/spec/containers/0/command/0",
			"/spec/containers/0/livenessProbe/httpGet", "/spec/ephemeralContainers", "/spec/volumes", "/spec/volumes/0/csi", "/metadata", "/metadata/annotations"} {
			for _, was := range []any{ValueAt(before, part), nil} {
				edit := Edit{Path: root.path + part, Old: was, New: ValueAt(after, part)}
				if edit.New == nil || !edit.Hides(root.kind) {
					t.Fatalf("%s%s: nothing is hidden in %v", root.kind, part, edit.New)
				}
				shown := map[string]bool{}
				leaves := edit.Leaves(root.kind)
				for _, leaf := range leaves {
					if text := fmt.Sprint(leaf.Old, leaf.New); leaf.Secret != strings.Contains(text, Mask) || leaf.Secret && strings.Contains(text, "canary") {
						t.Errorf("%s: %s shows %s", root.kind, leaf.Path, text)
					}
					shown[leaf.Path] = true
				}
				texts(nil, edit.New, is, func(at []string) {
					path := words(edit.Path)
					path = append(path[:len(path):len(path)], at...)
					if secrecyOf(root.kind, path) == public && !shown[pointer(path...)] {
						t.Errorf("%s: %s is neither shown nor hidden", root.kind, pointer(path...))
					}
				})
				value, masked := Shown(root.kind, edit.Path, edit.New)
				texts(words(edit.Path), value, is, func(at []string) {
					if secrecyOf(root.kind, at) != public {
						t.Errorf("%s: %s is shown", root.kind, pointer(at...))
					}
				})
				if !masked {
					t.Errorf("%s%s: nothing is masked", root.kind, part)
				}
			}
		}
	}
}

func TestNamesThatOnlyLookLikeSecretsAreShown(t *testing.T) {
	for _, c := range []struct {
		kind, path string
		want       secrecy
	}{
		{"Deployment", "/spec/template/spec/nodeSelector/env", public},
		{"Deployment", "/spec/template/metadata/labels/command", public},
		{"Deployment", "/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt", public},
		{"Deployment", "/spec/template/metadata/annotations/ad.datadoghq.com~1app.instances", secret},
		{"Deployment", "/metadata/annotations/x", secret},
		{"Deployment", "/spec/replicas", public},
		{"Deployment", "/spec/template", above},
		{"Deployment", "/spec/template/spec/containers/0/image", public},
		{"Deployment", "/spec/template/spec/containers/0/securityContext", public},
		{"Deployment", "/spec/template/spec/containers/0/env/1/name", public},
		{"Deployment", "/spec/template/spec/containers/0/env/1/valueFrom", public},
		{"Deployment", "/spec/template/spec/serviceAccountName", public},
		{"Pod", "/spec/containers/0/args/3", secret},
		{"CronJob", "/spec/jobTemplate/spec/template/spec/initContainers", above},
		{"ServiceAccount", "/imagePullSecrets", public},
		{"Secret", "/data/x", secret},
		{"Secret", "/metadata/annotations/x", secret},
		{"Secret", "/type", public},
		{"Secret", "/metadata/labels/x", public},
	} {
		if got := secrecyOf(c.kind, words(c.path)); got != c.want {
			t.Errorf("%s %s: %d, want %d", c.kind, c.path, got, c.want)
		}
	}
}

// The elements of lists are told apart by what the API server tells them apart by.
func TestElementsOfListsArePutTogetherByTheirKeys(t *testing.T) {
	container := func(name, image string) any { return map[string]any{"name": name, "image": image} }
	for name, c := range map[string]struct {
		field   string
		old, is []any
		want    []string
	}{
		"one more":                   {"containers", []any{container("app", "a:1")}, []any{container("side", "s:1"), container("app", "a:2")}, []string{"/containers/0 [side].image <nil> s:1", "/containers/0 [side].name <nil> side", "/containers/1 [app].image a:1 a:2"}},
		"one less":                   {"containers", []any{container("side", "s:1"), container("app", "a:1")}, []any{container("app", "a:1")}, []string{"/containers/0 [side].image s:1 <nil>", "/containers/0 [side].name side <nil>"}},
		"another order":              {"containers", []any{container("a", "x"), container("b", "x")}, []any{container("b", "x"), container("a", "x")}, []string{"/containers/0 [0].name a b", "/containers/1 [1].name b a"}},
		"one name twice":             {"env", []any{container("a", "x")}, []any{container("a", "x"), container("a", "y")}, []string{"/env/1 [1].image <nil> y", "/env/1 [1].name <nil> a"}},
		"a name that is none":        {"containers", nil, []any{container("app]: image", "x")}, []string{"/containers/0 [0].image <nil> x", "/containers/0 [0].name <nil> app]: image"}},
		"a list without keys":        {"tolerations", []any{container("a", "x")}, []any{container("b", "x")}, []string{"/tolerations/0 [0].name a b"}},
		"what was not there before":  {"emptyDirs", nil, []any{map[string]any{}}, []string{"/emptyDirs/0 [0] <nil> map[]"}},
		"ports of one number":        {"ports", []any{map[string]any{"containerPort": 53, "protocol": "UDP"}}, []any{map[string]any{"containerPort": 53, "protocol": "TCP"}, map[string]any{"containerPort": 53, "protocol": "UDP", "name": "dns"}}, []string{"/ports/0 [53/TCP].containerPort <nil> 53", "/ports/0 [53/TCP].protocol <nil> TCP", "/ports/1 [53/UDP].name <nil> dns"}},
		"nothing that is other":      {"containers", []any{container("app", "a:1")}, []any{container("app", "a:1")}, nil},
		"what is there no longer is": {"containers", []any{container("app", "a:1")}, nil, []string{"/containers/0 [app].image a:1 <nil>", "/containers/0 [app].name app <nil>"}},
	} {
		t.Run(name, func(t *testing.T) {
			e := Edit{Path: "/spec/template/spec/" + c.field}
			if c.old != nil {
				e.Old = c.old
			}
			if c.is != nil {
				e.New = c.is
			}
			var got []string
			for _, l := range e.Leaves("Deployment") {
				path := strings.TrimPrefix(l.Path, "/spec/template/spec")
				if _, rest, ok := strings.Cut(l.Name, "]."); ok {
					path = strings.TrimSuffix(path, "/"+rest)
				}
				got = append(got, fmt.Sprint(path, " ", l.Name, " ", l.Old, " ", l.New))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}
