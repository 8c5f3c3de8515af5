// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// become gives the edits that make one template another, below a path. They
// touch single fields, so that a field which this program does not know stays
// as it is. Where one lies in an element of a list, what tells whose element it is
// is tested beside it; a list whose elements cannot be told apart, or are others,
// is touched as a whole.
func become(path string, from, to corev1.PodTemplateSpec) ([]Edit, error) {
	old, err := asJSON(from)
	if err != nil {
		return nil, err
	}
	wanted, err := asJSON(to)
	if err != nil {
		return nil, err
	}
	var edits []Edit
	tested := map[string]bool{}
	differ(nil, old, wanted, func(at []string, was, is any) {
		for _, keys := range KeysOn(pointer(at...)) {
			for _, key := range keys {
				if value := ValueAt(old, key); value != nil && !tested[key] {
					tested[key] = true
					edits = append(edits, Edit{Path: path + key, Old: value, New: value})
				}
			}
		}
		edits = append(edits, Edit{
			Path: path + pointer(at...), Old: was, New: is,
			Hidden: hides("", at, was) || hides("", at, is), Label: label(from, at),
		})
	})
	return edits, nil
}

// asJSON is a template as the API server writes it, without the label by which
// a Deployment tells its own sets apart (and which no person writes).
func asJSON(t corev1.PodTemplateSpec) (any, error) {
	t = *t.DeepCopy()
	delete(t.Labels, appsv1.DefaultDeploymentUniqueLabelKey)
	text, err := json.Marshal(t)
	if err != nil {
		return nil, fmt.Errorf("writing a pod template: %w", err)
	}
	var value any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return nil, fmt.Errorf("reading a pod template: %w", err)
	}
	return value, nil
}

// same tells whether two templates ask for the same pods.
func same(a, b corev1.PodTemplateSpec) bool {
	edits, err := become("", a, b)
	return err == nil && len(edits) == 0
}

// differ reports where two values of JSON differ, as deep as they have the same
// shape, in the order of the fields' names.
func differ(words []string, old, wanted any, report func(words []string, old, wanted any)) {
	if reflect.DeepEqual(old, wanted) {
		return
	}
	switch was := old.(type) {
	case map[string]any:
		is, ok := wanted.(map[string]any)
		if !ok {
			break
		}
		for _, name := range slices.Sorted(maps.Keys(both(was, is))) {
			differ(append(slices.Clone(words), name), was[name], is[name], report)
		}
		return
	case []any:
		is, ok := wanted.([]any)
		if !ok || !sameKeys(words[len(words)-1], was, is) {
			break
		}
		for i := range was {
			differ(append(slices.Clone(words), strconv.Itoa(i)), was[i], is[i], report)
		}
		return
	}
	report(words, old, wanted)
}

func both(a, b map[string]any) map[string]any {
	all := map[string]any{}
	maps.Copy(all, a)
	maps.Copy(all, b)
	return all
}

// sameKeys tells of two lists that they have the same elements in the same order,
// each of which can be told from the others.
func sameKeys(field string, a, b []any) bool {
	x, ok := keysOf(field, a)
	y, also := keysOf(field, b)
	return ok && also && slices.Equal(x, y)
}

// label says in words which part of a template a path leads to.
func label(t corev1.PodTemplateSpec, words []string) string {
	if len(words) > 3 && words[0] == "spec" && (words[1] == "containers" || words[1] == "initContainers") {
		i, _ := strconv.Atoi(words[2])
		switch {
		case words[1] == "containers" && i < len(t.Spec.Containers):
			return "container " + t.Spec.Containers[i].Name + ": " + words[3]
		case words[1] == "initContainers" && i < len(t.Spec.InitContainers):
			return "init container " + t.Spec.InitContainers[i].Name + ": " + words[3]
		}
	}
	if len(words) > 2 && words[0] == "metadata" {
		return strings.TrimSuffix(words[1], "s") + " " + words[2]
	}
	if len(words) > 1 {
		return words[1]
	}
	return "template"
}

// labels of edits, each once.
func labels(edits []Edit) []string {
	var list []string
	for _, e := range edits {
		if e.Label != "" && !slices.Contains(list, e.Label) {
			list = append(list, e.Label)
		}
	}
	return list
}

// listed joins the first few words for reading.
func listed(words []string) string {
	const most = 5
	if len(words) > most {
		return strings.Join(words[:most], ", ") + " and " + strconv.Itoa(len(words)-most) + " more"
	}
	return strings.Join(words, ", ")
}
