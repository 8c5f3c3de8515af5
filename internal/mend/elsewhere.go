// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"context"
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/internal/examine"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/internal/remedy"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
	"github.com/pullmedic/pullmedic/symptom"
)

// Bounds of what is asked and kept about the same content under other names.
const (
	maxCandidates = 3
	maxCopies     = 20
	copyPages     = 4
)

// aboutReach tells whether a diagnosis is about a registry that does not give
// what it has, so that a copy elsewhere could serve.
func (m *Mender) aboutReach(d diagnosis.Diagnosis) bool {
	c, ok := m.catalog.Cause(d.Causes[0].Cause)
	return ok && (c.Category == catalog.Network || c.Category == catalog.Registry || c.Category == catalog.Mirror || c.ID == catalog.LayerMissing || c.ID == catalog.PullTimeout)
}

// elsewhere looks for the content of the failing images under other names, and
// on the nodes themselves.
func (m *Mender) elsewhere(ctx context.Context, run *cluster.Run, k *remedy.Case) {
	for _, d := range k.Diagnoses {
		if !m.aboutReach(d) {
			continue
		}
		candidates := remedy.Candidates(m.catalog, d)
		for _, c := range candidates[:min(len(candidates), maxCandidates)] {
			if c.Digest == "" {
				c.Digest = m.digest(ctx, k, c.Image)
			}
			if c.Digest != "" {
				k.Elsewhere = append(k.Elsewhere, c)
			}
		}
		m.copies(ctx, k, d.Pull)
		m.nodeImages(ctx, run, k, d.Pull)
	}
}

// digest that a registry gives for an image to the target's pods; "" if it does
// not give the image.
func (m *Mender) digest(ctx context.Context, k *remedy.Case, image string) string {
	pod := &corev1.Pod{ObjectMeta: k.Target.Template.ObjectMeta, Spec: *k.Target.Template.Spec.DeepCopy()}
	pod.Namespace, pod.Name = k.Target.Namespace, k.Target.Name
	pod.Spec.InitContainers, pod.Spec.Volumes = nil, nil
	pod.Spec.Containers = []corev1.Container{{Name: "copy", Image: image}}
	seen := m.seer.Foresee(ctx, examine.Prospect{Wants: []examine.Want{{Object: evidence.Object{Kind: k.Target.Kind, Namespace: k.Target.Namespace, Name: k.Target.Name}, Pod: pod}}})
	for _, p := range seen.Pulls {
		for _, f := range p.Evidence.Findings {
			if f.Outcome == evidence.ManifestPresent && f.Details["digest"] != "" {
				return f.Details["digest"]
			}
		}
	}
	return ""
}

// copies are images of the cluster's pods that have the failing image's last
// name and lie elsewhere, with what their runtimes pulled: first those that run on
// the failing pull's own node, which has its own way to each registry; none of
// registries that this node does not reach now.
func (m *Mender) copies(ctx context.Context, k *remedy.Case, pull evidence.Pull) {
	var here, there []remedy.Copy
	hosts := map[string]string{} // of copies, by image
	failing := map[string]bool{} // hosts, on the node
	look := func(p *corev1.Pod) {
		list := &there
		if p.Spec.NodeName == pull.Node {
			list = &here
			for _, f := range cluster.FailingPulls(p) {
				failing[f.Reference.Host] = failing[f.Reference.Host] || unreached(f.Message)
			}
		}
		for _, s := range p.Status.ContainerStatuses {
			if len(*list) == maxCopies {
				return
			}
			if found, host, ok := copyIn(p, s, pull.Reference); ok {
				hosts[found.Image] = host
				*list = append(*list, found)
			}
		}
	}
	if _, err := m.cluster.Pods(ctx, "", "", copyPages, look); err != nil {
		_, err = m.cluster.Pods(ctx, pull.Namespace, "", copyPages, look)
		if err != nil {
			k.NotLookedAt = append(k.NotLookedAt, cluster.GapOf(evidence.CheckSameImage, evidence.Subject{Kind: evidence.SubjectImage, Name: pull.Image}, err))
		}
	}
	for _, c := range slices.Concat(here, there) {
		known := slices.ContainsFunc(k.Elsewhere, func(have remedy.Copy) bool { return have.Image == c.Image && have.Digest == c.Digest })
		if !known && !failing[hosts[c.Image]] && len(k.Elsewhere) < maxCopies {
			k.Elsewhere = append(k.Elsewhere, c)
		}
	}
}

// copyIn is what a container of a pod has pulled, and from which host, if that is
// an image of the same last name from elsewhere.
func copyIn(p *corev1.Pod, s corev1.ContainerStatus, of evidence.Reference) (found remedy.Copy, host string, ok bool) {
	i := slices.IndexFunc(p.Spec.Containers, func(c corev1.Container) bool { return c.Name == s.Name })
	_, digest, pulled := strings.Cut(s.ImageID, "@")
	if i < 0 || !pulled {
		return remedy.Copy{}, "", false
	}
	image := p.Spec.Containers[i].Image
	ref, err := keyring.ParseImage(image)
	if err != nil || path.Base(ref.Repository) != path.Base(of.Repository) || ref.Host == of.Host && ref.Repository == of.Repository {
		return remedy.Copy{}, "", false
	}
	return remedy.Copy{Image: foreign.Text(image, 1<<10), Digest: digest, Where: "it runs in namespace " + p.Namespace, Namespace: p.Namespace}, ref.Host, true
}

// unreached tells of a failure that any other pull from that host meets too.
func unreached(message string) bool {
	switch symptom.Parse(message).Sign {
	case symptom.HostNotResolved, symptom.ConnectionTimeout, symptom.ConnectionRefused, symptom.ConnectionReset, symptom.NoRoute,
		symptom.TLSVersionUnsupported, symptom.TLSUntrusted, symptom.TLSInvalid, symptom.ClockSkew, symptom.HTTPInsteadOfHTTPS,
		symptom.ClientCertificateAsked, symptom.ProxyFailed, symptom.RegistryUnavailable, symptom.MirrorFailed:
		return true
	}
	return false
}

// nodeImages notes which images the node of a failing pod has.
func (m *Mender) nodeImages(ctx context.Context, run *cluster.Run, k *remedy.Case, pull evidence.Pull) {
	if pull.Node == "" || slices.ContainsFunc(k.NodeImages, func(has remedy.NodeImage) bool { return has.Node == pull.Node }) {
		return
	}
	node, err := run.Node(ctx, pull.Node)
	if err != nil {
		k.NotLookedAt = append(k.NotLookedAt, cluster.GapOf(evidence.CheckNode, evidence.Subject{Kind: evidence.SubjectNode, Name: pull.Node}, err))
		return
	}
	for _, image := range node.Status.Images {
		k.NodeImages = append(k.NodeImages, remedy.NodeImage{Node: pull.Node, Names: image.Names})
	}
}
