// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package symptom

import "strings"

// settle gives a mark its sign in this chain.
func (e *element) settle(m *mark, best [asSpeaker + 1]*mark) Sign {
	sign := m.group.sign
	switch {
	case sign == absent:
		if m.group.rank == asHint && e.reference == "" && e.stage != StageResolve {
			return "" // of something else
		}
		if m.group.rank == asHint && e.text[m.start] == ':' || m.group.code == "NOT_FOUND" {
			return e.whatIsNotFound(m)
		}
		return e.whatIsAbsent()
	case sign == ConnectionReset && best[asUnpack] != nil && best[asUnpack].start < m.start && strings.EqualFold(e.text[m.end-3:m.end], "eof"):
		return UnpackFailed // the archive ended early, not a connection
	case m.group.rank == asLimit:
		return e.whoseLimit(m)
	case e.role == RoleBlobStore && ofCredential[sign]:
		return PermissionDenied // it judges the URL that the registry signed, and never sees the pod's credential
	case sign == ManifestNotSupported && strings.HasPrefix(strings.TrimLeft(e.text[m.end:], " \"'\\"), "text/htm"):
		return ProxyFailed // a page in place of a manifest
	case sign == AccessDenied && m.group.code == "DENIED":
		return e.whyDenied(m)
	case sign == LoginRequired && m.group.code == "UNAUTHORIZED" && e.shows("DENIED"):
		return AccessDenied // both: what Docker Hub answers for what it hides
	case sign == PermissionDenied && m.group.rank == asPhrase && e.ofFile(m):
		return "" // the system's word about a file
	case sign == RuntimeConfigInvalid && m.group.rank == asStore && best[asUnpack] != nil:
		return UnpackFailed // of a file of that name in a layer
	case sign == UnpackFailed && best[asLimit] != nil && best[asLimit].start > m.end:
		return e.whoseLimit(best[asLimit]) // it was given up while unpacking
	case sign == RuntimeUnavailable && m.group.rank == asHint && (e.runtime != "" && e.runtime != "kubelet" && e.pulls() || strings.Contains(e.text[m.end:], ": unavailable")):
		return "" // it spoke, and lacks something else: a layer that another pull has locked
	case sign == CacheCorrupted && m.group.rank == asUnpack && e.stage == StageUnpack:
		return UnpackFailed // of a disk that fails
	case sign == UnpackFailed && !e.pulls() && (m.group.rank == asHint || m.group.stage == "" && e.stage == StageResolve):
		return "" // a file of something else, such as the settings of the one who resolves a name
	case sign == UnpackFailed:
		if strings.HasSuffix(strings.TrimRight(e.text, " \n\"."), "not found") {
			return CacheCorrupted // of local content
		}
	case m.group.rank == asHint && sign == SecretUnreadable && (e.request.host != "" || e.runtime == "docker" || e.runtime == "containerd"):
		return RegistryUnavailable // a body that is no JSON
	}
	return sign
}

// ofFile tells that a wording stands right behind a file's name.
func (e *element) ofFile(m *mark) bool {
	for _, n := range e.names {
		if (n.kind == pathName || n.kind == configName) && n.end <= m.start && strings.Trim(e.text[n.end:m.start], ": \"'") == "" {
			return true
		}
	}
	return false
}

// ofCredential are signs about who logs in.
var ofCredential = map[Sign]bool{LoginRequired: true, CredentialRejected: true, CredentialExpired: true}

// pulls tells that whoever wrote the text was pulling.
func (e *element) pulls() bool {
	for _, m := range e.marks {
		if m.group.pull {
			return true
		}
	}
	return false
}

// whatIsNotFound reads the clause before "not found". It is about what a registry
// was asked for if it names that, or who speaks, or a step of the pull. Runtimes
// say so of their own things, too: a lease, a snapshotter, a socket.
func (e *element) whatIsNotFound(m *mark) Sign {
	end := len(strings.TrimRight(e.text[:m.start], ": \n\""))
	start := strings.LastIndex(e.text[:end], ": ") + len(": ")
	if start < len(": ") {
		return e.whatIsAbsent()
	}
	for _, n := range e.names {
		switch {
		case n.end <= start || n.start >= end:
		case n.kind == refName, n.kind == urlName, n.kind == digestName:
			return e.whatIsAbsent()
		case strings.HasSuffix(e.text[n.start:n.end], ".sock"):
			return RuntimeUnavailable
		}
	}
	for _, other := range e.marks {
		if other.end > start && other.start < end && other.group.rank == asContext {
			return e.whatIsAbsent()
		}
	}
	return ""
}

