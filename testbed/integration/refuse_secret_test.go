// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/testbed/internal/cluster"
	"github.com/pullmedic/pullmedic/testbed/internal/registries"
)

const private = registries.Harbor + "/acme/app:1.27.4"

// wrongSecret makes secret harbor with a password that is wrong, and a
// deployment that names it.
func (b bed) wrongSecret(t *testing.T, namespace string, immutable bool) {
	t.Helper()
	wrong := registries.Canary + "-wrong-" + namespace
	_, err := b.Kube.CoreV1().Secrets(namespace).Create(t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "harbor"}, Type: corev1.SecretTypeDockerConfigJson, Immutable: &immutable,
		Data: map[string][]byte{corev1.DockerConfigJsonKey: dockerConfig(private, "robot$acme", wrong)},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	b.deploy(t, namespace, private, func(s *corev1.PodSpec) {
		s.ImagePullSecrets = []corev1.LocalObjectReference{{Name: "harbor"}}
	})
}

// goodConfig is a Docker config whose login the registry takes.
func goodConfig(t *testing.T) string {
	t.Helper()
	account := registries.AccountOf(registries.Harbor)
	file := filepath.Join(t.TempDir(), "config.json")
	if err := os.WriteFile(file, dockerConfig(private, account.User, account.Password), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestARightOverSecretsThatIsMissingIsNamed(t *testing.T) {
	b := open(t)
	namespace := b.namespace(t)
	b.wrongSecret(t, namespace, false)
	b.grant(t, "none.yaml", "")
	b.allow(t, namespace, may("patch", "apps", "deployments"), may("create", "", "configmaps", "pods/eviction", "secrets"),
		rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"configmaps"}, Verbs: []string{"patch", "delete"}})
	before := b.written(t, namespace)
	got, done := b.fix(t, namespace, "deployment/app", "--docker-config", goodConfig(t), "--via", "secret", "--context", cluster.Viewer)
	if want := "you may not patch secrets in namespace " + namespace; done.code != 1 || got.Outcome != v1alpha1.FixRefused || !strings.Contains(got.Why, want) {
		t.Errorf("exit code %d, %s: %s; want %q", done.code, got.Outcome, got.Why, want)
	}
	b.untouched(t, namespace, before, true)
}

func TestAnImmutableSecretGetsAnotherBesideItAndNothingHalf(t *testing.T) {
	b := open(t)
	namespace := b.namespace(t)
	b.wrongSecret(t, namespace, true)
	before := b.written(t, namespace)
	got, done := b.fix(t, namespace, "deployment/app", "--docker-config", goodConfig(t))
	if done.code != 0 || got.Outcome != v1alpha1.FixMended {
		t.Fatalf("exit code %d, %s: %s", done.code, got.Outcome, got.Why)
	}
	for _, c := range got.Changes {
		if c.Object == "secret/harbor" {
			t.Errorf("it changes the secret that cannot be changed: %+v", c)
		}
	}
	if undone := b.run(t, "", nil, "undo", got.Undo, "-n", namespace, "--yes"); undone.code != 0 {
		t.Errorf("undo: exit code %d: %s", undone.code, undone.err)
	}
	b.untouched(t, namespace, before, false)
}

func TestAQuotaThatLeavesNoRoomForASecret(t *testing.T) {
	b := open(t)
	namespace := b.namespace(t)
	b.deploy(t, namespace, private, nil)
	b.limit(t, namespace, "secrets", 0)
	before := b.written(t, namespace)
	got, done := b.fix(t, namespace, "deployment/app", "--docker-config", goodConfig(t))
	if done.code != 1 || got.Outcome != v1alpha1.FixRefused || !strings.Contains(got.Why, "a quota does not let secret/") {
		t.Errorf("exit code %d, %s: %s", done.code, got.Outcome, got.Why)
	}
	b.untouched(t, namespace, before, true)
}
