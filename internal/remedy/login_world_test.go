// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// A loginWorld is the API server of these tests: the objects of a case as JSON,
// by kind and name, to which patches are applied as the API server does.
type loginWorld map[string]map[string]any

func loginWorldOf(t *testing.T, k Case) loginWorld {
	t.Helper()
	w := loginWorld{}
	put := func(kind, name string, object any) {
		text, err := json.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		var values map[string]any
		if err := json.Unmarshal(text, &values); err != nil {
			t.Fatal(err)
		}
		w[kind+"/"+name] = values
	}
	for _, s := range k.Secrets {
		data := map[string]any{}
		for key, value := range s.Data {
			data[key] = base64.StdEncoding.EncodeToString(value)
		}
		put("Secret", s.Name, map[string]any{"type": s.Type, "data": data, "metadata": map[string]any{"uid": s.UID, "resourceVersion": s.ResourceVersion}})
	}
	if k.Account != nil {
		put("ServiceAccount", k.Account.Name, k.Account)
	}
	var object any = k.Target.Template
	words := strings.Split(strings.Trim(k.TemplatePath(), "/"), "/")
	for _, word := range slices.Backward(words) {
		if word != "" {
			object = map[string]any{word: object}
		}
	}
	put(k.Target.Kind, k.Target.Name, object)
	target := w[k.Target.Kind+"/"+k.Target.Name]
	if _, ok := target["metadata"].(map[string]any); !ok {
		target["metadata"] = map[string]any{}
	}
	metadata := target["metadata"].(map[string]any)
	metadata["uid"], metadata["generation"] = k.Target.UID, float64(k.Target.Generation)
	return w
}

