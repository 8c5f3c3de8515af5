// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"strings"

	"github.com/pullmedic/pullmedic/catalog"
)

// correctSource mends the image where it comes from, so that the next roll-out
// does not bring it back.
func (p byHand) correctSource() []Remedy {
	steps := []Step{{
		What:  "Correct the image in the chart's values, the kustomization or the pipeline that it comes from, not only in the cluster",
		Where: withDocs, Commands: printable(sh("kubectl", "get", p.ownerKind(), p.ownerName(), "-n", p.namespace(), "-o", "yaml", "--show-managed-fields")),
		Afterwards: "managedFields name who wrote the image; the next roll-out keeps the right one",
	}}
	if tag := p.tag(); tag != "" && p.named() != "" {
		steps = append(steps, Step{What: "See which tags there are", Where: withKubectl, Commands: printable(sh("skopeo", "list-tags", "docker://"+p.named())), Afterwards: "the tag that was meant; a private repository needs a login first"})
	}
	return []Remedy{{ID: "correct-source", Title: "Correct the image where it comes from", Steps: steps}}
}

// ownerKind and ownerName of the pull, as kubectl takes them.
func (p byHand) ownerKind() string {
	return matching(dnsGrammar, p.d.Pull.Owner.Type())
}
func (p byHand) ownerName() string { return matching(dnsGrammar, p.d.Pull.Owner.Name) }
func (p byHand) pod() string       { return matching(dnsGrammar, p.d.Pull.Pod) }

// build is the command that makes and pushes the image for platforms.
func (p byHand) build(platforms string, more ...string) string {
	words := append([]string{"docker", "buildx", "build", "--platform", platforms, "--tag", p.pushable(), "--push"}, more...)
	return sh(append(words, ".")...)
}

// pushAgain builds and pushes what the registry lacks. Nobody knows that a tag was
// ever there; of an image of which parts are gone that is known.
func (p byHand) pushAgain() []Remedy {
	platforms := p.platforms()
	title := "Push " + orWords(p.pushable(), "the image") + " again"
	if p.cause.Cause == catalog.TagNotFound {
		title = "Build and push " + orWords(p.pushable(), "the image") + ", if its tag is meant so"
	}
	r := Remedy{
		ID: "push-again", Title: title,
		Risks: []string{"A build of today need not be the code of then: take the commit that the tag was made from"},
		Steps: []Step{
			{What: "Build and push it, from its commit, for every platform that the cluster has; without the cache, as a builder skips layers that it believes to be there", Where: withSources, Commands: printable(p.build(platforms, "--no-cache")), Afterwards: "the digest that is printed: pin it"},
			{What: "See that the registry has all of it", Where: withSources, Commands: printable(sh("skopeo", "copy", withPrefix("docker://", p.pushable()), "dir:whole"), sh("rm", "-r", "whole")), Afterwards: "it copies every layer; the next attempt succeeds"},
		},
	}
	return []Remedy{r}
}

// platforms of the cluster's nodes, the failing one first, as a builder takes them.
func (p byHand) platforms() string {
	var all []string
	add := func(os, arch string) {
		if matching(wordGrammar, os) != "" && matching(wordGrammar, arch) != "" && !strings.Contains(strings.Join(all, ","), os+"/"+arch) {
			all = append(all, os+"/"+arch)
		}
	}
	add(p.d.Pull.Platform.OS, p.d.Pull.Platform.Arch)
	for _, at := range p.Platforms {
		add(at.OS, at.Arch)
	}
	if len(all) == 0 {
		return "linux/amd64,linux/arm64"
	}
	return strings.Join(all, ",")
}

// pushFromNode brings an image back from a node that still has it.
func (p byHand) pushFromNode() []Remedy {
	image, steps := p.stored(), []Step(nil)
	if p.system().kind == dockerd {
		return nil // what Docker writes has other digests than what it pulled
	}
	// A digest is pushed as that: without one a tag is meant, which for none is latest.
	to, risk := p.pushable(), "The tag then has one platform alone"
	if p.d.Pull.Reference.Digest != "" {
		to, risk = image, "It comes back without a tag: registries that clear up what has none take it away again, unless it gets one"
	}
	steps = append(steps,
		Step{What: "Find a node that still has all of it", Where: anyNode, Commands: printable(p.holds(image)), Afterwards: "complete; a node has its own platform alone, so that the digest of an index does not come back whole"},
		Step{What: "Write it to a file there", Where: thatNode, Commands: printable(p.export(image)), Afterwards: "image.tar is there"},
		Step{What: "Copy image.tar to where you can push, and push it: the same bytes have the same digest", Where: withSources, Commands: printable(sh("mkdir", "image"), sh("tar", "-xf", "image.tar", "-C", "image"), sh("skopeo", "copy", "--preserve-digests", "oci:image", withPrefix("docker://", to))), Afterwards: "the digest that is wanted; the next attempt succeeds"},
	)
	return []Remedy{{ID: "push-from-node", Title: "Bring " + orWords(image, "the image") + " back from a node that has it", Risks: []string{risk}, Steps: steps}}
}

