// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package symptom

import "strings"

// findReference returns the image that the chain is about. The kubelet writes
// the name as the pod has it, the runtime writes it with host and tag: the
// fuller of the two is returned, so busybox becomes docker.io/library/busybox:latest
// if the text says so.
func findReference(text string, names []name) string {
	var best string
	rank := slotNone
	for i, n := range names {
		if n.kind != refName && (n.kind != digestName || n.slot != slotTag) {
			continue
		}
		found := clean(text[n.start:n.end])
		place := n.slot
		switch place {
		case slotNone, slotObject:
			continue
		case slotTag: // the repository follows: reading manifest T in R
			if i+1 >= len(names) || names[i+1].kind != refName {
				continue
			}
			found, place = joinTag(clean(text[names[i+1].start:names[i+1].end]), found), slotFor
		case slotIn:
			if i > 0 && names[i-1].slot == slotTag {
				continue
			}
		}
		switch {
		case found == "":
		case best == "", rank == slotBare && place > slotBare && !strings.Contains(best, found):
			best, rank = found, place
		case isFuller(found, best):
			best = found
		}
	}
	return best
}

// joinTag joins a repository with a tag or digest. "not found in repository R"
// can follow the tag, too.
func joinTag(repository, tag string) string {
	if strings.HasPrefix(tag, "sha256:") || strings.HasPrefix(tag, "sha512:") {
		return repository + "@" + tag
	}
	return repository + ":" + tag
}

// isFuller tells that a is the same image as b with more said about it: b
// lacks the host (or the "library" of Docker Hub), or a adds a tag or digest.
func isFuller(a, b string) bool {
	if len(a) <= len(b) {
		return false
	}
	if hub, name, ok := strings.Cut(b, "/"); ok && (hub == "docker.io" || hub == "index.docker.io") && !goesOnFrom(a, b) {
		b = name
	}
	if !hasHost(b) && hasHost(a) {
		name, _, _ := cutReference(b)
		full, _, _ := cutReference(a)
		return strings.HasSuffix(full, "/"+name)
	}
	return goesOnFrom(a, b)
}

// goesOnFrom tells that a is b with a tag or digest behind it.
func goesOnFrom(a, b string) bool {
	return len(a) > len(b) && strings.HasPrefix(a, b) && (a[len(b)] == ':' || a[len(b)] == '@')
}

// cutReference splits a reference into repository, tag and digest.
func cutReference(s string) (repository, tag, digest string) {
	repository, digest, _ = strings.Cut(s, "@")
	if colon := strings.LastIndexByte(repository, ':'); colon > strings.LastIndexByte(repository, '/') {
		repository, tag = repository[:colon], repository[colon+1:]
	}
	return repository, tag, digest
}

// hasHost tells that the first component of a reference is a host.
func hasHost(s string) bool {
	first, _, ok := strings.Cut(s, "/")
	return ok && (strings.ContainsAny(first, ".:") || first == "localhost")
}

// hostOf returns the registry that a reference is pulled from by name, or ""
// if it is not known.
func hostOf(reference string) string {
	switch {
	case reference == "":
		return ""
	case hasHost(reference):
		host, _, _ := strings.Cut(reference, "/")
		return host
	}
	return "docker.io"
}

// byDigest tells that a reference asks for a digest.
func byDigest(reference string) bool {
	_, digest, ok := strings.Cut(reference, "@")
	return ok && strings.IndexByte(digest, ':') > 0
}

// clean takes the line breaks of a terminal, and what somebody took for a part
// of the name out: a scheme's or registry's user info.
func clean(s string) string {
	if strings.IndexByte(s, '\n') >= 0 {
		s = strings.ReplaceAll(s, "\n", "")
	}
	if at := strings.LastIndexByte(s, '@'); at >= 0 && !isDigestStart(s[at+1:]) && strings.ContainsAny(s[at+1:], "./") {
		scheme, _, ok := strings.Cut(s[:at], "://")
		if ok {
			scheme += "://"
		} else {
			scheme = ""
		}
		s = scheme + s[at+1:]
	}
	if strings.ContainsAny(s, " ?=") { // no name: whatever stood in its place
		s = Redact(s)
	}
	return strings.TrimSpace(s)
}
