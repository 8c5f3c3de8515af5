// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/testbed/internal/faults"
	"github.com/pullmedic/pullmedic/testbed/internal/registries"
)

// A workload is one as real clusters have them, and how it is broken.
type workload struct {
	kind string
	// made makes it, and broken breaks it once it is as it should be; nil if it is
	// made broken.
	made, broken func(yard)
	// fails are the containers that fail by then, in all pods.
	fails int
	args  func(yard) []string
	// remedies that are to be chosen; evicted pods; ready ones afterwards; of those
	// that were ready before none is to go.
	remedies       string
	evicted, ready int
	// refused is why nothing is done instead.
	refused string
}

func to(image string) func(yard) []string {
	return func(yard) []string { return []string{"--to", image} }
}

func shapesOfWorkloads() map[string]workload {
	return map[string]workload{
		"the last of a StatefulSet's three pods": {
			kind: "StatefulSet", fails: 1, remedies: "previous-image", evicted: 1, ready: 3,
			made: func(y yard) {
				y.make(statefulSet(templateOf(present), func(s *appsv1.StatefulSetSpec) { s.PodManagementPolicy = appsv1.ParallelPodManagement }))
			},
			broken: func(y yard) {
				y.awaitReady(3)
				y.give("StatefulSet", images("containers", "app", absent))
			},
		},
		"all pods of a parallel StatefulSet": {
			kind: "StatefulSet", fails: 3, args: to(present), remedies: "set-image", evicted: 3, ready: 3,
			made: func(y yard) {
				y.make(statefulSet(templateOf(absent), func(s *appsv1.StatefulSetSpec) { s.PodManagementPolicy = appsv1.ParallelPodManagement }))
			},
		},
		"what a StatefulSet's partition lets through": {
			kind: "StatefulSet", fails: 1, remedies: "previous-image", evicted: 1, ready: 3,
			made: func(y yard) {
				y.make(statefulSet(templateOf(present), func(s *appsv1.StatefulSetSpec) {
					s.PodManagementPolicy = appsv1.ParallelPodManagement
					s.UpdateStrategy = appsv1.StatefulSetUpdateStrategy{Type: appsv1.RollingUpdateStatefulSetStrategyType, RollingUpdate: &appsv1.RollingUpdateStatefulSetStrategy{Partition: new(int32(2))}}
				}))
			},
			broken: func(y yard) {
				y.awaitReady(3)
				y.give("StatefulSet", images("containers", "app", absent))
			},
		},
		"a pod of a StatefulSet that replaces none by itself": {
			kind: "StatefulSet", fails: 1, remedies: "previous-image", evicted: 1, ready: 3,
			made: func(y yard) {
				y.make(statefulSet(templateOf(present), func(s *appsv1.StatefulSetSpec) {
					s.PodManagementPolicy, s.UpdateStrategy.Type = appsv1.ParallelPodManagement, appsv1.OnDeleteStatefulSetStrategyType
				}))
			},
			broken: func(y yard) {
				y.awaitReady(3)
				y.give("StatefulSet", images("containers", "app", absent))
				y.drop(func(p corev1.Pod) bool { return p.Name == "app-1" })
			},
		},
		"a DaemonSet's pod on one of two nodes": {
			kind: "DaemonSet", fails: 1, remedies: "previous-image", ready: 2,
			made: func(y yard) {
				y.make(daemonSet(appsv1.RollingUpdateDaemonSetStrategyType))
			},
			broken: func(y yard) {
				y.awaitReady(2)
				y.give("DaemonSet", images("containers", "app", absent))
			},
		},
		"a pod of a DaemonSet that replaces none by itself": {
			kind: "DaemonSet", fails: 1, remedies: "previous-image", evicted: 1, ready: 2,
			made: func(y yard) {
				y.make(daemonSet(appsv1.OnDeleteDaemonSetStrategyType))
			},
			broken: func(y yard) {
				y.awaitReady(2)
				y.give("DaemonSet", images("containers", "app", absent))
				y.drop(func(p corev1.Pod) bool { return p.Spec.NodeName == "node-b" })
			},
		},
		"several pods of a Deployment, beside older ones that serve": {
			kind: "Deployment", fails: 3, remedies: "previous-image", ready: 4,
			made: func(y yard) {
				y.make(deployment(4, templateOf(present), 2, 1))
			},
			broken: func(y yard) {
				y.awaitReady(4)
				y.give("Deployment", images("containers", "app", absent))
			},
		},
		"a rollout whose deadline is over": {
			kind: "Deployment", fails: 1, remedies: "previous-image", ready: 2,
			made: func(y yard) {
				d := deployment(2, templateOf(present), 1, 0)
				d.Spec.ProgressDeadlineSeconds = new(int32(2))
				y.make(d)
			},
			broken: func(y yard) {
				y.awaitReady(2)
				y.give("Deployment", images("containers", "app", absent))
				y.awaitThat(y.t, "the deadline of the rollout", func(ctx context.Context) bool {
					d, err := y.Kube.AppsV1().Deployments(y.namespace).Get(ctx, faults.PodName, metav1.GetOptions{})
					return err == nil && slices.ContainsFunc(d.Status.Conditions, func(c appsv1.DeploymentCondition) bool { return c.Reason == "ProgressDeadlineExceeded" })
				})
			},
		},
		"two containers whose images are wrong": {
			kind: "Deployment", fails: 2, remedies: "previous-image", ready: 1,
			made: func(y yard) {
				y.make(deployment(1, shapeOf(present, "side", older), 1, 0))
			},
			broken: func(y yard) {
				y.awaitReady(1)
				y.give("Deployment", images("containers", "app", absent, "side", notThere))
			},
		},
		"a wrong image and a missing login, where one revision had neither": {
			kind: "Deployment", fails: 2, remedies: "rollout-undo", ready: 2,
			made: func(y yard) {
				y.make(logins("harbor", registries.Harbor), deployment(2, shapeOf(present, "side", older), 1, 0))
			},
			broken: func(y yard) {
				y.awaitReady(2)
				y.give("Deployment", images("containers", "app", absent, "side", harbor))
			},
		},
		"a sidecar before a container that is wrong, too": {
			kind: "Deployment", fails: 1, remedies: "rollout-undo", ready: 1,
			made: func(y yard) {
				t := templateOf(present)
				t.Spec.InitContainers = []corev1.Container{{Name: "proxy", Image: present, ImagePullPolicy: corev1.PullAlways, RestartPolicy: new(corev1.ContainerRestartPolicyAlways)}}
				y.make(deployment(1, t, 1, 0))
			},
			broken: func(y yard) {
				y.awaitReady(1)
				both := images("containers", "app", notThere)
				maps.Copy(both, images("initContainers", "proxy", absent))
				y.give("Deployment", both)
			},
		},
		"an image volume": {
			kind: "Deployment", fails: 1, remedies: "previous-image", ready: 1,
			made: func(y yard) {
				t := templateOf(present)
				t.Spec.Volumes = []corev1.Volume{{Name: "model", VolumeSource: corev1.VolumeSource{Image: &corev1.ImageVolumeSource{Reference: older, PullPolicy: corev1.PullAlways}}}}
				t.Spec.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "model", MountPath: "/model"}}
				y.make(deployment(1, t, 1, 0))
			},
			broken: func(y yard) {
				y.awaitReady(1)
				y.give("Deployment", map[string]any{"volumes": []any{map[string]any{"name": "model", "image": map[string]any{"reference": absent}}}})
			},
		},
		"two registries, and the logins of another namespace": {
			kind: "StatefulSet", fails: 4, remedies: "login-service-account", evicted: 2, ready: 2,
			args: func(y yard) []string {
				platform := y.yard(y.t)
				platform.make(logins("all", registries.Harbor, registries.ACR))
				return []string{"--copy-from", platform.namespace + "/all"}
			},
			made: func(y yard) {
				y.make(statefulSet(shapeOf(harbor, "side", azure), func(s *appsv1.StatefulSetSpec) {
					s.Replicas, s.PodManagementPolicy = new(int32(2)), appsv1.ParallelPodManagement
				}))
			},
		},
		"two registries, and a secret for each": {
			kind: "Deployment", fails: 4, remedies: "use-secret-service-account", evicted: 2, ready: 2,
			made: func(y yard) {
				y.make(logins("harbor", registries.Harbor), logins("azure", registries.ACR), deployment(2, shapeOf(harbor, "side", azure), 1, 0))
			},
		},
		"all pods of an indexed Job": {
			kind: "Job", fails: 3, args: to(present), remedies: "set-image", ready: 3,
			made: func(y yard) {
				spec := jobSpec(templateOf(absent), 3, 3)
				spec.CompletionMode = new(batchv1.IndexedCompletion)
				y.make(&batchv1.Job{Spec: spec})
			},
		},
		"a Job that evictions would end": {
			kind: "Job", fails: 3, refused: "its backoffLimit of 1 bears 1 more",
			made: func(y yard) {
				y.make(logins("harbor", registries.Harbor), &batchv1.Job{Spec: jobSpec(templateOf(harbor), 3, 1)})
			},
		},
		"a CronJob's run of two pods": {
			kind: "CronJob", fails: 2, args: to(present), remedies: "set-image", ready: 2,
			made: func(y yard) {
				spec := jobSpec(templateOf(absent), 2, 3)
				y.make(&batchv1.CronJob{Spec: batchv1.CronJobSpec{Schedule: "0 3 1 1 *", JobTemplate: batchv1.JobTemplateSpec{Spec: spec}}})
				cron, err := y.Kube.BatchV1().CronJobs(y.namespace).Get(y.t.Context(), faults.PodName, metav1.GetOptions{})
				if err != nil {
					y.t.Fatal(err)
				}
				y.make(&batchv1.Job{Spec: spec, ObjectMeta: metav1.ObjectMeta{Name: "by-hand", OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(cron, batchv1.SchemeGroupVersion.WithKind("CronJob"))}}})
			},
		},
		"two containers of a pod that nothing makes anew": {
			kind: "Pod", fails: 2, args: func(yard) []string { return []string{"--to", "app=" + present, "--to", "side=" + older} }, remedies: "set-image", ready: 1,
			made: func(y yard) {
				t := shapeOf(absent, "side", notThere)
				y.make(&corev1.Pod{ObjectMeta: t.ObjectMeta, Spec: t.Spec})
			},
		},
		"two of three pods of a ReplicaSet that nothing owns": {
			kind: "ReplicaSet", fails: 2, args: to(present), remedies: "set-image", evicted: 2, ready: 3,
			made: func(y yard) {
				y.make(&appsv1.ReplicaSet{Spec: appsv1.ReplicaSetSpec{Replicas: new(int32(3)), Selector: matching(), Template: templateOf(present)}})
			},
			broken: func(y yard) {
				y.awaitReady(3)
				y.give("ReplicaSet", images("containers", "app", absent))
				one := ""
				y.drop(func(p corev1.Pod) bool { one = cmp.Or(one, p.Name); return p.Name != one })
			},
		},
	}
}

