// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/symptom"
)

func event(reason, path, message string, count int32, first, last time.Duration) corev1.Event {
	return corev1.Event{Type: "Warning", Reason: reason, Message: message, Count: count, FirstTimestamp: ago(first), LastTimestamp: ago(last),
		InvolvedObject: corev1.ObjectReference{Kind: "Pod", UID: "u1", FieldPath: path}}
}

const (
	refusedText = `failed to pull and unpack image "docker.io/acme/app:1": failed to resolve image: failed to do request: Head "https://registry-1.docker.io/v2/acme/app/manifests/1": dial tcp 10.0.0.1:443: connect: connection refused`
	missingText = `rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/acme/app:1": failed to resolve image: docker.io/acme/app:1: not found`
	app         = "spec.containers{app}"
)

func TestTheBestTextIsRead(t *testing.T) {
	failed := func(text string, first, last time.Duration) corev1.Event {
		return event("Failed", app, `Failed to pull image "acme/app:1": `+text, 1, first, last)
	}
	for name, c := range map[string]struct {
		reason, message string
		events          []corev1.Event
		want            symptom.Sign
		attempts        int
		last            time.Duration
	}{
		"the status during an attempt": {"ErrImagePull", missingText, nil, symptom.TagNotFound, 0, 0},
		"the status in back-off, from v1.32 on": {"ImagePullBackOff", `Back-off pulling image "acme/app:1": ErrImagePull: ` + missingText,
			[]corev1.Event{failed(refusedText, 9*time.Minute, 5*time.Minute)}, symptom.TagNotFound, 1, 5 * time.Minute},
		"the newest event where the status is bare": {"ImagePullBackOff", `Back-off pulling image "acme/app:1"`,
			[]corev1.Event{failed(missingText, 9*time.Minute, 9*time.Minute), failed(refusedText, 5*time.Minute, 5*time.Minute)}, symptom.ConnectionRefused, 2, 5 * time.Minute},
		"an event that was combined from similar ones": {"ImagePullBackOff", `Back-off pulling image "acme/app:1"`,
			[]corev1.Event{event("Failed", app, `(combined from similar events): Failed to pull image "acme/app:1": `+refusedText, 12, 9*time.Minute, time.Minute)}, symptom.ConnectionRefused, 12, time.Minute},
		"no event but that there is a back-off": {"ImagePullBackOff", `Back-off pulling image "acme/app:1"`,
			[]corev1.Event{event("BackOff", app, `Back-off pulling image "acme/app:1"`, 5959, 22*time.Hour, time.Minute), event("Failed", app, "Error: ImagePullBackOff", 9, time.Hour, time.Minute)}, symptom.Other, 0, 0},
		"an event of another container": {"ImagePullBackOff", `Back-off pulling image "acme/app:1"`,
			[]corev1.Event{event("Failed", "spec.containers{side}", `Failed to pull image "acme/app:1": `+refusedText, 1, time.Minute, time.Minute),
				event("Failed", "spec.initContainers{app}", `Failed to pull image "acme/app:1": `+refusedText, 1, time.Minute, time.Minute)}, symptom.Other, 0, 0},
		"a policy that never pulls": {"ErrImageNeverPull", `Container image "acme/app:1" is not present with pull policy of Never`,
			[]corev1.Event{event("ErrImageNeverPull", app, `Container image "acme/app:1" is not present with pull policy of Never`, 7, 3*time.Minute, time.Minute)}, symptom.NeverPull, 7, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			pod := everyKind()
			pod.Status.ContainerStatuses = []corev1.ContainerStatus{waiting("app", c.reason, c.message)}
			p := cluster.FailingPulls(pod)[0]
			got := cluster.Attach(&p, "acme/app:1", c.events)
			if got.Sign != c.want {
				t.Errorf("sign is %s, want %s", got.Sign, c.want)
			}
			want := time.Time{}
			if c.last > 0 {
				want = now().Add(-c.last)
			}
			if p.Attempts != c.attempts || !p.LastFailed.Equal(want) {
				t.Errorf("%d attempts, last %s; want %d, %s", p.Attempts, p.LastFailed, c.attempts, want)
			}
		})
	}
}

func TestACauseThatIsLostIsSaid(t *testing.T) {
	bare := `Back-off pulling image "acme/app:1"`
	for name, c := range map[string]struct {
		reason, message string
		events          []corev1.Event
		want            bool
	}{
		"back-off alone, and no event":        {"ImagePullBackOff", bare, nil, true},
		"back-off alone, and only its events": {"ImagePullBackOff", bare, []corev1.Event{event("BackOff", app, bare, 9, time.Hour, time.Minute), event("Failed", app, "Error: ImagePullBackOff", 9, time.Hour, time.Minute)}, true},
		"no message at all":                   {"ErrImagePull", "", nil, true},
		"an event tells":                      {"ImagePullBackOff", bare, []corev1.Event{event("Failed", app, `Failed to pull image "acme/app:1": `+missingText, 1, time.Hour, time.Minute)}, false},
		"the status tells":                    {"ImagePullBackOff", bare + ": ErrImagePull: " + missingText, nil, false},
		"the reason tells":                    {"InvalidImageName", "", nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			pod := everyKind()
			pod.Status.ContainerStatuses = []corev1.ContainerStatus{waiting("app", c.reason, c.message)}
			p := cluster.FailingPulls(pod)[0]
			cluster.Attach(&p, "acme/app:1", c.events)
			if _, got := cluster.CauseLost(p); got != c.want {
				t.Errorf("lost is %v, want %v", got, c.want)
			}
		})
	}
}

