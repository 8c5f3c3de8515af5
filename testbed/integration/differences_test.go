// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// differences tells how objects, by their names, differ from before: one text for
// each that does, with the paths that differ, what was there and what is. Of a
// secret's data it tells the paths alone.
func differences(before, after map[string]string) (list []string) {
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if before[name] == after[name] {
			continue
		}
		was, is := leaves(before[name]), leaves(after[name])
		paths := maps.Clone(was)
		maps.Copy(paths, is)
		text := name + " differs"
		for _, path := range slices.Sorted(maps.Keys(paths)) {
			switch hidden := strings.HasPrefix(name, "secret/") && strings.HasPrefix(path, "/data/"); {
			case was[path] == is[path]:
			case hidden:
				text += "\n  " + path + " has another value"
			default:
				text += fmt.Sprintf("\n  %s was %s and is %s", path, cmp.Or(was[path], "absent"), cmp.Or(is[path], "absent"))
			}
		}
		list = append(list, text)
	}
	return list
}

// leaves are the values of a JSON document that hold no others, as JSON, by the
// JSON pointers to them; of a text that is none, itself.
func leaves(text string) map[string]string {
	var document any
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		return map[string]string{"": text}
	}
	all := map[string]string{}
	var add func(path string, value any)
	add = func(path string, value any) {
		switch v := value.(type) {
		case map[string]any:
			for key, value := range v {
				add(path+"/"+strings.NewReplacer("~", "~0", "/", "~1").Replace(key), value)
			}
			if len(v) > 0 {
				return
			}
		case []any:
			for i, value := range v {
				add(fmt.Sprintf("%s/%d", path, i), value)
			}
			if len(v) > 0 {
				return
			}
		}
		short, _ := json.Marshal(value) // it was JSON
		all[path] = string(short)
	}
	add("", document)
	return all
}

func TestDifferencesNameWhatDiffersAndNoSecret(t *testing.T) {
	before := map[string]string{
		"pod/same": `{"a":1}`, "pod/app": `{"labels":{"a/b":"1"},"spec":{"containers":[{"image":"x"}],"nodeName":"n"}}`,
		"secret/hub": `{"data":{"key":"old-value"},"type":"a"}`, "owner": "no JSON",
	}
	after := map[string]string{
		"pod/same": `{"a":1}`, "pod/app": `{"labels":{},"spec":{"containers":[{"image":"y"}],"nodeName":"n"}}`,
		"secret/hub": `{"data":{"key":"new-value"},"type":"b"}`,
	}
	want := []string{
		"owner differs\n   was no JSON and is absent",
		"pod/app differs\n  /labels was absent and is {}\n  /labels/a~1b was \"1\" and is absent\n  /spec/containers/0/image was \"x\" and is \"y\"",
		"secret/hub differs\n  /data/key has another value\n  /type was \"a\" and is \"b\"",
	}
	if got := differences(before, after); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
