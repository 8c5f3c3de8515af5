// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/remedy"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

const (
	good    = "registry.example/acme/app:1.27.4"
	wrong   = "registry.example/acme/app:1.27.44"
	sidecar = "registry.example/acme/side:3"
	hash1   = "6f9c"
	hash2   = "7d9c"
)

var (
	noon    = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	digestA = "sha256:" + strings.Repeat("aa11", 16)
	digestB = "sha256:" + strings.Repeat("bb22", 16)
)

// loaded once, as it takes a moment and nobody changes it.
var loaded = sync.OnceValues(catalog.Load)

func load(t *testing.T) *catalog.Catalog {
	t.Helper()
	c, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// template of pods with a container app and further ones.
func template(image string, more ...corev1.Container) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "api"}},
		Spec:       corev1.PodSpec{Containers: append([]corev1.Container{{Name: "app", Image: image, ImagePullPolicy: corev1.PullAlways}}, more...)},
	}
}

// revision 17 with the image, which ran.
func revision(t corev1.PodTemplateSpec, ready int) remedy.Revision {
	return remedy.Revision{Number: 17, Created: noon.Add(-24 * time.Hour), Hash: hash1, Ready: ready, Ran: true, Template: t}
}

// target of a kind, in namespace shop.
func target(kind string, t corev1.PodTemplateSpec, revisions ...remedy.Revision) remedy.Target {
	o := remedy.Object{APIVersion: "apps/v1", Kind: kind, Resource: strings.ToLower(kind) + "s", Namespace: "shop", Name: "api", UID: "uid-api", Generation: 4}
	switch kind {
	case "Pod":
		o.APIVersion, o.Generation = "v1", 1
	case "Job", "CronJob":
		o.APIVersion = "batch/v1"
	}
	return remedy.Target{Object: o, Template: t, Wanted: 4, Ready: 0, Revisions: revisions}
}

// pod from a template; ready, or failing in a container.
func pod(name, hash string, t corev1.PodTemplateSpec, ready bool, failing ...string) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: *t.ObjectMeta.DeepCopy(), Spec: *t.Spec.DeepCopy()}
	p.Namespace, p.Name, p.UID, p.Spec.NodeName = "shop", name, types.UID("uid-"+name), "worker-1"
	if p.Labels == nil {
		p.Labels = map[string]string{}
	}
	p.Labels["pod-template-hash"] = hash
	status := corev1.ConditionFalse
	if ready {
		status = corev1.ConditionTrue
	}
	p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: status}}
	for _, c := range p.Spec.Containers {
		p.Status.ContainerStatuses = append(p.Status.ContainerStatuses, state(c.Name, slices.Contains(failing, c.Name)))
	}
	for _, c := range p.Spec.InitContainers {
		p.Status.InitContainerStatuses = append(p.Status.InitContainerStatuses, state(c.Name, slices.Contains(failing, c.Name)))
	}
	return p
}

func state(name string, fails bool) corev1.ContainerStatus {
	s := corev1.ContainerStatus{Name: name, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}
	if fails {
		s.State = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff"}}
	}
	return s
}

// ran gives a pod's container the digest that its image was resolved to.
func ran(p *corev1.Pod, repository, digest string) *corev1.Pod {
	p.Status.ContainerStatuses[0].ImageID = repository + "@" + digest
	return p
}

// diagnose a pull of a container of pod api-new.
func diagnose(t *testing.T, cause string, kind evidence.ContainerKind, container, image string, found ...evidence.Finding) diagnosis.Diagnosis {
	t.Helper()
	p := evidence.Pull{
		Namespace: "shop", Pod: "api-new", PodUID: "uid-api-new", Container: container, ContainerKind: kind, Image: image, Node: "worker-1",
		Platform: evidence.Platform{OS: "linux", Arch: "amd64"}, Reason: "ImagePullBackOff",
	}
	p.Reference, _ = keyring.ParseImage(image) // of an invalid name, nothing
	return diagnosis.Diagnosis{Pull: p, Causes: []diagnosis.Cause{{Cause: cause, Verdict: diagnosis.Confirmed, State: diagnosis.Failing}}, Findings: found}
}

