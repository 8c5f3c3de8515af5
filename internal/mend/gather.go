// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/internal/remedy"
)

// maxPodPages bounds the pods of one workload that are read, in pages of 500.
const maxPodPages = 4

// kinds that can be edited, by what RBAC calls them.
var kinds = map[string]struct{ apiVersion, resource string }{
	"Pod":                   {"v1", "pods"},
	"ReplicationController": {"v1", "replicationcontrollers"},
	"Deployment":            {"apps/v1", "deployments"},
	"ReplicaSet":            {"apps/v1", "replicasets"},
	"StatefulSet":           {"apps/v1", "statefulsets"},
	"DaemonSet":             {"apps/v1", "daemonsets"},
	"Job":                   {"batch/v1", "jobs"},
	"CronJob":               {"batch/v1", "cronjobs"},
}

// targetOf is the highest object of Kubernetes' own kinds with nothing else below
// it, which is the one that makes the pods; and the one at the top of the chain if
// that is of another kind, which is what a person edits.
func targetOf(p evidence.Pull) (target, above evidence.Object) {
	chain := slices.Clone(p.Via)
	if p.Pod != "" { // else it could not be made
		chain = slices.Insert(chain, 0, evidence.Object{Kind: "Pod", Namespace: p.Namespace, Name: p.Pod})
	}
	if p.Owner.Kind != "" && p.Owner.Kind != "Pod" {
		chain = append(chain, p.Owner)
	}
	for _, o := range chain {
		if _, ok := kinds[o.Kind]; !ok || o.Name == "" || o.Group != "" {
			return target, chain[len(chain)-1]
		}
		target = o
		target.Namespace = p.Namespace
	}
	return target, evidence.Object{}
}

// group puts the diagnoses of one target together, in their order.
func group(all []diagnosis.Diagnosis) [][]diagnosis.Diagnosis {
	var groups [][]diagnosis.Diagnosis
	at := map[evidence.Object]int{}
	for _, d := range all {
		if d.Healthy() {
			continue
		}
		target, _ := targetOf(d.Pull)
		i, ok := at[target]
		if !ok {
			i = len(groups)
			at[target] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], d)
	}
	return groups
}

// gather reads what planning needs to know about the target of some diagnoses.
// The error is of the target itself; what else could not be read is in the
// case's NotLookedAt.
func (m *Mender) gather(ctx context.Context, diagnoses []diagnosis.Diagnosis) (remedy.Case, error) {
	pull := diagnoses[0].Pull
	named, above := targetOf(pull)
	if named.Name == "" {
		return remedy.Case{}, fmt.Errorf("%s/%s: nothing that could be changed makes it", pull.Namespace, pull.Pod)
	}
	k := remedy.Case{Now: m.now(), Diagnoses: distinct(diagnoses)}
	known := kinds[named.Kind]
	k.Target.Object = remedy.Object{APIVersion: known.apiVersion, Kind: named.Kind, Resource: known.resource, Namespace: named.Namespace, Name: named.Name}
	live, err := m.edit.Get(ctx, k.Target.Object)
	if err != nil {
		return k, err
	}
	k.Target.UID, k.Target.Generation, k.Target.ResourceVersion = string(live.GetUID()), live.GetGeneration(), live.GetResourceVersion()
	if named.Kind == "Pod" { // whose generation the kubelet's writes leave alone, too; an older server keeps none
		k.Target.ResourceVersion = ""
	}
	k.Target.Manager, k.Target.Above = pull.Manager, above
	if err := template(live, &k); err != nil {
		return k, err
	}
	m.origin(ctx, live, &k)
	run := m.cluster.NewRun()
	if err := m.pods(ctx, live, diagnoses, &k); err != nil {
		k.NotLookedAt = append(k.NotLookedAt, cluster.GapOf(evidence.CheckPods, evidence.Subject{Kind: evidence.SubjectWorkload, Name: named.Name}, err))
	}
	m.budgets(ctx, live, diagnoses, &k)
	m.secrets(ctx, run, &k)
	m.platforms(ctx, &k)
	m.elsewhere(ctx, run, &k)
	if err := revisions(ctx, run, live, &k); err != nil {
		k.NotLookedAt = append(k.NotLookedAt, cluster.GapOf(evidence.CheckHistory, evidence.Subject{Kind: evidence.SubjectWorkload, Name: named.Name}, err))
	}
	m.pulledBefore(ctx, run, &k)
	return k, nil
}

