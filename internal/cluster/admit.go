// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// defaultAccount is the service account of a pod that names none.
const defaultAccount = "default"

// AccountOf is the service account that the API server gives a pod.
func AccountOf(pod *corev1.Pod) string {
	if pod.Spec.ServiceAccountName != "" {
		return pod.Spec.ServiceAccountName
	}
	if pod.Spec.DeprecatedServiceAccount != "" {
		return pod.Spec.DeprecatedServiceAccount
	}
	return defaultAccount
}

// Admitted returns the pod as the API server would make it, as far as pulls are
// concerned: pull policies where none is written (SetDefaults_Container and
// SetDefaults_ImageVolumeSource of Kubernetes v1.36.3: Always for :latest, else
// IfNotPresent), its service account, and that account's pull secrets if the
// pod names none (plugin/pkg/admission/serviceaccount). account is nil if it is
// not known. The pod itself stays as it is.
func Admitted(pod *corev1.Pod, account *corev1.ServiceAccount) *corev1.Pod {
	pod = pod.DeepCopy()
	pod.Spec.ServiceAccountName = AccountOf(pod)
	if len(pod.Spec.ImagePullSecrets) == 0 && account != nil {
		pod.Spec.ImagePullSecrets = append(pod.Spec.ImagePullSecrets, account.ImagePullSecrets...)
	}
	for _, list := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for i := range list {
			setPolicy(&list[i].ImagePullPolicy, list[i].Image)
		}
	}
	for i := range pod.Spec.EphemeralContainers {
		c := &pod.Spec.EphemeralContainers[i].EphemeralContainerCommon
		setPolicy(&c.ImagePullPolicy, c.Image)
	}
	for i := range pod.Spec.Volumes {
		if v := pod.Spec.Volumes[i].Image; v != nil {
			setPolicy(&v.PullPolicy, v.Reference)
		}
	}
	return pod
}

func setPolicy(policy *corev1.PullPolicy, image string) {
	if *policy != "" {
		return
	}
	*policy = corev1.PullIfNotPresent
	if ref, err := keyring.ParseImage(image); err == nil && ref.Tag == "latest" {
		*policy = corev1.PullAlways
	}
}
