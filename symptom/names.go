// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package symptom

import "strings"

// A name is a stretch of the text that names something. Nothing in it counts
// as a word or as a status: an image may be called http:v2 and a digest may
// hold 403.
type name struct {
	kind       nameKind
	slot       slot
	start, end int
}

type nameKind uint8

const (
	refName    nameKind = iota // an image, repository or tag
	urlName                    // with its scheme, or a path with ?ns=
	digestName                 // sha256:...
	addrName                   // what was dialled or read from
	hostName                   // what was looked up
	pathName                   // a file
	configName                 // a file of a runtime's configuration
	plainName                  // a secret's or other object's name in quotes
	nameKinds
)

// kindWords are the kinds as the tables write them.
var kindWords = [nameKinds]string{"{ref}", "{url}", "{digest}", "{addr}", "{host}", "{path}", "{config}", "{name}"}

// A slot is the grammatical place at which a reference stood.
type slot uint8

const (
	slotNone   slot = iota
	slotBare        // a word that looks like one
	slotObject      // repository X not found, artifact X not found: X lacks the host
	slotTag         // reading manifest X in ..., Tag X not found in repository ...
	slotIn          // reading manifest ... in X
	slotFor         // manifest for X not found, pull access denied for X
	slotQuoted      // image "X", reference "X"
	slotSource      // docker://X
)

const (
	longestQuote = 512
	longestWord  = 2048
)

// findNames returns the names of text in order. It looks at every byte a
// bounded number of times.
func findNames(text string) []name {
	s := scanner{text: text, names: make([]name, 0, 12)}
	for s.at < len(text) {
		s.step()
	}
	return s.names
}

type scanner struct {
	text  string
	at    int
	names []name
	// The last two words. A name counts as a word without meaning.
	before, last cue
	beforeStart  int // where the word before the last started
	lastStart    int
	wordEnd      int // of the blank-delimited word that was looked at last
}

// lastIs and beforeIs tell whether the last word, or the one before it, is one
// of cues.
func (s *scanner) lastIs(cues cue) bool   { return s.last&cues != 0 }
func (s *scanner) beforeIs(cues cue) bool { return s.before&cues != 0 }

// push records the word at start.
func (s *scanner) push(word cue, start int) {
	s.before, s.last = s.last, word
	s.beforeStart, s.lastStart = s.lastStart, start
}

func (s *scanner) add(kind nameKind, slot slot, start, end int) {
	s.names = append(s.names, name{kind, slot, start, end})
	s.push(0, start)
	s.at = end
}

// step consumes one quote, name, word or other byte.
func (s *scanner) step() {
	c := s.text[s.at]
	switch {
	case c == '"' || c == '`':
		if !s.quoted(c) {
			s.at++
		}
	case c == '\'' && s.lastIs(cueImage|cueReference|cueSecret|cueName):
		if !s.quoted(c) {
			s.at++
		}
	case c == '[' && s.lastIs(cueNetwork|cueOn):
		s.bare() // [::1]:5000
	case c == '(' && s.lastIs(cueSecret):
		s.listed()
	case isBlank(c) || (!isAlnum(c) && !startsName(c)):
		s.at++
	default:
		s.bare()
	}
}

// startsName tells characters other than letters and digits with which a bare
// name may start: a path, a placeholder, an IPv6 address, a dial to ":80".
func startsName(c byte) bool {
	return c == '/' || c == '<' || c == '$' || c == '*'
}

// quoted masks a quoted name. What is in the quotes must look like a name, or
// a word before them must announce one ("Failed to pull image").
func (s *scanner) quoted(quote byte) bool {
	start := s.at + 1
	limit := min(len(s.text), start+longestQuote)
	length := strings.IndexByte(s.text[start:limit], quote)
	if length < 0 {
		return false
	}
	inside := s.text[start : start+length]
	kind, place := refName, slotQuoted
	switch {
	case isURL(inside) && !strings.ContainsAny(inside, " \n"):
		kind, place = kindOfURL(inside), slotNone
		if source, ok := sourceOf(inside); ok {
			start += len(inside) - len(source)
			length, kind, place = len(source), refName, slotSource
		}
	case s.lastIs(cueSecret), s.lastIs(cueName) && isWordOfName(strings.ReplaceAll(inside, "\n", "")) && !looksLikeReference(inside):
		kind, place = plainName, slotNone
	case s.announced():
		if strings.Contains(inside, ": ") && strings.Contains(inside, "error") {
			return false // the quotes of a whole message
		}
	case isURL(inside) && strings.IndexByte(inside, ' ') < 0:
		kind, place = urlName, slotNone // wrapped by a terminal
	case !looksLikeReference(inside):
		return false
	}
	s.add(kind, place, start, start+length)
	s.at++ // the closing quote
	return true
}

// listed masks the names in parentheses with which the kubelet lists secrets
// ("some image pull secrets (a, b)"): a secret may be called robot-account. A
// list that the text's end cuts is one, too.
func (s *scanner) listed() {
	start := s.at + 1
	inside := s.text[start:min(len(s.text), start+longestQuote)]
	if end := strings.IndexByte(inside, ')'); end >= 0 {
		inside = inside[:end]
	}
	for _, w := range strings.FieldsFunc(inside, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' }) {
		if !isWordOfName(w) {
			s.at++
			return
		}
	}
	s.add(plainName, slotNone, start, start+len(inside))
}

// announced tells that the words before a quote announce an image's name.
func (s *scanner) announced() bool {
	return s.lastIs(cueImage|cueReference|cueTag|cueRepository|cueArtifact|cuePull) || s.lastIs(cueName) && s.beforeIs(cueImage|cueRepository)
}

// looksLikeReference tells text without blanks, with a slash, that is neither a
// file, a media type nor a sentence.
func looksLikeReference(w string) bool {
	if len(w) < 3 || len(w) > 400 || w[0] == '/' || w[0] == '-' || strings.IndexByte(w, '/') < 0 {
		return false
	}
	for i := 0; i < len(w); i++ {
		switch c := w[i]; {
		case isAlnum(c), c == '\n', strings.IndexByte("./:-_@<>${}*+", c) >= 0:
		default:
			return false
		}
	}
	first := w[:strings.IndexByte(w, '/')]
	return !notRepositories[first]
}

// notRepositories are first components of words with a slash that name no image.
var notRepositories = map[string]bool{
	"application": true, "text": true, // media types
	"linux": true, "windows": true, "darwin": true, "freebsd": true, // platforms
	"net": true, "i": true, "archive": true, "fork": true, "crypto": true, "encoding": true, // Go's packages and net/http, i/o, fork/exec
	"username": true, "user": true, "and": true, "or": true, "tls": true, "TLS": true,
}
