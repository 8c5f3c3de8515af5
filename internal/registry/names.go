// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	_ "embed" // for the list of well-known images
	"slices"
	"strings"

	"github.com/pullmedic/pullmedic/evidence"
)

// Names near to one that is missing come from two places only: what this
// cluster runs, and a list of well-known images. No registry is asked to list
// its repositories: those that can are few, and what they hold is not always
// for everybody's eyes. A near name is a hint for a person. Nothing ever puts
// it into a command: whoever registers the name of a slip would be glad of it.

// maxNearNames is how many near names are named.
const maxNearNames = 3

// maxCompared bounds the names that one is compared with.
const maxCompared = 5000

// NearNames returns those of the known repositories (host/path, as the kubelet
// writes them) that may be meant where another name was written, nearest first:
// the same path on another registry, another spelling, or a slip of the
// keyboard in the path of the same registry and owner.
func NearNames(r evidence.Reference, known []string) []string {
	type near struct {
		name  string
		score int
	}
	var found []near
	want := r.Host + "/" + r.Repository
	for _, name := range known[:min(len(known), maxCompared)] {
		host, path, ok := strings.Cut(name, "/")
		if !ok || name == want {
			continue
		}
		score := -1
		switch {
		case path == r.Repository:
			score = 0
		case host == r.Host:
			score = slip(r.Repository, path)
		case strings.TrimPrefix(r.Repository, "library/") == path && r.Host == "docker.io":
			score = 0 // the registry's name was left out, so the Hub was asked
		}
		if score >= 0 {
			found = append(found, near{name, score})
		}
	}
	slices.SortFunc(found, func(a, b near) int {
		if a.score != b.score {
			return a.score - b.score
		}
		return strings.Compare(a.name, b.name)
	})
	var names []string
	for _, n := range found[:min(len(found), maxNearNames)] {
		names = append(names, n.name)
	}
	return names
}

// slip tells how far two paths of one registry are apart: -1 if that is no slip.
// The owner must be the same, or the last part; a short name has room for one
// slip only, for there another letter is another name.
func slip(want, have string) int {
	if spelled(want) == spelled(have) {
		return 0
	}
	wantOwner, wantLast := cutLast(want)
	haveOwner, haveLast := cutLast(have)
	a, b := wantLast, haveLast
	switch {
	case wantOwner == haveOwner:
	case wantLast == haveLast:
		a, b = wantOwner, haveOwner
	default:
		return -1
	}
	room := 1
	if len(a) >= 8 {
		room = 2
	}
	if len(a) < 3 || len(a) > 100 || abs(len(a)-len(b)) > room {
		return -1
	}
	if n := edits(a, b); n <= room {
		return n
	}
	return -1
}

func cutLast(path string) (owner, last string) {
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		return path[:i], path[i+1:]
	}
	return "", path
}

//go:embed wellknown.txt
var wellKnownList string

// WellKnown returns the well-known image that a name is a slip away from, as
// people write it (nginx, quay.io/argoproj/argocd); "" if there is none, or the
// name is well known itself.
func WellKnown(r evidence.Reference) string {
	known := wellKnown()
	if slices.Contains(known, r.Host+"/"+r.Repository) {
		return ""
	}
	best, score := "", 0
	for _, name := range known {
		host, path, _ := strings.Cut(name, "/")
		if host != r.Host {
			continue
		}
		if n := slip(r.Repository, path); n >= 0 && (best == "" || n < score) {
			best, score = name, n
		}
	}
	return strings.TrimPrefix(strings.TrimPrefix(best, "docker.io/"), "library/")
}

func wellKnown() []string {
	var names []string
	for line := range strings.Lines(wellKnownList) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			names = append(names, line)
		}
	}
	return names
}
