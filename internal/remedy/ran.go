// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// A sight is what shows that pods of a revision ran an image. A revision alone shows
// only that the template had it: of two wrong ones in a row, the first never ran.
type sight int

// The sights, the best first.
const (
	serving sight = iota // ready pods of the revision
	ranOnce              // the owner's status, or what a pod's status says that it pulled
	held                 // a failing pod's node holds the image: some pod pulled it there
	unseen               // nothing
)

// sightOf is what shows that a revision's pods ran one of its images.
func (p *planner) sightOf(r Revision, image string) sight {
	switch {
	case r.Ready > 0:
		return serving
	case r.Ran || p.digestRun(image) != "":
		return ranOnce
	case p.heldBy(image) != "":
		return held
	}
	return unseen
}

// heldBy is a failing pod's node that holds an image, "" if none is known to.
func (p *planner) heldBy(image string) string {
	name := canonical(image)
	at := slices.IndexFunc(p.NodeImages, func(h NodeImage) bool {
		return slices.ContainsFunc(h.Names, func(n string) bool { return n == name || canonical(n) == name })
	})
	if at < 0 {
		return ""
	}
	return p.NodeImages[at].Node
}

// previous is the newest earlier revision that had another image here, of those of
// which most shows that they ran it. What cannot be pulled is passed over.
func (p *planner) previous() (Revision, string, bool) { return p.earlier(serving, ranOnce, held) }

// earlier is the newest earlier revision that had another image here, in the order of
// these sights.
func (p *planner) earlier(sights ...sight) (Revision, string, bool) {
	now, ok := find(p.Target.Template.Spec, p.d.Pull)
	if !ok {
		return Revision{}, "", false
	}
	for _, s := range sights {
		for _, r := range p.Target.Revisions {
			before, ok := find(r.Template.Spec, p.d.Pull)
			if ok && isImage(before.image) && before.image != now.image && shown(before.image) != p.d.Pull.Image && !p.absent(before.image) && p.sightOf(r, before.image) == s {
				return r, before.image, true
			}
		}
	}
	return Revision{}, "", false
}

// imagesOf are all images of a pod's spec.
func imagesOf(s corev1.PodSpec) []string {
	var images []string
	for _, c := range slices.Concat(s.InitContainers, s.Containers) {
		images = append(images, c.Image)
	}
	for _, v := range s.Volumes {
		if v.Image != nil {
			images = append(images, v.Image.Reference)
		}
	}
	return images
}

// absent tells an image that was found not to be there.
func (p *planner) absent(image string) bool {
	return slices.ContainsFunc(p.o.Absent, func(a string) bool {
		return a == image || a == pin(image, p.digestRun(image))
	})
}

// ran says in words what is known of an earlier revision and its image here.
func (p *planner) ran(r Revision) string {
	revision, image := "an earlier revision", ""
	if r.Number > 0 {
		revision = fmt.Sprintf("revision %d", r.Number)
	}
	if spot, ok := find(r.Template.Spec, p.d.Pull); ok {
		image = spot.image
	}
	words := revision + " had it, and nothing shows that it ran"
	switch p.sightOf(r, image) {
	case serving:
		words = fmt.Sprintf("%s runs it, with %d ready", revision, r.Ready)
	case ranOnce:
		words = revision + " ran it"
	case held:
		words = revision + " had it, and node " + shown(p.heldBy(image)) + " holds it"
	case unseen:
	}
	if digest := p.digestRun(image); digest != "" {
		words += " (" + short(digest) + ")"
	}
	return words
}
