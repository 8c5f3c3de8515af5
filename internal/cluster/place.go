// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

const (
	// maxPlaces bounds the platforms that one pod is looked at for.
	maxPlaces = 8
	// listedImages is how many images a kubelet lists in its node's status
	// (nodeStatusMaxImages, unless it is set otherwise), the largest first. A
	// list that is as long may lack some.
	listedImages = 50
	// reverifies is the minor version from which on kubelets look whether a pod
	// may use an image that is there (KubeletEnsureSecretPulledImages).
	reverifies = 35
)

// A Place is a kind of node that a pod may land on: those of one platform.
type Place struct {
	// Platform as the nodes say it; of no node, as the pod's selector does.
	Platform evidence.Platform
	// Nodes of that kind, sorted by name. Empty: there is none now.
	Nodes []*corev1.Node
}

// Places returns the kinds of nodes that the pod may land on: the one node that
// it lies on, or else all that its nodeSelector and its required affinity take
// and whose taints it tolerates, by platform. Taints that the cluster sets for a
// node's condition (not ready, cordoned) are passed over, as they go away.
//
// With no such node, there is one Place for the platform that the pod's
// nodeSelector names, if it does: a cluster may make nodes when it needs them.
// more tells that there are further platforms.
func Places(pod *corev1.Pod, nodes []*corev1.Node) (places []Place, more bool) {
	for _, node := range nodes {
		if !mayLandOn(pod, node) {
			continue
		}
		p := platformOf(node)
		i := slices.IndexFunc(places, func(o Place) bool { return o.Platform == p })
		if i < 0 {
			i = len(places)
			places = append(places, Place{Platform: p})
		}
		places[i].Nodes = append(places[i].Nodes, node)
	}
	for _, p := range places {
		slices.SortFunc(p.Nodes, func(a, b *corev1.Node) int { return strings.Compare(a.Name, b.Name) })
	}
	slices.SortFunc(places, func(a, b Place) int {
		if len(a.Nodes) != len(b.Nodes) {
			return len(b.Nodes) - len(a.Nodes)
		}
		return strings.Compare(a.Platform.OS+"/"+a.Platform.Arch, b.Platform.OS+"/"+b.Platform.Arch)
	})
	if len(places) == 0 {
		places = append(places, Place{Platform: wishedPlatform(pod)})
	}
	if len(places) > maxPlaces {
		return places[:maxPlaces], true
	}
	return places, false
}

// PlacesOf returns one Place without nodes for each of these platforms, or for
// the one that the pod's nodeSelector names.
func PlacesOf(pod *corev1.Pod, platforms []evidence.Platform) []Place {
	if wished := wishedPlatform(pod); wished.Arch != "" {
		return []Place{{Platform: wished}}
	}
	var places []Place
	for _, p := range platforms {
		places = append(places, Place{Platform: p})
	}
	return places
}

func platformOf(node *corev1.Node) evidence.Platform {
	info := node.Status.NodeInfo
	return evidence.Platform{OS: foreign.Text(info.OperatingSystem, 40), Arch: foreign.Text(info.Architecture, 40)}
}

// wishedPlatform is the platform that a pod's nodeSelector names.
func wishedPlatform(pod *corev1.Pod) evidence.Platform {
	arch := foreign.Text(pod.Spec.NodeSelector[corev1.LabelArchStable], 40)
	if arch == "" {
		return evidence.Platform{}
	}
	os := foreign.Text(pod.Spec.NodeSelector[corev1.LabelOSStable], 40)
	if os == "" {
		os = string(corev1.Linux)
	}
	return evidence.Platform{OS: os, Arch: arch}
}

func mayLandOn(pod *corev1.Pod, node *corev1.Node) bool {
	if name := pod.Spec.NodeName; name != "" {
		return node.Name == name
	}
	if pod.Spec.OS != nil && pod.Spec.OS.Name != "" && string(pod.Spec.OS.Name) != node.Status.NodeInfo.OperatingSystem {
		return false
	}
	for key, value := range pod.Spec.NodeSelector {
		if has, ok := node.Labels[key]; !ok || has != value {
			return false
		}
	}
	if a := pod.Spec.Affinity; a != nil && a.NodeAffinity != nil && a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution != nil {
		terms := a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms
		if !slices.ContainsFunc(terms, func(t corev1.NodeSelectorTerm) bool { return takes(t, node) }) {
			return false
		}
	}
	return tolerates(pod, node)
}

