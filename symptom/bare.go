// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package symptom

import "strings"

// bare handles an unquoted word at s.at.
func (s *scanner) bare() {
	start := s.at
	end := max(start, s.wordEnd) // which may be known from an earlier part of it
	limit := min(len(s.text), start+longestWord)
	for end < limit && !isBlank(s.text[end]) && s.text[end] != '"' && s.text[end] != '`' {
		end++
	}
	s.wordEnd = end
	w := s.text[start:end]
	if s.urlOrDigest(w, start) || s.dialled(w, start) || s.path(w, start) || s.bareReference(w, start) {
		return
	}
	// A word of the sentence. It ends where letters end, so that what is glued
	// to it (image="x", error:"y") is looked at by itself.
	end = start + 1
	for end < limit && (isAlnum(s.text[end]) || s.text[end] == '-' || s.text[end] == '_' || s.text[end] == '.' && end+1 < limit && isAlnum(s.text[end+1])) {
		end++
	}
	s.push(cueOf(s.text[start:end]), start)
	s.at = end
}

// schemes of URLs. A docker:// URL is a reference.
var schemes = []string{"https://", "http://", "docker://", "oci://", "http+docker://", "unix://", "npipe://", "tcp://"}

func isURL(w string) bool {
	switch {
	case len(w) < 6:
		return false
	case w[0]|0x20 != 'h' && w[0]|0x20 != 'd' && w[0] != 'o' && w[0] != 'u' && w[0] != 'n' && w[0] != 't':
		return false
	}
	for _, scheme := range schemes {
		if len(w) >= len(scheme) && strings.EqualFold(w[:len(scheme)], scheme) {
			return true
		}
	}
	return false
}

// kindOfURL keeps the URLs of Docker's own API apart from a registry's.
func kindOfURL(w string) nameKind {
	if w[0]|0x20 == 'h' && w[4] != '+' {
		return urlName
	}
	return plainName
}

// sourceOf returns X of docker://X.
func sourceOf(w string) (string, bool) {
	if rest, ok := strings.CutPrefix(w, "docker://"); ok {
		return rest, true
	}
	return strings.CutPrefix(w, "oci://")
}

// urlOrDigest masks a URL, a relative one with ?ns=, or a digest.
func (s *scanner) urlOrDigest(w string, start int) bool {
	switch {
	case (w == "https:" || w == "http:") && strings.HasPrefix(s.text[start+len(w):], " /"):
		// "https: //host": a web page took the link apart.
		host := start + len(w) + len(" /")
		rest := s.text[host:min(len(s.text), host+longestWord)]
		end := strings.IndexByte(rest, ' ')
		if end < 0 {
			return false
		}
		s.add(urlName, slotNone, start, start+len(trimEnd(s.text[start:host+end])))
		return true
	case isURL(w):
		end := start + len(trimEnd(w))
		if s.isWrapped(end) {
			rest := s.text[end+1 : min(len(s.text), end+1+longestWord)]
			if i := strings.IndexAny(rest, " \n\""); i >= 0 {
				rest = rest[:i]
			}
			end += 1 + len(trimEnd(rest))
		}
		if source, ok := sourceOf(s.text[start:end]); ok {
			s.add(refName, slotSource, end-len(source), end)
		} else {
			s.add(kindOfURL(w), slotNone, start, end)
		}
		return true
	case strings.HasPrefix(w, "v2/") && strings.Contains(w, "?ns="):
		s.add(urlName, slotNone, start, start+len(trimEnd(w)))
		return true
	case strings.HasPrefix(w, "sha256:"), strings.HasPrefix(w, "sha512:"):
		end := len("sha256:")
		for end < len(w) && (isAlnum(w[end]) || w[end] == '.') {
			end++
		}
		place := slotNone
		if s.lastIs(cueManifest | cueTag) {
			place = slotTag
		}
		s.add(digestName, place, start, start+len(trimEnd(w[:end])))
		return true
	}
	return false
}

// isWrapped tells that a terminal broke the line at end, within a word: a long
// line, and then neither a blank nor a status.
func (s *scanner) isWrapped(end int) bool {
	const narrowest = 72
	if end+4 >= len(s.text) || s.text[end] != '\n' || isBlank(s.text[end+1]) {
		return false
	}
	if next := s.text[end+1 : end+4]; isDigit(next[0]) && isDigit(next[1]) && isDigit(next[2]) {
		return false
	}
	return end-strings.LastIndexByte(s.text[:end], '\n') > narrowest
}

// trimEnd leaves out the punctuation with which a sentence goes on.
func trimEnd(w string) string {
	for len(w) > 1 {
		switch w[len(w)-1] {
		case ':', ',', '.', ';', '\'', '\\', ')', '!', '?':
			w = w[:len(w)-1]
		case ']', '}', '>':
			open := map[byte]byte{']': '[', '}': '{', '>': '<'}[w[len(w)-1]]
			if strings.IndexByte(w, open) >= 0 {
				return w
			}
			w = w[:len(w)-1]
		default:
			return w
		}
	}
	return w
}

