// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"encoding/base64"
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullmedic/pullmedic/testbed/internal/layout"
)

// pod is a pod of the scene on one node.
func (s Scene) pod(name string, node layout.Node) *corev1.Pod {
	policy := corev1.PullPolicy(s.Policy)
	if policy == "" {
		policy = corev1.PullAlways // whatever earlier faults left on the node
	}
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{PodLabel: name}},
		Spec: corev1.PodSpec{
			NodeSelector:                  map[string]string{corev1.LabelHostname: node.Name},
			HostNetwork:                   true, // saves setting up a network that no pull uses
			AutomountServiceAccountToken:  new(false),
			EnableServiceLinks:            new(false),
			TerminationGracePeriodSeconds: new(int64(1)),
			Containers: []corev1.Container{{
				Name: "app", Image: s.Image, ImagePullPolicy: policy,
			}},
		},
	}
	names := s.PullSecrets
	if names == nil && s.Account == nil {
		for _, secret := range s.Secrets {
			names = append(names, secret.Name)
		}
	}
	for _, name := range names {
		pod.Spec.ImagePullSecrets = append(pod.Spec.ImagePullSecrets, corev1.LocalObjectReference{Name: name})
	}
	if s.Edit != nil {
		s.Edit(pod)
	}
	return pod
}

// object is the secret as the API server keeps it.
func (s Secret) object() (*corev1.Secret, error) {
	data := []byte(s.Raw)
	if s.Raw == "" {
		auths := map[string]map[string]string{}
		for key, entry := range s.Entries {
			auths[key] = map[string]string{}
			if entry != (Entry{}) {
				auths[key]["auth"] = base64.StdEncoding.EncodeToString([]byte(entry.User + ":" + entry.Password))
			}
		}
		text, err := json.Marshal(map[string]any{"auths": auths})
		if err != nil {
			return nil, fmt.Errorf("writing secret %s: %w", s.Name, err)
		}
		data = text
	}
	kind := corev1.SecretTypeDockerConfigJson
	if s.Opaque {
		kind = corev1.SecretTypeOpaque
	}
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: s.Name},
		Type:       kind,
		Data:       map[string][]byte{corev1.DockerConfigJsonKey: data},
	}, nil
}
