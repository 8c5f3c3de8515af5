// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/mend"
	"github.com/pullmedic/pullmedic/internal/remedy"
	"github.com/pullmedic/pullmedic/testbed/internal/cluster"
	"github.com/pullmedic/pullmedic/testbed/internal/e2e"
)

// edited is an object, and the JSON pointer to the pod's spec in it.
type edited struct {
	remedy.Object
	root string
}

// makeEach makes one object of each kind that fix edits, beside those of the
// scene. The bare pod is on its node when it returns: the scheduler edits its spec.
func (m mending) makeEach(t *testing.T) []edited {
	t.Helper()
	ctx, none := t.Context(), metav1.CreateOptions{}
	var err error
	check := func(e error) {
		if err == nil {
			err = e
		}
	}
	meta := func(name string) (metav1.ObjectMeta, map[string]string, *metav1.LabelSelector) {
		labels := map[string]string{"app": name}
		return metav1.ObjectMeta{Name: name}, labels, &metav1.LabelSelector{MatchLabels: labels}
	}
	apps := m.Kube.AppsV1()
	o, labels, selector := meta("db")
	_, e := apps.StatefulSets(m.namespace).Create(ctx, &appsv1.StatefulSet{ObjectMeta: o, Spec: appsv1.StatefulSetSpec{Selector: selector, Template: template(labels, notThere)}}, none)
	check(e)
	o, labels, selector = meta("agent")
	_, e = apps.DaemonSets(m.namespace).Create(ctx, &appsv1.DaemonSet{ObjectMeta: o, Spec: appsv1.DaemonSetSpec{Selector: selector, Template: template(labels, notThere)}}, none)
	check(e)
	o, labels, selector = meta("set")
	_, e = apps.ReplicaSets(m.namespace).Create(ctx, &appsv1.ReplicaSet{ObjectMeta: o, Spec: appsv1.ReplicaSetSpec{Selector: selector, Template: template(labels, notThere)}}, none)
	check(e)
	o, labels, _ = meta("old")
	pods := template(labels, notThere)
	_, e = m.Kube.CoreV1().ReplicationControllers(m.namespace).Create(ctx, &corev1.ReplicationController{ObjectMeta: o, Spec: corev1.ReplicationControllerSpec{Selector: labels, Template: &pods}}, none)
	check(e)
	o, labels, _ = meta("nightly")
	job := batchv1.JobSpec{Template: template(labels, notThere)}
	job.Template.Spec.RestartPolicy = corev1.RestartPolicyNever
	_, e = m.Kube.BatchV1().CronJobs(m.namespace).Create(ctx, &batchv1.CronJob{ObjectMeta: o, Spec: batchv1.CronJobSpec{Schedule: "0 0 1 1 *", JobTemplate: batchv1.JobTemplateSpec{Spec: job}}}, none)
	check(e)
	o, labels, _ = meta("alone")
	o.Labels = labels
	_, e = m.Kube.CoreV1().Pods(m.namespace).Create(ctx, &corev1.Pod{ObjectMeta: o, Spec: template(labels, notThere).Spec}, none)
	check(e)
	if err != nil {
		t.Fatal(err)
	}
	m.await(t, "pod/alone to be given a node", func(ctx context.Context) error {
		p, err := m.Kube.CoreV1().Pods(m.namespace).Get(ctx, "alone", metav1.GetOptions{})
		if err == nil && p.Spec.NodeName == "" {
			err = fmt.Errorf("its conditions are %+v", p.Status.Conditions)
		}
		return err
	})
	of := func(kind, apiVersion, resource, name, root string) edited {
		return edited{objectOf(kind, apiVersion, resource, m.namespace, name), root}
	}
	return []edited{
		of("StatefulSet", "apps/v1", "statefulsets", "db", "/spec/template/spec"),
		of("DaemonSet", "apps/v1", "daemonsets", "agent", "/spec/template/spec"),
		of("ReplicaSet", "apps/v1", "replicasets", "set", "/spec/template/spec"),
		of("ReplicationController", "v1", "replicationcontrollers", "old", "/spec/template/spec"),
		of("CronJob", "batch/v1", "cronjobs", "nightly", "/spec/jobTemplate/spec/template/spec"),
		of("Pod", "v1", "pods", "alone", "/spec"),
	}
}