// distinct keeps one diagnosis for each container and image.
func distinct(all []diagnosis.Diagnosis) []diagnosis.Diagnosis {
	var kept []diagnosis.Diagnosis
	for _, d := range all {
		if !slices.ContainsFunc(kept, func(k diagnosis.Diagnosis) bool {
			return k.Pull.Container == d.Pull.Container && k.Pull.ContainerKind == d.Pull.ContainerKind && k.Pull.Image == d.Pull.Image
		}) {
			kept = append(kept, d)
		}
	}
	return kept
}

// template reads the target's pod template, and what tells how it goes on.
func template(live *unstructured.Unstructured, k *remedy.Case) error {
	t := &k.Target
	if t.Kind == "Pod" {
		var pod corev1.Pod
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(live.Object, &pod); err != nil {
			return fmt.Errorf("reading %s: %w", t.Object, err)
		}
		t.Template = corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: pod.Labels, Annotations: pod.Annotations}, Spec: pod.Spec}
		t.Wanted, k.Pods = 1, []*corev1.Pod{&pod}
		return nil
	}
	path := []string{"spec", "template"}
	if t.Kind == "CronJob" {
		path = []string{"spec", "jobTemplate", "spec", "template"}
	}
	raw, _, err := unstructured.NestedMap(live.Object, path...)
	if err == nil {
		err = runtime.DefaultUnstructuredConverter.FromUnstructured(raw, &t.Template)
	}
	if err != nil {
		return fmt.Errorf("reading the template of %s: %w", t.Object, err)
	}
	number := func(fields ...string) int { return numberIn(live, fields...) }
	t.Wanted, t.Ready = wantedPods(live), number("status", "readyReplicas")
	if t.Kind == "DaemonSet" {
		t.Ready = number("status", "numberReady")
	}
	t.Paused, _, _ = unstructured.NestedBool(live.Object, "spec", "paused")
	t.Suspended = isSuspended(live)
	if t.Kind == "CronJob" {
		t.NextRun = nextRun(live, k.Now)
	}
	t.OnDelete = textIn(live, "spec", "updateStrategy", "type") == "OnDelete"
	if partition := number("spec", "updateStrategy", "rollingUpdate", "partition"); partition > 0 && !t.OnDelete {
		t.Partition = number("spec", "ordinals", "start") + partition
	}
	return nil
}

// wantedPods is how many pods an owner is to have; 0 for one that runs its pods to
// an end.
func wantedPods(live *unstructured.Unstructured) int {
	if live.GetKind() == "DaemonSet" {
		return numberIn(live, "status", "desiredNumberScheduled")
	}
	return numberIn(live, "spec", "replicas")
}

func numberIn(live *unstructured.Unstructured, fields ...string) int {
	n, _, _ := unstructured.NestedInt64(live.Object, fields...)
	return int(n)
}

func textIn(live *unstructured.Unstructured, fields ...string) string {
	s, _, _ := unstructured.NestedString(live.Object, fields...)
	return s
}

func isSuspended(live *unstructured.Unstructured) bool {
	is, _, _ := unstructured.NestedBool(live.Object, "spec", "suspend")
	return is
}

// pods reads the pods of the target, newest first.
func (m *Mender) pods(ctx context.Context, live *unstructured.Unstructured, diagnoses []diagnosis.Diagnosis, k *remedy.Case) error {
	if k.Target.Kind == "Pod" {
		return nil
	}
	pods, err := m.podsOf(ctx, selectorsOf(live, diagnoses), m.lineage(live, diagnoses))
	k.Pods = pods
	return err
}

