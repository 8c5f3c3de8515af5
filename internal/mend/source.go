// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/foreign"
)

// source says what the cluster shows of where an object comes from.
func source(live *unstructured.Unstructured, manager evidence.Manager) []string {
	if manager.Tool == "" {
		return nil
	}
	said := []string{manager.Tool + " " + manager.Name}
	for _, mark := range []struct{ key, words string }{
		{"helm.sh/chart", "chart "},
		{"argocd.argoproj.io/tracking-id", "Argo CD tracks it as "},
		{"kustomize.toolkit.fluxcd.io/name", "Flux Kustomization "},
		{"helm.toolkit.fluxcd.io/name", "Flux HelmRelease "},
	} {
		for _, values := range []map[string]string{live.GetLabels(), live.GetAnnotations()} {
			if v := values[mark.key]; v != "" {
				said = append(said, mark.words+foreign.Text(v, 253))
				break
			}
		}
	}
	return said
}
