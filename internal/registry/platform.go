// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pullmedic/pullmedic/evidence"
)

// normal writes a platform as containerd's platforms package does (v1.0), so
// that two spellings of one platform are equal.
func normal(p evidence.Platform) evidence.Platform {
	p.OS, p.Arch, p.Variant = strings.ToLower(p.OS), strings.ToLower(p.Arch), strings.ToLower(p.Variant)
	if p.OS == "macos" {
		p.OS = "darwin"
	}
	switch p.Arch {
	case "i386":
		p.Arch, p.Variant = "386", ""
	case "x86_64", "x86-64", "amd64":
		p.Arch = "amd64"
		if p.Variant == "v1" {
			p.Variant = ""
		}
	case "aarch64", "arm64":
		p.Arch = "arm64"
		switch p.Variant {
		case "8", "v8", "v8.0":
			p.Variant = ""
		case "9", "9.0", "v9.0":
			p.Variant = "v9"
		}
	case "armhf":
		p.Arch, p.Variant = "arm", "v7"
	case "armel":
		p.Arch, p.Variant = "arm", "v6"
	case "arm":
		switch p.Variant {
		case "", "7":
			p.Variant = "v7"
		case "5", "6", "8":
			p.Variant = "v" + p.Variant
		}
	}
	return p
}

// runs returns the platforms whose images a node takes, best first: its own,
// older variants, and 32 bits on 64 (platforms.Only of containerd).
func runs(node evidence.Platform) []evidence.Platform {
	node = normal(node)
	list := []evidence.Platform{node}
	add := func(arch, variant string) {
		list = append(list, normal(evidence.Platform{OS: node.OS, Arch: arch, Variant: variant}))
	}
	version := func(s string) int {
		n, _ := strconv.Atoi(strings.TrimPrefix(s, "v"))
		return min(n, 20) // a node may say anything
	}
	switch node.Arch {
	case "amd64":
		for v := version(node.Variant) - 1; v >= 1; v-- {
			add("amd64", "v"+strconv.Itoa(v))
		}
		add("386", "")
	case "arm":
		for v := version(node.Variant) - 1; v >= 5; v-- {
			add("arm", "v"+strconv.Itoa(v))
		}
	case "arm64":
		major, minor := armVersion(node.Variant)
		if major == 9 {
			for m := minor - 1; m >= 0; m-- {
				add("arm64", variantOf(9, m))
			}
			major, minor = 8, minor+6 // v9.N runs what v8.(N+5) runs
		}
		for m := minor - 1; m >= 0; m-- {
			add("arm64", variantOf(major, m))
		}
		for v := 8; v >= 5; v-- {
			add("arm", "v"+strconv.Itoa(v))
		}
	}
	return list
}

func armVersion(variant string) (major, minor int) {
	if variant == "" {
		return 8, 0
	}
	a, b, _ := strings.Cut(strings.TrimPrefix(variant, "v"), ".")
	major, _ = strconv.Atoi(a)
	minor, _ = strconv.Atoi(b)
	return major, min(minor, 20)
}

func variantOf(major, minor int) string {
	if minor == 0 {
		return "v" + strconv.Itoa(major)
	}
	return "v" + strconv.Itoa(major) + "." + strconv.Itoa(minor)
}

// choose returns the manifest of an index that a node takes: of the platforms
// that it runs the best, else the first whose platform the index leaves open,
// which the image's own config then decides (images.Manifest of containerd).
func choose(manifests []descriptor, node evidence.Platform) (descriptor, bool) {
	for _, want := range runs(node) {
		for _, d := range manifests {
			if d.Platform != nil && normal(d.Platform.evidence()) == want && isDigest(d.Digest) {
				return d, true
			}
		}
	}
	for _, d := range manifests {
		if d.Platform.open() && isDigest(d.Digest) {
			return d, true
		}
	}
	return descriptor{}, false
}

// takes tells whether a node takes an image of that platform.
func takes(node, image evidence.Platform) bool { return slices.Contains(runs(node), normal(image)) }

// maxPlatforms is how many platforms of an index are shown.
const maxPlatforms = 12

// platforms lists the platforms of an index for reading.
func platforms(manifests []descriptor) string {
	var list []string
	for _, d := range manifests {
		if d.Platform.open() || d.Platform.OS == "unknown" { // attestations
			continue
		}
		if name := platformName(d.Platform.evidence()); !slices.Contains(list, name) {
			list = append(list, name)
		}
		if len(list) > maxPlatforms {
			break // a hostile index can name tens of thousands
		}
	}
	if len(list) > maxPlatforms {
		list = append(list[:maxPlatforms], "...")
	}
	return strings.Join(list, " ")
}

// platformName is os/arch or os/arch/variant. Parts that are no such words (an
// index is foreign text) read as "unknown".
func platformName(p evidence.Platform) string {
	p = normal(p)
	word := func(s string) string {
		if s == "" || len(s) > 20 || !only(s, letters+digits+"._-") {
			return "unknown"
		}
		return s
	}
	name := word(p.OS) + "/" + word(p.Arch)
	if p.Variant != "" {
		name += "/" + word(p.Variant)
	}
	return name
}
