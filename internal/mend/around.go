// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/internal/remedy"
	"github.com/pullmedic/pullmedic/internal/shell"
)

const (
	// aroundLimit bounds what is asked about the source of one object.
	aroundLimit = 5 * time.Second
	// maxSource bounds a text of a source: an address, a path.
	maxSource = 300
)

// An origin is where an object comes from, as far as the cluster shows it. What
// may not be read, or is not there, is only left out.
type origin struct {
	m    *Mender
	t    *remedy.Target
	live *unstructured.Unstructured
}

// origin fills in the source of a target, when that sets back what is changed
// here, and how a person halts it meanwhile.
func (m *Mender) origin(ctx context.Context, live *unstructured.Unstructured, t *remedy.Target) {
	ctx, cancel := context.WithTimeout(ctx, aroundLimit)
	defer cancel()
	o := origin{m, t, live}
	t.Pace, t.Rollout = pace(live), rollout(live, t.Wanted)
	switch t.Manager.Tool {
	case "":
	case "Helm":
		o.helm()
	case "Argo CD":
		o.argo(ctx)
	case "Flux":
		if release := o.mark("helm.toolkit.fluxcd.io/name"); release != "" {
			o.helmRelease(ctx, release)
		} else {
			o.kustomization(ctx)
		}
	default:
		o.say("%s keeps it", t.Manager.Tool)
		t.Back = t.Manager.Tool + " may set back what is changed here"
	}
	if a := t.Above; a.Name != "" {
		o.say("%s/%s makes it", strings.ToLower(a.Kind), a.Name)
		t.Back = cmp.Or(t.Back, "the operator of "+strings.ToLower(a.Kind)+"/"+a.Name+" may set back what is changed here")
		if command, ok := shell.Command("kubectl", "edit", strings.ToLower(a.Kind), a.Name, "-n", t.Namespace); ok && len(validation.IsDNS1123Subdomain(a.Name)) == 0 {
			t.Lasting = append(t.Lasting, remedy.Step{What: "Change it in the object that its operator reads", Where: "where kubectl is", Commands: []string{command}})
		}
	}
}

func (o origin) say(format string, args ...any) {
	o.t.Source = append(o.t.Source, foreign.Text(fmt.Sprintf(format, args...), maxSource))
}

// mark is a label or an annotation of the object.
func (o origin) mark(key string) string {
	return cmp.Or(o.live.GetLabels()[key], o.live.GetAnnotations()[key])
}

// halt adds how to halt the tool, and how to let it go on.
func (o origin) halt(what string, stop, resume []string) {
	s, ok := shell.Command(stop...)
	r, also := shell.Command(resume...)
	if !ok || !also {
		return
	}
	o.t.Lasting = append(o.t.Lasting, remedy.Step{What: "Until that is done, halt " + what, Where: "where its command line is logged in", Commands: []string{s}})
	o.t.Resume = append(o.t.Resume, remedy.Step{What: "Let " + what + " go on, once the change is in its source", Where: "where its command line is logged in", Commands: []string{r}})
}

// helm tells of a release. Its Secret, which holds the values too, is not read.
func (o origin) helm() {
	namespace, name := split(o.t.Manager.Name, o.t.Namespace)
	if name == "" {
		o.say("a Helm release")
	} else {
		o.say("Helm release %s in namespace %s", name, namespace)
	}
	o.chart()
	o.t.Back = "the next helm upgrade sets back what is changed here"
	step := remedy.Step{What: "Change it in the values of the release, and upgrade it", Where: "where the release is made"}
	if command, ok := shell.Command("helm", "get", "values", name, "-n", namespace); ok && isName(name) && isName(namespace) {
		step.Commands = []string{command}
	}
	o.t.Lasting = append(o.t.Lasting, step)
}

func (o origin) chart() {
	if chart := o.mark("helm.sh/chart"); chart != "" {
		o.say("chart %s", chart)
	}
}

