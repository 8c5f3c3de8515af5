// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package retries

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullmedic/pullmedic/testbed/internal/layout"
	"github.com/pullmedic/pullmedic/testbed/internal/registries"
)

// The registry that has none of the images, and how long it thinks about those
// of the slow pods. The kubelet counts the back-off from the end of a pull, so
// that a slow one shifts all that follow.
const (
	registry = "registry.acme.example"
	thinking = 6 * time.Second
)

// set makes the pods: on every node one whose pull fails at once, one whose pull
// fails slowly, one with two such containers, and one that no back-off holds.
func (s *stage) set(ctx context.Context) error {
	if err := s.makeNamespace(ctx); err != nil {
		return err
	}
	rule := registries.Rule{ID: s.namespace, Registry: registry, Repository: s.namespace + "/slow", Effect: registries.Effect{Delay: registries.Duration(thinking)}}
	if err := s.bed.Registries.SetRule(ctx, rule); err != nil {
		return err
	}
	for _, node := range layout.Nodes {
		repository := func(name string) string { return s.namespace + "/" + name + "-" + node.Name }
		for _, kind := range []struct {
			name   string
			policy corev1.PullPolicy
			of     []string // repositories, one a container
		}{
			{"quick", corev1.PullAlways, []string{repository("quick")}},
			{"slow", corev1.PullAlways, []string{repository("slow")}},
			{"pair", corev1.PullAlways, []string{repository("one"), repository("other")}},
			{"never", corev1.PullNever, []string{repository("never")}},
		} {
			var images []string
			for _, repository := range kind.of {
				images = append(images, registry+"/"+repository+":1")
			}
			object := pod(kind.name+"-"+node.Name, node.Name, kind.policy, images...)
			for i, c := range object.Spec.Containers {
				p := &pull{key: key{object.Name, c.Name}, repository: kind.of[i], from: node.Addr}
				if kind.policy == corev1.PullNever {
					p.repository = "" // nobody asks a registry for it: its attempts show in events
				}
				s.pulls = append(s.pulls, p)
			}
			if _, err := s.bed.Kube.CoreV1().Pods(s.namespace).Create(ctx, object, metav1.CreateOptions{}); err != nil {
				return fmt.Errorf("making pod %s/%s: %w", s.namespace, object.Name, err)
			}
		}
	}
	return nil
}

func (s *stage) makeNamespace(ctx context.Context) error {
	if _, err := s.bed.Kube.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.namespace}}, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("making namespace %s: %w", s.namespace, err)
	}
	// A controller makes this one soon; no pod can be made before.
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "default"}}
	if _, err := s.bed.Kube.CoreV1().ServiceAccounts(s.namespace).Create(ctx, account, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("making the service account of namespace %s: %w", s.namespace, err)
	}
	return nil
}
