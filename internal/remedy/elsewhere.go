// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"slices"
	"strings"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
)

// Amazon keeps copies of Docker's official images in its public registry, with
// the same manifests
// (https://aws.amazon.com/blogs/containers/docker-official-images-now-available-on-amazon-elastic-container-registry-public/).
const (
	official       = "library/"
	officialCopies = "public.ecr.aws/docker/"
)

// Candidates are other names under which the content of a failing pull may be
// had, worth asking for: where its registry or repository moved to, where
// Docker's official images are kept as well, and the mirrors that were asked
// already. Digest is empty unless it is known. Whoever asks them puts those that
// answer into Case.Elsewhere, with the digest that they gave.
func Candidates(c *catalog.Catalog, d diagnosis.Diagnosis) []Copy {
	r := d.Pull.Reference
	if r.Host == "" || r.Repository == "" {
		return nil
	}
	var list []Copy
	add := func(image, digest, where string) {
		if isImage(image) && !slices.ContainsFunc(list, func(o Copy) bool { return o.Image == image }) {
			list = append(list, Copy{Image: image, Digest: digest, Where: where})
		}
	}
	if image, move, ok := movedTo(c, r); ok {
		add(image, "", "it moved there, see "+move.Reference)
	}
	if strings.HasPrefix(r.Repository, official) && r.Host == "docker.io" {
		add(officialCopies+r.Repository+suffix(r), "", "Amazon ECR Public keeps Docker's official images")
	}
	for _, f := range d.Findings {
		host := f.Details["host"]
		if f.Outcome != evidence.MirrorAnswers || host == "" || host == r.Host {
			continue
		}
		digest := f.Details["digest"]
		if !isDigest(digest) {
			digest = ""
		}
		add(host+"/"+r.Repository+suffix(r), digest, host+" is a mirror of this cluster, and has it")
	}
	return list
}

// movedTo is the name of an image at the place to which its registry or
// repository moved.
func movedTo(c *catalog.Catalog, r evidence.Reference) (string, catalog.Move, bool) {
	move, ok := c.Retired(r)
	if !ok {
		return "", catalog.Move{}, false
	}
	image := move.Image(r)
	if !isImage(image) {
		return "", catalog.Move{}, false
	}
	return image, move, true
}

// suffix is the tag and digest as they are written behind a repository.
func suffix(r evidence.Reference) string {
	s := ""
	if r.Tag != "" {
		s = ":" + r.Tag
	}
	if r.Digest != "" {
		s += "@" + r.Digest
	}
	return s
}

// movedImage follows a registry or repository to where its owner announced that
// it went. Where the old content is known, only that content is taken; where it is
// not, nothing shows that the new place has the same, and the remedy is only ever
// asked for by its name.
func (p *planner) movedImage() []Remedy {
	image, move, ok := movedTo(p.catalog, p.d.Pull.Reference)
	spot, here := find(p.Target.Template.Spec, p.d.Pull)
	if !ok || !here || p.o.To != "" {
		return nil
	}
	r := Remedy{ID: "moved-image", Title: "Set %s to %s", Because: "it moved there in " + move.Since + ", see " + move.Reference}
	digest, how := p.wanted()
	at := slices.IndexFunc(p.Elsewhere, func(c Copy) bool { return c.Image == image })
	switch {
	case digest == "" && p.o.With != r.ID:
		return []Remedy{{
			ID: r.ID, Kind: Applied, Needs: "--with " + r.ID, Title: "Set " + p.container() + " to " + image,
			Because: r.Because + "; what was pulled before is not known, so that it is the same rests on its owner's word",
		}}
	case digest == "":
		r.Risks = []string{"what was pulled before is not known: that it is the same rests on its owner's word"}
	case at >= 0 && isDigest(p.Elsewhere[at].Digest) && p.Elsewhere[at].Digest != digest:
		return []Remedy{{
			ID: "moved-image", Kind: Applied, Needs: "--to " + image, Title: "Set " + p.container() + " to " + image,
			Because: "it moved there, but has other content there (" + short(p.Elsewhere[at].Digest) + ") than was pulled here (" + short(digest) + ": " + how + ")",
		}}
	default:
		image = pin(image, digest)
		r.Because += "; " + how + ", and only that content is taken"
	}
	return p.setImages(r, swap{p.d.Pull, spot, image})
}

// copyElsewhere pulls the very same content under another name, which the digest
// sees to: runtimes check what they get against it. Without a digest to compare
// with it is only said why not.
func (p *planner) copyElsewhere() []Remedy {
	spot, ok := find(p.Target.Template.Spec, p.d.Pull)
	if !ok || p.o.To != "" || shown(spot.image) != p.d.Pull.Image {
		return nil
	}
	why := Remedy{ID: "copy-elsewhere", Kind: Applied, Needs: "--to IMAGE", Title: "Pull the same content of " + p.container() + " from elsewhere"}
	digest, how := p.wanted()
	moved, _, _ := movedTo(p.catalog, p.d.Pull.Reference) // movedImage sees to that
	others := slices.DeleteFunc(slices.Clone(p.Elsewhere), func(c Copy) bool {
		return c.Image == moved || !isImage(c.Image) || repositoryOf(c.Image) == repositoryOf(spot.image)
	})
	if len(others) == 0 {
		return nil // otherImage says how another is named
	}
	if digest == "" {
		why.Because = "which content is wanted is not known, so that none can be shown to be the same: " + shown(others[0].Image) + " could be"
		return []Remedy{why}
	}
	at := slices.IndexFunc(others, func(c Copy) bool { return c.Digest == digest })
	if at < 0 {
		why.Because = shown(others[0].Image) + " is there, but was not shown to have the content that is wanted (" + short(digest) + ")"
		return []Remedy{why}
	}
	r := Remedy{
		ID: "copy-elsewhere", Title: "Pull the same content for %s as %s",
		Because: join(others[at].Where, "it has the same content, "+short(digest)+" ("+how+")"),
		Risks:   []string{others[at].dependence()},
	}
	return p.setImages(r, swap{p.d.Pull, spot, pin(others[at].Image, digest)})
}

// dependence says what comes with equal content from another registry: that one
// has to be there, and to answer, whenever a pod starts.
func (c Copy) dependence() string {
	host, _, _ := strings.Cut(repositoryOf(c.Image), "/")
	text := "from now on these pods depend on " + shown(host)
	if c.Namespace != "" {
		text += ", which pods of namespace " + shown(c.Namespace) + " use already"
	}
	return text
}