func (w loginWorld) clone(t *testing.T) loginWorld {
	t.Helper()
	text, err := json.Marshal(w)
	if err != nil {
		t.Fatal(err)
	}
	var out loginWorld
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func (w loginWorld) apply(t *testing.T, c Change) {
	t.Helper()
	key := c.Object.Kind + "/" + c.Object.Name
	if c.Creates() {
		if w[key] != nil {
			t.Fatalf("creates %s, which exists", key)
		}
		w[key] = c.New
		return
	}
	object := w[key]
	if object == nil {
		t.Fatalf("patches %s, which does not exist", key)
	}
	patch, err := c.Patch()
	if err != nil {
		t.Fatal(err)
	}
	if err := applyPatch(object, patch); err != nil {
		t.Fatalf("patching %s: %v", key, err)
	}
}

// names of the pull secrets of the next pod, by the rules of the API server.
func (w loginWorld) names(t *testing.T, k Case) []string {
	t.Helper()
	list := func(object any, path string) []string {
		at, err := walk(object, path)
		if err != nil {
			return nil
		}
		var names []string
		for _, ref := range at.([]any) {
			names = append(names, ref.(map[string]any)["name"].(string))
		}
		return names
	}
	names := list(w[k.Target.Kind+"/"+k.Target.Name], k.TemplatePath()+"/spec/imagePullSecrets")
	if len(names) == 0 && k.Target.Kind != "Pod" && k.Account != nil {
		names = list(w["ServiceAccount/"+k.Account.Name], "/imagePullSecrets")
	}
	return names
}

// answer is what the kubelet makes of it for the next pod.
func (w loginWorld) answer(t *testing.T, k Case, image string) (keyring.Answer, error) {
	t.Helper()
	var secrets []keyring.Secret
	for _, name := range w.names(t, k) {
		if s, ok := w.secret(t, name); ok {
			secrets = append(secrets, s)
		}
	}
	return keyring.Resolve(image, secrets)
}

func (w loginWorld) secret(t *testing.T, name string) (keyring.Secret, bool) {
	t.Helper()
	object := w["Secret/"+name]
	if object == nil {
		return keyring.Secret{}, false
	}
	s := keyring.Secret{Namespace: "shop", Name: name, Type: object["type"].(string), Data: map[string][]byte{}}
	for key, value := range object["data"].(map[string]any) {
		decoded, err := base64.StdEncoding.DecodeString(value.(string))
		if err != nil {
			t.Fatalf("data %s of secret %s is not base64", key, name)
		}
		s.Data[key] = decoded
	}
	return s, true
}

// applyPatch applies a JSON Patch (RFC 6902) with test, add, replace and remove
// to an object.
func applyPatch(object map[string]any, patch []byte) error {
	var ops []struct {
		Op, Path string
		Value    any
	}
	if err := json.Unmarshal(patch, &ops); err != nil {
		return err
	}
	for _, op := range ops {
		at, err := walk(object, op.Path)
		switch op.Op {
		case "test":
			if op.Value == nil && err != nil {
				continue // as the API server takes it
			}
			if err != nil || !reflect.DeepEqual(at, op.Value) {
				return fmt.Errorf("test of %s failed", op.Path)
			}
			continue
		case "replace", "remove":
			if err != nil {
				return fmt.Errorf("%s of %s: %w", op.Op, op.Path, err)
			}
		}
		cut := strings.LastIndex(op.Path, "/")
		parent, err := walk(object, op.Path[:cut])
		if err != nil {
			return fmt.Errorf("%s of %s: %w", op.Op, op.Path, err)
		}
		name := unescape(op.Path[cut+1:])
		switch parent := parent.(type) {
		case map[string]any:
			if op.Op == "remove" {
				delete(parent, name)
			} else {
				parent[name] = op.Value
			}
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || op.Op != "replace" {
				return fmt.Errorf("%s of %s in a list", op.Op, op.Path)
			}
			parent[i] = op.Value
		}
	}
	return nil
}

func unescape(word string) string { return strings.NewReplacer("~1", "/", "~0", "~").Replace(word) }

func walk(at any, path string) (any, error) {
	if path == "" {
		return at, nil
	}
	for _, word := range strings.Split(path[1:], "/") {
		switch here := at.(type) {
		case map[string]any:
			next, ok := here[unescape(word)]
			if !ok {
				return nil, fmt.Errorf("there is no %s", word)
			}
			at = next
		case []any:
			i, err := strconv.Atoi(word)
			if err != nil || i < 0 || i >= len(here) {
				return nil, fmt.Errorf("there is no element %s", word)
			}
			at = here[i]
		default:
			return nil, fmt.Errorf("%s is inside a value", word)
		}
	}
	return at, nil
}

// carriedOut applies the changes of a remedy, and checks what holds for all:
// the other entries are as they were, and the inverse gives the former objects
// back.
func carriedOut(t *testing.T, k Case, image string, r Remedy) loginWorld {
	t.Helper()
	before := loginWorldOf(t, k)
	after := before.clone(t)
	for _, c := range r.Changes {
		after.apply(t, c)
	}
	for _, s := range k.Secrets {
		othersStay(t, k, image, before, after, s.Name)
	}
	back := after.clone(t)
	for _, c := range slices.Backward(r.Changes) {
		if c.Creates() {
			delete(back, c.Object.Kind+"/"+c.Object.Name)
			continue
		}
		back.apply(t, c.Inverse())
	}
	if !reflect.DeepEqual(back, before) {
		t.Errorf("%s: taken back, the objects are not as they were", r.ID)
	}
	foreseen(t, k, after, r)
	return after
}

// foreseen checks that what is to be proved is what will be.
func foreseen(t *testing.T, k Case, after loginWorld, r Remedy) {
	t.Helper()
	if r.Foresee == nil || len(r.Foresee.Pods) != 1 {
		t.Fatalf("%s cannot be foreseen", r.ID)
	}
	names := namesOf(r.Foresee.Pods[0].Spec.ImagePullSecrets)
	if len(names) == 0 && k.Target.Kind != "Pod" && len(r.Foresee.Accounts) > 0 {
		names = namesOf(r.Foresee.Accounts[0].ImagePullSecrets)
	}
	if want := after.names(t, k); !slices.Equal(names, want) {
		t.Errorf("%s foresees pods with %q, and they have %q", r.ID, names, want)
	}
	for _, s := range r.Foresee.Secrets {
		if got, ok := after.secret(t, s.Name); !ok || !reflect.DeepEqual(got.Data, s.Data) || got.Type != s.Type {
			t.Errorf("%s foresees another secret %s than there will be", r.ID, s.Name)
		}
	}
	if r.Foresee.Exists != (k.Target.Kind == "Pod") {
		t.Errorf("%s: exists is %v", r.ID, r.Foresee.Exists)
	}
}

// othersStay checks that of a secret nothing changed but entries that the
// kubelet uses for the image, or cannot read.
func othersStay(t *testing.T, k Case, image string, before, after loginWorld, name string) {
	t.Helper()
	was, _ := before.secret(t, name)
	is, ok := after.secret(t, name)
	if !ok || was.Type != is.Type {
		t.Fatalf("secret %s is gone, or of another type", name)
	}
	for key, data := range was.Data {
		if string(data) == string(is.Data[key]) {
			continue
		}
		var old, now map[string]json.RawMessage
		if json.Unmarshal(data, &old) != nil {
			continue // nobody could read it
		}
		if err := json.Unmarshal(is.Data[key], &now); err != nil {
			t.Fatalf("%s of secret %s is no JSON any more: %v", key, name, err)
		}
		if key == ".dockerconfigjson" {
			sameMembers(t, image, name, takeAuths(old), takeAuths(now), true)
			var headers map[string]string
			if json.Unmarshal(old["HttpHeaders"], &headers) != nil {
				delete(old, "HttpHeaders") // the kubelet reads no secret with such ones
			}
		}
		sameMembers(t, image, name, old, now, key == ".dockercfg")
	}
}

// takeAuths takes the entries out of a file, however auths is written there.
func takeAuths(file map[string]json.RawMessage) map[string]json.RawMessage {
	entries := map[string]json.RawMessage{}
	for _, name := range slices.Sorted(maps.Keys(file)) {
		if strings.EqualFold(name, "auths") {
			if json.Unmarshal(file[name], &entries) == nil {
				delete(file, name)
			}
		}
	}
	return entries
}

func sameMembers(t *testing.T, image, secret string, old, now map[string]json.RawMessage, entries bool) {
	t.Helper()
	for key, value := range old {
		if v := judgeEntry(image, key, value); entries && (v.broken || v.matched) {
			continue
		}
		var a, b any
		if json.Unmarshal(value, &a) != nil || json.Unmarshal(now[key], &b) != nil || !reflect.DeepEqual(a, b) {
			t.Errorf("%q of secret %s was touched", key, secret)
		}
	}
}

// triedFirst is the user name of what the kubelet tries first, "" for nobody.
func triedFirst(t *testing.T, w loginWorld, k Case, image string) string {
	t.Helper()
	answer, err := w.answer(t, k, image)
	if err != nil {
		return "unreadable: " + err.Error()
	}
	for _, c := range answer.Credentials() {
		return c.Username
	}
	return ""
}

// refs is a list of pull secrets.
func refs(names ...string) []corev1.LocalObjectReference {
	var list []corev1.LocalObjectReference
	for _, name := range names {
		list = append(list, corev1.LocalObjectReference{Name: name})
	}
	return list
}
