// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	// A reference by digest is valid only if its algorithm is linked in, as it
	// is in the kubelet.
	_ "crypto/sha256"
	_ "crypto/sha512"
	"fmt"
	"strings"

	"github.com/distribution/reference"

	"github.com/pullmedic/pullmedic/evidence"
)

// defaultTag is what the kubelet asks for when neither tag nor digest is
// written.
const defaultTag = "latest"

// ParseImage takes the image of a pod apart as the kubelet does
// (ParseImageName in pkg/util/parsers): short names become docker.io/library/…,
// index.docker.io becomes docker.io, and without tag and digest the tag is
// latest. The error is an *Error with the kubelet's words.
func ParseImage(image string) (evidence.Reference, error) {
	ref, _, err := parseImage(image)
	return ref, err
}

// parseImage also returns the name without tag and digest, which is what the
// kubelet looks up in its keyring.
func parseImage(image string) (evidence.Reference, string, error) {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return evidence.Reference{}, "", imageError(fmt.Sprintf("couldn't parse image name %q: %v", image, err))
	}
	// Not Domain and Path: a host that the grammar does not know, as a_b.example,
	// passes as the first part of a path, and is still where it is pulled from.
	host, repository, _ := strings.Cut(named.Name(), "/")
	ref := evidence.Reference{Host: host, Repository: repository}
	if tagged, ok := named.(reference.Tagged); ok {
		ref.Tag = tagged.Tag()
	}
	if digested, ok := named.(reference.Digested); ok {
		ref.Digest = digested.Digest().String()
	}
	if ref.Tag == "" && ref.Digest == "" {
		ref.Tag, ref.TagImplied = defaultTag, true
	}
	return ref, named.Name(), nil
}

// A target is the image's name as the matching rules see it.
type target struct {
	name string // host/repository
	hostPath
	ok bool // false: the kubelet cannot parse it, and nothing matches but the default
	// hub: the kubelet takes the image for one of Docker Hub.
	hub bool
}

func newTarget(name string) target {
	hp, err := splitKey(name)
	return target{name: name, hostPath: hp, ok: err == nil, hub: isDefaultRegistry(name)}
}

// isDefaultRegistry follows isDefaultRegistryMatch in
// pkg/credentialprovider/keyring.go. It also takes names whose first part has
// neither dot nor colon for Docker Hub's, so that an image of localhost may be
// tried with a credential for index.docker.io.
func isDefaultRegistry(name string) bool {
	host, _, found := strings.Cut(name, "/")
	switch {
	case host == "":
		return false
	case !found, host == "docker.io", host == hubHost:
		return true
	}
	return !strings.ContainsAny(host, ".:")
}