// Whatever makes the pods: one run mends all of them, no pod that is well goes, and
// undo brings back what was.
func TestWorkloadsOfAllShapesAreMended(t *testing.T) {
	b := open(t)
	all, yards := shapesOfWorkloads(), map[string]yard{}
	for name, w := range all { // the kubelets are at work on all of them at a time
		yards[name] = b.yard(t)
		w.made(yards[name])
	}
	for name, w := range all {
		if w.broken != nil {
			w.broken(yards[name])
		}
	}
	for name, w := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			y := yards[name]
			y.t = t
			w.mended(y)
		})
	}
}

// mended has the workload mended, and the fix undone.
func (w workload) mended(y yard) {
	t := y.t
	y.awaitThat(t, "the pulls to fail", func(ctx context.Context) bool { return len(failing(y.pods(ctx))) == w.fails })
	y.await(t, "the controllers to have come to rest", func(ctx context.Context) error { return y.underWay(ctx, y.namespace) })
	args := []string{strings.ToLower(w.kind) + "/" + faults.PodName}
	if w.args != nil {
		args = append(args, w.args(y)...)
	}
	before, well := y.written(t, y.namespace), y.well()
	target, got := y.fix(t, y.namespace, args...)
	if w.refused != "" {
		if target.Outcome != v1alpha1.FixRefused || !strings.Contains(target.Why, w.refused) || got.code != 1 {
			t.Errorf("exit code %d, %s: %s", got.code, target.Outcome, target.Why)
		}
		y.untouched(t, y.namespace, before, true)
		return
	}
	if still := failing(y.pods(t.Context())); target.Outcome != v1alpha1.FixMended || target.Left > 0 || got.code != 0 || len(still) > 0 {
		t.Fatalf("exit code %d, %s, %d left, %q fail: %s\n%s", got.code, target.Outcome, target.Left, still, target.Why, got.err)
	}
	var remedies []string
	for _, r := range target.Remedies {
		if !slices.Contains(remedies, r.ID) {
			remedies = append(remedies, r.ID)
		}
	}
	if chosen := strings.Join(remedies, " "); chosen != w.remedies || len(target.Evictions) != w.evicted || target.Restarts > 0 {
		t.Errorf("chose %s, evicts %d, restarts %d; want %s, %d, none", chosen, len(target.Evictions), target.Restarts, w.remedies, w.evicted)
	}
	y.awaitReady(w.ready)
	now := y.well()
	for uid, name := range well {
		if now[uid] == "" {
			t.Errorf("pod %s was ready, and is gone", name)
		}
	}
	if undone := y.run(t, "", nil, "undo", target.Undo, "-n", y.namespace, "--yes"); undone.code != 0 {
		t.Errorf("undo: exit code %d: %s%s", undone.code, undone.out, undone.err)
	}
	y.untouched(t, y.namespace, before, false)
}
