// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster"
)

func now() time.Time { return time.Date(2026, 11, 21, 3, 50, 0, 0, time.UTC) }

func ago(d time.Duration) metav1.Time { return metav1.NewTime(now().Add(-d)) }

// everyKind is a pod with a container of each kind and two image volumes.
func everyKind() *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "api", UID: "u1", CreationTimestamp: ago(time.Hour)},
		Spec: corev1.PodSpec{
			NodeName:         "worker-1",
			ImagePullSecrets: []corev1.LocalObjectReference{{Name: "hub"}},
			InitContainers:   []corev1.Container{{Name: "init", Image: "acme/init:1", ImagePullPolicy: corev1.PullAlways}},
			Containers: []corev1.Container{{Name: "app", Image: "acme/app:1", VolumeMounts: []corev1.VolumeMount{{Name: "model"}, {Name: "data"}}},
				{Name: "side", Image: "acme/side:1", VolumeMounts: []corev1.VolumeMount{{Name: "model"}}}},
			EphemeralContainers: []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "debug", Image: "busybox"}}},
			Volumes: []corev1.Volume{
				{Name: "model", VolumeSource: corev1.VolumeSource{Image: &corev1.ImageVolumeSource{Reference: "acme/app-model:1", PullPolicy: corev1.PullIfNotPresent}}},
				{Name: "data", VolumeSource: corev1.VolumeSource{Image: &corev1.ImageVolumeSource{Reference: "ghcr.io/acme/data:2"}}},
			},
		},
		Status: corev1.PodStatus{Phase: corev1.PodPending},
	}
}

func waiting(name, reason, message string) corev1.ContainerStatus {
	return corev1.ContainerStatus{Name: name, State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}}
}

