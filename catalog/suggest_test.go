// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"slices"
	"testing"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/symptom"
)

func TestSuggest(t *testing.T) {
	cases := []struct {
		name    string
		symptom symptom.Symptom
		first   string
		also    []string
	}{
		{"an empty symptom names no cause", symptom.Symptom{}, Other, nil},
		{"a sign that is on no list names no cause", symptom.Symptom{Sign: "made-up"}, Other, nil},
		{"a missing tag may be a missing repository", symptom.Symptom{Sign: symptom.TagNotFound, Reference: "docker.io/library/nginx:1.99"}, TagNotFound, []string{RepositoryNotFound, MirrorFailure}},
		{"a bare refusal leaves many open, the commoner first", symptom.Symptom{Sign: symptom.AccessDenied, Reference: "acme/api:1"}, AccessDeniedAmbiguous,
			[]string{RepositoryNotFound, CredentialsMissing, CredentialsInvalid, CredentialsExpired, PermissionDenied}},
		{"another attempt's sign is told last", symptom.Symptom{Sign: symptom.TagNotFound, Also: []symptom.Sign{symptom.LoginRequired, symptom.Other}}, TagNotFound, []string{RepositoryNotFound, MirrorFailure, CredentialsMissing}},
		{"a removed repository is told first where it is not found", symptom.Symptom{Sign: symptom.TagNotFound, Reference: "gcr.io/kubebuilder/kube-rbac-proxy:v0.15.0"}, RegistryRetired, []string{TagNotFound, RepositoryNotFound, MirrorFailure}},
		{"a removed repository is told first where it is denied", symptom.Symptom{Sign: symptom.PermissionDenied, Reference: "gcr.io/tekton-releases/x/git-init:v0.29.0"}, RegistryRetired, nil},
		{"a versioned tag of a moved catalogue", symptom.Symptom{Sign: symptom.TagNotFound, Reference: "bitnami/redis:7.0.11-debian-11-r12"}, RegistryRetired, nil},
		{"a tag that stayed there", symptom.Symptom{Sign: symptom.TagNotFound, Reference: "bitnami/redis:latest"}, TagNotFound, nil},
		{"a frozen registry is not what denies", symptom.Symptom{Sign: symptom.PermissionDenied, Reference: "k8s.gcr.io/pause:3.5"}, PermissionDenied, nil},
		{"a frozen registry's name resolves, so the resolver is at fault", symptom.Symptom{Sign: symptom.HostNotResolved, Reference: "k8s.gcr.io/pause:3.5"}, DNSFailure, nil},
		{"a registry that is gone does not resolve", symptom.Symptom{Sign: symptom.HostNotResolved, Reference: "registry.svc.ci.openshift.org/origin/release:4.5"}, RegistryRetired, []string{DNSFailure}},
		{"a registry that answers is not gone", symptom.Symptom{Sign: symptom.DigestNotFound, Reference: "registry.svc.ci.openshift.org/origin/4.3"}, DigestNotFound, nil},
		{"a prefix ends at a path segment", symptom.Symptom{Sign: symptom.TagNotFound, Reference: "gcr.io/kubebuilder-fork/x:1"}, TagNotFound, nil},
		{"a name that cannot be parsed is in no table", symptom.Symptom{Sign: symptom.TagNotFound, Reference: "K8S.GCR.IO//x"}, TagNotFound, nil},
	}
	c := mustLoad(t)
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			first, also := c.Suggest(tc.symptom)
			var ids []string
			for _, a := range also {
				ids = append(ids, a.ID)
			}
			if first.ID != tc.first || tc.also != nil && !slices.Equal(ids, tc.also) {
				t.Errorf("got %s, also %v; want %s, also %v", first.ID, ids, tc.first, tc.also)
			}
			if slices.Contains(ids, first.ID) || slices.Contains(ids, Other) {
				t.Errorf("%v repeats the first, or names Other beside it", ids)
			}
		})
	}
}

func TestNoTextSuggestsWhatNoTextCanShow(t *testing.T) {
	c := mustLoad(t)
	hidden := []string{SecretNotUsed, ServiceAccountRace, CredentialsBreakPublicImage, PullStuck}
	for _, row := range c.Matrix() {
		first, also := c.Suggest(symptom.Symptom{Sign: row.Sign})
		for _, s := range append(also, first) {
			if slices.Contains(hidden, s.ID) {
				t.Errorf("sign %s suggests %s", row.Sign, s.ID)
			}
		}
	}
}

func TestRetired(t *testing.T) {
	cases := []struct {
		name      string
		reference evidence.Reference
		to        string
	}{
		{"a whole host", evidence.Reference{Host: "k8s.gcr.io", Repository: "pause", Tag: "3.5"}, "registry.k8s.io"},
		{"the longer prefix first", evidence.Reference{Host: "gcr.io", Repository: "kubebuilder/kube-rbac-proxy", Tag: "v0.15.0"}, "quay.io/brancz/kube-rbac-proxy"},
		{"the shorter prefix for its neighbours", evidence.Reference{Host: "gcr.io", Repository: "kubebuilder/envtest", Tag: "1"}, "registry.k8s.io/kubebuilder"},
		{"a tag that is left out stands for latest", evidence.Reference{Host: "docker.io", Repository: "bitnami/redis", TagImplied: true}, ""},
		{"a versioned tag", evidence.Reference{Host: "docker.io", Repository: "bitnami/redis", Tag: "7.4"}, "docker.io/bitnamilegacy"},
		{"the same path on another host", evidence.Reference{Host: "quay.io", Repository: "bitnami/redis", Tag: "7.4"}, ""},
		{"nothing", evidence.Reference{}, ""},
	}
	c := mustLoad(t)
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			if move, ok := c.Retired(tc.reference); move.To != tc.to || ok != (tc.to != "") {
				t.Errorf("got %q, %v, want %q", move.To, ok, tc.to)
			}
		})
	}
}
