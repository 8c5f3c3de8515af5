// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/testbed/internal/cluster"
	"github.com/pullmedic/pullmedic/testbed/internal/e2e"
)

// handedOver is a remedy that is handed over for deployment/web, as the context's
// user sees it, and what could not be looked at.
func (b bed) handedOver(t *testing.T, namespace, id, as string) (r v1alpha1.Remedy, missed []string) {
	t.Helper()
	got := b.run(t, "", nil, "fix", "deployment/web", "-n", namespace, "--dry-run=client", "-o", "json", "--context", as)
	var f v1alpha1.Fix
	if err := json.Unmarshal([]byte(got.out), &f); err != nil || len(f.Targets) != 1 {
		t.Fatalf("exit code %d, %d targets, %v: stderr %s", got.code, len(f.Targets), err, got.err)
	}
	if e2e.Leaked([]byte(got.out), []byte(got.err)) {
		t.Fatal("a secret shows")
	}
	for _, g := range f.Targets[0].NotLookedAt {
		missed = append(missed, g.Why)
	}
	all := slices.Concat(f.Targets[0].Remedies, f.Targets[0].Others)
	if at := slices.IndexFunc(all, func(r v1alpha1.Remedy) bool { return r.ID == id }); at >= 0 {
		return all[at], missed
	}
	return v1alpha1.Remedy{}, missed
}

// pasted runs commands in a shell that has Helm of a version.
func (b bed) pasted(t *testing.T, version string, env []string, commands string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), longest)
	defer cancel()
	command := exec.CommandContext(ctx, "sh", "-ec", commands)
	command.Env = append([]string{"HOME=" + t.TempDir(), "KUBECONFIG=" + b.Kubeconfig(), "PATH=" + filepath.Dir(b.Bin(version+"/helm")) + ":" + os.Getenv("PATH")}, env...)
	said, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", commands, err, said)
	}
	return string(said)
}

// Helm's own commands, as they are printed, bring the release back to the
// revision that ran, and forward again.
func TestAHelmReleaseGoesBackByThePrintedCommands(t *testing.T) {
	b := open(t)
	for name, version := range map[string]string{"Helm 3": "helm3", "Helm 4": "helm4"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			namespace := b.namespace(t)
			release := helm(version)
			if said, err := release(t, b, namespace, "1.27.46"); err != nil {
				t.Fatalf("%v: %s", err, said)
			}
			b.awaitFailing(t, namespace, "web")
			if r, _ := b.handedOver(t, namespace, "helm-rollback", cluster.Admin); r.ID != "" {
				t.Errorf("there is one revision, and it is handed over: %q", commandsOf(r.Steps))
			}
			for _, tag := range []string{"1.27.4", "1.27.45"} {
				if said, err := release(t, b, namespace, tag); err != nil {
					t.Fatalf("%v: %s", err, said)
				}
			}
			b.awaitRefused(t, namespace, notThere)
			r, _ := b.handedOver(t, namespace, "helm-rollback", cluster.Admin)
			if want := "helm rollback web 2 -n " + namespace; !strings.Contains(commandsOf(r.Steps), want) {
				t.Fatalf("handed over: %q, want %q", commandsOf(r.Steps), want)
			}
			if said := b.pasted(t, version, nil, commandsOf(r.Steps)); !strings.Contains(said, there) || b.imageOf(t, namespace) != there {
				t.Errorf("the image is %s after %s", b.imageOf(t, namespace), said)
			}
			b.pasted(t, version, nil, commandsOf(r.Undo))
			if got := b.imageOf(t, namespace); got != notThere {
				t.Errorf("the image is %s after it was taken back", got)
			}
			b.awaitRefused(t, namespace, notThere)

			// Without the right to list secrets the person looks which revision it is.
			b.reads(t, namespace)
			r, missed := b.handedOver(t, namespace, "helm-rollback", cluster.Viewer)
			if told := strings.Join(missed, "\n"); !strings.Contains(told, "so that the revisions of Helm release web are not known") {
				t.Errorf("it is not told what was not looked at: %q", missed)
			}
			b.pasted(t, version, []string{"REVISION=2"}, commandsOf(r.Steps))
			if got := b.imageOf(t, namespace); got != there {
				t.Errorf("the image is %s", got)
			}
		})
	}
}

// awaitRefused waits until a pod that stays fails to pull an image.
func (b bed) awaitRefused(t *testing.T, namespace, image string) {
	t.Helper()
	b.await(t, "the pull of "+image+" to fail", func(ctx context.Context) error {
		list, err := b.Kube.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(list.Items, func(p corev1.Pod) bool {
			return p.DeletionTimestamp == nil && slices.ContainsFunc(p.Status.ContainerStatuses, func(s corev1.ContainerStatus) bool {
				return p.Spec.Containers[0].Image == image && s.State.Waiting != nil && (s.State.Waiting.Reason == "ErrImagePull" || s.State.Waiting.Reason == "ImagePullBackOff")
			})
		}) {
			return fmt.Errorf("it fails in none of %d pods", len(list.Items))
		}
		return nil
	})
}
