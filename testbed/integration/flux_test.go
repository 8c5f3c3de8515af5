// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/testbed/internal/layout"
	"github.com/pullmedic/pullmedic/testbed/internal/registries"
)

// artifact is a manifest as a source of Flux's gives it: an archive that a test
// serves, in place of the controller that reads a repository.
func artifact(t *testing.T, manifest string) (address, digest string, size int) {
	t.Helper()
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	archive := tar.NewWriter(zip)
	if err := archive.WriteHeader(&tar.Header{Name: "web.yaml", Mode: 0o644, Size: int64(len(manifest))}); err != nil {
		t.Fatal(err)
	}
	if _, err := archive.Write([]byte(manifest)); err != nil {
		t.Fatal(err)
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	data := packed.Bytes()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(data) }))
	t.Cleanup(server.Close)
	return server.URL + "/web.tar.gz", fmt.Sprintf("sha256:%x", sha256.Sum256(data)), len(data)
}

// flux starts Flux's kustomize-controller until the test ends.
func (b bed) flux(t *testing.T) {
	t.Helper()
	home := t.TempDir()
	log, err := os.Create(filepath.Join(home, "log"))
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(b.Bin("flux/kustomize-controller"), "--enable-leader-election=false", "--metrics-addr=0", "--health-addr=127.0.0.1:0", "--interval-jitter-percentage=0")
	command.Env = []string{"HOME=" + home, "TMPDIR=" + home, "RUNTIME_NAMESPACE=default", "KUBECONFIG=" + b.Kubeconfig()}
	command.Stdout, command.Stderr = log, log
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGKILL) // it has nothing to put in order
		_ = command.Wait()
		_ = log.Close()
		if said, err := os.ReadFile(log.Name()); t.Failed() && err == nil {
			t.Logf("the controller said:\n%s", said[max(0, len(said)-4<<10):])
		}
	})
}

// merge patches an object, or a part of it.
func (b bed) merge(t *testing.T, resource schema.GroupVersionResource, namespace, name, patch string, part ...string) {
	t.Helper()
	if _, err := b.dynamic(t).Resource(resource).Namespace(namespace).Patch(t.Context(), name, types.MergePatchType, []byte(patch), metav1.PatchOptions{}, part...); err != nil {
		t.Fatal(err)
	}
}

// reconcile has Flux come by, and waits until it was here.
func (b bed) reconcile(t *testing.T, namespace string) {
	t.Helper()
	token := time.Now().Format(time.RFC3339Nano)
	b.merge(t, kustomizations, namespace, "web", fmt.Sprintf(`{"metadata":{"annotations":{"reconcile.fluxcd.io/requestedAt":%q}}}`, token))
	b.await(t, "Flux to come by", func(ctx context.Context) error {
		k, err := b.dynamic(t).Resource(kustomizations).Namespace(namespace).Get(ctx, "web", metav1.GetOptions{})
		if err != nil {
			return err
		}
		if handled, _, _ := unstructured.NestedString(k.Object, "status", "lastHandledReconcileAt"); handled != token {
			return fmt.Errorf("it was here last at %q", handled)
		}
		return nil
	})
}