// Fix and undo with the published rights alone: every kind that fix edits is as it
// was, nothing is refused, and no right is for nothing.
func TestEveryKindIsUndoneWithThePublishedRights(t *testing.T) {
	b := open(t)
	m := b.mending(t)
	roles := []role{b.grant(t, "namespace.yaml", m.namespace), b.grant(t, "fix.yaml", m.namespace), b.grant(t, "fix-secrets.yaml", m.namespace)}
	config, err := b.RESTConfig(cluster.Viewer)
	if err != nil {
		t.Fatal(err)
	}
	_, offset := b.audit(t, 0)
	mender, writes, err := mender(config)
	if err != nil {
		t.Fatal(err)
	}
	// One plan with all that the scene has.
	before := m.shape(t)
	p, err := planned(t.Context(), config, writes, m.namespace, there)
	if err != nil {
		t.Fatal(err)
	}
	if err := mender.Check(t.Context(), p, true); err != nil {
		t.Fatal(err)
	}
	r := mender.Carry(t.Context(), p, true, longest, quiet)
	if r.Outcome != mend.Mended || r.Record == "" || len(r.Notes) > 0 {
		t.Fatalf("%+v", r)
	}
	undo := func(id string) {
		t.Helper()
		got := b.run(t, "", nil, "undo", id, "-n", m.namespace, "--yes", "--context", cluster.Viewer)
		if got.code != 0 || !strings.Contains(got.out, "Undone") {
			t.Fatalf("undo: exit code %d\n%s%s", got.code, got.out, got.err)
		}
	}
	if got := b.run(t, "", nil, "undo", "-n", m.namespace, "--dry-run=server", "--context", cluster.Viewer); got.code != 0 || !strings.Contains(got.out, r.Record) {
		t.Errorf("undo without an id: exit code %d\n%s%s", got.code, got.out, got.err)
	}
	undo(r.Record)
	for _, d := range differences(before, m.shape(t)) {
		t.Error(d)
	}
	// One for each other kind.
	for _, e := range m.makeEach(t) {
		root := e.root
		t.Run(e.Kind, func(t *testing.T) {
			before := shape(t, m.config, e.Object)
			o, err := read(t.Context(), writes, e.Object)
			if err != nil {
				t.Fatal(err)
			}
			o.ResourceVersion = "" // controllers write the status
			edits := []remedy.Edit{
				{Path: root + "/containers/0/image", Old: notThere, New: neverWas},
				{Path: "/metadata/annotations", New: map[string]any{"acme.example/a": "1"}},
			}
			if o.Kind == "DaemonSet" { // which the server annotates itself
				edits[1] = remedy.Edit{Path: "/metadata/annotations/acme.example~1a", New: "1"}
			}
			if o.Kind != "Pod" {
				edits = append(edits, remedy.Edit{Path: root + "/imagePullSecrets", New: []any{map[string]any{"name": "hub"}}})
			}
			pull := evidence.Pull{Namespace: m.namespace, Container: "app", ContainerKind: evidence.Container, Image: notThere}
			p := mend.Plan{Changes: []remedy.Change{{Object: o, Edits: edits}}}
			p.Case.Now, p.Case.Target.Object = time.Now(), o
			p.Case.Diagnoses = []diagnosis.Diagnosis{{Pull: pull}}
			p.Chosen = []mend.Choice{{Diagnosis: p.Case.Diagnoses[0], Remedy: remedy.Remedy{ID: "scene", Cause: "TagNotFound", Image: neverWas}}}
			if err := mender.Check(t.Context(), p, true); err != nil {
				t.Fatal(err)
			}
			r := mender.Carry(t.Context(), p, true, 100*time.Millisecond, quiet)
			switch {
			case r.Outcome == mend.Undone && r.Record == "": // the kubelet was that fast, and fix took it back
			case r.Outcome != mend.StillPulling && (r.Outcome != mend.Changed || e.Kind != "CronJob") || r.Record == "": // of which no Job runs
				t.Fatalf("%+v", r)
			case len(differences(before, shape(t, m.config, o))) != 1:
				t.Fatal("nothing was changed")
			default:
				undo(r.Record)
			}
			for _, d := range differences(before, shape(t, m.config, o)) {
				t.Error(d)
			}
		})
	}
	b.noLeftovers(t, m.namespace)
	requests, _ := b.audit(t, offset)
	for _, a := range requests {
		if text := a.refusal(); text != "" && a.ObjectRef.Namespace == m.namespace {
			t.Errorf("refused: %s", text)
		}
	}
	for _, r := range roles[1:] {
		if list := unused(r, requests); len(list) > 0 {
			t.Errorf("%s grants %q, by which nothing was allowed", r.Name, list)
		}
	}
}

