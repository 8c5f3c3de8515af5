// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package symptom

// A cue is a set of words that tell what the next word names.
type cue uint32

const (
	cueImage cue = 1 << iota
	cueReference
	cueTag
	cueRepository
	cueArtifact
	cueProject
	cuePull
	cueManifest
	cueSource
	cueDenied
	cueFailed
	cueName
	cueSecret
	cueFor
	cueIn
	cueOn
	cueNetwork // tcp, udp
	cueDial
	cueLookup
)

// cueOf returns the cue that a word is, whatever its case; 0 for most words.
func cueOf(word string) cue {
	var lower [10]byte
	if len(word) < 2 || len(word) > len(lower) {
		return 0
	}
	for i := range len(word) {
		lower[i] = word[i]
		if 'A' <= word[i] && word[i] <= 'Z' {
			lower[i] += 'a' - 'A'
		}
	}
	switch string(lower[:len(word)]) {
	case "image", "images":
		return cueImage
	case "reference":
		return cueReference
	case "tag":
		return cueTag
	case "repository":
		return cueRepository
	case "artifact":
		return cueArtifact
	case "project":
		return cueProject
	case "pull", "pulling", "pullimage":
		return cuePull
	case "manifest":
		return cueManifest
	case "source", "metadata":
		return cueSource
	case "denied":
		return cueDenied
	case "failed":
		return cueFailed
	case "name":
		return cueName
	case "secret", "secrets":
		return cueSecret
	case "for":
		return cueFor
	case "in":
		return cueIn
	case "on":
		return cueOn
	case "tcp", "udp", "tcp4", "tcp6", "udp4", "udp6":
		return cueNetwork
	case "dial", "read", "write":
		return cueDial
	case "lookup":
		return cueLookup
	}
	return 0
}