func TestImageVolumesAreFoundByTheImage(t *testing.T) {
	pod := everyKind()
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{waiting("side", "ImagePullBackOff", `Back-off pulling image "acme/app-model:1"`)}
	p := cluster.FailingPulls(pod)[0]
	s := cluster.Attach(&p, cluster.Written(pod, p), []corev1.Event{
		event("Failed", "", `Failed to pull image "acme/app-model:1": `+missingText, 2, time.Minute, time.Minute),
		event("Failed", "", `Failed to pull image "ghcr.io/acme/data:2": `+refusedText, 3, time.Minute, 0),
	})
	if p.ContainerKind != evidence.ImageVolume || p.Attempts != 2 || s.Sign != symptom.TagNotFound {
		t.Errorf("%s, %d attempts, %s", p.ContainerKind, p.Attempts, s.Sign)
	}
}

func TestKeptEventsAreBoundedAndHarmless(t *testing.T) {
	pod := everyKind()
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{waiting("app", "ImagePullBackOff", "")}
	p := cluster.FailingPulls(pod)[0]
	var events []corev1.Event
	for i := range 100 {
		events = append(events, event("Failed", app, "Failed to pull image \x1b[2J"+strings.Repeat("x", 1<<16), 1, time.Hour, time.Hour-time.Duration(i)*time.Second))
	}
	cluster.Attach(&p, "acme/app:1", events)
	size := 0
	for _, e := range p.Events {
		size += len(e.Message)
		if strings.Contains(e.Message, "\x1b") {
			t.Fatalf("an escape is left in %q", e.Message[:40])
		}
	}
	if len(p.Events) > 20 || size > 20*8<<10 || p.Attempts != 100 || !p.Events[len(p.Events)-1].Last.Equal(now().Add(-time.Hour+99*time.Second)) {
		t.Errorf("%d events of %d bytes, %d attempts, the last at %s", len(p.Events), size, p.Attempts, p.Events[len(p.Events)-1].Last)
	}
}

func TestSandboxPull(t *testing.T) {
	for name, c := range map[string]struct{ message, image string }{
		"containerd": {`Failed to create pod sandbox: rpc error: code = Unknown desc = failed to start sandbox "ab": failed to get sandbox image "pause.local/pause:1": failed to pull image "pause.local/pause:1": failed to pull and unpack image "pause.local/pause:1": failed to resolve image: pause.local/pause:1: not found`, "pause.local/pause:1"},
		"CRI-O":      {`Failed to create pod sandbox: rpc error: code = Unknown desc = error creating pod sandbox with name "x": initializing source docker://registry.k8s.io/pause:3.10: pinging container registry registry.k8s.io: Get "https://registry.k8s.io/v2/": dial tcp: lookup registry.k8s.io: no such host`, "registry.k8s.io/pause:3.10"},
		"a network":  {`Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "x": plugin type="calico" failed (add)`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			pulls := cluster.SilentPulls(everyKind(), []corev1.Event{event("FailedCreatePodSandBox", "", c.message, 1, 0, 0)})
			if c.image == "" {
				if len(pulls) > 0 {
					t.Errorf("got %+v, want none", pulls)
				}
				return
			}
			if len(pulls) != 1 || pulls[0].Image != c.image || pulls[0].PullSecrets != nil || pulls[0].ContainerKind != evidence.Sandbox {
				t.Errorf("got %+v, want the pull of %q", pulls, c.image)
			}
		})
	}
}

// crashed is a container that ended so long ago and whose restart is held back.
func crashed(before time.Duration) []corev1.ContainerStatus {
	status := waiting("app", "CrashLoopBackOff", "back-off 10s restarting failed container")
	status.LastTerminationState.Terminated = &corev1.ContainerStateTerminated{ExitCode: 137, FinishedAt: ago(before)}
	return []corev1.ContainerStatus{status}
}

func TestPullsWhoseFailureEventsAloneTell(t *testing.T) {
	failed := event("Failed", app, `Failed to pull image "acme/app:1": rpc error: code = Unavailable desc = error reading from server: EOF`, 1, 9*time.Second, 9*time.Second)
	pulled := event("Pulled", app, `Successfully pulled image "acme/app:1" in 1s`, 1, time.Second, time.Second)
	for name, c := range map[string]struct {
		events []corev1.Event
		change func(*corev1.Pod)
		want   int
	}{
		"a runtime that is gone": {[]corev1.Event{failed}, nil, 1},
		"pulled since":           {[]corev1.Event{failed, pulled}, nil, 0},
		"a container that was made": {[]corev1.Event{failed}, func(p *corev1.Pod) {
			p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "app", ImageID: "sha256:1", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}}
		}, 0},
		"a restart held back, and its pull failed since": {[]corev1.Event{failed}, func(p *corev1.Pod) { p.Status.ContainerStatuses = crashed(time.Minute) }, 1},
		"a crash after a pull that had failed before":    {[]corev1.Event{failed}, func(p *corev1.Pod) { p.Status.ContainerStatuses = crashed(time.Second) }, 0},
		"a failure that is not of a pull":                {[]corev1.Event{event("Failed", app, `Error: configmap "nowhere" not found`, 1, 0, 0)}, nil, 0},
		"a failure of another container's":               {[]corev1.Event{event("Failed", "spec.containers{none}", failed.Message, 1, 0, 0)}, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			pod := everyKind()
			if c.change != nil {
				c.change(pod)
			}
			pulls := cluster.SilentPulls(pod, c.events)
			if len(pulls) != c.want || c.want == 1 && (pulls[0].Container != "app" || pulls[0].Reason != "ErrImagePull") {
				t.Errorf("got %+v, want %d", pulls, c.want)
			}
		})
	}
}