func quiet(string) {}

// Rights that lack are told before anything is touched.
func TestFixAndUndoWithoutTheRight(t *testing.T) {
	b := open(t)
	namespace := b.inject(t, "rollout")
	web := objectOf("Deployment", "apps/v1", "deployments", namespace, "app")
	config, err := b.RESTConfig(cluster.Admin)
	if err != nil {
		t.Fatal(err)
	}
	before := shape(t, config, web)
	b.grant(t, "none.yaml", "")
	args := []string{"fix", "deployment/app", "-n", namespace, "--yes", "--context", cluster.Viewer}
	got := b.run(t, "", nil, args...)
	want := "you may not patch deployments.apps in namespace " + namespace + ", nor create configmaps in namespace " + namespace + "; nothing was changed"
	if said := strings.Join(strings.Fields(got.out), " "); got.code != 1 || !strings.Contains(said, want) {
		t.Errorf("exit code %d, %q is not in\n%s", got.code, want, got.out)
	}
	if got := b.run(t, "", nil, append(args, "--no-undo")...); got.code != 1 || strings.Contains(got.out, "configmaps") {
		t.Errorf("--no-undo: exit code %d\n%s", got.code, got.out)
	}
	if got := b.run(t, "", nil, "undo", "-n", namespace, "--context", cluster.Viewer); got.code != 3 || got.err != "error: you may not list configmaps in namespace "+namespace+"; ask for that right\n" {
		t.Errorf("undo: exit code %d, %s", got.code, got.err)
	}
	for _, d := range differences(before, shape(t, config, web)) {
		t.Error(d)
	}
	b.noLeftovers(t, namespace)
}

// patchWeb is somebody else's change of the scene's Deployment.
func (m mending) patchWeb(t *testing.T, path, value string) {
	t.Helper()
	text := `[{"op":"add","path":"` + path + `","value":` + value + `}]`
	if _, err := m.Kube.AppsV1().Deployments(m.namespace).Patch(t.Context(), "web", types.JSONPatchType, []byte(text), metav1.PatchOptions{FieldManager: "somebody"}); err != nil {
		t.Fatal(err)
	}
}

func TestSomebodyEditsBetweenPlanAndApply(t *testing.T) {
	b := open(t)
	for name, c := range map[string]struct{ path, value string }{
		"the field that is touched": {"/spec/template/spec/containers/0/image", `"` + there + `"`},
		"another field":             {"/spec/minReadySeconds", "7"},
	} {
		t.Run(name, func(t *testing.T) {
			m := b.mending(t)
			mender, writes, err := mender(m.config)
			if err != nil {
				t.Fatal(err)
			}
			p, err := planned(t.Context(), m.config, writes, m.namespace, neverWas)
			if err != nil {
				t.Fatal(err)
			}
			if err := mender.Check(t.Context(), p, true); err != nil {
				t.Fatal(err)
			}
			m.patchWeb(t, c.path, c.value)
			theirs := m.shape(t)
			const want = "deployment/web in namespace "
			const says = " was changed by somebody else meanwhile, so nothing was written; look at it and run this again"
			if err := mender.Check(t.Context(), p, true); err == nil || err.Error() != want+m.namespace+says {
				t.Errorf("the dry run says %v", err)
			}
			r := mender.Carry(t.Context(), p, true, longest, quiet)
			if r.Outcome != mend.Refused || r.Record != "" || r.Why != want+m.namespace+says {
				t.Errorf("%s, record %q: %s", r.Outcome, r.Record, r.Why)
			}
			for _, d := range differences(theirs, m.shape(t)) {
				t.Error(d)
			}
			b.noLeftovers(t, m.namespace)
		})
	}
}