func TestFailingPulls(t *testing.T) {
	type pull struct {
		kind             evidence.ContainerKind
		container, image string
	}
	for name, c := range map[string]struct {
		change func(*corev1.Pod)
		want   []pull
	}{
		"nothing waits": {func(*corev1.Pod) {}, nil},
		"a container in back-off": {func(p *corev1.Pod) {
			p.Status.ContainerStatuses = []corev1.ContainerStatus{waiting("app", "ImagePullBackOff", "")}
		}, []pull{{evidence.Container, "app", "acme/app:1"}}},
		"an init container, and those behind it": {func(p *corev1.Pod) {
			p.Status.InitContainerStatuses = []corev1.ContainerStatus{waiting("init", "ErrImagePull", "x")}
			p.Status.ContainerStatuses = []corev1.ContainerStatus{waiting("app", "PodInitializing", "")}
		}, []pull{{evidence.InitContainer, "init", "acme/init:1"}}},
		"an ephemeral container of a running pod": {func(p *corev1.Pod) {
			p.Status.Phase = corev1.PodRunning
			p.Status.EphemeralContainerStatuses = []corev1.ContainerStatus{waiting("debug", "ErrImageNeverPull", "")}
		}, []pull{{evidence.EphemeralContainer, "debug", "busybox"}}},
		"a restart in a running pod": {func(p *corev1.Pod) {
			p.Status.Phase = corev1.PodRunning
			s := waiting("app", "ErrImagePull", "x")
			s.LastTerminationState.Terminated = &corev1.ContainerStateTerminated{StartedAt: ago(time.Minute)}
			p.Status.ContainerStatuses = []corev1.ContainerStatus{s}
		}, []pull{{evidence.Container, "app", "acme/app:1"}}},
		"a free text for a reason": {func(p *corev1.Pod) {
			p.Status.ContainerStatuses = []corev1.ContainerStatus{waiting("app", "unable to parse auth field, must be formatted as base64(username:password)", "x")}
		}, []pull{{evidence.Container, "app", "acme/app:1"}}},
		"a name, a policy, an inspection, a signature, a registry": {func(p *corev1.Pod) {
			p.Status.ContainerStatuses = []corev1.ContainerStatus{waiting("app", "InvalidImageName", ""), waiting("side", "ImageInspectError", "")}
			p.Status.InitContainerStatuses = []corev1.ContainerStatus{waiting("init", "SignatureValidationFailed", "")}
			p.Status.EphemeralContainerStatuses = []corev1.ContainerStatus{waiting("debug", "RegistryUnavailable", "")}
		}, []pull{{evidence.InitContainer, "init", "acme/init:1"}, {evidence.Container, "app", "acme/app:1"}, {evidence.Container, "side", "acme/side:1"}, {evidence.EphemeralContainer, "debug", "busybox"}}},
		"a crash and a wrong configuration": {func(p *corev1.Pod) {
			p.Status.ContainerStatuses = []corev1.ContainerStatus{waiting("app", "CrashLoopBackOff", "back-off 10s"), waiting("side", "CreateContainerError", "context deadline exceeded")}
		}, nil},
		"an image volume, once for two containers": {func(p *corev1.Pod) {
			message := `Back-off pulling image "acme/app-model:1": ErrImagePull: failed to pull and unpack image "docker.io/acme/app-model:1": not found`
			p.Status.ContainerStatuses = []corev1.ContainerStatus{waiting("app", "ImagePullBackOff", message), waiting("side", "ImagePullBackOff", message)}
		}, []pull{{evidence.ImageVolume, "model", "acme/app-model:1"}}},
		"an image volume by the runtime's spelling": {func(p *corev1.Pod) {
			p.Status.ContainerStatuses = []corev1.ContainerStatus{waiting("app", "ErrImagePull", `rpc error: code = NotFound desc = failed to pull and unpack image "ghcr.io/acme/data:2": failed to resolve image: ghcr.io/acme/data:2: not found`)}
		}, []pull{{evidence.ImageVolume, "data", "ghcr.io/acme/data:2"}}},
		"an image volume that cannot be mounted": {func(p *corev1.Pod) {
			p.Status.ContainerStatuses = []corev1.ContainerStatus{waiting("side", "CreateContainerError", "ImageVolumeMountFailed: no such image")}
		}, []pull{{evidence.ImageVolume, "model", "acme/app-model:1"}}},
		"the container's own image beside image volumes": {func(p *corev1.Pod) {
			p.Status.ContainerStatuses = []corev1.ContainerStatus{waiting("app", "ErrImagePull", `failed to pull and unpack image "docker.io/acme/app:1": not found`)}
		}, []pull{{evidence.Container, "app", "acme/app:1"}}},
		"a pod that is being deleted": {func(p *corev1.Pod) {
			at := ago(0)
			p.DeletionTimestamp = &at
			p.Status.ContainerStatuses = []corev1.ContainerStatus{waiting("app", "ImagePullBackOff", "")}
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			pod := everyKind()
			c.change(pod)
			var got []pull
			for _, p := range cluster.FailingPulls(pod) {
				got = append(got, pull{p.ContainerKind, p.Container, p.Image})
				if written := cluster.Written(pod, p); written != p.Image {
					t.Errorf("written is %q, image %q", written, p.Image)
				}
				if p.Owner != (evidence.Object{Kind: "Pod", Namespace: "shop", Name: "api"}) || !slices.Equal(p.PullSecrets, []string{"hub"}) {
					t.Errorf("pull is %+v", p)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestHostileImagesAreShownHarmlessAndNotAsked(t *testing.T) {
	pod := everyKind()
	pod.Spec.Containers[0].Image = "acme/\u202eapp\x1b[31m:1"
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{waiting("app", "InvalidImageName", "bad \x1b[31m "+strings.Repeat("x", 1<<20)+" cause")}
	p := cluster.FailingPulls(pod)[0]
	if p.Image != "acme/app[31m:1" || p.Reference != (evidence.Reference{}) {
		t.Errorf("image %q, reference %+v", p.Image, p.Reference)
	}
	if len(p.Message) > 8<<10 || strings.Contains(p.Message, "\x1b") || !strings.HasSuffix(p.Message, "cause") {
		t.Errorf("message of %d bytes ends %q", len(p.Message), p.Message[len(p.Message)-20:])
	}
	if f := cluster.ReadReference(p, cluster.Written(pod, p), now()); f.Outcome != evidence.ReferenceInvalid || strings.Contains(f.Sentence, "\x1b") {
		t.Errorf("finding is %+v", f)
	}
}

func TestWaitsForSandbox(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*corev1.Pod)
		want   bool
	}{
		"a pod on a node without a container": {func(p *corev1.Pod) {
			p.Status.ContainerStatuses = []corev1.ContainerStatus{waiting("app", "ContainerCreating", "")}
		}, true},
		"a pod without statuses": {func(*corev1.Pod) {}, true},
		"a pod that has no node": {func(p *corev1.Pod) { p.Spec.NodeName = "" }, false},
		"a pod that runs":        {func(p *corev1.Pod) { p.Status.Phase = corev1.PodRunning }, false},
		"a pod whose container waits": {func(p *corev1.Pod) {
			p.Status.ContainerStatuses = []corev1.ContainerStatus{waiting("app", "CreateContainerConfigError", "")}
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			pod := everyKind()
			c.change(pod)
			if got := cluster.WaitsForSandbox(pod); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestMayHang(t *testing.T) {
	running := func(name string) corev1.ContainerStatus {
		return corev1.ContainerStatus{Name: name, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}
	}
	done := func(name string) corev1.ContainerStatus {
		return corev1.ContainerStatus{Name: name, State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{}}}
	}
	yes := true
	started := running("setup")
	started.Started = &yes
	always := corev1.ContainerRestartPolicyAlways
	for name, c := range map[string]struct {
		age     time.Duration
		restart *corev1.ContainerRestartPolicy
		init    []corev1.ContainerStatus
		app     []corev1.ContainerStatus
		debug   []corev1.ContainerStatus
		phase   corev1.PodPhase
		want    bool
	}{
		"the first of its containers runs, the second is not made": {init: []corev1.ContainerStatus{done("setup")}, app: []corev1.ContainerStatus{running("app"), waiting("side", "ContainerCreating", "")}, want: true},
		"both run":                                    {init: []corev1.ContainerStatus{done("setup")}, app: []corev1.ContainerStatus{running("app"), running("side")}},
		"its init container is not made":              {init: []corev1.ContainerStatus{waiting("setup", "PodInitializing", "")}, app: []corev1.ContainerStatus{waiting("app", "PodInitializing", "")}, want: true},
		"its init container runs for long":            {init: []corev1.ContainerStatus{started}, app: []corev1.ContainerStatus{waiting("app", "PodInitializing", "")}},
		"a sidecar runs, what comes next is not made": {restart: &always, init: []corev1.ContainerStatus{started}, app: []corev1.ContainerStatus{waiting("app", "PodInitializing", ""), waiting("side", "PodInitializing", "")}, want: true},
		"an ephemeral container is not made":          {init: []corev1.ContainerStatus{done("setup")}, app: []corev1.ContainerStatus{running("app"), running("side")}, debug: []corev1.ContainerStatus{waiting("debug", "ContainerCreating", "")}, want: true},
		"a container crashes":                         {init: []corev1.ContainerStatus{done("setup")}, app: []corev1.ContainerStatus{running("app"), waiting("side", "CrashLoopBackOff", "")}},
		"it is young":                                 {age: 10 * time.Minute, init: []corev1.ContainerStatus{done("setup")}, app: []corev1.ContainerStatus{running("app"), waiting("side", "ContainerCreating", "")}},
		"it is over":                                  {phase: corev1.PodFailed, init: []corev1.ContainerStatus{done("setup")}, app: []corev1.ContainerStatus{done("app"), waiting("side", "ContainerCreating", "")}},
	} {
		t.Run(name, func(t *testing.T) {
			pod := &corev1.Pod{
				ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "p", CreationTimestamp: ago(time.Hour)},
				Spec:       corev1.PodSpec{NodeName: "worker-1", InitContainers: []corev1.Container{{Name: "setup", RestartPolicy: c.restart}}, Containers: []corev1.Container{{Name: "app"}, {Name: "side"}}},
				Status:     corev1.PodStatus{Phase: corev1.PodRunning, InitContainerStatuses: c.init, ContainerStatuses: c.app, EphemeralContainerStatuses: c.debug},
			}
			if len(c.debug) > 0 {
				pod.Spec.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "debug"}}}
			}
			if c.age > 0 {
				pod.CreationTimestamp = ago(c.age)
			}
			if c.phase != "" {
				pod.Status.Phase = c.phase
			}
			if got := cluster.MayHang(pod, now()); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}