// selectorsOf are the label selectors that find the pods of an object: its own,
// or for a CronJob those of its Jobs whose pulls fail.
func selectorsOf(live *unstructured.Unstructured, diagnoses []diagnosis.Diagnosis) []string {
	switch live.GetKind() {
	case "CronJob":
		all := jobsOf(diagnoses)
		for i := range all {
			all[i] = "job-name=" + all[i]
		}
		return all
	case "ReplicationController":
		labels, _, _ := unstructured.NestedStringMap(live.Object, "spec", "selector")
		return []string{metav1.FormatLabelSelector(&metav1.LabelSelector{MatchLabels: labels})}
	}
	raw, _, _ := unstructured.NestedMap(live.Object, "spec", "selector")
	var selector metav1.LabelSelector
	if runtime.DefaultUnstructuredConverter.FromUnstructured(raw, &selector) != nil {
		return nil
	}
	return []string{metav1.FormatLabelSelector(&selector)}
}

// podsOf reads the pods that selectors find and that the target made.
func (m *Mender) podsOf(ctx context.Context, selectors []string, l lineage) ([]*corev1.Pod, error) {
	var pods []*corev1.Pod
	for _, s := range selectors {
		if _, err := m.cluster.Pods(ctx, l.target.Namespace, s, maxPodPages, func(p *corev1.Pod) { pods = append(pods, p) }); err != nil {
			return nil, err
		}
	}
	pods, err := l.made(ctx, pods)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(pods, func(a, b *corev1.Pod) int { return b.CreationTimestamp.Compare(a.CreationTimestamp.Time) })
	return pods, nil
}

// revisions reads the earlier templates of the target, newest first.
func revisions(ctx context.Context, run *cluster.Run, live *unstructured.Unstructured, k *remedy.Case) error {
	t := &k.Target
	selectors := selectorsOf(live, nil)
	if len(selectors) == 0 {
		return nil
	}
	var made time.Time // the current one
	switch t.Kind {
	case "Deployment":
		sets, err := run.ReplicaSets(ctx, t.Namespace, selectors[0])
		if err != nil {
			return err
		}
		current, _ := strconv.ParseInt(live.GetAnnotations()["deployment.kubernetes.io/revision"], 10, 64)
		for _, s := range sets {
			n, _ := strconv.ParseInt(s.Annotations["deployment.kubernetes.io/revision"], 10, 64)
			if owner := metav1.GetControllerOf(&s); owner == nil || string(owner.UID) != t.UID {
				continue
			}
			if n == current {
				made = s.CreationTimestamp.Time
				continue
			}
			r := remedy.Revision{Number: n, Created: s.CreationTimestamp.Time, Hash: s.Labels[appsv1.DefaultDeploymentUniqueLabelKey], Ready: int(s.Status.ReadyReplicas), Template: *s.Spec.Template.DeepCopy()}
			delete(r.Template.Labels, appsv1.DefaultDeploymentUniqueLabelKey)
			t.Revisions = append(t.Revisions, r)
		}
	case "StatefulSet", "DaemonSet":
		all, err := run.ControllerRevisions(ctx, t.Namespace, selectors[0])
		if err != nil {
			return err
		}
		newest := int64(0)
		for _, r := range all {
			newest = max(newest, r.Revision)
		}
		for _, r := range all {
			var data struct {
				Spec struct {
					Template corev1.PodTemplateSpec `json:"template"`
				} `json:"spec"`
			}
			if owner := metav1.GetControllerOf(&r); owner == nil || string(owner.UID) != t.UID || r.Revision == newest || json.Unmarshal(r.Data.Raw, &data) != nil {
				continue
			}
			t.Revisions = append(t.Revisions, remedy.Revision{Number: r.Revision, Created: r.CreationTimestamp.Time, Hash: hashOf(r), Ready: k.ReadyWith(data.Spec.Template), Template: data.Spec.Template})
		}
	}
	slices.SortStableFunc(t.Revisions, func(a, b remedy.Revision) int { return int(max(-1, min(1, b.Number-a.Number))) })
	markRan(live, made, t.Revisions)
	return nil
}

// hashOf is how pods name the revision that they were made from: StatefulSets
// by its name, DaemonSets by its hash.
func hashOf(r appsv1.ControllerRevision) string {
	if owner := metav1.GetControllerOf(&r); owner != nil && owner.Kind == "StatefulSet" {
		return r.Name
	}
	return r.Labels[appsv1.ControllerRevisionHashLabelKey]
}
