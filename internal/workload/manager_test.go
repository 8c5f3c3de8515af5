// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package workload_test

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/workload"
)

func TestWhatKeepsASecretIsKnown(t *testing.T) {
	at := metav1.NewTime(time.Date(2026, 7, 1, 9, 0, 0, 0, time.UTC))
	writtenBy := func(manager string) []metav1.ManagedFieldsEntry {
		return []metav1.ManagedFieldsEntry{{Manager: manager, Time: &at, Operation: "Update", FieldsV1: metav1.NewFieldsV1(`{"f:data":{".":{},"f:.dockerconfigjson":{}}}`)}}
	}
	external := metav1.OwnerReference{APIVersion: "external-secrets.io/v1", Kind: "ExternalSecret", Name: "hub"}
	for name, c := range map[string]struct {
		of   metav1.ObjectMeta
		want evidence.Manager
	}{
		"by hand":               {of: metav1.ObjectMeta{ManagedFields: writtenBy("kubectl-create")}},
		"Reflector":             {of: metav1.ObjectMeta{Annotations: map[string]string{"reflector.v1.k8s.emberstack.com/reflects": "platform/hub"}}, want: evidence.Manager{Tool: "Reflector"}},
		"kubernetes-replicator": {of: metav1.ObjectMeta{Annotations: map[string]string{"replicator.v1.mittwald.de/replicate-from": "platform/hub"}}, want: evidence.Manager{Tool: "kubernetes-replicator"}},
		"pushed by it":          {of: metav1.ObjectMeta{Annotations: map[string]string{"replicator.v1.mittwald.de/replicated-from-version": "712"}}, want: evidence.Manager{Tool: "kubernetes-replicator"}},
		"config-syncer":         {of: metav1.ObjectMeta{Labels: map[string]string{"kubed.appscode.com/origin.name": "hub"}}, want: evidence.Manager{Tool: "config-syncer"}},
		"External Secrets, into a Secret of somebody else's": {of: metav1.ObjectMeta{Labels: map[string]string{"reconcile.external-secrets.io/managed": "true"}}, want: evidence.Manager{Tool: "External Secrets"}},
		"External Secrets, by its owner":                     {of: metav1.ObjectMeta{OwnerReferences: []metav1.OwnerReference{external}, Labels: map[string]string{"reconcile.external-secrets.io/managed": "true"}}, want: evidence.Manager{Tool: "ExternalSecret", Name: "hub"}},
		"Terraform":                                          {of: metav1.ObjectMeta{ManagedFields: writtenBy("HashiCorp")}, want: evidence.Manager{Tool: "Terraform"}},
		"Pulumi":                                             {of: metav1.ObjectMeta{ManagedFields: writtenBy("pulumi-kubernetes-2f1a")}, want: evidence.Manager{Tool: "Pulumi"}},
		"Helm, that wrote what is copied":                    {of: metav1.ObjectMeta{Annotations: map[string]string{"meta.helm.sh/release-name": "base", "reflector.v1.k8s.emberstack.com/reflects": "platform/hub"}}, want: evidence.Manager{Tool: "Helm", Name: "base"}},
	} {
		if got := workload.ManagerOf(&c.of); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}
