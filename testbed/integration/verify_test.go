// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/testbed/internal/e2e"
	"github.com/pullmedic/pullmedic/testbed/internal/faults"
	"github.com/pullmedic/pullmedic/testbed/internal/layout"
	"github.com/pullmedic/pullmedic/testbed/internal/registries"
)

// wish is a Deployment of one container that wants to land on the first node,
// with a pull secret for the image's registry beside it if password is set.
func wish(image, policy, user, password string) string {
	text := fmt.Sprintf(`apiVersion: apps/v1
kind: Deployment
metadata: {name: wish}
spec:
  template:
    spec:
      nodeSelector: {kubernetes.io/hostname: %s}
      imagePullSecrets: [{name: wish}]
      containers: [{name: app, image: %q, imagePullPolicy: %s}]
`, layout.Nodes[0].Name, image, policy)
	if password == "" {
		return strings.Replace(text, "      imagePullSecrets: [{name: wish}]\n", "", 1)
	}
	return text + "---\napiVersion: v1\nkind: Secret\nmetadata: {name: wish}\ntype: kubernetes.io/dockerconfigjson\ndata: {.dockerconfigjson: " + base64.StdEncoding.EncodeToString(dockerConfig(image, user, password)) + "}\n"
}

func dockerConfig(image, user, password string) []byte {
	host, _, _ := strings.Cut(image, "/")
	auth := base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
	return fmt.Appendf(nil, `{"auths":{%q:{"auth":%q}}}`, host, auth)
}

// verified runs verify and reads its document.
func (b bed) verified(t *testing.T, stdin string, env []string, args ...string) (v1alpha1.Verification, ran) {
	t.Helper()
	got := b.run(t, stdin, env, append([]string{"verify", "-o", "json"}, args...)...)
	if e2e.Leaked([]byte(got.out), []byte(got.err)) {
		t.Fatal("a secret shows")
	}
	decoder := json.NewDecoder(strings.NewReader(got.out))
	decoder.DisallowUnknownFields()
	var v v1alpha1.Verification
	if err := decoder.Decode(&v); err != nil {
		t.Fatalf("exit code %d, %v: stderr %s, stdout %s", got.code, err, got.err, got.out)
	}
	if len(v.Pulls) == 0 || slices.ContainsFunc(v.Pulls, func(p v1alpha1.NextPull) bool { return len(p.Vantages) == 0 }) {
		t.Fatalf("exit code %d, nothing is foreseen: %+v; stderr %s", got.code, v, got.err)
	}
	return v, got
}

// objects counts what could have been made.
func (b bed) objects(t *testing.T) [3]int {
	t.Helper()
	var n [3]int
	add := func(i int, namespace string) {
		if !strings.HasPrefix(namespace, "pm-") { // of other tests, which go when they go
			n[i]++
		}
	}
	deployments, err := b.Kube.AppsV1().Deployments("").List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range deployments.Items {
		add(0, d.Namespace)
	}
	secrets, err := b.Kube.CoreV1().Secrets("").List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range secrets.Items {
		add(1, s.Namespace)
	}
	pods, err := b.Kube.CoreV1().Pods("").List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pods.Items {
		add(2, p.Namespace)
	}
	return n
}

func TestVerifyForeseesOfAFile(t *testing.T) {
	b := open(t)
	account := registries.AccountOf(registries.Harbor)
	private := registries.Harbor + "/acme/app:1.27.4"
	before := b.objects(t)
	for name, c := range map[string]struct {
		file  string
		gone  bool // the registry lacks the blobs of acme/render
		code  int
		proof v1alpha1.Proof
		cause string
	}{
		"a healthy image":                {file: wish(registries.Plain+"/acme/app:1.27.4", "Always", "", ""), proof: v1alpha1.Proven},
		"a private image and its secret": {file: wish(private, "Always", account.User, account.Password), proof: v1alpha1.Proven},
		"a private image without one":    {file: wish(private, "Always", "", ""), code: 1, proof: v1alpha1.Disproved, cause: "CredentialsMissing"},
		"a wrong password":               {file: wish(private, "Always", account.User, registries.Canary+"-wrong-verify"), code: 1, proof: v1alpha1.Disproved, cause: "CredentialsInvalid"},
		"a missing tag":                  {file: wish(registries.Plain+"/acme/app:1.27.44", "Always", "", ""), code: 1, proof: v1alpha1.Disproved, cause: "TagNotFound"},
		"a missing platform":             {file: wish(registries.Plain+"/acme/arm:1.0", "Always", "", ""), code: 1, proof: v1alpha1.Disproved, cause: "PlatformMismatch"},
		"blobs that are gone":            {file: wish(registries.Plain+"/acme/render:3.1", "Always", "", ""), gone: true, code: 1, proof: v1alpha1.Disproved, cause: "LayerMissing"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.gone {
				rule := registries.Rule{ID: "verify-blobs", Registry: registries.Plain, Repository: "acme/render", Path: "/v2/acme/render/blobs/*", Effect: registries.Effect{
					Status: http.StatusNotFound, Headers: map[string]string{"Content-Type": "application/json"}, Body: `{"errors":[{"code":"BLOB_UNKNOWN","message":"blob unknown to registry"}]}`,
				}}
				if err := b.Registries.SetRule(t.Context(), rule); err != nil {
					t.Fatal(err)
				}
				defer func() {
					if err := b.Registries.RemoveRule(context.WithoutCancel(t.Context()), rule.ID); err != nil {
						t.Error(err)
					}
				}()
			}
			v, got := b.verified(t, c.file, nil, "-f", "-")
			if got.code != c.code || v.Proof != c.proof || len(v.Pulls) != 1 || v.Pulls[0].Cause != c.cause || v.Pulls[0].Platform != "linux/amd64" {
				t.Fatalf("exit code %d, want %d; %s %+v; stderr %s", got.code, c.code, v.Proof, v.Pulls, got.err)
			}
			p := v.Pulls[0]
			if c.proof == v1alpha1.Proven && (p.Size == nil || p.Size.Bytes == 0) {
				t.Errorf("the size is %+v", p.Size)
			}
			if last := p.Vantages[len(p.Vantages)-1]; last.Vantage != v1alpha1.Node || last.Proof == v1alpha1.Disproved {
				t.Errorf("the node's view is %+v", last)
			}
		})
	}
	if after := b.objects(t); after != before {
		t.Errorf("deployments, secrets and pods were %v and are %v", before, after)
	}
}

