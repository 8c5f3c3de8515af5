// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/testbed/internal/faults"
	"github.com/pullmedic/pullmedic/testbed/internal/layout"
	"github.com/pullmedic/pullmedic/testbed/internal/registries"
)

// An image volume of a pod can never be changed, so the run that hangs goes on to.
func TestACronJobsChangeThatCountsFromTheNextRunEndsAtOnce(t *testing.T) {
	b := open(t)
	fault, err := faults.Find("image-volume")
	if err != nil {
		t.Fatal(err)
	}
	fault.Name, fault.Kind = "next-run", "cronjob"
	namespace := b.injectFault(t, fault)
	patch := `{"spec":{"timeZone":"UTC","concurrencyPolicy":"Forbid"}}`
	if _, err := b.Kube.BatchV1().CronJobs(namespace).Patch(t.Context(), "app", types.MergePatchType, []byte(patch), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	before := b.written(t, namespace)
	got, done := b.fix(t, namespace, "cronjob/app", "--to", present)
	if done.code != 3 || got.Outcome != v1alpha1.FixChanged || got.Proof != v1alpha1.Proven || !strings.HasPrefix(got.Why, "it counts from the next run of cronjob/app, at ") {
		t.Fatalf("exit code %d, %s, %s: %s", done.code, got.Outcome, got.Proof, got.Why)
	}
	if c := got.CountsFrom; c == nil || c.UTC().Format("01-02 15:04") != "01-01 03:00" {
		t.Errorf("it counts from %v", c)
	}
	if len(got.Afterwards) == 0 || strings.Join(got.Afterwards[0].Commands, "") != "kubectl delete job app-by-hand -n "+namespace {
		t.Errorf("afterwards %+v", got.Afterwards)
	}
	if undone := b.run(t, "", nil, "undo", got.Undo, "-n", namespace, "--yes"); undone.code != 0 {
		t.Errorf("undo: exit code %d, %s%s", undone.code, undone.out, undone.err)
	}
	b.untouched(t, namespace, before, true)
}

func TestABarePodThatIsDeletedMeanwhileEndsTheFix(t *testing.T) {
	b := open(t)
	const other = registries.Plain + "/acme/multi:1.0"
	fault, err := faults.Find("missing-tag")
	if err != nil {
		t.Fatal(err)
	}
	fault.Name = "deleted-meanwhile"
	namespace := b.injectFault(t, fault)
	b.rule(t, registries.Rule{
		Registry: registries.Plain, Repository: "acme/multi", Path: "/v2/*/*/manifests/*", From: []string{layout.Nodes[0].Addr}, Effect: registries.Effect{Hang: true},
	})
	pods := b.Kube.CoreV1().Pods(namespace)
	ctx, cancel := context.WithTimeout(t.Context(), longest)
	defer cancel()
	deleted := make(chan error, 1)
	go func() {
		deleted <- b.until(ctx, func(ctx context.Context) error {
			pod, err := pods.Get(ctx, faults.PodName, metav1.GetOptions{})
			if err == nil && pod.Spec.Containers[0].Image != other {
				err = fmt.Errorf("its image is %s", pod.Spec.Containers[0].Image)
			}
			if err != nil {
				return err
			}
			return pods.Delete(ctx, faults.PodName, metav1.DeleteOptions{})
		})
	}()
	got, done := b.fix(t, namespace, "pod/app", "--to", other)
	if err := <-deleted; err != nil {
		t.Fatal(err)
	}
	if done.code != 1 || got.Outcome != v1alpha1.FixGone || !strings.HasSuffix(got.Why, ", and nobody makes it anew") || got.Undo != "" {
		t.Errorf("exit code %d, %s: %s; undo %q", done.code, got.Outcome, got.Why, got.Undo)
	}
	if left := b.records(t, namespace); len(left) > 0 {
		t.Errorf("records are left: %+v", left)
	}
}

// Of two pods the newer one, which is evicted first, never ran: a budget lets it go.
func TestABudgetThatHoldsTheSecondPodIsToldBeforeTheFirstGoes(t *testing.T) {
	b := open(t)
	namespace := b.namespace(t)
	sets, pods := b.Kube.AppsV1().ReplicaSets(namespace), b.Kube.CoreV1().Pods(namespace)
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := sets.Create(t.Context(), &appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{Name: faults.PodName}, Spec: appsv1.ReplicaSetSpec{
		Selector: matching(), Template: templateOf(present),
	}}, metav1.CreateOptions{})
	check(err)
	var ran string
	b.awaitThat(t, "a pod that runs", func(ctx context.Context) bool {
		list, err := pods.List(ctx, metav1.ListOptions{})
		if err != nil || len(list.Items) != 1 || list.Items[0].Status.Phase != corev1.PodRunning {
			return false
		}
		ran = list.Items[0].Name
		return true
	})
	b.budget(t, namespace)
	const image = `"containers":[{"name":"app","image":"` + absent + `"}]`
	_, err = pods.Patch(t.Context(), ran, types.StrategicMergePatchType, []byte(`{"spec":{`+image+`}}`), metav1.PatchOptions{})
	check(err)
	_, err = sets.Patch(t.Context(), faults.PodName, types.StrategicMergePatchType, []byte(`{"spec":{"replicas":2,"template":{"spec":{`+image+`}}}}`), metav1.PatchOptions{})
	check(err)
	var shown []string
	b.awaitThat(t, "two pods that fail", func(ctx context.Context) bool {
		list, err := pods.List(ctx, metav1.ListOptions{})
		shown = nil
		for _, p := range list.Items {
			if slices.ContainsFunc(p.Status.ContainerStatuses, pullFails) {
				shown = append(shown, string(p.Status.Phase))
			}
		}
		slices.Sort(shown)
		return err == nil && slices.Equal(shown, []string{"Pending", "Running"})
	})
	b.awaitCounted(t, namespace)
	before := b.written(t, namespace)
	got, done := b.fix(t, namespace, "replicaset/app", "--to", present)
	if done.code != 1 || got.Outcome != v1alpha1.FixRefused || len(got.Evictions) != 2 || got.Evictions[0] == ran ||
		!strings.Contains(got.Why, "a PodDisruptionBudget does not let pod/"+ran+" in namespace "+namespace+" go now: The disruption budget all needs ") {
		t.Errorf("exit code %d, evicts %q, %s: %s", done.code, got.Evictions, got.Outcome, got.Why)
	}
	b.untouched(t, namespace, before, true)
}

