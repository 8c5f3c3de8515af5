// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"fmt"
	"regexp"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// Without a cluster nobody says for which platform an image has to be and which
// pull secrets the pods will have. The person does.

// withoutCluster is the answer where no cluster was asked: what was read in the
// file and the docker config was seen here.
func (a Answer) withoutCluster() Answer {
	here := func(findings []evidence.Finding) []evidence.Finding {
		findings = slices.Clone(findings)
		for i := range findings {
			if findings[i].Vantage == evidence.Cluster {
				findings[i].Vantage = evidence.Client
			}
		}
		return findings
	}
	a.Evidence.Findings, a.Diagnosis.Findings = here(a.Evidence.Findings), here(a.Diagnosis.Findings)
	read := slices.IndexFunc(a.Views, func(v View) bool { return v.Vantage == evidence.Cluster })
	if read < 0 {
		return a
	}
	said := a.Views[read]
	said.Vantage = evidence.Client
	a.Views = slices.Delete(a.Views, read, read+1)
	for i := range a.Views {
		if a.Views[i].Vantage == evidence.Client {
			a.Views[i] = said
		}
	}
	return a
}

// maxPlatforms bounds what is asked about one image.
const maxPlatforms = 8

// platformForm is what OS/ARCH and OS/ARCH/VARIANT look like.
var platformForm = regexp.MustCompile(`^([a-z0-9]{1,20})/([a-z0-9_]{1,20})(?:/([a-z0-9]{1,20}))?$`)

// Platforms reads platforms as a person writes them: linux/arm64, linux/arm/v7.
func Platforms(written []string) ([]evidence.Platform, error) {
	if len(written) > maxPlatforms {
		return nil, fmt.Errorf("%d platforms are too many for one run (at most %d)", len(written), maxPlatforms)
	}
	var all []evidence.Platform
	for _, one := range written {
		parts := platformForm.FindStringSubmatch(one)
		if parts == nil {
			return nil, fmt.Errorf("%q is no platform; give OS/ARCH, as in linux/arm64", foreign.Text(one, 60))
		}
		p := evidence.Platform{OS: parts[1], Arch: parts[2], Variant: parts[3]}
		if !slices.Contains(all, p) {
			all = append(all, p)
		}
	}
	return all, nil
}

// broughtSecret names the secret that stands for a docker config which the
// person gives, where a pod names none.
const broughtSecret = "docker-config"

// Bring gives the pods of the file a pull secret that is made of a docker
// config: in place of each that they, or the file's service accounts, name and
// the file does not have, and to each service account that the file does not
// have.
func (m *Manifest) Bring(config []byte) {
	data := map[string][]byte{corev1.DockerConfigJsonKey: config}
	add := func(namespace, name string) {
		if !slices.ContainsFunc(m.Secrets, func(s keyring.Secret) bool { return s.Namespace == namespace && s.Name == name }) {
			m.Secrets = append(m.Secrets, keyring.Secret{Namespace: namespace, Name: name, Type: keyring.TypeDockerConfigJSON, Data: data})
		}
	}
	for _, w := range m.Wants {
		namespace := w.Pod.Namespace
		for _, s := range w.Pod.Spec.ImagePullSecrets {
			add(namespace, s.Name)
		}
		if len(w.Pod.Spec.ImagePullSecrets) > 0 {
			continue
		}
		name := cluster.AccountOf(w.Pod)
		i := slices.IndexFunc(m.Accounts, func(sa *corev1.ServiceAccount) bool { return sa.Namespace == namespace && sa.Name == name })
		if i < 0 {
			account := &corev1.ServiceAccount{ImagePullSecrets: []corev1.LocalObjectReference{{Name: broughtSecret}}}
			account.Namespace, account.Name = namespace, name
			m.Accounts, i = append(m.Accounts, account), len(m.Accounts)
		}
		for _, s := range m.Accounts[i].ImagePullSecrets {
			add(namespace, s.Name)
		}
	}
}