// A pod that runs: its image is on the node, and its policy asks all the same. It
// is an image whose content no other has: a node tells five names of one content,
// and other tests may have brought more.
func TestVerifyOfWhatIsOnTheNode(t *testing.T) {
	b := open(t)
	const image = registries.Plain + "/acme/render:3.1"
	y, node := b.yard(t), layout.Nodes[0]
	template := templateOf(image)
	y.make(&corev1.Pod{ObjectMeta: template.ObjectMeta, Spec: template.Spec})
	y.awaitReady(1)
	args := []string{"pod/" + faults.PodName, "-n", y.namespace}
	b.await(t, "the kubelet to report what it has", func(ctx context.Context) error {
		on, err := b.Kube.CoreV1().Nodes().Get(ctx, node.Name, metav1.GetOptions{})
		if err == nil && !slices.ContainsFunc(on.Status.Images, func(i corev1.ContainerImage) bool { return slices.Contains(i.Names, image) }) {
			err = fmt.Errorf("it has %+v", on.Status.Images)
		}
		return err
	})
	v, got := b.verified(t, "", nil, args...)
	p := v.Pulls[0]
	if got.code != 0 || p.Proof != v1alpha1.Proven || p.Need != v1alpha1.Needed || !slices.Contains(p.HaveIt, node.Name) ||
		!strings.Contains(strings.Join(p.Notes, "\n"), "the policy Always is the only reason for this pull: node "+node.Name+" lists the image, by the digest that the registry has now") {
		t.Errorf("exit code %d, %+v", got.code, p)
	}
	if last := p.Vantages[len(p.Vantages)-1]; last.Vantage != v1alpha1.Node || last.Proof != v1alpha1.Proven || !strings.Contains(last.Sentence, "pulled the same image") {
		t.Errorf("the node's view is %+v", last)
	}
	text := b.run(t, "", nil, append([]string{"verify"}, args...)...)
	if !strings.HasPrefix(text.out, "Proven from here: "+image) || text.code != 0 {
		t.Errorf("exit code %d\n%s", text.code, text.out)
	}
	t.Log(text.out)
}

// "It works on my machine", because of a login there.
func TestVerifyAsMe(t *testing.T) {
	b := open(t)
	account := registries.AccountOf(registries.Harbor)
	image := registries.Harbor + "/acme/app:1.27.4"
	docker := t.TempDir()
	if err := os.WriteFile(filepath.Join(docker, "config.json"), dockerConfig(image, account.User, account.Password), 0o600); err != nil {
		t.Fatal(err)
	}
	v, got := b.verified(t, wish(image, "Always", "", ""), []string{"DOCKER_CONFIG=" + docker, "HOME=" + t.TempDir()}, "-f", "-", "--as-me")
	p := v.Pulls[0]
	if got.code != 1 || p.Proof != v1alpha1.Disproved || p.AsMe == nil || p.AsMe.Proof != v1alpha1.Proven || !p.AsMe.Login {
		t.Fatalf("exit code %d, %+v, %+v", got.code, p, p.AsMe)
	}
	if said := strings.Join(p.AsMe.Sentences, "\n"); !strings.Contains(said, "it is not public, though it looks so to you: you are logged in to "+registries.Harbor) {
		t.Errorf("it says %q", said)
	}
}

func TestVerifyWithLesserRights(t *testing.T) {
	b := open(t)
	namespace := b.inject(t, "wrong-password")
	b.grant(t, "none.yaml", "")
	v, got := b.verified(t, "", nil, "pod/app", "-n", namespace, "--context", "viewer")
	if len(v.Pulls) != 1 || len(v.NotLookedAt) > 0 || v.Pulls[0].Proof == v1alpha1.Proven || got.code == 0 || !strings.Contains(got.out, "you may not read secret harbor") {
		t.Errorf("exit code %d, %+v, stderr %s", got.code, v, got.err)
	}
}
