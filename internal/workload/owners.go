// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"context"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/internal/managedfields"
)

// maxAbove bounds the objects of unknown kinds that are read on the way up:
// Knative, the longest chain in use, has three above its Deployment.
const maxAbove = 4

// climb goes on from an object to the controllers above it, whatever their
// kinds: of those only the metadata is read. The way ends where an object has no
// controller, may not be read, or was met before.
func (w *Workload) climb(ctx context.Context, ask Asker, o metav1.Object) {
	w.manage(o)
	met := map[types.UID]bool{o.GetUID(): true}
	for range maxAbove {
		owner := metav1.GetControllerOf(o)
		if owner == nil || met[owner.UID] {
			return
		}
		met[owner.UID] = true
		w.under(object(w.Owner.Namespace, *owner))
		above, err := ask.Metadata(ctx, w.Owner.Namespace, *owner)
		if err != nil {
			w.Errs = append(w.Errs, err)
			return
		}
		w.manage(above)
		if by := managedfields.Last(above.ObjectMeta, "f:spec"); !by.Time.IsZero() {
			w.Changes = append(w.Changes, evidence.Change{Time: by.Time, Object: w.Owner, What: "its spec", By: by.By})
		}
		o = above
	}
}

// under makes what was the owner an object on the way to the new one.
func (w *Workload) under(owner evidence.Object) {
	w.Via = append(w.Via, w.Owner)
	w.Owner = owner
}

// manage notes who keeps the object as it is. The highest object that tells
// counts.
func (w *Workload) manage(o metav1.Object) {
	m := managerOf(o.GetLabels(), o.GetAnnotations())
	if m.Tool == "" && w.Manager.Tool == "" {
		m = managerBy(managedfields.Last(metav1.ObjectMeta{ManagedFields: o.GetManagedFields()}, "f:spec").By)
	}
	if m.Tool != "" {
		w.Manager = m
	}
}

// managerBy knows the field managers under which the tools that reconcile write,
// for objects that carry no mark of theirs.
func managerBy(manager string) evidence.Manager {
	if strings.HasPrefix(manager, "pulumi-") {
		return evidence.Manager{Tool: "Pulumi"}
	}
	switch manager {
	case "Terraform", "HashiCorp": // a manifest of the provider's, and its own resources
		return evidence.Manager{Tool: "Terraform"}
	case "argocd-controller", "argocd-application-controller":
		return evidence.Manager{Tool: "Argo CD"}
	case "kustomize-controller", "helm-controller":
		return evidence.Manager{Tool: "Flux"}
	case "helm":
		return evidence.Manager{Tool: "Helm"}
	}
	return evidence.Manager{}
}

// managerOf reads the labels and annotations that the tools document: those of
// the ones that reconcile first, because they undo what is changed by hand
// (https://argo-cd.readthedocs.io/en/stable/user-guide/resource_tracking/,
// https://fluxcd.io/flux/components/kustomize/kustomizations/,
// https://fluxcd.io/flux/components/helm/helmreleases/,
// https://helm.sh/docs/chart_best_practices/labels/).
func managerOf(labels, annotations map[string]string) evidence.Manager {
	named := func(tool, namespace, name string) evidence.Manager {
		if namespace != "" {
			name = namespace + "/" + name
		}
		return evidence.Manager{Tool: tool, Name: foreign.Text(name, 253)}
	}
	if id := annotations["argocd.argoproj.io/tracking-id"]; id != "" {
		app, _, _ := strings.Cut(id, ":")
		return named("Argo CD", "", app)
	}
	if app := labels["argocd.argoproj.io/instance"]; app != "" {
		return named("Argo CD", "", app)
	}
	if name := labels["kustomize.toolkit.fluxcd.io/name"]; name != "" {
		return named("Flux", labels["kustomize.toolkit.fluxcd.io/namespace"], name)
	}
	if name := labels["helm.toolkit.fluxcd.io/name"]; name != "" {
		return named("Flux", labels["helm.toolkit.fluxcd.io/namespace"], name)
	}
	if release := annotations["meta.helm.sh/release-name"]; release != "" {
		return named("Helm", annotations["meta.helm.sh/release-namespace"], release)
	}
	switch by := labels["app.kubernetes.io/managed-by"]; by {
	case "":
		return evidence.Manager{}
	case "Helm":
		return named("Helm", "", labels["app.kubernetes.io/instance"])
	default:
		return evidence.Manager{Tool: foreign.Text(by, 63)}
	}
}

// copiers are the tools that copy Secrets between namespaces or from a store, by
// the label or annotation that theirs carry, which names the source
// (https://github.com/emberstack/kubernetes-reflector, https://github.com/mittwald/kubernetes-replicator,
// https://github.com/config-syncer/config-syncer, https://external-secrets.io/latest/api/externalsecret/).
var copiers = []struct{ mark, tool string }{
	{"reflector.v1.k8s.emberstack.com/reflects", "Reflector"},
	{"replicator.v1.mittwald.de/replicate-from", "kubernetes-replicator"},
	{"replicator.v1.mittwald.de/replicated-from-version", "kubernetes-replicator"},
	{"kubed.appscode.com/origin.name", "config-syncer"},
	{"reconcile.external-secrets.io/managed", "External Secrets"},
	{"reconcile.external-secrets.io/data-hash", "External Secrets"},
}

func copierOf(labels, annotations map[string]string) evidence.Manager {
	for _, c := range copiers {
		if labels[c.mark] != "" || annotations[c.mark] != "" {
			return evidence.Manager{Tool: c.tool}
		}
	}
	return evidence.Manager{}
}

// ManagerOf tells what keeps an object as it is, if that shows: by its own marks,
// by those of a copier, by who wrote it last, or by the object that owns it (an
// ExternalSecret).
func ManagerOf(o metav1.Object) evidence.Manager {
	owner := metav1.GetControllerOf(o)
	if refs := o.GetOwnerReferences(); owner == nil && len(refs) > 0 {
		owner = &refs[0]
	}
	m := managerOf(o.GetLabels(), o.GetAnnotations())
	if m.Tool == "" && owner == nil {
		m = copierOf(o.GetLabels(), o.GetAnnotations())
	}
	if m.Tool == "" {
		m = managerBy(managedfields.Last(metav1.ObjectMeta{ManagedFields: o.GetManagedFields()}, "f:data").By)
	}
	if m.Tool == "" && owner != nil {
		m = evidence.Manager{Tool: foreign.Text(owner.Kind, 63), Name: foreign.Text(owner.Name, 253)}
	}
	return m
}
