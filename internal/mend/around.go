// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/edit"
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
// may not be read is told among what was not looked at.
type origin struct {
	m    *Mender
	k    *remedy.Case
	t    *remedy.Target
	live *unstructured.Unstructured
}

// origin fills in the source of a case's target, when that sets back what is
// changed here, and how a person halts it meanwhile.
func (m *Mender) origin(ctx context.Context, live *unstructured.Unstructured, k *remedy.Case) {
	ctx, cancel := context.WithTimeout(ctx, aroundLimit)
	defer cancel()
	t := &k.Target
	o := origin{m, k, t, live}
	t.Pace, t.Rollout = pace(live), rollout(live, t.Wanted)
	switch t.Manager.Tool {
	case "":
	case "Helm":
		o.helm(ctx)
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
		o.say("%s makes it", a)
		t.Back = cmp.Or(t.Back, "the operator of "+a.String()+" may set back what is changed here")
		if command, ok := shell.Command("kubectl", "edit", a.Type(), a.Name, "-n", t.Namespace); ok && isName(a.Name) && isName(a.Type()) {
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

// helm tells of a release. What its Secrets hold, the values too, is not read.
func (o origin) helm(ctx context.Context) {
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
	o.release(ctx, namespace, name)
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
	// An application outside of Argo CD's own namespace is marked NAMESPACE_NAME.
	places := []string{"argocd", "openshift-gitops"}
	full := name // as Argo CD's command line wants it
	if ns, rest, ok := strings.Cut(name, "_"); ok {
		places, name, full = []string{ns}, rest, ns+"/"+rest
	}
	step := remedy.Step{What: "Change it in what the application is made of, and sync it", Where: "where the application's source is"}
	app := o.keeper(ctx, remedy.Object{APIVersion: "argoproj.io/v1alpha1", Kind: "Application", Resource: "applications", Name: name}, places...)
	if app == nil {
		o.t.Back = "Argo CD sets back what is changed here with its next sync, within seconds where self-heal is on"
		o.t.Lasting = append(o.t.Lasting, step)
		if isName(name) && (full == name || isName(places[0])) {
			o.haltArgo("Argo CD, if it syncs by itself", full)
			for i := range o.t.Resume {
				o.t.Resume[i].What += "; add --self-heal and --auto-prune if it had them"
			}
		}
		return
	}
	if words := o.argoSources(app); words != "" {
		step.Where = "in " + words
	}
	o.t.Lasting = append(o.t.Lasting, step)
	auto, automated, _ := unstructured.NestedMap(app.Object, "spec", "syncPolicy", "automated")
	if enabled, set := auto["enabled"].(bool); set && !enabled {
		automated = false
	}
	heals, _ := auto["selfHeal"].(bool)
	switch {
	case app.GetAnnotations()["argocd.argoproj.io/skip-reconcile"] == "true":
		o.t.Back = "Argo CD sets back what is changed here once it looks after the application again (it is told to skip it now)"
	case automated && heals:
		o.t.Back = "Argo CD sets back what is changed here within seconds, as self-heal is on"
	case automated:
		o.t.Back = "Argo CD sets back what is changed here with the next commit, as it syncs by itself"
	default:
		o.t.Back = "Argo CD sets back what is changed here when somebody syncs the application"
	}
	if !automated || !isName(name) {
		return
	}
	var flags []string // of what is forgotten with the policy
	for _, option := range []struct{ field, flag string }{{"selfHeal", "--self-heal"}, {"prune", "--auto-prune"}, {"allowEmpty", "--allow-empty"}} {
		if on, _ := auto[option.field].(bool); on {
			flags = append(flags, option.flag)
		}
	}
	o.haltArgo("Argo CD", full, flags...)
}

// argoSources tells of what an application is made of, and returns the last of it,
// in words; "" if it does not show.
func (o origin) argoSources(app *unstructured.Unstructured) string {
	sources, _, _ := unstructured.NestedSlice(app.Object, "spec", "sources")
	if one, ok, _ := unstructured.NestedMap(app.Object, "spec", "source"); ok {
		sources = append([]any{one}, sources...)
	}
	last := ""
	for _, s := range sources[:min(len(sources), 4)] {
		if words := sourceWords(s); words != "" {
			o.say("from %s", words)
			last = foreign.Text(words, maxSource)
		}
	}
	return last
}

// haltArgo says how to halt an application's syncs; flags have it go on as before.
func (o origin) haltArgo(what, app string, flags ...string) {
	policy := func(is string) []string { return []string{"argocd", "app", "set", app, "--sync-policy", is} }
	o.halt(what, policy("none"), append(policy("automated"), flags...))
}

// kustomization tells of a Flux Kustomization and the repository that it reads
// (https://fluxcd.io/flux/components/kustomize/kustomizations/).
func (o origin) kustomization(ctx context.Context) {
	namespace, name := split(o.t.Manager.Name, "flux-system")
	o.say("Flux Kustomization %s in namespace %s", cmp.Or(name, "of an unknown name"), namespace)
	o.t.Back = "Flux sets back what is changed here with its next reconciliation"
	step := remedy.Step{What: "Change it in what the Kustomization is made of", Where: "where its source is"}
	if k := o.keeper(ctx, remedy.Object{APIVersion: "kustomize.toolkit.fluxcd.io/v1", Kind: "Kustomization", Resource: "kustomizations", Name: name}, namespace); k != nil {
		if path, _, _ := unstructured.NestedString(k.Object, "spec", "path"); path != "" {
			o.say("path %s", path)
		}
		if words := o.repository(ctx, k, namespace, "spec", "sourceRef"); words != "" {
			step.Where = "in " + words
		}
		o.backWithin(k)
	}
	// What Flux leaves alone, object by object
	// (https://fluxcd.io/flux/components/kustomize/kustomizations/#controlling-the-apply-behavior-of-resources).
	switch group := "kustomize.toolkit.fluxcd.io/"; {
	case o.mark(group+"reconcile") == "disabled", o.mark(group+"ssa") == "Ignore", o.mark(group+"ssa") == "IfNotPresent":
		o.t.Back = "Flux leaves the object alone, as it is marked, so that what is changed here stays"
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
	if r := o.keeper(ctx, remedy.Object{APIVersion: "helm.toolkit.fluxcd.io/v2", Kind: "HelmRelease", Resource: "helmreleases", Name: name}, namespace); r != nil {
		chart, _, _ := unstructured.NestedString(r.Object, "spec", "chart", "spec", "chart")
		version, _, _ := unstructured.NestedString(r.Object, "spec", "chart", "spec", "version")
		if chart != "" {
			o.say("%s", strings.TrimSpace("chart "+chart+" "+version))
		}
		o.repository(ctx, r, namespace, "spec", "chart", "spec", "sourceRef")
		o.repository(ctx, r, namespace, "spec", "chartRef")
		// Only with drift detection is more than the chart's own changes set back.
		mode, _, _ := unstructured.NestedString(r.Object, "spec", "driftDetection", "mode")
		if isSuspended(r) || mode == "enabled" && o.mark("helm.toolkit.fluxcd.io/driftDetection") != "disabled" {
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
	if isSuspended(of) {
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
		r, err := o.read(ctx, remedy.Object{APIVersion: "source.toolkit.fluxcd.io/v1", Kind: kind, Resource: resource, Namespace: namespace, Name: name})
		if err == nil {
			address, _, _ := unstructured.NestedString(r.Object, "spec", "url")
			if address = bare(address); address != "" {
				words += " (" + address + ")"
			}
		} else if edit.ReasonOf(err) != edit.NotFound {
			o.unread(err)
		}
	}
	o.say("from %s", words)
	return foreign.Text(words, maxSource)
}

// keeper reads the object of a tool's that keeps the target, from the first of the
// namespaces that has it; nil if it is not to be had, and why is told: one
// cluster's Argo CD or Flux may keep the objects of another.
func (o origin) keeper(ctx context.Context, object remedy.Object, namespaces ...string) *unstructured.Unstructured {
	if !isName(object.Name) {
		return nil
	}
	var refused error
	for _, namespace := range namespaces {
		object.Namespace = namespace
		got, err := o.read(ctx, object)
		if err == nil {
			return got
		}
		if edit.ReasonOf(err) != edit.NotFound {
			refused = cmp.Or(refused, err)
		}
	}
	if refused != nil {
		o.unread(refused)
	} else {
		o.say("no such %s in this cluster", object.Kind)
	}
	return nil
}

// read reads an object whose name somebody else wrote: what is no name is not
// there.
func (o origin) read(ctx context.Context, object remedy.Object) (*unstructured.Unstructured, error) {
	if !isName(object.Namespace) || !isName(object.Name) {
		return nil, &edit.Error{Reason: edit.NotFound, Verb: "get", Object: object}
	}
	return o.m.edit.Get(ctx, object)
}

// unread tells that something of the source could not be read, and so less of it
// is known.
func (o origin) unread(err error) {
	g := evidence.Gap{Check: evidence.CheckHistory, Subject: o.subject(), Why: err.Error()}
	if refused, ok := errors.AsType[*edit.Error](err); ok && refused.Reason == edit.Forbidden {
		it := refused.Object
		g.Why = "you may not read " + it.String() + " in namespace " + it.Namespace
		g.Needs = edit.Right{Verb: refused.Verb, Group: it.Group(), Resource: it.Resource, Namespace: it.Namespace}.String()
	}
	o.missed(g)
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
