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
