// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

func TestDifferencesAreOfWhatPeopleWrote(t *testing.T) {
	object := func(spec string) map[string]any { return map[string]any{"spec": spec, "uid": "1"} }
	before := Objects{"deployments a/app": object("old"), "pods a/bare": object("x"), "pods a/app-1 u1": object("x"), "replicasets a/app-1 u2": object("x")}
	for name, c := range map[string]struct {
		after  Objects
		strict bool
		want   []string
	}{
		"the same": {before, true, nil},
		"a controller's pods come and go": {
			Objects{"deployments a/app": object("old"), "pods a/bare": object("x"), "pods a/app-2 u3": object("y"), "replicasets a/app-1 u2": object("scaled")}, false, nil,
		},
		"unless that matters": {
			Objects{"deployments a/app": object("old"), "pods a/bare": object("x"), "replicasets a/app-1 u2": object("x")}, true, []string{"pods a/app-1 u1 is gone"},
		},
		"a changed spec, a pod that is gone, an object that was made": {
			Objects{"deployments a/app": object("new"), "configmaps a/record": object("z")}, false,
			[]string{"deployments a/app: another spec", "pods a/bare is gone", "configmaps a/record was made"},
		},
		"a pod of a controller that was changed in place": {
			Objects{"deployments a/app": object("old"), "pods a/bare": object("x"), "pods a/app-1 u1": object("y")}, false, []string{"pods a/app-1 u1: another spec"},
		},
	} {
		if got := before.Differences(c.after, c.strict); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestTheLineOfFixes(t *testing.T) {
	good := mendRow{mended: true, undone: true, took: 2 * time.Second}
	for name, c := range map[string]struct {
		rows []mendRow
		line string
		ok   bool
	}{
		"all":            {[]mendRow{good, good, good}, "fix: 3 of 3 mended, median 2.0 s, 3 of 3 undone", true},
		"too few":        {[]mendRow{good, good, {undone: true}}, "fix: 2 of 3 mended, median 2.0 s, 3 of 3 undone", false},
		"not taken back": {[]mendRow{good, {mended: true, took: time.Second}}, "fix: 2 of 2 mended, median 2.0 s, 1 of 2 undone", false},
		"too slow":       {[]mendRow{{mended: true, undone: true, took: 16 * time.Second}}, "fix: 1 of 1 mended, median 16.0 s, 1 of 1 undone", false},
	} {
		m := mends{rows: c.rows}
		if line, ok := m.line(); line != c.line || ok != c.ok {
			t.Errorf("%s: %q, %v", name, line, ok)
		}
	}
}

func TestAWitnessBelievesAnotherContainerAlone(t *testing.T) {
	w := &witness{failing: map[string][]string{"old": {"app"}}, seen: map[string]bool{"old": true}, images: map[string][]string{"old": {"acme/app:1.27.44"}}, ids: map[string]bool{"containerd://1": true, "": true}}
	of := func(uid, image, id string, state corev1.ContainerState) corev1.Pod {
		return corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{UID: types.UID(uid)}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: image}}},
			Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{Name: "app", ContainerID: id, State: state}}},
		}
	}
	waits := corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff", Message: `Back-off pulling image "acme/app:1.27.44"`}}
	for name, c := range map[string]struct {
		pod  corev1.Pod
		want bool
	}{
		"the former container":     {of("old", "acme/app:1.27.4", "containerd://1", waits), false},
		"none yet":                 {of("new", "acme/app:1.27.4", "", corev1.ContainerState{}), false},
		"another in the same pod":  {of("old", "acme/app:1.27.4", "containerd://2", corev1.ContainerState{}), true},
		"the first of another pod": {of("new", "acme/app:1.27.4", "containerd://3", corev1.ContainerState{}), true},
	} {
		if got := w.hasPulled(c.pod); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if pod := of("old", "acme/app:1.27.4", "", waits); w.anew(pod, pod.Status.ContainerStatuses[0]) {
		t.Error("the former image's failure is taken for one of the new image, whose name it begins with")
	}
}
