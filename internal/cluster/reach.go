// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/pullmedic/pullmedic/evidence"
)

// Bounds on what is read of a namespace to tell whom a failing pull hits.
const (
	maxReachPages = 4
	maxServices   = 5 // told of one pod
	// reachTime bounds it: an answer about the cause does not wait for it longer.
	reachTime = 5 * time.Second
)

// Reach is what of a namespace depends on its pods: Services that send traffic
// to them, and autoscalers that want more of them.
type Reach struct {
	services []service
	scalers  []autoscalingv2.HorizontalPodAutoscaler
	// Errs are the lists that could not be read.
	Errs []error
}

type service struct {
	namespace, name string
	selector        labels.Selector
	ready           int
}

// Reach reads the Services, their endpoints and the autoscalers of a namespace,
// each with one list, once a run.
func (r *Run) Reach(ctx context.Context, namespace string) Reach {
	return r.reach.get(namespace, func() Reach {
		if r.reachAsked.Add(1) > manyReached {
			if all := r.reachEverywhere(ctx); all != nil {
				return all[namespace]
			}
		}
		out, _ := r.Client.reach(ctx, namespace)
		return out[namespace]
	})
}

// reachEverywhere reads those of all namespaces; nil if they are too many, or
// may not be listed.
func (r *Run) reachEverywhere(ctx context.Context) map[string]Reach {
	return r.reachList.get("", func() map[string]Reach {
		out, complete := r.Client.reach(ctx, "")
		if !complete {
			return nil
		}
		return out
	})
}

// reach reads a namespace, or with "" all, and answers by namespace. It is
// complete if all was read.
func (c *Client) reach(ctx context.Context, namespace string) (out map[string]Reach, complete bool) {
	ctx, cancel := context.WithTimeout(ctx, reachTime)
	defer cancel()
	var services []service
	var ready map[[2]string]int
	var scalers []autoscalingv2.HorizontalPodAutoscaler
	var errs [3]error
	var ends [3]bool
	var all sync.WaitGroup
	all.Go(func() { services, ends[0], errs[0] = c.services(ctx, namespace) })
	all.Go(func() { ready, ends[1], errs[1] = c.readyEndpoints(ctx, namespace) })
	all.Go(func() { scalers, ends[2], errs[2] = c.autoscalers(ctx, namespace) })
	all.Wait()
	out = map[string]Reach{}
	change := func(namespace string, do func(*Reach)) {
		r := out[namespace]
		do(&r)
		out[namespace] = r
	}
	for _, err := range errs {
		if err != nil {
			change(namespace, func(r *Reach) { r.Errs = append(r.Errs, err) })
		}
	}
	for _, s := range services {
		if errs[1] == nil { // without endpoints, Services say nothing
			s.ready = ready[[2]string{s.namespace, s.name}]
			change(s.namespace, func(r *Reach) { r.services = append(r.services, s) })
		}
	}
	for _, h := range scalers {
		change(h.Namespace, func(r *Reach) { r.scalers = append(r.scalers, h) })
	}
	return out, errors.Join(errs[:]...) == nil && ends == [3]bool{true, true, true}
}

func (c *Client) services(ctx context.Context, namespace string) ([]service, bool, error) {
	var all []service
	complete, err := c.pages(ctx, question{c.core, "list", "services", namespace, ""}, metav1.ListOptions{}, maxReachPages,
		func() list { return &corev1.ServiceList{} },
		func(l list) bool {
			for _, s := range l.(*corev1.ServiceList).Items {
				if len(s.Spec.Selector) > 0 && s.Spec.Type != corev1.ServiceTypeExternalName {
					all = append(all, service{namespace: s.Namespace, name: s.Name, selector: labels.SelectorFromSet(s.Spec.Selector)})
				}
			}
			return true
		})
	return all, complete, err
}

// readyEndpoints counts the pods behind each Service that are ready: an address
// of each family counts once.
func (c *Client) readyEndpoints(ctx context.Context, namespace string) (map[[2]string]int, bool, error) {
	ready := map[[2]string]map[string]bool{}
	complete, err := c.pages(ctx, question{c.discovery, "list", "endpointslices.discovery.k8s.io", namespace, ""}, metav1.ListOptions{}, maxReachPages,
		func() list { return &discoveryv1.EndpointSliceList{} },
		func(l list) bool {
			for _, slice := range l.(*discoveryv1.EndpointSliceList).Items {
				name := [2]string{slice.Namespace, slice.Labels[discoveryv1.LabelServiceName]}
				for _, e := range slice.Endpoints {
					// A condition that is not there is to be taken for ready.
					if e.Conditions.Ready != nil && !*e.Conditions.Ready {
						continue
					}
					who := strings.Join(e.Addresses, " ")
					if e.TargetRef != nil {
						who = string(e.TargetRef.UID)
					}
					if ready[name] == nil {
						ready[name] = map[string]bool{}
					}
					ready[name][who] = true
				}
			}
			return true
		})
	counts := map[[2]string]int{}
	for name, who := range ready {
		counts[name] = len(who)
	}
	return counts, complete, err
}

func (c *Client) autoscalers(ctx context.Context, namespace string) ([]autoscalingv2.HorizontalPodAutoscaler, bool, error) {
	var all []autoscalingv2.HorizontalPodAutoscaler
	complete, err := c.pages(ctx, question{c.autoscaling, "list", "horizontalpodautoscalers.autoscaling", namespace, ""}, metav1.ListOptions{}, maxReachPages,
		func() list { return &autoscalingv2.HorizontalPodAutoscalerList{} },
		func(l list) bool {
			for _, h := range l.(*autoscalingv2.HorizontalPodAutoscalerList).Items {
				h.ManagedFields = nil
				all = append(all, h)
			}
			return true
		})
	return all, complete, err
}

// Hit fills in what depends on a failing pod.
func (r Reach) Hit(i *evidence.Impact, owner evidence.Object, pod map[string]string) {
	for _, s := range r.services {
		if s.selector.Matches(labels.Set(pod)) {
			i.Services = append(i.Services, evidence.Service{Name: s.name, Ready: s.ready})
		}
	}
	slices.SortFunc(i.Services, func(a, b evidence.Service) int {
		return cmp.Or(cmp.Compare(a.Ready, b.Ready), strings.Compare(a.Name, b.Name))
	})
	i.Services = i.Services[:min(len(i.Services), maxServices)]
	for _, h := range r.scalers {
		t := h.Spec.ScaleTargetRef
		if !scales(t, i.Workload) && !scales(t, owner) || int(h.Status.DesiredReplicas) <= i.Ready {
			continue
		}
		i.Autoscaler = evidence.Autoscaler{Name: h.Name, Desired: int(h.Status.DesiredReplicas), Most: int(h.Spec.MaxReplicas)}
	}
}

func scales(target autoscalingv2.CrossVersionObjectReference, o evidence.Object) bool {
	return target.Kind == o.Kind && target.Name == o.Name && o.Name != ""
}
