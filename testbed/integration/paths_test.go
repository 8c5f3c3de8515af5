// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/testbed/internal/faults"
	"github.com/pullmedic/pullmedic/testbed/internal/registries"
)

// harborOther is a repository of the registry that another account may pull, and none
// that may pull the first.
const harborOther = registries.Harbor + "/other/app:1.0"

// byPath is a secret with an entry for each path of the registry, and the user of
// each by its key.
func byPath(t *testing.T) (*corev1.Secret, map[string]string) {
	t.Helper()
	accounts := registries.Policies()[registries.Harbor].Accounts
	users, entries := map[string]string{}, map[string]any{}
	for _, a := range accounts {
		key := registries.Harbor + "/" + strings.TrimSuffix(a.Repositories[0], "/")
		users[key] = a.User
		entries[key] = map[string]string{"auth": base64.StdEncoding.EncodeToString([]byte(a.User + ":" + a.Password))}
	}
	if len(users) != 2 {
		t.Fatalf("the registry has accounts for %v, and this test is about two paths", slices.Sorted(maps.Keys(users)))
	}
	text, err := json.Marshal(map[string]any{"auths": entries})
	if err != nil {
		t.Fatal(err)
	}
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "all"}, Type: corev1.SecretTypeDockerConfigJson, Data: map[string][]byte{corev1.DockerConfigJsonKey: text}}, users
}

// sidecar is a template whose container waits until another one has started.
func sidecar(before, image string) corev1.PodTemplateSpec {
	t := templateOf(image)
	t.Spec.InitContainers = []corev1.Container{{Name: "proxy", Image: before, ImagePullPolicy: corev1.PullAlways, RestartPolicy: new(corev1.ContainerRestartPolicyAlways)}}
	return t
}

// fixed makes a deployment, and mends it with the logins of another namespace once so
// many containers fail.
func (y yard) fixed(d *appsv1.Deployment, fails int) (v1alpha1.TargetFix, ran) {
	y.t.Helper()
	secret, _ := byPath(y.t)
	platform := y.yard(y.t)
	platform.make(secret)
	y.make(d)
	y.awaitThat(y.t, "the pulls to fail", func(ctx context.Context) bool { return len(failing(y.pods(ctx))) == fails })
	return y.fix(y.t, y.namespace, "deployment/"+faults.PodName, "--copy-from", platform.namespace+"/all")
}

// usersOf are the users of the pull secrets of the namespace, by key.
func (y yard) usersOf() map[string]string {
	y.t.Helper()
	list, err := y.Kube.CoreV1().Secrets(y.namespace).List(y.t.Context(), metav1.ListOptions{FieldSelector: "type=" + string(corev1.SecretTypeDockerConfigJson)})
	if err != nil {
		y.t.Fatal(err)
	}
	users := map[string]string{}
	for _, s := range list.Items {
		var file struct {
			Auths map[string]struct{ Auth []byte }
		}
		if err := json.Unmarshal(s.Data[corev1.DockerConfigJsonKey], &file); err != nil {
			y.t.Fatalf("secret %s is no docker config", s.Name)
		}
		for key, entry := range file.Auths {
			users[key], _, _ = strings.Cut(string(entry.Auth), ":")
		}
	}
	return users
}

// The kubelet matches entries by path: two repositories of one registry can want a
// login each, be it that both fail, or that one waits behind the other.
func TestTwoRepositoriesOfARegistryGetALoginEach(t *testing.T) {
	b := open(t)
	for name, c := range map[string]struct {
		template corev1.PodTemplateSpec
		fails    int
	}{
		"side by side":            {shapeOf(harbor, "side", harborOther), 2},
		"one waits for the other": {sidecar(harborOther, harbor), 1},
	} {
		t.Run(name, func(t *testing.T) {
			y := b.yard(t)
			target, got := y.fixed(deployment(1, c.template, 1, 0), c.fails)
			if target.Outcome != v1alpha1.FixMended || target.Left > 0 || got.code != 0 {
				t.Fatalf("exit code %d, %s, %d left: %s\n%s", got.code, target.Outcome, target.Left, target.Why, got.err)
			}
			if len(target.Causes) != 2 || target.Causes[1].Untried != (c.fails == 1) || target.SecondTries == 0 {
				t.Errorf("second tries: %d, causes: %+v", target.SecondTries, target.Causes)
			}
			y.awaitReady(1)
			if _, want := byPath(t); !maps.Equal(y.usersOf(), want) {
				t.Errorf("the users by key are %v, want %v", y.usersOf(), want)
			}
			if undone := y.run(t, "", nil, "undo", target.Undo, "-n", y.namespace, "--yes"); undone.code != 0 || len(y.usersOf()) > 0 {
				t.Errorf("undo: exit code %d, users by key %v: %s%s", undone.code, y.usersOf(), undone.out, undone.err)
			}
		})
	}
}

// What waits behind, and has no remedy, is told beside what is mended.
func TestWhatWaitsBehindASidecarAndHasNoRemedyIsTold(t *testing.T) {
	y := open(t).yard(t)
	target, got := y.fixed(deployment(1, sidecar(harbor, notThere), 1, 0), 1)
	if target.Outcome != v1alpha1.FixMended || got.code != 1 || len(target.Causes) != 2 {
		t.Fatalf("exit code %d, %s, causes %+v: %s\n%s", got.code, target.Outcome, target.Causes, target.Why, got.err)
	}
	if c := target.Causes[1]; c.Container != "app" || c.Cause != catalog.TagNotFound || !c.Untried || c.Remedy != "" {
		t.Errorf("told is %+v", c)
	}
	y.awaitThat(t, "the pull behind to fail", func(ctx context.Context) bool {
		names := failing(y.pods(ctx))
		return len(names) == 1 && strings.HasSuffix(names[0], "/app")
	})
}