// argo tells of an Argo CD application
// (https://argo-cd.readthedocs.io/en/stable/operator-manual/application.yaml).
func (o origin) argo(ctx context.Context) {
	name := o.t.Manager.Name
	o.say("Argo CD application %s", cmp.Or(name, "of an unknown name"))
	o.chart()
	o.t.Back = "Argo CD sets back what is changed here with its next sync, within seconds where self-heal is on"
	// An application outside of Argo CD's own namespace is marked NAMESPACE_NAME.
	places := []string{"argocd", "openshift-gitops"}
	full := name // as Argo CD's command line wants it
	if ns, rest, ok := strings.Cut(name, "_"); ok {
		places, name, full = []string{ns}, rest, ns+"/"+rest
	}
	var app *unstructured.Unstructured
	for _, ns := range places {
		if app = o.read(ctx, "argoproj.io/v1alpha1", "Application", "applications", ns, name); app != nil {
			break
		}
	}
	step := remedy.Step{What: "Change it in what the application is made of, and sync it", Where: "where the application's source is"}
	if app != nil {
		spec, _, _ := unstructured.NestedMap(app.Object, "spec")
		sources, _, _ := unstructured.NestedSlice(spec, "sources")
		if one, ok := spec["source"].(map[string]any); ok {
			sources = append([]any{one}, sources...)
		}
		for _, s := range sources[:min(len(sources), 4)] {
			if words := sourceWords(s); words != "" {
				o.say("from %s", words)
				step.Where = "in " + foreign.Text(words, maxSource)
			}
		}
		auto, automated, _ := unstructured.NestedMap(spec, "syncPolicy", "automated")
		if enabled, set := auto["enabled"].(bool); set && !enabled {
			automated = false
		}
		heals, _ := auto["selfHeal"].(bool)
		switch {
		case automated && heals:
			o.t.Back = "Argo CD sets back what is changed here within seconds, as self-heal is on"
		case automated:
			o.t.Back = "Argo CD sets back what is changed here with the next commit, as it syncs by itself"
		default:
			o.t.Back = "Argo CD sets back what is changed here when somebody syncs the application"
		}
		o.t.Lasting = append(o.t.Lasting, step)
		if automated && isName(name) {
			resume := []string{"argocd", "app", "set", full, "--sync-policy", "automated"}
			// All three are forgotten with the policy.
			for _, option := range []struct{ field, flag string }{{"selfHeal", "--self-heal"}, {"prune", "--auto-prune"}, {"allowEmpty", "--allow-empty"}} {
				if on, _ := auto[option.field].(bool); on {
					resume = append(resume, option.flag)
				}
			}
			o.halt("Argo CD", []string{"argocd", "app", "set", full, "--sync-policy", "none"}, resume)
		}
		return
	}
	o.t.Lasting = append(o.t.Lasting, step)
	if isName(name) && (full == name || isName(places[0])) {
		o.halt("Argo CD, if it syncs by itself", []string{"argocd", "app", "set", full, "--sync-policy", "none"}, []string{"argocd", "app", "set", full, "--sync-policy", "automated"})
		for i := range o.t.Resume {
			o.t.Resume[i].What += "; add --self-heal and --auto-prune if it had them"
		}
	}
}

// kustomization tells of a Flux Kustomization and the repository that it reads
// (https://fluxcd.io/flux/components/kustomize/kustomizations/).
func (o origin) kustomization(ctx context.Context) {
	namespace, name := split(o.t.Manager.Name, "flux-system")
	o.say("Flux Kustomization %s in namespace %s", cmp.Or(name, "of an unknown name"), namespace)
	o.t.Back = "Flux sets back what is changed here with its next reconciliation"
	step := remedy.Step{What: "Change it in what the Kustomization is made of", Where: "where its source is"}
	if k := o.read(ctx, "kustomize.toolkit.fluxcd.io/v1", "Kustomization", "kustomizations", namespace, name); k != nil {
		if path, _, _ := unstructured.NestedString(k.Object, "spec", "path"); path != "" {
			o.say("path %s", path)
		}
		if words := o.repository(ctx, k, namespace, "spec", "sourceRef"); words != "" {
			step.Where = "in " + words
		}
		o.backWithin(k)
	}
	o.t.Lasting = append(o.t.Lasting, step)
	o.flux("kustomization", namespace, name)
}

// helmRelease tells of a Flux HelmRelease
// (https://fluxcd.io/flux/components/helm/helmreleases/).
func (o origin) helmRelease(ctx context.Context, name string) {
	namespace := cmp.Or(o.mark("helm.toolkit.fluxcd.io/namespace"), o.t.Namespace)
	o.say("Flux HelmRelease %s in namespace %s", name, namespace)
	o.t.Back = "Flux sets back what is changed here with the release's next upgrade"
	if r := o.read(ctx, "helm.toolkit.fluxcd.io/v2", "HelmRelease", "helmreleases", namespace, name); r != nil {
		chart, _, _ := unstructured.NestedString(r.Object, "spec", "chart", "spec", "chart")
		version, _, _ := unstructured.NestedString(r.Object, "spec", "chart", "spec", "version")
		if chart != "" {
			o.say("%s", strings.TrimSpace("chart "+chart+" "+version))
		}
		o.repository(ctx, r, namespace, "spec", "chart", "spec", "sourceRef")
		// Only with drift detection is more than the chart's own changes set back.
		if mode, _, _ := unstructured.NestedString(r.Object, "spec", "driftDetection", "mode"); mode == "enabled" {
			o.backWithin(r)
		}
	} else {
		o.chart()
	}
	o.t.Lasting = append(o.t.Lasting, remedy.Step{What: "Change it in the values of the HelmRelease, in its source", Where: "where its source is"})
	o.flux("helmrelease", namespace, name)
}

