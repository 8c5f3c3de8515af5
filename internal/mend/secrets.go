// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"context"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/internal/edit"
	"github.com/pullmedic/pullmedic/internal/examine"
	"github.com/pullmedic/pullmedic/internal/remedy"
	"github.com/pullmedic/pullmedic/internal/verify"
	"github.com/pullmedic/pullmedic/internal/workload"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// Bounds of what is read, and tried at each registry, to find a secret that
// works: each that is tried is a login there.
const (
	maxSecrets = 30
	maxTried   = 3
)

// aboutLogins tells whether other credentials could mend one of the causes.
func aboutLogins(c *catalog.Catalog, all []diagnosis.Diagnosis) bool {
	return slices.ContainsFunc(all, func(d diagnosis.Diagnosis) bool {
		cause, ok := c.Cause(d.Causes[0].Cause)
		return ok && (cause.Category == catalog.Auth || cause.ID == catalog.AccessDeniedAmbiguous || cause.ID == catalog.RateLimited || cause.ID == catalog.CredentialReverification)
	})
}

// secrets reads the pods' service account, the secrets that they name, and
// others of the namespace that could serve, and tries these at the registry.
func (m *Mender) secrets(ctx context.Context, run *cluster.Run, k *remedy.Case) {
	if !aboutLogins(m.catalog, k.Diagnoses) {
		return
	}
	namespace := k.Target.Namespace
	account := cluster.AccountOf(&corev1.Pod{Spec: k.Target.Template.Spec})
	sa, err := run.ServiceAccount(ctx, namespace, account)
	if err == nil {
		k.Account = sa
	} else {
		k.NotLookedAt = append(k.NotLookedAt, cluster.GapOf(evidence.CheckServiceAccount, evidence.Subject{Kind: evidence.SubjectServiceAccount, Name: account}, err))
	}
	users, pulled := map[string]int{}, map[string][]string{}
	complete, err := m.cluster.Pods(ctx, namespace, "", maxPodPages, func(p *corev1.Pod) {
		own := slices.ContainsFunc(k.Pods, func(q *corev1.Pod) bool { return q.UID == p.UID })
		for _, ref := range p.Spec.ImagePullSecrets {
			if !own {
				users[ref.Name]++
				pulled[ref.Name] = addRepositories(pulled[ref.Name], p)
			}
		}
	})
	if err != nil {
		k.NotLookedAt = append(k.NotLookedAt, cluster.GapOf(evidence.CheckScope, evidence.Subject{Kind: evidence.SubjectNamespace, Name: namespace}, err))
	}
	for _, name := range m.secretNames(ctx, k, users) {
		s, err := m.secret(ctx, namespace, name)
		if edit.ReasonOf(err) == edit.NotFound {
			continue
		}
		if err != nil {
			k.NotLookedAt = append(k.NotLookedAt, evidence.Gap{
				Check: evidence.CheckPullSecrets, Subject: evidence.Subject{Kind: evidence.SubjectSecret, Name: namespace + "/" + name},
				Why: err.Error(), Needs: cluster.Right("get", "secrets", namespace, true),
			})
			continue
		}
		s.Users, s.Repositories = users[name], pulled[name]
		s.Partly = !complete || len(s.Repositories) > maxRepositories
		k.Secrets = append(k.Secrets, s)
	}
	m.try(ctx, k)
}

