// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// wanted is the digest of the content that the failing pull asks for, and in
// words how it is known; "" if nothing tells it.
func (p *planner) wanted() (digest, how string) {
	if d := p.d.Pull.Reference.Digest; d != "" {
		return d, "the image names its digest"
	}
	if d := p.Digests[p.d.Pull.Image]; isDigest(d) {
		return d, "the registry gives it for this name"
	}
	name := canonical(p.d.Pull.Image)
	for _, f := range p.d.Findings {
		if f.Outcome == evidence.ManifestPresent && f.Subject.Name == name && isDigest(f.Details["digest"]) {
			return f.Details["digest"], "the registry gives it for this name"
		}
	}
	if d := p.digestRun(p.d.Pull.Image); d != "" {
		return d, "other pods of it run it"
	}
	return "", ""
}

// moved tells that the registry gives another digest for an image now than what
// the workload's pods ran under that name.
func (p *planner) moved(image string) (ran string, moved bool) {
	ran = p.digestRun(image)
	now := p.Digests[image]
	return ran, ran != "" && isDigest(now) && now != ran
}

// digestRun is what pods of the case run (or ran last) under the image's name,
// those that are ready before the others.
func (p *planner) digestRun(image string) string {
	for _, ready := range []bool{true, false} {
		for _, pod := range p.Pods {
			if PodReady(pod) != ready {
				continue
			}
			if d := digestIn(pod, image); d != "" {
				return d
			}
		}
	}
	return ""
}

// digestIn is the digest that a pod's status shows for an image of its spec:
// what the runtime resolved it to when it pulled it.
func digestIn(pod *corev1.Pod, image string) string {
	name := canonical(image)
	for _, s := range slices.Concat(pod.Status.ContainerStatuses, pod.Status.InitContainerStatuses) {
		i := slices.IndexFunc(slices.Concat(pod.Spec.Containers, pod.Spec.InitContainers), func(c corev1.Container) bool {
			return c.Name == s.Name && canonical(c.Image) == name
		})
		if i < 0 {
			continue
		}
		// docker-pullable:// was written before Kubernetes 1.24.
		if repository, digest, ok := strings.Cut(strings.TrimPrefix(s.ImageID, "docker-pullable://"), "@"); ok && repository == repositoryOf(image) && isDigest(digest) {
			return digest
		}
	}
	return ""
}

// digestOnNode is the digest under which a node has the image's content, by its
// pods or by its own list; "" if nothing shows that it does.
func (p *planner) digestOnNode(node, image string) string {
	for _, pod := range p.Pods {
		if pod.Spec.NodeName != node {
			continue
		}
		if d := digestIn(pod, image); d != "" {
			return d
		}
	}
	name, repository := canonical(image), repositoryOf(image)
	for _, has := range p.NodeImages {
		if has.Node != node || !slices.ContainsFunc(has.Names, func(n string) bool { return n == name || canonical(n) == name }) {
			continue
		}
		var digests []string
		for _, n := range has.Names {
			if of, d, ok := strings.Cut(n, "@"); ok && of == repository && isDigest(d) {
				digests = append(digests, d)
			}
		}
		if len(digests) == 1 { // of two, nothing tells which the tag meant
			return digests[0]
		}
	}
	return ""
}

// canonical is a reference as runtimes write it: host, repository, and digest or
// tag. What is no reference is itself.
func canonical(image string) string {
	r, err := keyring.ParseImage(image)
	if err != nil {
		return image
	}
	if r.Digest != "" {
		return r.Host + "/" + r.Repository + "@" + r.Digest
	}
	return r.Host + "/" + r.Repository + ":" + r.Tag
}

func repositoryOf(image string) string {
	r, err := keyring.ParseImage(image)
	if err != nil {
		return image
	}
	return r.Host + "/" + r.Repository
}

// isImage tells a name that a kubelet can parse.
func isImage(image string) bool {
	_, err := keyring.ParseImage(image)
	return err == nil
}

// pin names the content beside the tag: the tag is for people then, the digest
// is what is pulled.
func pin(image, digest string) string {
	name, _, _ := strings.Cut(image, "@")
	return name + "@" + digest
}

// isDigest tells a digest in full; anything shorter proves nothing.
func isDigest(s string) bool {
	sum, ok := strings.CutPrefix(s, "sha256:")
	return ok && len(sum) == 64 && strings.Trim(sum, "0123456789abcdef") == ""
}

// short is enough of a digest to know it by.
func short(digest string) string { return digest[:min(len(digest), len("sha256:")+12)] }