// flux says how to halt a reconciliation.
func (o origin) flux(kind, namespace, name string) {
	if isName(namespace) && isName(name) {
		o.halt("Flux", []string{"flux", "suspend", kind, name, "-n", namespace}, []string{"flux", "resume", kind, name, "-n", namespace})
	}
}

// backWithin says when Flux comes by again.
func (o origin) backWithin(of *unstructured.Unstructured) {
	if suspended, _, _ := unstructured.NestedBool(of.Object, "spec", "suspend"); suspended {
		o.t.Back = "Flux sets back what is changed here once it is resumed (it is suspended now)"
		return
	}
	interval, _, _ := unstructured.NestedString(of.Object, "spec", "interval")
	if d, err := time.ParseDuration(interval); err == nil && d > 0 {
		o.t.Back = "Flux sets back what is changed here within " + d.String() + ", its interval"
	}
}

// repository says which source an object of Flux reads.
func (o origin) repository(ctx context.Context, of *unstructured.Unstructured, namespace string, fields ...string) string {
	ref, _, _ := unstructured.NestedStringMap(of.Object, fields...)
	kind, name := ref["kind"], ref["name"]
	if name == "" {
		return ""
	}
	namespace = cmp.Or(ref["namespace"], namespace)
	words := kind + " " + name + " in namespace " + namespace
	resources := map[string]string{"GitRepository": "gitrepositories", "OCIRepository": "ocirepositories", "HelmRepository": "helmrepositories", "Bucket": "buckets"}
	if resource := resources[kind]; resource != "" {
		if r := o.read(ctx, "source.toolkit.fluxcd.io/v1", kind, resource, namespace, name); r != nil {
			address, _, _ := unstructured.NestedString(r.Object, "spec", "url")
			if address = bare(address); address != "" {
				words += " (" + address + ")"
			}
		}
	}
	o.say("from %s", words)
	return foreign.Text(words, maxSource)
}

// read reads an object of a tool's; nil if that is not to be had.
func (o origin) read(ctx context.Context, apiVersion, kind, resource, namespace, name string) *unstructured.Unstructured {
	if !isName(namespace) || !isName(name) {
		return nil
	}
	got, err := o.m.edit.Get(ctx, remedy.Object{APIVersion: apiVersion, Kind: kind, Resource: resource, Namespace: namespace, Name: name})
	if err != nil {
		return nil // not there, or not for this user: then less is told
	}
	return got
}

// sourceWords are an Argo CD source's repository, path or chart, and revision.
func sourceWords(source any) string {
	s, _ := source.(map[string]any)
	text := func(key string) string { v, _ := s[key].(string); return v }
	address := bare(text("repoURL"))
	if address == "" {
		return ""
	}
	for _, part := range []struct{ name, value string }{{"path", text("path")}, {"chart", text("chart")}, {"revision", text("targetRevision")}} {
		if part.value != "" {
			address += ", " + part.name + " " + part.value
		}
	}
	return address
}

// bare is an address without what may be secret in it: user, query, fragment.
func bare(address string) string {
	u, err := url.Parse(address)
	switch {
	case err == nil && u.Host != "":
		return u.Scheme + "://" + u.Host + u.Path
	case err == nil && (u.Scheme != "" || u.User != nil):
		return ""
	}
	// git@example.com:acme/deploy.git is no URL; what stands before the last @ is a
	// login, and what stands behind ? or # may be a token.
	address = address[strings.LastIndexByte(address, '@')+1:]
	if end := strings.IndexAny(address, "?#"); end >= 0 {
		address = address[:end]
	}
	return address
}

// split takes NAMESPACE/NAME apart.
func split(name, namespace string) (string, string) {
	if ns, rest, ok := strings.Cut(name, "/"); ok {
		return ns, rest
	}
	return namespace, name
}

func isName(s string) bool { return len(validation.IsDNS1123Subdomain(s)) == 0 }
