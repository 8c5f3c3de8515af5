// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/edit"
	"github.com/pullmedic/pullmedic/internal/remedy"
)

func TestRightsThatLackAreOneSentence(t *testing.T) {
	one := edit.Right{Verb: "patch", Group: "apps", Resource: "deployments", Namespace: "shop"}
	for want, rights := range map[string]LackingError{
		"you may not patch deployments.apps in namespace shop; nothing was changed; ask for that right":                                               {one},
		"you may not patch deployments.apps in namespace shop, nor create pods/eviction in namespace shop; nothing was changed; ask for those rights": {one, {Verb: "create", Resource: "pods", Subresource: "eviction", Namespace: "shop"}},
	} {
		if got := rights.Error(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// A diagnosis can be minutes old by the time that its workload's turn comes.
func TestAPodThatServesByNowIsWokenOnlyByForce(t *testing.T) {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "api-1", UID: "p1"}}
	pod.Spec.Containers = []corev1.Container{{Name: "api", Image: "a:1"}}
	pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	k := remedy.Case{Pods: []*corev1.Pod{pod}}
	k.Target.Object = remedy.Object{APIVersion: "apps/v1", Kind: "Deployment", Resource: "deployments", Namespace: "shop", Name: "api"}
	c := Choice{
		Diagnosis: diagnosis.Diagnosis{Pull: evidence.Pull{Namespace: "shop", Pod: "api-1", PodUID: "p1", Container: "api", ContainerKind: evidence.Container, Image: "a:1"}},
		Remedy:    remedy.Remedy{ID: "use-secret", Wake: remedy.WakeEvict},
	}
	if got := woken(k, c); len(got) != 0 {
		t.Errorf("wakes %v", got)
	}
	if err := (Plan{Case: k, Chosen: []Choice{c}}).hindered(); err == nil {
		t.Error("a plan that has nothing left to do is carried out")
	}
	c.Remedy.NeedsForce = "1 pod that still serves would go"
	if got := woken(k, c); len(got) != 1 {
		t.Errorf("by force it wakes %v", got)
	}
}

func TestWhatNeverRanIsEvictedFirst(t *testing.T) {
	var k remedy.Case
	var pods []Pod
	for name, phase := range map[string]corev1.PodPhase{"a": corev1.PodRunning, "b": corev1.PodPending, "c": corev1.PodRunning, "d": corev1.PodPending} {
		p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(name)}}
		p.Status.Phase = phase
		k.Pods = append(k.Pods, p)
	}
	for _, name := range []string{"a", "b", "c", "d"} {
		pods = append(pods, Pod{Name: name, UID: name})
	}
	leastRiskFirst(k, pods)
	var got []string
	for _, p := range pods {
		got = append(got, p.Name)
	}
	if want := []string{"b", "d", "a", "c"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// Controllers write the status of an object all the time: that its resource version
// moved on does not mean that fix got to change it.
func TestWithoutItsSecretARecordStillTellsWhatWasNeverChanged(t *testing.T) {
	web := remedy.Object{APIVersion: "apps/v1", Kind: "Deployment", Resource: "deployments", Namespace: "shop", Name: "web", UID: "u1", Generation: 4, ResourceVersion: "7"}
	k := keep(remedy.Change{Object: web, Edits: []remedy.Edit{{Path: "/spec/template/spec/containers/0/args", Old: "a", New: "b", Hidden: true}}})
	for generation, want := range map[string]Standing{"4": AsBefore, "5": Lost} {
		m := around(t, false, map[string]string{"/apis/apps/v1/namespaces/shop/deployments/web": `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop","uid":"u1","resourceVersion":"9","generation":` + generation + `}}`})
		b, err := m.weigh(t.Context(), "id", k, func(int) (hiddenValue, bool) { return hiddenValue{}, false })
		if err != nil || b.Standing != want {
			t.Errorf("generation %s: %s, %v; want %s", generation, b.Standing, err, want)
		}
	}
}

func TestARecordThatIsInterruptedHalfWayIsRemoved(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	var mu sync.Mutex
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		resource, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/api/v1/namespaces/shop/"), "/")
		mu.Lock()
		asked = append(asked, r.Method+" "+resource)
		mu.Unlock()
		if resource == "secrets" { // it never answers: the person does
			interrupt()
			_, _ = io.Copy(io.Discard, r.Body) // else the server does not see the client go
			<-r.Context().Done()
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x","uid":"u9"}}`))
	}))
	defer server.Close()
	writes, err := edit.New(&rest.Config{Host: server.URL}, edit.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = New(Options{Edit: writes}).write(ctx, somePlan())
	if err == nil || !strings.Contains(err.Error(), "interrupted") {
		t.Errorf("got %v", err)
	}
	mu.Lock()
	defer mu.Unlock()
	if want := []string{"POST configmaps", "POST secrets", "DELETE configmaps"}; !slices.Equal(asked, want) {
		t.Errorf("asked %v, want %v", asked, want)
	}
}

// A secret that fix made, and into which somebody put another login since, stays.
func TestWhatOthersWroteIntoWhatFixMadeIsKnown(t *testing.T) {
	entry := func(manager, at string) any {
		return map[string]any{"manager": manager, "operation": "Update", "apiVersion": "v1", "time": at, "fieldsType": "FieldsV1", "fieldsV1": map[string]any{"f:data": map[string]any{"f:.dockerconfigjson": map[string]any{}}}}
	}
	label := map[string]any{"manager": "kubectl", "operation": "Update", "apiVersion": "v1", "time": "2026-01-02T05:00:00Z", "fieldsType": "FieldsV1", "fieldsV1": map[string]any{"f:metadata": map[string]any{"f:labels": map[string]any{}}}}
	for name, c := range map[string]struct {
		entries []any
		want    bool
	}{
		"ours alone":            {[]any{entry("pullmedic", "2026-01-02T03:04:05Z")}, false},
		"a label by another":    {[]any{entry("pullmedic", "2026-01-02T03:04:05Z"), label}, false},
		"another login since":   {[]any{entry("pullmedic", "2026-01-02T03:04:05Z"), entry("kubectl", "2026-01-02T04:00:00Z")}, true},
		"nothing that is known": {nil, false},
	} {
		live := &unstructured.Unstructured{Object: map[string]any{"metadata": map[string]any{"managedFields": c.entries}}}
		if got := writtenByOthers(live); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