func (e *element) shows(code string) bool {
	for _, m := range e.marks {
		if m.group.code == code {
			return true
		}
	}
	return false
}

// whatIsAbsent splits "not found" by what was asked for.
func (e *element) whatIsAbsent() Sign {
	path := e.request.path
	switch {
	case strings.Contains(path, "/blobs/"):
		return BlobNotFound
	case strings.Contains(path, "/manifests/sha256:"), byDigest(e.reference):
		return DigestNotFound
	}
	for _, n := range e.names {
		if n.kind == digestName && n.slot == slotTag { // reading manifest sha256:...
			return DigestNotFound
		}
		if n.kind == refName && e.reference == "" && byDigest(e.text[n.start:n.end]) { // artifact x@sha256:..., which lacks its host
			return DigestNotFound
		}
	}
	return TagNotFound
}

// whoseLimit tells a limit on the network, where a request was outstanding,
// from a limit on the pull. Somebody's cancelling is never the network's. It is
// the runtime's own limit if the runtime says at what it gave up; a bare
// "Canceled" is what the kubelet's own client returns when the kubelet stops
// waiting, because the pod is gone or it is told to end (gRPC's status package).
func (e *element) whoseLimit(m *mark) Sign {
	if m.group.cancelled {
		if e.grpc == "Canceled" && (e.runtime == "" || e.runtime == "kubelet") || strings.Trim(e.text, " \n\".") == e.text[m.start:m.end] {
			return ""
		}
		return PullTimeout
	}
	for _, n := range e.names {
		if n.kind == addrName || n.kind == urlName && n.end == e.request.end && m.start-n.end < 8 && m.start >= n.end {
			return ConnectionTimeout
		}
	}
	if r := e.request; r.method != "" && m.end <= r.end && strings.Trim(e.text[r.end:], " \n\"'.") == "" {
		return ConnectionTimeout // the gRPC code stands in front, and the request ends the chain
	}
	if e.reference == "" && e.sandbox() || e.asksRuntime() {
		return RuntimeUnavailable // nothing about an image: the runtime did not answer
	}
	return PullTimeout
}

// sandbox tells that the kubelet was creating a pod's sandbox.
func (e *element) sandbox() bool { return strings.Contains(e.text, "create pod sandbox") }

// callFailed ends what the kubelet logs of a failed call to the runtime service.
// Pulls go to the image service.
const callFailed = "from runtime service failed"

// asksRuntime tells that the kubelet asked the runtime for something else than
// a pull, which it does with a limit of its own (runtimeRequestTimeout).
func (e *element) asksRuntime() bool {
	return (e.runtime == "" || e.runtime == "kubelet") && (strings.Contains(e.text, callFailed) || strings.Contains(e.text, "ailed to inspect image"))
}

// whyDenied reads what follows "denied:". The standard sentence leaves it open
// whether the image is there, and so does a text that is cut; any other
// sentence means a registry that knows whom it refuses.
func (e *element) whyDenied(m *mark) Sign {
	const standard = "requested access to the resource is denied"
	rest := strings.TrimLeft(e.text[m.end:], " \n:\"\\")
	if word, _, ok := strings.Cut(rest, "="); ok && isWord(word) && e.text[m.end] == '"' {
		rest = "" // the quote closed the message, and a log line goes on: pod="..."
	}
	if end := strings.IndexAny(rest, "\n\"'"); end >= 0 {
		rest = rest[:end]
	}
	rest = strings.TrimRight(rest, " .`)]}")
	folded := strings.ToLower(rest[:min(len(rest), 2*len(standard))])
	if strings.HasPrefix(standard, folded) || strings.Contains(folded, "access to the resource is denied") {
		return AccessDenied
	}
	return PermissionDenied
}

func isWord(s string) bool {
	for i := range len(s) {
		if !isAlnum(s[i]) {
			return false
		}
	}
	return s != ""
}