// holds looks whether a node has all of an image, and export writes it to a file; the
// other nodes are taken for such as this one.
func (p byHand) holds(image string) string {
	if image == "" {
		return ""
	}
	return with(p.system().ctr, "images", "check", "name=="+image)
}

func (p byHand) export(image string) string {
	return with(p.system().ctr, "images", "export", "--platform", p.platform(), "image.tar", image)
}

// buildPlatform makes the image for the platform that lacks.
func (p byHand) buildPlatform() []Remedy {
	return []Remedy{{
		ID: "build-platform", Title: "Build " + orWords(p.pushable(), "the image") + " for " + orWords(p.platform(), "the node's platform"),
		Risks: []string{"The tag gets another digest: what is pinned stays as it was"},
		Steps: []Step{
			{What: "Build and push one index for every platform that the cluster has", Where: withSources, Commands: printable(p.build(p.platforms())), Afterwards: "one manifest list with each platform"},
			{What: "See what the index has", Where: withSources, Commands: printable(sh("docker", "buildx", "imagetools", "inspect", p.pushable())), Afterwards: "Platform: " + orWords(p.platform(), "the node's") + "; the next attempt succeeds"},
		},
	}}
}

// convertImage turns an old manifest into one that runtimes take.
func (p byHand) convertImage() []Remedy {
	to := ""
	if p.named() != "" && p.tag() != "" && len(p.tag()) < 120 {
		to = p.named() + ":" + p.tag() + "-oci"
	}
	return []Remedy{{
		ID: "convert-image", Title: "Convert " + orWords(p.image(), "the image") + " to a format that runtimes take",
		Because: "containerd 2 takes no schema 1 any more",
		Risks:   []string{"The digest changes; the old tag stays as it is"},
		Steps: []Step{
			{What: "See what it is: schemaVersion 1 can be converted; an artifact (a chart, a signature) cannot, name the image instead", Where: withSources, Commands: printable(sh("skopeo", "inspect", "--raw", withPrefix("docker://", p.stored()))), Afterwards: "its schemaVersion and mediaType"},
			{What: "Copy it to a new tag in the other format", Where: withSources, Commands: printable(sh("skopeo", "copy", "--format", "oci", withPrefix("docker://", p.stored()), withPrefix("docker://", to))), Afterwards: "the new tag has an OCI manifest: kubectl pullmedic fix with --to sets it"},
		},
	}}
}

// createRepository makes the repository that nobody made.
func (p byHand) createRepository() []Remedy {
	step := Step{What: "Create the repository, and push the image to it", Where: atRegistry, Afterwards: "the repository is there, and empty"}
	if c, ok := p.ecr(); ok {
		step.What, step.Where = "Create the repository: ECR makes none on push unless it is told to", withCloud
		step.Commands = printable(sh("aws", "ecr", "create-repository", "--registry-id", c.account, "--region", c.region, "--repository-name", p.repository()))
	} else if place, project, repository, ok := p.google(); ok {
		step.What, step.Where = "Create the repository of that name in the project", withCloud
		step.Commands = printable(sh("gcloud", "artifacts", "repositories", "create", repository, "--repository-format", "docker", "--location", place, "--project", project))
	}
	return []Remedy{{
		ID: "create-repository", Title: "Create " + orWords(p.named(), "the repository") + ", if its name is meant so",
		Steps: []Step{step, {What: "Build and push the image", Where: withSources, Commands: printable(p.build(p.platforms())), Afterwards: "the next attempt succeeds"}},
	}}
}

// newAddress is where a registry that was given up moved to.
func (p byHand) newAddress() []Remedy {
	to := ""
	if move, ok := p.catalog.Retired(p.d.Pull.Reference); ok && matching(imageGrammar, move.To) != "" {
		to = move.To
	}
	return []Remedy{{
		ID: "new-address", Title: "Take the image from its new address" + withPrefix(", below ", to),
		Steps: []Step{
			{What: "Find the same image there, and compare its digest with one that ran before trusting it", Where: withKubectl, Commands: printable(sh("kubectl", "get", "pods", "-A", "-o", "jsonpath={range .items[*].status.containerStatuses[*]}{.imageID}{\"\\n\"}{end}")), Afterwards: "a line with the old name and a digest: the new name has to give the same one"},
			{What: "Update the chart rather than its values: its next version has the new name", Where: withDocs, Afterwards: "nothing names the old address: kubectl pullmedic preflight tells"},
		},
	}}
}

// recreatePods has the owner make failing pods anew.
func (p byHand) recreatePods() []Remedy {
	r := Remedy{ID: "recreate-pods", Title: "Have " + orWords(p.pod(), "the pod") + " made anew", Risks: []string{"A pod that nothing owns does not come back: keep its manifest first"}}
	r.Steps = []Step{
		{What: "Delete the failing pods, one by one; those that serve need nothing", Where: withKubectl, Commands: printable(sh("kubectl", "delete", "pod", p.pod(), "-n", p.namespace())), Afterwards: "its owner makes another within seconds, which pulls at once"},
	}
	if p.d.Pull.Owner.Kind == "Pod" || p.Target.Kind == "Pod" {
		r.Steps[0].What = "Nothing owns the pod: make it again from the manifest that it was made from, after deleting it"
	}
	return []Remedy{r}
}
