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

// An underFlux is deployment/web, which asks for a tag that is not there, as Flux keeps it.
type underFlux struct {
	bed
	namespace string
}

// keptByFlux has Flux's controller make the deployment, and keep it until the test
// ends.
func (b bed) keptByFlux(t *testing.T) underFlux {
	t.Helper()
	b.define(t, "", "flux-kustomize", "flux-source")
	k := underFlux{b, b.namespace(t)}
	address, digest, size := artifact(t, strings.Replace(webOf("1.27.45"), "name: app,", "name: app, imagePullPolicy: Always,", 1))
	b.put(t, ociRepositories, k.namespace, "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata: {name: deploy}\nspec: {interval: 1h, suspend: true, url: \"oci://registry.acme.example/acme/deploy\"}\n")
	now := time.Now().UTC().Format(time.RFC3339)
	b.merge(t, ociRepositories, k.namespace, "deploy", fmt.Sprintf(`{"status":{"observedGeneration":1,"artifact":{"path":"web.tar.gz","url":%q,"revision":"latest@%s","digest":%q,"size":%d,"lastUpdateTime":%q},"conditions":[{"type":"Ready","status":"True","reason":"Succeeded","message":"","lastTransitionTime":%q,"observedGeneration":1}]}}`,
		address, digest, digest, size, now, now), "status")
	b.flux(t)
	b.put(t, kustomizations, k.namespace, "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: web}\nspec: {interval: 1h, path: ./, prune: false, targetNamespace: "+k.namespace+", sourceRef: {kind: OCIRepository, name: deploy}}\n")
	t.Cleanup(func() { k.letGo(t) }) // while the controller is there to do it
	b.awaitFailing(t, k.namespace, "web")
	return k
}

