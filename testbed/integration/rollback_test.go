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

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/testbed/internal/cluster"
)

// handedOver is a remedy that is handed over for deployment/web, as the context's
// user sees it, and what could not be looked at.
func (b bed) handedOver(t *testing.T, namespace, id, as string) (r v1alpha1.Remedy, missed []string) {
	t.Helper()
	f := b.planned(t, namespace, as, "deployment/web")
	for _, g := range f.NotLookedAt {
		missed = append(missed, g.Why)
	}
	return remedyOf(f, id), missed
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
			b.awaitFailingImage(t, namespace, notThere)
			r, _ := b.handedOver(t, namespace, "helm-rollback", cluster.Admin)
			if want := "helm rollback web 2 -n " + namespace; !strings.Contains(commandsOf(r.Steps), want) {
				t.Fatalf("handed over: %q, want %q", commandsOf(r.Steps), want)
			}
			if said := b.pasted(t, version, nil, commandsOf(r.Steps)); !strings.Contains(said, there) || b.imageOf(t, namespace, "web") != there {
				t.Errorf("the image is %s after %s", b.imageOf(t, namespace, "web"), said)
			}
			b.pasted(t, version, nil, commandsOf(r.Undo))
			if got := b.imageOf(t, namespace, "web"); got != notThere {
				t.Errorf("the image is %s after it was taken back", got)
			}
			b.awaitFailingImage(t, namespace, notThere)

			// Without the right to list secrets the person looks which revision it is.
			b.permitReading(t, namespace)
			r, missed := b.handedOver(t, namespace, "helm-rollback", cluster.Viewer)
			if told := strings.Join(missed, "\n"); !strings.Contains(told, "so that the revisions of Helm release web are not known") {
				t.Errorf("it is not told what was not looked at: %q", missed)
			}
			b.pasted(t, version, []string{"REVISION=2"}, commandsOf(r.Steps))
			if got := b.imageOf(t, namespace, "web"); got != there {
				t.Errorf("the image is %s", got)
			}
		})
	}
}
