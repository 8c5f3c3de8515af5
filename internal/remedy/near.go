// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"slices"
	"strings"

	"github.com/pullmedic/pullmedic/diagnosis"
)

// maxNear bounds the names that are suggested.
const maxNear = 3

// near are whole images that exist and are named almost as the one that fails, as
// the findings have them: ready to be given to --to, and never chosen.
func (p *planner) near() []string {
	var images []string
	add := func(image string) {
		if isImage(image) && canonical(image) != canonical(p.d.Pull.Image) && !slices.Contains(images, image) && len(images) < maxNear {
			images = append(images, image)
		}
	}
	for _, tag := range nearTags(p.d) {
		add(repositoryWritten(p.d.Pull.Image) + ":" + tag)
	}
	for _, f := range p.d.Findings {
		for _, name := range strings.Fields(f.Details["near"]) {
			if repositoryWritten(name) == name { // the tag that is wanted is there as well, or it is not what is meant
				name += suffix(p.d.Pull.Reference)
			}
			add(name)
		}
	}
	return images
}

// nearTags are tags of the repository that fails, in the findings' order.
func nearTags(d diagnosis.Diagnosis) []string {
	var tags []string
	for _, key := range []string{"nearest", "highest"} {
		for _, f := range d.Findings {
			for _, tag := range strings.Fields(f.Details[key]) {
				if !slices.Contains(tags, tag) {
					tags = append(tags, tag)
				}
			}
		}
	}
	return tags
}

// repositoryWritten is an image's name as it is written, without tag and digest.
func repositoryWritten(image string) string {
	name, _, _ := strings.Cut(image, "@")
	if colon := strings.LastIndexByte(name, ':'); colon > strings.LastIndexByte(name, '/') {
		return name[:colon]
	}
	return name
}

// TagOf takes what --to names for a pull as a tag of the image that fails, if it may
// be meant so: a single word names an image of Docker Hub, but a tag, too. known
// tells that the repository was seen to have that tag. "" if it is no such word.
func (o Options) TagOf(d diagnosis.Diagnosis) (image string, known bool) {
	to := o.of(d).To
	if to == "" || strings.ContainsAny(to, "/:@") || d.Pull.Reference.Repository == "" {
		return "", false
	}
	image = repositoryWritten(d.Pull.Image) + ":" + to
	if !isImage(image) {
		return "", false
	}
	return image, slices.Contains(nearTags(d), to)
}
