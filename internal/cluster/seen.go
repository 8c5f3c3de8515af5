// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"hash/maphash"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// Bounds on what is remembered of pods that are well: the memory grows with
// the number of different images, not of pods.
const (
	maxStartsOfImage    = 4
	maxStartsOfRegistry = 6
	maxTags             = 20
	maxNamespacesOfName = 5
	maxImages           = 50_000
	maxSecretNames      = 50_000
)

// Seen is what the pods that were looked at show about images that run. It is
// what other pulls tell about one that fails.
type Seen struct {
	images     map[string]*image // as written; spellings of one reference share one
	references map[string]*image // by canonical name
	registries map[string][]Start
	tags       map[string][]string // by host/repository, newest first seen first
	secrets    map[string][]string // namespaces whose pods name a pull secret so

	uses    map[string]*use // by registry
	counted map[uint64]struct{}
	seed    maphash.Seed
}

// image is one reference; not ok if it cannot be parsed.
type image struct {
	ref    evidence.Reference
	name   string // canonical
	ok     bool
	starts []Start // newest first, one a node
}

// A Start is a container that started, so that its image was on the node.
type Start struct {
	Namespace, Pod, PodUID, Node string
	Image                        string // as written
	Reference                    evidence.Reference
	// Time of the start, zero if it is not shown.
	Time time.Time
	// Asked: with the policy Always the kubelet asked the registry right
	// before the start, so that the start proves a pull. Without it the image
	// may have been on the node for long.
	Asked bool
}

// NewSeen returns an empty Seen.
func NewSeen() *Seen {
	return &Seen{
		images: map[string]*image{}, references: map[string]*image{}, registries: map[string][]Start{},
		tags: map[string][]string{}, secrets: map[string][]string{},
		uses: map[string]*use{}, counted: map[uint64]struct{}{}, seed: maphash.MakeSeed(),
	}
}

// ofNow tells of a container in a pod that was changed since it was made (an image
// can be, in place) that it started with the image that the pod names now.
func ofNow(s *corev1.ContainerStatus, name string) bool {
	if s.State.Waiting != nil {
		return false // what started before may have been another
	}
	ref, err := keyring.ParseImage(s.Image)
	return err == nil && Canonical(ref) == name
}

// Add takes in one pod, failing or not.
func (s *Seen) Add(pod *corev1.Pod) {
	for _, ref := range pod.Spec.ImagePullSecrets {
		spaces := s.secrets[ref.Name]
		if (spaces != nil || len(s.secrets) < maxSecretNames) && len(spaces) < maxNamespacesOfName && !slices.Contains(spaces, pod.Namespace) {
			s.secrets[ref.Name] = append(spaces, pod.Namespace)
		}
	}
	runs := make([]*image, 0, 8)
	for _, c := range containersOf(pod) {
		if c.status == nil || c.image == "" {
			continue
		}
		at := started(c.status)
		if c.status.ImageID == "" && at.IsZero() {
			continue
		}
		img := s.image(c.image)
		if img == nil || !img.ok || pod.Generation > 1 && !ofNow(c.status, img.name) {
			continue
		}
		if c.status.State.Running != nil {
			runs = append(runs, img)
		}
		start := Start{
			Namespace: pod.Namespace, Pod: pod.Name, PodUID: string(pod.UID), Node: pod.Spec.NodeName,
			Image: c.image, Reference: img.ref, Time: at, Asked: c.policy == corev1.PullAlways && !at.IsZero(),
		}
		img.starts = keepNewest(img.starts, start, maxStartsOfImage, func(a, b Start) bool { return a.Node == b.Node })
		host := img.ref.Host
		s.registries[host] = keepNewest(s.registries[host], start, maxStartsOfRegistry,
			func(a, b Start) bool { return a.Image == b.Image && a.Node == b.Node })
	}
	s.count(pod, runs)
}

// image returns the entry of an image as written, nil if there are too many.
func (s *Seen) image(written string) *image {
	if img, ok := s.images[written]; ok {
		return img
	}
	if len(s.images) >= maxImages || len(written) > maxImage {
		return nil
	}
	ref, err := keyring.ParseImage(written)
	if err != nil {
		s.images[written] = &image{}
		return nil
	}
	name := Canonical(ref)
	img := s.references[name]
	if img == nil {
		img = &image{ref: ref, name: name, ok: true}
		s.references[name] = img
	}
	s.images[written] = img
	if ref.Tag != "" {
		of := repository(ref)
		if tags := s.tags[of]; len(tags) < maxTags && !slices.Contains(tags, ref.Tag) {
			s.tags[of] = append(tags, ref.Tag)
		}
	}
	return img
}

// started is when the container last started, zero if that is not shown.
func started(status *corev1.ContainerStatus) time.Time {
	for _, state := range []corev1.ContainerState{status.State, status.LastTerminationState} {
		switch {
		case state.Running != nil:
			return state.Running.StartedAt.Time
		case state.Terminated != nil:
			return state.Terminated.StartedAt.Time
		}
	}
	return time.Time{}
}

// keepNewest adds a start to a list that is sorted newest first and holds one
// of those that are alike: the newest, but one that proves a pull before one
// that does not.
func keepNewest(all []Start, s Start, limit int, alike func(a, b Start) bool) []Start {
	if i := slices.IndexFunc(all, func(o Start) bool { return alike(o, s) }); i >= 0 {
		if all[i].Asked && !s.Asked || all[i].Asked == s.Asked && !s.Time.After(all[i].Time) {
			return all
		}
		all = slices.Delete(all, i, i+1)
	}
	at, _ := slices.BinarySearchFunc(all, s, func(a, b Start) int { return b.Time.Compare(a.Time) })
	all = slices.Insert(all, at, s)
	if len(all) > limit {
		all = all[:limit]
	}
	return all
}

// Runs returns the newest starts of this very reference, however it is written.
func (s *Seen) Runs(ref evidence.Reference) []Start {
	if img := s.references[Canonical(ref)]; img != nil {
		return img.starts
	}
	return nil
}

// RunsOfRegistry returns the newest starts of images of the registry.
func (s *Seen) RunsOfRegistry(host string) []Start { return s.registries[host] }

// Tags returns tags of the repository that run or ran in the cluster.
func (s *Seen) Tags(ref evidence.Reference) []string { return s.tags[repository(ref)] }

// Repositories returns the names, as host/path, of all repositories of which an
// image runs or ran, sorted.
func (s *Seen) Repositories() []string {
	names := map[string]bool{}
	for _, img := range s.references {
		if len(img.starts) > 0 {
			names[repository(img.ref)] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// NamespacesNaming returns namespaces, up to a few, whose pods name a pull
// secret of this name.
func (s *Seen) NamespacesNaming(secret string) []string { return s.secrets[secret] }

func repository(r evidence.Reference) string { return r.Host + "/" + r.Repository }