func TestUndoTellsTheThreeValuesOfWhatSomebodyChangedSince(t *testing.T) {
	b := open(t)
	namespace := b.namespace(t)
	b.deploy(t, namespace, absent, nil)
	fixed, done := b.fix(t, namespace, "deployment/app", "--to", present)
	if fixed.Outcome != v1alpha1.FixMended {
		t.Fatalf("exit code %d, %s: %s", done.code, fixed.Outcome, fixed.Why)
	}
	const theirs = registries.Plain + "/acme/multi:1.0"
	patch := `[{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"` + theirs + `"}]`
	if _, err := b.Kube.AppsV1().Deployments(namespace).Patch(t.Context(), "app", types.JSONPatchType, []byte(patch), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	got := b.run(t, "", nil, "undo", fixed.Undo, "-n", namespace, "--yes", "-o", "json")
	var u v1alpha1.Undo
	if err := json.Unmarshal([]byte(got.out), &u); err != nil {
		t.Fatal(err)
	}
	want := v1alpha1.FieldConflict{Path: "/spec/template/spec/containers/0/image", Before: absent, Set: present, Now: theirs}
	if got.code != 1 || u.Outcome != v1alpha1.UndoRefused || len(u.Changes) != 1 || len(u.Changes[0].Conflicts) != 1 || u.Changes[0].Conflicts[0] != want {
		t.Errorf("exit code %d, %s: %+v", got.code, u.Outcome, u.Changes)
	}
	if text := b.run(t, "", nil, "undo", fixed.Undo, "-n", namespace, "--yes"); !strings.Contains(text.out, "now         "+theirs) {
		t.Errorf("the text does not show them:\n%s", text.out)
	}
}