// A real controller of Flux does what fix says that it will do, and undo finds its
// way after it.
func TestFluxDoesWhatFixForetells(t *testing.T) {
	b := open(t)
	b.define(t, "", "flux-kustomize", "flux-source")
	namespace := b.namespace(t)
	text := strings.Replace(webOf("1.27.45"), "name: app,", "name: app, imagePullPolicy: Always,", 1)
	address, digest, size := artifact(t, text)
	b.put(t, ociRepositories, namespace, "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata: {name: deploy}\nspec: {interval: 1h, suspend: true, url: \"oci://registry.acme.example/acme/deploy\"}\n")
	now := time.Now().UTC().Format(time.RFC3339)
	b.merge(t, ociRepositories, namespace, "deploy", fmt.Sprintf(`{"status":{"observedGeneration":1,"artifact":{"path":"web.tar.gz","url":%q,"revision":"latest@%s","digest":%q,"size":%d,"lastUpdateTime":%q},"conditions":[{"type":"Ready","status":"True","reason":"Succeeded","message":"","lastTransitionTime":%q,"observedGeneration":1}]}}`,
		address, digest, digest, size, now, now), "status")
	b.flux(t)
	b.put(t, kustomizations, namespace, "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: web}\nspec: {interval: 1h, path: ./, prune: false, targetNamespace: "+namespace+", sourceRef: {kind: OCIRepository, name: deploy}}\n")
	t.Cleanup(func() { // while the controller is there to let it go
		ctx, cancel := context.WithTimeout(context.Background(), longest)
		defer cancel()
		client := b.dynamic(t).Resource(kustomizations).Namespace(namespace)
		if err := client.Delete(ctx, "web", metav1.DeleteOptions{}); err != nil {
			t.Error(err)
			return
		}
		if err := b.until(ctx, func(ctx context.Context) error {
			_, err := client.Get(ctx, "web", metav1.GetOptions{})
			switch {
			case err == nil:
				return errors.New("it is still there")
			case apierrors.IsNotFound(err):
				return nil
			}
			return err
		}); err != nil {
			t.Error(err)
		}
	})
	b.awaitFailing(t, namespace, "web")

	refused, _ := b.fix(t, namespace, "deployment/web", "--to", there)
	if want := "Flux keeps it: Flux sets back what is changed here within 1h0m0s, its interval"; refused.Outcome != v1alpha1.FixRefused || !strings.HasPrefix(refused.Why, want) {
		t.Errorf("without --here: %s (%s), want %q", refused.Outcome, refused.Why, want)
	}
	shown := strings.Join(refused.Source, ", ")
	if want := "Flux Kustomization web in namespace " + namespace + ", path ./, from OCIRepository deploy in namespace " + namespace + " (oci://registry.acme.example/acme/deploy)"; shown != want {
		t.Errorf("kept by %q, want %q", shown, want)
	}
	mended := func() v1alpha1.TargetFix {
		got, done := b.fix(t, namespace, "deployment/web", "--to", there, "--here")
		if done.code != 0 || got.Outcome != v1alpha1.FixMended || b.imageOf(t, namespace, "web") != there {
			t.Fatalf("with --here: exit code %d, %s (%s), image %s", done.code, got.Outcome, got.Why, b.imageOf(t, namespace, "web"))
		}
		return got
	}
	is := func(when, want string) {
		if got := b.imageOf(t, namespace, "web"); got != want {
			t.Errorf("%s the image is %s, want %s", when, got, want)
		}
	}

	// It sets back, as foretold; undo then has nothing left to do, and says so.
	first := mended()
	b.reconcile(t, namespace)
	is("after Flux came by,", notThere)
	undone := b.run(t, "", nil, "undo", first.Undo, "-n", namespace, "--yes")
	if undone.code != 0 || len(b.records(t, namespace)) != 0 {
		t.Errorf("undo after Flux: exit code %d, %d records left\n%s%s", undone.code, len(b.records(t, namespace)), undone.out, undone.err)
	}
	if !strings.Contains(undone.out, "already as it was") {
		t.Errorf("undo after Flux says %s", undone.out)
	}
	is("after undo", notThere)

	// Halted, as fix says how, it leaves the change alone until it is resumed.
	b.awaitFailingImage(t, namespace, notThere)
	b.merge(t, kustomizations, namespace, "web", `{"spec":{"suspend":true}}`)
	halted := mended()
	if want := "Flux sets back what is changed here once it is resumed (it is suspended now)"; halted.Back != want {
		t.Errorf("suspended: %q, want %q", halted.Back, want)
	}
	b.merge(t, kustomizations, namespace, "web", `{"spec":{"suspend":false}}`)
	b.reconcile(t, namespace)
	is("after it was resumed", notThere)

	// Where it comes by before a pod could pull, fix says who was there. It is an
	// image of which no pod runs yet.
	b.awaitFailingImage(t, namespace, notThere)
	b.merge(t, kustomizations, namespace, "web", `{"spec":{"interval":"1s"}}`)
	lift := b.rule(t, registries.Rule{Registry: registries.Plain, From: []string{layout.Nodes[0].Addr}, Effect: registries.Effect{Hang: true}})
	if got, done := b.fix(t, namespace, "deployment/web", "--to", registries.Plain+"/acme/app:1.27.3", "--here"); done.code != 1 || got.Outcome != v1alpha1.FixUndone || !strings.HasPrefix(got.Why, "kustomize-controller has set back what was changed") {
		t.Errorf("set back at once: exit code %d, %s (%s)", done.code, got.Outcome, got.Why)
	}
	if err := lift(t.Context()); err != nil {
		t.Error(err)
	}
	b.merge(t, kustomizations, namespace, "web", `{"spec":{"interval":"1h"}}`)
	b.reconcile(t, namespace) // the last turn of the old interval has been
	is("after all that", notThere)

	// What it is told to leave alone stays, and undo takes it back.
	b.awaitFailingImage(t, namespace, notThere)
	b.annotate(t, namespace, "kustomize.toolkit.fluxcd.io/reconcile", "disabled")
	alone := mended()
	if want := "Flux leaves the object alone, as it is marked, so that what is changed here stays"; alone.Back != want {
		t.Errorf("marked: %q, want %q", alone.Back, want)
	}
	b.reconcile(t, namespace)
	is("marked, after Flux came by,", there)
	if got := b.run(t, "", nil, "undo", alone.Undo, "-n", namespace, "--yes"); got.code != 0 {
		t.Errorf("undo: exit code %d\n%s%s", got.code, got.out, got.err)
	}
	is("after undo", notThere)
}

// annotate sets an annotation of deployment/web.
func (b bed) annotate(t *testing.T, namespace, key, value string) {
	t.Helper()
	deployments := schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}
	b.merge(t, deployments, namespace, "web", fmt.Sprintf(`{"metadata":{"annotations":{%q:%q}}}`, key, value))
}