func TestSomebodyEditsBetweenFixAndUndo(t *testing.T) {
	b := open(t)
	fixed := func(t *testing.T) (mending, map[string]string, string) {
		m := b.mending(t)
		before := m.shape(t)
		mender, writes, err := mender(m.config)
		if err != nil {
			t.Fatal(err)
		}
		p, err := planned(t.Context(), m.config, writes, m.namespace, there)
		if err != nil {
			t.Fatal(err)
		}
		r := mender.Carry(t.Context(), p, true, longest, quiet)
		if r.Outcome != mend.Mended {
			t.Fatalf("%+v", r)
		}
		return m, before, r.Record
	}
	t.Run("a field that fix touched: nothing is undone", func(t *testing.T) {
		m, _, id := fixed(t)
		m.patchWeb(t, "/spec/template/spec/containers/0/image", `"`+registriesOther+`"`)
		theirs := m.shape(t)
		got := b.run(t, "", nil, "undo", id, "-n", m.namespace, "--yes")
		if said := strings.Join(strings.Fields(got.out), " "); got.code != 1 || !strings.Contains(said, "Refused: somebody changed /spec/template/spec/containers/0/image of deployment/web since, so nothing was undone") {
			t.Errorf("exit code %d\n%s", got.code, got.out)
		}
		for _, d := range differences(theirs, m.shape(t)) {
			t.Error(d)
		}
		if len(b.records(t, m.namespace)) != 1 {
			t.Error("the record is gone")
		}
	})
	t.Run("another field: it stays, and the rest is undone", func(t *testing.T) {
		m, before, id := fixed(t)
		m.patchWeb(t, "/spec/minReadySeconds", "7")
		if got := b.run(t, "", nil, "undo", id, "-n", m.namespace, "--yes"); got.code != 0 {
			t.Errorf("exit code %d\n%s", got.code, got.out)
		}
		after := m.shape(t)
		if !strings.Contains(after["deployment/web"], `"minReadySeconds":7,`) {
			t.Error("what somebody else set is gone")
		}
		after["deployment/web"] = strings.Replace(after["deployment/web"], `"minReadySeconds":7,`, "", 1)
		for _, d := range differences(before, after) {
			t.Error(d)
		}
	})
	t.Run("the object is gone: nothing of the fix is left", func(t *testing.T) {
		m, _, id := fixed(t)
		now := int64(0)
		if err := m.Kube.AppsV1().Deployments(m.namespace).Delete(t.Context(), "web", metav1.DeleteOptions{GracePeriodSeconds: &now}); err != nil {
			t.Fatal(err)
		}
		if got := b.run(t, "", nil, "undo", id, "-n", m.namespace, "--yes"); got.code != 0 || !strings.Contains(got.out, "is no longer there") {
			t.Errorf("exit code %d\n%s", got.code, got.out)
		}
	})
	t.Run("what fix made is somebody else's now: it stays", func(t *testing.T) {
		m, _, id := fixed(t)
		if _, err := m.Kube.CoreV1().Secrets(m.namespace).Patch(t.Context(), "hub-2", types.MergePatchType, []byte(`{"metadata":{"labels":{"pullmedic.dev/record":null}}}`), metav1.PatchOptions{}); err != nil {
			t.Fatal(err)
		}
		if got := b.run(t, "", nil, "undo", id, "-n", m.namespace, "--yes"); got.code != 0 || !strings.Contains(got.out, "no longer carries the label") {
			t.Errorf("exit code %d\n%s", got.code, got.out)
		}
		if _, err := m.Kube.CoreV1().Secrets(m.namespace).Get(t.Context(), "hub-2", metav1.GetOptions{}); err != nil {
			t.Error(err)
		}
	})
}

// registriesOther is an image that somebody else sets.
const registriesOther = "registry.acme.example/acme/app:1.27.3"