// takes tells whether a term takes the node; one without a requirement takes
// none (component-helpers/scheduling/corev1/nodeaffinity).
func takes(term corev1.NodeSelectorTerm, node *corev1.Node) bool {
	if len(term.MatchExpressions)+len(term.MatchFields) == 0 {
		return false
	}
	for _, r := range term.MatchExpressions {
		value, ok := node.Labels[r.Key]
		if !meets(r, value, ok) {
			return false
		}
	}
	for _, r := range term.MatchFields { // metadata.name is the only one that there is
		if r.Key != "metadata.name" || !meets(r, node.Name, true) {
			return false
		}
	}
	return true
}

func meets(r corev1.NodeSelectorRequirement, value string, has bool) bool {
	switch r.Operator {
	case corev1.NodeSelectorOpIn:
		return has && slices.Contains(r.Values, value)
	case corev1.NodeSelectorOpNotIn:
		return !has || !slices.Contains(r.Values, value)
	case corev1.NodeSelectorOpExists:
		return has
	case corev1.NodeSelectorOpDoesNotExist:
		return !has
	case corev1.NodeSelectorOpGt, corev1.NodeSelectorOpLt:
		if !has || len(r.Values) != 1 {
			return false
		}
		n, err := strconv.ParseInt(value, 10, 64)
		limit, failed := strconv.ParseInt(r.Values[0], 10, 64)
		if err != nil || failed != nil {
			return false
		}
		return r.Operator == corev1.NodeSelectorOpGt && n > limit || r.Operator == corev1.NodeSelectorOpLt && n < limit
	}
	return false
}

func tolerates(pod *corev1.Pod, node *corev1.Node) bool {
	for _, taint := range node.Spec.Taints {
		if taint.Effect == corev1.TaintEffectPreferNoSchedule || strings.HasPrefix(taint.Key, "node.kubernetes.io/") ||
			strings.HasPrefix(taint.Key, "node.cloudprovider.kubernetes.io/") {
			continue
		}
		if !slices.ContainsFunc(pod.Spec.Tolerations, func(t corev1.Toleration) bool { return toleratesTaint(t, taint) }) {
			return false
		}
	}
	return true
}

// toleratesTaint follows Toleration.ToleratesTaint, without the comparison of
// numbers, which is off by default.
func toleratesTaint(t corev1.Toleration, taint corev1.Taint) bool {
	if t.Effect != "" && t.Effect != taint.Effect || t.Key != "" && t.Key != taint.Key {
		return false
	}
	switch t.Operator {
	case "", corev1.TolerationOpEqual:
		return t.Value == taint.Value
	case corev1.TolerationOpExists:
		return true
	}
	return false
}

// Holding is what the nodes of a place list about one image.
type Holding struct {
	// On lists it, Without lists all that they have and not it, Unseen have more
	// images than their list. All by name, sorted.
	On, Without, Unseen []string
	// Digests under which it is listed, sorted.
	Digests []string
	// Reverify tells that one of On has a kubelet that may look whether the pod
	// may use the image (1.35 and later).
	Reverify bool
}

// Holding tells which nodes of the place have the image, by their status, which
// is as old as the kubelet's last report.
func (p Place) Holding(ref evidence.Reference) Holding {
	var h Holding
	for _, node := range p.Nodes {
		digests, on := lists(node, ref)
		switch {
		case on:
			h.On = append(h.On, node.Name)
			h.Digests = append(h.Digests, digests...)
			h.Reverify = h.Reverify || atLeast(node.Status.NodeInfo.KubeletVersion, reverifies)
		case len(node.Status.Images) >= listedImages:
			h.Unseen = append(h.Unseen, node.Name)
		default:
			h.Without = append(h.Without, node.Name)
		}
	}
	slices.Sort(h.Digests)
	h.Digests = slices.Compact(h.Digests)
	return h
}

// lists tells whether a node's status lists the image, and under which digests
// of its repository.
func lists(node *corev1.Node, ref evidence.Reference) (digests []string, on bool) {
	if ref.Repository == "" {
		return nil, false
	}
	for _, image := range node.Status.Images {
		found := false
		var of []string
		for _, name := range image.Names {
			if len(name) > maxImage || !strings.Contains(name, ref.Repository[strings.LastIndexByte(ref.Repository, '/')+1:]) {
				continue
			}
			listed, err := keyring.ParseImage(name)
			if err != nil || listed.Host != ref.Host || listed.Repository != ref.Repository {
				continue
			}
			if listed.Digest != "" {
				of = append(of, listed.Digest)
			}
			if ref.Digest != "" {
				found = found || listed.Digest == ref.Digest // the runtimes look by digest alone
			} else {
				found = found || listed.Digest == "" && listed.Tag == ref.Tag
			}
		}
		if found {
			return of, true
		}
	}
	return nil, false
}