// dialled masks "dial tcp A", "read tcp A->B" and "lookup H on R".
func (s *scanner) dialled(w string, start int) bool {
	switch {
	case s.lastIs(cueNetwork) && (s.beforeIs(cueDial) && strings.IndexByte(w, ':') > 0 || strings.Contains(w, "->")):
		if w = trimEnd(w); w == "" || strings.HasPrefix(w, "lookup") {
			return false
		}
		s.add(addrName, slotNone, start, start+len(w))
		return true
	case s.lastIs(cueLookup) && s.beforeIs(cueNetwork) && isHost(trimEnd(w)):
		s.add(hostName, slotNone, start, start+len(trimEnd(w)))
		return true
	case s.lastIs(cueOn) && s.beforeName(hostName):
		s.add(addrName, slotNone, start, start+len(trimEnd(w)))
		return true
	}
	return false
}

// beforeName tells that the word before the last was a name of that kind.
func (s *scanner) beforeName(kind nameKind) bool {
	n := len(s.names)
	return n > 0 && s.names[n-1].kind == kind && s.names[n-1].start == s.beforeStart
}

// isHost tells a host name, perhaps with a port or a placeholder.
func isHost(w string) bool {
	if w == "" || len(w) > 255 {
		return false
	}
	for i := 0; i < len(w); i++ {
		if c := w[i]; !isAlnum(c) && strings.IndexByte(".-_:[]<>*%", c) < 0 {
			return false
		}
	}
	return true
}

// path masks a file's name: /var/lib/x, C:\x, \\?\C:\x.
func (s *scanner) path(w string, start int) bool {
	if start > 0 && isAlnum(s.text[start-1]) {
		return false // i/o, net/http
	}
	unix := w[0] == '/' && len(w) > 1 && (isAlnum(w[1]) || w[1] == '.' || w[1] == '_')
	windows := len(w) > 2 && isLetter(w[0]) && w[1] == ':' && w[2] == '\\'
	if !unix && !windows {
		return false
	}
	w = trimEnd(w)
	if unix {
		if i := strings.IndexAny(w, ",;)]}"); i > 0 {
			w = w[:i]
		}
		w = trimEnd(w)
	}
	kind := pathName
	if isConfig(w) {
		kind = configName
	}
	s.add(kind, slotNone, start, start+len(w))
	return true
}

// isConfig tells a file in which a runtime is told about registries.
func isConfig(path string) bool {
	for _, dir := range [...]string{"/certs.d/", "/etc/containers/", "/etc/containerd/", "/etc/crio/", "/.config/containers/", "/etc/rancher/"} {
		if strings.Contains(path, dir) {
			return true
		}
	}
	return false
}

// bareReference masks an unquoted image: by its own look if it starts with a
// host, else only in a place where an image's name must stand.
func (s *scanner) bareReference(w string, start int) bool {
	if len(w) > longestQuote {
		return false
	}
	w = trimEnd(w)
	end := start + len(w)
	after := s.text[end:]
	var place slot
	switch {
	case s.lastIs(cueFor) && (s.beforeIs(cueManifest|cueDenied) || s.beforeIs(cueFailed|cueSource) && strings.ContainsAny(w, "/:")):
		place = slotFor
	case s.lastIs(cueIn) && (s.beforeName(refName) || s.beforeName(digestName)) && strings.IndexByte(w, '/') > 0:
		place = slotIn
	case s.lastIs(cueManifest|cueTag) && (strings.HasPrefix(after, " in ") || strings.HasPrefix(after, " not found in ")):
		place = slotTag
	case s.lastIs(cueRepository|cueArtifact|cueProject|cueImage) && (strings.HasPrefix(after, " not found") || strings.HasPrefix(after, ": not found")):
		place = slotObject
	case s.lastIs(cuePull|cueImage|cueReference) && looksLikeReference(w):
		place = slotQuoted
	case s.lastIs(cueSecret) && strings.HasPrefix(after, " not found") && isWordOfName(w):
		s.add(plainName, slotNone, start, end)
		return true
	case s.lastIs(cueRepository) && looksLikeReference(w):
		place = slotFor
	case startsWithHost(w):
		place = slotBare
	case strings.HasPrefix(after, " not found") && strings.IndexByte(w, ':') > 0 && looksLikeReference(w):
		place = slotBare // acme/web:1.99 not found
	case strings.HasPrefix(after, ": not found") && strings.IndexByte(w, ':') > 0 && isWordOfName(w):
		place = slotBare // nginx:1.99: not found
	default:
		return false
	}
	if first, _, _ := strings.Cut(w, "/"); w == "" || notRepositories[first] || !isWordOfName(w) {
		return false
	}
	s.add(refName, place, start, end)
	return true
}

func isWordOfName(w string) bool {
	for i := 0; i < len(w); i++ {
		if c := w[i]; !isAlnum(c) && strings.IndexByte("./:-_@<>${}*+'", c) < 0 {
			return false
		}
	}
	return true
}

// startsWithHost tells a reference whose first component is a host: with a
// dot or a port, or localhost.
func startsWithHost(w string) bool {
	slash := strings.IndexByte(w, '/')
	if slash < 2 || slash == len(w)-1 || !looksLikeReference(w) {
		return false
	}
	first := w[:slash]
	dot := strings.IndexByte(first, '.')
	return (dot > 0 && dot < slash-1 || strings.IndexByte(first, ':') > 0 || first == "localhost") && isHost(first)
}