// Secrets of a fix and its undo live in Secrets alone.
func TestNoSecretShowsButInSecrets(t *testing.T) {
	b := open(t)
	m := b.mending(t)
	way := b.way(t, m.config, never, false)
	output, _ := m.carry(t, way, there)
	if !strings.Contains(output, "mended") || !strings.Contains(output, "changed secret/hub") {
		t.Fatalf("the fix did not mend: %s", output)
	}
	texts := map[string][]byte{"the fix's output": []byte(output), "what went to the API server but to Secrets": way.sent.Bytes()}
	kept, err := b.Kube.CoreV1().Secrets(m.namespace).List(t.Context(), metav1.ListOptions{FieldSelector: "type=pullmedic.dev/undo"})
	if err != nil || len(kept.Items) != 1 {
		t.Fatalf("%d secrets of the record: %v", len(kept.Items), err)
	}
	data := bytes.Join(collect(kept.Items[0].Data), nil)
	if !e2e.Leaked(data) {
		t.Error("the record's secret does not keep what the secret held, so that nothing is tested here")
	}
	id := b.record(t, m.namespace).ID
	trace := filepath.Join(t.TempDir(), "trace")
	for name, args := range map[string][]string{
		"a list": {"undo", "--list", "-A", "-v"}, "a dry run": {"undo", id, "--dry-run=server", "-v", "-o", "json"}, "undo": {"undo", id, "--yes", "-v", "--trace", trace},
	} {
		if name == "undo" {
			continue
		}
		got := b.run(t, "", nil, append(args, "-n", m.namespace)...)
		texts[name] = []byte(got.out + got.err)
		if got.code != 0 {
			t.Errorf("%s: exit code %d: %s", name, got.code, got.err)
		}
	}
	// A secret that cannot be undone, as somebody changed it.
	if _, err := b.Kube.CoreV1().Secrets(m.namespace).Patch(t.Context(), "hub", types.MergePatchType, []byte(`{"data":{".dockerconfigjson":"e30="}}`), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	got := b.run(t, "", nil, "undo", id, "--yes", "-v", "--trace", trace, "-n", m.namespace)
	said := strings.Join(strings.Fields(got.out), " ")
	if got.code != 1 || !strings.Contains(said, "somebody changed /data/.dockerconfigjson of secret/hub since") {
		t.Errorf("exit code %d\n%s", got.code, got.out)
	}
	texts["a refused undo"] = []byte(got.out + got.err)
	if texts["the trace"], err = os.ReadFile(trace); err != nil {
		t.Fatal(err)
	}
	maps, err := b.Kube.CoreV1().ConfigMaps(m.namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	events, err := b.Kube.CoreV1().Events(m.namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for name, list := range map[string]any{"a ConfigMap": maps, "an Event": events} {
		if texts[name], err = json.Marshal(list); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range texts {
		if len(text) == 0 || e2e.Leaked(text) {
			t.Errorf("%s: %d bytes, a secret in them: %t", name, len(text), e2e.Leaked(text))
		}
	}
}

func collect(data map[string][]byte) (list [][]byte) {
	for value := range maps.Values(data) {
		list = append(list, value)
	}
	return list
}

// A later fix removes what is outdated, and nothing else.
func TestOldRecordsArePruned(t *testing.T) {
	b := open(t)
	m := b.mending(t)
	mender, writes, err := mender(m.config)
	if err != nil {
		t.Fatal(err)
	}
	fix := func(image string, age time.Duration) string {
		t.Helper()
		p, err := planned(t.Context(), m.config, writes, m.namespace, image)
		if err != nil {
			t.Fatal(err)
		}
		p.Case.Now = time.Now().Add(-age)
		p.Changes, p.Evict = p.Changes[:1], nil // no pod that could fail meanwhile is made
		r := mender.Carry(t.Context(), p, true, 100*time.Millisecond, quiet)
		if r.Outcome != mend.StillPulling {
			t.Fatalf("%+v", r)
		}
		return r.Record
	}
	old := fix(there, 31*24*time.Hour)
	if records := b.records(t, m.namespace); len(records) != 0 {
		t.Errorf("a record of a month ago stays: %+v (%s)", records, old)
	}
	// Somebody else's ConfigMap with our labels is no record, and none of ours.
	if _, err := b.Kube.CoreV1().ConfigMaps(m.namespace).Create(t.Context(), &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: "theirs", Labels: map[string]string{"pullmedic.dev/record": "20200101-000000-aaaaaaaaaaaa", "app.kubernetes.io/managed-by": "pullmedic"}},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Kube.CoreV1().Secrets(m.namespace).Patch(t.Context(), "hub", types.MergePatchType, []byte(`{"data":{".dockerconfigjson":"`+encodedBefore()+`"}}`), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	id := fix(there, 0)
	got := b.run(t, "", nil, "undo", "--list", "-n", m.namespace)
	if got.code != 0 || !strings.Contains(got.out, id) || !strings.Contains(strings.Join(strings.Fields(got.out), " "), "Ignored configmap theirs in namespace "+m.namespace+" is no record that fix wrote") {
		t.Errorf("exit code %d\n%s", got.code, got.out)
	}
}
