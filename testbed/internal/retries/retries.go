// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package retries compares when the plugin says that real kubelets will try
// again with when they do. Pods whose pulls fail stand on every node for some
// minutes; every few seconds the plugin is asked for the next attempts, and the
// registries' log tells when they came.
//
// It takes ten minutes, the time until the back-off has grown to its most, and
// so is no part of what runs for every change.
package retries

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"

	"github.com/pullmedic/pullmedic/testbed/internal/cluster"
	"github.com/pullmedic/pullmedic/testbed/internal/faults"
)

// between is how long to wait from one look to the next.
const between = 3 * time.Second

// Options of a comparison.
type Options struct {
	Testbed *cluster.Testbed
	// Plugin is the path of the built plugin.
	Plugin string
	// For is how long the pods stand.
	For time.Duration
	Out io.Writer
}

// ErrDiffers is returned when an attempt came at another time than was told.
var ErrDiffers = errors.New("an attempt came outside of the span that was told for it")

// Run makes the pods, looks, compares, prints a table and deletes the pods. It
// returns ErrDiffers if one attempt came when it should not.
func Run(ctx context.Context, o Options) (err error) {
	bed, err := faults.Open(o.Testbed)
	if err != nil {
		return err
	}
	mark := make([]byte, 4)
	_, _ = rand.Read(mark) // never fails
	s := stage{bed: bed, plugin: o.Plugin, namespace: "pm-backoff-" + hex.EncodeToString(mark)}
	if _, s.seq, err = bed.Registries.Log(ctx, 0); err != nil {
		return err
	}
	defer func() {
		after, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		err = errors.Join(err, s.clear(after))
	}()
	if err := s.set(ctx); err != nil {
		return err
	}
	fmt.Fprintf(o.Out, "%d pulls fail on %d nodes for %s\n", len(s.pulls), len(o.Testbed.Nodes()), o.For)
	for end := time.Now().Add(o.For); time.Now().Before(end); {
		if err := s.look(ctx); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(between):
		}
	}
	if err := s.hear(ctx); err != nil {
		return err
	}
	return tell(o.Out, s.pulls)
}

// A stage is the pods and what was seen of them.
type stage struct {
	bed       faults.Bed
	plugin    string
	namespace string
	seq       int64 // of the last request that was read from the log
	pulls     []*pull
}

// look asks the plugin once about all pods, and what came meanwhile.
func (s *stage) look(ctx context.Context) error {
	told, err := ask(ctx, s.bed.Testbed, s.plugin, s.namespace, s.pods())
	if err != nil {
		return err
	}
	if err := s.hear(ctx); err != nil {
		return err
	}
	for _, p := range s.pulls {
		if next, ok := told[p.key]; ok {
			p.told = append(p.told, next)
		}
	}
	return nil
}

// hear reads what the registries and the API server know of new attempts.
func (s *stage) hear(ctx context.Context) error {
	requests, last, err := s.bed.Registries.Log(ctx, s.seq)
	if err != nil {
		return err
	}
	s.seq = last
	for _, request := range requests {
		for _, p := range s.pulls {
			if p.made(request) {
				p.heard(request.Time)
			}
		}
	}
	events, err := s.bed.Kube.CoreV1().Events(s.namespace).List(ctx, metav1.ListOptions{
		FieldSelector: fields.OneTermEqualSelector("reason", neverPull).String(),
	})
	if err != nil {
		return fmt.Errorf("reading the events of %s: %w", s.namespace, err)
	}
	for _, e := range events.Items {
		for _, p := range s.pulls {
			if p.repository == "" && p.key == (key{e.InvolvedObject.Name, app}) {
				p.heard(e.LastTimestamp.Time)
			}
		}
	}
	return nil
}

func (s *stage) pods() []string {
	var names []string
	known := map[string]bool{}
	for _, p := range s.pulls {
		if !known[p.key.pod] {
			known[p.key.pod] = true
			names = append(names, p.key.pod)
		}
	}
	return names
}

// neverPull is the reason of the kubelet's event for the policy Never.
const neverPull = "ErrImageNeverPull"

// app is the first container's name.
const app = "app"

// clear deletes what set made.
func (s *stage) clear(ctx context.Context) error {
	err := s.bed.Registries.RemoveRule(ctx, s.namespace)
	if gone := s.bed.Kube.CoreV1().Namespaces().Delete(ctx, s.namespace, metav1.DeleteOptions{}); gone != nil {
		err = errors.Join(err, fmt.Errorf("deleting namespace %s: %w", s.namespace, gone))
	}
	return err
}

// pod is one whose containers want these images on the node.
func pod(name, node string, policy corev1.PullPolicy, images ...string) *corev1.Pod {
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: corev1.PodSpec{
			NodeSelector:                  map[string]string{corev1.LabelHostname: node},
			HostNetwork:                   true, // saves setting up a network that no pull uses
			AutomountServiceAccountToken:  new(false),
			TerminationGracePeriodSeconds: new(int64(1)),
		},
	}
	for i, image := range images {
		c := corev1.Container{Name: app, Image: image, ImagePullPolicy: policy}
		if i > 0 {
			c.Name = fmt.Sprintf("%s%d", app, i+1)
		}
		p.Spec.Containers = append(p.Spec.Containers, c)
	}
	return p
}