// plan for the first diagnosis of a case.
func plan(t *testing.T, k remedy.Case, o remedy.Options) []remedy.Remedy {
	t.Helper()
	k.Now = noon
	all := remedy.Plan(load(t), k, k.Diagnoses[0], o)
	for _, r := range all {
		check(t, k, r)
	}
	return all
}

// check holds for every remedy.
func check(t *testing.T, k remedy.Case, r remedy.Remedy) {
	t.Helper()
	switch {
	case r.ID == "" || r.Title == "" || r.Cause == "" || strings.Contains(r.Title, "%!"):
		t.Errorf("the remedy lacks a part: %+v", r)
	case r.Needs != "" && (len(r.Changes) > 0 || r.Ready()):
		t.Errorf("%s needs %s, and has changes", r.ID, r.Needs)
	case r.Ready() && len(r.Changes) == 0 && r.Wake == remedy.WakeNone:
		t.Errorf("%s does nothing", r.ID)
	case r.Ready() && r.Foresee == nil:
		t.Errorf("%s cannot be proven", r.ID)
	}
	for _, s := range slices.Concat([]string{r.Because, r.Title, r.NeedsForce}, r.Risks) {
		if strings.HasSuffix(s, ".") || strings.Contains(s, "  ") {
			t.Errorf("%s: %q is no sentence of ours", r.ID, s)
		}
	}
	for _, c := range r.Changes {
		applyAndUndo(t, k, c)
	}
}

// objectOf the change, as the API server has it.
func objectOf(t *testing.T, k remedy.Case, c remedy.Change) []byte {
	t.Helper()
	meta := map[string]any{"name": c.Object.Name, "uid": c.Object.UID, "generation": c.Object.Generation}
	object := map[string]any{"metadata": meta}
	switch c.Object.Kind {
	case "Pod":
		spec := k.Target.Template.Spec
		if k.Target.Kind != "Pod" {
			i := slices.IndexFunc(k.Pods, func(p *corev1.Pod) bool { return p.Name == c.Object.Name })
			if i < 0 {
				t.Fatalf("the change of %s is of no pod of the case", c.Object)
			}
			spec = k.Pods[i].Spec
		}
		object["spec"] = spec
	case "CronJob":
		object["spec"] = map[string]any{"jobTemplate": map[string]any{"spec": map[string]any{"template": k.Target.Template}}}
	default:
		object["spec"] = map[string]any{"template": k.Target.Template}
	}
	return compact(t, object)
}

func compact(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err == nil {
		var plain any // so that all fields are in one order
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber()
		if err = decoder.Decode(&plain); err == nil {
			text, err = json.Marshal(plain)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func apply(t *testing.T, c remedy.Change, object []byte) []byte {
	t.Helper()
	text, err := c.Patch()
	if err != nil {
		t.Fatal(err)
	}
	changed, err := applyText(text, string(object))
	if err != nil {
		t.Fatalf("%s\ndoes not apply to\n%s\n%v", text, object, err)
	}
	return compact(t, json.RawMessage(changed))
}

// applyText applies a patch as the API server does.
func applyText(patch []byte, object string) ([]byte, error) {
	operations, err := jsonpatch.DecodePatch(patch)
	if err != nil {
		return nil, err
	}
	return operations.Apply([]byte(object))
}

// applyAndUndo gives the object as the change leaves it, and checks that its
// inverse gives the former one back.
func applyAndUndo(t *testing.T, k remedy.Case, c remedy.Change) []byte {
	t.Helper()
	before := objectOf(t, k, c)
	after := apply(t, c, before)
	if back := apply(t, c.Inverse(), after); string(back) != string(before) {
		t.Errorf("undone, %s is\n%s\nand was\n%s", c.Object, back, before)
	}
	return after
}

// told is a remedy in one line.
func told(r remedy.Remedy) string {
	s := fmt.Sprintf("%s %s: %s", r.Kind, r.ID, r.Title)
	if r.Needs != "" {
		s += " [" + r.Needs + "]"
	}
	for _, c := range r.Changes {
		s += " | " + c.Object.String()
		for _, e := range c.Edits {
			if e.Old != e.New {
				s += fmt.Sprintf(" %s=%v", e.Path, e.New)
			}
		}
	}
	if r.Wake != "" {
		s += " | " + string(r.Wake)
	}
	if r.Restarts > 0 {
		s += fmt.Sprintf(" | restarts %d", r.Restarts)
	}
	return s
}
