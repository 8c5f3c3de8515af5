// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package symptom

import "strings"

// A verdict is what one chain says, and by which wording.
type verdict struct {
	sign       Sign
	start, end int // of the deciding wording, 0,0 if there is none
	also       []Sign
}

// decide goes from the most to the least decisive rank. Within a rank the last
// wording counts, for the suffix of a chain is its innermost error; among
// speakers the first, for it quotes the rest.
func decide(e *element) verdict {
	best := lastByRank(e.marks)
	if e.neighbour(best[asSpeaker]) {
		return e.aboutElsewhere()
	}
	v := verdict{sign: Other}
	order := [...]rank{asSpeaker, asStore, asReason, asProxy, asLookup, asLink, asCode, asUnpack, asPhrase, asLimit, asHint}
	for _, r := range order {
		if r == asProxy && e.status != 0 { // a status outranks the transport's words: there was an answer
			v.take(e.byStatus(best), e.statusAt, e.statusEnd)
		}
		if m := best[r]; m != nil && (v.sign == Other || isOtherSign(r, best)) {
			v.take(e.settle(m, best), m.start, m.end)
		}
	}
	if v.sign == Other {
		if at, ok := e.bareStatusText(); ok {
			v = verdict{sign: ProxyFailed, start: at, end: len(e.text)}
			e.host, e.role = "", RoleProxy
		}
	}
	if v.sign == Other && best[asLimit] != nil {
		v.also = append(v.also, PullTimeout)
	}
	if e.role == RoleMirror && e.mirrorOf != "" && spoke[v.sign] {
		v.also = append([]Sign{v.sign}, v.also...)
		v.sign = MirrorFailed
	}
	v.also = without(v.also, v.sign)
	return v
}

// isOtherSign tells whether a weaker rank is worth telling beside a stronger
// one: not a hint, not a code beside the registry's own reason, not the limit
// that a slow connection ran into.
func isOtherSign(r rank, best [asSpeaker + 1]*mark) bool {
	switch r {
	case asHint:
		return false
	case asCode:
		return best[asReason] == nil
	case asPhrase:
		return best[asReason] == nil && best[asStore] == nil
	case asLimit:
		return best[asLink] == nil && best[asLookup] == nil
	}
	return true
}

// spoke are signs of a host that answered, or whose machine did and refused the
// connection. If it is a mirror that answered so, the upstream may well have the
// image; what else keeps the node from a mirror is a matter of the way there.
var spoke = map[Sign]bool{
	TagNotFound: true, DigestNotFound: true, RepositoryNotFound: true, BlobNotFound: true, LoginRequired: true, CredentialRejected: true,
	PermissionDenied: true, AccessDenied: true, RegistryUnavailable: true, RegistryPolicy: true, ConnectionRefused: true,
}

// take makes sign the verdict if there is none yet, else one of the others.
func (v *verdict) take(sign Sign, start, end int) {
	switch {
	case sign == "":
	case v.sign == Other:
		v.sign, v.start, v.end = sign, start, end
	case start < v.end && v.start < end: // the same words
	default:
		v.also = append(v.also, sign)
	}
}

// lastByRank returns for each rank the mark that counts.
func lastByRank(marks []mark) [asSpeaker + 1]*mark {
	var best [asSpeaker + 1]*mark
	for i := range marks {
		m := &marks[i]
		if m.group.sign == "" || m.group.sign == elsewhere {
			continue
		}
		b := best[m.group.rank]
		switch {
		case b == nil:
		case m.group.rank == asSpeaker && m.start >= b.start:
			continue
		case m.end <= b.end: // the longer of two that end together comes first
			continue
		}
		best[m.group.rank] = m
	}
	return best
}

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
	case sign == RuntimeConfigInvalid && m.group.rank == asStore && best[asUnpack] != nil:
		return UnpackFailed // of a file of that name in a layer
	case sign == UnpackFailed && best[asLimit] != nil && best[asLimit].start > m.end:
		return e.whoseLimit(best[asLimit]) // it was given up while unpacking
	case sign == RuntimeUnavailable && m.group.rank == asHint && (e.runtime != "" && e.runtime != "kubelet" && e.pulls() || strings.Contains(e.text[m.end:], ": unavailable")):
		return "" // it spoke, and lacks something else: a layer that another pull has locked
	case sign == CacheCorrupted && m.group.rank == asUnpack && e.stage == StageUnpack:
		return UnpackFailed // of a disk that fails
	case sign == UnpackFailed && m.group.rank == asHint && !e.pulls():
		return "" // a file of something else
	case sign == UnpackFailed:
		if strings.HasSuffix(strings.TrimRight(e.text, " \n\"."), "not found") {
			return CacheCorrupted // of local content
		}
	case m.group.rank == asHint && sign == SecretUnreadable && (e.request.host != "" || e.runtime == "docker" || e.runtime == "containerd"):
		return RegistryUnavailable // a body that is no JSON
	}
	return sign
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

// bareStatusText finds a reason phrase without a number right after a
// request's URL and nothing behind it, which is how Go reports a proxy that
// refused CONNECT. The phrase is the proxy's own, so it is known by its place.
func (e *element) bareStatusText() (int, bool) {
	if e.request.end == 0 || e.request.method == "" {
		return 0, false
	}
	rest := strings.TrimLeft(e.text[e.request.end:], "\"")
	rest, ok := strings.CutPrefix(rest, ": ")
	if !ok {
		return 0, false
	}
	at := len(e.text) - len(rest)
	if end := strings.IndexAny(rest, "\n\"'"); end >= 0 {
		rest = rest[:end]
	}
	rest = strings.TrimRight(rest, " .)")
	if len(rest) < 5 || len(rest) > 40 || rest[0] < 'A' || rest[0] > 'Z' {
		return 0, false
	}
	for i := range len(rest) {
		if !isLetter(rest[i]) && rest[i] != ' ' && rest[i] != '-' {
			return 0, false
		}
	}
	return at, true
}

// without returns signs without sign and without repetitions, at most four.
func without(signs []Sign, sign Sign) []Sign {
	var kept []Sign
next:
	for _, s := range signs {
		if s == sign || s == Other || len(kept) == 4 {
			continue
		}
		for _, k := range kept {
			if k == s {
				continue next
			}
		}
		kept = append(kept, s)
	}
	return kept
}
