// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pullmedic/pullmedic/testbed/internal/layout"
	"github.com/pullmedic/pullmedic/testbed/internal/registries"
)

const chartText = `apiVersion: v2
name: web
version: 1.0.0
`

const deploymentText = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      hostNetwork: true
      terminationGracePeriodSeconds: 1
      nodeSelector: {kubernetes.io/hostname: ` + "NODE" + `}
      containers: [{name: app, image: "` + registries.Plain + `/acme/app:{{ .Values.tag }}"}]
`

// A source is a tool that applies the scene's Deployment with a tag.
type source func(t *testing.T, b bed, namespace, tag string) (said string, err error)

// helm gives the source that Helm of that major version is.
func helm(version string) source {
	return func(t *testing.T, b bed, namespace, tag string) (string, error) {
		t.Helper()
		home := t.TempDir()
		chart := filepath.Join(home, "web")
		if err := os.MkdirAll(filepath.Join(chart, "templates"), 0o755); err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{"Chart.yaml": chartText, "templates/deployment.yaml": strings.Replace(deploymentText, "NODE", layout.Nodes[0].Name, 1)} {
			if err := os.WriteFile(filepath.Join(chart, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), longest)
		defer cancel()
		command := exec.CommandContext(ctx, b.Bin(version+"/helm"), "upgrade", "--install", "web", chart, "-n", namespace, "--set-string", "tag="+tag)
		command.Env = []string{"HOME=" + home, "KUBECONFIG=" + b.Kubeconfig(), "PATH=" + os.Getenv("PATH")}
		out, err := command.CombinedOutput()
		return string(out), err
	}
}

// webOf is deployment/web with an image of that tag, as its chart makes it.
func webOf(tag string) string {
	return strings.Replace(strings.Replace(deploymentText, "NODE", layout.Nodes[0].Name, 1), "{{ .Values.tag }}", tag, 1)
}

// applied is kubectl apply --server-side, or what does the same.
func applied(t *testing.T, b bed, namespace, tag string) (string, error) {
	t.Helper()
	_, err := b.Kube.AppsV1().Deployments(namespace).Patch(t.Context(), "web", types.ApplyYAMLPatchType, []byte(webOf(tag)), metav1.PatchOptions{FieldManager: "kubectl"})
	return "", err
}

// owners are who manages the fields of the Deployment, without the times.
func (b bed) owners(t *testing.T, namespace string) map[string]string {
	t.Helper()
	web, err := b.Kube.AppsV1().Deployments(namespace).Get(t.Context(), "web", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	list := map[string]string{}
	for _, e := range web.ManagedFields {
		if e.Subresource == "" {
			list[e.Manager+" "+string(e.Operation)] = e.FieldsV1.String()
		}
	}
	return list
}

// What a tool applies from elsewhere is mended here, and the tool's next version
// comes without a conflict: after fix, and after fix and undo.
func TestTheNextVersionFromElsewhereDoesNotConflict(t *testing.T) {
	b := open(t)
	for name, apply := range map[string]source{"Helm 4": helm("helm4"), "Helm 3": helm("helm3"), "kubectl apply --server-side": applied} {
		t.Run(name, func(t *testing.T) {
			for _, undone := range []bool{false, true} {
				namespace := b.namespace(t)
				if said, err := apply(t, b, namespace, "1.27.45"); err != nil {
					t.Fatalf("%v: %s", err, said)
				}
				b.awaitFailing(t, namespace, "web")
				before := b.owners(t, namespace)
				got := b.run(t, "", nil, "fix", "deployment/web", "-n", namespace, "--to", there, "--here", "--yes")
				if got.code != 0 || b.imageOf(t, namespace, "web") != there {
					t.Fatalf("fix: exit code %d, image %s\n%s%s", got.code, b.imageOf(t, namespace, "web"), got.out, got.err)
				}
				for _, d := range differences(before, b.owners(t, namespace)) {
					t.Error("owners: " + d)
				}
				if undone {
					id := b.record(t, namespace).ID
					if got := b.run(t, "", nil, "undo", id, "-n", namespace, "--yes"); got.code != 0 || b.imageOf(t, namespace, "web") != notThere {
						t.Fatalf("undo: exit code %d, image %s\n%s%s", got.code, b.imageOf(t, namespace, "web"), got.out, got.err)
					}
					for _, d := range differences(before, b.owners(t, namespace)) {
						t.Error("owners after undo: " + d)
					}
				}
				if now := b.owners(t, namespace); now["pullmedic Update"] != "" {
					t.Errorf("fields belong to pullmedic: %s", now["pullmedic Update"])
				}
				const next = "1.27.3"
				if said, err := apply(t, b, namespace, next); err != nil {
					t.Errorf("undone: %t: the next version is refused: %v: %s", undone, err, said)
				}
				if got := b.imageOf(t, namespace, "web"); got != registries.Plain+"/acme/app:"+next {
					t.Errorf("undone: %t: the image is %s", undone, got)
				}
			}
		})
	}
	// So that the test above can fail: who keeps the field makes a conflict.
	t.Run("a field that is kept conflicts", func(t *testing.T) {
		for name, apply := range map[string]source{"Helm 4": helm("helm4"), "kubectl": applied} {
			namespace := b.namespace(t)
			if said, err := apply(t, b, namespace, "1.27.45"); err != nil {
				t.Fatalf("%v: %s", err, said)
			}
			patch := []byte(`[{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"` + there + `"}]`)
			if _, err := b.Kube.AppsV1().Deployments(namespace).Patch(t.Context(), "web", types.JSONPatchType, patch, metav1.PatchOptions{FieldManager: "pullmedic"}); err != nil {
				t.Fatal(err)
			}
			said, err := apply(t, b, namespace, "1.27.3")
			if err != nil {
				said += err.Error()
			}
			if err == nil || !strings.Contains(said, `conflict with "pullmedic"`) {
				t.Errorf("%s: %v: %s", name, err, said)
			}
		}
	})
	// An object that nothing applies goes on telling who changed it.
	t.Run("where nothing applies it, the object tells who changed it", func(t *testing.T) {
		namespace := b.inject(t, "rollout")
		if got := b.run(t, "", nil, "fix", "deployment/app", "-n", namespace, "--yes", "-o", "json"); got.code != 0 {
			t.Fatalf("exit code %d\n%s%s", got.code, got.out, got.err)
		}
		app, err := b.Kube.AppsV1().Deployments(namespace).Get(t.Context(), "app", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		told := false
		for _, e := range app.ManagedFields {
			told = told || e.Manager == "pullmedic"
		}
		if !told {
			t.Error("pullmedic is not among its managers")
		}
	})
}