// letGo deletes the Kustomization, and waits until its controller has let it go.
func (k underFlux) letGo(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), longest)
	defer cancel()
	client := k.dynamic(t).Resource(kustomizations).Namespace(k.namespace)
	if err := client.Delete(ctx, "web", metav1.DeleteOptions{}); err != nil {
		t.Error(err)
		return
	}
	if err := k.until(ctx, func(ctx context.Context) error {
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
}

// kustomize changes the Kustomization's spec.
func (k underFlux) kustomize(t *testing.T, spec string) {
	t.Helper()
	k.merge(t, kustomizations, k.namespace, "web", `{"spec":`+spec+`}`)
}

// reconcile has Flux come by, and waits until it was here.
func (k underFlux) reconcile(t *testing.T) {
	t.Helper()
	token := time.Now().Format(time.RFC3339Nano)
	k.merge(t, kustomizations, k.namespace, "web", fmt.Sprintf(`{"metadata":{"annotations":{"reconcile.fluxcd.io/requestedAt":%q}}}`, token))
	k.await(t, "Flux to come by", func(ctx context.Context) error {
		o, err := k.dynamic(t).Resource(kustomizations).Namespace(k.namespace).Get(ctx, "web", metav1.GetOptions{})
		if err != nil {
			return err
		}
		if handled, _, _ := unstructured.NestedString(o.Object, "status", "lastHandledReconcileAt"); handled != token {
			return fmt.Errorf("it was here last at %q", handled)
		}
		return nil
	})
}

// mended is a fix that mends it here, for as long as Flux lets it.
func (k underFlux) mended(t *testing.T) v1alpha1.TargetFix {
	t.Helper()
	k.awaitFailingImage(t, k.namespace, notThere)
	got, done := k.fix(t, k.namespace, "deployment/web", "--to", there, "--here")
	if image := k.imageOf(t, k.namespace, "web"); done.code != 0 || got.Outcome != v1alpha1.FixMended || image != there {
		t.Fatalf("with --here: exit code %d, %s (%s), image %s", done.code, got.Outcome, got.Why, image)
	}
	return got
}

// wantBack checks when fix says that its change is set back.
func wantBack(t *testing.T, fixed v1alpha1.TargetFix, want string) {
	t.Helper()
	if fixed.Back != want {
		t.Errorf("it is set back %q, want %q", fixed.Back, want)
	}
}

// runs checks which image the deployment asks for.
func (k underFlux) runs(t *testing.T, when, want string) {
	t.Helper()
	if got := k.imageOf(t, k.namespace, "web"); got != want {
		t.Errorf("%s the image is %s, want %s", when, got, want)
	}
}

func (k underFlux) undo(t *testing.T, record string) ran {
	t.Helper()
	undone := k.run(t, "", nil, "undo", record, "-n", k.namespace, "--yes")
	if undone.code != 0 {
		t.Errorf("undo: exit code %d\n%s%s", undone.code, undone.out, undone.err)
	}
	k.runs(t, "after undo", notThere)
	return undone
}

// A real controller of Flux does what fix says that it will do, and undo finds its
// way after it. Each scene begins with what the one before it leaves.
func TestFluxDoesWhatFixForetells(t *testing.T) {
	k := open(t).keptByFlux(t)
	for _, scene := range []struct {
		name string
		play func(*testing.T)
	}{
		{"without --here it is refused, and told who keeps it", k.refuses},
		{"it sets back, and undo has nothing left to do", k.setsBack},
		{"halted, it leaves the change alone until it is resumed", k.resumes},
		{"where it comes by before a pod could pull, fix says who was there", k.comesByAtOnce},
		{"what it is told to leave alone stays, and undo takes it back", k.leavesAlone},
	} {
		if !t.Run(scene.name, scene.play) {
			return
		}
	}
}

func (k underFlux) refuses(t *testing.T) {
	refused, _ := k.fix(t, k.namespace, "deployment/web", "--to", there)
	if want := "Flux keeps it: Flux sets back what is changed here within 1h0m0s, its interval"; refused.Outcome != v1alpha1.FixRefused || !strings.HasPrefix(refused.Why, want) {
		t.Errorf("%s (%s), want %q", refused.Outcome, refused.Why, want)
	}
	shown := strings.Join(refused.Source, ", ")
	if want := "Flux Kustomization web in namespace " + k.namespace + ", path ./, from OCIRepository deploy in namespace " + k.namespace + " (oci://registry.acme.example/acme/deploy)"; shown != want {
		t.Errorf("kept by %q, want %q", shown, want)
	}
}

func (k underFlux) setsBack(t *testing.T) {
	fixed := k.mended(t)
	k.reconcile(t)
	k.runs(t, "after Flux came by,", notThere)
	undone := k.undo(t, fixed.Undo)
	if !strings.Contains(undone.out, "already as it was") {
		t.Errorf("undo says %s", undone.out)
	}
	if n := len(k.records(t, k.namespace)); n != 0 {
		t.Errorf("%d records are left", n)
	}
}

func (k underFlux) resumes(t *testing.T) {
	k.kustomize(t, `{"suspend":true}`)
	wantBack(t, k.mended(t), "Flux sets back what is changed here once it is resumed (it is suspended now)")
	k.kustomize(t, `{"suspend":false}`)
	k.reconcile(t)
	k.runs(t, "after it was resumed", notThere)
}

func (k underFlux) comesByAtOnce(t *testing.T) {
	k.awaitFailingImage(t, k.namespace, notThere)
	k.kustomize(t, `{"interval":"1s"}`)
	lift := k.rule(t, registries.Rule{Registry: registries.Plain, From: []string{layout.Nodes[0].Addr}, Effect: registries.Effect{Hang: true}})
	// An image of which no pod runs yet.
	got, done := k.fix(t, k.namespace, "deployment/web", "--to", registries.Plain+"/acme/app:1.27.3", "--here")
	if done.code != 1 || got.Outcome != v1alpha1.FixUndone || !strings.HasPrefix(got.Why, "kustomize-controller has set back what was changed") {
		t.Errorf("exit code %d, %s (%s)", done.code, got.Outcome, got.Why)
	}
	if err := lift(t.Context()); err != nil {
		t.Error(err)
	}
	k.kustomize(t, `{"interval":"1h"}`)
	k.reconcile(t) // the last turn of the old interval has been
	k.runs(t, "after all that", notThere)
}

func (k underFlux) leavesAlone(t *testing.T) {
	deployments := schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}
	k.merge(t, deployments, k.namespace, "web", `{"metadata":{"annotations":{"kustomize.toolkit.fluxcd.io/reconcile":"disabled"}}}`)
	fixed := k.mended(t)
	wantBack(t, fixed, "Flux leaves the object alone, as it is marked, so that what is changed here stays")
	k.reconcile(t)
	k.runs(t, "marked, after Flux came by,", there)
	k.undo(t, fixed.Undo)
}