// secretNames are the names worth reading: what the pods and their account name,
// what other pods name, and all of the types that the kubelet reads.
func (m *Mender) secretNames(ctx context.Context, k *remedy.Case, users map[string]int) []string {
	var names []string
	add := func(name string) {
		if len(validation.IsDNS1123Subdomain(name)) == 0 && !slices.Contains(names, name) && len(names) < maxSecrets {
			names = append(names, name)
		}
	}
	for _, ref := range k.Target.Template.Spec.ImagePullSecrets {
		add(ref.Name)
	}
	for _, d := range k.Diagnoses {
		for _, name := range d.Pull.PullSecrets {
			add(name)
		}
	}
	if k.Account != nil {
		for _, ref := range k.Account.ImagePullSecrets {
			add(ref.Name)
		}
	}
	k.SecretsSeen = true
	for _, kind := range []string{keyring.TypeDockerConfigJSON, keyring.TypeDockercfg} {
		listed, err := m.cluster.SecretsOfType(ctx, k.Target.Namespace, kind)
		if err != nil {
			k.SecretsSeen = false
			k.NotLookedAt = append(k.NotLookedAt, cluster.GapOf(evidence.CheckPullSecrets, evidence.Subject{Kind: evidence.SubjectNamespace, Name: k.Target.Namespace}, err))
			break
		}
		for _, name := range listed {
			add(name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(users)) {
		add(name)
	}
	return names
}

// maxRepositories bounds what is kept of the images that pods pull with a secret.
const maxRepositories = 50

// addRepositories adds those of a pod's images, as host/path, each once. One more
// than the bound tells that there are more.
func addRepositories(list []string, p *corev1.Pod) []string {
	var images []string
	for _, c := range slices.Concat(p.Spec.InitContainers, p.Spec.Containers) {
		images = append(images, c.Image)
	}
	for _, v := range p.Spec.Volumes {
		if v.Image != nil {
			images = append(images, v.Image.Reference)
		}
	}
	for _, image := range images {
		ref, err := keyring.ParseImage(image)
		name := ref.Host + "/" + ref.Repository
		if err == nil && len(list) <= maxRepositories && !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list
}

// secret reads one secret as it is.
func (m *Mender) secret(ctx context.Context, namespace, name string) (remedy.Secret, error) {
	live, err := m.edit.Get(ctx, remedy.Object{APIVersion: "v1", Kind: "Secret", Resource: "secrets", Namespace: namespace, Name: name})
	if err != nil {
		return remedy.Secret{}, err
	}
	var s corev1.Secret
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(live.Object, &s); err != nil {
		return remedy.Secret{}, fmt.Errorf("reading secret %s/%s: its form is not a secret's", namespace, name) // err could quote it
	}
	return remedy.Secret{
		Secret:          keyring.Secret{Namespace: namespace, Name: name, Type: string(s.Type), Data: s.Data},
		ResourceVersion: s.ResourceVersion, UID: string(s.UID), Immutable: s.Immutable != nil && *s.Immutable,
		Manager: workload.ManagerOf(&s),
	}, nil
}

// try asks the registry whether secrets of the namespace would serve for the
// failing pulls that are about logins: those that the kubelet would match, up to
// a few, but none that the pod brings already and that was seen to fail.
func (m *Mender) try(ctx context.Context, k *remedy.Case) {
	tried := map[string][]string{} // secrets, by registry
	for i, s := range k.Secrets {
		for _, d := range k.Diagnoses {
			if slices.Contains(d.Pull.PullSecrets, s.Name) || !aboutLogins(m.catalog, []diagnosis.Diagnosis{d}) {
				continue
			}
			answer, err := keyring.Resolve(d.Pull.Image, []keyring.Secret{s.Secret})
			host := answer.Reference.Host
			again := slices.Contains(tried[host], s.Name)
			if err != nil || answer.Sends != keyring.SendsCredentials || !again && len(tried[host]) == maxTried {
				continue
			}
			if !again {
				tried[host] = append(tried[host], s.Name)
			}
			if m.serves(ctx, k, d, s.Secret) {
				k.Secrets[i].ProvenFor = append(k.Secrets[i].ProvenFor, d.Pull.Image)
			}
		}
	}
}

// serves tells whether a pod that brings this secret alone would pull.
func (m *Mender) serves(ctx context.Context, k *remedy.Case, d diagnosis.Diagnosis, s keyring.Secret) bool {
	pod := &corev1.Pod{ObjectMeta: k.Target.Template.ObjectMeta, Spec: *k.Target.Template.Spec.DeepCopy()}
	pod.Namespace, pod.Name = k.Target.Namespace, k.Target.Name
	pod.Spec.ImagePullSecrets = []corev1.LocalObjectReference{{Name: s.Name}}
	r := verify.Verify(ctx, m.catalog, m.seer, examine.Prospect{
		Wants:   []examine.Want{{Object: evidence.Object{Kind: k.Target.Kind, Namespace: k.Target.Namespace, Name: k.Target.Name}, Pod: pod}},
		Secrets: []keyring.Secret{s},
	})
	return slices.ContainsFunc(r.Answers, func(a verify.Answer) bool {
		return a.Evidence.Pull.Container == d.Pull.Container && a.Proof == verify.Proven
	})
}
